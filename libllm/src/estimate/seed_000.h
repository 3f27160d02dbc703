/* SPDX-License-Identifier: MIT
 * What the files of report 000 share: its inputs.
 */
#ifndef LL_ESTIMATE_SEED_000_H
#define LL_ESTIMATE_SEED_000_H

#include "estimate/seeds.h"

enum { LL_SEED_000_SIZES = 24, LL_SEED_000_DAYS = 8, LL_SEED_000_DEVICES = 6 }; /* at most */

typedef struct ll_seed_000_inputs {
    double sizes[LL_SEED_000_SIZES], days[LL_SEED_000_DAYS];
    const char *devices[LL_SEED_000_DEVICES];
    size_t n_sizes, n_days, n_devices;
    double tokens_per_parameter, mfu, visits, questions, tokens, peak_factor, server_price;
} ll_seed_000_inputs;

/* The document leaves the 405B model out of its tables of inference. */
bool ll_seed_000_serves(double size);
/* A heading with the sizes, all or those of inference. */
void ll_seed_000_put_sizes(ll_document *document, const ll_seed_000_inputs *inputs, bool inference);
/* seed_000_serving.c */
void ll_seed_000_put_served(ll_seed *seed, const ll_seed_000_inputs *inputs);

#endif
