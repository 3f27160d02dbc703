/* SPDX-License-Identifier: MIT
 * Training a model: operations, and the devices, days or efficiency that follow from the other two. Members of the
 * scenario beside "model":
 *
 * tokens        a number, or {"total"}, {"per_parameter"} or {"law"} (scale.c): as many as training is spent best on
 * sequence      tokens; default: the model's context, 4096 at most
 * conventions   conventions.c
 * hardware      a device or {"device", "count", "precision": bf16 or fp8, ...}
 * days          how long it may take; without a count, as many devices as it takes
 * mfu           the share of the peak that is reached; without it the time of a step is predicted where the model's
 *               shapes and the device's memory and bandwidth are known
 * parallel      {"tp", "pp", "cp", "ep", "vp", "zero": 0 to 3, "fsdp", "sp", "async_tp", "flat"}; absent: searched for.
 *               flat: collectives that do not know of domains
 * batch_tokens, global_batch (sequences)   of an optimizer step; default: 4 Mi tokens
 * micro_batch   sequences; default: the fastest that fits
 * recompute     none, selective, cheap, sac or full; default: as little as fits
 * kernels       fused or eager
 * attention     tuned, generic or unfused
 * fused_loss    whether logits are never written as 32-bit numbers; default: yes
 * optimizer     adam, adam8bit, adafactor, lion, sgd or muon
 * constants     {"k.train_product", ...} in place of fitted ones
 * cost          money.c
 */
#include "estimate/scaling.h"
#include "estimate/training.h"

#include <math.h>

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
    if (ll_read_given(&r, "per_parameter", 1e-6, 1e9, "tokens.per_parameter", "token")) {
        ll_sheet_compute(sheet, "tokens.total", "token", "tokens.per_parameter * parameters.total", NULL);
    } else if (ll_read_has(&r, "law")) {
        const ll_law law = (ll_law)ll_read_choice(&r, "law", LL_LAW_WORDS, LL_LAW_BESIROGLU);
        (void)ll_law_put(sheet, law);
        ll_sheet_compute(sheet, "tokens.total", "token",
                         ll_sheet_text(sheet, "%s / (6 * parameters.total)",
                                       ll_law_flops_for_parameters(sheet, law, "parameters.total")),
                         "where training is spent best");
    } else if (!ll_read_given(&r, "total", 1, 1e20, "tokens.total", "token")) {
        ll_sheet_give(sheet, "tokens.per_parameter", "token", 20,
                      "Hoffmann et al. 2022: about 20 where compute is best spent");
        ll_sheet_compute(sheet, "tokens.total", "token", "tokens.per_parameter * parameters.total", NULL);
    }
    ll_read_end(&r);
}

static void put_operations(ll_task *task, const ll_conventions *conventions)
{
    ll_sheet *sheet = task->sheet;
    const double context = task->bill->context > 0 && task->bill->context < 4096 ? task->bill->context : 4096;
    if (!ll_read_given(task->scenario, "sequence", 1, 1e8, "context.tokens", "token"))
        ll_sheet_give(sheet, "context.tokens", "token", context, "default: the model's context, 4096 at most");
    ll_sheet_detail(sheet, "context.tokens");
    ll_put_training_flops(task, conventions->flops, conventions->multiplier);
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

/* What no published run has come to: its efficiency, and the devices whose replicas still have sequences to share. */
static void say_what_is_unheard_of(ll_sheet *sheet, bool is_sparse)
{
    static const double best_mfu = 0.65, most_devices = 131072;
    if (ll_sheet_value(sheet, "mfu") * (is_sparse ? 2 : 1) > best_mfu)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "mfu_unheard_of",
                        "No published run of a large model keeps up more than 0.65 of the dense peak.",
                        "已公开的大模型训练均未超过稠密峰值的 0.65。");
    if (ll_sheet_value(sheet, "devices.count") > most_devices)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "devices_unheard_of",
                        "No run has had so many devices: a batch of useful size has too few sequences for them.",
                        "尚无如此规模的训练：合理批量的序列数不足以分给这些卡。");
}

