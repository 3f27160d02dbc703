/* SPDX-License-Identifier: MIT
 * MiniCPM: Llama with scales of the embedding, the branches and the logits.
 */
#include "model/families/families.h"

#include <float.h>
#include <math.h>

/* What the first files, which have no keys for it, mean. */
static libllm_status default_scales(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    float divisor = (float)m->n_embd / 256;
    if (m->embd_scale == 1)
        m->embd_scale = 12;
    if (m->residual_scale == 1)
        m->residual_scale = 1.4f / sqrtf((float)m->n_layers);
    libllm_status status = ll_build_f32(b, "logit_scale", FLT_MIN, FLT_MAX, &divisor, error);
    m->logit_scale = 1 / divisor;
    return status;
}

const ll_family ll_family_minicpm = {
    .architecture = "minicpm",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .scales_branches = true,
    .adjust = default_scales,
};
