/* SPDX-License-Identifier: MIT
 * A clock that only goes forward: seconds on it, moments to wait for, and condition variables that wait by it.
 */
#ifndef LL_BASE_CLOCK_H
#define LL_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t ll_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline double ll_seconds(void) { return 1e-9 * (double)ll_nanoseconds(); }

/* A condition variable whose pthread_cond_timedwait() goes by this clock. */
static inline void ll_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* A time of ll_nanoseconds(), for waits on CLOCK_MONOTONIC. */
static inline struct timespec ll_moment(uint64_t nanoseconds)
{
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)};
}

/* So many milliseconds from now. */
static inline struct timespec ll_moment_after(uint32_t milliseconds)
{
    return ll_moment(ll_nanoseconds() + milliseconds * (uint64_t)1000000);
}

#endif
