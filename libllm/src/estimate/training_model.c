/* SPDX-License-Identifier: MIT
 * What steps of training are made from: the model's widths and parameters by how they are spread, and what the device
 * sustains.
 */
#include "estimate/training.h"

#include <string.h>

double ll_training_put(ll_training *t, const char *path, const char *unit, const char *formula)
{
    const double value = ll_sheet_compute(t->sheet, path, unit, formula, NULL);
    ll_sheet_detail(t->sheet, path);
    return value;
}

void ll_training_give(ll_training *t, const char *path, const char *unit, double value, const char *source)
{
    ll_sheet_give(t->sheet, path, unit, value, source);
    ll_sheet_detail(t->sheet, path);
}

/* Products of some classes, all of them or those that a token uses; "0 * model.layers" where there are none. */
static void put_products(ll_training *t, const char *path, uint32_t classes, bool used)
{
    const char *sum = "";
    for (size_t i = 0; i < t->bill->n_items; i++) {
        const ll_item *item = &t->bill->items[i];
        if (item->is_product && (classes >> item->class & 1))
            sum = ll_sheet_text(t->sheet, "%s%s%.0f * %.0f * %.0f", sum, *sum ? " + " : "",
                                used ? item->used : item->count, item->rows, item->columns);
    }
    ll_training_put(t, path, "parameter", *sum ? sum : "0 * model.layers");
}

/* Sums over the cores of attention, in all layers. */
static void put_cores(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    const char *heads = "", *values = "", *projected = "", *kv = "";
    for (size_t i = 0; i < t->bill->n_cores; i++) {
        const ll_core *c = &t->bill->cores[i];
        const double own = c->latent_dim > 0 ? c->heads * (c->key_dim + c->value_dim) : c->kv_elements;
        const char *plus = i ? " + " : "";
        heads = ll_sheet_text(sheet, "%s%s%.0f * %.0f", heads, plus, c->layers, c->heads);
        values = ll_sheet_text(sheet, "%s%s%.0f * %.0f * %.0f", values, plus, c->layers, c->heads, c->value_dim);
        kv = ll_sheet_text(sheet, "%s%s%.0f * %.0f", kv, plus, c->layers, own);
        projected = ll_sheet_text(sheet, "%s%s%.0f * (%.0f * %.0f + %.0f)", projected, plus, c->layers, c->heads,
                                  c->key_dim, own);
        t->has_latent = t->has_latent || c->latent_dim > 0;
    }
    ll_training_put(t, "train.heads", "", *heads ? heads : "0 * model.layers");
    ll_training_put(t, "train.values", "", *values ? values : "0 * model.layers");
    ll_training_put(t, "train.kv", "", *kv ? kv : "0 * model.layers");
    ll_training_put(t, "train.projected", "", *projected ? projected : "0 * model.layers");
}

/* Latent attention: what projects up from the latents, and the width of these. */
static void put_latents(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    const char *up = "", *latent = "";
    for (size_t i = 0; i < t->bill->n_items; i++) {
        const ll_item *item = &t->bill->items[i];
        const bool is_query = strncmp(item->name, "attn_q_b", 8) == 0;
        if (!item->is_product || (!is_query && strncmp(item->name, "attn_kv_b", 9) != 0 &&
                                  strncmp(item->name, "attn_k_b", 8) != 0 && strncmp(item->name, "attn_v_b", 8) != 0))
            continue;
        up = ll_sheet_text(sheet, "%s%s%.0f * %.0f * %.0f", up, *up ? " + " : "", item->count, item->rows,
                           item->columns);
        if (is_query)
            latent = ll_sheet_text(sheet, "%s%s%.0f * %.0f", latent, *latent ? " + " : "", item->count,
                                   item->rows < item->columns ? item->rows : item->columns);
    }
    for (size_t i = 0; i < t->bill->n_cores; i++) {
        const ll_core *c = &t->bill->cores[i];
        if (c->latent_dim > 0)
            latent = ll_sheet_text(sheet, "%s%s%.0f * %.0f", latent, *latent ? " + " : "", c->layers,
                                   c->kv_elements - c->index_dim);
    }
    ll_training_put(t, "train.up", "parameter", *up ? up : "0 * model.layers");
    ll_training_put(t, "train.latents", "", *latent ? latent : "0 * model.layers");
}

