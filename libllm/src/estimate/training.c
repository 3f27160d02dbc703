/* SPDX-License-Identifier: MIT
 * Training as a scenario describes it: reading how a run is set up, and what follows from the time of its steps.
 */
#include "estimate/tuning.h"

#include <math.h>
#include <string.h>

/* Bytes of state that an optimizer has of a parameter, beside a master copy in 32 bits. */
static const struct {
    double bytes;
    const char *source;
} optimizers[] = {
    {8, "Adam: two moments in 32 bits"},
    {2, "Adam: two moments in 8 bits"},
    {0, "Adafactor: sums of rows and columns, which are small"},
    {4, "Lion: one moment"},
    {4, "SGD: momentum"},
    {4, "Muon: one moment"},
    {4, "Adam: two moments in 16 bits"},
};
#define OPTIMIZER_WORDS "adam|adam8bit|adafactor|lion|sgd|muon|adam_bf16"
enum { ADAM_8_BIT = 1, ADAM_BF16 = 6 };

static void read_parallel(ll_training *t, ll_training_plan *p)
{
    t->has_layout = ll_read_has(t->task->scenario, "parallel");
    ll_reader r = ll_read_object(t->task->scenario, "parallel");
    p->tp = ll_read_whole(&r, "tp", 1024, 1);
    p->pp = ll_read_whole(&r, "pp", 1024, 1);
    p->cp = ll_read_whole(&r, "cp", 1024, 1);
    p->ep = ll_read_whole(&r, "ep", 4096, 1);
    p->vp = ll_read_whole(&r, "vp", 1024, 1);
    p->is_fsdp = ll_read_flag(&r, "fsdp", false);
    p->zero = (int)ll_read_number(&r, "zero", 0, 3, p->is_fsdp ? 3 : 1);
    p->has_split_norms = ll_read_flag(&r, "sp", p->tp > 1 && t->attention != LL_ATTENTION_UNFUSED);
    t->has_async_tp = ll_read_flag(&r, "async_tp", false);
    t->is_flat = ll_read_flag(&r, "flat", false);
    ll_read_end(&r);
}

void ll_training_read(ll_training *t, ll_task *task, ll_training_plan *p)
{
    ll_reader *r = task->scenario;
    *t = (ll_training){.task = task, .sheet = task->sheet, .bill = task->bill};
    *p = (ll_training_plan){.fits = true};
    t->constants = ll_read_object(r, "constants");
    t->attention = (ll_attention_kernels)ll_read_choice(r, "attention", LL_ATTENTION_WORDS, LL_ATTENTION_TUNED);
    t->is_eager = ll_read_choice(r, "kernels", "fused|eager", 0) == 1;
    t->has_fused_loss = ll_read_flag(r, "fused_loss", true);
    t->optimizer = ll_read_choice(r, "optimizer", OPTIMIZER_WORDS, 0);
    p->recompute = (ll_recompute)ll_read_choice(r, "recompute", LL_RECOMPUTE_WORDS, LL_RECOMPUTE_OPEN);
    p->micro_batch = ll_read_number(r, "micro_batch", 1, 1e9, 0);
    const double sequence = ll_sheet_value(t->sheet, "context.tokens");
    const double tokens = ll_read_number(r, "batch_tokens", 1, 1e15, 4.0 * 1024 * 1024);
    t->has_batch = ll_read_has(r, "batch_tokens") || ll_read_has(r, "global_batch");
    p->sequences = ll_read_number(r, "global_batch", 1, 1e12, fmax(1, sequence > 0 ? tokens / sequence : 1));
    if (ll_read_has(r, "batch_tokens") && ll_read_has(r, "global_batch"))
        ll_sheet_fail(t->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "batch_tokens: only one of \"batch_tokens\" and \"global_batch\" can be given");
    read_parallel(t, p);
    ll_training_read_offload(t);
}

