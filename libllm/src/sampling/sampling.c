/* SPDX-License-Identifier: MIT
 * The chain of samplers: bias, penalties, top-k, typical, top-p, min-p, temperature, draw.
 *
 * Candidates live in a binary heap, so that top-k and top-p only ever order the few that they keep instead of sorting
 * the vocabulary. With the most probable on top, taken candidates gather, in falling order, at the array's end.
 */
#include "sampling/sampling.h"

#include "base/status.h"

#include <math.h>

enum { PENALTY_WINDOW_DEFAULT = 64 };

static void settle(float *value, float recommended, float otherwise)
{
    if (*value == -1)
        *value = recommended == -1 ? otherwise : recommended;
}

void ll_sampling_settle(libllm_sampling_options *o, const libllm_sampling_options *recommended)
{
    settle(&o->temperature, recommended->temperature, 0.8f);
    settle(&o->top_p, recommended->top_p, 0.95f);
    settle(&o->min_p, recommended->min_p, 0.05f);
    settle(&o->repetition_penalty, recommended->repetition_penalty, 1);
    if (o->top_k == UINT32_MAX)
        o->top_k = recommended->top_k == UINT32_MAX ? 40 : recommended->top_k;
    if (o->penalty_window == 0)
        o->penalty_window = recommended->penalty_window ? recommended->penalty_window : PENALTY_WINDOW_DEFAULT;
}

static libllm_status out_of_bounds(libllm_error *error, const char *name, float value, const char *expected)
{
    return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "sampling option %s is %g, expected %s", name, (double)value,
                   expected);
}

libllm_status ll_sampling_check(const libllm_sampling_options *o, uint32_t n_vocab, libllm_error *error)
{
    if (!(o->temperature >= 0) || isinf(o->temperature))
        return out_of_bounds(error, "temperature", o->temperature, "a number from 0 on");
    if (!(o->top_p >= 0 && o->top_p <= 1))
        return out_of_bounds(error, "top_p", o->top_p, "0 to 1");
    if (!(o->typical_p >= 0 && o->typical_p <= 1))
        return out_of_bounds(error, "typical_p", o->typical_p, "0 to 1");
    if (!(o->min_p >= 0 && o->min_p <= 1))
        return out_of_bounds(error, "min_p", o->min_p, "0 to 1");
    if (!(o->repetition_penalty >= 0) || isinf(o->repetition_penalty))
        return out_of_bounds(error, "repetition_penalty", o->repetition_penalty, "a number from 0 on");
    if (!isfinite(o->frequency_penalty))
        return out_of_bounds(error, "frequency_penalty", o->frequency_penalty, "a number");
    if (!isfinite(o->presence_penalty))
        return out_of_bounds(error, "presence_penalty", o->presence_penalty, "a number");
    if (o->n_logit_bias && !o->logit_bias)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "sampling option logit_bias is NULL");
    for (uint32_t i = 0; i < o->n_logit_bias; i++) {
        if (o->logit_bias[i].token < 0 || (uint32_t)o->logit_bias[i].token >= n_vocab)
            return ll_fail(error, LIBLLM_ERROR_OUT_OF_RANGE, "logit_bias names token %d of a vocabulary of %u",
                           o->logit_bias[i].token, n_vocab);
        if (!(o->logit_bias[i].bias < INFINITY))
            return out_of_bounds(error, "logit_bias", o->logit_bias[i].bias, "a number or -infinity");
    }
    return LIBLLM_OK;
}

/* Higher key first, lower id among equals: a total order, so that results do not depend on the heap. */
static bool before(ll_candidate a, ll_candidate b) { return a.key > b.key || (a.key == b.key && a.token < b.token); }

typedef bool order(ll_candidate a, ll_candidate b);

static bool behind(ll_candidate a, ll_candidate b) { return before(b, a); }

static inline void sift_down(ll_candidate *heap, size_t n, size_t i, order *above)
{
    ll_candidate moving = heap[i];
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && above(heap[child + 1], heap[child]))
            child++;
        if (!above(heap[child], moving))
            break;
        heap[i] = heap[child];
    }
    heap[i] = moving;
}

static inline void make_heap(ll_candidate *heap, size_t n, order *above)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(heap, n, i, above);
}

/* Move the best of heap[0, n) to heap[n - 1]. */
static ll_candidate pop(ll_candidate *heap, size_t n)
{
    ll_candidate best = heap[0];
    heap[0] = heap[n - 1];
    heap[n - 1] = best;
    sift_down(heap, n - 1, 0, before);
    return best;
}

static void swap(ll_candidate *a, ll_candidate *b)
{
    ll_candidate t = *a;
    *a = *b;
    *b = t;
}

