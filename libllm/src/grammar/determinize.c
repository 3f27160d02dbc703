/* SPDX-License-Identifier: MIT
 * From an automaton in which several states can be reached by one text to one in which the set of them is a state.
 */
#include "grammar/automaton.h"
#include "grammar/intern.h"

#include <stdlib.h>
#include <string.h>

enum { DFA_STATES_MAX = 400000, SUBSET_WORDS_MAX = 3 << 20, STEPS_MAX = 20000000 };

static bool grow(ll_dfa *d, void *memory, size_t n, size_t *capacity, size_t size)
{
    if (d->failed || n < *capacity)
        return !d->failed;
    void *old;
    memcpy(&old, memory, sizeof old);
    size_t more = *capacity ? 2 * *capacity : 16;
    void *grown = ll_realloc(d->host, old, *capacity, more, size);
    if (!grown) {
        d->failed = true;
        return false;
    }
    memcpy(memory, &grown, sizeof grown);
    *capacity = more;
    return true;
}

void ll_dfa_add_state(ll_dfa *d, bool final)
{
    if (grow(d, &d->states, d->n_states, &d->states_capacity, sizeof *d->states))
        d->states[d->n_states++] = (ll_dfa_state){(uint32_t)d->n_ranges, (uint32_t)d->n_calls, final, false};
}

void ll_dfa_add_range(ll_dfa *d, uint8_t low, uint8_t high, uint32_t target)
{
    if (d->n_ranges > d->states[d->n_states - 1].first_range) { /* neighbours with the same target are one */
        ll_range *last = &d->ranges[d->n_ranges - 1];
        if (last->target == target && last->high + 1 == low) {
            last->high = high;
            return;
        }
    }
    if (grow(d, &d->ranges, d->n_ranges, &d->ranges_capacity, sizeof *d->ranges))
        d->ranges[d->n_ranges++] = (ll_range){.target = target, .low = low, .high = high};
}

void ll_dfa_add_call(ll_dfa *d, uint32_t rule, uint32_t target)
{
    if (grow(d, &d->calls, d->n_calls, &d->calls_capacity, sizeof *d->calls))
        d->calls[d->n_calls++] = (ll_call){rule, target};
}

void ll_dfa_close(ll_dfa *d)
{
    ll_dfa_add_state(d, false);
    d->n_states -= !d->failed;
}

void ll_dfa_free(ll_dfa *d)
{
    if (!d->host)
        return;
    ll_free(d->host, d->states);
    ll_free(d->host, d->ranges);
    ll_free(d->host, d->calls);
    *d = (ll_dfa){0};
}

typedef struct work {
    ll_rule_builder *b;
    const bool *nullable;
    ll_intern subsets;
    size_t n;       /* of the builder's list: the states of the set in hand */
    ll_edge *edges; /* all that leave a set */
    size_t n_edges, edges_capacity;
    uint64_t steps; /* edges that were looked at, and the like */
} work;

static void begin_set(work *w)
{
    w->n = 0;
    w->b->round++;
}

static void meet(work *w, uint32_t state)
{
    if (w->b->marks[state] == w->b->round)
        return;
    w->b->marks[state] = w->b->round;
    w->b->list[w->n++] = state;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Follow the empty edges of the set in hand, leave out what has no other ones, and give it a number. */
static uint32_t close_set(work *w, uint32_t end)
{
    ll_rule_builder *b = w->b;
    for (size_t i = 0; i < w->n; i++)
        for (uint32_t e = b->heads[b->list[i]]; e != LL_NO_STATE; e = b->edges[e].next, w->steps++)
            if (b->edges[e].kind == LL_EDGE_EMPTY ||
                (b->edges[e].kind == LL_EDGE_CALL && w->nullable && w->nullable[b->edges[e].rule]))
                meet(w, b->edges[e].target);
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        bool matters = b->list[i] == end;
        for (uint32_t e = b->heads[b->list[i]]; e != LL_NO_STATE && !matters; e = b->edges[e].next)
            matters = b->edges[e].kind != LL_EDGE_EMPTY;
        if (matters)
            b->list[n++] = b->list[i];
    }
    w->steps += 16 * n; /* what sorting takes */
    if (n)
        qsort(b->list, n, sizeof *b->list, by_number);
    uint32_t id = ll_intern_add(&w->subsets, b->list, n);
    if (id == LL_INTERN_NONE)
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    else if (w->subsets.n > DFA_STATES_MAX || w->steps > STEPS_MAX ||
             w->subsets.starts[w->subsets.n] > SUBSET_WORDS_MAX)
        ll_rule_builder_fail(b, LIBLLM_ERROR_LIMIT, "the automaton of the constraint would be too large");
    return id;
}

