/* SPDX-License-Identifier: MIT
 * From a calibration of the machine to tokens a second: weights by their formats, attention, and what layers and steps
 * cost whatever their size.
 */
#include "estimate/machine.h"
#include "estimate/weights.h"

#include <string.h>

static void read_types(ll_sheet *sheet, const json_t *types, ll_calibrated *out)
{
    size_t i;
    const json_t *entry;
    if (!json_is_array(types) || json_array_size(types) == 0 || json_array_size(types) > LL_CALIBRATED_TYPES_MAX) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "machine.calibration.types: expected a list of 1 to %d",
                      LL_CALIBRATED_TYPES_MAX);
        return;
    }
    json_array_foreach (types, i, entry) {
        ll_reader r = {
            .sheet = sheet, .object = entry, .path = ll_sheet_text(sheet, "machine.calibration.types[%zu]", i)};
        out->types[i].name = ll_read_text(&r, "type", NULL);
        out->types[i].decode = 1e9 * ll_read_number(&r, "decode_gb_per_second", 1e-6, 1e9, 0);
        out->types[i].prefill = 1e9 * ll_read_number(&r, "prefill_gflop_per_second", 1e-6, 1e9, 0);
        if (!out->types[i].name || !(out->types[i].decode > 0) || !(out->types[i].prefill > 0))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "%s: expected type, decode_gb_per_second and "
                          "prefill_gflop_per_second",
                          r.path);
        ll_read_end(&r);
    }
    out->n = i;
}

static void give(ll_sheet *sheet, const char *path, const char *unit, double value, const char *source)
{
    ll_sheet_give(sheet, path, unit, value, source);
    ll_sheet_detail(sheet, path);
}

ll_calibrated ll_put_calibration(ll_task *task, ll_reader *machine)
{
    ll_calibrated out = {.n = 0};
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(machine, "calibration");
    if (r.object) {
        ll_read_text(&r, "device", NULL);
        ll_read_text(&r, "name", NULL);
        ll_read_text(&r, "instruction_set", NULL);
        ll_read_number(&r, "version", 0, 1e9, 0);
        ll_read_number(&r, "time", 0, 1e15, 0);
        ll_read_number(&r, "threads", 1, 1e6, 1);
        read_types(sheet, ll_read_any(&r, "types"), &out);
        static const char source[] = "measured: calibration";
        give(sheet, "machine.step", "s", 1e-9 * ll_read_number(&r, "step_ns", 0, 1e10, 0), source);
        give(sheet, "machine.layer", "s", 1e-9 * ll_read_number(&r, "layer_ns", 0, 1e10, 0), source);
        give(sheet, "machine.element", "s", 1e-9 * ll_read_number(&r, "prefill_value_ns", 0, 1e9, 0), source);
        give(sheet, "machine.attention_bandwidth", "B/s",
             1e9 * ll_read_number(&r, "attention_gb_per_second", 1e-6, 1e9, 5), source);
        give(sheet, "machine.attention_operations", "FLOP/s",
             1e9 * ll_read_number(&r, "attention_gflop_per_second", 1e-6, 1e9, 20), source);
    }
    ll_read_end(&r);
    return out;
}

