/* SPDX-License-Identifier: MIT
 * A matcher with a mask that is worked out once for each place in the text.
 */
#include "grammar/guide.h"

#include "base/status.h"

#include <string.h>

struct ll_guide {
    const ll_host *host;
    ll_grammar *grammar;
    const ll_trie *trie; /* the grammar's */
    ll_matcher matcher;  /* its first items are the place in the text */
    ll_buffer piece;
    uint32_t *bits; /* [n_words] */
    size_t n_words;
    ll_next next;
    bool known; /* next is that of this place */
};

static libllm_status matcher_failure(libllm_status status, libllm_error *error)
{
    if (status == LIBLLM_ERROR_OUT_OF_MEMORY)
        return ll_fail_memory(error, "a text under a constraint");
    return ll_fail(error, status, "the text can be read by the constraint in too many ways at once");
}

libllm_status ll_guide_create(const ll_host *host, ll_grammar *grammar, ll_guide **out, libllm_error *error)
{
    *out = NULL;
    ll_guide *g = ll_calloc(host, 1, sizeof *g);
    if (!g)
        return ll_fail_memory(error, "a text under a constraint");
    g->host = host;
    g->grammar = ll_grammar_use(grammar);
    g->trie = ll_grammar_trie(grammar);
    g->n_words = (g->trie->n_vocab + 31) / 32;
    g->bits = ll_alloc(host, g->n_words, sizeof *g->bits);
    ll_buffer_init(&g->piece, host);
    libllm_status status = LIBLLM_ERROR_OUT_OF_MEMORY;
    if (g->bits && ll_matcher_init(&g->matcher, host, ll_grammar_automaton(grammar))) {
        ll_matcher_begin(&g->matcher);
        status = g->matcher.status;
    }
    if (status) {
        ll_guide_free(g);
        return matcher_failure(status, error);
    }
    *out = g;
    return LIBLLM_OK;
}

void ll_guide_free(ll_guide *g)
{
    if (!g)
        return;
    ll_matcher_free(&g->matcher);
    ll_buffer_free(&g->piece);
    ll_grammar_free(g->grammar);
    ll_free(g->host, g->bits);
    ll_free(g->host, g);
}

static void count(ll_guide *g)
{
    for (size_t i = 0; i < g->n_words; i++)
        if (g->bits[i]) {
            g->next.only = (int32_t)(32 * i) + __builtin_ctz(g->bits[i]);
            g->next.n += (size_t)__builtin_popcount(g->bits[i]);
        }
}

libllm_status ll_guide_next(ll_guide *g, ll_next *next, libllm_error *error)
{
    ll_matcher *m = &g->matcher;
    if (!g->known) {
        memset(g->bits, 0, g->n_words * sizeof *g->bits);
        m->work = 0;
        ll_mask_add(g->grammar, m, 0, m->n_items, g->bits);
        if (m->status)
            return matcher_failure(m->status, error);
        g->next = (ll_next){.bits = g->bits, .complete = ll_matcher_ends(m, 0, m->n_items)};
        count(g);
        g->known = true;
    }
    *next = g->next;
    if (next->n == 0 && !next->complete)
        return ll_fail(error, LIBLLM_ERROR_CONSTRAINT,
                       "no token of the vocabulary can go on here as the constraint wants");
    return LIBLLM_OK;
}

const uint32_t *ll_guide_with_ends(ll_guide *g)
{
    for (size_t i = 0; i < g->trie->n_ends; i++)
        g->bits[g->trie->ends[i] / 32] |= 1u << g->trie->ends[i] % 32;
    return g->bits;
}

libllm_status ll_guide_accept(ll_guide *g, int32_t token, libllm_error *error)
{
    ll_matcher *m = &g->matcher;
    const size_t n_before = m->n_items;
    g->piece.size = 0;
    libllm_status status = ll_tokenizer_piece(g->trie->tokenizer, token, 0, &g->piece, error);
    if (status || g->piece.failed)
        return status ? status : ll_fail_memory(error, "a text under a constraint");
    m->work = 0;
    size_t from = 0, n = n_before;
    for (size_t i = 0; i < g->piece.size && n; i++) {
        ll_matcher_step(m, from, n, (uint8_t)g->piece.data[i]);
        from += n;
        n = m->n_items - from;
        if (m->status)
            break;
    }
    status = m->status;
    if (status || n == 0 || from == 0) {
        m->n_items = n_before;
        return status ? matcher_failure(status, error)
                      : ll_fail(error, LIBLLM_ERROR_CONSTRAINT, "token %d is not what the constraint wants", token);
    }
    memmove(m->items, m->items + from, n * sizeof *m->items);
    m->n_items = n;
    g->known = false;
    return LIBLLM_OK;
}
