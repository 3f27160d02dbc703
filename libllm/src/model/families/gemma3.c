/* SPDX-License-Identifier: MIT
 * Gemma 3, text: five layers with a window and a rope base of their own for each one without.
 */
#include "model/families/families.h"

#include <math.h>

/* As in Gemma 2, the 27B has a scale of its own that files do not state. */
static libllm_status adjust(ll_builder *b, libllm_error *error)
{
    (void)error;
    ll_model *m = b->model;
    if (m->n_layers == 62)
        m->attn_scale = 1 / sqrtf((float)m->n_embd / (float)m->layers[0].n_heads);
    return LIBLLM_OK;
}

const ll_family ll_family_gemma3 = {
    .architecture = "gemma3",
    .rope = LL_ROPE_HALVES,
    .activation = LL_ACTIVATION_GELU_TANH,
    .scales_embedding = true,
    .qk_norm = LL_REQUIRED,
    .post_norms = LL_REQUIRED,
    .window_period = 6,
    .window_rope_base = 10000,
    .adjust = adjust,
};
