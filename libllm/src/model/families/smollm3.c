/* SPDX-License-Identifier: MIT
 * SmolLM 3: Llama in which every fourth layer does not rotate.
 */
#include "model/families/families.h"

const ll_family ll_family_smollm3 = {
    .architecture = "smollm3",
    .rope = LL_ROPE_INTERLEAVED,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .unrotated_period = 4,
};
