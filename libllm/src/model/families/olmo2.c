/* SPDX-License-Identifier: MIT
 * OLMo 2 and 3: only the branches are normalized, and all queries and keys of a token together.
 */
#include "model/families/families.h"

const ll_family ll_family_olmo2 = {
    .architecture = "olmo2",
    .rope = LL_ROPE_HALVES,
    .no_pre_norms = true,
    .post_norms = LL_REQUIRED,
    .qk_norm = LL_REQUIRED,
    .head_norm = LL_HEAD_NORM_WHOLE,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .window_period = 4,
    .window_unscaled = true,
};
