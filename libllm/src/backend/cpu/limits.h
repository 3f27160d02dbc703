/* SPDX-License-Identifier: MIT
 * What this machine can do at best, measured: reading memory, multiplying, and meeting of threads. What the executor
 * reaches is seen against it.
 */
#ifndef LL_BACKEND_CPU_LIMITS_H
#define LL_BACKEND_CPU_LIMITS_H

#include "base/team.h"

/* A loop that keeps one kind of multiplication busy: enough independent sums to cover its latency, all in registers. */
typedef struct ll_unit_loop {
    const char *name;
    double operations; /* of a round; a multiplication and an addition are two */
    void (*run)(size_t n_rounds);
} ll_unit_loop;

enum { LL_UNITS_MAX = 8, LL_STREAM_COUNTS = 3 };
extern const uint32_t ll_stream_counts[LL_STREAM_COUNTS];

/* Of one thread, and of all together. */
typedef struct ll_limit {
    double one, all;
} ll_limit;

typedef struct ll_cpu_limits {
    uint32_t n_threads;
    uint64_t read_bytes;             /* of the memory that was read */
    ll_limit read[LL_STREAM_COUNTS]; /* bytes per second, each thread in so many streams */
    uint32_t n_units;
    const char *unit_names[LL_UNITS_MAX];
    ll_limit units[LL_UNITS_MAX]; /* operations per second */
    double barrier_seconds;
} ll_cpu_limits;

/* Takes one to three seconds. The threads are a team of its own, of which every run takes all: that of the executor
 * works with fewer while other programs take processors, and would take it that threads that only wait are held up. */
libllm_status ll_cpu_measure_limits(const ll_host *host, uint32_t n_threads, uint32_t cpu_features,
                                    ll_cpu_limits *limits, libllm_error *error);

/* The units of this processor, for each kind the widest; returns their number. */
uint32_t ll_unit_loops(uint32_t cpu_features, const ll_unit_loop *loops[LL_UNITS_MAX]);

/* Each is compiled with the flags of its instruction set. */
extern const ll_unit_loop ll_unit_mul_add;
extern const ll_unit_loop ll_unit_avx2_fma;
extern const ll_unit_loop ll_unit_avx2_maddubs;
extern const ll_unit_loop ll_unit_avx_vnni;
extern const ll_unit_loop ll_unit_avx512_fma;
extern const ll_unit_loop ll_unit_avx512_vnni;
extern const ll_unit_loop ll_unit_avx512_bf16;
extern const ll_unit_loop ll_unit_amx;

#endif
