/* SPDX-License-Identifier: MIT
 * Plain characters side by side with an automaton: a pair of states for each place within a character.
 */
#include "grammar/plain.h"

#include <string.h>

enum { PAIRS_MAX = 20000 };

/* Places within the bytes of a character: at its first byte, before one, two or three more that may be any, and behind
 * bytes that leave the next fewer ways. */
enum { FIRST, ONE, TWO, THREE, AFTER_E0, AFTER_E2, AFTER_E280, AFTER_ED, AFTER_F0, AFTER_F4 };

static const struct {
    uint8_t from, low, high, to;
} steps[] = {
    {FIRST, 0x20, 0x21, FIRST},    {FIRST, 0x23, 0x5B, FIRST},      {FIRST, 0x5D, 0x7E, FIRST},
    {FIRST, 0xC2, 0xDF, ONE},      {FIRST, 0xE0, 0xE0, AFTER_E0},   {FIRST, 0xE1, 0xE1, TWO},
    {FIRST, 0xE2, 0xE2, AFTER_E2}, {FIRST, 0xE3, 0xEC, TWO},        {FIRST, 0xED, 0xED, AFTER_ED},
    {FIRST, 0xEE, 0xEF, TWO},      {FIRST, 0xF0, 0xF0, AFTER_F0},   {FIRST, 0xF1, 0xF3, THREE},
    {FIRST, 0xF4, 0xF4, AFTER_F4}, {ONE, 0x80, 0xBF, FIRST},        {TWO, 0x80, 0xBF, ONE},
    {THREE, 0x80, 0xBF, TWO},      {AFTER_E0, 0xA0, 0xBF, ONE},     {AFTER_E2, 0x80, 0x80, AFTER_E280},
    {AFTER_E2, 0x81, 0xBF, ONE},   {AFTER_E280, 0x80, 0xA7, FIRST}, {AFTER_E280, 0xAA, 0xBF, FIRST},
    {AFTER_ED, 0x80, 0x9F, ONE},   {AFTER_F0, 0x90, 0xBF, TWO},     {AFTER_F4, 0x80, 0x8F, TWO},
};

typedef struct pair {
    uint32_t state;
    uint8_t place;
} pair;

typedef struct search {
    const ll_automaton *a;
    atomic_uchar *known;
    bool may_end_plain; /* what follows the rule may begin with a plain character */
    bool loops;         /* it began in the loop of a counted rule */
    uint16_t *seen;     /* bits of places, of each state */
    pair *pairs;
    size_t n;
} search;

/* False: what was looked for is not so. */
static bool meet(search *s, uint32_t state, uint8_t place)
{
    const ll_auto_state *at = &s->a->states[state];
    if ((at->final && s->may_end_plain) || ll_state_has_calls(s->a, state) || at->loop != (s->loops && place == FIRST))
        return false;
    if ((s->seen[state] >> place & 1) ||
        (place == FIRST && atomic_load_explicit(&s->known[state], memory_order_relaxed)))
        return true;
    if (s->n == PAIRS_MAX)
        return false;
    s->seen[state] |= (uint16_t)(1u << place);
    s->pairs[s->n++] = (pair){state, place};
    return true;
}

static bool follow(search *s, pair from)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].from != from.place)
            continue;
        for (unsigned byte = steps[i].low; byte <= steps[i].high;) {
            const ll_range *range = ll_automaton_range(s->a, from.state, (uint8_t)byte);
            if (!range || range->leaves || !meet(s, range->target, steps[i].to))
                return false;
            byte = range->high + 1u;
        }
    }
    return true;
}

bool ll_takes_plain(const ll_automaton *a, uint32_t state, atomic_uchar *known, const ll_host *host)
{
    if (atomic_load_explicit(&known[state], memory_order_relaxed))
        return true;
    if (!ll_automaton_range(a, state, ' ') || !ll_automaton_range(a, state, 0xF4))
        return false; /* as most states are */
    search s = {.a = a, .known = known, .loops = a->states[state].loop};
    const uint64_t *behind = a->rules[a->states[state].rule].follow;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (unsigned byte = steps[i].low; steps[i].from == FIRST && byte <= steps[i].high; byte++)
            s.may_end_plain |= ll_has_byte(behind, (uint8_t)byte);
    s.seen = ll_calloc(host, a->n_states, sizeof *s.seen);
    s.pairs = ll_alloc(host, PAIRS_MAX, sizeof *s.pairs);
    bool takes = s.seen && s.pairs && meet(&s, state, FIRST);
    for (size_t i = 0; i < s.n && takes; i++)
        takes = follow(&s, s.pairs[i]);
    for (size_t i = 0; i < s.n && takes; i++)
        if (s.pairs[i].place == FIRST)
            atomic_store_explicit(&known[s.pairs[i].state], 1, memory_order_relaxed);
    ll_free(host, s.seen);
    ll_free(host, s.pairs);
    return takes;
}
