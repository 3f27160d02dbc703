/* SPDX-License-Identifier: MIT
 * Phi 1, 1.5 and 2: attention and the feed-forward part read the same norm, a part of each head rotates.
 */
#include "model/families/families.h"

const ll_family ll_family_phi2 = {
    .architecture = "phi2",
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .parallel = LL_PARALLEL_ALWAYS,
    .qkv_bias = LL_REQUIRED,
    .other_bias = LL_REQUIRED,
    .activation = LL_ACTIVATION_GELU_TANH,
    .no_gate = true,
    .output_bias = LL_OPTIONAL,
};
