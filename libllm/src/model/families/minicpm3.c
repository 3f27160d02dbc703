/* SPDX-License-Identifier: MIT
 * MiniCPM 3: latent attention, scales that no key says.
 */
#include "model/families/families.h"

#include <math.h>

static libllm_status set_scales(ll_builder *b, libllm_error *error)
{
    ll_model *m = b->model;
    (void)error;
    m->embd_scale = 12;
    m->residual_scale = 1.4f / sqrtf((float)m->n_layers);
    m->logit_scale = 256 / (float)m->n_embd;
    return LIBLLM_OK;
}

const ll_family ll_family_minicpm3 = {
    .architecture = "minicpm3",
    .rope = LL_ROPE_HALVES,
    .has_latent = true,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .adjust = set_scales,
};
