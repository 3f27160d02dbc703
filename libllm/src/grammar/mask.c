/* SPDX-License-Identifier: MIT
 * Walks over the vocabulary's tree.
 */
#include "grammar/mask.h"

#include "base/status.h"

#include <stdatomic.h>
#include <string.h>

enum { KNOWN_BYTES_MAX = 64 << 20 };

/* What one item allows when nothing is known of what follows its rule. */
typedef struct ll_known {
    struct ll_known *next;
    uint32_t state, below_min, below_max; /* how far the register is from both, at most a token's length */
    uint32_t n_exits, n_tokens;
    uint32_t *exits; /* nodes where the rule may end and that have children */
    int32_t *tokens; /* [n_tokens] that are allowed; NULL: they are many, and in bits */
    uint32_t *bits;
} ll_known;

struct ll_grammar {
    atomic_size_t users;
    const ll_host *host;
    const ll_trie *trie;
    ll_automaton *automaton;
    _Atomic(ll_known *) *known; /* [n_buckets] of states */
    size_t n_buckets;
    atomic_size_t known_bytes;
};

libllm_status ll_grammar_create(const ll_host *host, const ll_trie *trie, ll_automaton *automaton, ll_grammar **out,
                                libllm_error *error)
{
    ll_grammar *g = ll_calloc(host, 1, sizeof *g);
    *out = g;
    if (g) {
        *g = (ll_grammar){.users = 1, .host = host, .trie = trie, .automaton = automaton, .n_buckets = 64};
        while (g->n_buckets < automaton->n_states)
            g->n_buckets *= 2;
        g->known = ll_calloc(host, g->n_buckets, sizeof *g->known);
    }
    if (g && g->known)
        return LIBLLM_OK;
    ll_automaton_free(automaton);
    ll_free(host, g);
    *out = NULL;
    return ll_fail_memory(error, "a constraint");
}

static void known_free(const ll_host *host, ll_known *k)
{
    ll_free(host, k->exits);
    ll_free(host, k->tokens);
    ll_free(host, k->bits);
    ll_free(host, k);
}

void ll_grammar_free(ll_grammar *g)
{
    if (!g || atomic_fetch_sub(&g->users, 1) != 1)
        return;
    for (size_t i = 0; i < g->n_buckets; i++)
        for (ll_known *k = atomic_load(&g->known[i]), *next; k; k = next) {
            next = k->next;
            known_free(g->host, k);
        }
    ll_free(g->host, (void *)g->known);
    ll_automaton_free(g->automaton);
    ll_free(g->host, g);
}

ll_grammar *ll_grammar_use(ll_grammar *g)
{
    atomic_fetch_add_explicit(&g->users, 1, memory_order_relaxed);
    return g;
}

const ll_trie *ll_grammar_trie(const ll_grammar *g) { return g->trie; }

const ll_automaton *ll_grammar_automaton(const ll_grammar *g) { return g->automaton; }

static void set_bit(uint32_t *bits, int32_t token) { bits[token / 32] |= 1u << token % 32; }

/* One level of a walk: the position behind the byte of a node. */
typedef struct level {
    uint32_t end; /* of the node's subtree */
    size_t from, n;
    size_t n_tails; /* that were there before it */
} level;

typedef struct walk {
    const ll_grammar *g;
    ll_matcher *m;
    level *levels;
    size_t n_levels;
    ll_tokens tokens; /* collected, when there are no bits */
    uint32_t *bits;
    ll_tokens exits;
    bool open; /* LL_TAIL_OPEN is below */
} walk;

static void allow(walk *w, uint32_t node)
{
    const ll_trie *t = w->g->trie;
    for (uint32_t i = t->nodes[node].first_token; i < t->nodes[node + 1].first_token; i++) {
        if (w->bits)
            set_bit(w->bits, t->tokens[i]);
        else
            ll_tokens_push(&w->tokens, t->tokens[i]);
    }
}

/* Take the state that stands for an unknown future out of the position; true: it was there. */
static bool take_open(ll_matcher *m, size_t from)
{
    for (size_t i = from; i < m->n_items; i++)
        if (m->items[i].state == LL_STATE_OPEN) {
            m->items[i] = m->items[--m->n_items];
            return true;
        }
    return false;
}

