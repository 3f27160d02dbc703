/* SPDX-License-Identifier: MIT
 * Requests of a simulation, and one replica that works on some of them: several equal steps are one event.
 */
#ifndef LL_ESTIMATE_SIMULATE_REPLICA_H
#define LL_ESTIMATE_SIMULATE_REPLICA_H

#include "estimate/simulate.h"

/* Requests in flight are known by their places in the pool; 0 is none. */
typedef struct ll_asked {
    double arrives, first; /* first: the first token, 0 while there is none */
    double prompt;         /* tokens still to be read */
    double finish;         /* the count of its replica's steps at which it has all tokens */
    double input, output;  /* tokens in all */
    uint32_t next;         /* in a list, or the next sibling in a heap */
    uint32_t child;        /* the first one in a heap */
    uint32_t tries;
    bool counts, is_broken; /* counts: behind the first tenth of all requests, which find an empty service */
} ll_asked;

typedef struct ll_asked_list {
    uint32_t first, last;
} ll_asked_list;

typedef struct ll_replica {
    double at, seconds; /* when the steps in progress began; how long each takes */
    double steps;       /* done since it started */
    double ahead;       /* steps in progress; 0: it is idle */
    double taken;       /* prompt tokens of each of them */
    double busy;        /* seconds of steps */
    uint32_t decoding;  /* a pairing heap by finish */
    uint32_t n_decoding, n_reading, n_waiting;
    ll_asked_list reading, waiting;
} ll_replica;

void ll_asked_append(ll_asked *pool, ll_asked_list *list, uint32_t id);
uint32_t ll_asked_take(ll_asked *pool, ll_asked_list *list);

/* Plan steps from `now` on; the time when they end, or INFINITY for an idle replica. */
double ll_replica_begin(ll_replica *replica, const ll_simulation *in, ll_asked *pool, double now);
/* Somebody came who has a place: the steps in progress end with the one that is running. */
double ll_replica_interrupt(ll_replica *replica, double now);
/* The steps end at `now`. The requests that are complete then, as a list. */
uint32_t ll_replica_end(ll_replica *replica, const ll_simulation *in, ll_asked *pool, double now);
/* Everything that it works on, or that only waits there, as a list; what it does is lost. */
uint32_t ll_replica_clear(ll_replica *replica, ll_asked *pool, double now);
uint32_t ll_replica_clear_waiting(ll_replica *replica);

static inline uint32_t ll_replica_load(const ll_replica *r) { return r->n_decoding + r->n_reading + r->n_waiting; }

#endif
