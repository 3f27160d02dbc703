/* SPDX-License-Identifier: MIT
 * Speculative decoding: something cheap drafts tokens, and the model verifies all of them in one step.
 *
 * speculation: "tokens" drafted for a step; "acceptance": the chance that one of them is accepted; "draft": "mtp" (the
 * model's own modules), "lookup" (found in the prompt), a number (the time of a drafted token, relative to a step of
 * the model), or a model as in "model". Tokens of a step: (1 - a ^ (k + 1)) / (1 - a), Leviathan et al. 2023.
 */
#include "estimate/serving.h"

#include <string.h>

static void detail(ll_serving *s, const char *path, const char *unit, double value, const char *source)
{
    ll_sheet_give(s->sheet, path, unit, value, source);
    ll_sheet_detail(s->sheet, path);
}

/* What a drafting pass reads: matrices that every token is multiplied by, and experts that it has some of. */
static void put_sizes(ll_serving *s, const ll_item *items, size_t n, double head, const char *source)
{
    double dense = head, experts = 0, used = 0;
    for (size_t i = 0; i < n; i++) {
        const double size = items[i].rows * items[i].columns;
        if (!items[i].is_product || items[i].class == LL_CLASS_VISION)
            continue;
        if (items[i].class == LL_CLASS_EXPERT) {
            experts += items[i].count * size;
            used += items[i].used * size;
        } else {
            dense += items[i].count * size;
        }
    }
    detail(s, "draft.parameters", "parameter", dense, source);
    s->draft_has_experts = experts > 0;
    if (!s->draft_has_experts)
        return;
    detail(s, "draft.experts", "parameter", experts, source);
    detail(s, "draft.expert_share", "", used / experts, "of the experts that a token is sent to");
}

static void put_kv(ll_serving *s, const ll_core *cores, size_t n, double layers, const char *source)
{
    double elements = 0, heads = 1;
    for (size_t i = 0; i < n; i++) {
        if (!cores[i].is_shared)
            elements += cores[i].layers * cores[i].kv_elements;
        heads = cores[i].kv_heads > heads ? cores[i].kv_heads : heads;
    }
    detail(s, "draft.kv_elements", "", elements, "that a token leaves");
    detail(s, "draft.kv_heads", "", heads, "which tensor parallelism can divide");
    detail(s, "draft.layers", "", layers, source);
}

static void read_draft_model(ll_serving *s, ll_reader *r)
{
    ll_sheet *sheet = s->sheet;
    ll_bill *bill = ll_alloc(sheet->host, 1, sizeof *bill);
    if (!bill) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a draft model");
        return;
    }
    if (ll_bill_read(r, "draft", s->task->tables, bill)) {
        ll_sheet_say(sheet, "draft.name", bill->name, bill->source);
        if (bill->n_items == 0 || bill->layers <= 0)
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected a model whose shape is known",
                          ll_read_path(r, "draft"));
        put_sizes(s, bill->items, bill->n_items, bill->is_tied ? bill->vocab * bill->hidden : 0, bill->source);
        put_kv(s, bill->cores, bill->n_cores, bill->layers, bill->source);
    }
    ll_free(sheet->host, bill);
}

static void read_draft(ll_serving *s, ll_reader *r)
{
    const ll_bill *bill = s->bill;
    const json_t *value = ll_read_any(r, "draft");
    const char *word = json_string_value(value);
    if (!value || (word && strcmp(word, "mtp") == 0)) {
        s->draft = LL_DRAFT_MTP;
        if (bill->n_mtp_items == 0)
            ll_sheet_fail(
                s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                "%s: the model has no modules that predict further tokens; expected \"lookup\", a number, or a "
                "model",
                ll_read_path(r, "draft"));
        put_sizes(s, bill->mtp_items, bill->n_mtp_items, 0, bill->source);
        put_kv(s, &bill->mtp_core, bill->n_mtp_items > 0, bill->mtp_modules, bill->source);
    } else if (word && strcmp(word, "lookup") == 0) {
        s->draft = LL_DRAFT_LOOKUP;
    } else if (json_is_number(value)) {
        s->draft = LL_DRAFT_SHARE;
        detail(s, "draft.share", "", ll_read_number(r, "draft", 0, 100, 0), "given");
    } else {
        s->draft = LL_DRAFT_MODEL;
        r->n_asked--; /* asked for again */
        read_draft_model(s, r);
    }
}

void ll_serving_read_speculation(ll_serving *s)
{
    static const struct {
        double tokens, acceptance, low, high;
        const char *source;
    } defaults[] = {
        [LL_DRAFT_MTP] = {1, 0.85, 0.8, 0.9, "DeepSeek-V3 technical report, 2024: 0.85 to 0.9 of the second token"},
        [LL_DRAFT_LOOKUP] = {4, 0.3, 0.1, 0.7, "default: answers repeat their prompts more or less"},
        [LL_DRAFT_SHARE] = {4, 0.7, 0.5, 0.85, "default: Leviathan et al. 2023 have 0.5 to 0.9"},
        [LL_DRAFT_MODEL] = {4, 0.7, 0.5, 0.85, "default: Leviathan et al. 2023 have 0.5 to 0.9"},
    };
    ll_sheet *sheet = s->sheet;
    s->speculates = ll_read_has(s->task->scenario, "speculation");
    ll_reader r = ll_read_object(s->task->scenario, "speculation");
    if (!s->speculates || !r.object)
        return;
    read_draft(s, &r);
    if (!ll_read_given(&r, "tokens", 1, 64, "speculation.tokens", "token"))
        ll_sheet_give(sheet, "speculation.tokens", "token",
                      s->draft == LL_DRAFT_MTP ? s->bill->mtp_modules : defaults[s->draft].tokens,
                      "default: drafted for a step");
    if (!ll_read_given(&r, "acceptance", 0, 1, "speculation.acceptance", ""))
        ll_sheet_give_between(sheet, "speculation.acceptance", "", defaults[s->draft].acceptance,
                              defaults[s->draft].low, defaults[s->draft].high, defaults[s->draft].source);
    ll_read_end(&r);
    ll_sheet_compute(sheet, "speculation.expected", "token",
                     ll_sheet_value(sheet, "speculation.acceptance") > 1 - 1e-9
                         ? "(speculation.tokens + 1) * speculation.acceptance"
                         : "(1 - speculation.acceptance ^ (speculation.tokens + 1)) / (1 - speculation.acceptance)",
                     "of a step and sequence: Leviathan et al. 2023");
}

