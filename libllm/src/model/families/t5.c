/* SPDX-License-Identifier: MIT
 * T5, Flan-T5, mT5 and UMT5, and their encoders alone.
 */
#include "model/families/families.h"

/* The first T5 has no gate; no key says so. */
static libllm_status by_gate(ll_builder *b, libllm_error *error)
{
    (void)error;
    b->no_gate = !ll_layer_has(b->model, 0, "ffn_gate");
    b->model->activation = b->no_gate ? LL_ACTIVATION_RELU : LL_ACTIVATION_GELU_TANH;
    return LIBLLM_OK;
}

const ll_family ll_family_t5 = {
    .architecture = "t5",
    .has_encoder = true,
    .names_sides = true,
    .no_rope = true,
    .distance_buckets = true,
    .output_norm_name = "dec.output_norm",
    .attn_output_name = "attn_o",
    .attn_scale = 1,
    .logit_scale = LL_LOGIT_SCALE_MULTIPLIES,
    .adjust = by_gate,
};

const ll_family ll_family_t5encoder = {
    .architecture = "t5encoder",
    .is_encoder = true,
    .names_sides = true,
    .no_rope = true,
    .distance_buckets = true,
    .output_norm_name = "enc.output_norm",
    .attn_output_name = "attn_o",
    .attn_scale = 1,
    .adjust = by_gate,
};
