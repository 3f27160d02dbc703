/* SPDX-License-Identifier: MIT
 * Qwen 1.5, 2 and 2.5; Qwen 2 VL and 2.5 VL, without images.
 */
#include "model/families/families.h"

/* The published configurations have a window, and use_sliding_window = false. */
#define QWEN2                                                                                                          \
    .rope = LL_ROPE_HALVES, .activation = LL_ACTIVATION_SILU, .qkv_bias = LL_REQUIRED, .other_bias = LL_OPTIONAL,      \
    .ignores_window = true

const ll_family ll_family_qwen2 = {.architecture = "qwen2", QWEN2};
const ll_family ll_family_qwen2vl = {.architecture = "qwen2vl", QWEN2};
