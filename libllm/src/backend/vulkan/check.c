/* SPDX-License-Identifier: MIT
 * What the device cannot compute, said before anything is made.
 */
#include "backend/vulkan/executor.h"
#include "backend/vulkan/tables.h"

#include "base/status.h"

static libllm_status check_matrix(const ll_matrix *m, libllm_error *error)
{
    if (m->data && !ll_vk_decodes(m->traits->type))
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the device vulkan does not read matrices of type %s",
                       m->traits->name);
    if (m->data && m->row_bytes > UINT32_MAX)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the device vulkan does not read rows of %zu bytes",
                       m->row_bytes);
    return LIBLLM_OK;
}

libllm_status ll_vk_check(const ll_executor *e, libllm_error *error)
{
    const ll_model *m = e->model;
    libllm_status status = LIBLLM_OK;
    if (m->latent.n_kv && ((m->latent.n_nope + m->latent.n_rot) % 4 || m->value_dim % 4))
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                         "the device vulkan does not attend to latents with heads of %u and %u values",
                         m->latent.n_nope + m->latent.n_rot, m->value_dim);
    const ll_linear *linears[LL_LAYER_LINEARS_MAX];
    for (uint32_t i = e->plan.first_layer; !status && i < e->plan.end_layer; i++) {
        const size_t n = ll_layer_linears(&m->layers[i], linears);
        for (size_t j = 0; !status && j < n; j++)
            status = check_matrix(&linears[j]->weight, error);
        if (!status && m->qkv_clamp > 0 && m->layers[i].q_norm.weight && m->head_norm == LL_HEAD_NORM_WHOLE)
            status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                             "the device vulkan does not bound queries that are then normalized as a whole");
    }
    const bool embeds = !e->options.part.receives || e->plan.n_encode;
    if (!status && embeds)
        status = check_matrix(&m->embedding, error);
    if (!status && embeds)
        status = check_matrix(&m->position_embedding, error);
    if (!status && !e->options.hidden_states && !e->options.part.hands_on)
        status = check_matrix(&m->output.weight, error);
    return status;
}
