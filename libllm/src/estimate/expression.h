/* SPDX-License-Identifier: MIT
 * Formulas as text. A figure of a report is computed by evaluating the very formula that the report prints, so the two
 * cannot differ.
 *
 *   sum     = product { ("+" | "-") product }
 *   product = power { ("*" | "/") power }
 *   power   = ["-"] atom ["^" power]
 *   atom    = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
 *
 * Names are paths of figures ("tokens.total"). Functions: ceil, floor, round (half up), min, max, sqrt, ln, exp, and
 * erlang_c(servers, busy), the chance of waiting.
 * ceil and floor overlook a relative 1e-12, which is what rounding leaves of a whole number.
 */
#ifndef LL_ESTIMATE_EXPRESSION_H
#define LL_ESTIMATE_EXPRESSION_H

#include "base/buffer.h"

/* A value in the expected case, and in cases in which one thing is otherwise (see sheet.h). */
enum { LL_CASES_MAX = 33 };

typedef struct ll_cases {
    double at[LL_CASES_MAX];
} ll_cases;

/* Put the value of a name into *out; false when there is no such name. */
typedef bool ll_lookup_fn(void *context, ll_span name, ll_cases *out);

/* The first n_cases of *out; false, with *wrong where the formula cannot be read, when that is so. */
bool ll_evaluate(const char *formula, size_t n_cases, ll_lookup_fn *lookup, void *context, ll_cases *out,
                 const char **wrong);

/* The next name of a formula at or behind *at, in order of reading; false when there are no more. */
bool ll_next_name(const char **at, ll_span *name);

#endif
