/* SPDX-License-Identifier: MIT
 * What is known of the states of an automaton, and how it becomes the mask of a position.
 */
#include "grammar/mask.h"

#include "base/status.h"
#include "grammar/plain.h"
#include "grammar/walk.h"

#include <string.h>

enum { KNOWN_BYTES_MAX = 64 << 20 };

/* A node behind an exit. */
typedef struct known_exit {
    uint32_t node;
    uint16_t turns;
    uint8_t byte; /* of the node */
} known_exit;

/* What a state allows when nothing is known of what follows its rule. In a counted rule that depends on the register:
 * what takes t turns needs the register to be at least t below the most, and what leaves, or exits, at most t below the
 * least. So tokens are sorted by turns, and a register stands for a part of them. */
typedef struct ll_known {
    bool plain; /* plain tokens go on, and are not listed */
    uint32_t turns_max, n_exits;
    uint32_t *starts[LL_FOUND_EXIT]; /* [turns_max + 2] of `tokens`: where those of each number of turns begin */
    uint32_t *tokens;
    uint32_t *bits;    /* of all that stay; NULL: they are few */
    known_exit *exits; /* by byte */
} ll_known;

struct ll_grammar {
    atomic_size_t users;
    const ll_host *host;
    const ll_trie *trie;
    ll_automaton *automaton;
    _Atomic(ll_known *) *known; /* [n_states] */
    atomic_uchar *plain_states; /* [n_states] of plain.h */
    atomic_size_t known_bytes;
};

static void release(ll_grammar *g)
{
    ll_automaton_free(g->automaton);
    ll_free(g->host, (void *)g->known);
    ll_free(g->host, (void *)g->plain_states);
    ll_free(g->host, g);
}

libllm_status ll_grammar_create(const ll_host *host, const ll_trie *trie, ll_automaton *automaton, ll_grammar **out,
                                libllm_error *error)
{
    ll_grammar *g = ll_calloc(host, 1, sizeof *g);
    *out = NULL;
    if (!g) {
        ll_automaton_free(automaton);
        return ll_fail_memory(error, "a constraint");
    }
    *g = (ll_grammar){.users = 1, .host = host, .trie = trie, .automaton = automaton};
    g->known = ll_calloc(host, automaton->n_states, sizeof *g->known);
    g->plain_states = ll_calloc(host, automaton->n_states, sizeof *g->plain_states);
    if (!g->known || !g->plain_states) {
        release(g);
        return ll_fail_memory(error, "a constraint");
    }
    *out = g;
    return LIBLLM_OK;
}

static void known_free(const ll_host *host, ll_known *k)
{
    if (!k)
        return;
    ll_free(host, k->starts[0]);
    ll_free(host, k->tokens);
    ll_free(host, k->bits);
    ll_free(host, k->exits);
    ll_free(host, k);
}

void ll_grammar_free(ll_grammar *g)
{
    if (!g || atomic_fetch_sub(&g->users, 1) != 1)
        return;
    for (size_t i = 0; i < g->automaton->n_states; i++)
        known_free(g->host, atomic_load(&g->known[i]));
    release(g);
}

ll_grammar *ll_grammar_use(ll_grammar *g)
{
    atomic_fetch_add_explicit(&g->users, 1, memory_order_relaxed);
    return g;
}

const ll_trie *ll_grammar_trie(const ll_grammar *g) { return g->trie; }

const ll_automaton *ll_grammar_automaton(const ll_grammar *g) { return g->automaton; }

static void set_bit(uint32_t *bits, uint32_t token) { bits[token / 32] |= 1u << token % 32; }

/* Tokens by kind and turns: counted, summed to where each ends, and put there from the last; then it is where each
 * begins. */
static void sort_tokens(ll_known *k, const ll_walk *w)
{
    const size_t n_starts = (size_t)k->turns_max + 2;
    uint32_t *starts = k->starts[0], at = 0;
    k->starts[LL_FOUND_LEAVES] = starts + n_starts;
    for (size_t i = 0; i < w->n_found; i++)
        if (w->found[i].kind != LL_FOUND_EXIT)
            starts[w->found[i].kind * n_starts + w->found[i].turns]++;
    for (size_t i = 0; i < LL_FOUND_EXIT * n_starts; i++)
        starts[i] = at += starts[i];
    for (size_t i = w->n_found; i-- > 0;)
        if (w->found[i].kind != LL_FOUND_EXIT)
            k->tokens[--starts[w->found[i].kind * n_starts + w->found[i].turns]] = w->found[i].value;
}

