/* SPDX-License-Identifier: MIT
 * One step of an inference engine on one device: products, attention, communication, latencies, the host's share.
 */
#include "estimate/serving.h"

#include <string.h>

double ll_serving_compute(ll_serving *s, const char *prefix, const char *name, const char *unit, const char *formula)
{
    const size_t n = strlen(prefix), n_formula = strlen(formula);
    size_t count = 0;
    for (const char *at = formula; (at = strchr(at, '@')); at++)
        count++;
    const char *path = ll_sheet_text(s->sheet, "%s%s", prefix, name);
    char *text = ll_sheet_room(s->sheet, n_formula + count * n + 1), *out = text;
    if (!text)
        return 0;
    for (const char *end; (end = strchr(formula, '@')); formula = end + 1) { /* '@' becomes the prefix */
        out = mempcpy(out, formula, (size_t)(end - formula));
        out = mempcpy(out, prefix, n);
    }
    memcpy(out, formula, strlen(formula) + 1);
    const double value = ll_sheet_compute(s->sheet, path, unit, text, NULL);
    ll_sheet_detail(s->sheet, path);
    return value;
}

static void put(ll_serving *s, const char *prefix, const char *name, const char *formula)
{
    ll_serving_compute(s, prefix, name, "s", formula);
}

/* The larger of the time to read the weights and the time to multiply, rounded where they are close. */
static void put_products(ll_serving *s, const char *prefix)
{
    put(s, prefix, "attention_read",
        "serving.attention * weights.attention_bytes / serving.tp / (device.bandwidth * "
        "k.weight_bandwidth * k.bandwidth)");
    put(s, prefix, "attention_multiply",
        "2 * serving.attention / serving.tp * (@tokens + k.gemm_half) / "
        "(device.attention_peak * serving.attention_gemm)");
    put(s, prefix, "attention_products", "(@attention_read ^ 4 + @attention_multiply ^ 4) ^ (1 / 4)");
    if (ll_sheet_has(s->sheet, "serving.ffn")) {
        put(s, prefix, "ffn_read",
            "serving.ffn * weights.ffn_bytes / serving.tp / (device.bandwidth * "
            "k.weight_bandwidth * k.bandwidth)");
        put(s, prefix, "ffn_multiply",
            "2 * serving.ffn / serving.tp * (@tokens + k.gemm_half) / (device.ffn_peak * "
            "serving.ffn_gemm)");
        put(s, prefix, "ffn_products", "(@ffn_read ^ 4 + @ffn_multiply ^ 4) ^ (1 / 4)");
    }
    if (s->has_experts) {
        ll_serving_compute(s, prefix, "experts_touched", "",
                           "model.experts / serving.ep * (1 - (1 - model.experts_used / model.experts) ^ (@tokens * "
                           "serving.dp))");
        put(s, prefix, "experts_read",
            "serving.expert_layers * @experts_touched * serving.expert / serving.moe_tp * "
            "weights.expert_bytes / (device.bandwidth * k.weight_bandwidth * "
            "k.expert_bandwidth)");
        put(s, prefix, "experts_multiply",
            "serving.expert_layers * 2 * serving.expert / serving.moe_tp * (@tokens * "
            "serving.dp * model.experts_used / serving.ep + @experts_touched * k.tile) "
            "/ (device.expert_peak * serving.expert_gemm * k.grouped_gemm)");
        put(s, prefix, "experts_products",
            s->offload.experts ? "(1 - offload.part) * (@experts_read ^ 4 + @experts_multiply ^ 4) ^ (1 / 4)"
                               : "(@experts_read ^ 4 + @experts_multiply ^ 4) ^ (1 / 4)");
    }
}

/* Bytes of KV memory of a token in a layer on one device: latent memories are on each, others are divided by heads. */
static const char *kv_of_core(ll_serving *s, const ll_core *core)
{
    if (core->latent_dim > 0)
        return ll_sheet_text(s->sheet, "%.0f", core->kv_elements - core->index_dim);
    return ll_sheet_text(s->sheet, "%.0f * max(1 / serving.tp, 1 / %.0f)", core->kv_elements, core->kv_heads);
}

static const char *bounded(ll_serving *s, const ll_core *core, const char *tokens)
{
    const double most = core->window > 0 ? core->window : core->chosen;
    return most > 0 ? ll_sheet_text(s->sheet, "min(%s, %.0f)", tokens, most) : tokens;
}

/* KV memory that a decoding sequence reads, and the work of a prompt's tokens on what they see. */
static void put_attention(ll_serving *s, const char *prefix)
{
    const char *read = "", *work = "";
    for (size_t i = 0; i < s->bill->n_cores; i++) {
        const ll_core *core = &s->bill->cores[i];
        read = ll_sheet_text(s->sheet, "%s%s%.0f * %s * %s", read, *read ? " + " : "", core->layers,
                             kv_of_core(s, core), bounded(s, core, "@context"));
        if (core->index_dim > 0)
            read = ll_sheet_text(s->sheet, "%s + %.0f * %.0f * @context", read, core->layers, core->index_dim);
        work = ll_sheet_text(s->sheet, "%s%s%.0f * %.0f * %.0f * %s", work, *work ? " + " : "", core->layers,
                             core->heads, core->key_dim + core->value_dim, bounded(s, core, "@prompt_context"));
    }
    const char *state = ll_sheet_has(s->sheet, "kv.state_bytes") ? " + 2 * kv.state_bytes / serving.tp" : "";
    put(s, prefix, "kv_read",
        ll_sheet_text(s->sheet,
                      "@decoding * ((%s) * kv.bytes_per_element%s) / (device.bandwidth * k.kv_bandwidth * k.bandwidth)",
                      *read ? read : "0", state));
    put(s, prefix, "prompt_attention",
        ll_sheet_text(s->sheet, "@prompt * 2 * (%s) / serving.tp / (device.bf16_peak * k.prefill_attention)",
                      *work ? work : "0"));
}

