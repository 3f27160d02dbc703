/* SPDX-License-Identifier: MIT
 * What follows from a model alone: operations and memory of one sequence.
 */
#include "estimate/tasks.h"

static const char *kv_formula(ll_sheet *sheet, const ll_bill *bill, const char *tokens)
{
    const char *sum = "";
    for (size_t i = 0; i < bill->n_cores; i++) {
        const ll_core *core = &bill->cores[i];
        if (core->is_shared || bill->is_encoder || (core->is_cross && !tokens))
            continue;
        const char *seen =
            core->window > 0 && tokens ? ll_sheet_text(sheet, "min(%s, %.0f)", tokens, core->window) : tokens;
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f%s%s", sum, *sum ? " + " : "", core->layers, core->kv_elements,
                            seen ? " * " : "", seen ? seen : "");
    }
    return ll_sheet_text(sheet, "(%s) * kv.bytes_per_element", *sum ? sum : "0");
}

void ll_put_kv_element(ll_task *task)
{
    static const double bits[] = {32, 16, 16, 8.5, 6, 5.5, 5, 4.5, 4.5}; /* with the scales of their blocks */
    ll_sheet *sheet = task->sheet;
    const int format = ll_read_choice(task->scenario, "kv", "f32|f16|bf16|q8_0|q5_1|q5_0|q4_1|q4_0|iq4_nl", -1);
    const double number = ll_read_number(task->scenario, "kv_bits", 1, 64, 16);
    if (format >= 0 && ll_read_has(task->scenario, "kv_bits"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "only one of \"kv\" and \"kv_bits\" can be given");
    ll_sheet_give(sheet, "kv.bytes_per_element", "B", (format >= 0 ? bits[format] : number) / 8,
                  format >= 0 || ll_read_has(task->scenario, "kv_bits") ? "given" : "default: 16 bits");
    ll_sheet_detail(sheet, "kv.bytes_per_element");
}

void ll_put_kv(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_sheet_compute(sheet, "kv.bytes_per_token", "B", kv_formula(sheet, task->bill, NULL),
                     "all layers with a KV memory: layers * elements of keys and values");
    ll_sheet_compute(sheet, "kv.bytes_per_sequence", "B", kv_formula(sheet, task->bill, "context.tokens"),
                     "windows keep no more than they see");
    if (task->bill->n_states)
        ll_put_kv_state(task);
}

void ll_put_kv_state(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const char *sum = "";
    for (size_t i = 0; i < task->bill->n_states; i++)
        sum = ll_sheet_text(sheet, "%s%s%.0f * %.0f", sum, *sum ? " + " : "", task->bill->states[i].layers,
                            task->bill->states[i].elements);
    ll_sheet_compute(sheet, "kv.state_bytes", "B", ll_sheet_text(sheet, "4 * (%s)", sum),
                     "states of constant size, in FP32");
}

void ll_run_model(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const double context = task->bill->context > 0 ? task->bill->context : 4096;
    if (!ll_read_given(task->scenario, "context", 1, 1e9, "context.tokens", "token"))
        ll_sheet_give(sheet, "context.tokens", "token", context, "default: the model's context");
    const ll_conventions conventions = ll_conventions_read(task);
    ll_put_kv_element(task);
    ll_put_inference_flops(task, true);
    ll_put_kv(task);
    const char *stored = ll_read_has(task->scenario, "weight_bits") ? NULL : ll_bill_stored(task->bill, sheet);
    if (task->bill->file_bytes > 0) {
        ll_sheet_give(sheet, "weights.bytes", "B", task->bill->file_bytes, task->bill->source);
    } else if (stored) {
        ll_sheet_compute(sheet, "weights.bytes", "B", ll_sheet_text(sheet, "(%s) / 8", stored),
                         ll_sheet_text(sheet, "as published: %s", task->bill->stored_format));
        ll_sheet_compute(sheet, "weights.bits", "bit", "weights.bytes * 8 / parameters.total", "on average");
    } else {
        ll_sheet_give(sheet, "weights.bits", "bit",
                      ll_read_number(task->scenario, "weight_bits", 1, 64,
                                     task->bill->stored_bits[LL_CLASS_EMBEDDING] > 0
                                         ? task->bill->stored_bits[LL_CLASS_EMBEDDING]
                                         : 16),
                      ll_read_has(task->scenario, "weight_bits") ? "given" : "as published");
        ll_sheet_compute(sheet, "weights.bytes", "B", "parameters.total * weights.bits / 8", NULL);
    }
    ll_put_conventions(task, &conventions, NULL);
}
