/* SPDX-License-Identifier: MIT
 * Training a model: operations, and the devices, days or efficiency that follow from the other two.
 */
#include "estimate/tasks.h"

/* Tokens by number, by parameter, or by the ratio that compute-optimal training has. */
static void put_tokens(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    const json_t *value = ll_read_any(task->scenario, "tokens");
    if (json_is_number(value)) {
        ll_sheet_give(sheet, "tokens.total", "token", ll_read_number(task->scenario, "tokens", 1, 1e20, 1), "given");
        return;
    }
    task->scenario->n_asked--; /* asked for again */
    ll_reader r = ll_read_object(task->scenario, "tokens");
    if (ll_read_given(&r, "per_parameter", 1e-6, 1e9, "tokens.per_parameter", "token"))
        ll_sheet_compute(sheet, "tokens.total", "token", "tokens.per_parameter * parameters.total", NULL);
    else if (!ll_read_given(&r, "total", 1, 1e20, "tokens.total", "token")) {
        ll_sheet_give(sheet, "tokens.per_parameter", "token", 20,
                      "Hoffmann et al. 2022: about 20 where compute is best spent");
        ll_sheet_compute(sheet, "tokens.total", "token", "tokens.per_parameter * parameters.total", NULL);
    }
    ll_read_end(&r);
}

static void put_convention(ll_task *task)
{
    ll_reader r = ll_read_object(task->scenario, "conventions");
    const ll_flops_convention convention =
        (ll_flops_convention)ll_read_choice(&r, "flops", LL_FLOPS_WORDS, LL_FLOPS_6ND);
    const double multiplier = ll_read_number(&r, "flops_per_parameter_token", 0.1, 100, 6);
    ll_read_end(&r);
    ll_sheet *sheet = task->sheet;
    const double context = task->bill->context > 0 && task->bill->context < 4096 ? task->bill->context : 4096;
    if (!ll_read_given(task->scenario, "sequence", 1, 1e8, "context.tokens", "token"))
        ll_sheet_give(sheet, "context.tokens", "token", context, "default: the model's context, 4096 at most");
    ll_sheet_detail(sheet, "context.tokens");
    ll_put_training_flops(task, convention, multiplier);
    ll_sheet_compute(sheet, "flops.total", "FLOP", "flops.per_token * tokens.total", NULL);
    ll_sheet_compute(sheet, "flops.petaflop_days", "PF-day", "flops.total / 8.64e19", "1 PF-day = 8.64e19 FLOP");
}

/* What a step of training reaches of the peak, where nobody says: between a poor and a good run of large models. */
static void put_efficiency(ll_task *task)
{
    if (!ll_read_given(task->scenario, "mfu", 1e-4, 1, "mfu", ""))
        ll_sheet_give_between(task->sheet, "mfu", "", 0.38, 0.28, 0.48,
                              "default: what published runs of dense models reach, of the dense peak");
}

void ll_run_train(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    put_tokens(task);
    put_convention(task);
    ll_hardware hardware;
    ll_hardware_read(task->scenario, task->folder, LL_PRECISION_BF16, &hardware);
    const bool has_days = ll_read_given(task->scenario, "days", 1e-6, 1e6, "time.days", "day");
    if (!ll_sheet_has(sheet, "device.peak")) {
        if (has_days || ll_sheet_has(sheet, "devices.given"))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "hardware: expected a \"device\" whose peak is known, or \"peak_flops\"");
        return;
    }
    if (has_days && ll_sheet_has(sheet, "devices.given")) {
        ll_sheet_compute(sheet, "mfu_needed", "", "flops.total / (devices.given * device.peak * time.days * 86400)",
                         "the share of the peak that the run must keep up");
        if (ll_sheet_value(sheet, "mfu_needed") > 1)
            ll_sheet_remark(sheet, LL_REMARK_REASON, "beyond_peak",
                            "The devices cannot do this in the time, even at their peak.",
                            "即使达到峰值算力，这些设备也无法在该时间内完成。");
        return;
    }
    put_efficiency(task);
    if (has_days)
        ll_sheet_compute(sheet, "devices.count", "device",
                         "ceil(flops.total / (mfu * device.peak * time.days * 86400))", NULL);
    else if (ll_sheet_has(sheet, "devices.given"))
        ll_sheet_compute(sheet, "devices.count", "device", "devices.given", NULL);
    else
        return;
    if (!has_days)
        ll_sheet_compute(sheet, "time.days", "day", "flops.total / (mfu * device.peak * devices.count * 86400)", NULL);
    ll_sheet_compute(sheet, "devices.hours", "h", "devices.count * time.days * 24", NULL);
    ll_put_money(task, &hardware);
}