static const char *in_small_letters(ll_sheet *sheet, const char *name)
{
    char *text = (char *)ll_sheet_text(sheet, "%s", name);
    if (!sheet->status)
        for (char *c = text; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return text;
}

/* Time of the products of one kind of step, a term for each format. */
static const char *put_type(ll_sheet *sheet, const char *sum, const char *step, const char *type, double work,
                            const char *unit, double speed)
{
    const char *amount = ll_sheet_text(sheet, "%s.%s", step, type), *rate = ll_sheet_text(sheet, "machine.%s", amount);
    give(sheet, amount, unit, work, "of the model's matrices in this format");
    give(sheet, rate, ll_sheet_text(sheet, "%s/s", unit), speed, "measured: calibration");
    return ll_sheet_text(sheet, "%s%s%s / %s", sum, *sum ? " + " : "", amount, rate);
}

bool ll_put_calibrated_speed(ll_task *task, const ll_calibrated *calibrated, const ll_decoding *decoding)
{
    ll_sheet *sheet = task->sheet;
    ll_weight_types types;
    ll_weight_types_of(task, &types);
    size_t found[LL_WEIGHT_TYPES_MAX];
    if (sheet->status || !calibrated->n || !types.n || !types.is_whole || !ll_sheet_has(sheet, "model.layers") ||
        !ll_sheet_has(sheet, "model.hidden"))
        return false;
    for (size_t i = 0; i < types.n; i++) {
        found[i] = 0;
        while (found[i] < calibrated->n && strcmp(calibrated->types[found[i]].name, types.items[i].traits->name) != 0)
            found[i]++;
        if (found[i] == calibrated->n)
            return false;
    }
    const char *decode = "", *prefill = "";
    for (size_t i = 0; i < types.n; i++) {
        const ll_type_traits *traits = types.items[i].traits;
        const char *name = in_small_letters(sheet, traits->name);
        const double bytes = types.items[i].bytes, behind = bytes - types.items[i].head_bytes;
        const double per_byte = (double)traits->block.elements / (double)traits->block.bytes;
        decode = put_type(sheet, decode, "decode", name, bytes, "B", calibrated->types[found[i]].decode);
        if (behind > 0)
            prefill = put_type(sheet, prefill, "prefill", name, 2 * behind * per_byte, "FLOP",
                               calibrated->types[found[i]].prefill);
    }
    const char *sequences = decoding->sequences;
    ll_sheet_compute(sheet, "decode.weights", "s", decode, "a token's products, by the formats of the weights");
    ll_sheet_compute(sheet, "prefill.weights", "s", *prefill ? prefill : "0",
                     "the same of a token of a prompt, without the logits");
    ll_sheet_compute(
        sheet, "decode.step_time", "s",
        ll_sheet_text(sheet,
                      !sequences
                          ? "decode.weights + %s%s / machine.attention_bandwidth + model.layers * machine.layer + "
                            "machine.step"
                      : task->bill->experts > 0
                          ? "max(decode.weights * min(weights.bytes / weights.bytes_per_token, %1$s), %1$s * "
                            "prefill.weights) + %1$s * %2$s / machine.attention_bandwidth + model.layers * "
                            "machine.layer + machine.step"
                          : "max(decode.weights * ceil(%1$s / 8), %1$s * prefill.weights) + %1$s * %2$s / "
                            "machine.attention_bandwidth + model.layers * machine.layer + machine.step",
                      sequences ? sequences : "", decoding->kv_bytes),
        decoding->what);
    ll_sheet_compute(sheet, "prefill.token_time", "s",
                     "prefill.weights + flops.attention / machine.attention_operations + model.layers * model.hidden * "
                     "machine.element",
                     "of a token of a prompt that fills the context");
    static const char *const details[] = {"decode.weights", "decode.step_time", "prefill.weights",
                                          "prefill.token_time"};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        ll_sheet_detail(sheet, details[i]);
    ll_sheet_give_between(sheet, "decode.spread", "", 1, 0.88, 1.12,
                          "predicted over measured on this machine in the minutes after a calibration");
    ll_sheet_give_between(sheet, "prefill.spread", "", 1, 0.85, 1.15,
                          "predicted over measured on this machine in the minutes after a calibration");
    ll_sheet_detail(sheet, "decode.spread");
    ll_sheet_detail(sheet, "prefill.spread");
    ll_sheet_compute(sheet, "decode.tokens_per_second", "token/s",
                     sequences ? ll_sheet_text(sheet, "%s * decode.spread / decode.step_time", sequences)
                               : "decode.spread / decode.step_time",
                     NULL);
    ll_sheet_compute(sheet, "prefill.tokens_per_second", "token/s", "prefill.spread / prefill.token_time", NULL);
    return true;
}
