/* SPDX-License-Identifier: MIT
 * Qwen 3, dense; Qwen 3 VL, without images.
 */
#include "model/families/families.h"

#define QWEN3                                                                                                          \
    .rope = LL_ROPE_HALVES, .activation = LL_ACTIVATION_SILU, .qkv_bias = LL_OPTIONAL, .other_bias = LL_OPTIONAL,      \
    .qk_norm = LL_REQUIRED, .ignores_window = true

const ll_family ll_family_qwen3 = {.architecture = "qwen3", QWEN3};
const ll_family ll_family_qwen3vl = {.architecture = "qwen3vl", QWEN3};
