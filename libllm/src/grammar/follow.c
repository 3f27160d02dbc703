/* SPDX-License-Identifier: MIT
 * Which bytes may come behind a rule, wherever it is called.
 */
#include "grammar/automaton.h"

#include <string.h>

enum { PASSES_MAX = 32 };

static bool unite(uint64_t to[4], const uint64_t from[4])
{
    bool grows = false;
    for (int i = 0; i < 4; i++) {
        grows |= (from[i] & ~to[i]) != 0;
        to[i] |= from[i];
    }
    return grows;
}

/* The bytes that may come first from a state on. What a called rule may be empty for is among the state's own. */
static void first_bytes(const ll_automaton *a, uint32_t state, uint64_t (*firsts)[4], uint64_t bytes[4])
{
    const ll_auto_state *s = &a->states[state];
    memset(bytes, 0, 4 * sizeof *bytes);
    for (uint32_t r = s[0].first_range; r < s[1].first_range; r++)
        for (unsigned byte = a->ranges[r].low; byte <= a->ranges[r].high; byte++)
            bytes[byte / 64] |= UINT64_C(1) << byte % 64;
    for (uint32_t c = s[0].first_call; c < s[1].first_call; c++)
        unite(bytes, firsts[a->calls[c].rule]);
}

static bool pass(const ll_automaton *a, uint64_t (*firsts)[4], bool forward)
{
    bool changed = false;
    uint64_t bytes[4];
    for (uint32_t k = LL_N_OWN_STATES; k < a->n_states; k++) {
        const uint32_t i = forward ? k : a->n_states - 1 - (k - LL_N_OWN_STATES);
        const ll_auto_state *s = &a->states[i];
        ll_auto_rule *rule = &a->rules[s->rule];
        if (rule->start == i) {
            first_bytes(a, i, firsts, bytes);
            changed |= unite(firsts[s->rule], bytes);
        }
        for (uint32_t c = s[0].first_call; c < s[1].first_call; c++) {
            const ll_call *call = &a->calls[c];
            first_bytes(a, call->target, firsts, bytes);
            if (a->states[call->target].final)
                unite(bytes, rule->follow);
            changed |= unite(a->rules[call->rule].follow, bytes);
        }
    }
    return changed;
}

bool ll_automaton_find_follow(ll_automaton *a)
{
    uint64_t(*firsts)[4] = ll_calloc(a->host, a->n_rules, sizeof *firsts);
    if (!firsts)
        return false;
    bool changed = true;
    for (int i = 0; i < PASSES_MAX && changed; i++)
        changed = pass(a, firsts, i % 2);
    for (uint32_t i = 0; i < a->n_rules && changed; i++) /* a long chain of rules: more than there is will do */
        memset(a->rules[i].follow, 0xFF, sizeof a->rules[i].follow);
    ll_free(a->host, firsts);
    return true;
}
