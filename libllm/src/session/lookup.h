/* SPDX-License-Identifier: MIT
 * What may follow a text, by what followed its end before.
 */
#ifndef LL_SESSION_LOOKUP_H
#define LL_SESSION_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

/* Up to n_max tokens that followed the longest run of tokens, of those that end the text, that is there before; the
 * last such place. Returns how many. */
size_t ll_look_up(const int32_t *tokens, size_t n, size_t n_max, int32_t *guesses);

#endif
