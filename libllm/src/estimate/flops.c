/* SPDX-License-Identifier: MIT
 * FLOPs by each convention in use. They answer different questions, so a report says which one it used.
 */
#include "estimate/tasks.h"

static const char *const sources[] = {
    [LL_FLOPS_6ND] = "C = 6 N D: Kaplan et al. 2020",
    [LL_FLOPS_KAPLAN] = "Kaplan et al. 2020, table 1: (2 N + 2 n_layer n_ctx d_attn) forward, three times that in all",
    [LL_FLOPS_CHINCHILLA] = "Hoffmann et al. 2022, appendix F",
    [LL_FLOPS_PALM] = "Chowdhery et al. 2022, appendix B: 6 N + 12 L H Q T",
    [LL_FLOPS_MEGATRON] = "Narayanan et al. 2021 and Korthikanti et al. 2022: 72 B L s h^2 (1 + s/6h + V/12hL)",
    [LL_FLOPS_NVIDIA] = "Megatron-Bridge 2025: without the input embedding, half of causal attention",
    [LL_FLOPS_EXACT] = "the products of the model's own tensors, a multiply-add as two; backward as twice forward",
};

static const char *const names[] = {"6nd", "kaplan", "chinchilla", "palm", "megatron", "nvidia", "exact"};

/* 2 * (count * rows * columns + ...) over the products that a token runs through. */
static const char *products(ll_sheet *sheet, const ll_bill *bill, bool with_head)
{
    const char *sum = "";
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        if (!item->is_product || item->class == LL_CLASS_VISION || item->class == LL_CLASS_MTP ||
            (item->class == LL_CLASS_HEAD && !with_head))
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

static bool needs(ll_task *task, const char *path, ll_flops_convention convention)
{
    if (!ll_sheet_has(task->sheet, path))
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "conventions.flops: \"%s\" needs %s, which is not known of this model", names[convention], path);
    return !task->sheet->status;
}

static void put_forward(ll_task *task, const char *attention_tokens)
{
    ll_sheet *sheet = task->sheet;
    ll_sheet_compute(sheet, "flops.products", "FLOP", products(sheet, task->bill, true), sources[LL_FLOPS_EXACT]);
    ll_sheet_compute(sheet, "flops.attention", "FLOP", attention(sheet, task->bill, attention_tokens, false),
                     "scores and weighted sums, averaged over the positions of a sequence");
    ll_sheet_detail(sheet, "flops.products");
    ll_sheet_detail(sheet, "flops.attention");
}

void ll_put_training_flops(ll_task *task, ll_flops_convention convention, double multiplier)
{
    ll_sheet *sheet = task->sheet;
    const char *formula = NULL;
    static const char *const shape[] = {"model.layers", "model.hidden", "model.heads", "model.head_dim", "model.vocab"};
    for (size_t i = 0; convention != LL_FLOPS_6ND && convention != LL_FLOPS_EXACT && i < 5; i++)
        if (!needs(task, shape[i], convention))
            return;
    switch (convention) {
    case LL_FLOPS_6ND:
        ll_sheet_give(sheet, "flops.per_parameter_token", "FLOP", multiplier,
                      multiplier == 6 ? "2 forward and 4 backward" : "given");
        ll_sheet_detail(sheet, "flops.per_parameter_token");
        formula = "flops.per_parameter_token * parameters.active";
        break;
    case LL_FLOPS_KAPLAN:
        ll_sheet_compute(sheet, "flops.products", "FLOP", products(sheet, task->bill, false), sources[convention]);
        ll_sheet_detail(sheet, "flops.products");
        formula = "3 * (flops.products + 2 * model.layers * context.tokens * model.heads * model.head_dim)";
        break;
    case LL_FLOPS_CHINCHILLA:
        formula = "3 * (2 * model.vocab * model.hidden + model.layers * (6 * model.hidden * model.heads * "
                  "model.head_dim + 4 * context.tokens * model.heads * model.head_dim + 3 * model.heads * "
                  "context.tokens + 2 * model.heads * model.head_dim * model.hidden + 4 * model.hidden * model.ffn) + "
                  "2 * model.hidden * model.vocab)";
        break;
    case LL_FLOPS_PALM:
        formula = "6 * parameters.active + 12 * model.layers * model.heads * model.head_dim * context.tokens";
        break;
    case LL_FLOPS_MEGATRON:
        formula = "72 * model.layers * model.hidden ^ 2 * (1 + context.tokens / (6 * model.hidden) + model.vocab / "
                  "(12 * model.hidden * model.layers))";
        break;
    case LL_FLOPS_NVIDIA:
        ll_sheet_compute(sheet, "flops.products", "FLOP", products(sheet, task->bill, true), sources[convention]);
        ll_sheet_detail(sheet, "flops.products");
        formula = "3 * flops.products + 6 * model.layers * model.heads * model.head_dim * context.tokens";
        break;
    case LL_FLOPS_EXACT:
        put_forward(task, "context.tokens");
        formula = "3 * (flops.products + flops.attention)";
        break;
    }
    ll_sheet_compute(sheet, "flops.per_token", "FLOP", formula, sources[convention]);
    ll_sheet_say(sheet, "conventions.flops", names[convention], sources[convention]);
}

void ll_put_inference_flops(ll_task *task, bool is_exact)
{
    ll_sheet *sheet = task->sheet;
    if (!is_exact) {
        ll_sheet_compute(sheet, "flops.per_token", "FLOP", "2 * parameters.active", "2 N for each token");
        return;
    }
    put_forward(task, "context.tokens");
    ll_sheet_compute(sheet, "flops.prefill_token", "FLOP", "flops.products + flops.attention",
                     "of a prompt of context.tokens, on average");
    ll_sheet_compute(sheet, "flops.decode_attention", "FLOP", attention(sheet, task->bill, "context.tokens", true),
                     "over all positions of the context");
    ll_sheet_detail(sheet, "flops.decode_attention");
    ll_sheet_compute(sheet, "flops.decode_token", "FLOP", "flops.products + flops.decode_attention",
                     "of a token behind context.tokens");
}
