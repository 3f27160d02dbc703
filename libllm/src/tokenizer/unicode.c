/* SPDX-License-Identifier: MIT
 * Kinds of rare characters, and lower case. The kinds of the others, and the ranges below, are in unicode_table.c.
 */
#include "tokenizer/internal.h"

unsigned ll_kind_in_runs(int32_t c)
{
    uint32_t low = 0, high = ll_n_kind_runs;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (ll_kind_runs[middle].first <= (uint32_t)c)
            low = middle;
        else
            high = middle;
    }
    return ll_kind_runs[low].kind;
}

int32_t ll_lower_case(int32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
    uint32_t low = 0, high = ll_n_lower_ranges;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ll_lower_ranges[middle].last < (uint32_t)c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == ll_n_lower_ranges || (uint32_t)c < ll_lower_ranges[low].first)
        return c;
    const ll_lower_range *range = &ll_lower_ranges[low];
    return ((uint32_t)c - range->first) % range->step == 0 ? c + range->distance : c;
}

bool ll_in_unicode9(int32_t c)
{
    uint32_t low = 0, high = ll_n_unicode9;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ll_unicode9[middle] <= (uint32_t)c)
            low = middle + 1;
        else
            high = middle;
    }
    return low % 2 == 1;
}
