/* SPDX-License-Identifier: MIT
 * DeepSeek V2, V2 Lite, V3 and R1, Kimi K2: latent attention, experts in groups, of which all tokens share some.
 */
#include "model/families/families.h"

const ll_family ll_family_deepseek2 = {
    .architecture = "deepseek2",
    .rope = LL_ROPE_INTERLEAVED,
    .yarn_in_scores = true,
    .has_latent = true,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .has_experts = true,
    .choice_bias = LL_OPTIONAL,
};
