/* SPDX-License-Identifier: MIT
 * A clock that only goes forward: seconds on it, and moments to wait for.
 */
#ifndef LL_BASE_CLOCK_H
#define LL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t ll_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline double ll_seconds(void) { return 1e-9 * (double)ll_nanoseconds(); }

/* So many milliseconds from now, for waits on CLOCK_MONOTONIC. */
static inline struct timespec ll_moment_after(long milliseconds)
{
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_nsec += milliseconds * 1000000;
    moment.tv_sec += moment.tv_nsec / 1000000000;
    moment.tv_nsec %= 1000000000;
    return moment;
}

#endif
