/* SPDX-License-Identifier: MIT
 * Numbers to text and back, in Python's notation and whatever the locale.
 */
#ifndef LL_CHAT_NUMBER_H
#define LL_CHAT_NUMBER_H

#include "base/buffer.h"

enum { LL_NUMBER_TEXT = 400 };

/* Python's repr() of a float. Returns the length. */
size_t ll_print_float(double v, char out[LL_NUMBER_TEXT]);
/* C's %.*f, %.*e or %.*g (kind 'f', 'e', 'g') with a point; precision is at most 60. */
size_t ll_print_decimal(double v, char kind, int precision, char out[LL_NUMBER_TEXT]);
/* Python's float(text) and int(text, base); false: not such a number. */
bool ll_parse_float(ll_span text, double *out);
typedef enum ll_parsed { LL_PARSED, LL_NO_NUMBER, LL_NUMBER_TOO_LARGE } ll_parsed;
ll_parsed ll_parse_int(ll_span text, int base, int64_t *out);

#endif
