/* SPDX-License-Identifier: MIT
 * ChatGLM 2 and 3, GLM 4 of 2024: half of each head rotates.
 */
#include "model/families/families.h"

const ll_family ll_family_chatglm = {
    .architecture = "chatglm",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
