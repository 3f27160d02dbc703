/* SPDX-License-Identifier: MIT
 * Serving a model to many.
 */
#include "estimate/tasks.h"

/* As the reports do: operations over the peak, times how much of it is used. */
static void serve_by_flops(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_hardware hardware;
    ll_put_inference_flops(task, false);
    ll_sheet_compute(sheet, "flops.per_day", "FLOP", "flops.per_token * load.peak_tokens_per_day", NULL);
    ll_hardware_read(task->scenario, task->folder, LL_PRECISION_INT8, &hardware);
    if (!ll_read_given(task->scenario, "mfu", 1e-4, 1, "mfu", ""))
        ll_sheet_give(sheet, "mfu", "", 0.3, "default");
    if (!ll_sheet_has(sheet, "device.peak"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "hardware: expected a \"device\" whose peak is known, or \"peak_flops\"");
    ll_sheet_compute(sheet, "devices.count", "device", "ceil(flops.per_day / 86400 / (mfu * device.peak))", NULL);
    ll_sheet_remark(
        sheet, LL_REMARK_WARNING, "decode_is_memory_bound",
        "Generating tokens is bound by reading memory, not by operations: this method is only for comparing "
        "with figures that were made by it.",
        "生成词元受显存带宽而非算力限制：该方法仅用于与同口径数字对比。");
}

void ll_run_serve(ll_task *task)
{
    ll_put_load(task);
    (void)ll_read_choice(task->scenario, "method", "flops", 0);
    serve_by_flops(task);
}
