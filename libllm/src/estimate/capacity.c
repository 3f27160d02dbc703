/* SPDX-License-Identifier: MIT
 * Capacity: how many replicas a load needs, by utilization and by how long requests may wait, checked by a simulation.
 */
#include "estimate/serving.h"
#include "estimate/simulate.h"

#include <math.h>

enum {
    REPLICAS_MAX = 1000000,
    REQUESTS = 4000,
    REQUESTS_MAX = 10000000,
    PART = 64,
    PART_MAX = 100000,
    EVENTS_MAX = 100000000
};

/* The member capacity.simulate. */
typedef struct simulation_wish {
    bool is_wanted, is_daily;
    double requests, hours, replicas; /* hours: 0: by the number of requests */
    double mtbf, repair;              /* seconds */
    double restart_every, restart, restart_share;
    double seed;
    double profile[24]; /* hours of the day over their mean */
} simulation_wish;

/* A flag, or an object that says what is simulated. */
static void read_simulation(ll_reader *r, simulation_wish *w)
{
    const bool is_object = json_is_object(json_object_get(r->object, "simulate"));
    *w = (simulation_wish){.requests = REQUESTS, .replicas = PART};
    w->is_wanted = is_object || ll_read_flag(r, "simulate", false);
    if (is_object) {
        ll_reader wish = ll_read_object(r, "simulate");
        w->requests = ll_read_number(&wish, "requests", 1, REQUESTS_MAX, REQUESTS);
        w->hours = ll_read_number(&wish, "hours", 1e-3, 8784, 0);
        w->replicas = ll_read_number(&wish, "replicas", 1, PART_MAX, PART);
        w->mtbf = 3600 * ll_read_number(&wish, "mtbf_hours", 0.01, 1e7, 0);
        w->repair = 3600 * ll_read_number(&wish, "repair_hours", 1e-4, 1e4, 0.25);
        w->restart_every = 3600 * ll_read_number(&wish, "restart_every_hours", 0.01, 1e6, 0);
        w->restart = ll_read_number(&wish, "restart_seconds", 1, 86400, 300);
        w->restart_share = ll_read_number(&wish, "restart_share", 0, 1, 0.1);
        w->is_daily = ll_read_flag(&wish, "daily", false);
        ll_read_end(&wish);
    }
    w->seed = ll_read_number(r, "seed", 0, 0x1p53, 1);
    if (w->is_daily && !ll_sheet_has(r->sheet, "profile.mean"))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "capacity.simulate.daily: expected \"load.profile\", which says how a day goes");
    for (int h = 0; w->is_daily && h < 24; h++)
        w->profile[h] = ll_sheet_value(r->sheet, ll_sheet_text(r->sheet, "profile.h%02d.load", h)) /
                        ll_sheet_value(r->sheet, "profile.mean");
}

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

/* A service of so many replicas; one that is larger than the wish is simulated as a part of it, with the same load on
 * each replica. A step of speculation gives several tokens, so it counts as that many shorter ones. */
static ll_simulation service_of(const ll_serving *s, double n, double share, const simulation_wish *w)
{
    const ll_sheet *sheet = s->sheet;
    const double decoding = ll_sheet_value(sheet, "round_2.decoding"), base = ll_sheet_value(sheet, "single.time");
    const double step = ll_sheet_value(sheet, "round_2.time"), prompt = ll_sheet_value(sheet, "mixed_2.prompt");
    const double part = fmin(n * s->dp, w->replicas);
    const double tokens = s->speculates ? ll_sheet_value(sheet, "speculation.expected") : 1;
    const double drafted = s->speculates ? ll_sheet_value(sheet, "round_2.draft") : 0;
    const double mixed = ll_sheet_value(sheet, "mixed_2.time"), input = ll_sheet_value(sheet, ll_serving_prompt(s));
    const double arrivals = ll_sheet_value(sheet, "load.queries_per_second") / n / s->dp *
                            (w->is_daily ? 1 : ll_sheet_value(sheet, "load.peak_factor"));
    const double requests = w->hours > 0 ? ceil(arrivals * part * w->hours * 3600) : w->requests;
    return (ll_simulation){
        .replicas = (uint32_t)part,
        .places = (uint32_t)fmin(ll_sheet_value(sheet, "concurrency.used"), 1e9),
        .requests = (uint32_t)fmin(requests, 4e9),
        .seed = (uint64_t)w->seed,
        .share = share,
        .arrivals = arrivals,
        .input = input,
        .output = ll_sheet_value(sheet, "load.output_tokens"),
        .chunk = fmax(1, ll_sheet_value(sheet, "serving.budget") / tokens),
        .step = (base + drafted) / tokens,
        .step_sequence = decoding > 1 && step > base ? (step - base) / (decoding - 1) / tokens : 0,
        .step_prompt = prompt > 0 && mixed > step ? (mixed - step) / prompt
                                                  : ll_sheet_value(sheet, "prefill.time") / fmax(1, input),
        .first = ll_sheet_value(sheet, "first.alone") - ll_sheet_value(sheet, "first.prompt"),
        .hours = w->is_daily ? w->profile : NULL,
        .mtbf = w->mtbf,
        .repair = w->repair,
        .restart_every = w->restart_every,
        .restart = w->restart,
        .events_most = EVENTS_MAX,
        .restart_at_once = (uint32_t)fmax(1, floor(w->restart_share * part)),
    };
}