/* Likewise. */
static void sort_exits(ll_known *k, const ll_walk *w)
{
    uint32_t starts[256] = {0}, at = 0;
    for (size_t i = 0; i < w->n_found; i++)
        if (w->found[i].kind == LL_FOUND_EXIT)
            starts[w->tree->nodes[w->found[i].value].byte]++;
    for (size_t i = 0; i < 256; i++)
        starts[i] = at += starts[i];
    for (size_t i = w->n_found; i-- > 0;) {
        const ll_found *f = &w->found[i];
        if (f->kind != LL_FOUND_EXIT) /* the value of an exit is a node, of others a token */
            continue;
        const uint8_t byte = w->tree->nodes[f->value].byte;
        k->exits[--starts[byte]] = (known_exit){f->value, f->turns, byte};
    }
}

/* What a walk has found, sorted; NULL: out of memory. */
static ll_known *make_known(const ll_grammar *g, const ll_walk *w, bool plain)
{
    const ll_host *host = g->host;
    const size_t n_words = g->trie->n_words;
    size_t n[LL_N_FOUND] = {0};
    ll_known *k = ll_calloc(host, 1, sizeof *k);
    if (!k)
        return NULL;
    k->plain = plain;
    for (size_t i = 0; i < w->n_found; i++) {
        n[w->found[i].kind]++;
        k->turns_max = w->found[i].turns > k->turns_max ? w->found[i].turns : k->turns_max;
    }
    const bool many = n[LL_FOUND_STAYS] >= n_words;
    k->n_exits = (uint32_t)n[LL_FOUND_EXIT];
    k->starts[0] = ll_calloc(host, LL_FOUND_EXIT * ((size_t)k->turns_max + 2), sizeof *k->starts[0]);
    k->tokens = ll_alloc(host, n[LL_FOUND_STAYS] + n[LL_FOUND_LEAVES], sizeof *k->tokens);
    k->exits = ll_alloc(host, k->n_exits, sizeof *k->exits);
    k->bits = many ? ll_calloc(host, n_words, sizeof *k->bits) : NULL;
    if (!k->starts[0] || !k->tokens || !k->exits || (many && !k->bits)) {
        known_free(host, k);
        return NULL;
    }
    sort_tokens(k, w);
    sort_exits(k, w);
    for (size_t i = 0; many && i < n[LL_FOUND_STAYS]; i++)
        set_bit(k->bits, k->tokens[i]);
    return k;
}

/* NULL: out of memory, which the matcher's status says, or no more is to be kept. */
static const ll_known *learn(ll_grammar *g, ll_matcher *m, uint32_t state)
{
    if (atomic_load(&g->known_bytes) > KNOWN_BYTES_MAX)
        return NULL;
    const bool plain = ll_takes_plain(g->automaton, state, g->plain_states, g->host);
    ll_walk w;
    ll_known *k = NULL;
    if (ll_walk_begin(&w, g->trie, plain ? &g->trie->rest : &g->trie->all, m, NULL)) {
        ll_walk_state(&w, state);
        k = m->status ? NULL : make_known(g, &w, plain);
        if (!k && !m->status)
            m->status = LIBLLM_ERROR_OUT_OF_MEMORY;
        ll_walk_end(&w);
    }
    if (!k)
        return NULL;
    atomic_fetch_add(&g->known_bytes,
                     sizeof *k + 8 * ((size_t)k->turns_max + 2) + 8 * w.n_found + (k->bits ? 4 * g->trie->n_words : 0));
    ll_known *other = NULL;
    if (atomic_compare_exchange_strong(&g->known[state], &other, k))
        return k;
    known_free(g->host, k); /* another thread was first */
    return other;
}

static void add_bits(uint32_t *bits, const uint32_t *more, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bits[i] |= more[i];
}

