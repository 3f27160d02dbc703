/* SPDX-License-Identifier: MIT
 * Formulas that were read, by their text: for sheets on which the same ones are worked out again and again.
 */
#ifndef LL_ESTIMATE_FORMULAS_H
#define LL_ESTIMATE_FORMULAS_H

#include "base/map.h"
#include "estimate/expression.h"

typedef struct ll_formulas {
    const ll_host *host;
    ll_formula *items; /* with texts of their own */
    uint32_t n, capacity;
    ll_map by_text;
} ll_formulas;

void ll_formulas_init(ll_formulas *formulas, const ll_host *host);
void ll_formulas_free(ll_formulas *formulas);
/* As ll_formula_read; *out is valid up to the next one that is read. */
libllm_status ll_formulas_read(ll_formulas *formulas, const char *text, ll_formula **out, const char **wrong);

#endif
