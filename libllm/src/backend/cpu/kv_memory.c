/* SPDX-License-Identifier: MIT
 * The memory for keys and values: pages of [layer][kv head]{K, V}, as kernels.h says how they lie. Layers of an encoder
 * beside a decoder begin anew, as a page is for a text or for a timeline: while a text is read it has what the
 * encoder's layers see, afterwards what each of the decoder's layers sees of the text.
 */
#include "backend/cpu/executor.h"

#include <math.h>
#include <string.h>

static size_t head_bytes(const ll_executor *e)
{
    return ll_kv_tile_bytes(e->kv_format, e->model->head_dim) + ll_kv_tile_bytes(e->kv_format, e->model->value_dim);
}

bool ll_cpu_make_kv(ll_executor *e)
{
    const ll_model *m = e->model;
    e->kv_format = e->options.kv_type == LIBLLM_KV_F32    ? LL_KV_FORMAT_F32
                   : e->options.kv_type == LIBLLM_KV_Q8_0 ? LL_KV_FORMAT_Q8_0
                                                          : LL_KV_FORMAT_F16;
    e->kv_layer_offset = ll_alloc(e->host, m->n_layers, sizeof *e->kv_layer_offset);
    if (!e->kv_layer_offset)
        return false;
    size_t next = 0;
    for (uint32_t i = 0; i < m->n_layers; i++) {
        if (i == m->n_encoder_layers)
            next = 0;
        e->kv_layer_offset[i] = next;
        next += m->layers[i].n_kv_heads * head_bytes(e);
        e->page_bytes = next > e->page_bytes ? next : e->page_bytes;
    }
    e->kv = ll_alloc_aligned(e->host, e->options.n_pages, e->page_bytes, 4096);
    return e->kv != NULL;
}

uint8_t *ll_cpu_kv(const ll_executor *e, uint32_t page, uint32_t layer, uint32_t kv_head)
{
    return e->kv + page * e->page_bytes + e->kv_layer_offset[layer] + kv_head * head_bytes(e);
}

void ll_cpu_copy_page(ll_executor *e, uint32_t from, uint32_t to)
{
    memcpy(e->kv + to * e->page_bytes, e->kv + from * e->page_bytes, e->page_bytes);
}

size_t ll_cpu_page_bytes(const ll_executor *e) { return e->page_bytes; }

/* Of rows of positions, what lies behind the first n. */
static void clear_behind(uint8_t *rows, size_t n_rows, size_t n, size_t bytes)
{
    for (size_t i = 0; i < n_rows; i++)
        memset(rows + (i * LL_KV_TILE + n) * bytes, 0, (LL_KV_TILE - n) * bytes);
}

/* Of a page only what is known: the rest may be of somebody else. */
void ll_cpu_read_page(const ll_executor *e, uint32_t page, uint32_t n, uint8_t *out)
{
    const ll_model *m = e->model;
    const size_t bytes = e->kv_format == LL_KV_FORMAT_F32 ? 4 : e->kv_format == LL_KV_FORMAT_Q8_0 ? 1 : 2;
    memcpy(out, e->kv + page * e->page_bytes, e->page_bytes);
    for (uint32_t i = 0; i < m->n_layers; i++)
        for (uint32_t head = 0; head < m->layers[i].n_kv_heads; head++) {
            uint8_t *keys = out + e->kv_layer_offset[i] + head * head_bytes(e);
            uint8_t *values = keys + ll_kv_tile_bytes(e->kv_format, m->head_dim);
            clear_behind(keys, m->head_dim, n, bytes);
            clear_behind(values, 1, n, bytes * m->value_dim);
            if (e->kv_format != LL_KV_FORMAT_Q8_0)
                continue;
            clear_behind(keys + (size_t)m->head_dim * LL_KV_TILE, m->head_dim / 32, n, 2);
            clear_behind(values + (size_t)m->value_dim * LL_KV_TILE, m->value_dim / 32, n, 2);
        }
}

void ll_cpu_write_page(ll_executor *e, uint32_t page, const uint8_t *data)
{
    memcpy(e->kv + page * e->page_bytes, data, e->page_bytes);
}

/* A state is floats in memory. */
void ll_cpu_read_state(const ll_executor *e, const ll_state *state, uint8_t *out)
{
    memcpy(out, (const void *)state, (size_t)ll_state_bytes(e->model));
}

void ll_cpu_write_state(const ll_executor *e, ll_state *state, const uint8_t *data)
{
    memcpy((void *)state, data, (size_t)ll_state_bytes(e->model));
}

/* 32 values of a head, `step` apart in memory, and their scale. */
static void store_q8_0(const float *x, int8_t *out, size_t step, uint16_t *scale)
{
    float peak = 0;
    for (size_t i = 0; i < 32; i++)
        peak = fabsf(x[i]) > peak || isnan(x[i]) ? fabsf(x[i]) : peak;
    *scale = ll_f32_to_f16(peak / 127.0f);
    float rounded = ll_f16_to_f32(*scale); /* what readers multiply with */
    float inverse = rounded > 0 && rounded < INFINITY ? 1 / rounded : 0;
    for (size_t i = 0; i < 32; i++) {
        long q = isfinite(x[i]) ? lrintf(x[i] * inverse) : 0;
        out[i * step] = (int8_t)(q > 127 ? 127 : q < -127 ? -127 : q);
    }
}

void ll_cpu_store_kv(ll_executor *e, uint32_t layer, uint32_t column, uint32_t kv_head, bool is_value,
                     const float *head)
{
    const ll_column *c = &e->columns[column];
    size_t n = is_value ? e->model->value_dim : e->model->head_dim, slot = (size_t)(c->position % LL_KV_TILE);
    uint8_t *tile = ll_cpu_kv(e, e->batch->runs[c->run].pages[c->position / LL_KV_TILE], layer, kv_head);
    if (is_value)
        tile += ll_kv_tile_bytes(e->kv_format, e->model->head_dim);
    size_t start = is_value ? slot * n : slot, step = is_value ? 1 : LL_KV_TILE;
    switch (e->kv_format) {
    case LL_KV_FORMAT_F32: {
        float *out = (float *)(void *)tile + start;
        for (size_t d = 0; d < n; d++)
            out[d * step] = head[d];
        break;
    }
    case LL_KV_FORMAT_Q8_0: {
        uint16_t *scales = (uint16_t *)(void *)(tile + n * LL_KV_TILE);
        for (size_t d = 0; d < n; d += 32)
            store_q8_0(head + d, (int8_t *)tile + start + d * step, step, &scales[d / 32 * LL_KV_TILE + slot]);
        break;
    }
    default: {
        uint16_t *out = (uint16_t *)(void *)tile + start;
        for (size_t d = 0; d < n; d++)
            out[d * step] = ll_f32_to_f16(head[d]);
    }
    }
}
