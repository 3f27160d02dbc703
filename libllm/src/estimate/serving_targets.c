/* SPDX-License-Identifier: MIT
 * Latencies that must be kept, and the concurrency that keeps them, found by trying on the sheet.
 *
 * targets: "tpot", "ttft" and "total" in seconds, of expected values. Without "concurrency" the most sequences that
 * keep all of them are chosen; without "parallel" and hardware.count also the tensor parallelism that gives the most
 * tokens a second and device.
 */
#include "estimate/serving.h"

#include <math.h>

enum { LARGEST_TP = 64 };

static const char *const names[] = {"tpot", "ttft", "total"};
static const char *const paths[] = {"latency.tpot", "latency.ttft", "latency.total"};
enum { TARGETS = sizeof names / sizeof *names };

static double target(const ll_serving *s, size_t i)
{
    return i == 0 ? s->targets.tpot : i == 1 ? s->targets.ttft : s->targets.total;
}

static bool has_targets(const ll_serving *s)
{
    return s->targets.tpot > 0 || s->targets.ttft > 0 || s->targets.total > 0;
}

void ll_serving_read_targets(ll_serving *s)
{
    ll_reader r = ll_read_object(s->task->scenario, "targets");
    ll_read_given(&r, "tpot", 1e-6, 1e6, "targets.tpot", "s");
    ll_read_given(&r, "ttft", 1e-6, 1e6, "targets.ttft", "s");
    ll_read_given(&r, "total", 1e-6, 1e9, "targets.total", "s");
    ll_read_end(&r);
    s->targets = (ll_targets){ll_sheet_value(s->sheet, "targets.tpot"), ll_sheet_value(s->sheet, "targets.ttft"),
                              ll_sheet_value(s->sheet, "targets.total")};
    if (r.object && !s->sheet->status && !has_targets(s))
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "targets: expected one of \"tpot\", \"ttft\" and \"total\"");
    const ll_reader measured = {
        .sheet = s->sheet, .object = json_object_get(s->task->scenario->object, "measured"), .path = "measured"};
    if (has_targets(s) && (ll_read_has(&measured, "tpot") || ll_read_has(&measured, "tokens_per_second")))
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "measured: with \"targets\" only the factor of another report says something");
}

/* The first target that is not kept; TARGETS: all are. */
static size_t missed(const ll_serving *s)
{
    for (size_t i = 0; i < TARGETS; i++)
        if (target(s, i) > 0 && ll_sheet_value(s->sheet, paths[i]) > target(s, i))
            return i;
    return TARGETS;
}

/* The first target that so many sequences miss; the sheet is left as it was. */
static size_t try_concurrency(ll_serving *s, double concurrency, double *rate)
{
    const size_t n_asked = s->task->scenario->n_asked;
    const ll_sheet_trial trial = ll_sheet_begin_trial(s->sheet);
    s->chosen_concurrency = concurrency;
    ll_serving_put_steps(s);
    const size_t out = missed(s);
    *rate = ll_sheet_value(s->sheet, "replica.output_tokens_per_second") / ll_sheet_value(s->sheet, "replica.devices");
    ll_sheet_end_trial(s->sheet, trial);
    s->task->scenario->n_asked = n_asked;
    s->chosen_concurrency = 0;
    return out;
}

typedef struct choice {
    double tp, concurrency, rate;
    size_t missed; /* by one sequence more; TARGETS: there is no room for one, or the engine does not run it */
} choice;

/* The most sequences that keep the targets, as the layout on the sheet has it. */
static choice choose_concurrency(ll_serving *s)
{
    const double limit = fmax(1, floor(fmin(ll_sheet_value(s->sheet, "concurrency.most"), s->batch)));
    choice out = {.tp = s->tp, .concurrency = 0, .missed = TARGETS};
    double rate, low = 0, high = limit + 1; /* low keeps them, high does not, or cannot be */
    for (double n = limit; high - low > 1 && !s->sheet->status; n = floor((low + high) / 2)) {
        const size_t first = try_concurrency(s, n, &rate);
        if (first == TARGETS) {
            low = out.concurrency = n;
            out.rate = rate;
        } else {
            high = n;
            out.missed = first;
        }
    }
    return out;
}