static bool gather(work *w, uint32_t id, uint32_t end, bool *final)
{
    size_t n;
    w->n_edges = 0;
    *final = false;
    const uint32_t *set = ll_intern_list(&w->subsets, id, &n);
    for (size_t i = 0; i < n; i++) {
        *final |= set[i] == end;
        for (uint32_t e = w->b->heads[set[i]]; e != LL_NO_STATE; e = w->b->edges[e].next) {
            if (w->b->edges[e].kind == LL_EDGE_EMPTY)
                continue;
            if (w->n_edges == w->edges_capacity) {
                size_t capacity = 2 * w->edges_capacity + 64;
                ll_edge *edges = ll_realloc(w->b->host, w->edges, w->edges_capacity, capacity, sizeof *edges);
                if (!edges)
                    return false;
                w->edges = edges;
                w->edges_capacity = capacity;
            }
            w->edges[w->n_edges++] = w->b->edges[e];
        }
    }
    return true;
}

/* Calls first, by rule; then bytes, by the lowest. */
static int by_symbol(const void *a, const void *b)
{
    const ll_edge *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind == LL_EDGE_CALL ? -1 : 1;
    if (x->kind == LL_EDGE_CALL)
        return x->rule < y->rule ? -1 : x->rule > y->rule;
    return x->low - y->low;
}

static void expand(work *w, uint32_t id, uint32_t end, ll_dfa *d)
{
    bool final;
    if (!gather(w, id, end, &final)) {
        d->failed = true;
        return;
    }
    ll_dfa_add_state(d, final);
    if (w->n_edges)
        qsort(w->edges, w->n_edges, sizeof *w->edges, by_symbol);
    size_t i = 0;
    while (i < w->n_edges && w->edges[i].kind == LL_EDGE_CALL && !w->b->status) {
        uint32_t rule = w->edges[i].rule;
        begin_set(w);
        for (; i < w->n_edges && w->edges[i].kind == LL_EDGE_CALL && w->edges[i].rule == rule; i++)
            meet(w, w->edges[i].target);
        ll_dfa_add_call(d, rule, close_set(w, end));
    }
    bool cut[257] = {false};
    for (size_t k = i; k < w->n_edges; k++)
        cut[w->edges[k].low] = cut[w->edges[k].high + 1] = true;
    /* Single bytes are most of what there is: edges behind the interval in hand are not looked at. */
    for (int low = 0, high; low < 256 && i < w->n_edges && !w->b->status && !d->failed; low = high) {
        for (high = low + 1; high < 256 && !cut[high];)
            high++;
        begin_set(w);
        for (size_t k = i; k < w->n_edges && w->edges[k].low <= low; k++, w->steps++)
            if (w->edges[k].high >= low)
                meet(w, w->edges[k].target);
        if (w->n)
            ll_dfa_add_range(d, (uint8_t)low, (uint8_t)(high - 1), close_set(w, end));
        while (i < w->n_edges && w->edges[i].high < high)
            i++;
    }
}

/* Marks and a list for all states that there are. */
static bool make_room(ll_rule_builder *b)
{
    if (b->n_states <= b->marks_capacity)
        return true;
    uint32_t *marks = ll_calloc(b->host, b->states_capacity, sizeof *marks);
    uint32_t *list = ll_alloc(b->host, b->states_capacity, sizeof *list);
    ll_free(b->host, b->marks);
    ll_free(b->host, b->list);
    b->marks = marks;
    b->list = list;
    b->round = 0;
    b->marks_capacity = marks && list ? b->states_capacity : 0;
    return b->marks_capacity != 0;
}

void ll_determinize(ll_rule_builder *b, ll_part part, const bool *nullable, ll_dfa *out)
{
    *out = (ll_dfa){.host = b->host};
    if (b->status)
        return;
    work w = {.b = b, .nullable = nullable};
    bool fits = ll_intern_init(&w.subsets, b->host) && make_room(b);
    if (fits) {
        begin_set(&w);
        meet(&w, part.start);
        close_set(&w, part.end);
        for (uint32_t id = 0; id < w.subsets.n && !b->status && !out->failed; id++)
            expand(&w, id, part.end, out);
        ll_dfa_close(out);
    }
    if (!fits || out->failed)
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    ll_intern_free(&w.subsets);
    ll_free(b->host, w.edges);
}
