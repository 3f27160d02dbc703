/* SPDX-License-Identifier: MIT
 * Measuring where a batch spends its time. Every thread keeps its own clock; the sums are made when all have left.
 */
#include "backend/cpu/executor.h"

#include "base/clock.h"

#include <string.h>

void ll_cpu_meet(ll_worker *w)
{
    ll_executor *e = w->executor;
    if (!e->batch->profile) {
        ll_team_barrier(e->team);
        return;
    }
    double came = ll_seconds();
    ll_team_barrier(e->team);
    w->waited += ll_seconds() - came;
}

void ll_cpu_measure_start(ll_worker *w)
{
    memset(w->seconds, 0, sizeof w->seconds);
    memset(w->waiting, 0, sizeof w->waiting);
    w->waited = 0;
    w->met = ll_seconds();
}

void ll_cpu_measure_phase(ll_worker *w, ll_phase_kind kind)
{
    double now = ll_seconds();
    w->seconds[kind] += now - w->met;
    w->waiting[kind] += w->waited;
    w->met = now;
    w->waited = 0;
}

/* What a phase does, as opposed to the time that it takes: the same on every device. */
static void add_work(const ll_executor *e, const ll_phase *p, ll_phase_profile *to)
{
    uint32_t n = p->tail_only ? e->n_tail : e->n_columns;
    if (n == 0)
        return;
    to->calls++;
    to->flops += p->flops * n;
    to->weight_bytes += p->kind == LL_PHASE_EMBED ? p->weight_bytes * n : p->weight_bytes;
    if (p->kind == LL_PHASE_ATTENTION) {
        uint64_t flops, kv_bytes;
        ll_cpu_attention_work(e, p, &flops, &kv_bytes);
        to->flops += flops;
        to->kv_bytes += kv_bytes;
    }
}

void ll_cpu_profile_add(const ll_executor *e, uint32_t first, uint32_t end, double seconds, ll_profile *profile)
{
    uint32_t n_threads = e->workers[0].n_threads;
    profile->n_batches++;
    profile->n_tokens += e->n_columns;
    profile->n_threads += n_threads;
    profile->seconds += seconds;
    for (uint32_t i = first; i < end; i++)
        add_work(e, &e->plan.phases[i], &profile->phases[e->plan.phases[i].kind]);
    for (size_t kind = 0; kind < LL_PHASE_KINDS; kind++) {
        ll_phase_profile *to = &profile->phases[kind];
        to->seconds += e->workers[0].seconds[kind];
        for (uint32_t t = 0; t < n_threads; t++) {
            const ll_worker *w = &e->workers[t];
            to->computing += (w->seconds[kind] - w->waiting[kind]) / n_threads;
            to->waiting += w->waiting[kind] / n_threads;
        }
    }
}
