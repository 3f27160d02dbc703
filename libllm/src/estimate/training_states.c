/* SPDX-License-Identifier: MIT
 * Memory that parameters take in training, on the fullest device: weights, gradients and states of the optimizer, of
 * which ZeRO shares parts among replicas, and those that are elsewhere while they are not used.
 */
#include "estimate/tuning.h"

/* So many bytes for each parameter that is trained. */
static const char *divided(ll_training *t, const char *bytes, bool is_sharded)
{
    if (t->has_adapters)
        return ll_sheet_text(t->sheet, is_sharded ? "%s * shard.trained / shard.group" : "%s * shard.trained", bytes);
    return ll_sheet_text(t->sheet,
                         is_sharded ? "%s * (shard.dense / shard.group + shard.experts / shard.expert_group)"
                                    : "%s * (shard.dense + shard.experts)",
                         bytes);
}

static void put_figure(ll_training *t, const char *path, const char *formula)
{
    ll_sheet_compute(t->sheet, path, "B", formula, NULL);
}

/* On the device, or on its way there; what is on the host is put by ll_training_put_offload(). */
static void put_weights(ll_training *t, const char *formula)
{
    const bool is_here = t->weights == LL_PLACE_DEVICE;
    if (!is_here)
        ll_training_put(t, "offload.weights", "B", formula);
    put_figure(t, "memory.weights", is_here ? formula : "0 * offload.weights");
}

static void put_optimizer(ll_training *t, const char *formula)
{
    const bool is_here = t->states == LL_PLACE_DEVICE && !t->is_paged;
    if (!is_here)
        ll_training_put(t, "offload.states", "B", formula);
    put_figure(t, "memory.optimizer", is_here ? formula : "0 * offload.states");
}

/* Gradients that leave the device, or are used, as soon as they are there: those of a layer. */
static void put_gradients(ll_training *t, const char *formula)
{
    const bool are_whole = t->states == LL_PLACE_DEVICE && !t->frees_gradients;
    put_figure(t, "memory.gradients",
               are_whole         ? formula
               : t->has_adapters ? "train.gradient_bytes * shard.trained / model.layers"
                                 : "train.gradient_bytes * memory.unit");
}

/* Frozen weights, of which those of products may be quantized, and adapters, which alone have states. */
static void put_adapted(ll_training *t, const ll_training_plan *p)
{
    const bool is_sharded = p->zero >= 3;
    ll_training_put(t, "shard.trained", "parameter", "parameters.trainable / (parallel.tp * parallel.pp)");
    ll_training_put(t, "shard.products", "parameter",
                    t->has_own_head && p->pp <= 1 ? "(train.body + train.embedding) / parallel.tp"
                                                  : "train.body / (parallel.tp * parallel.pp)");
    put_weights(t, is_sharded ? "(base.bytes * shard.products + base.rest_bytes * (shard.dense - shard.products)) / "
                                "shard.group + base.bytes * shard.experts / shard.expert_group"
                              : "base.bytes * (shard.products + shard.experts) + base.rest_bytes * (shard.dense - "
                                "shard.products)");
    put_figure(t, "memory.adapters", divided(t, "train.weight_bytes", is_sharded));
    put_gradients(t, divided(t, "train.gradient_bytes", p->zero >= 2));
    put_optimizer(t, divided(t, "(train.master_bytes + optimizer.bytes)", p->zero >= 1));
    put_figure(t, "memory.gathered",
               is_sharded || t->weights != LL_PLACE_DEVICE ? "2 * base.bytes * memory.unit" : "0 * shard.dense");
}

/* 32-bit masters are the parameters, and everything is sharded. */
static void put_fully_sharded(ll_training *t, const ll_training_plan *p)
{
    put_weights(t, divided(t, t->trained == LL_TRAINED_MIXED ? "train.master_bytes" : "train.weight_bytes", true));
    put_gradients(t, divided(t, "train.gradient_bytes", true));
    put_optimizer(t, divided(t, "optimizer.bytes", true));
    /* Between micro-batches weights of 16 bits and gradients stay gathered, or a unit and the next one are. */
    const char *ends = t->bill->is_tied ? "train.embedding" : "2 * train.embedding";
    put_figure(t, "memory.gathered",
               p->pp > 1 || p->zero == 2
                   ? "(2 + train.gradient_bytes) * (shard.dense + shard.experts)"
                   : ll_sheet_text(t->sheet,
                                   "2 * (2 * memory.unit + %s / parallel.tp) + train.gradient_bytes * memory.unit",
                                   ends));
}

static void put_whole(ll_training *t, const ll_training_plan *p)
{
    put_weights(t, divided(t, "train.weight_bytes", p->zero >= 3));
    put_gradients(t, divided(t, "train.gradient_bytes", p->zero >= 2));
    put_optimizer(t, divided(t, "(train.master_bytes + optimizer.bytes)", p->zero >= 1));
    put_figure(t, "memory.gathered",
               p->zero < 3 && t->weights == LL_PLACE_DEVICE
                   ? "0 * shard.dense"
                   : ll_sheet_text(t->sheet,
                                   "4 * (train.body + train.experts + %s + train.positions) / (model.layers * "
                                   "parallel.tp)",
                                   t->bill->is_tied ? "train.embedding" : "2 * train.embedding"));
}

void ll_training_put_states(ll_training *t, const ll_training_plan *p)
{
    ll_training_put(t, "memory.unit", "parameter",
                    t->has_experts ? "(train.body + train.experts / max(1, parallel.ep)) / (model.layers * parallel.tp)"
                                   : "train.body / (model.layers * parallel.tp)");
    if (t->has_adapters)
        put_adapted(t, p);
    else if (p->is_fsdp && p->zero >= 2)
        put_fully_sharded(t, p);
    else
        put_whole(t, p);
    ll_training_put_offload(t, p);
}
