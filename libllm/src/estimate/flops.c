/* SPDX-License-Identifier: MIT
 * FLOPs by each convention in use. They answer different questions, so a report says which one it used.
 */
#include "estimate/tasks.h"

#include <string.h>

static const struct {
    const char *name, *source;
    bool needs_shape; /* of one width for all layers */
} conventions[LL_FLOPS_CONVENTIONS] = {
    [LL_FLOPS_6ND] = {"6nd", "C = 6 N D: Kaplan et al. 2020", false},
    [LL_FLOPS_KAPLAN] = {"kaplan",
                         "Kaplan et al. 2020, table 1: (2 N + 2 n_layer n_ctx d_attn) forward, three times that in all",
                         true},
    [LL_FLOPS_CHINCHILLA] = {"chinchilla",
                             "Hoffmann et al. 2022, appendix F; their table A4 leaves out embedding and logits", true},
    [LL_FLOPS_PALM] = {"palm", "Chowdhery et al. 2022, appendix B: 6 N + 12 L H Q T", false},
    [LL_FLOPS_MEGATRON] = {"megatron",
                           "Narayanan et al. 2021 and Korthikanti et al. 2022: 72 B L s h^2 (1 + s/6h + V/12hL)", true},
    [LL_FLOPS_MEGATRON_SELECTIVE] =
        {"megatron_selective",
         "Korthikanti et al. 2022: 72 B L s h^2 (1 + s/3h + V/12hL), what the hardware does "
         "when attention is recomputed",
         true},
    [LL_FLOPS_MEGATRON_FULL] = {"megatron_full",
                                "Narayanan et al. 2021: 96 B L s h^2 (1 + s/6h + V/16hL), what the hardware does when "
                                "all layers are recomputed",
                                true},
    [LL_FLOPS_NVIDIA] =
        {"nvidia",
         "Megatron-Bridge 2025: without the input embedding, routers, and gates other than SwiGLU; half "
         "of attention, windows or not",
         false},
    [LL_FLOPS_PROFILER] = {"profiler",
                           "profilers such as calflops and DeepSpeed's: all products, attention without its mask",
                           false},
    [LL_FLOPS_EXACT] = {"exact",
                        "the products of the model's own tensors, a multiply-add as two; backward as twice forward",
                        false},
};

/* Whether Megatron-Bridge counts it: not routers, nor the gates of gpt-oss, which are no SwiGLU. */
static bool is_of_nvidia(const ll_bill *bill, const ll_item *item)
{
    const bool is_gate = bill->family && strncmp(bill->family, "gpt", 3) == 0 && strstr(bill->family, "oss") &&
                         strstr(item->name, "ffn_gate_exps");
    return item->class != LL_CLASS_ROUTER && !is_gate;
}

/* 2 * (count * rows * columns + ...) over the products that a token runs through. */
static const char *products(ll_sheet *sheet, const ll_bill *bill, ll_flops_convention convention)
{
    const bool with_head = convention != LL_FLOPS_KAPLAN;
    const char *sum = "";
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        if (!item->is_product || item->class == LL_CLASS_VISION || item->class == LL_CLASS_MTP ||
            (item->class == LL_CLASS_HEAD && !with_head) ||
            (convention == LL_FLOPS_NVIDIA && !is_of_nvidia(bill, item)))
            continue;
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f * %.0f", sum, *sum ? " + " : "", item->used, item->rows,
                            item->columns);
    }
    if (with_head && bill->is_tied && !bill->is_encoder)
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f", sum, *sum ? " + " : "", bill->vocab, bill->hidden);
    return *sum ? ll_sheet_text(sheet, "2 * (%s)", sum) : "2 * parameters.active";
}

/* At most what it sees: of a window, or those that an indexer chooses. 0: no bound. */
static double bound(const ll_core *core) { return core->window > 0 ? core->window : core->chosen; }

/* What a core's query sees on average over a text of `tokens`, which is the name of a figure: itself and half of the
 * others, of a window at most. */
static const char *mean_seen(ll_sheet *sheet, const ll_core *core, const char *tokens)
{
    if (!core->is_causal)
        return bound(core) > 0 ? ll_sheet_text(sheet, "min(%s, %.0f)", tokens, bound(core)) : tokens;
    if (bound(core) > 0 && bound(core) < ll_sheet_value(sheet, tokens))
        return ll_sheet_text(sheet, "(%.0f - %.0f * (%.0f - 1) / (2 * %s))", bound(core), bound(core), bound(core),
                             tokens);
    return ll_sheet_text(sheet, "(%s + 1) / 2", tokens);
}

