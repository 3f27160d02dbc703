/* SPDX-License-Identifier: MIT
 * A point that the user has measured, and how far predictions may be off.
 */
#ifndef LL_ESTIMATE_MEASURED_H
#define LL_ESTIMATE_MEASURED_H

#include "estimate/tasks.h"

typedef enum ll_measured {
    LL_MEASURED_NOTHING,
    LL_MEASURED_HERE,      /* this very scenario */
    LL_MEASURED_ELSEWHERE, /* the same engine and devices under another load */
} ll_measured;

/* Reads the member "measured" and puts measured.factor when it is there; serving.tpot is already on the sheet. */
ll_measured ll_put_measured(ll_task *task);
/* The formula of the time per output token. */
const char *ll_measured_tpot(ll_measured measured);

/* In eight of ten points measured over predicted lies between. */
typedef struct ll_spread {
    double low, high;
} ll_spread;

/* A figure of 1 by which a prediction is multiplied. `is_measured_figure`: it is one of what was measured. */
void ll_put_spread(ll_sheet *sheet, ll_measured measured, bool is_measured_figure, const char *path, ll_spread factor,
                   const char *what);

#endif
