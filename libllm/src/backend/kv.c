/* SPDX-License-Identifier: MIT
 * Sizes of KV memory and of states, the same on every device.
 */
#include "backend/backend.h"

libllm_kv_type ll_kv_type_resolve(const ll_model *model, libllm_kv_type kv_type)
{
    if (kv_type != LIBLLM_KV_AUTO)
        return kv_type;
    return ll_model_is_f32(model) ? LIBLLM_KV_F32 : LIBLLM_KV_F16;
}

uint64_t ll_state_bytes(const ll_model *model)
{
    uint64_t values = 0;
    for (uint32_t i = 0; i < model->n_layers; i++)
        values += ll_layer_state(&model->layers[i]);
    return values * sizeof(float);
}

uint64_t ll_kv_bytes_per_position(const ll_model *model, libllm_kv_type kv_type)
{
    uint64_t of_sides[2] = {0};
    for (uint32_t i = 0; i < model->n_layers; i++)
        of_sides[i < model->n_encoder_layers] +=
            (uint64_t)model->layers[i].n_kv_heads * (model->head_dim + model->value_dim);
    uint64_t values = of_sides[0] > of_sides[1] ? of_sides[0] : of_sides[1]; /* as a page is for either */
    values *= model->n_encoder_layers ? 2 : 1;
    kv_type = ll_kv_type_resolve(model, kv_type);
    return kv_type == LIBLLM_KV_F32 ? 4 * values : kv_type == LIBLLM_KV_F16 ? 2 * values : values + values / 32 * 2;
}