static const char *last_seen(ll_sheet *sheet, const ll_core *core, const char *tokens)
{
    return bound(core) > 0 ? ll_sheet_text(sheet, "min(%s, %.0f)", tokens, bound(core)) : tokens;
}

/* Scores and sums of all cores for one token, and the work on states. Decoding on a latent has wider products. */
static const char *attention(ll_sheet *sheet, const ll_bill *bill, const char *tokens, bool decodes)
{
    const char *sum = "";
    for (size_t i = 0; i < bill->n_cores; i++) {
        const ll_core *core = &bill->cores[i];
        const bool on_latent = decodes && core->latent_dim > 0;
        const double width =
            on_latent ? core->latent_dim + core->kv_elements - core->index_dim : core->key_dim + core->value_dim;
        sum = ll_sheet_text(sheet, "%s%s2 * %.0f * %.0f * %.0f * %s", sum, *sum ? " + " : "", core->layers, core->heads,
                            width, decodes ? last_seen(sheet, core, tokens) : mean_seen(sheet, core, tokens));
    }
    for (size_t i = 0; i < bill->n_states; i++)
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f", sum, *sum ? " + " : "", bill->states[i].layers,
                            bill->states[i].flops);
    return *sum ? sum : "0";
}

/* layers * heads * widths of keys and values, over all cores. */
static const char *attended(ll_sheet *sheet, const ll_bill *bill)
{
    const char *sum = "";
    for (size_t i = 0; i < bill->n_cores; i++) {
        const ll_core *core = &bill->cores[i];
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f * %.0f", sum, *sum ? " + " : "", core->layers, core->heads,
                            core->key_dim + core->value_dim);
    }
    return *sum ? sum : "0";
}

static const char *const shape[] = {"model.layers", "model.hidden", "model.heads", "model.head_dim", "model.vocab"};

/* What the convention asks for and is not known of the model, or NULL. */
static const char *missing(const ll_task *task, ll_flops_convention convention)
{
    if (convention == LL_FLOPS_6ND || convention == LL_FLOPS_EXACT)
        return NULL;
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        if (!ll_sheet_has(task->sheet, shape[i]) && (conventions[convention].needs_shape || !task->bill->n_items))
            return shape[i];
    return convention == LL_FLOPS_CHINCHILLA && !ll_sheet_has(task->sheet, "model.ffn") ? "model.ffn" : NULL;
}

/* <prefix>products by the convention. */
static const char *put_products(ll_task *task, ll_flops_convention convention, const char *prefix)
{
    ll_sheet *sheet = task->sheet;
    const char *path = ll_sheet_text(sheet, "%sproducts", prefix);
    ll_sheet_compute(sheet, path, "FLOP", products(sheet, task->bill, convention), conventions[convention].source);
    ll_sheet_detail(sheet, path);
    return path;
}

/* <prefix>attention: averaged over the positions of a sequence of context.tokens. */
static const char *put_attention(ll_task *task, const char *prefix)
{
    const char *path = ll_sheet_text(task->sheet, "%sattention", prefix);
    ll_sheet_compute(task->sheet, path, "FLOP", attention(task->sheet, task->bill, "context.tokens", false),
                     "scores and weighted sums, averaged over the positions of a sequence");
    ll_sheet_detail(task->sheet, path);
    return path;
}

/* Adapters beside frozen weights: forward, and backward to the inputs, through what is frozen. */
static bool is_adapted(const ll_task *task) { return ll_sheet_has(task->sheet, "parameters.trainable_used"); }

