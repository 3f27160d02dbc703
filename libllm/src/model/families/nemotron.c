/* SPDX-License-Identifier: MIT
 * Nemotron 4 and Minitron. The stored norm weights include the 1 that the papers add.
 */
#include "model/families/families.h"

const ll_family ll_family_nemotron = {
    .architecture = "nemotron",
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_RELU_SQUARED,
    .no_gate = true,
};
