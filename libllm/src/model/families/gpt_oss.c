/* SPDX-License-Identifier: MIT
 * gpt-oss: attention sinks, biases everywhere, experts of MXFP4. The norm before the experts is named after attention.
 */
#include "model/families/families.h"

const ll_family ll_family_gpt_oss = {
    .architecture = "gpt-oss",
    .rope = LL_ROPE_HALVES,
    .untruncated_yarn = true,
    .ffn_norm_name = "post_attention_norm",
    .qkv_bias = LL_REQUIRED,
    .other_bias = LL_REQUIRED,
    .sinks = LL_REQUIRED,
    .activation = LL_ACTIVATION_SWIGLU_LIMITED,
    .window_period = 2,
    .has_experts = true,
    .router_score = LL_ROUTER_SOFTMAX_OF_CHOSEN,
    .router_bias = LL_REQUIRED,
    .expert_bias = LL_REQUIRED,
};