const char *ll_flops_formula(ll_task *task, ll_flops_convention convention, const char *prefix)
{
    ll_sheet *sheet = task->sheet;
    switch (convention) {
    case LL_FLOPS_6ND:
        return is_adapted(task) ? "flops.per_parameter_token * (2 / 3 * parameters.active + parameters.trainable_used)"
                                : "flops.per_parameter_token * parameters.active";
    case LL_FLOPS_KAPLAN:
        return ll_sheet_text(sheet, "3 * (%s + 2 * model.layers * context.tokens * model.heads * model.head_dim)",
                             put_products(task, convention, prefix));
    case LL_FLOPS_CHINCHILLA:
        return "3 * (2 * model.vocab * model.hidden + model.layers * (6 * model.hidden * model.heads * "
               "model.head_dim + 4 * context.tokens * model.heads * model.head_dim + 3 * model.heads * "
               "context.tokens + 2 * model.heads * model.head_dim * model.hidden + 4 * model.hidden * model.ffn) + "
               "2 * model.hidden * model.vocab)";
    case LL_FLOPS_PALM:
        return ll_sheet_text(sheet, "6 * parameters.active + 6 * (%s) * context.tokens", attended(sheet, task->bill));
    case LL_FLOPS_MEGATRON:
        return "72 * model.layers * model.hidden ^ 2 * (1 + context.tokens / (6 * model.hidden) + model.vocab / "
               "(12 * model.hidden * model.layers))";
    case LL_FLOPS_MEGATRON_SELECTIVE:
        return "72 * model.layers * model.hidden ^ 2 * (1 + context.tokens / (3 * model.hidden) + model.vocab / "
               "(12 * model.hidden * model.layers))";
    case LL_FLOPS_MEGATRON_FULL:
        return "96 * model.layers * model.hidden ^ 2 * (1 + context.tokens / (6 * model.hidden) + model.vocab / "
               "(16 * model.hidden * model.layers))";
    case LL_FLOPS_NVIDIA:
        return ll_sheet_text(sheet, "3 * %s + 3 * (%s) * context.tokens", put_products(task, convention, prefix),
                             attended(sheet, task->bill));
    case LL_FLOPS_PROFILER:
        return ll_sheet_text(sheet, "3 * (%s + 2 * (%s) * context.tokens)", put_products(task, convention, prefix),
                             attended(sheet, task->bill));
    case LL_FLOPS_EXACT:
        break;
    }
    const char *all = put_products(task, LL_FLOPS_EXACT, prefix);
    return ll_sheet_text(sheet, is_adapted(task) ? "2 * %s + 3 * %s + 6 * parameters.trainable_used" : "3 * (%s + %s)",
                         all, put_attention(task, prefix));
}

bool ll_flops_is_known(const ll_task *task, ll_flops_convention convention)
{
    const bool is_of_dense = conventions[convention].needs_shape && convention != LL_FLOPS_KAPLAN;
    if (is_adapted(task) && convention != LL_FLOPS_6ND && convention != LL_FLOPS_EXACT)
        return false; /* which say nothing of frozen weights */
    return !missing(task, convention) && !(is_of_dense && task->bill->experts > 0);
}

const char *ll_flops_name(ll_flops_convention convention) { return conventions[convention].name; }

const char *ll_flops_source(ll_flops_convention convention) { return conventions[convention].source; }

void ll_put_training_flops(ll_task *task, ll_flops_convention convention, double multiplier)
{
    ll_sheet *sheet = task->sheet;
    const char *unknown = missing(task, convention);
    if (unknown)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "conventions.flops: \"%s\" needs %s, which is not known of this model",
                      conventions[convention].name, unknown);
    if (is_adapted(task) && !ll_flops_is_known(task, convention))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "conventions.flops: with adapters expected \"6nd\" or \"exact\"");
    if (convention == LL_FLOPS_6ND)
        ll_flops_put_multiplier(sheet, multiplier);
    ll_sheet_compute(sheet, "flops.per_token", "FLOP", ll_flops_formula(task, convention, "flops."),
                     is_adapted(task) ? "without the gradients of frozen weights: 4 N for these, 6 N for adapters"
                                      : conventions[convention].source);
    ll_sheet_say(sheet, "conventions.flops", conventions[convention].name, conventions[convention].source);
}

void ll_flops_put_multiplier(ll_sheet *sheet, double multiplier)
{
    ll_sheet_give(sheet, "flops.per_parameter_token", "FLOP", multiplier,
                  multiplier == 6 ? "2 forward and 4 backward" : "given");
    ll_sheet_detail(sheet, "flops.per_parameter_token");
}

void ll_put_inference_flops(ll_task *task, bool is_exact)
{
    ll_sheet *sheet = task->sheet;
    if (!is_exact) {
        ll_sheet_compute(sheet, "flops.per_token", "FLOP", "2 * parameters.active", "2 N for each token");
        ll_sheet_say(sheet, "conventions.flops", "2nd", "2 N for each token, prompt and answer alike");
        ll_sheet_detail(sheet, "conventions.flops");
        return;
    }
    put_products(task, LL_FLOPS_EXACT, "flops.");
    put_attention(task, "flops.");
    ll_sheet_say(sheet, "conventions.flops", conventions[LL_FLOPS_EXACT].name, conventions[LL_FLOPS_EXACT].source);
    ll_sheet_detail(sheet, "conventions.flops");
    ll_sheet_compute(sheet, "flops.prefill_token", "FLOP", "flops.products + flops.attention",
                     "of a prompt of context.tokens, on average");
    ll_sheet_compute(sheet, "flops.decode_attention", "FLOP", attention(sheet, task->bill, "context.tokens", true),
                     "over all positions of the context");
    ll_sheet_detail(sheet, "flops.decode_attention");
    ll_sheet_compute(sheet, "flops.decode_token", "FLOP", "flops.products + flops.decode_attention",
                     "of a token behind context.tokens");
}
