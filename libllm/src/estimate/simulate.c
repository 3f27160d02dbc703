/* SPDX-License-Identifier: MIT
 * Requests arrive at random and go to the replica with the fewest; replicas fail and come back, and are restarted one
 * after the other, emptied before. What a failed replica worked on is asked for again, elsewhere.
 */
#include "estimate/simulate.h"

#include "estimate/simulate_order.h"
#include "estimate/simulate_replica.h"

#include <math.h>
#include <stdlib.h>

typedef enum presence { HERE, EMPTIED, FAILED, RESTARTED } presence; /* the last two are away */

typedef struct service {
    const ll_host *host;
    const ll_simulation *in;
    ll_simulated *out;
    ll_replica *replicas;
    presence *states;
    double *since;    /* it is away: from when on */
    ll_agenda agenda; /* a replica's steps; behind those of all, its failure or return; the restart of all */
    ll_tournament loads;
    ll_asked *pool;
    uint32_t capacity, used, unused; /* of the pool; a list of places given back */
    ll_asked_list homeless;          /* while no replica is there */
    uint32_t in_flight, n_samples;
    double *samples; /* [requests] times to the first token */
    double tokens, token_seconds, away, end;
    uint64_t chance, fate; /* random numbers of requests, and of failures: one does not change the other */
    uint32_t restarted, restarting;
    bool has_no_memory;
} service;

/* splitmix64: a number above 0 and at most 1. */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return ((double)(z >> 11) + 1) * 0x1p-53;
}

static double spread(uint64_t *state, double mean) { return -log(uniform(state)) * mean; }

/* Spread exponentially around the mean, at least 1. */
static double length(uint64_t *state, double mean) { return fmax(1, ceil(spread(state, mean))); }

static void set_load(service *s, uint32_t i)
{
    ll_tournament_set(&s->loads, i, s->states[i] == HERE ? ll_replica_load(&s->replicas[i]) : UINT32_MAX);
}

static void begin_steps(service *s, uint32_t i, double now)
{
    const double end = ll_replica_begin(&s->replicas[i], s->in, s->pool, now);
    if (isfinite(end))
        ll_agenda_set(&s->agenda, i, end);
    else
        ll_agenda_remove(&s->agenda, i);
}

static void send(service *s, uint32_t id, double now)
{
    const uint32_t i = ll_tournament_first(&s->loads);
    if (i == UINT32_MAX) {
        s->out->waited += s->pool[id].tries == 0 && s->pool[id].counts;
        ll_asked_append(s->pool, &s->homeless, id);
        return;
    }
    ll_replica *r = &s->replicas[i];
    const bool has_place = ll_replica_load(r) < s->in->places;
    s->out->waited += !has_place && s->pool[id].tries == 0 && s->pool[id].counts;
    ll_asked_append(s->pool, &r->waiting, id);
    r->n_waiting++;
    if (r->ahead == 0)
        begin_steps(s, i, now);
    else if (has_place)
        ll_agenda_set(&s->agenda, i, ll_replica_interrupt(r, now));
    set_load(s, i);
}

static void release(service *s, uint32_t id)
{
    s->pool[id].next = s->unused;
    s->unused = id;
    s->in_flight--;
}

/* What a replica gave up goes elsewhere, from the start. */
static void send_again(service *s, uint32_t list, double now)
{
    while (list) {
        ll_asked *q = &s->pool[list];
        const uint32_t id = list;
        list = q->next;
        if (q->prompt <= 0) {
            s->out->broken++;
            q->is_broken = true;
        } else {
            s->out->moved++;
        }
        q->prompt = q->input;
        q->child = 0;
        if (++q->tries >= LL_SIMULATION_TRIES) {
            s->out->lost += q->counts;
            release(s, id);
        } else {
            send(s, id, now);
        }
    }
}

static void complete(service *s, uint32_t list, double now)
{
    while (list) {
        const ll_asked *q = &s->pool[list];
        const uint32_t id = list;
        list = q->next;
        if (q->counts)
            s->samples[s->n_samples++] = q->first - q->arrives;
        if (q->counts && q->output > 1 && !q->is_broken) {
            s->tokens += q->output - 1;
            s->token_seconds += now + s->in->first - q->first;
        }
        release(s, id);
    }
}

