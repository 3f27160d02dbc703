/* SPDX-License-Identifier: MIT
 * What a scenario of training leaves open, by trying it out: micro-batch, recomputation, and how a run is spread over
 * its devices.
 */
#include "estimate/training.h"

#include <math.h>

enum { LARGEST_MICRO = 1 << 20 };
static const double far_behind = 0.7, /* of the best rate */
    slack = 0.01;                     /* where devices do not divide */

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

static double step_time(ll_training *t, const ll_training_plan *p, double *of_micro)
{
    const ll_sheet_trial trial = ll_sheet_begin_trial(t->sheet);
    ll_training_put_batch(t, p);
    ll_training_put_step(t, p);
    const double time = ll_sheet_value(t->sheet, "step.time");
    if (of_micro)
        *of_micro = ll_sheet_value(t->sheet, "micro.time");
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
static bool cannot_fit(const ll_training *t, const ll_training_plan *p, bool *whatever)
{
    static const char *const parts[] = {"memory.weights", "memory.gradients", "memory.gathered", "memory.optimizer"};
    double bytes = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bytes += ll_sheet_value(t->sheet, parts[i]);
        /* States of the optimizer are what replicas share at most. */
        *whatever = i + 1 < sizeof parts / sizeof *parts ? p->zero < 2 && bytes > most(t) : *whatever;
    }
    return bytes > most(t);
}

/* Where nothing is computed again, which takes less to work out than whether it fits. */
static double least_time(ll_training *t, const ll_training_plan *p, double *of_micro)
{
    ll_training_plan quickest = *p;
    quickest.share = 0;
    if (quickest.recompute == LL_RECOMPUTE_OPEN)
        quickest.recompute = LL_RECOMPUTE_NONE;
    return step_time(t, &quickest, of_micro);
}

static double replicas(const ll_training_plan *p) { return fmax(1, floor(p->devices / (p->tp * p->pp * p->cp))); }

/* Choose the micro-batch and what is computed again; returns the step's time, and leaves the sheet as it was. With a
 * limit only a plan that fits and takes no longer counts; 0: there is none. What is known of the layout is nullable. */
static double resolve(ll_training *t, ll_training_plan *p, double limit, struct ll_training_known *known)
{
    const ll_sheet_trial trial = ll_sheet_begin_trial(t->sheet);
    ll_training_put_layout(t, p);
    const double per_replica = ll_sheet_value(t->sheet, "batch.per_replica");
    const ll_training_plan open = *p;
    const bool must_fit = limit > 0;
    double best = 0, least = 0, per_sequence = 0, micro = open.micro_batch > 0 ? open.micro_batch : 1;
    bool whatever = false, are_all = true;
    if (must_fit && cannot_fit(t, p, &whatever))
        micro = 0;
    for (; micro > 0 && !t->sheet->status;
         micro = open.micro_batch > 0 ? 0 : next_micro(t, &open, micro, per_replica)) {
        ll_training_plan tried = open;
        tried.micro_batch = fmax(1, fmin(micro, per_replica));
        if (known) {
            double of_micro;
            const double time = least_time(t, &tried, &of_micro);
            least = least > 0 ? fmin(least, time) : time;
            of_micro /= tried.micro_batch;
            per_sequence = per_sequence > 0 ? fmin(per_sequence, of_micro) : of_micro;
            if (must_fit && time > limit * (1 + slack))
                continue;
        }
        choose_recompute(t, &tried);
        if ((best > 0 || must_fit) && !tried.fits) {
            are_all = false;
            break;
        }
        const double time = step_time(t, &tried, NULL);
        if (best == 0 || time < best) {
            best = time;
            *p = tried;
        }
    }
    if (known)
        *known = (struct ll_training_known){.rate = least > 0 ? p->sequences / least : 0,
                                            .replicas = are_all ? replicas(p) : 0,
                                            .per_sequence = are_all ? per_sequence : 0,
                                            .is_too_large = whatever};
    ll_sheet_end_trial(t->sheet, trial);
    return best;
}

void ll_training_resolve(ll_training *t, ll_training_plan *p) { (void)resolve(t, p, 0, NULL); }

typedef struct best_plan {
    ll_training_plan plan;
    double rate; /* sequences in a second; 0: none */
    int layout;  /* of equal ones the first counts */
} best_plan;

static bool is_better(const best_plan *one, const best_plan *other)
{
    if (one->rate <= 0 || other->rate <= 0 || one->plan.fits != other->plan.fits)
        return one->rate > 0 && (other->rate <= 0 || one->plan.fits);
    return one->rate > other->rate || (one->rate == other->rate && one->layout < other->layout);
}

