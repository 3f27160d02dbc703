/* SPDX-License-Identifier: MIT
 * What a scenario of training leaves open, by trying it out: micro-batch, recomputation, and how a run is spread over
 * its devices.
 */
#include "estimate/training.h"

#include <math.h>

enum { LARGEST_MICRO = 1 << 20 };
static const double far_behind = 0.7; /* of the best rate */

static double most(const ll_training *t)
{
    return ll_sheet_value(t->sheet, "k.train_memory") * ll_sheet_value(t->sheet, "device.memory");
}

/* Bytes that a plan needs; its layout is on the sheet. */
static double needed(ll_training *t, const ll_training_plan *p)
{
    const ll_sheet_trial trial = ll_sheet_begin_trial(t->sheet);
    ll_training_put_batch(t, p);
    ll_training_put_memory(t, p);
    const double bytes = ll_sheet_value(t->sheet, "memory.total");
    ll_sheet_end_trial(t->sheet, trial);
    return bytes;
}

/* As little as fits: nothing, or what is cheap, or that and as few whole layers as possible. */
static void choose_recompute(ll_training *t, ll_training_plan *p)
{
    const double room = most(t);
    p->share = 0;
    if (p->recompute != LL_RECOMPUTE_OPEN) {
        p->fits = needed(t, p) <= room;
        return;
    }
    p->recompute = LL_RECOMPUTE_NONE;
    p->fits = needed(t, p) <= room;
    if (p->fits)
        return;
    p->recompute = LL_RECOMPUTE_CHEAP;
    const double high = needed(t, p);
    if (high <= room) {
        p->fits = true;
        return;
    }
    p->share = 1;
    const double low = needed(t, p);
    p->fits = low <= room;
    if (p->fits)
        p->share = (high - room) / (high - low);
}

static double step_time(ll_training *t, const ll_training_plan *p)
{
    const ll_sheet_trial trial = ll_sheet_begin_trial(t->sheet);
    ll_training_put_batch(t, p);
    ll_training_put_step(t, p);
    const double time = ll_sheet_value(t->sheet, "step.time");
    ll_sheet_end_trial(t->sheet, trial);
    return time;
}

/* The next micro-batch to try behind this one; 0: none. Experts are trained with small ones. */
static double next_micro(const ll_training *t, const ll_training_plan *p, double micro, double per_replica)
{
    const double tokens = 2 * micro * ll_sheet_value(t->sheet, "context.tokens") / p->cp;
    const bool goes_on = !t->has_experts && 2 * micro <= per_replica &&
                         tokens <= ll_sheet_value(t->sheet, "k.train_micro_tokens") && micro < LARGEST_MICRO;
    return goes_on ? 2 * micro : 0;
}

/* What parameters take alone is more than there is, whatever the micro-batch; the layout is on the sheet. */
static bool cannot_fit(const ll_training *t)
{
    static const char *const parts[] = {"memory.weights", "memory.gradients", "memory.optimizer", "memory.gathered"};
    double bytes = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        bytes += ll_sheet_value(t->sheet, parts[i]);
    return bytes > most(t);
}

/* Where nothing is computed again, which takes less to work out than whether it fits. */
static double least_time(ll_training *t, const ll_training_plan *p)
{
    ll_training_plan quickest = *p;
    quickest.share = 0;
    if (quickest.recompute == LL_RECOMPUTE_OPEN)
        quickest.recompute = LL_RECOMPUTE_NONE;
    return step_time(t, &quickest);
}

/* Choose the micro-batch and what is computed again; returns the step's time, and leaves the sheet as it was. With a
 * limit only a plan that fits and is faster counts; 0: there is none. *least: no micro-batch takes less; 0: unknown. */
