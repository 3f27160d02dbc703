/* SPDX-License-Identifier: MIT
 * ERNIE 4.5 with experts.
 */
#include "model/families/families.h"

const ll_family ll_family_ernie4_5_moe = {
    .architecture = "ernie4_5-moe",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .has_experts = true,
    .router_normalizes = true,
    .choice_bias = LL_OPTIONAL,
};
