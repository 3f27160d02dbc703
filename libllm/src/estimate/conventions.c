/* SPDX-License-Identifier: MIT
 * The same amounts by each convention in use, side by side: operations, the share of a peak, tokens a second, bytes.
 * Members of "conventions":
 *
 * flops                       train, tune: by which convention operations are counted
 * flops_per_parameter_token   of 6nd
 * compare                     whether the report has the other conventions as well
 */
#include "estimate/tasks.h"

ll_conventions ll_conventions_read(ll_task *task)
{
    ll_reader r = ll_read_object(task->scenario, "conventions");
    const ll_conventions out = {
        .flops = (ll_flops_convention)ll_read_choice(&r, "flops", LL_FLOPS_WORDS, LL_FLOPS_6ND),
        .multiplier = ll_read_number(&r, "flops_per_parameter_token", 0.1, 100, 6),
        .compares = ll_read_flag(&r, "compare", false),
    };
    ll_read_end(&r);
    return out;
}

static const char *path_of(ll_sheet *sheet, const char *convention, const char *figure)
{
    return ll_sheet_text(sheet, "conventions.%s.%s", convention, figure);
}

/* The figure of the share of the peak that a run reaches or needs; NULL: there is none. */
static const char *efficiency(const ll_sheet *sheet)
{
    static const char *const paths[] = {"mfu.reached", "mfu", "mfu_needed"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (ll_sheet_has(sheet, paths[i]))
            return paths[i];
    return NULL;
}

static void put_convention(ll_task *task, ll_flops_convention convention, bool is_used)
{
    ll_sheet *sheet = task->sheet;
    const char *name = ll_flops_name(convention), *source = ll_flops_source(convention);
    const char *per_token = path_of(sheet, name, "per_token"), *ratio = path_of(sheet, name, "ratio");
    ll_sheet_say(sheet, path_of(sheet, name, "name"), name, source);
    ll_sheet_compute(sheet, per_token, "FLOP",
                     is_used ? "flops.per_token" : ll_flops_formula(task, convention, path_of(sheet, name, "")),
                     source);
    if (!ll_sheet_has(sheet, "parameters.trainable_used")) {
        ll_sheet_compute(sheet, path_of(sheet, name, "forward"), "FLOP", ll_sheet_text(sheet, "%s / 3", per_token),
                         "without the backward pass");
        ll_sheet_detail(sheet, path_of(sheet, name, "forward"));
    }
    if (!ll_sheet_has(sheet, "flops.per_token") || ll_sheet_value(sheet, "flops.per_token") <= 0)
        return;
    ll_sheet_compute(sheet, ratio, "", ll_sheet_text(sheet, "%s / flops.per_token", per_token),
                     "of the convention that the report uses");
    ll_sheet_compute(sheet, path_of(sheet, name, "total"), "FLOP", ll_sheet_text(sheet, "%s * tokens.total", per_token),
                     NULL);
    ll_sheet_detail(sheet, path_of(sheet, name, "total"));
    if (efficiency(sheet))
        ll_sheet_compute(sheet, path_of(sheet, name, "mfu"), "",
                         ll_sheet_text(sheet, "%s * %s", efficiency(sheet), ratio),
                         "of device.peak, at the same speed");
}

/* A share of the peak, of the dense one and of the one that vendors print. */
static void put_peaks(ll_sheet *sheet, const ll_hardware *hardware)
{
    static const char *const names[] = {"dense", "sparse"};
    for (int i = 0; hardware && !hardware->has_own_peak && i < 2; i++) {
        const char *peak = path_of(sheet, names[i], "peak");
        const bool is_used = hardware->sparse == (i == 1);
        if (is_used && ll_sheet_has(sheet, "device.peak"))
            ll_sheet_compute(sheet, peak, "FLOP/s", "device.peak", "the peak that the report uses");
        else if (!ll_hardware_put_peak(sheet, hardware, i == 1, peak))
            continue;
        if (efficiency(sheet))
            ll_sheet_compute(sheet, path_of(sheet, names[i], "mfu"), "",
                             ll_sheet_text(sheet, "%s * device.peak / %s", efficiency(sheet), peak),
                             "at the same speed");
    }
}

/* Time per token and throughput, as benchmarks print them. */
static void put_rates(ll_sheet *sheet)
{
    ll_sheet_compute(sheet, "conventions.tpot.without_first", "s", "1 * latency.tpot",
                     "the first token left out: vLLM, SGLang, MLPerf");
    ll_sheet_compute(sheet, "conventions.tpot.inclusive", "s",
                     ll_sheet_has(sheet, "latency.total")
                         ? "latency.total / load.output_tokens"
                         : "(latency.ttft + (load.output_tokens - 1) * latency.tpot) / load.output_tokens",
                     "the whole answer over its tokens: the wait for the first one counts");
    ll_sheet_compute(sheet, "conventions.tpot.speed", "token/s", "1 / latency.tpot", "of one sequence");
    if (!ll_sheet_has(sheet, "replica.output_tokens_per_second"))
        return;
    ll_sheet_compute(sheet, "conventions.throughput.output", "token/s", "1 * replica.output_tokens_per_second",
                     "generated tokens of a replica");
    ll_sheet_compute(sheet, "conventions.throughput.all", "token/s",
                     "replica.output_tokens_per_second * load.tokens_per_query / load.output_tokens",
                     "prompt and generated tokens");
    ll_sheet_compute(sheet, "conventions.throughput.per_device", "token/s",
                     "replica.output_tokens_per_second / replica.devices", "generated tokens, for each device");
}

/* Data sheets and files count in powers of ten, allocators and drivers in powers of two. */
static void put_bytes(ll_sheet *sheet)
{
    static const char *const paths[] = {"memory.peak", "memory.used", "memory.needed", "weights.bytes"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (ll_sheet_has(sheet, paths[i])) {
            ll_sheet_compute(sheet, "conventions.memory.gib", "GiB", ll_sheet_text(sheet, "%s / 1073741824", paths[i]),
                             "2^30 bytes");
            ll_sheet_compute(sheet, "conventions.memory.gb", "GB", ll_sheet_text(sheet, "%s / 1000000000", paths[i]),
                             "10^9 bytes");
            return;
        }
}

void ll_put_conventions(ll_task *task, const ll_conventions *conventions, const ll_hardware *hardware)
{
    ll_sheet *sheet = task->sheet;
    if (!conventions->compares)
        return;
    const bool is_training = ll_sheet_has(sheet, "flops.total");
    const bool is_model = ll_sheet_has(sheet, "flops.prefill_token");
    if (is_training || is_model) {
        if (!ll_sheet_has(sheet, "flops.per_parameter_token"))
            ll_flops_put_multiplier(sheet, conventions->multiplier);
        for (int i = 0; i < LL_FLOPS_CONVENTIONS && !sheet->status; i++) {
            const ll_flops_convention one = (ll_flops_convention)i;
            if (one == LL_FLOPS_6ND || (task->bill->n_items && ll_flops_is_known(task, one)))
                put_convention(task, one, is_training && one == conventions->flops);
        }
    }
    if (is_training)
        put_peaks(sheet, hardware);
    if (ll_sheet_has(sheet, "latency.tpot") && ll_sheet_value(sheet, "latency.tpot") > 0 &&
        ll_sheet_value(sheet, "load.output_tokens") > 0)
        put_rates(sheet);
    put_bytes(sheet);
}
