/* SPDX-License-Identifier: MIT
 * The nearest change of a scenario that makes it feasible. Changes are tried from the smallest on, each by running the
 * changed scenario as a whole on a sheet of its own, so what is proposed works.
 */
#include "estimate/serving.h"

#include <math.h>

enum { LARGEST_TP = 64 };

static json_t *copy_of(const ll_serving *s)
{
    json_t *copy = json_deep_copy(s->task->scenario->object);
    static const char *const left_out[] = {"output", "data", "compare", "capacity", "cost"};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        json_object_del(copy, left_out[i]);
    return copy;
}

/* The member that is an object; what is there as a text becomes the object's member `key`. */
static json_t *object_in(json_t *scenario, const char *name, const char *key)
{
    json_t *value = json_object_get(scenario, name);
    if (json_is_object(value))
        return value;
    json_t *object = json_object();
    if (json_is_string(value))
        json_object_set(object, key, value);
    json_object_set_new(scenario, name, object);
    return json_object_get(scenario, name);
}

/* Takes the scenario; a remark when it is feasible. */
static bool works(ll_serving *s, json_t *scenario, const char *code, const char *english, const char *chinese)
{
    const bool good = ll_try_scenario(s->task, scenario, "latency.tpot");
    if (good)
        ll_sheet_remark(s->sheet, LL_REMARK_CHANGE, code, english, chinese);
    return good;
}

/* Where one sequence does not fit, beyond the devices that the link joins as well. */
static bool more_devices(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    const double heads = s->bill->heads > 0 ? s->bill->heads : LARGEST_TP;
    const double domain =
        ll_sheet_value(sheet, "concurrency.most") < 1 ? LARGEST_TP : ll_sheet_value(sheet, "device.domain");
    const double most = ll_sheet_has(sheet, "device.link") ? fmin(fmin(domain, heads), LARGEST_TP) : 1;
    for (double tp = 2 * s->tp; tp <= most && !sheet->status; tp *= 2) {
        json_t *scenario = copy_of(s);
        json_t *parallel = object_in(scenario, "parallel", "");
        json_object_set_new(parallel, "tp", json_real(tp));
        json_object_del(parallel, "ep");
        json_object_del(parallel, "moe_tp");
        json_object_del(object_in(scenario, "hardware", "device"), "count");
        if (works(s, scenario, "more_devices",
                  ll_sheet_text(sheet, "With tensor parallelism %.0f it does: %.0f devices for a replica.", tp,
                                tp * s->pp * s->dp),
                  ll_sheet_text(sheet, "张量并行 %.0f 即可，每副本 %.0f 张卡。", tp, tp * s->pp * s->dp)))
            return true;
    }
    return false;
}

static bool fewer_bits(ll_serving *s)
{
    static const char *const formats[] = {"fp8", "int8", "nvfp4", "int4"};
    ll_sheet *sheet = s->sheet;
    for (size_t i = 0; i < sizeof formats / sizeof *formats && !sheet->status; i++) {
        if ((i < 2 ? 1.0 : 0.5625) >= ll_sheet_value(sheet, "weights.attention_bytes"))
            continue;
        json_t *scenario = copy_of(s);
        json_object_set_new(scenario, "weights", json_string(formats[i]));
        json_object_del(scenario, "ffn_weights");
        json_object_del(scenario, "expert_weights");
        if (works(s, scenario, "fewer_bits", ll_sheet_text(sheet, "With weights in %s it does.", formats[i]),
                  ll_sheet_text(sheet, "权重改用 %s 即可。", formats[i])))
            return true;
    }
    return false;
}

static bool shorter_prompt(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    const double input = ll_sheet_value(sheet, "load.input_tokens");
    for (double part = 0.75; part > 0.1 && input * part >= 16 && !sheet->status; part = part > 0.5 ? 0.5 : part / 2) {
        const double tokens = floor(input * part);
        json_t *scenario = copy_of(s);
        json_object_set_new(object_in(scenario, "load", ""), "input_tokens", json_real(tokens));
        if (works(s, scenario, "shorter_prompt", ll_sheet_text(sheet, "With prompts of %.0f tokens it does.", tokens),
                  ll_sheet_text(sheet, "输入缩短到 %.0f 词元即可。", tokens)))
            return true;
    }
    return false;
}

static bool fewer_sequences(ll_serving *s)
{
    if (!ll_read_has(s->task->scenario, "concurrency"))
        return false;
    json_t *scenario = copy_of(s);
    json_object_del(scenario, "concurrency");
    return works(s, scenario, "fewer_sequences",
                 "With fewer sequences in flight it does; without \"concurrency\" their number is chosen.",
                 "减少并发即可；不指定 concurrency 时将自动选择。");
}

/* Wider memories and faster units, from what is common on. */
static bool other_device(ll_serving *s)
{
    static const char *const devices[] = {"H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM 180GB", "B300 SXM"};
    ll_sheet *sheet = s->sheet;
    for (size_t i = 0; i < sizeof devices / sizeof *devices && !sheet->status; i++) {
        json_t *scenario = copy_of(s), *hardware = json_object();
        json_t *count = json_object_get(json_object_get(scenario, "hardware"), "count");
        json_object_set_new(hardware, "device", json_string(devices[i]));
        if (count)
            json_object_set(hardware, "count", count);
        json_object_set_new(scenario, "hardware", hardware);
        if (works(s, scenario, "other_device", ll_sheet_text(sheet, "On %s it does.", devices[i]),
                  ll_sheet_text(sheet, "改用 %s 即可。", devices[i])))
            return true;
    }
    return false;
}

void ll_serving_propose(ll_serving *s)
{
    /* Devices that no fast link joins are mostly alone. */
    static bool (*const changes[])(ll_serving *) = {fewer_bits, more_devices, fewer_bits, shorter_prompt, other_device};
    ll_sheet *sheet = s->sheet;
    if (sheet->is_trial || fewer_sequences(s))
        return;
    for (size_t i = ll_sheet_value(sheet, "device.domain") > 1; i < sizeof changes / sizeof *changes && !sheet->status;
         i++)
        if (changes[i](s))
            return;
    ll_sheet_remark(sheet, LL_REMARK_NOTE, "no_change_found",
                    "No single change of parallelism, weights, prompts or device that was tried makes it feasible.",
                    "已尝试的并行、权重格式、输入长度与设备的单项调整均不可行。");
}
