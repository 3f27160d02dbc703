/* SPDX-License-Identifier: MIT
 * Measuring on the thread team. Each figure is the fastest of several short rounds: others who use the machine can
 * only make a round slower.
 */
#include "backend/cpu/limits.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

enum { READ_MIN = 128 << 20, READ_MAX = 1 << 30, READ_PER_THREAD = 16 << 20, MEETINGS = 50, LINE = 64 };
#define UNIT_SECONDS 2e-3 /* of a repeat: many times longer than a meeting, far shorter than a scheduler's turn */
#define FIGURE_SECONDS 0.1

const uint32_t ll_stream_counts[LL_STREAM_COUNTS] = {1, 2, 4};

typedef struct measurement {
    ll_team *team;
    double until_seconds; /* are spent on repeats; one is always made */
    bool done;            /* thread 0's word, given before a meeting */
    void (*work)(struct measurement *measurement, uint32_t thread, uint32_t n_threads);
    uint8_t *memory;
    size_t n_bytes, n_streams;
    const ll_unit_loop *loop;
    size_t n_rounds;
    uint32_t n_working;
    double seconds; /* fastest */
} measurement;

static bool never(void *context)
{
    (void)context;
    return false;
}

static void repeat(void *context, uint32_t thread, uint32_t n_threads)
{
    measurement *m = context;
    double whole = 0;
    for (;;) {
        if (n_threads > 1)
            ll_team_barrier(m->team);
        if (m->done)
            break;
        double start = ll_seconds();
        m->work(m, thread, n_threads);
        if (n_threads > 1)
            ll_team_barrier(m->team); /* before which all have read `done` */
        double seconds = ll_seconds() - start;
        if (thread == 0) {
            m->seconds = fmin(m->seconds, seconds);
            whole += seconds;
            m->done = whole >= m->until_seconds;
        }
    }
    if (thread == 0)
        m->n_working = n_threads;
}

static libllm_status measure(measurement *m, bool all, libllm_error *error)
{
    m->done = false;
    m->seconds = INFINITY;
    if (all)
        return ll_team_run(m->team, repeat, never, m, error);
    repeat(m, 0, 1); /* the others sleep */
    return LIBLLM_OK;
}

/* The part of the memory that is a thread's own, in whole lines for each stream. */
static size_t share(const measurement *m, uint32_t thread, uint32_t n_threads, uint8_t **from)
{
    size_t n_lines = m->n_bytes / LINE / n_threads / m->n_streams * m->n_streams;
    *from = m->memory + thread * n_lines * LINE;
    return n_lines;
}

/* First touched by the thread that will read it, for machines where memory belongs to some of the processors. */
static void touch(measurement *m, uint32_t thread, uint32_t n_threads)
{
    uint8_t *from;
    size_t n_lines = share(m, thread, n_threads, &from);
    memset(from, 1, n_lines * LINE);
}

typedef uint64_t line __attribute__((vector_size(LINE)));

static inline __attribute__((always_inline)) void read_lines(const uint8_t *from, size_t n_lines, size_t n_streams)
{
    const line *lines = (const line *)(const void *)from;
    line sums[4] = {0};
    for (size_t i = 0; i < n_lines; i++)
        for (size_t s = 0; s < n_streams; s++)
            sums[s] += lines[s * n_lines + i];
    __asm__ volatile("" : : "m"(sums));
}

static void read_memory(measurement *m, uint32_t thread, uint32_t n_threads)
{
    uint8_t *from;
    size_t n_lines = share(m, thread, n_threads, &from) / m->n_streams;
    if (m->n_streams == 1)
        read_lines(from, n_lines, 1);
    else if (m->n_streams == 2)
        read_lines(from, n_lines, 2);
    else
        read_lines(from, n_lines, 4);
}

static void run_loop(measurement *m, uint32_t thread, uint32_t n_threads)
{
    (void)thread, (void)n_threads;
    m->loop->run(m->n_rounds);
}

static void meet(measurement *m, uint32_t thread, uint32_t n_threads)
{
    (void)thread, (void)n_threads;
    for (uint32_t i = 0; i < MEETINGS; i++)
        ll_team_barrier(m->team);
}

/* Several times what the caches hold. */
static size_t read_bytes(const ll_team *team)
{
    size_t wanted = 4 * ll_cpu_cache_bytes(), all = ll_team_size(team) * (size_t)READ_PER_THREAD;
    wanted = wanted > all ? wanted : all;
    wanted = wanted > READ_MIN ? wanted : READ_MIN;
    return wanted < READ_MAX ? wanted : READ_MAX;
}

static libllm_status measure_read(const ll_host *host, ll_team *team, ll_cpu_limits *limits, libllm_error *error)
{
    measurement m = {.team = team, .n_bytes = read_bytes(team), .n_streams = 1, .work = touch};
    m.memory = ll_alloc_aligned(host, m.n_bytes, 1, LINE);
    if (!m.memory)
        return ll_fail_memory(error, "the memory that is read to measure its speed");
    libllm_status status = measure(&m, true, error);
    limits->read_bytes = m.n_bytes;
    limits->n_threads = m.n_working;
    m.until_seconds = FIGURE_SECONDS;
    m.work = read_memory;
    for (size_t i = 0; i < LL_STREAM_COUNTS && !status; i++) {
        m.n_streams = ll_stream_counts[i];
        status = measure(&m, false, error);
        limits->read[i].one = (double)m.n_bytes / m.seconds;
        if (!status)
            status = measure(&m, true, error);
        limits->read[i].all = (double)m.n_bytes / m.seconds;
    }
    ll_free(host, m.memory);
    return status;
}

static libllm_status measure_unit(ll_team *team, const ll_unit_loop *loop, ll_limit *limit, libllm_error *error)
{
    measurement m = {.team = team, .work = run_loop, .loop = loop, .n_rounds = 1024};
    libllm_status status = measure(&m, false, error);
    while (!status && m.seconds < UNIT_SECONDS) {
        m.n_rounds *= 2;
        status = measure(&m, false, error);
    }
    m.until_seconds = FIGURE_SECONDS;
    if (!status)
        status = measure(&m, false, error);
    double operations = loop->operations * (double)m.n_rounds;
    limit->one = operations / m.seconds;
    if (!status)
        status = measure(&m, true, error);
    limit->all = operations * m.n_working / m.seconds;
    return status;
}

libllm_status ll_cpu_measure_limits(const ll_host *host, uint32_t n_threads, uint32_t cpu_features,
                                    ll_cpu_limits *limits, libllm_error *error)
{
    *limits = (ll_cpu_limits){0};
    const ll_unit_loop *loops[LL_UNITS_MAX];
    limits->n_units = ll_unit_loops(cpu_features, loops);
    uint32_t available = ll_cpu_available();
    ll_team *team;
    libllm_status status = ll_team_create(host, n_threads < available ? n_threads : available, true, &team, error);
    if (status)
        return status;
    status = measure_read(host, team, limits, error);
    for (uint32_t i = 0; i < limits->n_units && !status; i++) {
        limits->unit_names[i] = loops[i]->name;
        status = measure_unit(team, loops[i], &limits->units[i], error);
    }
    if (!status) {
        measurement m = {.team = team, .until_seconds = FIGURE_SECONDS, .work = meet};
        status = measure(&m, true, error);
        limits->barrier_seconds = m.seconds / MEETINGS;
    }
    ll_team_free(team);
    return status;
}
