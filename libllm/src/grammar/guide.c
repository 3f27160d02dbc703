/* SPDX-License-Identifier: MIT
 * A matcher with a mask that is worked out once for each place in the text.
 */
#include "grammar/guide.h"

#include "base/status.h"

#include <string.h>

enum { FORCED_BYTES_MAX = 1024 };

struct ll_guide {
    const ll_host *host;
    ll_grammar *grammar;
    const ll_trie *trie; /* the grammar's */
    ll_matcher matcher;  /* its first items are the place in the text */
    ll_buffer piece;
    uint32_t *bits; /* [n_words] */
    size_t n_words;
    ll_next next;
    bool known;       /* next is that of this place */
    bool looked;      /* forced has what is forced here */
    int32_t last;     /* the token before; -1: none */
    ll_tokens forced; /* from n_taken on those to come */
    size_t n_taken;
    ll_buffer run; /* the bytes before `begin` are those of the last token, the others are forced */
    size_t begin;
    ll_tokens cut;
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
    g->n_words = g->trie->n_words;
    g->bits = ll_alloc(host, g->n_words, sizeof *g->bits);
    g->last = -1;
    ll_buffer_init(&g->piece, host);
    ll_buffer_init(&g->run, host);
    ll_tokens_init(&g->forced, host);
    ll_tokens_init(&g->cut, host);
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
    ll_buffer_free(&g->run);
    ll_tokens_free(&g->forced);
    ll_tokens_free(&g->cut);
    ll_grammar_free(g->grammar);
    ll_free(g->host, g->bits);
    ll_free(g->host, g);
}

static void count(ll_guide *g)
{
    for (size_t i = 0; i < g->n_words && g->next.n < 2; i++)
        if (g->bits[i]) {
            g->next.only = (int32_t)(32 * i) + __builtin_ctz(g->bits[i]);
            g->next.n += g->bits[i] & (g->bits[i] - 1) ? 2 : 1;
        }
    g->next.n = g->next.n < 2 ? g->next.n : 2;
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
    libllm_status status = ll_trie_bytes(g->trie, token, &g->piece, error);
    if (status)
        return status;
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
    /* Within a text of any characters a place is often as the one before it. */
    if (n != n_before || memcmp(m->items, m->items + from, n * sizeof *m->items) != 0)
        g->known = false;
    memmove(m->items, m->items + from, n * sizeof *m->items);
    m->n_items = n;
    g->last = token;
    const bool expected = g->n_taken < g->forced.size && g->forced.data[g->n_taken] == token;
    g->n_taken = expected ? g->n_taken + 1 : g->forced.size;
    g->looked = g->n_taken < g->forced.size;
    return LIBLLM_OK;
}

/* Forced text ---------------------------------------------------------------------------------------------- */

/* The only byte of a set; -1: there are none or several. */
static int only_byte(const uint64_t bytes[4])
{
    int only = -1;
    for (int i = 0; i < 4; i++) {
        if (bytes[i] && (only >= 0 || (bytes[i] & (bytes[i] - 1))))
            return -1;
        only = bytes[i] ? 64 * i + __builtin_ctzll(bytes[i]) : only;
    }
    return only;
}

/* Go on as long as there is one byte that may come; those that may come behind are in `behind`. */
static libllm_status follow_forced(ll_guide *g, uint64_t behind[4])
{
    ll_matcher *m = &g->matcher;
    const size_t n_before = m->n_items, n_tails = m->tails.n;
    size_t from = 0, n = n_before;
    m->status = LIBLLM_OK;
    m->work = 0;
    for (;;) {
        ll_matcher_bytes(m, from, n, behind);
        const int byte = ll_matcher_ends(m, from, n) ? -1 : only_byte(behind);
        if (byte < 0 || g->run.size - g->begin == FORCED_BYTES_MAX)
            break;
        ll_matcher_step(m, from, n, (uint8_t)byte);
        if (m->status)
            break;
        ll_buffer_append(&g->run, &(char){(char)byte}, 1);
        from += n;
        n = m->n_items - from;
    }
    m->n_items = n_before;
    ll_intern_truncate(&m->tails, n_tails);
    return m->status;
}

/* A token begins with all of the bytes and goes on with one of those behind. */
static bool may_be_longer(const ll_tree *tree, const char *bytes, size_t n, const uint64_t behind[4])
{
    const ll_trie_node *nodes = tree->nodes;
    uint32_t node = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t child = node + 1;
        while (child < nodes[node].end && nodes[child].byte != (uint8_t)bytes[i])
            child = nodes[child].end;
        if (child >= nodes[node].end)
            return false;
        node = child;
    }
    for (uint32_t child = node + 1; child < nodes[node].end; child = nodes[child].end)
        if (ll_has_byte(behind, nodes[child].byte))
            return true;
    return false;
}

/* The run as tokens: together with the last token's text, where the tokenizer ends a token with it, so that what is
 * generated is cut as it would be read. Tokens from the first on that could become a longer one are left to choice. */
static libllm_status cut_forced(ll_guide *g, const uint64_t behind[4], libllm_error *error)
{
    const ll_tokenizer *tokenizer = g->trie->tokenizer;
    g->cut.size = 0;
    libllm_status status = ll_tokenizer_encode(tokenizer, g->run.data, g->run.size, 0, &g->cut, error);
    size_t first = g->begin && g->cut.size && g->cut.data[0] == g->last;
    if (!status && g->begin && !first) {
        g->cut.size = 0;
        status = ll_tokenizer_encode(tokenizer, g->run.data + g->begin, g->run.size - g->begin, 0, &g->cut, error);
    }
    for (size_t i = first, at = g->begin; i < g->cut.size && !status; i++) {
        g->piece.size = 0;
        status = ll_tokenizer_piece(tokenizer, g->cut.data[i], 0, &g->piece, error);
        const size_t left = g->run.size - at;
        if (status || g->piece.size == 0 || g->piece.size > left ||
            memcmp(g->run.data + at, g->piece.data, g->piece.size) != 0 ||
            may_be_longer(&g->trie->all, g->run.data + at, left, behind))
            break;
        ll_tokens_push(&g->forced, g->cut.data[i]);
        at += g->piece.size;
    }
    return status;
}

libllm_status ll_guide_forced(ll_guide *g, int32_t *token, libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    *token = -1;
    if (!g->looked) {
        uint64_t behind[4];
        g->forced.size = g->n_taken = g->run.size = 0;
        g->forced.failed = g->cut.failed = g->run.failed = g->piece.failed = false;
        if (g->last >= 0)
            status = ll_tokenizer_piece(g->trie->tokenizer, g->last, 0, &g->run, error);
        g->begin = g->run.size;
        if (!status && follow_forced(g, behind) == LIBLLM_ERROR_OUT_OF_MEMORY)
            status = ll_fail_memory(error, "a text under a constraint");
        if (!status && g->run.size > g->begin)
            status = cut_forced(g, behind, error);
        if (!status && (g->forced.failed || g->cut.failed || g->run.failed || g->piece.failed))
            status = ll_fail_memory(error, "a text under a constraint");
        if (status)
            return status;
        g->looked = true;
    }
    if (g->n_taken < g->forced.size)
        *token = g->forced.data[g->n_taken];
    return LIBLLM_OK;
}
