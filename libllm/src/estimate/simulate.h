/* SPDX-License-Identifier: MIT
 * A discrete-event simulation of replicas that batch continuously, fail, are restarted and see the load of a day: the
 * check on the closed form. Deterministic: the same input gives the same figures on every machine. Its cost grows with
 * the requests (and with the logarithm of replicas), not with the tokens or the time that is simulated.
 */
#ifndef LL_ESTIMATE_SIMULATE_H
#define LL_ESTIMATE_SIMULATE_H

#include "base/host.h"

typedef struct ll_simulation {
    uint32_t replicas, places, requests; /* sequences that run at once on a replica; requests in all */
    uint64_t seed;
    double share;         /* of requests, for ttft_share */
    double arrivals;      /* a second and replica, at random; of the mean hour where `hours` are given */
    double input, output; /* tokens, on average */
    double chunk;         /* prompt tokens that a step takes at most */
    double step, step_sequence, step_prompt; /* seconds of a step, and for each sequence and prompt token in it */
    double first;                            /* overhead of a request */
    const double *hours;                     /* [24] of the day, over their mean; NULL: always the same */
    double mtbf, repair;           /* seconds between failures of a replica, and of one, on average; 0: none */
    double restart_every, restart; /* seconds between restarts of all, and of one; 0: none */
    uint32_t restart_at_once;      /* how many are emptied or away at a time */
    uint64_t events_most;
} ll_simulation;

typedef struct ll_simulated {
    double ttft[3];     /* of 50, 95 and 99 % of the requests at most */
    double ttft_share;  /* of the share asked for */
    double tpot;        /* mean */
    double utilization; /* share of the time that replicas compute */
    double available;   /* share of the time that replicas are there */
    double waited;      /* share of requests that found no place */
    double broken;      /* answers that broke off and were asked for again, for each request */
    double moved;       /* times that requests were sent to another replica before their first token, likewise */
    double lost;        /* share of requests given up after LL_SIMULATION_TRIES */
    double seconds;     /* simulated */
    uint64_t events;
    bool is_cut; /* it was more than the most events, or a time that is no number: the figures mean nothing */
} ll_simulated;

enum { LL_SIMULATION_TRIES = 20 };

/* false: out of memory. */
bool ll_simulate(const ll_host *host, const ll_simulation *in, ll_simulated *out);

#endif
