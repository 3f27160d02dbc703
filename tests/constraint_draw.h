/* SPDX-License-Identifier: MIT
 * Tokens drawn by chance from those that a constraint allows, without a model.
 */
#ifndef TESTS_CONSTRAINT_DRAW_H
#define TESTS_CONSTRAINT_DRAW_H

#include "grammar/constraint.h"
#include "grammar/guide.h"

#include <string.h>

typedef struct drawing {
    ll_tokens ends;  /* tokens of one character that close something, so that texts come to an end */
    uint32_t one_in; /* how often they are preferred */
    uint64_t state;
} drawing;

static inline uint32_t chance(drawing *d, uint32_t n)
{
    d->state = d->state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)((d->state >> 33) % n);
}

static inline void drawing_init(drawing *d, const ll_host *host, const ll_trie *trie, const char *ends, uint32_t one_in)
{
    *d = (drawing){.one_in = one_in, .state = 1};
    ll_tokens_init(&d->ends, host);
    for (int32_t i = 0; i < (int32_t)trie->n_vocab; i++) {
        ll_buffer piece;
        ll_buffer_init(&piece, host);
        if (!ll_tokenizer_piece(trie->tokenizer, i, 0, &piece, NULL) && piece.size == 1 && strchr(ends, piece.data[0]))
            ll_tokens_push(&d->ends, i);
        ll_buffer_free(&piece);
    }
}

static inline bool is_allowed(const ll_next *next, int32_t token) { return next->bits[token / 32] >> token % 32 & 1; }

static inline uint32_t count_allowed(const ll_next *next, const ll_trie *trie)
{
    uint32_t n = 0;
    for (size_t i = 0; i < trie->n_words; i++)
        n += (uint32_t)__builtin_popcount(next->bits[i]);
    return n;
}

/* -1: none is allowed. */
static inline int32_t draw(drawing *d, const ll_next *next, const ll_trie *trie)
{
    const size_t n_ends = d->ends.size;
    if (n_ends && chance(d, d->one_in) == 0)
        for (size_t i = 0, first = chance(d, (uint32_t)n_ends); i < n_ends; i++)
            if (is_allowed(next, d->ends.data[(first + i) % n_ends]))
                return d->ends.data[(first + i) % n_ends];
    uint32_t nth = next->n ? chance(d, count_allowed(next, trie)) : 0;
    for (size_t i = 0; i < trie->n_words; i++) {
        uint32_t bits = next->bits[i];
        const uint32_t n = (uint32_t)__builtin_popcount(bits);
        if (nth >= n) {
            nth -= n;
            continue;
        }
        while (nth--)
            bits &= bits - 1;
        return (int32_t)(32 * i) + __builtin_ctz(bits);
    }
    return -1;
}

#endif
