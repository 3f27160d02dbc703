/* SPDX-License-Identifier: MIT
 * GLM 4 of 2025 and GLM Z1: post norms, half of each head rotates.
 */
#include "model/families/families.h"

const ll_family ll_family_glm4 = {
    .architecture = "glm4",
    .rope = LL_ROPE_INTERLEAVED,
    .post_norms = LL_REQUIRED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
