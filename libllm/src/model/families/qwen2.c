/* SPDX-License-Identifier: MIT
 * Qwen 1.5, 2 and 2.5.
 */
#include "model/families/families.h"

const ll_family ll_family_qwen2 = {
    .architecture = "qwen2",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_REQUIRED,
    .other_bias = LL_OPTIONAL,
    .ignores_window = true, /* the published configurations have use_sliding_window = false */
};