static bool simulate(const ll_serving *s, const ll_simulation *in, ll_simulated *out)
{
    if (in->requests > REQUESTS_MAX) {
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_LIMIT,
                      "capacity.simulate: %u requests come in that time; at most %d are simulated. Fewer \"hours\" or "
                      "\"replicas\" would do",
                      in->requests, REQUESTS_MAX);
        return false;
    }
    if (!ll_simulate(s->sheet->host, in, out))
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a simulation");
    else if (out->is_cut)
        ll_sheet_fail(s->sheet, LIBLLM_ERROR_LIMIT,
                      "capacity.simulate: more than %d events, or hardly any request; a larger \"mtbf_hours\", fewer "
                      "\"hours\" or more \"queries_per_second\" would do",
                      EVENTS_MAX);
    return !s->sheet->status;
}

static bool keeps(const ll_serving *s, const ll_simulated *out, double limit)
{
    return (limit <= 0 || out->ttft_share <= limit) && (s->targets.tpot <= 0 || out->tpot <= s->targets.tpot);
}

/* Where requests wait longer in the simulation than they should: how many replicas it takes there. */
static void check(const ll_serving *s, const ll_simulated *found, double limit, double share, const simulation_wish *w)
{
    ll_sheet *sheet = s->sheet;
    const double n = ll_sheet_value(sheet, "capacity.replicas");
    double more = 0;
    if (keeps(s, found, limit))
        return;
    for (double factor = 1.1; more == 0 && factor < 4; factor *= 1.2) {
        const ll_simulation in = service_of(s, ceil(n * factor), share, w);
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

static void give(ll_sheet *sheet, const char *path, const char *unit, double value, const char *source)
{
    ll_sheet_give(sheet, path, unit, value, source);
}

/* What failures and restarts do to the service and to its answers. */
static void put_failures(ll_sheet *sheet, const ll_simulated *out, const char *source)
{
    give(sheet, "simulation.available", "", out->available, source);
    give(sheet, "simulation.broken", "", out->broken,
         "answers that broke off, for each request; they were asked again");
    give(sheet, "simulation.moved", "", out->moved, "sent elsewhere before the first token, for each request");
    if (out->lost > 0)
        ll_sheet_remark(sheet, LL_REMARK_WARNING, "simulation_loses",
                        ll_sheet_text(sheet,
                                      "%.3g %% of the requests got no answer in %d tries: replicas fail too often.",
                                      100 * out->lost, LL_SIMULATION_TRIES),
                        ll_sheet_text(sheet, "%.3g%% 的请求尝试 %d 次仍无应答：副本故障过于频繁。", 100 * out->lost,
                                      LL_SIMULATION_TRIES));
}

static void put_simulation(ll_serving *s, double limit, double share, const simulation_wish *w)
{
    ll_sheet *sheet = s->sheet;
    const ll_simulation in = service_of(s, ll_sheet_value(sheet, "capacity.replicas"), share, w);
    ll_simulated out;
    if (!simulate(s, &in, &out))
        return;
    const char *source = ll_sheet_text(sheet,
                                       "simulation of %u requests on %u replicas, arriving at random, with lengths "
                                       "spread exponentially; seed %llu",
                                       in.requests, in.replicas, (unsigned long long)in.seed);
    give(sheet, "simulation.ttft_median", "s", out.ttft[0], source);
    give(sheet, "simulation.ttft_p95", "s", out.ttft[1], source);
    give(sheet, "simulation.ttft_p99", "s", out.ttft[2], source);
    give(sheet, "simulation.tpot_mean", "s", out.tpot, source);
    give(sheet, "simulation.utilization", "", out.utilization, source);
    give(sheet, "simulation.waited", "", out.waited, "requests that found no place free");
    ll_sheet_chance(sheet, "simulation.waited");
    give(sheet, "simulation.replicas", "replica", in.replicas, "each with as much of the load as in the whole service");
    give(sheet, "simulation.hours", "h", out.seconds / 3600, "simulated");
    give(sheet, "simulation.events", "", (double)out.events, "what the simulation cost");
    static const char *const details[] = {"simulation.waited", "simulation.replicas", "simulation.hours",
                                          "simulation.events"};
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        ll_sheet_detail(sheet, details[i]);
    if (w->mtbf > 0 || w->restart_every > 0)
        put_failures(sheet, &out, source);
    check(s, &out, limit, share, w);
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
    simulation_wish wish;
    read_simulation(&r, &wish);
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
    if (wish.is_wanted && !sheet->status) {
        ll_serving_put_single(s);
        put_simulation(s, limit, share, &wish);
    }
}