/* Scores and weighted sums of one token in all layers, forward: of causal attention it sees half of the sequence. */
static void put_core_flops(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    const double tokens = ll_sheet_value(sheet, "context.tokens");
    const char *sum = "";
    for (size_t i = 0; i < t->bill->n_cores; i++) {
        const ll_core *c = &t->bill->cores[i];
        const double bound = c->window > 0 ? c->window : c->chosen;
        const char *seen = !c->is_causal || c->is_cross ? "context.tokens" : "context.tokens / 2";
        if (c->is_causal && bound > 0 && bound < tokens)
            seen = ll_sheet_text(sheet, "(%.0f - %.0f ^ 2 / (2 * context.tokens))", bound, bound);
        sum = ll_sheet_text(sheet, "%s%s2 * %.0f * %.0f * %.0f * %s", sum, *sum ? " + " : "", c->layers, c->heads,
                            c->key_dim + c->value_dim, seen);
    }
    for (size_t i = 0; i < t->bill->n_states; i++)
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f", sum, *sum ? " + " : "", t->bill->states[i].layers,
                            t->bill->states[i].flops);
    ll_training_put(t, "train.core_flops", "FLOP", *sum ? sum : "0 * model.layers");
}

static void put_experts(ll_training *t)
{
    double layers = 0;
    const ll_item *expert = NULL;
    for (size_t i = 0; i < t->bill->n_items; i++) {
        const ll_item *item = &t->bill->items[i];
        if (item->class == LL_CLASS_ROUTER && item->is_product && item->count > layers)
            layers = item->count;
        if (item->class == LL_CLASS_EXPERT && item->is_product)
            expert = item;
    }
    put_products(t, "train.experts", 1u << LL_CLASS_EXPERT, false);
    put_products(t, "train.experts_used", 1u << LL_CLASS_EXPERT, true);
    t->has_experts = expert && layers > 0 && t->bill->experts > 0 && t->bill->experts_used > 0;
    if (!t->has_experts)
        return;
    ll_training_give(t, "train.expert_layers", "", layers, t->bill->source);
    ll_training_put(t, "train.expert_width", "",
                    ll_sheet_text(t->sheet, "sqrt(%.0f * %.0f)", expert->rows, expert->columns));
    if (t->bill->route_groups > 0)
        ll_training_give(t, "train.route_groups", "", t->bill->route_groups,
                         "groups of experts that a token is sent to at most");
}

/* A third matrix beside those that go up and down. Configurations and files call it so, or hold it in one that is twice
 * as wide as it is said to be. */
static bool is_gated(const ll_bill *bill)
{
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        const bool is_ffn = item->class == LL_CLASS_FFN || item->class == LL_CLASS_EXPERT;
        const double inner = item->class == LL_CLASS_FFN ? bill->ffn : bill->expert_ffn;
        if (is_ffn && item->is_product &&
            (strncmp(item->name, "ffn_gate", 8) == 0 || item->rows * item->columns > 1.9 * bill->hidden * inner))
            return true;
    }
    return false;
}

void ll_training_put_model(ll_training *t)
{
    static const uint32_t mixers = 1u << LL_CLASS_ATTENTION | 1u << LL_CLASS_RECURRENT;
    static const uint32_t ffn = 1u << LL_CLASS_FFN | 1u << LL_CLASS_SHARED;
    t->is_gated = is_gated(t->bill);
    put_products(t, "train.body", mixers | ffn | 1u << LL_CLASS_ROUTER, false);
    put_products(t, "train.recurrent", 1u << LL_CLASS_RECURRENT, false);
    put_products(t, "train.ffn", ffn, false);
    put_experts(t);
    put_cores(t);
    put_latents(t);
    ll_training_put(t, "train.embedding", "parameter", "model.vocab * model.hidden");
    double positions = 0;
    for (size_t i = 0; i < t->bill->n_items; i++)
        if (t->bill->items[i].class == LL_CLASS_POSITION)
            positions += t->bill->items[i].count * t->bill->items[i].rows * t->bill->items[i].columns;
    ll_training_give(t, "train.positions", "parameter", positions, t->bill->source);
    ll_training_put(t, "train.inner", "", "train.ffn / (2 * model.hidden)");
    put_core_flops(t);
}

