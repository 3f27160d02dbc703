/* SPDX-License-Identifier: MIT
 * The memory for keys and values: pages of [layer][kv head]{K, V}, as kernels.h says how they lie; those of layers with
 * a window in pages of their own where the engine wants to give them up sooner. Layers of an encoder beside a decoder
 * begin anew, as a page is for a text or for a timeline: while a text is read it has what the encoder's layers see,
 * afterwards what each of the decoder's layers sees of the text.
 */
#include "backend/cpu/executor.h"
#include "backend/kv.h"

#include <math.h>
#include <string.h>

/* The layer's keys and values are in the pages of windows. */
static bool is_apart(const ll_executor *e, uint32_t layer)
{
    return e->options.n_window_pages && e->model->layers[layer].window;
}

static size_t head_bytes(const ll_executor *e)
{
    return ll_kv_tile_bytes(e->kv_format, e->model->head_dim) + ll_kv_tile_bytes(e->kv_format, e->model->value_dim);
}

bool ll_cpu_make_kv(ll_executor *e)
{
    const ll_model *m = e->model;
    e->kv_format = ll_kv_format_of(e->options.kv_type);
    e->kv_layer_offset = ll_alloc(e->host, m->n_layers, sizeof *e->kv_layer_offset);
    if (!e->kv_layer_offset)
        return false;
    size_t next = 0;
    for (uint32_t i = e->plan.first_layer; i < e->plan.end_layer; i++) {
        if (i == m->n_encoder_layers)
            next = 0;
        size_t *offset = is_apart(e, i) ? &e->window_bytes : &next;
        e->kv_layer_offset[i] = *offset;
        *offset += m->layers[i].n_kv_heads * head_bytes(e);
        e->page_bytes = next > e->page_bytes ? next : e->page_bytes;
    }
    e->kv = ll_alloc_aligned(e->host, e->options.n_pages, e->page_bytes, 4096);
    e->kv_windows = ll_alloc_aligned(e->host, e->options.n_window_pages, e->window_bytes, 4096);
    return e->kv && e->kv_windows;
}

uint8_t *ll_cpu_kv(const ll_executor *e, uint32_t page, uint32_t layer, uint32_t kv_head)
{
    uint8_t *start = is_apart(e, layer) ? e->kv_windows + page * e->window_bytes : e->kv + page * e->page_bytes;
    return start + e->kv_layer_offset[layer] + kv_head * head_bytes(e);
}

const uint32_t *ll_cpu_pages(const ll_executor *e, const ll_run *run, uint32_t layer)
{
    return is_apart(e, layer) ? run->window_pages : run->pages;
}

static uint8_t *page_at(const ll_executor *e, ll_page_place place) { return e->kv + place.page * e->page_bytes; }

/* NULL: there is none. */
static uint8_t *window_at(const ll_executor *e, ll_page_place place)
{
    return place.window == LL_NO_PAGE ? NULL : e->kv_windows + place.window * e->window_bytes;
}

void ll_cpu_copy_page(ll_executor *e, ll_page_place from, ll_page_place to)
{
    memcpy(page_at(e, to), page_at(e, from), e->page_bytes);
    if (window_at(e, from) && window_at(e, to))
        memcpy(window_at(e, to), window_at(e, from), e->window_bytes);
}

size_t ll_cpu_page_bytes(const ll_executor *e) { return e->page_bytes + e->window_bytes; }

/* Where a layer's part of a page is; NULL: the place has none. */
static uint8_t *layer_at(const ll_executor *e, ll_page_place place, uint32_t layer)
{
    uint8_t *start = is_apart(e, layer) ? window_at(e, place) : page_at(e, place);
    return start ? start + e->kv_layer_offset[layer] : NULL;
}

/* Of a page only what is known: the rest may be of somebody else. Layer by layer, wherever these are. */
libllm_status ll_cpu_read_page(const ll_executor *e, ll_page_place place, uint32_t n, uint8_t *out, libllm_error *error)
{
    (void)error;
    const ll_model *m = e->model;
    for (uint32_t i = e->plan.first_layer; i < e->plan.end_layer; i++) {
        const size_t n_bytes = m->layers[i].n_kv_heads * head_bytes(e);
        const uint8_t *from = layer_at(e, place, i);
        if (from)
            memcpy(out, from, n_bytes);
        else
            memset(out, 0, n_bytes);
        ll_kv_clear_behind(m, e->kv_format, i, n, out);
        out += n_bytes;
    }
    return LIBLLM_OK;
}

void ll_cpu_write_page(ll_executor *e, ll_page_place place, const uint8_t *data)
{
    for (uint32_t i = e->plan.first_layer; i < e->plan.end_layer; i++) {
        const size_t n_bytes = e->model->layers[i].n_kv_heads * head_bytes(e);
        uint8_t *to = layer_at(e, place, i);
        if (to)
            memcpy(to, data, n_bytes);
        data += n_bytes;
    }
}

/* A state is floats in memory. */
libllm_status ll_cpu_read_state(const ll_executor *e, const ll_state *state, uint8_t *out, libllm_error *error)
{
    (void)error;
    memcpy(out, (const void *)state, ll_cpu_state_bytes(e));
    return LIBLLM_OK;
}