/* The position behind a node, at the end of the matcher's; false: there is none. */
static bool enter(walk *w, const level *above, uint32_t node)
{
    ll_matcher *m = w->m;
    const ll_trie_node *n = &w->g->trie->nodes[node];
    const size_t from = m->n_items;
    if (above->n == 1) {
        ll_item item = m->items[above->from];
        bool dead;
        if (ll_matcher_short_step(m->automaton, &item, n->byte, &dead)) {
            if (dead)
                return false;
            if (m->n_items < m->capacity) {
                m->items[m->n_items++] = item;
                allow(w, node);
                return true;
            }
        }
    }
    ll_matcher_step(m, above->from, above->n, n->byte);
    bool exits = w->open && take_open(m, from);
    if (exits && n->end > node + 1)
        ll_tokens_push(&w->exits, (int32_t)node);
    if (exits || m->n_items > from)
        allow(w, node);
    return m->n_items > from;
}

/* The subtree below a node, from the n items at `from` on. */
static void walk_subtree(walk *w, uint32_t node, size_t from, size_t n)
{
    ll_matcher *m = w->m;
    const ll_trie_node *nodes = w->g->trie->nodes;
    uint64_t bytes[4];
    w->levels[0] = (level){.end = nodes[node].end, .from = from, .n = n, .n_tails = m->tails.n};
    w->n_levels = 1;
    ll_matcher_bytes(m, from, n, bytes);
    const size_t n_items = m->n_items;
    for (uint32_t i = node + 1; i < nodes[node].end && !m->status;) {
        level *top = &w->levels[w->n_levels - 1];
        while (i >= top->end) { /* leave it */
            m->n_items = top->from;
            ll_intern_truncate(&m->tails, top->n_tails);
            top = &w->levels[--w->n_levels - 1];
        }
        const uint8_t byte = nodes[i].byte;
        if (w->n_levels == 1 && !(bytes[byte / 64] >> byte % 64 & 1)) {
            i = nodes[i].end;
            continue;
        }
        level next = {.end = nodes[i].end, .from = m->n_items, .n_tails = m->tails.n};
        bool alive = enter(w, top, i);
        next.n = m->n_items - next.from;
        if (alive && next.end > i + 1) {
            w->levels[w->n_levels++] = next;
            i++;
        } else {
            m->n_items = next.from;
            if (m->tails.n > next.n_tails)
                ll_intern_truncate(&m->tails, next.n_tails);
            i = next.end;
        }
    }
    m->n_items = n_items;
    ll_intern_truncate(&m->tails, w->levels[0].n_tails);
}

static bool walk_begin(walk *w, const ll_grammar *g, ll_matcher *m, uint32_t *bits)
{
    *w = (walk){.g = g, .m = m, .bits = bits};
    ll_tokens_init(&w->tokens, m->host);
    ll_tokens_init(&w->exits, m->host);
    w->levels = ll_alloc(m->host, (size_t)g->trie->depth + 2, sizeof *w->levels);
    if (!w->levels)
        m->status = LIBLLM_ERROR_OUT_OF_MEMORY;
    return w->levels != NULL;
}

static void walk_end(walk *w)
{
    ll_free(w->m->host, w->levels);
    ll_tokens_free(&w->tokens);
    ll_tokens_free(&w->exits);
}

static void key_of(const ll_grammar *g, const ll_item *item, ll_known *key)
{
    const ll_auto_rule *rule = &g->automaton->rules[g->automaton->states[item->state].rule];
    const uint32_t most = g->trie->depth + 1;
    uint32_t to_min = rule->min > item->count ? rule->min - item->count : 0;
    uint32_t to_max = rule->max == LL_UNBOUNDED ? most : rule->max - item->count;
    *key = (ll_known){
        .state = item->state, .below_min = to_min < most ? to_min : most, .below_max = to_max < most ? to_max : most};
}

static _Atomic(ll_known *) *bucket_of(const ll_grammar *g, const ll_known *key)
{
    uint32_t hash = key->state + 0x9E3779B1u * key->below_min + 0x85EBCA77u * key->below_max;
    return &g->known[hash & (g->n_buckets - 1)];
}

static const ll_known *find_known(const ll_grammar *g, const ll_known *key)
{
    for (const ll_known *k = atomic_load_explicit(bucket_of(g, key), memory_order_acquire); k; k = k->next)
        if (k->state == key->state && k->below_min == key->below_min && k->below_max == key->below_max)
            return k;
    return NULL;
}

