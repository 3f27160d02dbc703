/* SPDX-License-Identifier: MIT
 * Memory of an inference server: what one device holds, and how many sequences find room.
 */
#include "estimate/serving.h"

#include <string.h>

static void put_weights(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    const char *draft = ll_serving_draft_weights(s);
    const char *experts = !s->has_experts ? ""
                          : s->offload.experts
                              ? " + (1 - offload.part) * serving.expert_layers * model.experts / serving.ep * "
                                "serving.expert / serving.moe_tp * weights.expert_bytes"
                              : " + serving.expert_layers * model.experts / serving.ep * serving.expert / "
                                "serving.moe_tp * weights.expert_bytes";
    const char *weights = ll_sheet_text(
        sheet,
        "((serving.attention * weights.attention_bytes%s) / serving.tp%s + (%d * model.vocab * model.hidden%s%s) * 2 / "
        "serving.tp) / serving.pp",
        ll_sheet_has(sheet, "serving.ffn") ? " + serving.ffn * weights.ffn_bytes" : "", experts,
        s->bill->is_tied ? 1 : 2, ll_sheet_has(sheet, "parameters.vision") ? " + parameters.vision" : "",
        ll_sheet_has(sheet, "parameters.position") ? " + parameters.position" : "");
    ll_sheet_compute(sheet, "memory.weights", "B",
                     ll_sheet_text(sheet, "%s%s", ll_serving_put_offload(s, weights), draft), "on one device");
}

/* KV elements of so many tokens on one device, in layers without a window or in those with one. */
static const char *elements(ll_serving *s, const char *tokens, bool with_window, bool without)
{
    const char *sum = "";
    for (size_t i = 0; i < s->bill->n_cores; i++) {
        const ll_core *core = &s->bill->cores[i];
        if (core->is_shared || !(core->window > 0 ? with_window : without))
            continue;
        const char *seen = core->window > 0 ? ll_sheet_text(s->sheet, "min(%s, %.0f)", tokens, core->window) : tokens;
        const char *share =
            core->latent_dim > 0 ? "" : ll_sheet_text(s->sheet, " * max(1 / serving.tp, 1 / %.0f)", core->kv_heads);
        sum = ll_sheet_text(s->sheet, "%s%s%.0f * %.0f%s * %s", sum, *sum ? " + " : "", core->layers, core->kv_elements,
                            share, seen);
    }
    return sum;
}

/* KV memory and state that a sequence of so many tokens has on one device, less what it shares with others. */
static const char *sequence(ll_serving *s)
{
    static const char tokens[] = "memory.held_tokens";
    const char *sum = elements(s, tokens, true, true), *shared = "";
    if (s->has_prefix && *elements(s, tokens, false, true)) /* windows and states are each sequence's own */
        shared = ll_sheet_text(s->sheet, " - (%s)", elements(s, "load.cached_tokens", false, true));
    return ll_sheet_text(s->sheet, "((%s%s%s) * kv.bytes_per_element%s) / serving.pp", *sum ? sum : "0", shared,
                         ll_serving_draft_kv(s, tokens),
                         ll_sheet_has(s->sheet, "kv.state_bytes") ? " + kv.state_bytes / serving.tp" : "");
}

/* The KV memory that is left when prefixes are in it once. */
static void put_prefixes(ll_serving *s)
{
    const char *sum = elements(s, "prefix.tokens", false, true);
    ll_sheet_compute(
        s->sheet, "memory.prefixes", "B",
        ll_sheet_text(s->sheet, "prefix.prefixes * (%s) * kv.bytes_per_element / serving.pp", *sum ? sum : "0"),
        "prefixes that sequences share");
}

/* The longest context that one sequence alone can have. */
static void put_context(ll_serving *s, const char *pool)
{
    ll_sheet *sheet = s->sheet;
    const char *growing = elements(s, "1", false, true), *window = elements(s, "1e15", true, false);
    if (!*growing)
        return;
    ll_sheet_compute(
        sheet, "context.most", "token",
        ll_sheet_text(sheet, "floor(min(%.15g, max(0, %s%s%s) * serving.pp / ((%s%s) * kv.bytes_per_element)))",
                      s->bill->context > 0 ? s->bill->context : 1e15, pool,
                      *window ? ll_sheet_text(sheet, " - (%s) * kv.bytes_per_element / serving.pp", window) : "",
                      ll_sheet_has(sheet, "kv.state_bytes") ? " - kv.state_bytes / serving.tp / serving.pp" : "",
                      growing, ll_serving_draft_kv(s, "1")),
        "of one sequence alone, at most what the model was made for");
}

/* What an engine keeps beside weights and KV memory. vLLM measures it by a step with as many tokens and sequences as it
 * runs at most, and samples from the logits of all of them. */
