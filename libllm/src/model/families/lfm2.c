/* SPDX-License-Identifier: MIT
 * LFM2: short convolutions, and attention in some layers.
 */
#include "model/families/families.h"

const ll_family ll_family_lfm2 = {
    .architecture = "lfm2",
    .rope = LL_ROPE_HALVES,
    .mixer = LL_MIXER_SHORT_CONV,
    .qk_norm = LL_REQUIRED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .output_norm_name = "token_embd_norm",
};
