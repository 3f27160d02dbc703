/* SPDX-License-Identifier: MIT
 * A team of threads that run one function together and meet at barriers. A waiting thread spins briefly, then
 * sleeps in the kernel. A run never takes more threads than the process has processors, and fewer while other programs
 * take some of these: one thread that has to wait for its turn would hold up all.
 */
#ifndef LL_BASE_TEAM_H
#define LL_BASE_TEAM_H

#include "base/host.h"

typedef struct ll_team ll_team;
typedef void (*ll_team_fn)(void *context, uint32_t thread, uint32_t n_threads);
typedef bool (*ll_team_cancelled_fn)(void *context);

/* Threads start with the first run; fewer than n_threads may come up when the system refuses more. `fixed`: every run
 * takes all of them. */
libllm_status ll_team_create(const ll_host *host, uint32_t n_threads, bool fixed, ll_team **team, libllm_error *error);
/* Joins the threads. NULL is fine. In a forked child, where there are none, only memory is given back. */
void ll_team_free(ll_team *team);

uint32_t ll_team_size(const ll_team *team); /* threads at most */
bool ll_team_forked(const ll_team *team);   /* this is a child of the process that made the team */

/* Run fn(context, 0 .. n-1, n) on n threads, the caller being thread 0, and return when all have; n <= ll_team_size.
 * Callers from several threads take turns; CANCELLED when cancelled(context) says so while waiting for one. FORKED in a
 * child. */
libllm_status ll_team_run(ll_team *team, ll_team_fn fn, ll_team_cancelled_fn cancelled, void *context,
                          libllm_error *error);

/* Within fn: wait until all threads have come here; what they wrote before is visible after. */
void ll_team_barrier(ll_team *team);

#endif
