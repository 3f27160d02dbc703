/* SPDX-License-Identifier: MIT
 * GPT-J: one norm for both parts of a layer, the first values of each head rotate in pairs.
 */
#include "model/families/families.h"

const ll_family ll_family_gptj = {
    .architecture = "gptj",
    .rope = LL_ROPE_INTERLEAVED,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .parallel = LL_PARALLEL_ALWAYS,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_TANH,
    .no_gate = true,
    .output_bias = LL_OPTIONAL,
};
