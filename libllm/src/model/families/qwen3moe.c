/* SPDX-License-Identifier: MIT
 * Qwen 3 with experts.
 */
#include "model/families/families.h"

const ll_family ll_family_qwen3moe = {
    .architecture = "qwen3moe",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .qk_norm = LL_REQUIRED,
    .ignores_window = true,
    .has_experts = true,
    .router_normalizes = true,
};
