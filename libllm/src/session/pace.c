/* SPDX-License-Identifier: MIT
 * How many guesses pay.
 */
#include "session/pace.h"

enum { MEASURED = 32, PLAIN_MIN = 2, FIRST_MAX = 2, REST_MIN = 32, REST_LONGER = 4, REST_MAX = 1024 };

/* What is thought of guesses before any was tried counts as much as so many. */
static const double PRIOR_TAKEN = 2, PRIOR_TRIED = 2.5;

static void weaken(ll_mean *mean, double n)
{
    if (mean->n > n) {
        mean->sum *= n / mean->n;
        mean->n = n;
    }
}

double ll_mean_of(const ll_mean *mean) { return mean->n > 0 ? mean->sum / mean->n : 0; }

void ll_mean_add(ll_mean *mean, double value)
{
    weaken(mean, MEASURED);
    mean->sum += value;
    mean->n++;
}

void ll_pace_count(ll_pace *p, bool taken)
{
    if (p->tried >= MEASURED) {
        p->tried /= 2;
        p->taken /= 2;
    }
    p->tried++;
    p->taken += taken;
}

static size_t best(const ll_pace *p, const ll_step_cost *cost, size_t n_max)
{
    const double right = (p->taken + PRIOR_TAKEN) / (p->tried + PRIOR_TRIED);
    const double plain = ll_mean_of(&cost->plain), each = ll_mean_of(&cost->column) + ll_mean_of(&p->seconds);
    double most = 1 / plain, all_right = 1, tokens = 1;
    size_t n_best = 0;
    for (size_t n = 1; n <= n_max; n++) {
        all_right *= right;
        tokens += all_right;
        const double rate = tokens / (plain + (double)n * each);
        if (rate > most) {
            most = rate;
            n_best = n;
        }
    }
    return n_best;
}

size_t ll_pace_wanted(ll_pace *p, ll_step_cost *cost, size_t n_max)
{
    if (n_max == 0 || cost->plain.n < PLAIN_MIN)
        return 0;
    if (p->rest) {
        p->rest--;
        return 0;
    }
    const bool known = cost->column.n > 0; /* what a guess costs */
    const size_t n = best(p, cost, known || n_max < FIRST_MAX ? n_max : FIRST_MAX);
    if (n || p->n_steps == 0) /* after a rest there is one step to see what has become of it */
        return n ? n : 1;
    if (p->n_steps >= MEASURED || p->next_rest == 0)
        p->next_rest = REST_MIN;
    p->rest = p->next_rest;
    p->next_rest = p->next_rest * REST_LONGER < REST_MAX ? p->next_rest * REST_LONGER : REST_MAX;
    p->n_steps = 0;
    const double kept = 4 / (4 + p->tried);
    p->taken *= kept;
    p->tried *= kept;
    weaken(&p->seconds, 1);
    weaken(&cost->column, 1);
    return 0;
}
