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

/* A formula as operations on a stack: read once, it can be evaluated many times. */
typedef struct ll_formula {
    const ll_host *host;
    const char *text; /* must outlive it */
    struct ll_operation *operations;
    uint32_t n, capacity;
} ll_formula;

void ll_formula_init(ll_formula *formula, const ll_host *host);
void ll_formula_free(ll_formula *formula);
/* In place of what was read before. LIBLLM_ERROR_INVALID_ARGUMENT, with *wrong where it cannot be read. */
libllm_status ll_formula_read(ll_formula *formula, const char *text, const char **wrong);

/* Put the value of a name into *out; false when there is no such name. *hint is the caller's, kept with the formula for
 * each of its names; 0 at first. */
typedef bool ll_lookup_fn(void *context, ll_span name, uint32_t *hint, ll_cases *out);

/* The first n_cases of *out; false when a name is not found. */
bool ll_formula_evaluate(ll_formula *formula, size_t n_cases, ll_lookup_fn *lookup, void *context, ll_cases *out);

/* The next name of a formula at or behind *at, in order of reading; false when there are no more. */
bool ll_next_name(const char **at, ll_span *name);

#endif
