/* SPDX-License-Identifier: MIT
 * The thread team on futexes.
 */
#include "base/team.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/signals.h"
#include "base/status.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A pause takes 10 to 100 cycles: about 50 us of spinning covers the gaps between the phases of a token and the
 * sampling between two tokens, and is far below what a scheduler gives away at once. */
enum { SPINS = 4000, SPINS_OVERSUBSCRIBED = 20, LOCK_POLL_MS = 20, CACHE_LINE = 64 };

/* A thread that others wait for longer than LATE_NS has most likely lost its processor to another program: equal shares
 * of a phase differ by less. Where that takes more than a quarter of a run, the next ones do without a thread, and try
 * again with it after a while that doubles each time it does not go well. */
enum { LATE_NS = 500 * 1000, RETRY_NS = 50 * 1000 * 1000, RETRY_DOUBLINGS = 5, GOOD_RUNS = 8 };

/* The word that workers wait on: a run's number, and how many threads take part in it. */
enum { ACTIVE_BITS = 11, ACTIVE_MASK = (1 << ACTIVE_BITS) - 1 };

/* A word that threads wait on until it changes. */
typedef struct gate {
    _Alignas(CACHE_LINE) atomic_uint word;
    _Alignas(CACHE_LINE) atomic_uint sleepers;
} gate;

struct ll_team {
    const ll_host *host;
    uint32_t n_threads; /* wanted */
    bool fixed;         /* all of them in every run */
    uint32_t n_running; /* as many as the system granted, the caller's included */
    uint32_t n_active;  /* of the run in hand */
    uint32_t spins;
    pid_t pid;
    pthread_t *threads; /* [n_threads - 1] */
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    bool busy;          /* one run at a time, to which belongs what follows as well */
    uint32_t n_allowed; /* threads that are worth having at the moment */
    uint32_t n_doublings, n_good_runs;
    uint64_t retry_at; /* when to try one more */

    ll_team_fn fn;
    void *context;
    bool quit;
    gate start;   /* changes with every run */
    gate parked;  /* changes when a run takes more threads than the one before */
    gate barrier; /* changes when the last thread arrives */
    _Alignas(CACHE_LINE) atomic_uint arrived;
    atomic_uint_fast64_t late_ns; /* of the run in hand: time that threads waited for late ones */
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

/* The sequentially consistent order of "the word changes, then sleepers is read" here and "sleepers rises, then the
 * word is read (by the kernel)" in gate_wait makes it impossible that a thread sleeps and nobody wakes it. */
static void gate_set(gate *g, unsigned word)
{
    atomic_store(&g->word, word);
    if (atomic_load(&g->sleepers))
        futex_wake_all(&g->word);
}

/* Wait until the word is another than `word`. The nanoseconds slept, 0 when spinning was enough. */
static uint64_t gate_wait(gate *g, unsigned word, uint32_t spins)
{
    for (uint32_t i = 0; i < spins; i++) {
        if (atomic_load_explicit(&g->word, memory_order_acquire) != word)
            return 0;
        pause_briefly();
    }
    uint64_t begin = ll_nanoseconds();
    atomic_fetch_add(&g->sleepers, 1);
    while (atomic_load(&g->word) == word)
        futex_wait(&g->word, word);
    atomic_fetch_sub(&g->sleepers, 1);
    return ll_nanoseconds() - begin;
}

void ll_team_barrier(ll_team *team)
{
    uint32_t n_active = team->n_active; /* once this thread has arrived, the next run may choose another number */
    if (n_active == 1)
        return;
    unsigned word = atomic_load_explicit(&team->barrier.word, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 == n_active) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        gate_set(&team->barrier, word + 1);
        return;
    }
    uint64_t slept = gate_wait(&team->barrier, word, team->spins);
    if (slept > LATE_NS)
        atomic_fetch_add_explicit(&team->late_ns, slept, memory_order_relaxed);
}

/* The next run that takes the thread, after the one of `word`. A run that does take it cannot end without it, so that
 * none is missed; of others this thread may see some, and sleeps through them. */
static unsigned next_run(ll_team *team, uint32_t index, unsigned word)
{
    gate_wait(&team->start, word, team->spins);
    for (;;) {
        unsigned parked = atomic_load(&team->parked.word);
        word = atomic_load(&team->start.word);
        if ((word & ACTIVE_MASK) > index)
            return word;
        gate_wait(&team->parked, parked, 0);
    }
}

static void *worker(void *argument)
{
    worker_start *start = argument;
    ll_team *team = start->team;
    uint32_t index = start->index;
    unsigned word = atomic_load(&team->start.word);
    atomic_store(&start->taken, 1);
    futex_wake_all(&start->taken);
    for (;;) {
        word = next_run(team, index, word);
        if (team->quit)
            return NULL;
        team->fn(team->context, index, word & ACTIVE_MASK);
        ll_team_barrier(team);
    }
}

/* Announce a run of n threads to the workers. */
static void announce(ll_team *team, uint32_t n)
{
    unsigned word = atomic_load_explicit(&team->start.word, memory_order_relaxed), before = word & ACTIVE_MASK;
    gate_set(&team->start, ((word >> ACTIVE_BITS) + 1) << ACTIVE_BITS | n);
    if (n > before)
        gate_set(&team->parked, atomic_load_explicit(&team->parked.word, memory_order_relaxed) + 1);
}

