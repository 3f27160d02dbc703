/* SPDX-License-Identifier: MIT
 * The task "tune": training a model on, as a whole or by adapters. Members of the scenario beside "model" and those
 * that describe a run of training (train.c), of which parallel, recompute, micro_batch, attention, optimizer and
 * offload are the same:
 *
 * lora                  adapters.c; without it all parameters are trained
 * base                  bf16 (default), fp32, int8 or nf4: frozen weights
 * double_quantization   of nf4: scales are quantized, too; default: yes
 * own_head              the output is no part of the embedding, and kept as base says; default: as the model has it, in
 *                       16 bits
 * trained               mixed (default), bf16 or fp32: parameters without adapters
 * free_gradients        gradients are used and freed layer by layer; default: no
 * paged                 states of the optimizer leave the device while they are not used; default: no
 * tokens                of an epoch, or {"total"}; or
 * examples              default: 50,000
 * example_tokens        of each; default: 512
 * epochs                default: 1
 * loss_chunks           in which logits are worked out, one after the other; default: 1
 * kernels, fused_loss   default: eager and no, as Transformers and PEFT run
 * sequence              tokens; default: 2048, of packed examples
 * global_batch          sequences of an optimizer step, or batch_tokens; default: 16 sequences
 * hardware              default of count: 1
 * cost                  money.c
 * conventions           conventions.c; with adapters flops is 6nd or exact
 */
#include "estimate/tuning.h"

#include <math.h>

enum { DEFAULT_SEQUENCES = 16 };

static void put_tokens(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_reader *r = task->scenario;
    const json_t *value = ll_read_any(r, "tokens");
    if (!ll_read_given(r, "epochs", 1e-6, 1e6, "tokens.epochs", ""))
        ll_sheet_give(sheet, "tokens.epochs", "", 1, "default");
    if (value) {
        r->n_asked -= 2; /* asked for again */
        if (json_is_number(value)) {
            ll_read_given(r, "tokens", 1, 1e20, "tokens.epoch", "token");
        } else {
            ll_reader tokens = ll_read_object(r, "tokens");
            if (!ll_read_given(&tokens, "total", 1, 1e20, "tokens.epoch", "token"))
                ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "tokens: expected a number or {\"total\"}");
            ll_read_end(&tokens);
        }
        (void)ll_read_any(r, "epochs");
    } else {
        if (!ll_read_given(r, "examples", 1, 1e15, "tokens.examples", ""))
            ll_sheet_give(sheet, "tokens.examples", "", 5e4, "default: a small set of instructions");
        if (!ll_read_given(r, "example_tokens", 1, 1e9, "tokens.of_example", "token"))
            ll_sheet_give(sheet, "tokens.of_example", "token", 512, "default");
        ll_sheet_compute(sheet, "tokens.epoch", "token", "tokens.examples * tokens.of_example", NULL);
    }
    ll_sheet_compute(sheet, "tokens.total", "token", "tokens.epochs * tokens.epoch", NULL);
}

static void put_shares(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    if (!t->has_adapters)
        ll_sheet_compute(sheet, "parameters.trainable", "parameter", "parameters.total", "all of them");
    ll_sheet_compute(sheet, "parameters.trainable_share", "", "parameters.trainable / parameters.total", NULL);
}

static void put_run(ll_training *t, ll_training_plan *plan, const ll_hardware *hardware)
{
    ll_sheet *sheet = t->sheet;
    plan->devices = ll_sheet_value(sheet, "devices.given");
    if (plan->devices <= 0)
        plan->devices = 1;
    ll_training_prepare(t, hardware);
    ll_training_choose(t, plan, 0);
    ll_training_put_run(t, plan);
    ll_sheet_compute(sheet, "time.days", "day", "time.days_run", NULL);
    ll_sheet_compute(sheet, "devices.hours", "h", "devices.count * time.days_run * 24", NULL);
    ll_put_money(t->task, hardware);
}

void ll_run_tune(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_training training;
    ll_training_plan plan;
    ll_hardware hardware;
    if (!ll_read_given(task->scenario, "sequence", 1, 1e8, "context.tokens", "token"))
        ll_sheet_give(sheet, "context.tokens", "token", 2048, "default: examples that are packed");
    put_tokens(task);
    ll_hardware_read(task->scenario, task->tables, LL_PRECISION_BF16, &hardware);
    ll_training_read(&training, task, &plan);
    if (!training.has_batch)
        plan.sequences = DEFAULT_SEQUENCES;
    ll_tuning_read(&training);
    if (sheet->status)
        return;
    put_shares(&training);
    const ll_conventions conventions = ll_conventions_read(task);
    ll_put_training_flops(task, conventions.flops, conventions.multiplier);
    ll_sheet_compute(sheet, "flops.total", "FLOP", "flops.per_token * tokens.total", NULL);
    if (!ll_sheet_has(sheet, "device.peak")) {
        ll_put_conventions(task, &conventions, &hardware);
        return;
    }
    if (!ll_training_is_known(task, &hardware)) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "tune: expected a model with shapes, and a device in bf16 or fp8 whose memory and bandwidth are "
                      "known");
        return;
    }
    put_run(&training, &plan, &hardware);
    ll_put_conventions(task, &conventions, &hardware);
}
