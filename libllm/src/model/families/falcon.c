/* SPDX-License-Identifier: MIT
 * Falcon 7B, 11B and 40B.
 */
#include "model/families/families.h"

/* The 40B has a norm for each part, and its attn_norm is that of the feed-forward part. */
static libllm_status second_norm(ll_builder *b, uint32_t layer, libllm_error *error)
{
    ll_layer *l = &b->model->layers[layer];
    ll_norm second;
    libllm_status status =
        ll_bind_norm(b->model, layer, "attn_norm_2", b->model->n_embd, LL_OPTIONAL, LL_REQUIRED, &second, error);
    if (second.weight)
        l->attn_norm = second;
    return status;
}

const ll_family ll_family_falcon = {
    .architecture = "falcon",
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .norm_bias = LL_REQUIRED,
    .parallel = LL_PARALLEL_ALWAYS,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_ERF,
    .no_gate = true,
    .adjust_layer = second_norm,
};
