/* SPDX-License-Identifier: MIT
 * Unigram: the pieces of a word with the best sum of scores (Viterbi). Of the sums only those that pieces can still
 * reach are kept, of every place the length of the piece that ends there best.
 */
#include "tokenizer/internal.h"

#include <math.h>

static bool reserve(ll_encoder *e, size_t size, size_t n_window)
{
    const ll_host *host = e->tokenizer->host;
    if (e->n_lengths < size + 1) {
        ll_free(host, e->lengths);
        e->lengths = ll_alloc(host, size + 1, sizeof *e->lengths);
        e->n_lengths = e->lengths ? size + 1 : 0;
    }
    if (!e->best)
        e->best = ll_alloc(host, n_window, sizeof *e->best);
    if (e->lengths && e->best)
        return true;
    e->out->failed = true;
    return false;
}

typedef struct lattice {
    double *best; /* by place, modulo the window; NaN: not reached */
    uint32_t *lengths;
    size_t mask;
} lattice;

/* Of equal sums the one that was found first stays. */
static void offer(const lattice *l, size_t at, size_t n, double sum)
{
    double *best = &l->best[(at + n) & l->mask];
    if (isnan(*best) || sum > *best) {
        *best = sum;
        l->lengths[at + n] = (uint32_t)n;
    }
}

static void offer_token(const ll_tokenizer *t, const lattice *l, const char *text, size_t at, size_t n,
                        size_t n_character, bool *has_single)
{
    int32_t id = ll_vocabulary_find(&t->vocabulary, text + at, n);
    if (id < 0)
        return;
    offer(l, at, n, t->vocabulary.scores[id] + l->best[at & l->mask]);
    *has_single = *has_single || n == n_character;
}

static void find_best(const ll_tokenizer *t, const lattice *l, const char *text, size_t size)
{
    for (size_t i = 0; i <= l->mask; i++)
        l->best[i] = NAN;
    l->best[0] = 0;
    l->lengths[0] = 0;
    for (size_t at = 0, n; at < size; at += n) {
        ll_valid_character(text + at, &n);
        bool has_single = false;
        uint64_t lengths = ll_lengths_at(&t->vocabulary.lengths, text + at, size - at);
        for (uint64_t rest = lengths & UINT64_MAX >> 1; rest; rest &= rest - 1)
            offer_token(t, l, text, at, (size_t)__builtin_ctzll(rest), n, &has_single);
        if (lengths >> 63)
            for (size_t k = 63; k <= t->vocabulary.lengths.longest && k <= size - at; k++)
                offer_token(t, l, text, at, k, n, &has_single);
        if (!has_single)
            offer(l, at, n, t->unknown_score + l->best[at & l->mask]);
        for (size_t k = 0; k < n; k++)
            l->best[(at + k) & l->mask] = NAN; /* for the place that comes round here */
    }
}

static void emit_unknown(ll_encoder *e, const char *text, size_t size)
{
    const ll_tokenizer *t = e->tokenizer;
    bool falls_back = t->falls_back;
    for (size_t i = 0; i < size && falls_back; i++)
        falls_back = t->vocabulary.fallback[(unsigned char)text[i]] >= 0;
    for (size_t i = 0; i < size && falls_back; i++)
        ll_tokens_push(e->out, t->vocabulary.fallback[(unsigned char)text[i]]);
    if (!falls_back)
        ll_encoder_emit(e, LL_NO_TOKEN);
}

void ll_unigram_encode(ll_encoder *e, const char *text, size_t size)
{
    const ll_tokenizer *t = e->tokenizer;
    size_t window = 8;
    while (window < (size_t)t->vocabulary.lengths.longest + 8)
        window *= 2;
    if (size == 0 || !reserve(e, size, window))
        return;
    lattice l = {e->best, e->lengths, window - 1};
    find_best(t, &l, text, size);
    /* From the end to the start, turning the chain round: then lengths[i] is that of the piece that starts at i. */
    uint32_t length = l.lengths[size];
    for (size_t at = size; at > 0;) {
        size_t start = at - length;
        uint32_t before = l.lengths[start];
        l.lengths[start] = length;
        length = before;
        at = start;
    }
    size_t n_unknown = 0, i = 0;
    e->after_unknown = false;
    while (i < size) {
        size_t n = l.lengths[i];
        int32_t id = ll_vocabulary_find(&t->vocabulary, text + i, n);
        if (id < 0) {
            n_unknown += n;
        } else {
            if (n_unknown > 0)
                emit_unknown(e, text + i - n_unknown, n_unknown);
            n_unknown = 0;
            e->after_unknown = false;
            ll_tokens_push(e->out, id);
        }
        i += n;
    }
    if (n_unknown > 0)
        emit_unknown(e, text + size - n_unknown, n_unknown);
    e->after_unknown = false;
}