/* What cannot be spread so. */
double ll_divisor_below(double n, double most)
{
    while (most > 1 && fmod(n, most) != 0)
        most--;
    return most;
}

static bool check(ll_training *t, const ll_training_plan *p)
{
    ll_sheet *sheet = t->sheet;
    if (p->devices > 0 && p->tp * p->pp * p->cp > p->devices)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel: tp * pp * cp is %.0f, more than the %.0f of hardware.count", p->tp * p->pp * p->cp,
                      p->devices);
    if (p->pp > t->bill->layers)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "parallel.pp: %.0f is more than the %.0f layers", p->pp,
                      t->bill->layers);
    if (t->bill->heads > 0 && p->tp > t->bill->heads)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "parallel.tp: %.0f is more than the %.0f attention heads",
                      p->tp, t->bill->heads);
    if (p->ep > 1 && (!t->has_experts || fmod(t->bill->experts, p->ep) != 0))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel.ep: %.0f does not divide the %.0f experts; the next that does is %.0f", p->ep,
                      t->has_experts ? t->bill->experts : 0,
                      t->has_experts ? ll_divisor_below(t->bill->experts, p->ep) : 1);
    if (p->devices > 0 && p->ep * p->pp > p->devices)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel: ep * pp is %.0f, more than the %.0f of hardware.count", p->ep * p->pp, p->devices);
    const double chunks = t->bill->layers + 2; /* as of Llama 3.1 405B: 128 for 126 layers and the two ends */
    if (p->vp > 1 && p->pp * p->vp > chunks)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "parallel: pp * vp is %.0f, more than the %.0f layers and two ends; at most vp %.0f",
                      p->pp * p->vp, t->bill->layers, fmax(1, floor(chunks / p->pp)));
    return !sheet->status;
}

bool ll_training_is_known(const ll_task *task, const ll_hardware *hardware)
{
    const ll_bill *b = task->bill;
    return b->n_items && (b->n_cores || b->n_states) && b->layers > 0 && b->hidden > 0 && b->vocab > 0 &&
           ll_sheet_value(task->sheet, "device.bandwidth") > 0 && ll_sheet_value(task->sheet, "device.memory") > 0 &&
           (hardware->precision == LL_PRECISION_BF16 || hardware->precision == LL_PRECISION_FP8);
}

/* How far published runs are from the prediction; more where devices are of another kind than those it was fitted to:
 * of NVIDIA, with a fast link. */
static void put_spread(ll_training *t, const ll_hardware *h)
{
    const bool is_near =
        h->is_known && strcmp(h->device.vendor, "NVIDIA") == 0 && ll_sheet_value(t->sheet, "device.link") >= 200e9;
    const double low = t->has_experts ? (is_near ? 0.75 : 0.65) : (is_near ? 0.88 : 0.82);
    const double high = t->has_experts ? (is_near ? 1.40 : 1.55) : (is_near ? 1.19 : 1.28);
    if (t->is_tuning)
        ll_sheet_give_between(t->sheet, "train.spread", "", 1, 0.6, 1.3,
                              "default: fine-tuning was not fitted; batches are small and software differs");
    else
        ll_sheet_give_between(t->sheet, "train.spread", "", 1, low, high,
                              "measured over predicted, in eight of ten published runs");
    ll_sheet_detail(t->sheet, "train.spread");
    if (t->is_quantized)
        ll_sheet_give_between(
            t->sheet, "memory.spread", "", 1, 0.80, 1.30,
            "measured over predicted, 4 bits: litgpt, torchtune; less where libraries keep no inputs");
    else
        ll_sheet_give_between(t->sheet, "memory.spread", "", 1, 0.90, 1.10,
                              "measured over predicted, in eight of ten published runs");
    ll_sheet_detail(t->sheet, "memory.spread");
}

