/* SPDX-License-Identifier: MIT
 * What the benchmarks share: the clocks, and giving up after an error.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <libllm/libllm.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline double wall_seconds(void) { return seconds_of(CLOCK_MONOTONIC); }

/* Of this thread; not disturbed by what else runs. */
static inline double cpu_seconds(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

static inline void check(libllm_status status, const libllm_error *error)
{
    if (status >= 0)
        return;
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

#endif
