/* SPDX-License-Identifier: MIT
 * Seconds on a clock that only goes forward.
 */
#ifndef LL_BASE_CLOCK_H
#define LL_BASE_CLOCK_H

#include <time.h>

static inline double ll_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
