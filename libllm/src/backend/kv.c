/* SPDX-License-Identifier: MIT
 * Sizes of KV memory and of states, the same on every device.
 */
#include "backend/kv.h"

#include <string.h>

libllm_kv_type ll_kv_type_resolve(const ll_model *model, libllm_kv_type kv_type)
{
    if (kv_type != LIBLLM_KV_AUTO)
        return kv_type;
    return ll_model_is_f32(model) ? LIBLLM_KV_F32 : LIBLLM_KV_F16;
}

uint64_t ll_state_bytes_of(const ll_model *model, uint32_t first_layer, uint32_t end_layer)
{
    uint64_t values = 0;
    for (uint32_t i = first_layer; i < end_layer; i++)
        values += ll_layer_state(&model->layers[i]);
    return values * sizeof(float);
}

uint64_t ll_state_bytes(const ll_model *model) { return ll_state_bytes_of(model, 0, model->n_layers); }

uint64_t ll_kv_bytes_per_position(const ll_model *model, libllm_kv_type kv_type)
{
    uint64_t of_sides[2] = {0};
    for (uint32_t i = 0; i < model->n_layers; i++)
        of_sides[i < model->n_encoder_layers] +=
            (uint64_t)model->layers[i].n_kv_heads * (model->head_dim + model->value_dim);
    uint64_t values = of_sides[0] > of_sides[1] ? of_sides[0] : of_sides[1]; /* as a page is for either */
    values *= model->n_encoder_layers ? 2 : 1;
    switch (ll_kv_type_resolve(model, kv_type)) {
    case LIBLLM_KV_F32:
        return 4 * values;
    case LIBLLM_KV_F16:
        return 2 * values;
    case LIBLLM_KV_Q8_0:
        return values + values / 32 * 2;
    default:
        return values / 2 + values / 32 * 2;
    }
}

ll_kv_format ll_kv_format_of(libllm_kv_type kv_type)
{
    static const ll_kv_format formats[] = {[LIBLLM_KV_F32] = LL_KV_FORMAT_F32,
                                           [LIBLLM_KV_F16] = LL_KV_FORMAT_F16,
                                           [LIBLLM_KV_Q8_0] = LL_KV_FORMAT_Q8_0,
                                           [LIBLLM_KV_Q4_0] = LL_KV_FORMAT_Q4_0};
    return formats[kv_type];
}

static size_t head_bytes(const ll_model *m, ll_kv_format format)
{
    return ll_kv_tile_bytes(format, m->head_dim) + ll_kv_tile_bytes(format, m->value_dim);
}

size_t ll_kv_layout(const ll_plan *plan, libllm_kv_type kv_type, size_t *layer_offset)
{
    const ll_model *m = plan->model;
    const size_t n_bytes = head_bytes(m, ll_kv_format_of(kv_type));
    size_t next = 0, page_bytes = 0;
    for (uint32_t i = plan->first_layer; i < plan->end_layer; i++) {
        if (i == m->n_encoder_layers)
            next = 0;
        layer_offset[i] = next;
        next += m->layers[i].n_kv_heads * n_bytes;
        page_bytes = next > page_bytes ? next : page_bytes;
    }
    return page_bytes;
}

/* Of rows of positions, what lies behind the first n. */
static void clear_rows(uint8_t *rows, size_t n_rows, size_t n, size_t bytes)
{
    for (size_t i = 0; i < n_rows; i++)
        memset(rows + (i * LL_KV_TILE + n) * bytes, 0, (LL_KV_TILE - n) * bytes);
}

void ll_kv_clear_behind(const ll_model *m, ll_kv_format format, uint32_t layer, size_t n, uint8_t *part)
{
    const size_t halves = format == LL_KV_FORMAT_F32    ? 8 /* half bytes of a value */
                          : format == LL_KV_FORMAT_F16  ? 4
                          : format == LL_KV_FORMAT_Q8_0 ? 2
                                                        : 1;
    const size_t key_rows = halves == 1 ? m->head_dim / 2 : m->head_dim;
    for (uint32_t head = 0; head < m->layers[layer].n_kv_heads; head++) {
        uint8_t *keys = part + head * head_bytes(m, format);
        uint8_t *values = keys + ll_kv_tile_bytes(format, m->head_dim);
        clear_rows(keys, key_rows, n, (halves + 1) / 2);
        clear_rows(values, 1, n, halves * m->value_dim / 2);
        if (format < LL_KV_FORMAT_Q8_0)
            continue;
        clear_rows(keys + halves * m->head_dim * LL_KV_TILE / 2, m->head_dim / 32, n, 2);
        clear_rows(values + halves * m->value_dim * LL_KV_TILE / 2, m->value_dim / 32, n, 2);
    }
}
