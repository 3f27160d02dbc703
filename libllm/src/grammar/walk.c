/* SPDX-License-Identifier: MIT
 * Two walks: from a state through the automaton of its own rule, which is all that most tokens need, and from any
 * position through a matcher.
 */
#include "grammar/walk.h"

/* One level of a walk: the place behind the byte of a node. */
typedef struct ll_walk_level {
    uint32_t end; /* of the node's subtree */
    uint32_t state;
    uint16_t turns;
    bool left;
    size_t from, n; /* of a matcher's items */
    size_t n_tails; /* that were there before it */
} level;

bool ll_walk_begin(ll_walk *w, const ll_trie *trie, const ll_tree *tree, ll_matcher *m, uint32_t *bits)
{
    *w = (ll_walk){.tree = tree, .m = m, .bits = bits};
    w->levels = ll_alloc(m->host, 2 * (size_t)trie->depth + 4, sizeof *w->levels);
    if (!w->levels)
        m->status = LIBLLM_ERROR_OUT_OF_MEMORY;
    return w->levels != NULL;
}

void ll_walk_end(ll_walk *w)
{
    ll_free(w->m->host, w->levels);
    ll_free(w->m->host, w->found);
}

static void find(ll_walk *w, uint32_t value, uint16_t turns, ll_found_kind kind)
{
    if (w->n_found == w->capacity) {
        const size_t capacity = 2 * w->capacity + 1024;
        ll_found *found = ll_realloc(w->m->host, w->found, w->capacity, capacity, sizeof *found);
        if (!found) {
            w->m->status = LIBLLM_ERROR_OUT_OF_MEMORY;
            return;
        }
        w->found = found;
        w->capacity = capacity;
    }
    w->found[w->n_found++] = (ll_found){value, turns, (uint8_t)kind};
}

void ll_walk_allow(ll_walk *w, uint32_t node, uint16_t turns, ll_found_kind kind)
{
    const ll_tree *t = w->tree;
    for (uint32_t i = t->nodes[node].first_token; i < t->nodes[node + 1].first_token; i++) {
        const int32_t token = t->tokens[i];
        if (w->bits)
            w->bits[token / 32] |= 1u << token % 32;
        else
            find(w, (uint32_t)token, turns, kind);
    }
}

/* The rule may end behind a node. */
static void find_exits(ll_walk *w, uint32_t node, uint16_t turns)
{
    const ll_trie_node *nodes = w->tree->nodes;
    for (uint32_t i = node + 1; i < nodes[node].end; i = nodes[i].end)
        if (ll_has_byte(w->follow, nodes[i].byte))
            find(w, i, turns, LL_FOUND_EXIT);
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
static bool enter(ll_walk *w, size_t above, size_t n_above, uint32_t node)
{
    ll_matcher *m = w->m;
    const ll_trie_node *n = &w->tree->nodes[node];
    const size_t from = m->n_items;
    if (n_above == 1) {
        ll_item item = m->items[above];
        bool dead;
        if (ll_matcher_short_step(m->automaton, &item, n->byte, &dead)) {
            if (dead)
                return false;
            if (m->n_items < m->capacity) {
                m->items[m->n_items++] = item;
                ll_walk_allow(w, node, 0, LL_FOUND_STAYS);
                return true;
            }
        }
    }
    ll_matcher_step(m, above, n_above, n->byte);
    const bool exits = take_open(m, from);
    if (exits)
        find_exits(w, node, 0);
    if (exits || m->n_items > from)
        ll_walk_allow(w, node, 0, LL_FOUND_STAYS);
    return m->n_items > from;
}

void ll_walk_items(ll_walk *w, uint32_t node, size_t from, size_t n)
{
    ll_matcher *m = w->m;
    const ll_trie_node *nodes = w->tree->nodes;
    uint64_t bytes[4];
    const size_t n_items = m->n_items, bottom = w->n_levels;
    w->levels[w->n_levels++] = (level){.end = nodes[node].end, .from = from, .n = n, .n_tails = m->tails.n};
    ll_matcher_bytes(m, from, n, bytes);
    for (uint32_t i = node + 1; i < nodes[node].end && !m->status;) {
        level *top = &w->levels[w->n_levels - 1];
        while (i >= top->end) { /* leave it */
            m->n_items = top->from;
            ll_intern_truncate(&m->tails, top->n_tails);
            top = &w->levels[--w->n_levels - 1];
        }
        const uint8_t byte = nodes[i].byte;
        if (w->n_levels == bottom + 1 && !ll_has_byte(bytes, byte)) {
            i = nodes[i].end;
            continue;
        }
        level next = {.end = nodes[i].end, .from = m->n_items, .n_tails = m->tails.n};
        bool alive = enter(w, top->from, top->n, i);
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
    ll_intern_truncate(&m->tails, w->levels[bottom].n_tails);
    w->n_levels = bottom;
}

/* A node at which a rule is called or more than one thing goes on. Registers do not matter: a counted rule that calls
 * has no states from which it takes bytes. */
static void enter_call(ll_walk *w, uint32_t state, uint32_t node)
{
    ll_matcher *m = w->m;
    const size_t from = m->n_items, n_tails = m->tails.n;
    if (ll_matcher_put(m, (ll_item){state, 0, LL_TAIL_OPEN}) && enter(w, from, 1, node))
        ll_walk_items(w, node, from + 1, m->n_items - from - 1);
    m->n_items = from;
    ll_intern_truncate(&m->tails, n_tails);
}

void ll_walk_state(ll_walk *w, uint32_t state)
{
    const ll_automaton *a = w->m->automaton;
    const ll_trie_node *nodes = w->tree->nodes;
    level *top = &w->levels[0];
    w->follow = a->rules[a->states[state].rule].follow;
    *top = (level){.end = nodes[0].end, .state = state};
    for (uint32_t i = 1; i < nodes[0].end && !w->m->status;) {
        while (i >= top->end)
            top--;
        const uint32_t end = nodes[i].end;
        const ll_range *range = ll_automaton_range(a, top->state, nodes[i].byte);
        if (!range) {
            i = end;
            continue;
        }
        const ll_auto_state *to = &a->states[range->target];
        if (to[0].first_call < to[1].first_call) {
            w->n_levels = (size_t)(top - w->levels) + 1;
            enter_call(w, top->state, i);
            i = end;
            continue;
        }
        level next = {.end = end, .state = range->target, .turns = top->turns, .left = top->left || range->leaves};
        if (a->states[top->state].loop && !range->leaves)
            next.turns++;
        ll_walk_allow(w, i, next.turns, next.left ? LL_FOUND_LEAVES : LL_FOUND_STAYS);
        if (to->final)
            find_exits(w, i, next.turns);
        if (end > i + 1 && to[0].first_range < to[1].first_range) {
            *++top = next;
            i++;
        } else {
            i = end;
        }
    }
}
