/* SPDX-License-Identifier: MIT
 * Which formats the weights are in that a token is multiplied by.
 */
#ifndef LL_ESTIMATE_WEIGHTS_H
#define LL_ESTIMATE_WEIGHTS_H

#include "estimate/tasks.h"
#include "quant/quant.h"

enum { LL_WEIGHT_TYPES_MAX = 16 };

typedef struct ll_weight_types {
    struct {
        const ll_type_traits *traits;
        double bytes, head_bytes; /* those of the output matrix among them, which a prompt needs for one token only */
    } items[LL_WEIGHT_TYPES_MAX];
    size_t n;
    bool is_whole; /* nothing is left out */
} ll_weight_types;

/* Of a file, or of the member "weights" after ll_put_file_weights(): of mixtures the two formats that make them up. */
void ll_weight_types_of(ll_task *task, ll_weight_types *out);

#endif