static void start_workers(ll_team *team)
{
    const sigset_t signals = ll_signals_block();
    uint32_t running = 1;
    while (running < team->n_threads) {
        worker_start start = {.team = team, .index = running};
        if (pthread_create(&team->threads[running - 1], NULL, worker, &start) != 0)
            break;
        while (!atomic_load(&start.taken))
            futex_wait(&start.taken, 0);
        running++;
    }
    ll_signals_restore(&signals);
    team->n_running = running;
    team->n_allowed = running;
    team->started = true;
}

libllm_status ll_team_create(const ll_host *host, uint32_t n_threads, bool fixed, ll_team **out, libllm_error *error)
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
                      .fixed = fixed,
                      .spins = fixed && n_threads > ll_cpu_available() ? SPINS_OVERSUBSCRIBED : SPINS,
                      .pid = getpid(),
                      .threads = threads};
    pthread_mutex_init(&team->lock, NULL);
    ll_cond_init(&team->idle);
    *out = team;
    return LIBLLM_OK;
}

void ll_team_free(ll_team *team)
{
    if (!team)
        return;
    if (team->started && !ll_team_forked(team)) {
        team->quit = true;
        announce(team, team->n_running);
        for (uint32_t i = 1; i < team->n_running; i++)
            pthread_join(team->threads[i - 1], NULL);
    }
    if (!ll_team_forked(team)) { /* where a thread left behind may hold it */
        pthread_mutex_destroy(&team->lock);
        pthread_cond_destroy(&team->idle);
    }
    ll_free(team->host, team->threads);
    ll_free(team->host, team);
}

uint32_t ll_team_size(const ll_team *team) { return team->n_threads; }

bool ll_team_forked(const ll_team *team) { return team->pid != getpid(); }

/* Take the lock unless the caller no longer wants it: a run of another caller may take seconds. */
static bool begin_unless(ll_team *team, ll_team_cancelled_fn cancelled, void *context)
{
    bool wanted = true;
    pthread_mutex_lock(&team->lock);
    while (team->busy && wanted) {
        const struct timespec until = ll_moment_after(LOCK_POLL_MS);
        if (pthread_cond_timedwait(&team->idle, &team->lock, &until) == 0)
            continue;
        pthread_mutex_unlock(&team->lock);
        wanted = !cancelled(context);
        pthread_mutex_lock(&team->lock);
    }
    if (wanted)
        team->busy = true;
    pthread_mutex_unlock(&team->lock);
    return wanted;
}

static void end(ll_team *team)
{
    pthread_mutex_lock(&team->lock);
    team->busy = false;
    pthread_cond_signal(&team->idle);
    pthread_mutex_unlock(&team->lock);
}

/* Threads for the next run: never more than there are processors, and as many of them as are worth having. */
static uint32_t choose_active(ll_team *team)
{
    if (team->fixed)
        return team->n_running;
    uint32_t available = ll_cpu_available(), most = team->n_running < available ? team->n_running : available;
    if (team->n_allowed < most && ll_nanoseconds() >= team->retry_at) {
        team->n_allowed++;
        team->n_good_runs = 0;
    }
    return team->n_allowed < most ? team->n_allowed : most;
}

/* Learn from a run of n threads. */
static void judge(ll_team *team, uint32_t n, uint64_t begin)
{
    uint64_t now = ll_nanoseconds(), late = atomic_exchange_explicit(&team->late_ns, 0, memory_order_relaxed);
    if (late / (n - 1) > (now - begin) / 4) {
        team->n_allowed = n - 1;
        team->retry_at = now + ((uint64_t)RETRY_NS << team->n_doublings);
        team->n_doublings += team->n_doublings < RETRY_DOUBLINGS;
    } else if (++team->n_good_runs >= GOOD_RUNS) {
        team->n_doublings = 0;
    }
}

libllm_status ll_team_run(ll_team *team, ll_team_fn fn, ll_team_cancelled_fn cancelled, void *context,
                          libllm_error *error)
{
    if (ll_team_forked(team))
        return ll_fail(error, LIBLLM_ERROR_FORKED,
                       "the runtime was made before fork() and cannot compute in the child");
    if (!begin_unless(team, cancelled, context))
        return ll_fail(error, LIBLLM_ERROR_CANCELLED, "cancelled");
    bool first = !team->started;
    if (first)
        start_workers(team);
    uint32_t n_running = team->n_running, n = choose_active(team);
    uint64_t begin = ll_nanoseconds();
    team->fn = fn;
    team->context = context;
    team->n_active = n;
    if (n > 1)
        announce(team, n);
    fn(context, 0, n);
    ll_team_barrier(team);
    if (n > 1)
        judge(team, n, begin);
    end(team);
    if (first && n_running < team->n_threads)
        ll_log(team->host, LIBLLM_LOG_WARNING, "only %u of %u threads could be started", n_running, team->n_threads);
    return LIBLLM_OK;
}
