/* SPDX-License-Identifier: MIT
 * Command R, Command R+ and Aya: one norm without bias for both parts of a layer.
 */
#include "model/families/families.h"

const ll_family ll_family_command_r = {
    .architecture = "command-r",
    .rope = LL_ROPE_INTERLEAVED,
    .norm = LL_NORM_LAYER,
    .parallel = LL_PARALLEL_ALWAYS,
    .qk_norm = LL_OPTIONAL,
    .head_norm = LL_HEAD_NORM_OWN,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .logit_scale = LL_LOGIT_SCALE_MULTIPLIES,
};
