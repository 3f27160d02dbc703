/* SPDX-License-Identifier: MIT
 * Decoders of formats whose 4 bits, or 2, 1.6 and 1, are codes: IQ4, FP4, ternary and binary weights.
 */
#include "quant/blocks.h"
#include "quant/codes.h"
#include "quant/decode.h"
#include "quant/float16.h"

/* The low halves of the n bytes, then the high halves. */
static inline void decode_codes(const int8_t codes[16], float d, const uint8_t *qs, int n, float *out)
{
    for (int i = 0; i < n; i++) {
        out[i] = d * (float)codes[qs[i] & 15];
        out[i + n] = d * (float)codes[qs[i] >> 4];
    }
}

void ll_decode_iq4_nl(const void *blocks, float *out, size_t n)
{
    const ll_block_iq4_nl *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK)
        decode_codes(ll_codes_iq4, ll_f16_widen(block->d), block->qs, 16, out);
}

void ll_decode_iq4_xs(const void *blocks, float *out, size_t n)
{
    const ll_block_iq4_xs *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d);
        for (int j = 0; j < 8; j++, out += 32) {
            int scale = (block->scales_l[j / 2] >> 4 * (j % 2) & 15) | (block->scales_h >> 2 * j & 3) << 4;
            decode_codes(ll_codes_iq4, d * (float)(scale - 32), block->qs + 16 * j, 16, out);
        }
    }
}

void ll_decode_mxfp4(const void *blocks, float *out, size_t n)
{
    const ll_block_mxfp4 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++, out += LL_BLOCK)
        decode_codes(ll_codes_fp4, ll_e8m0_widen(block->e), block->qs, 16, out);
}

void ll_decode_nvfp4(const void *blocks, float *out, size_t n)
{
    const ll_block_nvfp4 *block = blocks;
    for (size_t k = 0; k < n; k += 64, block++) {
        for (int j = 0; j < 4; j++, out += 16)
            decode_codes(ll_codes_fp4, ll_e4m3_widen(block->d[j]), block->qs + 8 * j, 8, out);
    }
}

/* The digits of a byte in base 3, the first highest: of the fraction that it is of 256. */
static inline int ternary(uint8_t byte, unsigned power) { return (uint8_t)(byte * power) * 3 >> 8; }

/* `count` weights from each of n bytes: the first of all, then the second of all, and so on. */
static inline float *decode_ternary(float d, const uint8_t *bytes, int n, int count, float *out)
{
    unsigned power = 1;
    for (int j = 0; j < count; j++, power *= 3, out += n) {
        for (int i = 0; i < n; i++)
            out[i] = d * (float)(ternary(bytes[i], power) - 1);
    }
    return out;
}

void ll_decode_tq1_0(const void *blocks, float *out, size_t n)
{
    const ll_block_tq1_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d);
        out = decode_ternary(d, block->qs, 32, 5, out);
        out = decode_ternary(d, block->qs + 32, 16, 5, out);
        out = decode_ternary(d, block->qh, 4, 4, out);
    }
}

void ll_decode_tq2_0(const void *blocks, float *out, size_t n)
{
    const ll_block_tq2_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        float d = ll_f16_widen(block->d);
        for (int j = 0; j < 8; j++, out += 32) {
            const uint8_t *q = block->qs + 32 * (j / 4);
            for (int i = 0; i < 32; i++)
                out[i] = d * (float)((q[i] >> 2 * (j % 4) & 3) - 1);
        }
    }
}

void ll_decode_q1_0(const void *blocks, float *out, size_t n)
{
    const ll_block_q1_0 *block = blocks;
    for (size_t k = 0; k < n; k += 128, block++, out += 128) {
        float d = ll_f16_widen(block->d);
        for (int i = 0; i < 128; i++)
            out[i] = block->qs[i / 8] >> i % 8 & 1 ? d : -d;
    }
}