/* What was popped lies in falling order from the end backwards: bring it to the front, best first. */
static void popped_to_front(ll_candidate *c, size_t n, size_t n_popped)
{
    for (size_t i = 0; i < n_popped && i < n - 1 - i; i++)
        swap(&c[i], &c[n - 1 - i]);
}

/* A heap with the worst on top, in falling order. */
static void sort_worst(ll_candidate *c, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        swap(&c[0], &c[i]);
        sift_down(c, i, 0, behind);
    }
}

/* Keep the k best, in falling order: a heap of k with the worst on top, past which few of the others come. */
static size_t keep_top_k(ll_candidate *c, size_t n, size_t k)
{
    make_heap(c, k, behind);
    for (size_t i = k; i < n; i++)
        if (before(c[i], c[0])) {
            c[0] = c[i];
            sift_down(c, k, 0, behind);
        }
    sort_worst(c, k);
    return k;
}

static double probability_sum(const ll_candidate *c, size_t n, float maximum)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)(c[i].logit - maximum));
    return sum;
}

static float highest(const ll_candidate *c, size_t n)
{
    float maximum = c[0].logit;
    for (size_t i = 1; i < n; i++)
        maximum = c[i].logit > maximum ? c[i].logit : maximum;
    return maximum;
}

/* Keep the fewest best whose probabilities reach p, in falling order. */
static size_t keep_top_p(ll_candidate *c, size_t n, double p)
{
    float maximum = highest(c, n);
    double sum = probability_sum(c, n, maximum), mass = 0;
    make_heap(c, n, before);
    size_t kept = 0;
    while (kept < n && mass < p * sum) {
        mass += exp((double)(pop(c, n - kept).logit - maximum));
        kept++;
    }
    popped_to_front(c, n, kept);
    return kept;
}

/* Locally typical sampling: keep those whose surprise is closest to the expected surprise, up to probability p. */
static size_t keep_typical(ll_candidate *c, size_t n, double p)
{
    float maximum = highest(c, n);
    double log_sum = log(probability_sum(c, n, maximum)), entropy = 0;
    for (size_t i = 0; i < n; i++) {
        double log_p = (double)(c[i].logit - maximum) - log_sum;
        entropy -= exp(log_p) * log_p;
    }
    for (size_t i = 0; i < n; i++)
        c[i].key = (float)-fabs((double)(c[i].logit - maximum) - log_sum + entropy);
    make_heap(c, n, before);
    size_t kept = 0;
    double mass = 0;
    while (kept < n && mass < p)
        mass += exp((double)(pop(c, n - kept++).logit - maximum) - log_sum);
    popped_to_front(c, n, kept);
    for (size_t i = 0; i < kept; i++)
        c[i].key = c[i].logit;
    return kept;
}

static size_t keep_min_p(ll_candidate *c, size_t n, double min_p)
{
    float maximum = highest(c, n);
    double lowest = (double)maximum + log(min_p);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if ((double)c[i].logit >= lowest)
            c[kept++] = c[i];
    return kept;
}

static int32_t draw(const ll_candidate *c, size_t n, double temperature, double uniform)
{
    float maximum = highest(c, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)(c[i].logit - maximum) / temperature);
    double left = uniform * sum;
    for (size_t i = 0; i + 1 < n; i++) {
        left -= exp((double)(c[i].logit - maximum) / temperature);
        if (left < 0)
            return c[i].token;
    }
    return c[n - 1].token;
}

/* Candidate i is token i at this point, and its key counts the token in the window. */
static void penalize(const libllm_sampling_options *o, ll_candidate *c, const int32_t *history, size_t n_history)
{
    const size_t window = o->penalty_window;
    if (window < n_history) {
        history += n_history - window;
        n_history = window;
    }
    for (size_t i = 0; i < n_history; i++)
        c[history[i]].key++;
    for (size_t i = 0; i < n_history; i++) {
        ll_candidate *seen = &c[history[i]];
        if (seen->key == 0) /* it had its turn */
            continue;
        if (o->repetition_penalty > 0)
            seen->logit = seen->logit > 0 ? seen->logit / o->repetition_penalty : seen->logit * o->repetition_penalty;
        seen->logit -= seen->key * o->frequency_penalty;
        seen->logit -= o->presence_penalty;
        seen->key = 0;
    }
}

static bool is_allowed(const uint32_t *allowed, uint32_t token)
{
    return !allowed || allowed[token / 32] >> token % 32 & 1;
}

static bool penalizes(const libllm_sampling_options *o)
{
    return (o->repetition_penalty > 0 && o->repetition_penalty != 1) || o->frequency_penalty != 0 ||
           o->presence_penalty != 0;
}

