/* SPDX-License-Identifier: MIT
 * Hunyuan, dense: queries and keys are normalized after the rotation.
 */
#include "model/families/families.h"

const ll_family ll_family_hunyuan_dense = {
    .architecture = "hunyuan-dense",
    .rope = LL_ROPE_HALVES,
    .qk_norm = LL_REQUIRED,
    .head_norm_after_rope = true,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
