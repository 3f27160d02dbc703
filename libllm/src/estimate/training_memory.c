/* SPDX-License-Identifier: MIT
 * Memory of training: states of parameters, activations in flight and what surrounds them, on the fullest device.
 */
#include "estimate/training.h"

static const char *divided(ll_training *t, const char *bytes, bool is_sharded)
{
    return ll_sheet_text(t->sheet,
                         is_sharded ? "%s * (shard.dense / shard.group + shard.experts / shard.expert_group)"
                                    : "%s * (shard.dense + shard.experts)",
                         bytes);
}

static void put_figure(ll_training *t, const char *path, const char *formula)
{
    ll_sheet_compute(t->sheet, path, "B", formula, NULL);
}

static void put_states(ll_training *t, const ll_training_plan *p)
{
    if (p->is_fsdp && p->zero >= 2) { /* 32-bit master parameters are the parameters */
        put_figure(t, "memory.weights", divided(t, "4", true));
        put_figure(t, "memory.gradients", divided(t, "4", true));
        put_figure(t, "memory.optimizer", divided(t, "optimizer.bytes", true));
        ll_training_put(t, "memory.unit", "parameter",
                        t->has_experts
                            ? "(train.body + train.experts / max(1, parallel.ep)) / (model.layers * parallel.tp)"
                            : "train.body / (model.layers * parallel.tp)");
        /* Between micro-batches weights of 16 bits and gradients of 32 stay gathered, or a unit and the next one are.
         */
        put_figure(t, "memory.gathered",
                   p->pp > 1 || p->zero == 2 ? "6 * (shard.dense + shard.experts)"
                   : t->bill->is_tied        ? "2 * (2 * memory.unit + train.embedding / parallel.tp) + 4 * memory.unit"
                                      : "2 * (2 * memory.unit + 2 * train.embedding / parallel.tp) + 4 * memory.unit");
        return;
    }
    put_figure(t, "memory.weights", divided(t, "2", p->zero >= 3));
    put_figure(t, "memory.gradients", divided(t, "4", p->zero >= 2));
    put_figure(t, "memory.optimizer", divided(t, "(4 + optimizer.bytes)", p->zero >= 1));
    put_figure(t, "memory.gathered",
               p->zero < 3        ? "0 * shard.dense"
               : t->bill->is_tied ? "4 * (train.body + train.experts + train.embedding + train.positions) / "
                                    "(model.layers * parallel.tp)"
                                  : "4 * (train.body + train.experts + 2 * train.embedding + train.positions) / "
                                    "(model.layers * parallel.tp)");
}

/* Bytes that a layer keeps of a token, 16-bit; cheap: norms, activations and permutations are computed again. */
static void put_kept(ll_training *t, const char *path, bool is_cheap)
{
    /* Widths kept for each matrix of a feed-forward part: of three (gated) or two. */
    const char *inner = is_cheap ? (t->is_gated ? "2 / 3" : "1 / 2") : t->is_eager && t->is_gated ? "4 / 3" : "1";
    const bool has_fp8_copies = t->is_fp8 && t->attention == LL_ATTENTION_TUNED;
    ll_training_put(
        t, path, "B",
        ll_sheet_text(
            t->sheet,
            "%s * model.hidden / parallel.sp + (2 * (%s + train.recurrent / model.hidden + train.values) + 4 * "
            "train.heads) / model.layers / parallel.tp + 2 * train.ffn / model.hidden * %s / model.layers / "
            "parallel.tp%s%s",
            is_cheap         ? "4"
            : has_fp8_copies ? "6"
                             : "8",
            is_cheap && t->has_latent ? "train.latents" : "train.projected", inner,
            t->attention == LL_ATTENTION_UNFUSED ? " + memory.scores + 2 * model.hidden / parallel.sp" : "",
            t->has_experts ? ll_sheet_text(t->sheet,
                                           " + (2 * (%s * model.experts_used * model.hidden * train.expert_layers + "
                                           "train.experts_used / model.hidden * %s) + 4 * model.experts * "
                                           "train.expert_layers) / model.layers / parallel.tp",
                                           is_cheap ? "1" : "2", inner)
                           : ""));
}

/* Of what a layer keeps with this plan; NULL: everything. */
static const char *kept(const ll_training *t, const ll_training_plan *p)
{
    switch (p->recompute) {
    case LL_RECOMPUTE_FULL:
        return "memory.layer_input";
    case LL_RECOMPUTE_CHEAP:
        return "memory.layer_input * recompute.share + memory.layer_cheap * (1 - recompute.share)";
    case LL_RECOMPUTE_SAC:
        return "memory.layer_input + (memory.layer_whole - memory.layer_input) * k.train_sac_kept";
    case LL_RECOMPUTE_SELECTIVE:
        return t->attention == LL_ATTENTION_UNFUSED ? "memory.layer_whole - memory.scores" : NULL;
    default:
        return NULL;
    }
}

static void put_activations(ll_training *t, const ll_training_plan *p)
{
    if (t->attention == LL_ATTENTION_UNFUSED) /* scores, softmax and its dropout */
        ll_training_put(t, "memory.scores", "B", "5 * train.heads / model.layers * context.tokens / parallel.tp");
    put_kept(t, "memory.layer_whole", false);
    if (p->recompute == LL_RECOMPUTE_CHEAP)
        put_kept(t, "memory.layer_cheap", true);
    ll_training_put(t, "memory.layer_input", "B", "2 * model.hidden / parallel.sp");
    const char *formula = kept(t, p);
    ll_training_put(t, "memory.layer_kept", "B", formula ? formula : "memory.layer_whole");
    ll_training_put(t, "memory.stage", "B", "memory.layer_kept * batch.micro_tokens * model.layers / parallel.pp");
    ll_training_put(t, "memory.in_flight", "",
                    p->pp <= 1  ? "1 * parallel.pp"
                    : p->vp > 1 ? "min(batch.micros, parallel.pp * (1 + (parallel.pp - 1) / (parallel.pp * "
                                  "parallel.vp)))"
                                : "min(batch.micros, parallel.pp)");
    put_figure(t, "memory.activations", "memory.stage * memory.in_flight");
    put_figure(t, "memory.working",
               formula ? "max(0, memory.layer_whole - memory.layer_kept) * batch.micro_tokens + 2 * "
                         "memory.layer_input * batch.micro_tokens"
                       : "2 * memory.layer_input * batch.micro_tokens");
    const char *logit = t->has_fused_loss ? "k.train_logit_kept"
                        : t->is_eager     ? "k.train_logit_eager"
                                          : "k.train_logit_generic";
    const char *logits = ll_sheet_text(t->sheet, "%s * batch.micro_tokens * model.vocab / parallel.tp", logit);
    put_figure(t, "memory.logits", /* the last stage has one micro-batch in flight */
               p->pp <= 1 ? logits : ll_sheet_text(t->sheet, "max(0, %s + memory.stage - memory.activations)", logits));
}

void ll_training_put_memory(ll_training *t, const ll_training_plan *p)
{
    put_states(t, p);
    put_activations(t, p);
    put_figure(t, "memory.overhead",
               "k.train_context + (k.train_reserve - 1) * (memory.weights + memory.gradients + memory.optimizer + "
               "memory.gathered + memory.activations + memory.working + memory.logits)");
    put_figure(t, "memory.total",
               "memory.weights + memory.gradients + memory.optimizer + memory.gathered + "
               "memory.activations + memory.working + memory.logits + memory.overhead");
    ll_sheet_detail(t->sheet, "memory.total");
}