/* Of a parameter that is trained. States that are not wide on purpose are as wide as what they belong to. */
static void put_bytes(ll_training *t)
{
    static const struct {
        double weights, gradients, master;
        const char *source;
    } trained[] = {
        [LL_TRAINED_MIXED] = {2, 4, 4, "16-bit weights, 32-bit masters and gradients"},
        [LL_TRAINED_BF16] = {2, 2, 0, "everything in 16 bits"},
        [LL_TRAINED_FP32] = {4, 4, 0, "everything in 32 bits"},
    };
    const bool is_halved = t->trained == LL_TRAINED_BF16 && t->optimizer != ADAM_8_BIT && t->optimizer != ADAM_BF16;
    const double bytes = optimizers[t->optimizer].bytes;
    const char *source = optimizers[t->optimizer].source;
    ll_training_give(t, "train.weight_bytes", "B", trained[t->trained].weights, trained[t->trained].source);
    ll_training_give(t, "train.gradient_bytes", "B", trained[t->trained].gradients, trained[t->trained].source);
    ll_training_give(t, "train.master_bytes", "B", trained[t->trained].master, trained[t->trained].source);
    ll_training_give(t, "optimizer.bytes", "B", is_halved ? bytes / 2 : bytes,
                     is_halved ? ll_sheet_text(t->sheet, "%s; here in 16 bits, as what is trained", source) : source);
}

void ll_training_prepare(ll_training *t, const ll_hardware *hardware)
{
    ll_training_put_constants(t);
    ll_training_put_model(t);
    ll_training_put_device(t, hardware);
    put_bytes(t);
    ll_training_put_offload_rates(t);
    if (t->is_tuning)
        ll_tuning_put(t);
    put_spread(t, hardware);
}

/* Interruptions come with devices; checkpoints so often that both cost the same (Young, Daly). */
static void put_goodput(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    ll_sheet_compute(sheet, "goodput.interruption", "s", "k.train_interruption_hours * 3600 / devices.count",
                     "on average between two");
    ll_sheet_compute(sheet, "goodput.checkpoint", "s", "sqrt(2 * k.train_checkpoint * goodput.interruption)",
                     "between checkpoints: Young 1974, Daly 2006");
    ll_sheet_compute(sheet, "goodput.share", "",
                     "max(0.001, 1 - k.train_checkpoint / goodput.checkpoint - goodput.checkpoint / (2 * "
                     "goodput.interruption) - k.train_restart / goodput.interruption)",
                     "of the time is spent on steps that count");
}

static void put_rates(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    ll_sheet_compute(sheet, "train.tokens_per_second_per_device", "token/s",
                     "batch.sequences * context.tokens / step.time / devices.count * train.spread", NULL);
    ll_sheet_compute(sheet, "train.tokens_per_second", "token/s", "train.tokens_per_second_per_device * devices.count",
                     NULL);
    put_goodput(t);
    ll_sheet_compute(sheet, "time.days_run", "day", "tokens.total / (train.tokens_per_second * goodput.share * 86400)",
                     "that the devices take");
}

static void say_that_it_does_not_fit(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    const double bytes = ll_sheet_value(sheet, "memory.total"), memory = ll_sheet_value(sheet, "device.memory");
    const double share = 100 * ll_sheet_value(sheet, "k.train_memory");
    ll_sheet_remark(sheet, LL_REMARK_REASON, "does_not_fit",
                    ll_sheet_text(sheet, "The fullest device needs %.1f GiB; %.0f %% of %.0f GiB can be planned for.",
                                  bytes / 0x1p30, share, memory / 0x1p30),
                    ll_sheet_text(sheet, "占用最多的卡需要 %.1f GiB，可规划显存为 %.0f GiB 的 %.0f%%。", bytes / 0x1p30,
                                  memory / 0x1p30, share));
}

