/* SPDX-License-Identifier: MIT
 * Llama 2 and 3.x, Mistral, Mixtral, SmolLM2, TinyLlama and their kin.
 */
#include "model/families/families.h"

const ll_family ll_family_llama = {
    .architecture = "llama",
    .rope = LL_ROPE_INTERLEAVED,
    .activation = LL_ACTIVATION_SILU,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .has_experts = true, /* Mixtral */
    .router_normalizes = true,
};
