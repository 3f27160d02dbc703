/* SPDX-License-Identifier: MIT
 * StarCoder 2.
 */
#include "model/families/families.h"

const ll_family ll_family_starcoder2 = {
    .architecture = "starcoder2",
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_TANH,
    .no_gate = true,
};
