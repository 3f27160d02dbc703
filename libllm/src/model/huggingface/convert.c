/* SPDX-License-Identifier: MIT
 * Weights that kernels cannot read as they are stored, laid out anew once. Elements keep their type, except where
 * something is computed. All sizes are those of tensors that lie in a file, so products of them fit.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static libllm_status fail_shape(const ll_hf *hf, const ll_hf_source *s, const char *expected)
{
    return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                   "its shape, contiguous first, is [%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64 "], expected %s",
                   s->ne[0], s->ne[1], s->ne[2], s->ne[3], expected);
}

static libllm_status fail_memory(const ll_hf *hf) { return ll_fail_memory(hf->error, "a converted tensor"); }

float *ll_hf_floats(ll_hf *hf, const ll_hf_source *s)
{
    const char *converted;
    float *out = ll_gguf_own(&hf->maker, s->n_elements, sizeof *out);
    const uint8_t *src = out ? ll_hf_elements(hf, s, &converted) : NULL;
    if (!src || s->type == LL_TYPE_F32) {
        if (src)
            memcpy(out, src, s->n_elements * sizeof *out);
        return src ? out : NULL;
    }
    for (size_t i = 0; i < s->n_elements; i++) {
        uint16_t half;
        memcpy(&half, src + i * sizeof half, sizeof half);
        out[i] = s->type == LL_TYPE_F16 ? ll_f16_to_f32(half) : ll_bf16_to_f32(half);
    }
    return out;
}

static libllm_status emit_negative_exp(ll_hf *hf, const ll_hf_found *found, uint32_t n_dims, const uint64_t *ne)
{
    float *a = ll_hf_floats(hf, &found->source);
    if (!a)
        return fail_memory(hf);
    for (size_t i = 0; i < found->source.n_elements; i++)
        a[i] = -expf(a[i]);
    return ll_hf_emit(hf, found, 0, LL_TYPE_F32, n_dims, ne, a, "-exp of the logarithms that are stored");
}

libllm_status ll_hf_negative_exp(ll_hf *hf, const ll_hf_found *found)
{
    return emit_negative_exp(hf, found, found->source.n_dims, found->source.ne);
}

libllm_status ll_hf_negative_exp_rows(ll_hf *hf, const ll_hf_found *found)
{
    return emit_negative_exp(hf, found, 2, (uint64_t[]){1, found->source.n_elements});
}

static libllm_status emit_reshaped(ll_hf *hf, const ll_hf_found *found, uint32_t n_dims, const uint64_t *ne)
{
    const char *converted = NULL;
    const uint8_t *elements = ll_hf_elements(hf, &found->source, &converted);
    if (!elements)
        return fail_memory(hf);
    return ll_hf_emit(hf, found, 0, found->source.type, n_dims, ne, elements, converted);
}

libllm_status ll_hf_squeeze(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    uint64_t ne[4] = {1, 1, 1, 1};
    uint32_t n_dims = 0;
    for (uint32_t i = 0; i < s->n_dims; i++)
        if (s->ne[i] != 1)
            ne[n_dims++] = s->ne[i];
    return emit_reshaped(hf, found, n_dims ? n_dims : 1, ne);
}

libllm_status ll_hf_as_rows(ll_hf *hf, const ll_hf_found *found)
{
    return emit_reshaped(hf, found, 2, (uint64_t[]){1, found->source.n_elements});
}

libllm_status ll_hf_by_group(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    uint32_t n = 1;
    libllm_status status = ll_hf_u32(hf, hf->config, "n_groups", &n);
    if (status || n == 0 || s->n_elements % n)
        return status ? status : fail_shape(hf, s, "a multiple of \"n_groups\"");
    return emit_reshaped(hf, found, 2, (uint64_t[]){s->n_elements / n, n});
}

libllm_status ll_hf_transpose(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const char *converted;
    if (s->n_dims == 1) /* a bias has no other order */
        return emit_reshaped(hf, found, 1, s->ne);
    const uint8_t *src = ll_hf_elements(hf, s, &converted);
    uint8_t *out = src ? ll_gguf_own(&hf->maker, s->n_elements, s->element_bytes) : NULL;
    if (!out)
        return fail_memory(hf);
    size_t columns = (size_t)s->ne[0], rows = (size_t)s->ne[1], size = s->element_bytes;
    for (size_t m = 0; m < s->n_elements / (columns * rows); m++, src += columns * rows * size)
        for (size_t c = 0; c < columns; c++)
            for (size_t r = 0; r < rows; r++, out += size)
                memcpy(out, src + (r * columns + c) * size, size);
    out -= s->n_elements * size;
    uint64_t ne[4] = {s->ne[1], s->ne[0], s->ne[2], s->ne[3]};
    return ll_hf_emit(hf, found, 0, s->type, s->n_dims, ne, out, "transposed");
}