static bool is_away(const service *s, uint32_t i) { return s->states[i] == FAILED || s->states[i] == RESTARTED; }

static void leave(service *s, uint32_t i, presence now_is, double now, double back)
{
    s->states[i] = now_is;
    s->since[i] = now;
    ll_agenda_remove(&s->agenda, i);
    ll_agenda_set(&s->agenda, s->in->replicas + i, back);
    set_load(s, i);
}

/* The next ones are emptied, as many as may be away at once. */
static void restart_more(service *s, double now)
{
    while (s->restarted < s->in->replicas && s->restarting < s->in->restart_at_once) {
        const uint32_t i = s->restarted++;
        if (s->states[i] != HERE)
            continue;
        s->restarting++;
        s->states[i] = EMPTIED;
        set_load(s, i);
        send_again(s, ll_replica_clear_waiting(&s->replicas[i]), now);
        if (ll_replica_load(&s->replicas[i]) == 0)
            leave(s, i, RESTARTED, now, now + s->in->restart);
    }
}

static void end_steps(service *s, uint32_t i, double now)
{
    complete(s, ll_replica_end(&s->replicas[i], s->in, s->pool, now), now);
    begin_steps(s, i, now);
    if (s->states[i] == EMPTIED && ll_replica_load(&s->replicas[i]) == 0)
        leave(s, i, RESTARTED, now, now + s->in->restart);
    else
        set_load(s, i);
}

static void fail_next(service *s, uint32_t i, double now)
{
    const uint32_t slot = s->in->replicas + i;
    if (s->in->mtbf > 0)
        ll_agenda_set(&s->agenda, slot, now + spread(&s->fate, s->in->mtbf));
    else
        ll_agenda_remove(&s->agenda, slot);
}

static void come_back(service *s, uint32_t i, double now)
{
    const uint32_t list = s->homeless.first;
    s->restarting -= s->states[i] == RESTARTED;
    s->away += now - s->since[i];
    s->states[i] = HERE;
    set_load(s, i);
    fail_next(s, i, now);
    s->homeless = (ll_asked_list){0};
    for (uint32_t id = list, next; id; id = next) {
        next = s->pool[id].next;
        send(s, id, now);
    }
    restart_more(s, now);
}

/* One that was being emptied is as good as restarted when it is back. */
static void fail(service *s, uint32_t i, double now)
{
    leave(s, i, s->states[i] == EMPTIED ? RESTARTED : FAILED, now, now + spread(&s->fate, s->in->repair));
    send_again(s, ll_replica_clear(&s->replicas[i], s->pool, now), now);
}

static void handle(service *s, uint32_t slot, double now)
{
    const uint32_t n = s->in->replicas;
    if (slot < n) {
        end_steps(s, slot, now);
    } else if (slot < 2 * n && is_away(s, slot - n)) {
        come_back(s, slot - n, now);
    } else if (slot < 2 * n) {
        fail(s, slot - n, now);
    } else {
        if (s->restarted >= n && s->restarting == 0) /* or else the last time goes on */
            s->restarted = 0;
        ll_agenda_set(&s->agenda, slot, now + s->in->restart_every);
        restart_more(s, now);
    }
    s->out->events++;
}

/* Everything that happens before `until`. */
static void advance(service *s, double until)
{
    while (s->agenda.n && s->agenda.time[s->agenda.heap[0]] < until && !s->out->is_cut &&
           (isfinite(until) || s->in_flight)) {
        const uint32_t slot = s->agenda.heap[0];
        s->end = s->agenda.time[slot];
        handle(s, slot, s->end);
        s->out->is_cut = s->out->events >= s->in->events_most;
    }
}

/* A place for a request; 0: out of memory. */
static uint32_t claim(service *s)
{
    uint32_t id = s->unused;
    if (id) {
        s->unused = s->pool[id].next;
        return id;
    }
    if (s->used >= s->capacity) {
        const uint32_t grown = s->capacity ? 2 * s->capacity : 1024;
        ll_asked *pool = ll_realloc(s->host, s->pool, s->capacity, grown, sizeof *pool);
        if (!pool)
            return 0;
        s->pool = pool;
        s->capacity = grown;
    }
    return s->used++;
}