/* More replicas get a batch done faster at most by how many more they are; and none is faster than its micro-batches,
 * one after the other, and the stages of the first one. */
static bool is_behind(struct ll_training_known *known, const ll_training_plan *p, const best_plan *best)
{
    const double n = replicas(p), micros = fmax(1, p->sequences / n) + (p->pp - 1) / p->vp;
    if (best->rate <= 0 || !best->plan.fits)
        return false;
    if (known->is_too_large)
        return true;
    double at_most = INFINITY;
    if (known->per_sequence > 0)
        at_most = p->sequences / (known->per_sequence * micros);
    if (known->rate > 0 && known->replicas > 0)
        at_most = fmin(at_most, known->rate * n / known->replicas);
    at_most *= 1 + slack;
    if (at_most >= best->rate)
        return false;
    known->rate = at_most;
    known->replicas = n;
    return true;
}

static void try_plan(ll_training *t, best_plan tried, best_plan *best, struct ll_training_known *known)
{
    ll_training_plan *p = &tried.plan;
    if (!t->has_batch)
        p->sequences = fmax(p->sequences, floor(p->devices / (p->tp * p->pp)));
    p->has_split_norms = p->tp > 1 && t->attention != LL_ATTENTION_UNFUSED;
    if (is_behind(known, p, best))
        return;
    const double time = resolve(t, p, best->rate > 0 && best->plan.fits ? p->sequences / best->rate : 0, known);
    tried.rate = time > 0 ? p->sequences / time : 0;
    if (is_better(&tried, best))
        *best = tried;
}

void ll_training_forget_rates(ll_training_shortlist *list, bool has_other_micros)
{
    for (int i = 0; i < LL_LAYOUTS; i++) {
        list->layouts[i].rate = 0;
        if (has_other_micros)
            list->layouts[i].per_sequence = 0;
    }
    list->best = 0;
}

/* Whether experts can be spread in the k-th way, among 8, 16, 32 or 64 devices, of so many; 0: not at all, where none
 * of these is possible. */
static bool can_spread(const ll_training *t, double devices, int k)
{
    if (k > 0)
        return t->has_experts && 4 << k <= devices && fmod(t->bill->experts, 4 << k) == 0;
    for (int other = 1; other < LL_EP_CHOICES; other++)
        if (can_spread(t, devices, other))
            return false;
    return true;
}

/* Adapters of one device have nothing to share; weights that are trained as a whole are kept otherwise when sharded. */
static bool may_shard(const ll_training *t, const ll_training_plan *p) { return !t->has_adapters || p->devices > 1; }

/* The layout with this number; false: these devices, or this model, have none. */
static bool layout_of(const ll_training *t, int number, ll_training_plan *p)
{
    const int sharded = number % LL_SHARD_CHOICES, k = number / LL_SHARD_CHOICES % LL_EP_CHOICES;
    const int j = number / (LL_SHARD_CHOICES * LL_EP_CHOICES) % LL_PP_CHOICES;
    const int i = number / (LL_SHARD_CHOICES * LL_EP_CHOICES * LL_PP_CHOICES);
    if (1 << i > fmax(1, ll_sheet_value(t->sheet, "device.domain")) || 1 << (i + j) > p->devices ||
        1 << j > t->bill->layers || (sharded && (j > 0 || !may_shard(t, p))) ||
        !can_spread(t, floor(p->devices / (1 << j)), k))
        return false;
    p->tp = 1 << i;
    p->pp = 1 << j;
    p->ep = k > 0 ? 4 << k : 1;
    p->zero = sharded ? 3 : 1;
    p->is_fsdp = sharded != 0;
    return true;
}

void ll_training_search(ll_training *t, ll_training_plan *p, ll_training_shortlist *list)
{
    ll_training_shortlist none = {.best = 0};
    best_plan best = {.plan = *p};
    if (!list)
        list = &none;
    for (int n = -1; n < LL_LAYOUTS; n++) {
        const int number = n < 0 ? list->first : n;
        struct ll_training_known *known = &list->layouts[number];
        best_plan tried = {.plan = *p, .layout = number};
        if ((n == list->first) || (known->rate > 0 && known->rate < far_behind * list->best) ||
            !layout_of(t, number, &tried.plan))
            continue;
        try_plan(t, tried, &best, known);
    }
    *p = best.plan;
    list->first = best.layout;
    list->best = best.plan.fits ? best.rate : 0;
    if (best.rate <= 0)
        ll_training_resolve(t, p);
}
