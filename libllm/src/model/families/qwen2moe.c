/* SPDX-License-Identifier: MIT
 * Qwen 1.5 and 2 with experts, of which all tokens share some, weighted by a gate of their own.
 */
#include "model/families/families.h"

const ll_family ll_family_qwen2moe = {
    .architecture = "qwen2moe",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .ignores_window = true,
    .has_experts = true,
};