static void arrive(service *s, uint32_t which, double now)
{
    const ll_simulation *in = s->in;
    const double input = length(&s->chance, in->input), output = length(&s->chance, in->output);
    advance(s, now);
    const uint32_t id = claim(s);
    if (!id) {
        s->has_no_memory = true;
        return;
    }
    s->pool[id] = (ll_asked){
        .arrives = now, .prompt = input, .input = input, .output = output, .counts = which >= in->requests / 10};
    s->in_flight++;
    s->out->events++;
    send(s, id, now);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sum_up(service *s)
{
    static const double shares[] = {0.5, 0.95, 0.99};
    const ll_simulation *in = s->in;
    ll_simulated *out = s->out;
    const uint32_t n = s->n_samples;
    double busy = 0;
    qsort(s->samples, n, sizeof *s->samples, compare);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        out->ttft[i] = n ? s->samples[(size_t)(shares[i] * (double)(n - 1))] : 0;
    out->ttft_share = n && in->share < 1 ? s->samples[(size_t)(in->share * (double)(n - 1))] : 0;
    for (uint32_t i = 0; i < in->replicas; i++) {
        busy += s->replicas[i].busy;
        s->away += is_away(s, i) ? s->end - s->since[i] : 0;
    }
    const double whole = s->end * in->replicas, counted = in->requests - in->requests / 10;
    out->tpot = s->tokens > 0 ? s->token_seconds / s->tokens : 0;
    out->utilization = whole > 0 ? busy / whole : 0;
    out->available = whole > 0 ? 1 - s->away / whole : 1;
    out->waited /= counted;
    out->lost /= counted;
    out->broken /= in->requests;
    out->moved /= in->requests;
    out->seconds = s->end;
}

static void run(service *s)
{
    const ll_simulation *in = s->in;
    double now = 0, most = 1;
    for (int h = 0; in->hours && h < 24; h++)
        most = h ? fmax(most, in->hours[h]) : in->hours[h];
    for (uint32_t i = 0; i < in->replicas; i++) {
        set_load(s, i);
        fail_next(s, i, 0);
    }
    s->restarted = in->replicas;
    if (in->restart_every > 0)
        ll_agenda_set(&s->agenda, 2 * in->replicas, in->restart_every);
    uint64_t drawn = 0; /* where hours have no requests, not each draw is one */
    for (uint32_t i = 0; i < in->requests && !s->has_no_memory && !s->out->is_cut;) {
        now += spread(&s->chance, 1 / (in->arrivals * in->replicas * most));
        s->out->is_cut = !isfinite(now) || ++drawn > in->events_most;
        if (s->out->is_cut)
            break;
        const double hour = in->hours ? in->hours[(int)(fmod(now, 86400) / 3600) % 24] : most;
        if (hour >= most || uniform(&s->chance) * most <= hour)
            arrive(s, i++, now);
    }
    if (!s->has_no_memory) {
        advance(s, INFINITY);
        sum_up(s);
    }
}

bool ll_simulate(const ll_host *host, const ll_simulation *in, ll_simulated *out)
{
    *out = (ll_simulated){.available = 1};
    if (in->replicas == 0 || in->places == 0 || in->requests == 0 || !(in->arrivals > 0) || !(in->step > 0) ||
        !(in->chunk >= 1))
        return true;
    service s = {.host = host, .in = in, .out = out, .chance = in->seed, .fate = in->seed ^ 0xD1B54A32D192ED03u};
    s.used = 1; /* 0 is none */
    s.samples = ll_calloc(host, in->requests, sizeof *s.samples);
    s.replicas = ll_calloc(host, in->replicas, sizeof *s.replicas);
    s.states = ll_calloc(host, in->replicas, sizeof *s.states);
    s.since = ll_calloc(host, in->replicas, sizeof *s.since);
    const bool has_agenda = ll_agenda_init(&s.agenda, host, 2 * in->replicas + 1);
    const bool has_loads = ll_tournament_init(&s.loads, host, in->replicas);
    const bool good = s.samples && s.replicas && s.states && s.since && has_agenda && has_loads;
    if (good)
        run(&s);
    ll_tournament_free(&s.loads, host);
    ll_agenda_free(&s.agenda, host);
    ll_free(host, s.since);
    ll_free(host, s.states);
    ll_free(host, s.replicas);
    ll_free(host, s.samples);
    ll_free(host, s.pool);
    return good && !s.has_no_memory;
}
