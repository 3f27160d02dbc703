/* SPDX-License-Identifier: MIT
 * Gemma 1. As in all Gemma files, the stored norm weights already include the 1 that the papers add.
 */
#include "model/families/families.h"

const ll_family ll_family_gemma = {
    .architecture = "gemma",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_GELU_TANH,
    .scales_embedding = true,
};