static libllm_status fail_nan(uint32_t token, libllm_error *error)
{
    return ll_fail(error, LIBLLM_ERROR_NUMERIC, "the logit of token %u is not a number", token);
}

enum { LOGITS_AT_ONCE = 16 };

/* One of LOGITS_AT_ONCE logits is above the bound, or no number. */
static bool some_above(const float *logits, float bound)
{
    int some = 0;
    for (int i = 0; i < LOGITS_AT_ONCE; i++)
        some |= !(logits[i] <= bound);
    return some;
}

/* The k best of the tokens as keep_top_k() has them, straight from the logits: most are passed over in steps, as they
 * are not above the worst of those found. Fewer than k in the order of their ids. */
static libllm_status gather_top_k(const float *logits, uint32_t n_vocab, const uint32_t *allowed, size_t k,
                                  ll_candidate *c, size_t *n_out, libllm_error *error)
{
    float bound = -INFINITY; /* of equals the first are better */
    size_t n = 0;
    bool full = false;
    for (uint32_t i = 0; i < n_vocab; i++) {
        while (n_vocab - i > LOGITS_AT_ONCE && !some_above(logits + i, bound))
            i += LOGITS_AT_ONCE;
        if (isnan(logits[i]))
            return fail_nan(i, error);
        if (!(logits[i] > bound) || !is_allowed(allowed, i))
            continue;
        const ll_candidate found = {.logit = logits[i], .key = logits[i], .token = (int32_t)i};
        if (n < k) {
            c[n++] = found;
            continue;
        }
        if (!full)
            make_heap(c, k, behind);
        if (before(found, c[0])) {
            c[0] = found;
            sift_down(c, k, 0, behind);
        }
        full = true;
        bound = c[0].logit;
    }
    if (full)
        sort_worst(c, k);
    *n_out = n;
    return LIBLLM_OK;
}

/* All tokens with biases and penalties; what is forbidden is left out. */
static libllm_status gather(const libllm_sampling_options *o, const float *logits, uint32_t n_vocab,
                            const uint32_t *allowed, const int32_t *history, size_t n_history, ll_candidate *c,
                            size_t *n_out, libllm_error *error)
{
    for (uint32_t i = 0; i < n_vocab; i++) {
        if (isnan(logits[i]))
            return fail_nan(i, error);
        c[i] = (ll_candidate){.logit = logits[i], .token = (int32_t)i};
    }
    for (uint32_t i = 0; i < o->n_logit_bias; i++)
        c[o->logit_bias[i].token].logit += o->logit_bias[i].bias;
    if (penalizes(o))
        penalize(o, c, history, n_history);
    size_t n = 0;
    for (uint32_t i = 0; i < n_vocab; i++)
        if (c[i].logit > -INFINITY && is_allowed(allowed, i)) {
            c[n] = c[i];
            c[n].key = c[n].logit;
            n++;
        }
    *n_out = n;
    return LIBLLM_OK;
}

libllm_status ll_sample(const libllm_sampling_options *o, const float *logits, uint32_t n_vocab,
                        const uint32_t *allowed, const int32_t *history, size_t n_history, uint64_t position,
                        ll_candidate *c, int32_t *token, libllm_error *error)
{
    const size_t k = o->temperature == 0 ? 1 : o->top_k;
    size_t n = 0;
    libllm_status status = k > 0 && k < n_vocab && !o->n_logit_bias && !penalizes(o)
                               ? gather_top_k(logits, n_vocab, allowed, k, c, &n, error)
                               : gather(o, logits, n_vocab, allowed, history, n_history, c, &n, error);
    if (!status && n == 0)
        status =
            ll_fail(error, LIBLLM_ERROR_NUMERIC, "no token is left: the logit of each that may be chosen is -infinity");
    if (status)
        return status;
    if (isinf(highest(c, n)))
        return ll_fail(error, LIBLLM_ERROR_NUMERIC, "a logit is infinite");
    if (o->temperature == 0) {
        ll_candidate best = c[0];
        for (size_t i = 1; i < n; i++)
            if (before(c[i], best))
                best = c[i];
        *token = best.token;
        return LIBLLM_OK;
    }
    if (o->top_k > 0 && o->top_k < n)
        n = keep_top_k(c, n, o->top_k);
    if (o->typical_p > 0 && o->typical_p < 1)
        n = keep_typical(c, n, (double)o->typical_p);
    if (o->top_p > 0 && o->top_p < 1)
        n = keep_top_p(c, n, (double)o->top_p);
    if (o->min_p > 0)
        n = keep_min_p(c, n, (double)o->min_p);
    *token = draw(c, n, (double)o->temperature, ll_uniform(o->seed, position));
    return LIBLLM_OK;
}
