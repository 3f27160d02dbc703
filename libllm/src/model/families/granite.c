/* SPDX-License-Identifier: MIT
 * Granite 3, dense: scales of the embedding, the branches, the scores and the logits.
 */
#include "model/families/families.h"

const ll_family ll_family_granite = {
    .architecture = "granite",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .scales_branches = true,
    .logit_scale = LL_LOGIT_SCALE_DIVIDES,
};
