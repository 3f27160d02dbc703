/* SPDX-License-Identifier: MIT
 * InternLM 2 and 2.5.
 */
#include "model/families/families.h"

const ll_family ll_family_internlm2 = {
    .architecture = "internlm2",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
};
