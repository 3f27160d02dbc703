/* SPDX-License-Identifier: MIT
 * How many guesses pay: from how often guesses were right and what making and evaluating them takes, as measured, the
 * number that gives most tokens a second. While that is none they rest, and are tried again after a while.
 */
#ifndef LL_SESSION_PACE_H
#define LL_SESSION_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the last few dozens of values: as the context grows, steps take longer. */
typedef struct ll_mean {
    double sum, n;
} ll_mean;

void ll_mean_add(ll_mean *mean, double value);
double ll_mean_of(const ll_mean *mean); /* of nothing: 0 */

/* Of a step, without guesses and for each of them. */
typedef struct ll_step_cost {
    ll_mean plain, column;
} ll_step_cost;

/* One way to guess. */
typedef struct ll_pace {
    ll_mean seconds;     /* to make a guess */
    double tried, taken; /* guesses whose predecessors were right, and those that were right themselves */
    uint32_t n_steps;    /* with such guesses, since the last rest */
    uint32_t rest, next_rest;
} ll_pace;

/* How many guesses, up to n_max, the step that is due should have. */
size_t ll_pace_wanted(ll_pace *pace, ll_step_cost *cost, size_t n_max);
void ll_pace_count(ll_pace *pace, bool taken);

#endif
