/* SPDX-License-Identifier: MIT
 * A discrete-event simulation of replicas that batch continuously: the check on the closed form. Deterministic: the
 * same input gives the same figures on every machine.
 */
#ifndef LL_ESTIMATE_SIMULATE_H
#define LL_ESTIMATE_SIMULATE_H

#include "base/host.h"

typedef struct ll_simulation {
    uint32_t replicas, places, requests; /* sequences that run at once on a replica; requests in all */
    uint64_t seed;
    double share;                            /* of requests, for ttft_share */
    double arrivals;                         /* a second and replica, at random */
    double input, output;                    /* tokens, on average */
    double chunk;                            /* prompt tokens that a step takes at most */
    double step, step_sequence, step_prompt; /* seconds of a step, and for each sequence and prompt token in it */
    double first;                            /* overhead of a request */
} ll_simulation;

typedef struct ll_simulated {
    double ttft[3];     /* of 50, 95 and 99 % of the requests at most */
    double ttft_share;  /* of the share asked for */
    double tpot;        /* mean */
    double utilization; /* share of the time that replicas compute */
} ll_simulated;

/* false: out of memory. */
bool ll_simulate(const ll_host *host, const ll_simulation *in, ll_simulated *out);

#endif
