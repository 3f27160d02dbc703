/* SPDX-License-Identifier: MIT
 * Time of an optimizer step: one micro-batch on one device, the pipeline, and what is exchanged between replicas.
 */
#include "estimate/training.h"

/* Passes through products, in forward ones: a frozen one has no gradient of its weights. */
static const char *passes(const ll_training *t) { return t->has_adapters ? "2" : "3"; }

static void put(ll_training *t, const char *path, const char *formula) { ll_training_put(t, path, "s", formula); }

static void put_products(ll_training *t, const ll_training_plan *p)
{
    /* A product's share of the rate by its width, of square ones that tensor parallelism makes smaller. */
    ll_training_put(t, "micro.width", "", "model.hidden / sqrt(parallel.tp)");
    ll_training_put(t, "micro.product_rate", "FLOP/s",
                    "train.product_rate * micro.width / (micro.width + k.train_width)");
    put(t, "micro.products",
        ll_sheet_text(t->sheet,
                      p->recompute == LL_RECOMPUTE_CHEAP
                          ? "(2 * train.body * (%s + recompute.products) + 2 * train.up * (1 - recompute.share)) * "
                            "batch.micro_tokens / (parallel.tp * parallel.pp) / micro.product_rate"
                          : "2 * train.body * (%s + recompute.products) * batch.micro_tokens / (parallel.tp * "
                            "parallel.pp) / micro.product_rate",
                      passes(t)));
    put(t, "micro.head",
        ll_sheet_text(t->sheet,
                      "2 * %s * train.embedding * batch.micro_tokens / (parallel.tp * parallel.pp) / (train.head_rate "
                      "* micro.width / (micro.width + k.train_width))",
                      passes(t)));
    put(t, "micro.attention",
        t->attention == LL_ATTENTION_UNFUSED /* computes what the mask hides, too */
            ? "2 * train.core_flops * batch.micro_tokens / (parallel.tp * parallel.pp) * (3.5 + recompute.core) / "
              "train.attention_rate"
            : "train.core_flops * batch.micro_tokens / (parallel.tp * parallel.pp) * (3.5 + recompute.core) / "
              "train.attention_rate");
}

static void put_traffic(ll_training *t)
{
    ll_training_put(t, "micro.vectors", "B",
                    t->attention == LL_ATTENTION_UNFUSED
                        ? "k.train_vectors * model.hidden / parallel.sp + (k.train_inner * (train.inner + train.values "
                          "/ 2) + k.train_scores * train.heads * context.tokens) / model.layers / parallel.tp"
                        : "k.train_vectors * model.hidden / parallel.sp + k.train_inner * (train.inner + train.values "
                          "/ 2) / model.layers / parallel.tp");
    ll_training_put(t, "micro.traffic", "B",
                    ll_sheet_text(t->sheet, "micro.vectors%s * (1 + recompute.elementwise / 3)%s",
                                  t->is_eager ? " * k.train_eager" : "",
                                  t->is_fp8 ? " + k.train_quantize * model.hidden / parallel.sp * (1 + "
                                              "recompute.products / 3)"
                                            : ""));
    put(t, "micro.elementwise", "micro.traffic * batch.micro_tokens * model.layers / parallel.pp / train.bandwidth");
    put(t, "micro.loss",
        "k.train_logit * batch.micro_tokens * model.vocab / (parallel.tp * parallel.pp) / train.bandwidth");
    put(t, "micro.launch", "k.train_launch * model.layers / parallel.pp");
}

