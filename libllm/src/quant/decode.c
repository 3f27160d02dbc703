/* SPDX-License-Identifier: MIT
 * What the bytes of each block format mean. Every product and difference is rounded to float in the order that is
 * written here; faster decoders give the same bits.
 */
#include "quant/decode.h"

#include "quant/blocks.h"
#include "quant/float16.h"
#include "quant/scales.h"

void ll_decode_f32(const void *blocks, float *out, size_t n) { memcpy(out, blocks, n * sizeof *out); }

void ll_decode_f16(const void *blocks, float *out, size_t n)
{
    const uint16_t *h = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = ll_f16_widen(h[i]);
}

void ll_decode_bf16(const void *blocks, float *out, size_t n)
{
    const uint16_t *h = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = ll_bf16_widen(h[i]);
}

/* Numbers of other sizes, rounded to float. */
#define DECODE_NUMBERS(name, number)                                                                                   \
    void name(const void *blocks, float *out, size_t n)                                                                \
    {                                                                                                                  \
        const number *x = blocks;                                                                                      \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = (float)x[i];                                                                                      \
    }
DECODE_NUMBERS(ll_decode_i8, int8_t)
DECODE_NUMBERS(ll_decode_i16, int16_t)
DECODE_NUMBERS(ll_decode_i32, int32_t)
DECODE_NUMBERS(ll_decode_i64, int64_t)
DECODE_NUMBERS(ll_decode_f64, double)
#undef DECODE_NUMBERS

/* Blocks of 32: the low halves of the bytes are the first 16 weights, the high halves the last 16. */

void ll_decode_q4_0(const void *blocks, float *out, size_t n)
{
    const ll_block_q4_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK) {
        float d = ll_f16_widen(block->d);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((block->qs[i] & 15) - 8);
            out[i + 16] = d * (float)((block->qs[i] >> 4) - 8);
        }
    }
}

void ll_decode_q4_1(const void *blocks, float *out, size_t n)
{
    const ll_block_q4_1 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK) {
        float d = ll_f16_widen(block->d), m = ll_f16_widen(block->m);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)(block->qs[i] & 15) + m;
            out[i + 16] = d * (float)(block->qs[i] >> 4) + m;
        }
    }
}

/* The fifth bits of the 32 weights are the bits of qh. */
static void decode_5_bits(const uint8_t qh[4], const uint8_t qs[16], int out[32])
{
    uint32_t high;
    memcpy(&high, qh, 4);
    for (int i = 0; i < 16; i++) {
        out[i] = (qs[i] & 15) | (int)(high >> i & 1u) << 4;
        out[i + 16] = qs[i] >> 4 | (int)(high >> (i + 16) & 1u) << 4;
    }
}

void ll_decode_q5_0(const void *blocks, float *out, size_t n)
{
    const ll_block_q5_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK) {
        float d = ll_f16_widen(block->d);
        int q[32];
        decode_5_bits(block->qh, block->qs, q);
        for (int i = 0; i < 32; i++)
            out[i] = d * (float)(q[i] - 16);
    }
}

void ll_decode_q5_1(const void *blocks, float *out, size_t n)
{
    const ll_block_q5_1 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK) {
        float d = ll_f16_widen(block->d), m = ll_f16_widen(block->m);
        int q[32];
        decode_5_bits(block->qh, block->qs, q);
        for (int i = 0; i < 32; i++)
            out[i] = d * (float)q[i] + m;
    }
}

void ll_decode_q8_0(const void *blocks, float *out, size_t n)
{
    const ll_block_q8_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK) {
        float d = ll_f16_widen(block->d);
        for (int i = 0; i < 32; i++)
            out[i] = (float)block->qs[i] * d;
    }
}

/* Super-blocks of 256: a byte of 2-bit weights holds weights i, i + 32, i + 64 and i + 96 of its half. */

void ll_decode_q2_k(const void *blocks, float *out, size_t n)
{
    const ll_block_q2_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d), dmin = ll_f16_widen(block->dmin);
        for (int j = 0; j < 16; j++, out += 16) { /* 16 weights share a scale */
            const uint8_t *q = block->qs + 32 * (j / 8) + 16 * (j % 2);
            int shift = 2 * (j / 2 % 4);
            float scale = d * (float)(block->scales[j] & 15), min = dmin * (float)(block->scales[j] >> 4);
            for (int i = 0; i < 16; i++)
                out[i] = scale * (float)(q[i] >> shift & 3) - min;
        }
    }
}

void ll_decode_q3_k(const void *blocks, float *out, size_t n)
{
    const ll_block_q3_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d);
        uint8_t scales[16];
        ll_scales_q3(block->scales, scales);
        for (int j = 0; j < 16; j++, out += 16) {
            const uint8_t *q = block->qs + 32 * (j / 8) + 16 * (j % 2), *high = block->hmask + 16 * (j % 2);
            int shift = 2 * (j / 2 % 4), high_bit = j / 2;
            float scale = d * (float)(scales[j] - 32);
            for (int i = 0; i < 16; i++) /* the third bit set means: no 4 to take away */
                out[i] = scale * (float)((q[i] >> shift & 3) + 4 * (high[i] >> high_bit & 1) - 4);
        }
    }
}

void ll_decode_q4_k(const void *blocks, float *out, size_t n)
{
    const ll_block_q4_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d), dmin = ll_f16_widen(block->dmin);
        uint8_t scales[8], mins[8];
        ll_scales_mins(block->scales, scales, mins);
        for (int j = 0; j < 8; j++, out += 32) {
            const uint8_t *q = block->qs + 32 * (j / 2);
            int shift = 4 * (j % 2);
            float scale = d * (float)scales[j], min = dmin * (float)mins[j];
            for (int i = 0; i < 32; i++)
                out[i] = scale * (float)(q[i] >> shift & 15) - min;
        }
    }
}

void ll_decode_q5_k(const void *blocks, float *out, size_t n)
{
    const ll_block_q5_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d), dmin = ll_f16_widen(block->dmin);
        uint8_t scales[8], mins[8];
        ll_scales_mins(block->scales, scales, mins);
        for (int j = 0; j < 8; j++, out += 32) {
            const uint8_t *q = block->qs + 32 * (j / 2);
            int shift = 4 * (j % 2);
            float scale = d * (float)scales[j], min = dmin * (float)mins[j];
            for (int i = 0; i < 32; i++)
                out[i] = scale * (float)((q[i] >> shift & 15) | (block->qh[i] >> j & 1) << 4) - min;
        }
    }
}

/* A byte of ql holds weights i and i + 64 of its half, a byte of qh the upper bits of i, i + 32, i + 64, i + 96. */
void ll_decode_q6_k(const void *blocks, float *out, size_t n)
{
    const ll_block_q6_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d);
        for (int j = 0; j < 16; j++, out += 16) {
            int half = j / 8, group = j / 2 % 4, part = 16 * (j % 2);
            const uint8_t *low = block->ql + 64 * half + 32 * (group % 2) + part;
            const uint8_t *high = block->qh + 32 * half + part;
            float scale = d * (float)block->scales[j];
            for (int i = 0; i < 16; i++) {
                int q = (low[i] >> 4 * (group / 2) & 15) | (high[i] >> 2 * group & 3) << 4;
                out[i] = scale * (float)(q - 32);
            }
        }
    }
}
