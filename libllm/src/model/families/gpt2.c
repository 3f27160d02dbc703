/* SPDX-License-Identifier: MIT
 * GPT-2 and Cerebras-GPT: learned positions.
 */
#include "model/families/families.h"

const ll_family ll_family_gpt2 = {
    .architecture = "gpt2",
    .no_rope = true,
    .position_embedding = LL_REQUIRED,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .qkv_bias = LL_REQUIRED,
    .other_bias = LL_REQUIRED,
    .activation = LL_ACTIVATION_GELU_TANH,
    .no_gate = true,
};
