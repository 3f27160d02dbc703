/* SPDX-License-Identifier: MIT
 * MPT: ALiBi or learned positions; queries, keys and values may be bounded.
 */
#include "model/families/families.h"

static libllm_status read_alibi(ll_builder *b, libllm_error *error)
{
    return ll_build_f32(b, "attention.max_alibi_bias", 0, 1024, &b->alibi, error);
}

const ll_family ll_family_mpt = {
    .architecture = "mpt",
    .no_rope = true,
    .position_embedding = LL_OPTIONAL,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_OPTIONAL,
    .qk_norm = LL_OPTIONAL,
    .head_norm = LL_HEAD_NORM_WHOLE,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_ERF,
    .no_gate = true,
    .adjust = read_alibi,
};