/* By a share of the peak, which is given, or a default where too little is known to predict it. */
static bool run_by_efficiency(ll_task *task, bool has_days, bool is_sparse)
{
    ll_sheet *sheet = task->sheet;
    put_efficiency(task);
    if (has_days)
        ll_sheet_compute(sheet, "devices.count", "device",
                         "ceil(flops.total / (mfu * device.peak * time.days * 86400))", NULL);
    else if (ll_sheet_has(sheet, "devices.given"))
        ll_sheet_compute(sheet, "devices.count", "device", "devices.given", NULL);
    else
        return false;
    if (!has_days)
        ll_sheet_compute(sheet, "time.days", "day", "flops.total / (mfu * device.peak * devices.count * 86400)", NULL);
    ll_sheet_compute(sheet, "devices.hours", "h", "devices.count * time.days * 24", NULL);
    say_what_is_unheard_of(sheet, is_sparse);
    return true;
}

static void say_that_it_is_slow(ll_sheet *sheet)
{
    const double days = ll_sheet_value(sheet, "time.days_run"), wanted = ll_sheet_value(sheet, "time.days");
    const double devices = ll_sheet_value(sheet, "devices.count");
    if (sheet->status || days <= wanted)
        return;
    ll_sheet_remark(sheet, LL_REMARK_REASON, "too_slow",
                    ll_sheet_text(sheet, "These devices take about %.1f days, not %.1f.", days, wanted),
                    ll_sheet_text(sheet, "这些设备约需 %.1f 天，超过 %.1f 天。", days, wanted));
    ll_sheet_remark(
        sheet, LL_REMARK_CHANGE, "more_devices",
        ll_sheet_text(sheet, "About %.0f devices, if they are used as well.", ceil(devices * days / wanted)),
        ll_sheet_text(sheet, "若利用率不变，约需 %.0f 张卡。", ceil(devices * days / wanted)));
}

/* By the time of an optimizer step. */
static bool run_by_steps(ll_training *t, ll_training_plan *plan, const ll_hardware *hardware, bool has_days)
{
    ll_sheet *sheet = t->sheet;
    plan->devices = ll_sheet_value(sheet, "devices.given");
    const bool is_given = plan->devices > 0;
    ll_training_prepare(t, hardware);
    ll_training_choose(t, plan, ll_sheet_value(sheet, "time.days"));
    ll_training_put_run(t, plan);
    if (!has_days)
        ll_sheet_compute(sheet, "time.days", "day", "time.days_run", NULL);
    else if (is_given)
        say_that_it_is_slow(sheet);
    ll_sheet_compute(sheet, "devices.hours", "h", "devices.count * time.days_run * 24", NULL);
    return true;
}

/* The devices, days or efficiency that follow from the operations and from what the scenario says of the others. */
static void put_run(ll_task *task, const ll_hardware *hardware)
{
    ll_sheet *sheet = task->sheet;
    ll_training training;
    ll_training_plan plan;
    ll_training_read(&training, task, &plan);
    const bool has_days = ll_read_given(task->scenario, "days", 1e-6, 1e6, "time.days", "day");
    const bool has_count = ll_sheet_has(sheet, "devices.given");
    if (!ll_sheet_has(sheet, "device.peak")) {
        if (has_days || has_count)
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "hardware: expected a \"device\" whose peak is known, or \"peak_flops\"");
        return;
    }
    const bool predicts = !ll_read_has(task->scenario, "mfu") && ll_training_is_known(task, hardware);
    if (has_days && has_count) {
        ll_sheet_compute(sheet, "mfu_needed", "", "flops.total / (devices.given * device.peak * time.days * 86400)",
                         "the share of the peak that the run must keep up");
        if (ll_sheet_value(sheet, "mfu_needed") > 1)
            ll_sheet_remark(sheet, LL_REMARK_REASON, "beyond_peak",
                            "The devices cannot do this in the time, even at their peak.",
                            "即使达到峰值算力，这些设备也无法在该时间内完成。");
        if (!predicts)
            return;
    }
    const bool is_sized = predicts && (has_days || has_count) ? run_by_steps(&training, &plan, hardware, has_days)
                                                              : run_by_efficiency(task, has_days, hardware->sparse);
    if (is_sized)
        ll_put_money(task, hardware);
}

void ll_run_train(ll_task *task)
{
    ll_hardware hardware;
    put_tokens(task);
    const ll_conventions conventions = ll_conventions_read(task);
    put_operations(task, &conventions);
    ll_hardware_read(task->scenario, task->tables, LL_PRECISION_BF16, &hardware);
    put_run(task, &hardware);
    ll_put_conventions(task, &conventions, &hardware);
}
