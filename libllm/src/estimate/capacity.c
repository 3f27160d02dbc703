/* SPDX-License-Identifier: MIT
 * Capacity: how many replicas a load needs, by utilization and by how long requests may wait, checked by a simulation.
 */
#include "estimate/serving.h"
#include "estimate/simulate.h"

#include <math.h>

enum { REPLICAS_MAX = 1000000, SIMULATED_REQUESTS = 4000, SIMULATED_REPLICAS_MAX = 64 };

/* With so many replicas: how much of them is used, how often a request waits for a place, and how long. */
static void put_queue(ll_sheet *sheet, double share)
{
    ll_sheet_compute(sheet, "capacity.load", "", "load.queries_per_second * load.peak_factor * latency.total",
                     "Little's law: requests in the system, on average");
    ll_sheet_compute(sheet, "capacity.places", "", "capacity.replicas * floor(concurrency.used) * serving.dp", NULL);
    ll_sheet_compute(sheet, "capacity.waiting", "", "erlang_c(capacity.places, capacity.load)",
                     "the chance that a request waits: Erlang's C");
    const bool waits = ll_sheet_value(sheet, "capacity.waiting") > 1 - share;
    ll_sheet_compute(sheet, "capacity.wait", "s",
                     waits ? ll_sheet_text(sheet,
                                           "latency.total / max(1, capacity.places - capacity.load) * "
                                           "ln(capacity.waiting / %.15g)",
                                           1 - share)
                           : "0 * latency.total",
                     ll_sheet_text(sheet, "of %.4g %% of the requests, at most", 100 * share));
    ll_sheet_compute(sheet, "capacity.ttft", "s", "capacity.wait + latency.ttft", "in the busiest hour");
}

/* The fewest replicas whose queue keeps the limit; those that utilization asks for at least. */
static double replicas_for(const ll_sheet *sheet, double least, double limit, double share)
{
    const double ttft = ll_sheet_value(sheet, "latency.ttft"), total = ll_sheet_value(sheet, "latency.total");
    const double places = floor(ll_sheet_value(sheet, "concurrency.used")) * ll_sheet_value(sheet, "serving.dp");
    const double load = ll_sheet_value(sheet, "load.queries_per_second") * ll_sheet_value(sheet, "load.peak_factor");
    double n = least;
    for (double step = 1; limit > ttft && n < REPLICAS_MAX; n += step) {
        const double open = n * places - load * total; /* Erlang's C is at most the share of busy places */
        const double waiting = open > 0 ? load * total / (n * places) : 1;
        if (open > 0 && (waiting <= 1 - share || total / open * log(waiting / (1 - share)) + ttft <= limit))
            break;
        step = n > 1000 ? ceil(n / 1000) : 1;
    }
    return n;
}

