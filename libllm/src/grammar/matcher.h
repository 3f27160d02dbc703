/* SPDX-License-Identifier: MIT
 * Where a text stands in an automaton: every state in which it can be, each with the register of its rule and the set
 * of what may follow the rule. Sets of what may follow are kept once each and point to further ones, so that
 * alternatives which have the same future share it, and what is ambiguous stays small (a graph-structured stack).
 */
#ifndef LL_GRAMMAR_MATCHER_H
#define LL_GRAMMAR_MATCHER_H

#include "grammar/automaton.h"
#include "grammar/intern.h"

typedef struct ll_item {
    uint32_t state, count;
    uint32_t tail; /* a set of items in the caller's rules, by its number */
} ll_item;

enum { LL_TAIL_END, LL_TAIL_OPEN }; /* nothing follows; what follows is not known */

typedef struct ll_pending {
    uint32_t rule;
    ll_item frame; /* what goes on when the rule has ended */
} ll_pending;

typedef struct ll_matcher {
    const ll_host *host;
    const ll_automaton *automaton;
    ll_intern tails; /* lists of items, three words each */
    ll_item *items;  /* positions, one behind the other: that of the text is the first */
    size_t n_items, capacity;
    ll_pending *pending;
    size_t n_pending, pending_capacity;
    ll_item *frames; /* of one call */
    size_t n_frames, frames_capacity;
    uint64_t work;        /* since whoever uses it set it to 0; too much of it is LIMIT */
    libllm_status status; /* of the last step */
} ll_matcher;

bool ll_matcher_init(ll_matcher *m, const ll_host *host, const ll_automaton *automaton);
void ll_matcher_free(ll_matcher *m);

/* Append the position at the beginning of a text. */
void ll_matcher_begin(ll_matcher *m);
/* Append the position of one item; false: out of memory. */
bool ll_matcher_put(ll_matcher *m, ll_item item);
/* Append the position behind a byte, from the n items at `from` on. It has no items when the byte cannot come. */
void ll_matcher_step(ll_matcher *m, size_t from, size_t n, uint8_t byte);
/* Append the position in which each of the items of a tail goes on. */
void ll_matcher_pop(ll_matcher *m, uint32_t tail);

/* A step that stays within one rule, and neither ends nor calls one; false: take the long way. *dead: no way. */
static inline bool ll_matcher_short_step(const ll_automaton *a, ll_item *item, uint8_t byte, bool *dead)
{
    const ll_range *range = ll_automaton_range(a, item->state, byte);
    *dead = !range;
    if (!range)
        return true;
    uint32_t count = item->count;
    if (a->states[item->state].loop) {
        const ll_auto_rule *rule = &a->rules[a->states[item->state].rule];
        if (range->leaves ? count < rule->min : count >= rule->max) {
            *dead = true;
            return true;
        }
        count = range->leaves ? 0 : rule->max == LL_UNBOUNDED && count >= rule->min ? rule->min : count + 1;
    }
    if (a->states[range->target].final || ll_state_has_calls(a, range->target))
        return false;
    item->state = range->target;
    item->count = count;
    return true;
}

/* The text may end in this position. */
bool ll_matcher_ends(const ll_matcher *m, size_t from, size_t n);
/* The bytes that may follow, as 256 bits. */
void ll_matcher_bytes(const ll_matcher *m, size_t from, size_t n, uint64_t bytes[4]);

#endif