/* What a walk has found, put into the smaller of both forms; NULL: out of memory. */
static ll_known *make_known(const ll_grammar *g, const walk *w, const ll_known *key)
{
    const size_t n_words = (g->trie->n_vocab + 31) / 32;
    ll_known *k = ll_alloc(g->host, 1, sizeof *k);
    if (!k)
        return NULL;
    *k = *key;
    k->n_exits = (uint32_t)w->exits.size;
    k->n_tokens = (uint32_t)w->tokens.size;
    k->exits = ll_alloc(g->host, k->n_exits, sizeof *k->exits);
    if (k->n_tokens < n_words)
        k->tokens = ll_alloc(g->host, k->n_tokens, sizeof *k->tokens);
    else
        k->bits = ll_calloc(g->host, n_words, sizeof *k->bits);
    if (!k->exits || (!k->tokens && !k->bits)) {
        known_free(g->host, k);
        return NULL;
    }
    if (k->n_exits)
        memcpy(k->exits, w->exits.data, k->n_exits * sizeof *k->exits);
    if (k->tokens && k->n_tokens)
        memcpy(k->tokens, w->tokens.data, k->n_tokens * sizeof *k->tokens);
    for (size_t i = 0; k->bits && i < k->n_tokens; i++)
        set_bit(k->bits, w->tokens.data[i]);
    return k;
}

/* NULL: out of memory, which the matcher's status says, or no more is to be kept. */
static const ll_known *learn(ll_grammar *g, ll_matcher *m, const ll_item *item, const ll_known *key)
{
    if (atomic_load(&g->known_bytes) > KNOWN_BYTES_MAX)
        return NULL;
    walk w;
    ll_known *k = NULL;
    if (walk_begin(&w, g, m, NULL)) {
        w.open = true;
        const size_t from = m->n_items;
        ll_item open = *item;
        open.tail = LL_TAIL_OPEN;
        if (m->n_items < m->capacity) {
            m->items[m->n_items++] = open;
            walk_subtree(&w, 0, from, 1);
            m->n_items = from;
        }
        if (!m->status && !w.tokens.failed && !w.exits.failed)
            k = make_known(g, &w, key);
        if (!k && !m->status)
            m->status = LIBLLM_ERROR_OUT_OF_MEMORY;
        walk_end(&w);
    }
    if (!k)
        return NULL;
    const size_t n_words = (g->trie->n_vocab + 31) / 32;
    atomic_fetch_add(&g->known_bytes, sizeof *k + 4 * (k->n_exits + (k->tokens ? (size_t)k->n_tokens : n_words)));
    _Atomic(ll_known *) *bucket = bucket_of(g, key);
    k->next = atomic_load(bucket);
    while (!atomic_compare_exchange_weak(bucket, &k->next, k)) {
    }
    return k;
}

static void add_known(const ll_grammar *g, const ll_known *k, uint32_t *bits)
{
    if (k->tokens)
        for (uint32_t i = 0; i < k->n_tokens; i++)
            set_bit(bits, k->tokens[i]);
    else
        for (size_t i = 0; i < (g->trie->n_vocab + 31) / 32; i++)
            bits[i] |= k->bits[i];
}

/* Tokens that go on behind the end of an item's rule. */
static void add_exits(const ll_grammar *g, ll_matcher *m, const ll_known *k, uint32_t tail, uint32_t *bits)
{
    walk w;
    if (k->n_exits == 0 || !walk_begin(&w, g, m, bits))
        return;
    const size_t from = m->n_items, n_tails = m->tails.n;
    ll_matcher_pop(m, tail);
    const size_t n = m->n_items - from;
    for (uint32_t i = 0; i < k->n_exits && !m->status && n; i++)
        walk_subtree(&w, k->exits[i], from, n);
    m->n_items = from;
    ll_intern_truncate(&m->tails, n_tails);
    walk_end(&w);
}

void ll_mask_add(ll_grammar *g, ll_matcher *m, size_t from, size_t n, uint32_t *bits)
{
    m->status = LIBLLM_OK;
    for (size_t i = from; i < from + n && !m->status; i++) {
        const ll_item item = m->items[i];
        if (item.state < LL_N_OWN_STATES)
            continue;
        ll_known key;
        key_of(g, &item, &key);
        const ll_known *k = find_known(g, &key);
        if (!k)
            k = learn(g, m, &item, &key);
        if (k) {
            add_known(g, k, bits);
            add_exits(g, m, k, item.tail, bits);
        } else if (!m->status) {
            walk w;
            if (walk_begin(&w, g, m, bits)) {
                walk_subtree(&w, 0, i, 1);
                walk_end(&w);
            }
        }
    }
}