static void put_experts(ll_training *t, const ll_training_plan *p)
{
    const double domain = ll_sheet_value(t->sheet, "device.domain");
    put(t, "micro.experts",
        ll_sheet_text(
            t->sheet,
            "2 * train.experts_used * batch.micro_tokens / (parallel.tp * parallel.pp) * (%s + recompute.products) / "
            "(train.product_rate * k.train_grouped * train.expert_width / (train.expert_width + k.train_width)) + "
            "k.train_permute * model.experts_used * model.hidden * batch.micro_tokens / parallel.tp * "
            "train.expert_layers / parallel.pp / train.bandwidth",
            passes(t)));
    put(t, "micro.routing",
        "(k.train_experts + k.train_expert * model.experts / parallel.ep) * train.expert_layers / "
        "parallel.pp");
    if (p->ep <= 1)
        return;
    /* Dispatch and combination, forward and backward, 16-bit: a copy for each expert over the link, one for each other
     * node over the network. */
    ll_training_put(t, "micro.copy", "B", "8 * batch.micro_tokens / parallel.tp * model.hidden");
    const char *far = "";
    if (p->ep > domain) {
        ll_training_put(t, "micro.nodes", "", "parallel.ep / device.domain");
        ll_training_put(t, "micro.targets", "",
                        ll_sheet_has(t->sheet, "train.route_groups") ? "min(micro.nodes, train.route_groups)"
                                                                     : "micro.nodes");
        ll_training_put(t, "micro.far", "",
                        "micro.targets * (1 - (1 - 1 / micro.targets) ^ model.experts_used) * (micro.nodes - 1) / "
                        "micro.nodes");
        far = " + micro.far / train.network";
    }
    ll_training_put(t, "micro.near", "", "min(parallel.ep, device.domain)");
    put(t, "micro.all_to_all",
        ll_sheet_text(t->sheet,
                      "k.train_all_to_all * micro.copy * (model.experts_used * (micro.near - 1) / micro.near / "
                      "train.link%s) * train.expert_layers / parallel.pp",
                      far));
}

static void put_communication(ll_training *t, const ll_training_plan *p)
{
    const double domain = ll_sheet_value(t->sheet, "device.domain");
    const char *near = "train.link", *far = "train.network";
    if (p->tp > 1)
        put(t, "micro.tensor_parallel",
            ll_sheet_text(t->sheet,
                          "(4 + 2 * recompute.products) * (4 * (parallel.tp - 1) / parallel.tp * batch.micro_tokens * "
                          "model.hidden / %s + 2 * (parallel.tp - 1) * k.train_hop) * model.layers / parallel.pp * %s",
                          p->tp <= domain ? near : far, t->has_async_tp ? "k.train_tp_seen_async" : "k.train_tp_seen"));
    if (p->cp > 1)
        put(t, "micro.context_parallel",
            ll_sheet_text(t->sheet,
                          "max(0, 2 * batch.micro_tokens * (parallel.cp - 1) * train.kv / parallel.tp * (3 + "
                          "recompute.core) / parallel.pp / %s - k.train_cp_hidden * micro.attention)",
                          p->tp * p->cp <= domain ? near : far));
    if (p->pp > 1)
        put(t, "micro.pipeline",
            ll_sheet_text(t->sheet, "4 * batch.micro_tokens * model.hidden / parallel.tp * parallel.vp / %s",
                          p->tp * p->pp <= domain ? near : far));
}

/* Adapters read the inputs of their matrices and add to the outputs, forward and backward, in 16 bits; their products
 * are too narrow to count. Quantized weights are unpacked in each pass. */
static void put_adapters(ll_training *t)
{
    put(t, "micro.adapters",
        "8 * lora.widths_used * batch.micro_tokens / (parallel.tp * parallel.pp) / train.bandwidth");
    if (t->is_quantized)
        put(t, "micro.unpack",
            "k.train_unpack * (base.bytes + 4) * (shard.products + shard.experts) * (2 + recompute.products) / "
            "train.bandwidth");
}

static const char *plus(ll_training *t, const char *sum, const char *path)
{
    return ll_sheet_has(t->sheet, path) ? ll_sheet_text(t->sheet, "%s + %s", sum, path) : sum;
}

/* Weights and gradients between replicas. Sharded weights move with each micro-batch, others once in a step; the part
 * that computing does not hide is (x^p + y^p)^(1/p) - x. */
