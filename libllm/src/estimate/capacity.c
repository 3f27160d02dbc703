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
    ll_sheet_chance(sheet, "capacity.waiting");
    const bool waits = ll_sheet_value(sheet, "capacity.waiting") > 1 - share;
    ll_sheet_compute(sheet, "capacity.wait", "s",
                     waits ? ll_sheet_text(sheet,
                                           "max(0, latency.total / max(1, capacity.places - capacity.load) * "
                                           "ln(capacity.waiting / %.15g))",
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

/* A service of so many replicas; one that is large is simulated as a part of it, with the same load on each replica. A
 * step of speculation gives several tokens, so it counts as that many shorter ones. */
static ll_simulation service_of(const ll_serving *s, double n, double share, uint64_t seed)
{
    const ll_sheet *sheet = s->sheet;
    const double decoding = ll_sheet_value(sheet, "round_2.decoding"), base = ll_sheet_value(sheet, "single.time");
    const double step = ll_sheet_value(sheet, "round_2.time"), prompt = ll_sheet_value(sheet, "mixed_2.prompt");
    const double part = n > SIMULATED_REPLICAS_MAX ? SIMULATED_REPLICAS_MAX : n;
    const double tokens = s->speculates ? ll_sheet_value(sheet, "speculation.expected") : 1;
    const double drafted = s->speculates ? ll_sheet_value(sheet, "round_2.draft") : 0;
    const double mixed = ll_sheet_value(sheet, "mixed_2.time"), input = ll_sheet_value(sheet, ll_serving_prompt(s));
    return (ll_simulation){
        .replicas = (uint32_t)(part * s->dp > SIMULATED_REPLICAS_MAX ? SIMULATED_REPLICAS_MAX : part * s->dp),
        .places = (uint32_t)ll_sheet_value(sheet, "concurrency.used"),
        .requests = SIMULATED_REQUESTS,
        .seed = seed,
        .share = share,
        .arrivals =
            ll_sheet_value(sheet, "load.queries_per_second") * ll_sheet_value(sheet, "load.peak_factor") / n / s->dp,
        .input = input,
        .output = ll_sheet_value(sheet, "load.output_tokens"),
        .chunk = fmax(1, ll_sheet_value(sheet, "serving.budget") / tokens),
        .step = (base + drafted) / tokens,
        .step_sequence = decoding > 1 && step > base ? (step - base) / (decoding - 1) / tokens : 0,
        .step_prompt = prompt > 0 && mixed > step ? (mixed - step) / prompt
                                                  : ll_sheet_value(sheet, "prefill.time") / fmax(1, input),
        .first = ll_sheet_value(sheet, "first.alone") - ll_sheet_value(sheet, "first.prompt"),
    };
}

static bool simulate(const ll_serving *s, const ll_simulation *in, ll_simulated *out)
{
    const bool good = ll_simulate(s->sheet->host, in, out);
    if (!good)
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a simulation");
    return good;
}

static bool keeps(const ll_serving *s, const ll_simulated *out, double limit)
{
    return (limit <= 0 || out->ttft_share <= limit) && (s->targets.tpot <= 0 || out->tpot <= s->targets.tpot);
}

/* Where requests wait longer in the simulation than they should: how many replicas it takes there. */
static void check(const ll_serving *s, const ll_simulated *found, double limit, double share, uint64_t seed)
{
    ll_sheet *sheet = s->sheet;
    const double n = ll_sheet_value(sheet, "capacity.replicas");
    double more = 0;
    if (keeps(s, found, limit))
        return;
    for (double factor = 1.1; more == 0 && factor < 4; factor *= 1.2) {
        const ll_simulation in = service_of(s, ceil(n * factor), share, seed);
        ll_simulated out;
        if (!simulate(s, &in, &out))
            return;
        more = keeps(s, &out, limit) ? ceil(n * factor) : 0;
    }
    ll_sheet_remark(
        sheet, LL_REMARK_WARNING, "simulation_is_slower",
        ll_sheet_text(sheet,
                      "In the simulation %.4g %% of the first tokens take up to %.3g s and the others %.3g s "
                      "on average, which does not keep the limits%s.",
                      100 * share, found->ttft_share, found->tpot,
                      more > 0 ? ll_sheet_text(sheet, "; with %.0f replicas it does", more) : ""),
        ll_sheet_text(sheet, "仿真中 %.4g%% 的首词元时延达 %.3g 秒，每词元平均 %.3g 秒，未满足限制%s。", 100 * share,
                      found->ttft_share, found->tpot,
                      more > 0 ? ll_sheet_text(sheet, "；%.0f 个副本可以满足", more) : ""));
}

static void put_simulation(ll_serving *s, double limit, double share, uint64_t seed)
{
    ll_sheet *sheet = s->sheet;
    const ll_simulation in = service_of(s, ll_sheet_value(sheet, "capacity.replicas"), share, seed);
    ll_simulated out;
    if (!simulate(s, &in, &out))
        return;
    const char *source = ll_sheet_text(sheet,
                                       "simulation of %u requests on %u replicas, arriving at random, with lengths "
                                       "spread exponentially; seed %llu",
                                       in.requests, in.replicas, (unsigned long long)seed);
    ll_sheet_give(sheet, "simulation.ttft_median", "s", out.ttft[0], source);
    ll_sheet_give(sheet, "simulation.ttft_p95", "s", out.ttft[1], source);
    ll_sheet_give(sheet, "simulation.ttft_p99", "s", out.ttft[2], source);
    ll_sheet_give(sheet, "simulation.tpot_mean", "s", out.tpot, source);
    ll_sheet_give(sheet, "simulation.utilization", "", out.utilization, source);
    check(s, &out, limit, share, seed);
}

void ll_serving_put_capacity(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    ll_reader r = ll_read_object(s->task->scenario, "capacity");
    if (!ll_read_given(&r, "utilization", 0.05, 0.99, "capacity.utilization", ""))
        ll_sheet_give(sheet, "capacity.utilization", "", 0.8, "default: above it queues grow quickly");
    const double spare = ll_read_number(&r, "spare_replicas", 0, 1e6, 0);
    const double limit = ll_read_number(&r, "ttft_limit", 1e-3, 1e6, s->targets.ttft);
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
        put_simulation(s, limit, share, (uint64_t)seed);
    }
}
