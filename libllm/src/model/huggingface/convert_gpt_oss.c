/* SPDX-License-Identifier: MIT
 * The experts of gpt-oss. Rows of gate and up alternate; as floats the matrices are transposed, as published they are
 * MXFP4, blocks and scales apart and the values of a block in another order than in GGUF.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <string.h>

enum { MXFP4 = 39, BLOCK_VALUES = 32, PACKED_BYTES = 16, BLOCK_BYTES = 1 + PACKED_BYTES };

static libllm_status fail_shape(const ll_hf *hf)
{
    return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "its shape is not that of the experts of gpt-oss");
}

static libllm_status fail_memory(const ll_hf *hf) { return ll_fail_memory(hf->error, "the experts"); }

static const char how[] = "gate and up of the experts taken apart";

/* [2 * ff, k, experts] with gate and up alternating, to twice [k, ff, experts]. A bias has k = 1. */
static libllm_status take_apart(ll_hf *hf, const ll_hf_found *found, size_t k, size_t n_experts, uint32_t n_dims)
{
    const ll_hf_source *s = &found->source;
    const char *converted;
    if (s->ne[0] % 2)
        return fail_shape(hf);
    const uint8_t *src = ll_hf_elements(hf, s, &converted);
    uint8_t *out = src ? ll_gguf_own(&hf->maker, s->n_elements, s->element_bytes) : NULL;
    if (!out)
        return fail_memory(hf);
    size_t size = s->element_bytes, n_ff = (size_t)s->ne[0] / 2, n = s->n_elements / 2;
    uint8_t *to = out;
    for (size_t part = 0; part < 2; part++)
        for (size_t e = 0; e < n_experts; e++)
            for (size_t f = 0; f < n_ff; f++)
                for (size_t i = 0; i < k; i++, to += size)
                    memcpy(to, src + ((e * k + i) * 2 * n_ff + 2 * f + part) * size, size);
    uint64_t matrices[] = {k, n_ff, n_experts}, biases[] = {n_ff, n_experts};
    const uint64_t *ne = n_dims == 3 ? matrices : biases;
    libllm_status status = ll_hf_emit(hf, found, 0, s->type, n_dims, ne, out, how);
    return status ? status : ll_hf_emit(hf, found, 1, s->type, n_dims, ne, out + n * size, how);
}

libllm_status ll_hf_gpt_oss_gate_up(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    return s->n_dims == 3 ? take_apart(hf, found, (size_t)s->ne[1], (size_t)s->ne[2], 3) : fail_shape(hf);
}

libllm_status ll_hf_gpt_oss_gate_up_bias(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    return s->n_dims == 2 ? take_apart(hf, found, 1, (size_t)s->ne[1], 2) : fail_shape(hf);
}

/* Published blocks have neighbouring values in a byte, GGUF's have values that are half a block apart. */
static void repack(const uint8_t *packed, uint8_t scale, uint8_t *out)
{
    *out++ = scale;
    for (size_t i = 0; i < PACKED_BYTES; i++) {
        unsigned low = packed[i / 2] >> (i % 2 * 4) & 15;
        unsigned high = packed[(i + PACKED_BYTES) / 2] >> (i % 2 * 4) & 15;
        out[i] = (uint8_t)(low | high << 4);
    }
}

/* Blocks of shape [experts, rows, blocks of a row, bytes of a block], into n_parts matrices whose rows alternate. */
static libllm_status repack_rows(ll_hf *hf, const ll_hf_found *found, size_t n_parts)
{
    const ll_safetensors_tensor *blocks = found->source.stored, *scales;
    ll_span stem = {blocks->name.data, blocks->name.size - strlen("blocks")};
    libllm_status status = ll_hf_find_tensor(hf, stem, "scales", (ll_span){"", 0}, &scales);
    if (status)
        return status;
    if (!scales || blocks->type != LL_SAFETENSORS_U8 || scales->type != LL_SAFETENSORS_U8 || blocks->n_dims != 4 ||
        scales->n_dims != 3 || memcmp(scales->shape, blocks->shape, 3 * sizeof *scales->shape) != 0 ||
        blocks->shape[3] != PACKED_BYTES || blocks->shape[1] % n_parts || blocks->n_bytes == 0)
        return fail_shape(hf);
    size_t n_experts = (size_t)blocks->shape[0], n_rows = (size_t)blocks->shape[1] / n_parts;
    size_t n_blocks = (size_t)blocks->shape[2], n = (size_t)scales->n_bytes / n_parts;
    uint64_t ne[] = {n_blocks * BLOCK_VALUES, n_rows, n_experts};
    for (size_t part = 0; !status && part < n_parts; part++) {
        uint8_t *out = ll_gguf_own(&hf->maker, n, BLOCK_BYTES), *to = out;
        if (!out)
            return fail_memory(hf);
        for (size_t row = 0; row < n_experts * n_rows; row++)
            for (size_t i = 0; i < n_blocks; i++, to += BLOCK_BYTES) {
                size_t at = (row * n_parts + part) * n_blocks + i;
                repack(blocks->data + at * PACKED_BYTES, scales->data[at], to);
            }
        status = ll_hf_emit(hf, found, part, MXFP4, 3, ne, out, n_parts > 1 ? how : "blocks and scales put together");
    }
    return status;
}

libllm_status ll_hf_gpt_oss_gate_up_blocks(ll_hf *hf, const ll_hf_found *found) { return repack_rows(hf, found, 2); }

libllm_status ll_hf_gpt_oss_down_blocks(ll_hf *hf, const ll_hf_found *found) { return repack_rows(hf, found, 1); }
