/* SPDX-License-Identifier: MIT
 * From a model, devices and an engine to latency, throughput and memory.
 */
#include "estimate/serving.h"

#include <math.h>
#include <string.h>

/* Stored bytes of a weight, scales included, and the precision of its products where the device has units for it. */
typedef struct ll_format {
    const char *name;
    double bytes;
    ll_device_field peak;
} ll_format;
static const ll_format formats[] = {
    {"fp32", 4, LL_DEVICE_PEAK_BF16},      {"bf16", 2, LL_DEVICE_PEAK_BF16},
    {"fp8", 1, LL_DEVICE_PEAK_FP8},        {"int8", 1, LL_DEVICE_PEAK_INT8},
    {"nvfp4", 0.5625, LL_DEVICE_PEAK_FP4}, {"mxfp4", 0.53125, LL_DEVICE_PEAK_FP4},
    {"int4", 0.5625, LL_DEVICE_PEAK_BF16},
};
#define FORMAT_WORDS "fp32|bf16|fp8|int8|nvfp4|mxfp4|int4"
enum { FORMAT_BF16 = 1 };

static void give(ll_serving *s, const char *path, const char *unit, double value, const char *source)
{
    ll_sheet_give(s->sheet, path, unit, value, source);
    ll_sheet_detail(s->sheet, path);
}

/* The bytes, the peak and the reachable share of it for one class of weights. */
static void put_format(ll_serving *s, const ll_device *device, const char *class, ll_format format, bool given)
{
    ll_sheet *sheet = s->sheet;
    const ll_device_value *own = &device->fields[format.peak];
    const bool supported = own->value > 0 && format.peak != LL_DEVICE_PEAK_BF16;
    const bool is_fp4 = supported && format.peak == LL_DEVICE_PEAK_FP4;
    const ll_device_value *used = supported ? own : &device->fields[LL_DEVICE_PEAK_BF16];
    give(s, ll_sheet_text(sheet, "weights.%s_bytes", class), "B", format.bytes,
         ll_sheet_text(sheet, "%s, %s", format.name, given ? "given" : "as published"));
    if (used->value > 0)
        give(s, ll_sheet_text(sheet, "device.%s_peak", class), "FLOP/s",
             used->value * ll_sheet_value(sheet, "serving.ceiling"),
             ll_sheet_text(sheet, "%s, dense, times serving.ceiling", used->source));
    else
        give(s, ll_sheet_text(sheet, "device.%s_peak", class), "FLOP/s", ll_sheet_value(sheet, "device.peak"), "given");
    ll_sheet_compute(sheet, ll_sheet_text(sheet, "serving.%s_gemm", class), "", is_fp4 ? "k.gemm_fp4" : "k.gemm", NULL);
    ll_sheet_detail(sheet, ll_sheet_text(sheet, "serving.%s_gemm", class));
    s->has_fp4 = s->has_fp4 || is_fp4;
}

static void put_shape(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    const ll_bill *bill = s->bill;
    double parts[LL_CLASSES] = {0}, expert_layers = 0;
    for (size_t i = 0; i < bill->n_items; i++) {
        const ll_item *item = &bill->items[i];
        if (item->is_product)
            parts[item->class] += item->count * item->rows * item->columns;
        if (item->class == LL_CLASS_ROUTER && item->is_product && item->columns * item->rows > 0)
            expert_layers = item->count > expert_layers ? item->count : expert_layers;
    }
    s->has_experts = bill->experts > 0 && parts[LL_CLASS_EXPERT] > 0;
    if (bill->n_items == 0) /* totals only: two thirds of a decoder are feed-forward */
        parts[LL_CLASS_ATTENTION] = bill->parameters;
    give(s, "serving.attention", "parameter", parts[LL_CLASS_ATTENTION] + parts[LL_CLASS_RECURRENT], bill->source);
    if (parts[LL_CLASS_FFN] + parts[LL_CLASS_SHARED] > 0)
        give(s, "serving.ffn", "parameter", parts[LL_CLASS_FFN] + parts[LL_CLASS_SHARED], bill->source);
    if (s->has_experts) {
        give(s, "serving.expert_layers", "", expert_layers, bill->source);
        give(s, "serving.expert", "parameter",
             parts[LL_CLASS_EXPERT] / (expert_layers > 0 ? expert_layers * bill->experts : 1),
             "of one expert in one layer");
    }
    static const char *const needed[] = {"model.layers", "model.hidden", "model.vocab"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!ll_sheet_has(sheet, needed[i]))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "model: serving needs %s, which bare totals do not say",
                          needed[i] + sizeof "model." - 1);
}