/* FLOP/s of 16 and of 8 bits. Where the scenario's own precision and a dense peak name one of them, it is device.peak.
 */
static void put_peak(ll_training *t, const ll_hardware *h, const char *path, ll_device_field field, bool is_own)
{
    const ll_device_value *v = &h->device.fields[field];
    if (is_own && (!h->sparse || v->value <= 0))
        ll_sheet_compute(t->sheet, path, "FLOP/s", "device.peak", NULL);
    else
        ll_sheet_give_between(t->sheet, path, "FLOP/s", v->value, v->low, v->high, v->source);
    ll_sheet_detail(t->sheet, path);
}

static void give_missing(ll_training *t, const char *path, const char *unit, double value, const char *source)
{
    if (!ll_sheet_has(t->sheet, path))
        ll_training_give(t, path, unit, value, source);
}

void ll_training_put_device(ll_training *t, const ll_hardware *h)
{
    ll_sheet *sheet = t->sheet;
    const bool is_fp8 = h->precision == LL_PRECISION_FP8, has_16 = h->device.fields[LL_DEVICE_PEAK_BF16].value > 0;
    t->is_fp8 = is_fp8;
    if (is_fp8 && !has_16) {
        ll_training_put(t, "device.bf16_peak", "FLOP/s", "device.peak / 2");
    } else {
        put_peak(t, h, "device.bf16_peak", LL_DEVICE_PEAK_BF16, !is_fp8);
    }
    if (is_fp8)
        put_peak(t, h, "device.fp8_peak", LL_DEVICE_PEAK_FP8, true);
    give_missing(t, "device.link", "B/s", 16e9, "default: PCI Express");
    give_missing(t, "device.domain", "device", 1, "default: not known of this device");
    give_missing(t, "device.network", "B/s", 12.5e9, "default: 100 Gbit/s");
    ll_training_put(t, "train.power_ratio", "",
                    ll_sheet_value(sheet, "device.power") > 0
                        ? "min(1, device.power / (device.bf16_peak / 1e12) / 1.28)"
                        : "min(1, 0.8 / 1.28)");
    const ll_device_value *best = &h->device.fields[LL_DEVICE_MEASURED_BF16];
    const bool is_legacy = t->attention == LL_ATTENTION_UNFUSED;
    const char *share = "k.train_product * train.power_ratio ^ k.train_power";
    if (best->value > 0) {
        ll_training_give(t, "device.measured_peak", "FLOP/s", best->value, best->source);
        share = "min(k.train_product * train.power_ratio ^ k.train_power, device.measured_peak / device.bf16_peak)";
    }
    ll_training_put(t, "train.product_share", "",
                    is_legacy ? ll_sheet_text(sheet, "%s * k.train_legacy", share) : share);
    ll_training_put(t, "train.product_rate", "FLOP/s",
                    is_fp8 ? "device.fp8_peak * train.product_share" : "device.bf16_peak * train.product_share");
    ll_training_put(t, "train.head_rate", "FLOP/s", "device.bf16_peak * train.product_share");
    ll_training_put(t, "train.attention_rate", "FLOP/s",
                    t->attention == LL_ATTENTION_GENERIC
                        ? "device.bf16_peak * k.train_attention_generic * train.power_ratio ^ k.train_attention_power"
                        : "device.bf16_peak * k.train_attention * train.power_ratio ^ k.train_power");
    ll_training_put(t, "train.bandwidth", "B/s", "device.bandwidth * k.train_bandwidth");
    ll_training_put(t, "train.link", "B/s", "device.link * k.train_link");
    ll_training_put(t, "train.network", "B/s", "device.network * k.train_network");
}