/* Some rows of the elements as target i. */
static libllm_status emit_rows(ll_hf *hf, const ll_hf_found *found, size_t i, const uint8_t *elements, uint64_t first,
                               uint64_t n, const char *converted)
{
    const ll_hf_source *s = &found->source;
    bool vector = s->n_dims == 1;
    size_t row_bytes = (vector ? 1 : (size_t)s->ne[0]) * s->element_bytes;
    uint64_t ne[4] = {vector ? n : s->ne[0], vector ? 1 : n, 1, 1};
    return ll_hf_emit(hf, found, i, s->type, s->n_dims, ne, elements + first * row_bytes, converted);
}

/* Nothing but its vocabulary tells Baichuan 2, which multiplies with rows of length 1, from Baichuan. */
libllm_status ll_hf_norm_head(ll_hf *hf, const ll_hf_found *found)
{
    enum { VOCABULARY_OF_BAICHUAN2 = 125696 };
    const ll_hf_source *s = &found->source;
    uint32_t n_vocab = 0;
    libllm_status status = ll_hf_u32(hf, hf->config, "vocab_size", &n_vocab);
    if (status || n_vocab != VOCABULARY_OF_BAICHUAN2)
        return status ? status : ll_hf_emit_as_stored(hf, found);
    if (s->n_dims != 2)
        return fail_shape(hf, s, "a matrix");
    const char *converted = NULL;
    const ll_type_traits *type = ll_type_find(s->type);
    const uint8_t *src = ll_hf_elements(hf, s, &converted);
    const size_t n = (size_t)s->ne[0], bytes = n * s->element_bytes;
    uint8_t *out = src ? ll_gguf_own(&hf->maker, (size_t)s->ne[1], bytes) : NULL;
    float *row = out ? ll_alloc(hf->host, n, sizeof *row) : NULL;
    if (!row)
        return fail_memory(hf);
    for (size_t r = 0; r < s->ne[1]; r++) {
        double squares = 0;
        type->decode(src + r * bytes, row, n);
        for (size_t i = 0; i < n; i++)
            squares += (double)row[i] * (double)row[i];
        const double length = sqrt(squares) > 1e-12 ? sqrt(squares) : 1e-12; /* as PyTorch's normalize() */
        for (size_t i = 0; i < n; i++)
            row[i] = (float)((double)row[i] / length);
        type->encode(row, NULL, out + r * bytes, n);
    }
    ll_free(hf->host, row);
    return ll_hf_emit(hf, found, 0, s->type, 2, s->ne, out, "rows brought to length 1");
}

static uint64_t n_rows(const ll_hf_source *s) { return s->n_dims == 1 ? s->ne[0] : s->ne[1]; }

libllm_status ll_hf_split_halves(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const char *converted = NULL;
    if (s->n_dims > 2 || n_rows(s) % 2)
        return fail_shape(hf, s, "an even number of rows");
    const uint8_t *elements = ll_hf_elements(hf, s, &converted);
    if (!elements)
        return fail_memory(hf);
    uint64_t n = n_rows(s) / 2;
    libllm_status status = emit_rows(hf, found, 0, elements, 0, n, converted);
    return status ? status : emit_rows(hf, found, 1, elements, n, n, converted);
}

/* Rows of q, k and v one after the other, as one tensor or as three. */
static libllm_status emit_qkv(ll_hf *hf, const ll_hf_found *found, const uint8_t *elements, const char *converted)
{
    uint64_t n_q = (uint64_t)hf->n_heads * hf->head_dim, n_kv = (uint64_t)hf->n_kv_heads * hf->head_dim;
    if (!strchr(found->to, '|'))
        return emit_rows(hf, found, 0, elements, 0, n_q + 2 * n_kv, converted);
    libllm_status status = emit_rows(hf, found, 0, elements, 0, n_q, converted);
    if (!status)
        status = emit_rows(hf, found, 1, elements, n_q, n_kv, converted);
    return status ? status : emit_rows(hf, found, 2, elements, n_q + n_kv, n_kv, converted);
}

