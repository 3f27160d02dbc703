/* SPDX-License-Identifier: MIT
 * Hunyuan with experts, one of which all tokens share.
 */
#include "model/families/families.h"

const ll_family ll_family_hunyuan_moe = {
    .architecture = "hunyuan-moe",
    .rope = LL_ROPE_HALVES,
    .qk_norm = LL_REQUIRED,
    .head_norm_after_rope = true,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .has_experts = true,
    .router_normalizes = true,
};