void ll_cpu_write_state(const ll_executor *e, ll_state *state, const uint8_t *data)
{
    memcpy((void *)state, data, ll_cpu_state_bytes(e));
}

/* 32 values of a head as integers from -127 to 127, or with four bits from -8 to 7, which the peak is the -8 of.
 * Returns their scale. */
static uint16_t quantize_block(const float *x, bool four_bits, int8_t out[32])
{
    float peak = 0;
    for (size_t i = 0; i < 32; i++)
        peak = fabsf(x[i]) > fabsf(peak) || isnan(x[i]) ? x[i] : peak;
    const long highest = four_bits ? 7 : 127, lowest = four_bits ? -8 : -127;
    const uint16_t scale = ll_f32_to_f16(four_bits ? peak / -8.0f : fabsf(peak) / 127.0f);
    const float rounded = ll_f16_to_f32(scale); /* what readers multiply with */
    const float inverse = rounded != 0 && isfinite(rounded) ? 1 / rounded : 0;
    for (size_t i = 0; i < 32; i++) {
        long q = isfinite(x[i]) ? lrintf(x[i] * inverse) : 0;
        out[i] = (int8_t)(q > highest ? highest : q < lowest ? lowest : q);
    }
    return scale;
}

/* Of blocks, so that one fits on the stack. */
enum { SPREAD_MAX = 256 };

static size_t spread_block(size_t n)
{
    const size_t power = n & -n;
    return power < SPREAD_MAX ? power : SPREAD_MAX;
}

void ll_cpu_spread(float *head, size_t n)
{
    const size_t block = spread_block(n);
    const float scale = 1 / sqrtf((float)block);
    for (size_t width = 1; width < block; width *= 2)
        for (size_t i = 0; i < n; i += 2 * width)
            for (size_t j = i; j < i + width; j++) {
                const float a = head[j], b = head[j + width];
                head[j] = a + b;
                head[j + width] = a - b;
            }
    for (size_t i = 0; i < n; i++)
        head[i] *= scale;
}

/* The same 32 values, `step` apart. */
static void store_q8_0(const float *x, int8_t *out, size_t step, uint16_t *scale)
{
    int8_t q[32];
    *scale = quantize_block(x, false, q);
    for (size_t i = 0; i < 32; i++)
        out[i * step] = q[i];
}

/* A head of n values, spread, as a slot of a tile. */
static void store_q4_0(const float *head, size_t n, bool is_value, size_t slot, uint8_t *tile)
{
    const size_t block = spread_block(n);
    uint16_t *scales = (uint16_t *)(void *)(tile + n * LL_KV_TILE / 2);
    float spread[SPREAD_MAX];
    for (size_t d = 0; d < n; d += 32) {
        if (d % block == 0) {
            memcpy(spread, head + d, block * sizeof *spread);
            ll_cpu_spread(spread, block);
        }
        int8_t q[32];
        scales[d / 32 * LL_KV_TILE + slot] = quantize_block(spread + d % block, true, q);
        for (size_t i = d; i < d + 32; i++) {
            uint8_t *pair = tile + (is_value ? slot * n / 2 + i % (n / 2) : i / 2 * LL_KV_TILE + slot);
            const bool first = is_value ? i < n / 2 : i % 2 == 0; /* which is stored before the other */
            *pair = (uint8_t)(first ? q[i - d] + 8 : *pair | (q[i - d] + 8) << 4);
        }
    }
}

void ll_cpu_store_kv(ll_executor *e, uint32_t layer, uint32_t column, uint32_t kv_head, bool is_value,
                     const float *head)
{
    const ll_column *c = &e->columns[column];
    size_t n = is_value ? e->model->value_dim : e->model->head_dim, slot = (size_t)(c->position % LL_KV_TILE);
    const uint32_t *pages = ll_cpu_pages(e, &e->batch->runs[c->run], layer);
    uint8_t *tile = ll_cpu_kv(e, pages[c->position / LL_KV_TILE], layer, kv_head);
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
    case LL_KV_FORMAT_F16: {
        uint16_t *out = (uint16_t *)(void *)tile + start, halves[LL_KV_TILE];
        if (is_value) {
            e->kernels.to_f16(head, n, out);
            break;
        }
        for (size_t d = 0; d < n; d += LL_KV_TILE) {
            const size_t n_here = n - d < LL_KV_TILE ? n - d : LL_KV_TILE;
            e->kernels.to_f16(head + d, n_here, halves);
            for (size_t i = 0; i < n_here; i++)
                out[(d + i) * step] = halves[i];
        }
        break;
    }
    case LL_KV_FORMAT_Q8_0: {
        uint16_t *scales = (uint16_t *)(void *)(tile + n * LL_KV_TILE);
        for (size_t d = 0; d < n; d += 32)
            store_q8_0(head + d, (int8_t *)tile + start + d * step, step, &scales[d / 32 * LL_KV_TILE + slot]);
        break;
    }
    default:
        store_q4_0(head, n, is_value, slot, tile);
    }
}
