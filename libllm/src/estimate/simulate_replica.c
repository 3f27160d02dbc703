/* SPDX-License-Identifier: MIT
 * A step carries one token of every decoding sequence and a chunk of the prompts that are read, in order.
 */
#include "estimate/simulate_replica.h"

#include <math.h>

void ll_asked_append(ll_asked *pool, ll_asked_list *list, uint32_t id)
{
    pool[id].next = 0;
    if (list->last)
        pool[list->last].next = id;
    else
        list->first = id;
    list->last = id;
}

uint32_t ll_asked_take(ll_asked *pool, ll_asked_list *list)
{
    const uint32_t id = list->first;
    list->first = pool[id].next;
    if (!list->first)
        list->last = 0;
    return id;
}

static uint32_t meld(ll_asked *pool, uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    if (pool[b].finish < pool[a].finish) {
        const uint32_t other = a;
        a = b;
        b = other;
    }
    pool[b].next = pool[a].child;
    pool[a].child = b;
    return a;
}

/* The heap without its first: children in pairs from the left, then all pairs from the right. */
static uint32_t without_first(ll_asked *pool, uint32_t root)
{
    uint32_t pairs = 0, heap = 0;
    for (uint32_t a = pool[root].child; a;) {
        const uint32_t b = pool[a].next, rest = b ? pool[b].next : 0;
        pool[a].next = 0;
        if (b)
            pool[b].next = 0;
        const uint32_t pair = meld(pool, a, b);
        pool[pair].next = pairs;
        pairs = pair;
        a = rest;
    }
    while (pairs) {
        const uint32_t rest = pool[pairs].next;
        pool[pairs].next = 0;
        heap = meld(pool, heap, pairs);
        pairs = rest;
    }
    pool[root].child = 0;
    return heap;
}

static uint32_t take_decoding(ll_replica *r, ll_asked *pool)
{
    const uint32_t id = r->decoding;
    r->decoding = without_first(pool, id);
    r->n_decoding--;
    return id;
}

double ll_replica_begin(ll_replica *r, const ll_simulation *in, ll_asked *pool, double now)
{
    for (; r->n_waiting && r->n_decoding + r->n_reading < in->places; r->n_waiting--, r->n_reading++)
        ll_asked_append(pool, &r->reading, ll_asked_take(pool, &r->waiting));
    r->at = now;
    r->ahead = r->taken = 0;
    if (r->n_decoding + r->n_reading == 0)
        return INFINITY;
    const double left = r->n_decoding ? pool[r->decoding].finish - r->steps : INFINITY;
    if (r->n_reading == 0) {
        r->ahead = left;
    } else if (pool[r->reading.first].prompt > in->chunk) { /* whole chunks of one prompt, but not its last */
        r->taken = in->chunk;
        r->ahead = fmin(left, ceil(pool[r->reading.first].prompt / in->chunk) - 1);
    } else {
        r->ahead = 1;
        for (uint32_t id = r->reading.first; id && r->taken < in->chunk; id = pool[id].next)
            r->taken += fmin(pool[id].prompt, in->chunk - r->taken);
    }
    r->seconds =
        in->step + in->step_sequence * (r->n_decoding > 1 ? r->n_decoding - 1 : 0) + in->step_prompt * r->taken;
    return now + r->ahead * r->seconds;
}

double ll_replica_interrupt(ll_replica *r, double now)
{
    r->ahead = fmax(1, fmin(r->ahead, ceil((now - r->at) / r->seconds)));
    return r->at + r->ahead * r->seconds;
}

uint32_t ll_replica_end(ll_replica *r, const ll_simulation *in, ll_asked *pool, double now)
{
    ll_asked_list done = {0};
    r->steps += r->ahead;
    r->busy += now - r->at;
    while (r->n_decoding && pool[r->decoding].finish <= r->steps)
        ll_asked_append(pool, &done, take_decoding(r, pool));
    double budget = r->taken * r->ahead;
    while (r->n_reading && budget > 0) {
        const uint32_t id = r->reading.first;
        const double taken = fmin(pool[id].prompt, budget);
        budget -= taken;
        pool[id].prompt -= taken;
        if (pool[id].prompt > 0)
            break;
        ll_asked_take(pool, &r->reading);
        r->n_reading--;
        if (pool[id].first == 0)
            pool[id].first = now + in->first;
        if (pool[id].output <= 1) {
            ll_asked_append(pool, &done, id);
            continue;
        }
        pool[id].finish = r->steps + pool[id].output - 1;
        pool[id].next = pool[id].child = 0;
        r->decoding = meld(pool, r->decoding, id);
        r->n_decoding++;
    }
    r->ahead = 0;
    return done.first;
}

uint32_t ll_replica_clear_waiting(ll_replica *r)
{
    const uint32_t list = r->waiting.first;
    r->waiting = (ll_asked_list){0};
    r->n_waiting = 0;
    return list;
}

uint32_t ll_replica_clear(ll_replica *r, ll_asked *pool, double now)
{
    ll_asked_list out = {0};
    if (r->ahead > 0)
        r->busy += now - r->at;
    while (r->n_decoding)
        ll_asked_append(pool, &out, take_decoding(r, pool));
    for (; r->n_reading; r->n_reading--)
        ll_asked_append(pool, &out, ll_asked_take(pool, &r->reading));
    for (; r->n_waiting; r->n_waiting--)
        ll_asked_append(pool, &out, ll_asked_take(pool, &r->waiting));
    r->ahead = 0;
    return out.first;
}