/* The tokens of a kind that take at least min and at most max turns. */
static void add_between(const ll_known *k, ll_found_kind kind, uint32_t min, uint32_t max, uint32_t *bits)
{
    max = max < k->turns_max ? max : k->turns_max;
    if (min > max)
        return;
    for (uint32_t i = k->starts[kind][min]; i < k->starts[kind][max + 1]; i++)
        set_bit(bits, k->tokens[i]);
}

/* Tokens that go on behind the end of an item's rule: each byte that may be next is one step, from which all tokens
 * that go on with it are looked at. */
static void add_exits(const ll_grammar *g, ll_matcher *m, const ll_known *k, uint32_t min, uint32_t max, uint32_t tail,
                      uint32_t *bits)
{
    ll_walk w;
    const ll_tree *tree = k->plain ? &g->trie->rest : &g->trie->all;
    if (k->n_exits == 0 || !ll_walk_begin(&w, g->trie, tree, m, bits))
        return;
    const size_t from = m->n_items, n_tails = m->tails.n;
    uint64_t bytes[4];
    ll_matcher_pop(m, tail);
    const size_t n = m->n_items - from;
    ll_matcher_bytes(m, from, n, bytes);
    for (uint32_t i = 0; i < k->n_exits && !m->status;) {
        const uint8_t byte = k->exits[i].byte;
        const size_t n_before = m->tails.n;
        if (ll_has_byte(bytes, byte))
            ll_matcher_step(m, from, n, byte);
        const size_t n_behind = m->n_items - from - n;
        for (; i < k->n_exits && k->exits[i].byte == byte; i++) {
            const known_exit *left = &k->exits[i];
            if (n_behind == 0 || m->status || left->turns < min || left->turns > max)
                continue;
            ll_walk_allow(&w, left->node, 0, LL_FOUND_STAYS);
            if (tree->nodes[left->node].end > left->node + 1)
                ll_walk_items(&w, left->node, from + n, n_behind);
        }
        m->n_items = from + n;
        ll_intern_truncate(&m->tails, n_before);
    }
    m->n_items = from;
    ll_intern_truncate(&m->tails, n_tails);
    ll_walk_end(&w);
}

static void add_known(const ll_grammar *g, ll_matcher *m, const ll_known *k, const ll_item *item, uint32_t *bits)
{
    const ll_trie *trie = g->trie;
    const ll_auto_rule *rule = &g->automaton->rules[g->automaton->states[item->state].rule];
    const uint32_t to_min = rule->min > item->count ? rule->min - item->count : 0;
    const uint32_t to_max = rule->max == LL_UNBOUNDED ? LL_UNBOUNDED : rule->max - item->count;
    if (k->plain && to_max)
        add_bits(bits,
                 trie->plain + ((to_max < LL_PLAIN_LENGTH_MAX ? to_max : LL_PLAIN_LENGTH_MAX) - 1) * trie->n_words,
                 trie->n_words);
    if (k->bits && to_max >= k->turns_max)
        add_bits(bits, k->bits, trie->n_words);
    else
        add_between(k, LL_FOUND_STAYS, 0, to_max, bits);
    add_between(k, LL_FOUND_LEAVES, to_min, to_max, bits);
    add_exits(g, m, k, to_min, to_max, item->tail, bits);
}

void ll_mask_add(ll_grammar *g, ll_matcher *m, size_t from, size_t n, uint32_t *bits)
{
    m->status = LIBLLM_OK;
    for (size_t i = from; i < from + n && !m->status; i++) {
        const ll_item item = m->items[i];
        if (item.state < LL_N_OWN_STATES)
            continue;
        const ll_known *k = atomic_load_explicit(&g->known[item.state], memory_order_acquire);
        if (!k)
            k = learn(g, m, item.state);
        if (k) {
            add_known(g, m, k, &item, bits);
        } else if (!m->status) {
            ll_walk w;
            if (ll_walk_begin(&w, g->trie, &g->trie->all, m, bits)) {
                ll_walk_items(&w, 0, i, 1);
                ll_walk_end(&w);
            }
        }
    }
}
