/* SPDX-License-Identifier: MIT
 * Phi 3, 3.5 and 4: fused matrices, LongRoPE.
 */
#include "model/families/families.h"

const ll_family ll_family_phi3 = {
    .architecture = "phi3",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
};
