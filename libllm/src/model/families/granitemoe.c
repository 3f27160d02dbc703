/* SPDX-License-Identifier: MIT
 * Granite 3 with experts, and where the file has them shared ones.
 */
#include "model/families/families.h"

const ll_family ll_family_granitemoe = {
    .architecture = "granitemoe",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .scales_branches = true,
    .logit_scale = LL_LOGIT_SCALE_DIVIDES,
    .has_experts = true,
    .router_score = LL_ROUTER_SOFTMAX_OF_CHOSEN,
};