static void put_parallel(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    ll_reader r = ll_read_object(s->task->scenario, "parallel");
    const double count = ll_sheet_has(sheet, "devices.given") ? ll_sheet_value(sheet, "devices.given") : 0;
    s->pp = ll_read_whole(&r, "pp", 1024, 1);
    s->dp = ll_read_whole(&r, "dp", 4096, 1);
    const char *const tp_name = ll_read_has(&r, "tp") ? "parallel.tp" : "hardware.count";
    s->tp = ll_read_whole(&r, "tp", 1024,
                          s->chosen_tp > 0 ? s->chosen_tp
                          : count > 0      ? fmax(1, floor(count / (s->pp * s->dp)))
                                           : 1);
    s->ep = ll_read_whole(&r, "ep", 4096, s->has_experts && s->dp > 1 ? s->tp * s->dp : 1);
    const bool is_ep_given = ll_read_has(&r, "ep");
    s->moe_tp = ll_read_whole(&r, "moe_tp", 1024, fmax(1, floor(s->tp * s->dp / s->ep)));
    ll_read_end(&r);
    if (count > 0 && s->tp * s->pp * s->dp != count)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel: tp * pp * dp is %.0f, but hardware.count is %.0f: they must be equal",
                      s->tp * s->pp * s->dp, count);
    if (s->has_experts && s->moe_tp * s->ep != s->tp * s->dp)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel: moe_tp * ep is %.0f, but tp * dp is %.0f: they must be equal", s->moe_tp * s->ep,
                      s->tp * s->dp);
    if (s->bill->layers > 0 && s->pp > s->bill->layers)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "parallel.pp: %.0f is more than the %.0f layers", s->pp,
                      s->bill->layers);
    if (s->has_experts && is_ep_given && fmod(s->bill->experts, s->ep) != 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel.ep: %.0f does not divide the %.0f experts; the next that does is %.0f", s->ep,
                      s->bill->experts, ll_divisor_below(s->bill->experts, s->ep));
    if (s->bill->heads > 0 && fmod(s->bill->heads, s->tp) != 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: %.0f devices cannot share %.0f attention heads evenly",
                      tp_name, s->tp, s->bill->heads);
    give(s, "serving.tp", "device", s->tp,
         s->chosen_tp > 0 ? "tensor parallel; chosen: the most tokens a second and device" : "tensor parallel");
    give(s, "serving.pp", "device", s->pp, "pipeline stages");
    give(s, "serving.dp", "device", s->dp, "replicas of the attention");
    if (s->has_experts) {
        give(s, "serving.ep", "device", s->ep, "expert parallel");
        give(s, "serving.moe_tp", "device", s->moe_tp, "tensor parallel of experts");
    }
    ll_sheet_compute(sheet, "replica.devices", "device", "serving.tp * serving.pp * serving.dp", NULL);
    if (s->tp > 1 && !ll_sheet_has(sheet, "device.link"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "hardware.link: not known of this device, and tp is %.0f",
                      s->tp);
    if (!ll_sheet_has(sheet, "device.domain"))
        give(s, "device.domain", "device", 8, "default");
    if (!ll_sheet_has(sheet, "device.network"))
        give(s, "device.network", "B/s", 12.5e9, "default: 100 Gbit/s");
}

