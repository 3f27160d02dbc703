/* SPDX-License-Identifier: MIT
 * Ministral 3 and the text part of Mistral Small 3: queries grow with their position in long contexts.
 */
#include "model/families/families.h"

const ll_family ll_family_mistral3 = {
    .architecture = "mistral3",
    .rope = LL_ROPE_INTERLEAVED,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .grows_queries = true,
};
