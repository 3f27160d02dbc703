/* SPDX-License-Identifier: MIT
 * The compiled form of every constraint: rules, each a deterministic automaton over bytes and calls of rules. What
 * follows a call is on a stack (matcher.h). Immutable.
 */
#ifndef LL_GRAMMAR_AUTOMATON_H
#define LL_GRAMMAR_AUTOMATON_H

#include "grammar/builder.h"

/* States that every automaton has: a text that is complete, and one whose end depends on what is not known. */
enum { LL_STATE_END, LL_STATE_OPEN, LL_N_OWN_STATES };

typedef struct ll_range {
    uint32_t target;
    uint8_t low, high;
    bool leaves; /* out of the loop of a counted rule */
} ll_range;

typedef struct ll_call {
    uint32_t rule, target;
} ll_call;

/* Ranges and calls are those up to the next state's. */
typedef struct ll_auto_state {
    uint32_t first_range, first_call;
    uint32_t rule;
    uint32_t row; /* LL_NO_STATE, or where in `rows` the range of each byte is */
    bool final;   /* the rule may end here */
    bool loop;    /* each step counts, and the register must reach min before the rule ends */
} ll_auto_state;

typedef struct ll_auto_rule {
    uint32_t start;
    uint32_t min, max;
    uint32_t rank; /* above those of all rules that call it before they take a byte */
    bool nullable;
    uint64_t follow[4]; /* bits of the bytes that may come behind it, at least */
} ll_auto_rule;

typedef struct ll_automaton {
    const ll_host *host;
    ll_auto_state *states; /* [n_states + 1] */
    ll_range *ranges;
    ll_call *calls;
    ll_auto_rule *rules;
    uint16_t *rows; /* [256] each: number of the range among those of the state, 0xFFFF: none */
    uint32_t n_states, n_ranges, n_calls, n_rules, n_rows;
    uint32_t root;
} ll_automaton;

/* Rule `root` is the whole text. */
libllm_status ll_automaton_create(ll_rule_builder *b, uint32_t root, ll_automaton **out);
void ll_automaton_free(ll_automaton *automaton); /* NULL is fine */

/* follow.c: the bytes behind each rule; false: out of memory. */
bool ll_automaton_find_follow(ll_automaton *automaton);

static inline bool ll_has_byte(const uint64_t bytes[4], uint8_t byte) { return bytes[byte / 64] >> byte % 64 & 1; }

/* The range for a byte; NULL: there is none. */
static inline const ll_range *ll_automaton_range(const ll_automaton *a, uint32_t state, uint8_t byte)
{
    const ll_auto_state *s = &a->states[state];
    if (s->row != LL_NO_STATE) {
        uint16_t at = a->rows[256 * (size_t)s->row + byte];
        return at == 0xFFFF ? NULL : &a->ranges[s->first_range + at];
    }
    for (uint32_t i = s->first_range; i < s[1].first_range && a->ranges[i].low <= byte; i++)
        if (byte <= a->ranges[i].high)
            return &a->ranges[i];
    return NULL;
}

static inline bool ll_state_has_ranges(const ll_automaton *a, uint32_t s)
{
    return a->states[s].first_range < a->states[s + 1].first_range;
}

static inline bool ll_state_has_calls(const ll_automaton *a, uint32_t s)
{
    return a->states[s].first_call < a->states[s + 1].first_call;
}

/* determinize.c: one rule at a time. */
typedef struct ll_dfa_state {
    uint32_t first_range, first_call; /* up to the next state's */
    bool final, loop;
} ll_dfa_state;

typedef struct ll_dfa {
    const ll_host *host;
    ll_dfa_state *states; /* [n_states + 1]; 0 is the start */
    ll_range *ranges;     /* in order */
    ll_call *calls;
    size_t n_states, states_capacity, n_ranges, ranges_capacity, n_calls, calls_capacity;
    bool failed; /* out of memory at some point */
} ll_dfa;

/* nullable: of each rule; NULL: the part calls none. A failure is the builder's. */
void ll_determinize(ll_rule_builder *b, ll_part part, const bool *nullable, ll_dfa *out);
void ll_dfa_free(ll_dfa *dfa);
void ll_dfa_add_state(ll_dfa *dfa, bool final); /* what is added from here on is its */
void ll_dfa_add_range(ll_dfa *dfa, uint8_t low, uint8_t high, uint32_t target);
void ll_dfa_add_call(ll_dfa *dfa, uint32_t rule, uint32_t target);
void ll_dfa_close(ll_dfa *dfa); /* after the last state */

/* product.c: what is in x and in y, or in x and not in y. Neither calls a rule. */
ll_part ll_part_both(ll_rule_builder *b, ll_part x, ll_part y, bool not_y);

#endif
