/* SPDX-License-Identifier: MIT
 * Qwen 3 with experts; Qwen 3 VL with experts, without images.
 */
#include "model/families/families.h"

#define QWEN3MOE                                                                                                       \
    .rope = LL_ROPE_HALVES, .activation = LL_ACTIVATION_SILU, .qkv_bias = LL_OPTIONAL, .other_bias = LL_OPTIONAL,      \
    .qk_norm = LL_REQUIRED, .ignores_window = true, .has_experts = true, .router_normalizes = true

const ll_family ll_family_qwen3moe = {.architecture = "qwen3moe", QWEN3MOE};
const ll_family ll_family_qwen3vlmoe = {.architecture = "qwen3vlmoe", QWEN3MOE};
