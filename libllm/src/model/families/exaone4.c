/* SPDX-License-Identifier: MIT
 * EXAONE 4: only branches are normalized; where layers have windows, only those rotate.
 */
#include "model/families/families.h"

const ll_family ll_family_exaone4 = {
    .architecture = "exaone4",
    .rope = LL_ROPE_HALVES,
    .rotates_in_windows = true,
    .no_pre_norms = true,
    .post_norms = LL_REQUIRED,
    .qk_norm = LL_REQUIRED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .window_period = 4,
};