static void simulate(ll_serving *s, uint64_t seed)
{
    ll_sheet *sheet = s->sheet;
    const double n = ll_sheet_value(sheet, "capacity.replicas"), decoding = ll_sheet_value(sheet, "round_2.decoding");
    const double base = ll_sheet_value(sheet, "single.time");
    const double step = ll_sheet_value(sheet, "round_2.time"), prompt = ll_sheet_value(sheet, "mixed_2.prompt");
    /* A large service is simulated as a part of it that has the same load on each replica. */
    const double part = n > SIMULATED_REPLICAS_MAX ? SIMULATED_REPLICAS_MAX : n;
    const ll_simulation in = {
        .replicas = (uint32_t)(part * s->dp > SIMULATED_REPLICAS_MAX ? SIMULATED_REPLICAS_MAX : part * s->dp),
        .places = (uint32_t)ll_sheet_value(sheet, "concurrency.used"),
        .requests = SIMULATED_REQUESTS,
        .seed = seed,
        .arrivals =
            ll_sheet_value(sheet, "load.queries_per_second") * ll_sheet_value(sheet, "load.peak_factor") / n / s->dp,
        .input = ll_sheet_value(sheet, "load.input_tokens"),
        .output = ll_sheet_value(sheet, "load.output_tokens"),
        .chunk = ll_sheet_value(sheet, "serving.budget"),
        .step = base,
        .step_sequence = decoding > 1 && step > base ? (step - base) / (decoding - 1) : 0,
        .step_prompt =
            prompt > 0 ? (ll_sheet_value(sheet, "mixed_2.time") - step) / prompt
                       : ll_sheet_value(sheet, "prefill.time") / fmax(1, ll_sheet_value(sheet, "load.input_tokens")),
        .first = ll_sheet_value(sheet, "first.alone") - ll_sheet_value(sheet, "first.prompt"),
    };
    ll_simulated out;
    if (!ll_simulate(sheet->host, &in, &out)) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a simulation");
        return;
    }
    const char *source = ll_sheet_text(sheet,
                                       "simulation of %u requests on %u replicas, arriving at random, with lengths "
                                       "spread exponentially; seed %llu",
                                       in.requests, in.replicas, (unsigned long long)seed);
    ll_sheet_give(sheet, "simulation.ttft_median", "s", out.ttft[0], source);
    ll_sheet_give(sheet, "simulation.ttft_p95", "s", out.ttft[1], source);
    ll_sheet_give(sheet, "simulation.ttft_p99", "s", out.ttft[2], source);
    ll_sheet_give(sheet, "simulation.tpot_mean", "s", out.tpot, source);
    ll_sheet_give(sheet, "simulation.utilization", "", out.utilization, source);
}

void ll_serving_put_capacity(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    ll_reader r = ll_read_object(s->task->scenario, "capacity");
    if (!ll_read_given(&r, "utilization", 0.05, 0.99, "capacity.utilization", ""))
        ll_sheet_give(sheet, "capacity.utilization", "", 0.8, "default: above it queues grow quickly");
    const double spare = ll_read_number(&r, "spare_replicas", 0, 1e6, 0);
    const double limit = ll_read_number(&r, "ttft_limit", 1e-3, 1e6, 0);
    const double share = ll_read_number(&r, "percentile", 50, 99.99, 95) / 100;
    const bool simulates = ll_read_flag(&r, "simulate", false);
    const double seed = ll_read_number(&r, "seed", 0, 0x1p53, 1);
    ll_read_end(&r);
    ll_sheet_compute(sheet, "capacity.busy_replicas", "replica",
                     "ceil(load.queries_per_second * load.peak_factor / (replica.queries_per_second * "
                     "capacity.utilization))",
                     "for the busiest hour");
    ll_sheet_detail(sheet, "capacity.busy_replicas");
    const double least = fmax(1, ll_sheet_value(sheet, "capacity.busy_replicas"));
    const double more = limit > 0 ? replicas_for(sheet, least, limit, share) - least : 0;
    ll_sheet_give(sheet, "capacity.for_waiting", "replica", more, "more replicas, so that requests wait no longer");
    ll_sheet_give(sheet, "capacity.spare", "replica", spare, "replicas that may fail");
    ll_sheet_detail(sheet, "capacity.for_waiting");
    ll_sheet_detail(sheet, "capacity.spare");
    ll_sheet_compute(sheet, "capacity.replicas", "replica",
                     "max(1, capacity.busy_replicas) + capacity.for_waiting + capacity.spare", NULL);
    ll_sheet_compute(sheet, "devices.count", "device", "capacity.replicas * replica.devices", NULL);
    put_queue(sheet, share);
    if (limit > 0 && ll_sheet_value(sheet, "capacity.ttft") > limit)
        ll_sheet_remark(sheet, LL_REMARK_REASON, "too_slow",
                        ll_sheet_text(sheet,
                                      "No number of replicas brings the first token within %g s: alone it takes "
                                      "%.3g s.",
                                      limit, ll_sheet_value(sheet, "latency.ttft")),
                        ll_sheet_text(sheet, "增加副本也无法使首词元在 %g 秒内返回：单独请求即需 %.3g 秒。", limit,
                                      ll_sheet_value(sheet, "latency.ttft")));
    if (simulates && !sheet->status) {
        ll_serving_put_single(s);
        simulate(s, (uint64_t)seed);
    }
}
