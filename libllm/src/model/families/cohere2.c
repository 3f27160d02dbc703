/* SPDX-License-Identifier: MIT
 * Command R7B and Command A: three layers with a window and a rotation for each one with neither.
 */
#include "model/families/families.h"

const ll_family ll_family_cohere2 = {
    .architecture = "cohere2",
    .rope = LL_ROPE_INTERLEAVED,
    .rotates_in_windows = true,
    .norm = LL_NORM_LAYER,
    .parallel = LL_PARALLEL_ALWAYS,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .window_period = 4,
    .logit_scale = LL_LOGIT_SCALE_MULTIPLIES,
};
