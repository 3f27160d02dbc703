/* SPDX-License-Identifier: MIT
 * Gemma 2: post norms, soft caps, every other layer sees a window.
 */
#include "model/families/families.h"

#include <math.h>

/* The 27B divides queries by the square root of n_embd / n_heads instead of the head's length; files do not say so. */
static libllm_status adjust(ll_builder *b, libllm_error *error)
{
    (void)error;
    ll_model *m = b->model;
    if (m->n_layers == 46)
        m->attn_scale = 1 / sqrtf((float)m->n_embd / (float)m->layers[0].n_heads);
    return LIBLLM_OK;
}

const ll_family ll_family_gemma2 = {
    .architecture = "gemma2",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_GELU_TANH,
    .scales_embedding = true,
    .post_norms = LL_REQUIRED,
    .attn_softcap = 50,
    .final_softcap = 30,
    .window = 4096,
    .window_period = 2,
    .adjust = adjust,
};
