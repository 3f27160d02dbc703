/* SPDX-License-Identifier: MIT
 * Scaling laws: how good a model of so many parameters becomes on so many tokens, and which of these make best use of
 * so many operations.
 */
#ifndef LL_ESTIMATE_SCALING_H
#define LL_ESTIMATE_SCALING_H

#include "estimate/tasks.h"

typedef enum ll_law {
    LL_LAW_HOFFMANN,
    LL_LAW_BESIROGLU,
    LL_LAW_MUENNIGHOFF,
    LL_LAW_KAPLAN,
    LL_LAW_LLAMA3,
    LL_LAW_DEEPSEEK,
} ll_law;
#define LL_LAW_WORDS "hoffmann|besiroglu|muennighoff|kaplan|llama3|deepseek"

/* E + A / N ^ alpha + B / D ^ beta. */
typedef struct ll_loss_law {
    double e, a, b, alpha, beta;
} ll_loss_law;

/* scaling.c: the law's constants, law.*. NULL: it says nothing of loss in these terms. */
const ll_loss_law *ll_law_put(ll_sheet *sheet, ll_law law);
/* Formulas of the law, in terms of the figures that are named; strings of the sheet. */
const char *ll_law_parameters_for_flops(ll_sheet *sheet, ll_law law, const char *flops);
const char *ll_law_flops_for_parameters(ll_sheet *sheet, ll_law law, const char *parameters);
const char *ll_law_flops_for_tokens(ll_sheet *sheet, ll_law law, const char *tokens);

#endif
