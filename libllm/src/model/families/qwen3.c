/* SPDX-License-Identifier: MIT
 * Qwen 3, dense.
 */
#include "model/families/families.h"

const ll_family ll_family_qwen3 = {
    .architecture = "qwen3",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .qk_norm = LL_REQUIRED,
    .ignores_window = true,
};
