/* SPDX-License-Identifier: MIT
 * The thread team on futexes.
 */
#include "base/team.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/status.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A pause takes 10 to 100 cycles: about 50 us of spinning covers the gaps between the phases of a token and the
 * sampling between two tokens, and is far below what a scheduler gives away at once. */
enum { SPINS = 4000, SPINS_OVERSUBSCRIBED = 20, LOCK_POLL_MS = 20, CACHE_LINE = 64 };

/* A counter that threads wait on until it changes. */
typedef struct gate {
    _Alignas(CACHE_LINE) atomic_uint epoch;
    _Alignas(CACHE_LINE) atomic_uint sleepers;
} gate;

struct ll_team {
    const ll_host *host;
    uint32_t n_threads; /* wanted */
    uint32_t n_running; /* as many as the system granted, the caller's included */
    uint32_t spins;
    pid_t pid;
    pthread_t *threads; /* [n_threads - 1] */
    bool started;
    pthread_mutex_t run_lock; /* one run at a time; guards started */

    ll_team_fn fn;
    void *context;
    bool quit;
    gate start;   /* opens with every run */
    gate barrier; /* opens when the last thread arrives */
    _Alignas(CACHE_LINE) atomic_uint arrived;
};

typedef struct worker_start {
    ll_team *team;
    uint32_t index;
    atomic_uint taken;
} worker_start;

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void futex_wait(atomic_uint *word, unsigned value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake_all(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

/* The sequentially consistent order of "epoch changes, then sleepers is read" here and "sleepers rises, then epoch is
 * read (by the kernel)" in gate_wait makes it impossible that a thread sleeps and nobody wakes it. */
static void gate_open(gate *g)
{
    atomic_fetch_add(&g->epoch, 1);
    if (atomic_load(&g->sleepers))
        futex_wake_all(&g->epoch);
}

static void gate_wait(gate *g, unsigned epoch, uint32_t spins)
{
    for (uint32_t i = 0; i < spins; i++) {
        if (atomic_load_explicit(&g->epoch, memory_order_acquire) != epoch)
            return;
        pause_briefly();
    }
    atomic_fetch_add(&g->sleepers, 1);
    while (atomic_load(&g->epoch) == epoch)
        futex_wait(&g->epoch, epoch);
    atomic_fetch_sub(&g->sleepers, 1);
}

void ll_team_barrier(ll_team *team)
{
    if (team->n_running == 1)
        return;
    unsigned epoch = atomic_load_explicit(&team->barrier.epoch, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 == team->n_running) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        gate_open(&team->barrier);
    } else {
        gate_wait(&team->barrier, epoch, team->spins);
    }
}

static void *worker(void *argument)
{
    worker_start *start = argument;
    ll_team *team = start->team;
    uint32_t index = start->index;
    unsigned epoch = atomic_load(&team->start.epoch);
    atomic_store(&start->taken, 1);
    futex_wake_all(&start->taken);
    for (;;) {
        gate_wait(&team->start, epoch, team->spins);
        epoch++;
        if (team->quit)
            return NULL;
        team->fn(team->context, index, team->n_running);
        ll_team_barrier(team);
    }
}

/* Start the workers with all signals blocked, so that the program's handlers run on the program's threads. */
static void start_workers(ll_team *team)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    uint32_t running = 1;
    while (running < team->n_threads) {
        worker_start start = {.team = team, .index = running};
        if (pthread_create(&team->threads[running - 1], NULL, worker, &start) != 0)
            break;
        while (!atomic_load(&start.taken))
            futex_wait(&start.taken, 0);
        running++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    team->n_running = running;
    team->started = true;
}

libllm_status ll_team_create(const ll_host *host, uint32_t n_threads, ll_team **out, libllm_error *error)
{
    ll_team *team = ll_alloc_aligned(host, 1, sizeof *team, CACHE_LINE);
    pthread_t *threads = ll_alloc(host, n_threads, sizeof *threads);
    if (!team || !threads) {
        ll_free(host, team);
        ll_free(host, threads);
        return ll_fail_memory(error, "the thread team");
    }
    *team = (ll_team){.host = host,
                      .n_threads = n_threads,
                      .spins = n_threads <= ll_cpu_available() ? SPINS : SPINS_OVERSUBSCRIBED,
                      .pid = getpid(),
                      .threads = threads};
    pthread_mutex_init(&team->run_lock, NULL);
    *out = team;
    return LIBLLM_OK;
}

void ll_team_free(ll_team *team)
{
    if (!team)
        return;
    if (team->started && !ll_team_forked(team)) {
        team->quit = true;
        gate_open(&team->start);
        for (uint32_t i = 1; i < team->n_running; i++)
            pthread_join(team->threads[i - 1], NULL);
    }
    if (!ll_team_forked(team)) /* where a thread left behind may hold it */
        pthread_mutex_destroy(&team->run_lock);
    ll_free(team->host, team->threads);
    ll_free(team->host, team);
}

uint32_t ll_team_size(const ll_team *team) { return team->n_threads; }

bool ll_team_forked(const ll_team *team) { return team->pid != getpid(); }

/* Take the lock unless the caller no longer wants it: a run of another caller may take seconds. */
static bool lock_unless(ll_team *team, ll_team_cancelled_fn cancelled, void *context)
{
    while (pthread_mutex_trylock(&team->run_lock) != 0) {
        struct timespec until = ll_moment_after(LOCK_POLL_MS);
        if (pthread_mutex_clocklock(&team->run_lock, CLOCK_MONOTONIC, &until) == 0)
            return true;
        if (cancelled(context))
            return false;
    }
    return true;
}

libllm_status ll_team_run(ll_team *team, ll_team_fn fn, ll_team_cancelled_fn cancelled, void *context,
                          libllm_error *error)
{
    if (ll_team_forked(team))
        return ll_fail(error, LIBLLM_ERROR_FORKED,
                       "the runtime was made before fork() and cannot compute in the child");
    if (!lock_unless(team, cancelled, context))
        return ll_fail(error, LIBLLM_ERROR_CANCELLED, "cancelled");
    bool first = !team->started;
    if (first)
        start_workers(team);
    uint32_t n_running = team->n_running;
    team->fn = fn;
    team->context = context;
    if (n_running > 1)
        gate_open(&team->start);
    fn(context, 0, n_running);
    ll_team_barrier(team);
    pthread_mutex_unlock(&team->run_lock);
    if (first && n_running < team->n_threads)
        ll_log(team->host, LIBLLM_LOG_WARNING, "only %u of %u threads could be started", n_running, team->n_threads);
    return LIBLLM_OK;
}