static ll_format format_of(ll_serving *s, const char *key, ll_format otherwise, bool *given)
{
    *given = ll_read_has(s->task->scenario, key);
    const int format = ll_read_choice(s->task->scenario, key, FORMAT_WORDS, -1);
    return format >= 0 ? formats[format] : otherwise;
}

/* What is published in 32 bits is served in 16. */
static ll_format published(const ll_serving *s, double bits)
{
    static const ll_device_field peaks[LL_PRECISIONS] = {LL_DEVICE_PEAK_FP32, LL_DEVICE_PEAK_BF16, LL_DEVICE_PEAK_FP8,
                                                         LL_DEVICE_PEAK_INT8, LL_DEVICE_PEAK_FP4};
    if (bits == 0 || bits >= 16)
        return formats[FORMAT_BF16];
    return (ll_format){s->bill->stored_format, bits / 8, peaks[s->bill->stored_products]};
}

bool ll_serving_read(ll_serving *s, ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    *s = (ll_serving){.task = task, .sheet = sheet, .bill = task->bill};
    s->engine = (ll_engine_kind)ll_read_choice(task->scenario, "engine", LL_ENGINE_WORDS, LL_ENGINE_OTHER);
    ll_hardware_read(task->scenario, task->tables, LL_PRECISION_BF16, &s->hardware);
    static const char *const needed[] = {"device.peak", "device.bandwidth", "device.memory"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!ll_sheet_has(sheet, needed[i]))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "hardware: the %s of the device is not known; name another, or give it as a number",
                          needed[i] + sizeof "device." - 1);
    const ll_device_value *fields = s->hardware.device.fields;
    const double bf16 = fields[LL_DEVICE_PEAK_BF16].value, best = fields[LL_DEVICE_MEASURED_BF16].value;
    ll_serving_put_constants(s);
    give(s, "device.bf16_peak", "FLOP/s", bf16 > 0 ? bf16 : ll_sheet_value(sheet, "device.peak"),
         bf16 > 0 ? fields[LL_DEVICE_PEAK_BF16].source : "given");
    give(s, "serving.ceiling", "", bf16 > 0 && best > 0 ? best / bf16 / 0.78 : 1,
         best > 0 ? "what the largest products reach, relative to 0.78 of the peak" : "not measured on this device");
    put_shape(s);
    return !sheet->status;
}

bool ll_serving_put_layout(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    put_parallel(s);
    bool given, own, kv_given;
    const double *bits = s->bill->stored_bits;
    const ll_format all = format_of(s, "weights", published(s, bits[LL_CLASS_ATTENTION]), &given);
    put_format(s, &s->hardware.device, "attention", all, given);
    const double ffn_bits = fmax(bits[LL_CLASS_FFN], bits[LL_CLASS_SHARED]);
    const ll_format ffn = format_of(s, "ffn_weights", given ? all : published(s, ffn_bits), &own);
    if (ll_sheet_has(sheet, "serving.ffn"))
        put_format(s, &s->hardware.device, "ffn", ffn, given || own);
    if (s->has_experts) {
        const ll_format expert =
            format_of(s, "expert_weights", given ? all : published(s, bits[LL_CLASS_EXPERT]), &own);
        put_format(s, &s->hardware.device, "expert", expert, given || own);
        const ll_device_value *fields = s->hardware.device.fields;
        s->scales_blocks = expert.peak == LL_DEVICE_PEAK_FP8 && fields[LL_DEVICE_PEAK_FP8].value > 0 &&
                           fields[LL_DEVICE_PEAK_FP4].value <= 0;
    }
    const ll_format kv = format_of(s, "kv", formats[FORMAT_BF16], &kv_given);
    give(s, "kv.bytes_per_element", "B", kv.bytes, kv_given ? "given" : "default: 16 bits");
    return !sheet->status;
}
