/* SPDX-License-Identifier: MIT
 * Nomic Embed 2: BERT with rotation, and experts in every other layer.
 */
#include "model/families/families.h"

const ll_family ll_family_nomic_bert_moe = {
    .architecture = "nomic-bert-moe",
    .is_encoder = true,
    .rope = LL_ROPE_HALVES,
    .token_types = true,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .embd_norm = LL_REQUIRED,
    .norms_sums = true,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_ERF,
    .no_gate = true,
    .has_experts = true,
};