static void put_exchange(ll_training *t, const ll_training_plan *p)
{
    const double group = ll_sheet_value(t->sheet, "shard.group");
    if (group <= 1) {
        put(t, "step.passes", "batch.micros * micro.time");
        return;
    }
    const double domain = ll_sheet_value(t->sheet, "device.domain");
    ll_training_put(t, "exchange.inside", "device", "max(1, min(shard.group, floor(device.domain / parallel.tp)))");
    ll_training_put(t, "exchange.rate", "B/s",
                    group <= 1 || domain / p->tp >= group ? "train.link"
                    : t->is_flat                          ? "train.network"
                                                          : "min(train.link, exchange.inside * train.network)");
    const bool each = p->zero == 3 && p->pp <= 1;
    ll_training_put(t, "exchange.bytes", "B",
                    !t->has_adapters ? "6 * (shard.dense + shard.experts)"
                    : each ? "2 * (base.bytes * (shard.products + shard.experts) + base.rest_bytes * (shard.dense - "
                             "shard.products)) + train.gradient_bytes * shard.trained"
                           : "2 * train.gradient_bytes * shard.trained");
    put(t, "exchange.time",
        each ? "exchange.bytes * (shard.group - 1) / shard.group / exchange.rate + 3 * model.layers / parallel.pp * "
               "k.train_hop * shard.group"
             : "exchange.bytes * (shard.group - 1) / shard.group / exchange.rate + 2 * model.layers / parallel.pp * "
               "k.train_hop * shard.group");
    ll_training_put(t, "exchange.overlap", "", t->is_eager ? "1 * k.train_overlap_eager" : "1 * k.train_overlap");
    put(t, "step.passes",
        each ? "batch.micros * (micro.time ^ exchange.overlap + exchange.time ^ exchange.overlap) ^ (1 / "
               "exchange.overlap)"
             : "max(0, batch.micros - 2) * micro.time + ((min(batch.micros, 2) * micro.time) ^ exchange.overlap + "
               "exchange.time ^ exchange.overlap) ^ (1 / exchange.overlap)");
}

/* Where the states are, which all devices of a host share; each replica updates its part of them, or all. */
static void put_update(ll_training *t, const ll_training_plan *p)
{
    if (t->states != LL_PLACE_DEVICE)
        put(t, "step.update", "k.train_update * offload.parameters * offload.devices / host.bandwidth");
    else if (t->has_adapters)
        put(t, "step.update",
            p->zero >= 1 ? "k.train_update * shard.trained / shard.group / train.bandwidth"
                         : "k.train_update * shard.trained / train.bandwidth");
    else
        put(t, "step.update",
            p->zero >= 1 ? "k.train_update * (shard.dense / shard.group + shard.experts / shard.expert_group) / "
                           "train.bandwidth"
                         : "k.train_update * (shard.dense + shard.experts) / train.bandwidth");
}

void ll_training_put_step(ll_training *t, const ll_training_plan *p)
{
    static const char *const parts[] = {
        "micro.experts",          "micro.routing",  "micro.all_to_all", "micro.tensor_parallel",
        "micro.context_parallel", "micro.pipeline", "micro.adapters",   "micro.unpack"};
    put_products(t, p);
    put_traffic(t);
    if (t->has_experts)
        put_experts(t, p);
    put_communication(t, p);
    if (t->has_adapters)
        put_adapters(t);
    const char *sum = "micro.products + micro.head + micro.attention + micro.elementwise + micro.loss + micro.launch";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum = plus(t, sum, parts[i]);
    put(t, "micro.time", sum);
    put_exchange(t, p);
    put(t, "step.bubble", "micro.time * (parallel.pp - 1) / parallel.vp");
    put_update(t, p);
    ll_training_put_offload_step(t);
    ll_sheet_compute(t->sheet, "step.time", "s", plus(t, "step.passes + step.bubble + step.update", "step.offload"),
                     "of an optimizer step");
}
