/* SPDX-License-Identifier: MIT
 * Looking for the end of a text in what is before it.
 */
#include "session/lookup.h"

#include <string.h>

enum { RUN_MIN = 2, RUN_MAX = 8 };

size_t ll_look_up(const int32_t *tokens, size_t n, size_t n_max, int32_t *guesses)
{
    size_t best = 0, behind = 0;
    for (size_t end = n - 1; end >= RUN_MIN && best < RUN_MAX; end--) {
        size_t same = 0;
        while (same < RUN_MAX && same < end && tokens[end - 1 - same] == tokens[n - 1 - same])
            same++;
        if (same > best) {
            best = same;
            behind = end;
        }
    }
    if (best < RUN_MIN)
        return 0;
    const size_t n_guesses = n - behind < n_max ? n - behind : n_max;
    memcpy(guesses, tokens + behind, n_guesses * sizeof *guesses);
    return n_guesses;
}
