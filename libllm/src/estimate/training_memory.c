/* SPDX-License-Identifier: MIT
 * Memory of training: activations in flight, and what surrounds them and the states of parameters, on the fullest
 * device.
 */
#include "estimate/training.h"

#include <string.h>

static void put_figure(ll_training *t, const char *path, const char *formula)
{
    ll_sheet_compute(t->sheet, path, "B", formula, NULL);
}

/* Norms of squares that are worked out in 32 bits, step by step, and keep that; those with biases are one operation.
 * "" where there are none. */
static const char *of_wide_norms(const ll_training *t)
{
    const char *widths = "";
    for (size_t i = 0; i < t->bill->n_items && t->is_tuning && t->is_eager; i++) {
        const ll_item *item = &t->bill->items[i];
        if (item->class != LL_CLASS_NORM)
            continue;
        if (item->columns == 2 * t->bill->hidden || strstr(item->name, "bias"))
            return "";
        if (item->count > 1) /* the last one is no layer's */
            widths =
                ll_sheet_text(t->sheet, "%s%s%.0f * %.0f", widths, *widths ? " + " : "", item->count, item->columns);
    }
    return *widths ? ll_sheet_text(t->sheet, " + k.tune_norms * (%s) / model.layers / parallel.sp", widths) : "";
}

/* What products keep of their inputs because their weights are quantized: libraries hold on to them until the gradients
 * are there, though only weights that are trained need them. */
static const char *of_quantized(ll_training *t)
{
    if (!t->is_quantized || !t->is_eager)
        return "";
    const char *inner = t->is_gated ? "3" : "2";
    return ll_sheet_text(
        t->sheet,
        " + k.tune_inputs * (2 * model.hidden / parallel.sp + (train.values + (train.ffn%s) / model.hidden / %s) / "
        "model.layers / parallel.tp)",
        t->has_experts ? " + train.experts_used" : "", inner);
}

/* Bytes that a layer keeps of a token, 16-bit; cheap: norms, activations and permutations are computed again. */
static void put_kept(ll_training *t, const char *path, bool is_cheap)
{
    /* Widths kept for each matrix of a feed-forward part: of three (gated) or two. */
    const char *inner = is_cheap || (t->has_adapters && !t->has_adapted_ffn) ? (t->is_gated ? "2 / 3" : "1 / 2")
                        : t->is_eager && t->is_gated                         ? "4 / 3"
                                                                             : "1";
    const char *norms = is_cheap ? "" : of_wide_norms(t);
    const bool has_fp8_copies = t->is_fp8 && t->attention == LL_ATTENTION_TUNED;
    ll_training_put(
        t, path, "B",
        ll_sheet_text(
            t->sheet,
            "%s * model.hidden / parallel.sp%s + (2 * (%s + train.recurrent / model.hidden + train.values) + 4 * "
            "train.heads) / model.layers / parallel.tp + 2 * train.ffn / model.hidden * %s / model.layers / "
            "parallel.tp%s%s%s",
            is_cheap                    ? "4"
            : has_fp8_copies && !*norms ? "6"
                                        : "8",
            norms, is_cheap && t->has_latent ? "train.latents" : "train.projected", inner,
            t->attention == LL_ATTENTION_UNFUSED ? " + memory.scores + 2 * model.hidden / parallel.sp" : "",
            t->has_experts ? ll_sheet_text(t->sheet,
                                           " + (2 * (%s * model.experts_used * model.hidden * train.expert_layers + "
                                           "train.experts_used / model.hidden * %s) + 4 * model.experts * "
                                           "train.expert_layers) / model.layers / parallel.tp",
                                           is_cheap ? "1" : "2", inner)
                           : "",
            is_cheap ? "" : of_quantized(t)));
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
               ll_sheet_text(t->sheet, "%s2 * memory.layer_input * batch.micro_tokens%s",
                             formula ? "max(0, memory.layer_whole - memory.layer_kept) * batch.micro_tokens + " : "",
                             t->is_quantized ? " + base.unpacked" : ""));
    const char *logit = t->has_fused_loss ? "k.train_logit_kept"
                        : t->is_eager     ? "k.train_logit_eager"
                                          : "k.train_logit_generic";
    const char *logits = ll_sheet_text(t->sheet, "%s * batch.micro_tokens * model.vocab / parallel.tp%s", logit,
                                       t->is_tuning ? " / loss.chunks" : "");
    put_figure(t, "memory.logits", /* the last stage has one micro-batch in flight */
               p->pp <= 1 ? logits : ll_sheet_text(t->sheet, "max(0, %s + memory.stage - memory.activations)", logits));
}

void ll_training_put_memory(ll_training *t, const ll_training_plan *p)
{
    put_activations(t, p);
    /* Frozen weights are allocated once, and leave no gaps. */
    const char *moving = t->has_adapters ? "memory.adapters" : "memory.weights";
    const char *sum = ll_sheet_text(t->sheet,
                                    "%s + memory.gradients + memory.optimizer + memory.gathered + memory.activations + "
                                    "memory.working + memory.logits",
                                    moving);
    put_figure(t, "memory.overhead", ll_sheet_text(t->sheet, "k.train_context + (k.train_reserve - 1) * (%s)", sum));
    put_figure(t, "memory.total",
               ll_sheet_text(t->sheet, "%s%s + memory.overhead", t->has_adapters ? "memory.weights + " : "", sum));
    ll_sheet_detail(t->sheet, "memory.total");
}
