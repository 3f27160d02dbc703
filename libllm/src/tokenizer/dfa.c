/* SPDX-License-Identifier: MIT
 * Running the state machines of dfa_table.c over valid UTF-8: one look at every character, and nothing is remembered
 * but the last place where a match could end.
 */
#include "tokenizer/internal.h"

#include <string.h>

/* The class of a character beyond ASCII. */
static unsigned class_of(const ll_dfa *dfa, const char *text, size_t *n)
{
    int32_t c = ll_valid_character(text, n);
    if (dfa->n_ranges) {
        uint32_t low = 0, high = dfa->n_ranges;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (dfa->ranges[middle].last < (uint32_t)c)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < dfa->n_ranges && dfa->ranges[low].first <= (uint32_t)c)
            return dfa->ranges[low].value;
    }
    return dfa->of_kind[ll_kind_of(c)];
}

size_t ll_dfa_match(const ll_dfa *dfa, const char *text, size_t i, size_t end, size_t *seen)
{
    const uint16_t *next = dfa->next;
    unsigned state = 1, n_classes = dfa->n_classes;
    size_t match = i;
    while (i < end) {
        size_t n = 1;
        unsigned class = dfa->first[(unsigned char)text[i]];
        if (class == LL_BEYOND_ASCII)
            class = class_of(dfa, text + i, &n);
        unsigned edge = next[state * n_classes + class];
        if (edge & 1)
            match = i;
        state = edge >> 1;
        if (state == 0) {
            *seen = i;
            return match;
        }
        i += n;
    }
    *seen = end;
    return next[state * n_classes + n_classes - 1] & 1 ? end : match;
}

const ll_dfa *ll_dfa_find(ll_span pattern)
{
    for (const ll_known_dfa *known = ll_known_dfas; known->pattern; known++)
        if (ll_span_is(pattern, known->pattern))
            return known->dfa;
    return NULL;
}