static void put_reserved(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    if (ll_read_given(s->task->scenario, "memory_reserved", 0, 1e15, "memory.reserved", "B")) {
        ll_sheet_detail(sheet, "memory.reserved");
        return;
    }
    if (s->engine != LL_ENGINE_VLLM) {
        ll_sheet_give(sheet, "memory.reserved", "B", 2e9, "default: context, graphs, workspace");
        ll_sheet_detail(sheet, "memory.reserved");
        return;
    }
    const bool is_large = ll_sheet_value(sheet, "device.memory") >= 70 * 0x1p30 &&
                          !(s->hardware.is_known && strstr(s->hardware.device.name, "A100"));
    if (s->batch < LL_BATCH_MAX)
        ll_sheet_give(sheet, "memory.batch", "", s->batch, "given: max_batch");
    else
        ll_sheet_give(sheet, "memory.batch", "", is_large ? 1024 : 256,
                      "default: sequences of a step, by vLLM's defaults for devices of 70 GiB and more, and others");
    ll_sheet_detail(sheet, "memory.batch");
    ll_sheet_compute(sheet, "memory.reserved", "B",
                     ll_sheet_text(sheet, "k.sampler * memory.batch * model.vocab + %s%s",
                                   s->tp > 1 && is_large ? "k.runtime_parallel" : "k.runtime",
                                   s->has_experts ? " + serving.budget * model.experts_used * 2 * (2 / 3 * "
                                                    "serving.expert / model.hidden / serving.moe_tp + model.hidden)"
                                                  : ""),
                     "sampling, the tokens of a step with their experts, context and communication");
    ll_sheet_detail(sheet, "memory.reserved");
}

void ll_serving_put_memory(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    static const char *const rules[] = {
        [LL_ENGINE_TRTLLM] =
            "TensorRT-LLM: a share of what is free behind the weights; a sequence reserves all its tokens",
        [LL_ENGINE_VLLM] = "vLLM: a share of the whole memory, less the weights; sequences grow",
        [LL_ENGINE_SGLANG] = "SGLang: a share of the whole memory, less the weights; sequences grow",
        [LL_ENGINE_OTHER] = "a share of the whole memory, less the weights",
    };
    const bool is_trt = s->engine == LL_ENGINE_TRTLLM;
    put_weights(s);
    put_reserved(s);
    if (!ll_read_given(s->task->scenario, "memory_share", 0.05, 1, "memory.share", ""))
        ll_sheet_give(sheet, "memory.share", "", s->engine == LL_ENGINE_SGLANG ? 0.88 : 0.9, rules[s->engine]);
    ll_sheet_detail(sheet, "memory.share");
    ll_sheet_compute(sheet, "memory.kv_pool", "B",
                     is_trt ? "max(0, (device.memory * k.memory - memory.weights - memory.reserved) * memory.share)"
                            : "max(0, device.memory * k.memory * memory.share - memory.weights - memory.reserved)",
                     rules[s->engine]);
    const char *held = is_trt ? "load.input_tokens + load.output_tokens" : "load.input_tokens + load.output_tokens / 2";
    if (ll_read_given(s->task->scenario, "kv_block", 1, 1e6, "memory.block", "token")) {
        ll_sheet_detail(sheet, "memory.block");
        held = is_trt ? ll_sheet_text(sheet, "ceil((%s) / memory.block) * memory.block", held)
                      : ll_sheet_text(sheet, "%s + (memory.block - 1) / 2", held);
    }
    ll_sheet_compute(sheet, "memory.held_tokens", "token", held, "of one sequence");
    ll_sheet_detail(sheet, "memory.held_tokens");
    ll_sheet_compute(sheet, "memory.sequence", "B", sequence(s), "on one device");
    if (s->has_prefix)
        put_prefixes(s);
    const char *pool = s->has_prefix ? "max(0, memory.kv_pool - memory.prefixes)" : "memory.kv_pool";
    put_context(s, pool);
    ll_sheet_compute(sheet, "concurrency.most", "",
                     ll_sheet_value(sheet, "memory.sequence") > 0 ? ll_sheet_text(sheet, "%s / memory.sequence", pool)
                                                                  : "1000000 * memory.share",
                     "sequences of a replica of the attention");
    if (ll_sheet_value(sheet, "concurrency.most") >= 1)
        return;
    const double weights = ll_sheet_value(sheet, "memory.weights"), memory = ll_sheet_value(sheet, "device.memory");
    const double share = ll_sheet_value(sheet, "memory.share");
    ll_sheet_remark(sheet, LL_REMARK_REASON, "does_not_fit",
                    ll_sheet_text(sheet,
                                  "Weights (%.1f GiB on each device) and the memory of one sequence (%.1f GiB) do not "
                                  "fit into %.0f %% of %.0f GiB.",
                                  weights / 0x1p30, ll_sheet_value(sheet, "memory.sequence") / 0x1p30, 100 * share,
                                  memory / 0x1p30),
                    ll_sheet_text(sheet, "每卡权重 %.1f GiB 加单序列缓存 %.1f GiB，超出 %.0f GiB 显存的 %.0f%%。",
                                  weights / 0x1p30, ll_sheet_value(sheet, "memory.sequence") / 0x1p30, memory / 0x1p30,
                                  100 * share));
}
