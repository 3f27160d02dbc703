/* SPDX-License-Identifier: MIT
 * Requests arrive at random and go to the replica with the fewest; each replica runs steps that carry one token of
 * every decoding sequence and a chunk of the prompts that wait.
 */
#include "estimate/simulate.h"

#include <math.h>
#include <stdlib.h>

typedef struct request {
    double arrives, first, ends;
    double prompt, tokens; /* still to be read, still to be generated */
    uint32_t total;
} request;

typedef struct replica {
    double free_at;    /* when the step in progress ends */
    double busy;       /* seconds of steps */
    uint32_t *running; /* [places], indices of requests */
    uint32_t n_running;
    uint32_t *waiting; /* [requests] */
    uint32_t first, n; /* of waiting: taken so far, put so far */
} replica;

/* splitmix64: a number above 0 and at most 1. */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return ((double)(z >> 11) + 1) * 0x1p-53;
}

/* Spread exponentially around the mean, at least 1. */
static double length(uint64_t *state, double mean)
{
    const double x = ceil(-log(uniform(state)) * mean);
    return x < 1 ? 1 : x;
}

/* One step from `now` on: who waits enters, prompts are read in order, everybody who decodes goes on by a token. */
static void run_step(const ll_simulation *in, replica *r, request *requests, double now)
{
    while (r->n_running < in->places && r->first < r->n)
        r->running[r->n_running++] = r->waiting[r->first++];
    double budget = in->chunk, decoding = 0;
    for (uint32_t i = 0; i < r->n_running; i++)
        decoding += requests[r->running[i]].prompt <= 0;
    for (uint32_t i = 0; i < r->n_running && budget > 0; i++) {
        request *q = &requests[r->running[i]];
        const double taken = q->prompt < budget ? q->prompt : budget;
        q->prompt -= taken;
        budget -= taken;
    }
    const double seconds =
        in->step + in->step_sequence * (decoding > 1 ? decoding - 1 : 0) + in->step_prompt * (in->chunk - budget);
    r->free_at = now + seconds;
    r->busy += seconds;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->n_running; i++) {
        request *q = &requests[r->running[i]];
        if (q->prompt <= 0) {
            if (q->first == 0)
                q->first = r->free_at + in->first;
            q->ends = r->free_at + in->first;
            q->tokens--;
        }
        if (q->prompt > 0 || q->tokens > 0)
            r->running[kept++] = r->running[i];
    }
    r->n_running = kept;
}

static bool is_idle(const replica *r) { return r->n_running == 0 && r->first == r->n; }

/* Everything that replicas do before `until`. */
static void advance(const ll_simulation *in, replica *replicas, request *requests, double until)
{
    for (uint32_t i = 0; i < in->replicas; i++)
        while (!is_idle(&replicas[i]) && replicas[i].free_at < until)
            run_step(in, &replicas[i], requests, replicas[i].free_at);
}

static replica *shortest(const ll_simulation *in, replica *replicas)
{
    replica *best = replicas;
    for (uint32_t i = 1; i < in->replicas; i++)
        if (replicas[i].n_running + replicas[i].n - replicas[i].first < best->n_running + best->n - best->first)
            best = &replicas[i];
    return best;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the requests behind the first tenth, which finds an empty service. */
static void sum_up(const ll_simulation *in, const replica *replicas, const request *requests, double *sorted,
                   ll_simulated *out)
{
    static const double shares[] = {0.5, 0.95, 0.99};
    size_t n = 0;
    double tokens = 0, seconds = 0, busy = 0, end = 0;
    for (uint32_t i = in->requests / 10; i < in->requests; i++) {
        const request *q = &requests[i];
        sorted[n++] = q->first - q->arrives;
        if (q->total > 1) {
            tokens += q->total - 1;
            seconds += q->ends - q->first;
        }
    }
    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        out->ttft[i] = n ? sorted[(size_t)(shares[i] * (double)(n - 1))] : 0;
    out->ttft_share = n && in->share < 1 ? sorted[(size_t)(in->share * (double)(n - 1))] : 0;
    for (uint32_t i = 0; i < in->replicas; i++) {
        busy += replicas[i].busy;
        end = replicas[i].free_at > end ? replicas[i].free_at : end;
    }
    out->tpot = tokens > 0 ? seconds / tokens : 0;
    out->utilization = end > 0 ? busy / (end * in->replicas) : 0;
}

bool ll_simulate(const ll_host *host, const ll_simulation *in, ll_simulated *out)
{
    *out = (ll_simulated){0};
    if (in->replicas == 0 || in->places == 0 || !(in->arrivals > 0) || !(in->step > 0) || !(in->chunk >= 1))
        return true;
    request *requests = ll_calloc(host, in->requests, sizeof *requests);
    double *sorted = ll_calloc(host, in->requests, sizeof *sorted);
    replica *replicas = ll_calloc(host, in->replicas, sizeof *replicas);
    uint32_t *places = ll_calloc(host, (size_t)in->replicas * in->places, sizeof *places);
    uint32_t *queues = ll_calloc(host, (size_t)in->replicas * in->requests, sizeof *queues);
    const bool good = requests && sorted && replicas && places && queues;
    uint64_t state = in->seed;
    double now = 0;
    for (uint32_t i = 0; good && i < in->replicas; i++) {
        replicas[i].running = places + (size_t)i * in->places;
        replicas[i].waiting = queues + (size_t)i * in->requests;
    }
    for (uint32_t i = 0; good && i < in->requests; i++) {
        now += -log(uniform(&state)) / (in->arrivals * in->replicas);
        requests[i] =
            (request){.arrives = now, .prompt = length(&state, in->input), .tokens = length(&state, in->output)};
        requests[i].total = (uint32_t)requests[i].tokens;
        advance(in, replicas, requests, now);
        replica *r = shortest(in, replicas);
        if (is_idle(r) && r->free_at < now)
            r->free_at = now;
        r->waiting[r->n++] = i;
    }
    if (good) {
        advance(in, replicas, requests, INFINITY);
        sum_up(in, replicas, requests, sorted, out);
    }
    ll_free(host, queues);
    ll_free(host, places);
    ll_free(host, replicas);
    ll_free(host, sorted);
    ll_free(host, requests);
    return good;
}
