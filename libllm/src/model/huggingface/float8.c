/* SPDX-License-Identifier: MIT
 * Weights of 8-bit floats, E4M3 (without infinities) and E5M2, to BF16. Their scales are a tensor beside them: one for
 * all, one for each row, or one for each block of rows and columns.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

enum { BLOCK_DEFAULT = 128 };

static bool is_float8(const ll_safetensors_tensor *t)
{
    return t->type == LL_SAFETENSORS_F8_E4M3 || t->type == LL_SAFETENSORS_F8_E5M2;
}

static float decode(ll_safetensors_type type, uint8_t byte)
{
    if (type == LL_SAFETENSORS_F8_E5M2) /* the upper half of an F16 */
        return ll_f16_to_f32((uint16_t)(byte << 8));
    if (type == LL_SAFETENSORS_F8_E8M0)
        return byte == 0xFF ? NAN : ldexpf(1, (int)byte - 127);
    int exponent = byte >> 3 & 15, mantissa = byte & 7;
    float magnitude = (byte & 0x7F) == 0x7F ? NAN
                      : exponent            ? ldexpf((float)(8 + mantissa), exponent - 10)
                                            : ldexpf((float)mantissa, -9);
    return byte & 0x80 ? -magnitude : magnitude;
}

static float scale_at(const ll_safetensors_tensor *scale, size_t i)
{
    uint16_t half;
    float x = 0;
    switch (scale->type) {
    case LL_SAFETENSORS_F32:
        memcpy(&x, scale->data + i * sizeof x, sizeof x);
        return x;
    case LL_SAFETENSORS_BF16:
        memcpy(&half, scale->data + i * sizeof half, sizeof half);
        return ll_bf16_to_f32(half);
    case LL_SAFETENSORS_F16:
        memcpy(&half, scale->data + i * sizeof half, sizeof half);
        return ll_f16_to_f32(half);
    default:
        return decode(scale->type, scale->data[i]);
    }
}

/* weight_block_size of the configuration: rows and columns of a block. */
static libllm_status read_blocks(const ll_hf *hf, ll_hf_source *s)
{
    const json_t *size = json_object_get(json_object_get(hf->config, "quantization_config"), "weight_block_size");
    s->scale_rows = s->scale_columns = BLOCK_DEFAULT;
    if (!size || json_is_null(size))
        return LIBLLM_OK;
    json_int_t rows = json_integer_value(json_array_get(size, 0)),
               columns = json_integer_value(json_array_get(size, 1));
    if (rows < 1 || columns < 1)
        return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                       "config.json: \"weight_block_size\" is not a list of two numbers above 0");
    s->scale_rows = (uint64_t)rows;
    s->scale_columns = (uint64_t)columns;
    return LIBLLM_OK;
}

static uint64_t blocks(uint64_t n, uint64_t size) { return n / size + (n % size != 0); }

libllm_status ll_hf_find_scale(const ll_hf *hf, ll_hf_source *s)
{
    if (!is_float8(s->stored))
        return LIBLLM_OK;
    libllm_status status = ll_hf_find_tensor(hf, s->stored->name, "_scale_inv", (ll_span){"", 0}, &s->scale);
    if (!status && !s->scale)
        status = ll_hf_find_tensor(hf, s->stored->name, "_scale", (ll_span){"", 0}, &s->scale);
    const ll_safetensors_tensor *scale = s->scale;
    if (status || !scale)
        return status;
    bool known = scale->type == LL_SAFETENSORS_F32 || scale->type == LL_SAFETENSORS_BF16 ||
                 scale->type == LL_SAFETENSORS_F16 || scale->type == LL_SAFETENSORS_F8_E8M0;
    if (!known || scale->n_dims > 2 || s->n_dims > 2)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "8-bit floats with scales of this kind are not supported");
    uint64_t rows = s->ne[1], columns = s->ne[0];
    s->scale_rows = rows;
    s->scale_columns = columns;
    if (scale->n_bytes > 0 && scale->shape[0] == 1 && scale->shape[1] == 1)
        return LIBLLM_OK;
    if (scale->shape[0] == rows && scale->shape[1] == 1) {
        s->scale_rows = 1;
        return LIBLLM_OK;
    }
    status = read_blocks(hf, s);
    if (!status &&
        (scale->shape[0] != blocks(rows, s->scale_rows) || scale->shape[1] != blocks(columns, s->scale_columns)))
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                         "its scales have shape [%llu, %llu], expected [%llu, %llu]: one for each block",
                         (unsigned long long)scale->shape[0], (unsigned long long)scale->shape[1],
                         (unsigned long long)blocks(rows, s->scale_rows),
                         (unsigned long long)blocks(columns, s->scale_columns));
    return status;
}

void ll_hf_widen_float8(const ll_hf_source *s, uint16_t *dst)
{
    float values[256];
    for (int i = 0; i < 256; i++)
        values[i] = decode(s->stored->type, (uint8_t)i);
    size_t columns = (size_t)s->ne[0], rows = s->n_elements / columns;
    size_t n_scales = s->scale ? (size_t)blocks(columns, s->scale_columns) : 0; /* of a row */
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *src = s->stored->data + row * columns;
        for (size_t i = 0; i < columns; i++) {
            float scale = s->scale ? scale_at(s->scale, row / s->scale_rows * n_scales + i / s->scale_columns) : 1;
            dst[row * columns + i] = ll_f32_to_bf16(values[src[i]] * scale);
        }
    }
}