static libllm_status check_qkv(const ll_hf *hf, const ll_hf_source *s)
{
    uint64_t n_heads = (uint64_t)hf->n_heads + 2 * (uint64_t)hf->n_kv_heads, n;
    if (hf->n_heads == 0 || hf->n_kv_heads == 0 || hf->n_heads % hf->n_kv_heads || s->n_dims > 2 ||
        __builtin_mul_overflow(n_heads, (uint64_t)hf->head_dim, &n) || n_rows(s) != n)
        return fail_shape(hf, s, "the rows of all heads of q, k and v");
    return LIBLLM_OK;
}

libllm_status ll_hf_split_qkv(ll_hf *hf, const ll_hf_found *found)
{
    const char *converted = NULL;
    libllm_status status = check_qkv(hf, &found->source);
    if (status)
        return status;
    const uint8_t *elements = ll_hf_elements(hf, &found->source, &converted);
    return elements ? emit_qkv(hf, found, elements, converted) : fail_memory(hf);
}

/* For each head of k: the heads of q that share it, itself, and its head of v. */
libllm_status ll_hf_group_qkv(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const char *converted;
    libllm_status status = check_qkv(hf, s);
    if (status)
        return status;
    const uint8_t *src = ll_hf_elements(hf, s, &converted);
    uint8_t *out = src ? ll_gguf_own(&hf->maker, s->n_elements, s->element_bytes) : NULL;
    if (!out)
        return fail_memory(hf);
    size_t head_bytes = s->n_elements * s->element_bytes / (hf->n_heads + 2 * (size_t)hf->n_kv_heads);
    size_t n_sharing = hf->n_heads / hf->n_kv_heads;
    uint8_t *q = out, *k = out + hf->n_heads * head_bytes, *v = k + hf->n_kv_heads * head_bytes;
    for (size_t group = 0; group < hf->n_kv_heads; group++) {
        memcpy(q, src, n_sharing * head_bytes);
        memcpy(k, src + n_sharing * head_bytes, head_bytes);
        memcpy(v, src + (n_sharing + 1) * head_bytes, head_bytes);
        src += (n_sharing + 2) * head_bytes;
        q += n_sharing * head_bytes;
        k += head_bytes;
        v += head_bytes;
    }
    return emit_qkv(hf, found, out, "heads of q, k and v put in order");
}

/* The tensor whose name has the number i where this one has its expert's; NULL when there is none. */
static libllm_status find_sibling(const ll_hf *hf, const ll_hf_found *found, size_t i,
                                  const ll_safetensors_tensor **out)
{
    ll_span name = found->source.stored->name, digits = found->expert;
    ll_span first = {name.data, (size_t)(digits.data - name.data)};
    ll_span last = {digits.data + digits.size, name.size - first.size - digits.size};
    char number[24];
    snprintf(number, sizeof number, "%zu", i);
    return ll_hf_find_tensor(hf, first, number, last, out);
}

/* Done when the first one comes; the others are met again and passed over. */
libllm_status ll_hf_stack(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const ll_safetensors_tensor *sibling;
    size_t n = 0, expected = hf->n_experts, size = s->n_elements * s->element_bytes;
    libllm_status status = find_sibling(hf, found, 0, &sibling);
    if (!status && !sibling)
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "there is none with the number 0");
    if (status || !ll_span_is(found->expert, "0"))
        return status;
    while (!status && sibling)
        status = find_sibling(hf, found, ++n, &sibling);
    if (status)
        return status;
    if (strstr(found->to, "_exps") && n != expected)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "%zu tensors of its kind, expected %zu: one for each expert", n, expected);
    if (s->n_dims > 3)
        return fail_shape(hf, s, "at most 3 dimensions");
    uint8_t *out = ll_gguf_own(&hf->maker, n, size);
    if (!out)
        return fail_memory(hf);
    for (size_t i = 0; i < n; i++) {
        ll_hf_source other;
        status = find_sibling(hf, found, i, &sibling);
        if (!status)
            status = ll_hf_source_of(hf, sibling, &other);
        if (status)
            return status;
        if (other.type != s->type || memcmp(other.ne, s->ne, sizeof s->ne) != 0)
            return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "number %zu is not of its type and shape", i);
        ll_hf_copy_elements(&other, out + i * size);
    }
    uint64_t ne[4] = {s->ne[0], s->ne[1], s->ne[2], 1};
    ne[s->n_dims] = n;
    return ll_hf_emit(hf, found, 0, s->type, s->n_dims + 1, ne, out, "stacked from a tensor for each");
}