/* With this tensor parallelism; concurrency 0: not kept, and not even one sequence fits where rate is 0, too. */
static choice try_layout(ll_serving *s, double tp, double concurrency)
{
    choice out = {.tp = tp, .concurrency = 0, .missed = TARGETS};
    const size_t n_asked = s->task->scenario->n_asked;
    const ll_sheet_trial trial = ll_sheet_begin_trial(s->sheet);
    s->chosen_tp = tp;
    ll_serving_put_layout(s);
    if (ll_serving_put_memory_and_most(s)) {
        if (concurrency > 0) {
            out.missed = try_concurrency(s, concurrency, &out.rate);
            out.concurrency = out.missed == TARGETS ? concurrency : 0;
        } else {
            out = choose_concurrency(s);
        }
    }
    ll_sheet_end_trial(s->sheet, trial);
    s->task->scenario->n_asked = n_asked;
    s->chosen_tp = 0;
    return out;
}

void ll_serving_choose(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    ll_reader *scenario = s->task->scenario;
    if (!has_targets(s) || sheet->status)
        return;
    const double given = ll_read_number(scenario, "concurrency", 1, 1e9, 0);
    const bool has_layout = ll_read_has(scenario, "parallel") || ll_sheet_has(sheet, "devices.given");
    const double domain = ll_sheet_has(sheet, "device.domain") ? ll_sheet_value(sheet, "device.domain") : 8;
    const double heads = s->bill->heads > 0 ? s->bill->heads : LARGEST_TP;
    const double most = ll_sheet_has(sheet, "device.link") ? fmin(fmin(domain, heads), LARGEST_TP) : 1;
    choice best = {.tp = has_layout ? 0 : 1, .concurrency = 0, .missed = TARGETS};
    if (has_layout) {
        best = try_layout(s, 0, given);
        best.tp = 0;
    }
    for (double tp = 1; !has_layout && tp <= most && fmod(heads, tp) == 0 && !sheet->status; tp *= 2) {
        const choice next = try_layout(s, tp, given);
        if (next.concurrency > 0 ? next.rate > best.rate || best.concurrency == 0 : best.concurrency == 0)
            best = next;
    }
    s->chosen_tp = best.tp;
    s->chosen_concurrency = given > 0 ? 0 : fmax(1, best.concurrency);
    if (best.concurrency > 0 && given == 0)
        ll_sheet_say(sheet, "concurrency.limited_by",
                     best.missed < TARGETS     ? names[best.missed]
                     : s->batch < LL_BATCH_MAX ? "memory or max_batch"
                                               : "memory",
                     "what one sequence more would miss");
}

void ll_serving_put_verdict(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    if (!has_targets(s) || sheet->status)
        return;
    for (size_t i = 0; i < TARGETS; i++) {
        const double value = ll_sheet_value(sheet, paths[i]);
        if (target(s, i) == 0 || value <= target(s, i))
            continue;
        const double n = ll_sheet_value(sheet, "concurrency.used"), tp = s->tp;
        ll_sheet_remark(
            sheet, LL_REMARK_REASON, ll_sheet_text(sheet, "%s_not_kept", names[i]),
            ll_sheet_text(sheet,
                          "The target of %.4g s for %s is not kept: with %.0f in flight and tensor parallelism "
                          "%.0f it is %.4g s.",
                          target(s, i), paths[i], n, tp, value),
            ll_sheet_text(sheet, "%s 目标 %.4g 秒无法满足：并发 %.0f、张量并行 %.0f 时为 %.4g 秒。", paths[i],
                          target(s, i), n, tp, value));
        ll_serving_propose(s);
        return;
    }
}
