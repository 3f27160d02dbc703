/* SPDX-License-Identifier: MIT
 * Baichuan and Baichuan 2: the 7B rotates, the 13B has ALiBi.
 */
#include "model/families/families.h"

/* No key says which; the 13B has 40 layers. */
static libllm_status by_size(ll_builder *b, libllm_error *error)
{
    (void)error;
    if (b->model->n_layers == 40) {
        b->alibi = 8;
        b->no_rope = true;
    }
    return LIBLLM_OK;
}

const ll_family ll_family_baichuan = {
    .architecture = "baichuan",
    .rope = LL_ROPE_INTERLEAVED,
    .qkv_bias = LL_OPTIONAL,
    .other_bias = LL_OPTIONAL,
    .activation = LL_ACTIVATION_SILU,
    .adjust = by_size,
};
