/* SPDX-License-Identifier: MIT
 * Orders of a simulation that stay cheap with many replicas: which event is next, and who has the least to do.
 */
#ifndef LL_ESTIMATE_SIMULATE_ORDER_H
#define LL_ESTIMATE_SIMULATE_ORDER_H

#include "base/host.h"

/* A binary heap of slots by time; of equal times the lower slot is first. */
typedef struct ll_agenda {
    double *time;    /* [slots] */
    uint32_t *heap;  /* [slots], the first n of which are in it */
    uint32_t *place; /* [slots]: 1 + where in the heap; 0: it is not */
    uint32_t n;
} ll_agenda;

/* false: out of memory; ll_agenda_free() in any case. */
bool ll_agenda_init(ll_agenda *agenda, const ll_host *host, uint32_t slots);
void ll_agenda_free(ll_agenda *agenda, const ll_host *host);
/* Put a slot in, or at another time. */
void ll_agenda_set(ll_agenda *agenda, uint32_t slot, double time);
void ll_agenda_remove(ll_agenda *agenda, uint32_t slot);

/* A tournament: the lowest key of all, of equal ones the first. */
typedef struct ll_tournament {
    uint32_t *keys; /* [2 * leaves]; 1 is the root */
    uint32_t leaves;
} ll_tournament;

/* All keys are UINT32_MAX. */
bool ll_tournament_init(ll_tournament *tournament, const ll_host *host, uint32_t n);
void ll_tournament_free(ll_tournament *tournament, const ll_host *host);
void ll_tournament_set(ll_tournament *tournament, uint32_t i, uint32_t key);
/* UINT32_MAX: all keys are. */
uint32_t ll_tournament_first(const ll_tournament *tournament);

#endif