static bool has_weights(const ll_serving *s)
{
    return s->speculates && (s->draft == LL_DRAFT_MTP || s->draft == LL_DRAFT_MODEL);
}

const char *ll_serving_draft_weights(ll_serving *s)
{
    if (!has_weights(s))
        return "";
    ll_sheet_compute(s->sheet, "memory.draft", "B",
                     ll_sheet_text(s->sheet, "draft.parameters * weights.attention_bytes / serving.tp%s",
                                   !s->draft_has_experts ? ""
                                   : s->has_experts
                                       ? " + draft.experts * weights.expert_bytes / (serving.tp * serving.dp)"
                                       : " + draft.experts * weights.attention_bytes / (serving.tp * serving.dp)"),
                     "on one device");
    return " + memory.draft";
}

const char *ll_serving_draft_kv(ll_serving *s, const char *tokens)
{
    return has_weights(s)
               ? ll_sheet_text(s->sheet, " + draft.kv_elements * max(1 / serving.tp, 1 / draft.kv_heads) * (%s)",
                               tokens)
               : "";
}

/* Time of the tokens drafted for one step. */
void ll_serving_put_draft(ll_serving *s, const char *prefix)
{
    if (s->draft == LL_DRAFT_LOOKUP) {
        ll_serving_compute(s, prefix, "draft", "s", "0 * speculation.tokens");
        return;
    }
    if (s->draft == LL_DRAFT_SHARE) {
        ll_serving_compute(s, prefix, "draft", "s", "speculation.tokens * draft.share * plain_2.time");
        return;
    }
    const char *experts =
        !s->draft_has_experts
            ? ""
            : ll_sheet_text(s->sheet,
                            " + draft.experts * (1 - (1 - draft.expert_share) ^ (@decoding * serving.dp)) / serving.dp "
                            "* weights.%s_bytes",
                            s->has_experts ? "expert" : "attention");
    ll_serving_compute(
        s, prefix, "draft_read", "s",
        ll_sheet_text(s->sheet,
                      "(draft.parameters * weights.attention_bytes%s) / serving.tp / (device.bandwidth * "
                      "k.weight_bandwidth * k.bandwidth)",
                      experts));
    ll_serving_compute(s, prefix, "draft_multiply", "s",
                       ll_sheet_text(s->sheet,
                                     "2 * (draft.parameters%s) / serving.tp * (@decoding + k.gemm_half) / "
                                     "(device.attention_peak * serving.attention_gemm)",
                                     s->draft_has_experts ? " + draft.experts * draft.expert_share" : ""));
    ll_serving_compute(s, prefix, "draft_attention", "s",
                       "@decoding * draft.kv_elements * max(1 / serving.tp, 1 / draft.kv_heads) * "
                       "kv.bytes_per_element * @context / (device.bandwidth * k.kv_bandwidth * k.bandwidth)");
    ll_serving_compute(s, prefix, "draft_latency", "s",
                       s->tp > 1 ? "draft.layers * k.latency * (k.layer + 2 * (k.collective + k.collective_doubling * "
                                   "ln(serving.tp) / ln(2)))"
                                 : "draft.layers * k.latency * k.layer");
    ll_serving_compute(
        s, prefix, "draft", "s",
        ll_sheet_text(s->sheet,
                      "speculation.tokens * ((@draft_read ^ 4 + @draft_multiply ^ 4) ^ (1 / 4) + @draft_attention + "
                      "@draft_latency%s)",
                      s->draft == LL_DRAFT_MTP ? " + @head" : ""));
}

void ll_serving_put_gain(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    ll_sheet_compute(sheet, "speculation.gain", "", "plain_2.per_token / round_2.per_token",
                     "how many times as fast as without");
    const double gain = ll_sheet_value(sheet, "speculation.gain");
    if (sheet->status || gain >= 1)
        return;
    ll_sheet_remark(
        sheet, LL_REMARK_WARNING, "speculation_does_not_pay",
        ll_sheet_text(sheet,
                      "Speculation does not pay here: a token takes %.2f times as long as without it, since "
                      "%.3g of %.0f verified tokens of a step count.",
                      1 / gain, ll_sheet_value(sheet, "speculation.expected"),
                      ll_sheet_value(sheet, "speculation.tokens") + 1),
        ll_sheet_text(sheet,
                      "此处推测解码不划算：每词元耗时为不使用时的 %.2f 倍，每步验证的 %.0f 个词元中仅 %.3g "
                      "个有效。",
                      1 / gain, ll_sheet_value(sheet, "speculation.tokens") + 1,
                      ll_sheet_value(sheet, "speculation.expected")));
}