libllm_status ll_hf_expert_halves(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const char *converted;
    if (s->n_dims != 3 || s->ne[1] % 2)
        return fail_shape(hf, s, "3 dimensions and an even number of rows");
    const uint8_t *src = ll_hf_elements(hf, s, &converted);
    uint8_t *out = src ? ll_gguf_own(&hf->maker, s->n_elements, s->element_bytes) : NULL;
    if (!out)
        return fail_memory(hf);
    size_t n_experts = (size_t)s->ne[2], half = s->n_elements * s->element_bytes / n_experts / 2;
    for (size_t e = 0; e < n_experts; e++) {
        memcpy(out + e * half, src + 2 * e * half, half);
        memcpy(out + (n_experts + e) * half, src + (2 * e + 1) * half, half);
    }
    uint64_t ne[4] = {s->ne[0], s->ne[1] / 2, s->ne[2], 1};
    const char *how = "halves of each expert put in order";
    libllm_status status = ll_hf_emit(hf, found, 0, s->type, 3, ne, out, how);
    return status ? status : ll_hf_emit(hf, found, 1, s->type, 3, ne, out + n_experts * half, how);
}

/* Of each head, rows that make keys without position and rows that make values: the former transposed, so that they can
 * be applied to queries instead. */
libllm_status ll_hf_split_kv_b(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    uint32_t n_key = 0, n_value = 0;
    const char *converted;
    libllm_status status = ll_hf_u32(hf, hf->config, "qk_nope_head_dim", &n_key);
    if (!status)
        status = ll_hf_u32(hf, hf->config, "v_head_dim", &n_value);
    if (status)
        return status;
    uint64_t n_of_head = (uint64_t)n_key + n_value;
    if (s->n_dims != 2 || !n_key || !n_value || s->ne[1] % n_of_head || s->ne[1] / n_of_head != hf->n_heads)
        return fail_shape(hf, s, "the rows of all heads of keys and values");
    size_t rank = (size_t)s->ne[0], size = s->element_bytes, heads = hf->n_heads;
    const uint8_t *src = ll_hf_elements(hf, s, &converted);
    uint8_t *keys = src ? ll_gguf_own(&hf->maker, s->n_elements, size) : NULL;
    if (!keys)
        return fail_memory(hf);
    uint8_t *k = keys, *v = keys + heads * n_key * rank * size, *values = v;
    for (size_t h = 0; h < heads; h++, src += n_of_head * rank * size) {
        for (size_t r = 0; r < rank; r++)
            for (size_t i = 0; i < n_key; i++, k += size)
                memcpy(k, src + (i * rank + r) * size, size);
        memcpy(v, src + n_key * rank * size, n_value * rank * size);
        v += n_value * rank * size;
    }
    const char *how = "keys and values of each head put in order, the keys transposed";
    status = ll_hf_emit(hf, found, 0, s->type, 3, (uint64_t[]){n_key, rank, heads, 1}, keys, how);
    return status ? status : ll_hf_emit(hf, found, 1, s->type, 3, (uint64_t[]){rank, n_value, heads, 1}, values, how);
}

libllm_status ll_hf_drop_positions(ll_hf *hf, const ll_hf_found *found)
{
    const ll_hf_source *s = &found->source;
    const char *converted = NULL;
    if (s->n_dims != 2 || s->ne[1] <= hf->dropped_positions)
        return fail_shape(hf, s, "a row for each position");
    const uint8_t *elements = ll_hf_elements(hf, s, &converted);
    if (!elements)
        return fail_memory(hf);
    return emit_rows(hf, found, 0, elements, hf->dropped_positions, s->ne[1] - hf->dropped_positions, converted);
}