/* One collective over so many devices, each sending so many bytes. */
static const char *collective(ll_serving *s, double devices, const char *bytes)
{
    if (devices > ll_sheet_value(s->sheet, "device.domain"))
        return ll_sheet_text(s->sheet, "(k.latency * k.collective_far + %s / (device.network * k.link))", bytes);
    return ll_sheet_text(s->sheet,
                         "(k.latency * (k.collective + k.collective_doubling * ln(%.0f) / ln(2)) + %s / (device.link * "
                         "k.link))",
                         devices, bytes);
}

static void put_communication(ll_serving *s, const char *prefix)
{
    if (s->tp > 1)
        put(s, prefix, "tensor_parallel",
            ll_sheet_text(s->sheet, "2 * model.layers * %s",
                          collective(s, s->tp, "@tokens * model.hidden * 4 * (serving.tp - 1) / serving.tp")));
    if (s->dp <= 1 || !s->has_experts)
        return;
    if (s->ep > 1)
        put(s, prefix, "expert_parallel",
            ll_sheet_text(
                s->sheet, "serving.expert_layers * (%s + %s)",
                collective(s, s->ep, "@tokens * model.experts_used * model.hidden * (serving.ep - 1) / serving.ep"),
                collective(s, s->ep,
                           "2 * @tokens * model.experts_used * model.hidden * (serving.ep - 1) / serving.ep")));
    else
        put(s, prefix, "expert_parallel",
            ll_sheet_text(s->sheet, "serving.expert_layers * 2 * %s",
                          collective(s, s->dp, "@tokens * (serving.dp - 1) * model.hidden * 2")));
}

static void put_latency(ll_serving *s, const char *prefix)
{
    bool has_latent = false, has_index = false;
    double constant = 0;
    for (size_t i = 0; i < s->bill->n_cores; i++) {
        has_latent = has_latent || s->bill->cores[i].latent_dim > 0;
        has_index = has_index || s->bill->cores[i].index_dim > 0;
    }
    for (size_t i = 0; i < s->bill->n_states; i++)
        constant += s->bill->states[i].layers;
    put(s, prefix, "latency",
        ll_sheet_text(s->sheet, "k.latency * (model.layers * (k.layer%s%s%s) + %.0f * k.layer_linear)%s",
                      has_latent ? " + k.layer_latent" : "", has_index ? " + k.layer_index" : "",
                      s->has_fp4 ? " + k.layer_fp4" : "", constant,
                      s->has_experts ? " + serving.expert_layers * k.layer_experts" : ""));
}

static const char *plus(ll_serving *s, const char *prefix, const char *sum, const char *name)
{
    return ll_sheet_has(s->sheet, ll_sheet_text(s->sheet, "%s%s", prefix, name))
               ? ll_sheet_text(s->sheet, "%s + @%s", sum, name)
               : sum;
}

void ll_serving_put_step(ll_serving *s, const char *prefix)
{
    static const char *const parts[] = {"ffn_products", "experts_products", "tensor_parallel", "expert_parallel",
                                        "host"};
    ll_serving_compute(s, prefix, "tokens", "token",
                       s->verifies ? "@decoding * (speculation.tokens + 1) + @prompt" : "@decoding + @prompt");
    put_products(s, prefix);
    put_attention(s, prefix);
    put(s, prefix, "elementwise", "model.layers * @tokens * model.hidden * 2 * k.elementwise / device.bandwidth");
    put_communication(s, prefix);
    put_latency(s, prefix);
    if (s->offload.is_there)
        ll_serving_put_host(s, prefix);
    put(s, prefix, "head_read",
        "model.vocab * model.hidden / serving.tp * 2 / (device.bandwidth * k.weight_bandwidth * "
        "k.bandwidth)");
    put(s, prefix, "head_multiply",
        ll_sheet_text(
            s->sheet,
            "2 * model.vocab * model.hidden / serving.tp * (@decoding%s%s + k.gemm_half) / (device.bf16_peak * "
            "serving.ceiling * k.gemm)",
            s->verifies ? " * (speculation.tokens + 1)" : "",
            ll_sheet_value(s->sheet, ll_sheet_text(s->sheet, "%sprompt", prefix)) > 0 ? " + 1" : ""));
    put(s, prefix, "head", "(@head_read ^ 4 + @head_multiply ^ 4) ^ (1 / 4)");
    const char *sum = "(@attention_products + @kv_read + @prompt_attention + @elementwise + @latency";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum = plus(s, prefix, sum, parts[i]);
    put(s, prefix, "time",
        ll_sheet_text(s->sheet, "%s) / serving.pp + @head + k.host + %s * @decoding + (serving.pp - 1) * k.stage", sum,
                      s->is_offline ? "k.host_offline" : "k.host_sequence"));
}
