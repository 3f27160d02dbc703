/* SPDX-License-Identifier: MIT
 * ModernBERT: no biases, the first of each few layers sees everything, the others a window to both sides.
 */
#include "model/families/families.h"

#include "base/status.h"

static libllm_status read_activation(ll_builder *b, libllm_error *error)
{
    ll_span name = ll_span_of("gelu");
    libllm_status status = ll_gguf_get_string(&b->model->gguf, "modern-bert.hidden_activation", &name, error);
    if (ll_span_is(name, "silu"))
        b->model->activation = LL_ACTIVATION_SILU;
    else if (!status && !ll_span_is(name, "gelu"))
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                         "key \"modern-bert.hidden_activation\" is \"%.*s\", which is not supported",
                         (int)(name.size < 64 ? name.size : 64), name.data);
    return status;
}

const ll_family ll_family_modern_bert = {
    .architecture = "modern-bert",
    .is_encoder = true,
    .rope = LL_ROPE_HALVES,
    .norm = LL_NORM_LAYER,
    .embd_norm = LL_REQUIRED,
    .first_norm = LL_OPTIONAL,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_GELU_ERF,
    .adjust = read_activation,
    .classifies_mean = true,
    .classifier_gelu = true,
    .window_period = 3,
    .window_first_full = true,
    .window_rope_base = 10000,
};
