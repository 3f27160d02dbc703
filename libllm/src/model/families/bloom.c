/* SPDX-License-Identifier: MIT
 * BLOOM: ALiBi, a norm of the embedding.
 */
#include "model/families/families.h"

const ll_family ll_family_bloom = {
    .architecture = "bloom",
    .no_rope = true,
    .alibi = 8,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .embd_norm = LL_REQUIRED,
    .qkv_bias = LL_REQUIRED,
    .other_bias = LL_REQUIRED,
    .activation = LL_ACTIVATION_GELU_TANH,
    .no_gate = true,
};