static double resolve(ll_training *t, ll_training_plan *p, double limit, double *least)
{
    const ll_sheet_trial trial = ll_sheet_begin_trial(t->sheet);
    ll_training_put_layout(t, p);
    const double per_replica = ll_sheet_value(t->sheet, "batch.per_replica");
    const ll_training_plan open = *p;
    const bool must_fit = limit > 0;
    double best = 0, micro = open.micro_batch > 0 ? open.micro_batch : 1;
    *least = 0;
    if (must_fit && cannot_fit(t))
        micro = 0;
    for (; micro > 0 && !t->sheet->status;
         micro = open.micro_batch > 0 ? 0 : next_micro(t, &open, micro, per_replica)) {
        ll_training_plan tried = open;
        tried.micro_batch = fmax(1, fmin(micro, per_replica));
        if (must_fit) {
            const double time = least_time(t, &tried);
            *least = *least > 0 ? fmin(*least, time) : time;
            if (time >= limit)
                continue;
        }
        choose_recompute(t, &tried);
        if ((best > 0 || must_fit) && !tried.fits)
            break;
        const double time = step_time(t, &tried);
        if (best == 0 || time < best) {
            best = time;
            *p = tried;
        }
    }
    ll_sheet_end_trial(t->sheet, trial);
    return best;
}

void ll_training_resolve(ll_training *t, ll_training_plan *p)
{
    double least;
    (void)resolve(t, p, 0, &least);
}

typedef struct best_plan {
    ll_training_plan plan;
    double rate; /* sequences in a second; 0: none */
} best_plan;

/* *known: the rate that it could at most have had in the search before; becomes that of this one. */
static void try_plan(ll_training *t, ll_training_plan p, best_plan *best, double *known)
{
    double least;
    if (!t->has_batch)
        p.sequences = fmax(p.sequences, floor(p.devices / (p.tp * p.pp)));
    p.has_split_norms = p.tp > 1 && t->attention != LL_ATTENTION_UNFUSED;
    const double time = resolve(t, &p, best->rate > 0 && best->plan.fits ? p.sequences / best->rate : 0, &least);
    const double rate = time > 0 ? p.sequences / time : 0;
    if (rate > 0 &&
        (best->rate <= 0 || (p.fits && !best->plan.fits) || (p.fits == best->plan.fits && rate > best->rate)))
        *best = (best_plan){p, rate};
    *known = least > 0 ? p.sequences / least : rate;
}

/* Ways to spread experts; 1 where none of them divides. */
static size_t expert_choices(const ll_training *t, double devices, double choices[LL_EP_CHOICES])
{
    size_t n = 0;
    for (double ep = 8; t->has_experts && ep <= 64; ep *= 2)
        if (ep <= devices && fmod(t->bill->experts, ep) == 0)
            choices[n++] = ep;
    if (n == 0)
        choices[n++] = 1;
    return n;
}

/* Adapters of one device have nothing to share; weights that are trained as a whole are kept otherwise when sharded. */
static bool may_shard(const ll_training *t, const ll_training_plan *p) { return !t->has_adapters || p->devices > 1; }

void ll_training_search(ll_training *t, ll_training_plan *p, ll_training_shortlist *list)
{
    ll_training_shortlist none = {.best = 0};
    best_plan best = {.plan = *p};
    const double domain = fmax(1, ll_sheet_value(t->sheet, "device.domain"));
    if (!list)
        list = &none;
    for (int i = 0; i < LL_TP_CHOICES && 1 << i <= domain && 1 << i <= p->devices; i++)
        for (int j = 0; j < LL_PP_CHOICES && 1 << (i + j) <= p->devices && 1 << j <= t->bill->layers; j++) {
            double choices[LL_EP_CHOICES];
            const size_t n = expert_choices(t, floor(p->devices / (1 << j)), choices);
            for (size_t k = 0; k < n; k++)
                for (int sharded = 0; sharded <= (j == 0 && may_shard(t, p)); sharded++) {
                    double *known = &list->rates[i][j][k][sharded];
                    ll_training_plan tried = *p;
                    tried.tp = 1 << i;
                    tried.pp = 1 << j;
                    tried.ep = choices[k];
                    tried.zero = sharded ? 3 : 1;
                    tried.is_fsdp = sharded != 0;
                    if (*known == 0 || *known >= far_behind * list->best)
                        try_plan(t, tried, &best, known);
                }
        }
    *p = best.plan;
    list->best = best.plan.fits ? best.rate : 0;
    if (best.rate <= 0)
        ll_training_resolve(t, p);
}
