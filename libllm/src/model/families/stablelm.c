/* SPDX-License-Identifier: MIT
 * StableLM 3B and StableLM 2: a part of each head rotates; the 12B has one norm for both parts of a layer.
 */
#include "model/families/families.h"

const ll_family ll_family_stablelm = {
    .architecture = "stablelm",
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .parallel = LL_PARALLEL_WITHOUT_FFN_NORM,
    .qk_norm = LL_OPTIONAL,
    .head_norm = LL_HEAD_NORM_OWN,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
