/* SPDX-License-Identifier: MIT
 * BERT, RoBERTa, MiniLM, DistilBERT and the embedding models made of them.
 */
#include "model/families/families.h"

const ll_family ll_family_bert = {
    .architecture = "bert",
    .is_encoder = true,
    .no_rope = true,
    .position_embedding = LL_REQUIRED,
    .token_types = true,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .embd_norm = LL_REQUIRED,
    .norms_sums = true,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_ERF,
    .no_gate = true,
};