static void say_that_the_host_is_small(ll_sheet *sheet)
{
    const double needed = ll_sheet_value(sheet, "host.needed"), memory = ll_sheet_value(sheet, "host.memory");
    if (sheet->status || memory <= 0 || needed <= memory)
        return;
    ll_sheet_remark(
        sheet, LL_REMARK_REASON, "host_is_small",
        ll_sheet_text(sheet, "Each host needs %.0f GiB of memory and has %.0f.", needed / 0x1p30, memory / 0x1p30),
        ll_sheet_text(sheet, "每台主机需要 %.0f GiB 内存，仅有 %.0f GiB。", needed / 0x1p30, memory / 0x1p30));
    ll_sheet_remark(sheet, LL_REMARK_CHANGE, "more_host_memory",
                    ll_sheet_text(sheet, "Hosts of %.0f GiB, or states on a drive.", ceil(needed / 0x1p30)),
                    ll_sheet_text(sheet, "主机内存增至 %.0f GiB，或将状态放到硬盘。", ceil(needed / 0x1p30)));
}

/* Another layout of the same devices, or twice as many and more. */
static void say_what_would_fit(ll_training *t, const ll_training_plan *p)
{
    enum { DOUBLINGS = 10 };
    ll_sheet *sheet = t->sheet;
    ll_training_plan tried = *p;
    tried.micro_batch = 0;
    tried.recompute = LL_RECOMPUTE_OPEN;
    tried.vp = tried.cp = 1;
    for (int i = 0; i < DOUBLINGS && tried.devices <= 1e6; i++, tried.devices *= 2) {
        ll_training_plan found = tried;
        ll_training_search(t, &found, NULL);
        if (!found.fits || sheet->status)
            continue;
        const char *sharded = found.is_fsdp ? ", fsdp" : "";
        ll_sheet_remark(
            sheet, LL_REMARK_CHANGE, i ? "more_devices" : "other_layout",
            ll_sheet_text(sheet, "On %.0f devices it fits with tp %.0f, pp %.0f, ep %.0f%s and micro-batches of %.0f.",
                          found.devices, found.tp, found.pp, found.ep, sharded, found.micro_batch),
            ll_sheet_text(sheet, "用 %.0f 张卡、tp %.0f、pp %.0f、ep %.0f%s、微批 %.0f 可以放下。", found.devices,
                          found.tp, found.pp, found.ep, sharded, found.micro_batch));
        return;
    }
}

void ll_training_choose(ll_training *t, ll_training_plan *p, double days)
{
    if (t->sheet->status || !check(t, p))
        return;
    if (p->devices <= 0)
        ll_training_size(t, p, days);
    else if (t->has_layout)
        ll_training_resolve(t, p);
    else
        ll_training_search(t, p, NULL);
}

void ll_training_put_run(ll_training *t, const ll_training_plan *p)
{
    const size_t mark = ll_sheet_mark(t->sheet);
    const bool searches = !p->fits && !t->sheet->status && !t->sheet->is_trial;
    if (searches) { /* what would is tried out before this plan is on the sheet for good */
        ll_training_put_plan(t, p);
        say_that_it_does_not_fit(t);
        ll_sheet_rewind(t->sheet, mark);
        if (t->is_tuning)
            ll_tuning_say_changes(t, p);
        else
            say_what_would_fit(t, p);
    }
    ll_training_put_plan(t, p);
    if (!p->fits && !searches)
        say_that_it_does_not_fit(t);
    put_rates(t);
    ll_sheet_compute(t->sheet, "mfu.reached", "", "flops.per_token * train.tokens_per_second_per_device / device.peak",
                     "by the convention, of the peak");
    ll_sheet_compute(t->sheet, "memory.peak", "B", "memory.total * memory.spread", "of the fullest device");
    say_that_the_host_is_small(t->sheet);
}

double ll_training_days(ll_training *t, const ll_training_plan *p)
{
    const ll_sheet_trial trial = ll_sheet_begin_trial(t->sheet);
    ll_training_put_plan(t, p);
    put_rates(t);
    const double days = ll_sheet_value(t->sheet, "time.days_run");
    ll_sheet_end_trial(t->sheet, trial);
    return days;
}
