/* SPDX-License-Identifier: MIT
 * Decoders of formats in which 8 or 4 weights are a point of a grid, with their signs apart or, of IQ1, within. The
 * values of a point are unpacked to bytes all at once.
 */
#include "quant/blocks.h"
#include "quant/decode.h"
#include "quant/float16.h"
#include "quant/grids.h"

#include <stdbool.h>

static const uint64_t EACH = 0x0101010101010101u; /* 1 in each byte */

/* 8 values of 2 bits to bytes. */
static inline uint64_t spread_8(uint64_t point)
{
    point = (point | point << 24) & 0x000000FF000000FFu;
    point = (point | point << 12) & 0x000F000F000F000Fu;
    return (point | point << 6) & 0x0303030303030303u;
}

/* 4 values of 4 bits to bytes. */
static inline uint32_t spread_4(uint32_t point)
{
    point = (point | point << 8) & 0x00FF00FFu;
    return (point | point << 4) & 0x0F0F0F0Fu;
}

/* IQ2: 8, 25 and 43. */
static inline uint64_t levels_iq2(uint16_t point)
{
    uint64_t q = spread_8(point);
    return 8 * EACH + 17 * q + (q >> 1 & EACH);
}

/* IQ3_XXS: 4, 12, 20, ..., 52 and 62. */
static inline uint32_t levels_iq3_xxs(uint16_t point)
{
    uint32_t q = spread_4(point), each = (uint32_t)EACH;
    return 4 * each + 8 * q + ((q + each) >> 2 & 2 * each);
}

/* IQ3_S: 1, 3, ..., 15. */
static inline uint32_t levels_iq3_s(uint16_t point) { return (uint32_t)EACH + 2 * spread_4(point); }

/* Four at a time, as 128-bit registers have them: compilers do not see it by themselves. */
typedef uint8_t bytes_16 __attribute__((vector_size(16)));
typedef uint16_t halves_8 __attribute__((vector_size(16)));
typedef int32_t words_4 __attribute__((vector_size(16)));
typedef float floats_4 __attribute__((vector_size(16)));
typedef uint64_t longs_2 __attribute__((vector_size(16)));

/* 8 bytes to floats: zeros are put between them, twice. */
static inline void widen_8(uint64_t values, floats_4 out[2])
{
    const bytes_16 bytes = (bytes_16)(longs_2){values, 0}, zeros = {0};
    const halves_8 halves =
        (halves_8)__builtin_shufflevector(bytes, zeros, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const halves_8 low = __builtin_shufflevector(halves, (halves_8)zeros, 0, 8, 1, 9, 2, 10, 3, 11);
    const halves_8 high = __builtin_shufflevector(halves, (halves_8)zeros, 4, 12, 5, 13, 6, 14, 7, 15);
    out[0] = __builtin_convertvector((words_4)low, floats_4);
    out[1] = __builtin_convertvector((words_4)high, floats_4);
}

/* d times 8 values, less than zero where a bit of signs is set. */
static inline void write_8(float d, uint64_t values, uint32_t signs, float *out)
{
    const words_4 bits[2] = {{1, 2, 4, 8}, {16, 32, 64, 128}};
    floats_4 floats[2];
    widen_8(values, floats);
    for (int i = 0; i < 2; i++) {
        const words_4 negative = (((int32_t)signs & bits[i]) == bits[i]) & INT32_MIN;
        const words_4 result = (words_4)(d * floats[i]) ^ negative;
        memcpy(out + 4 * i, &result, sizeof result);
    }
}

/* Seven signs, and an eighth that makes the number of set ones even. */
static inline uint32_t even_signs(uint32_t seven)
{
    uint32_t odd = seven ^ seven >> 4;
    odd ^= odd >> 2;
    odd ^= odd >> 1;
    return seven | (odd & 1) << 7;
}

static inline uint32_t load_32(const void *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* The scale of 16 weights from half a byte. */
static inline float scale_iq2(float d, const uint8_t *scales, int j)
{
    return d * (0.5f + (float)(scales[j / 2] >> 4 * (j % 2) & 15)) * 0.25f;
}

void ll_decode_iq2_xxs(const void *blocks, float *out, size_t n)
{
    const ll_block_iq2_xxs *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const float whole = ll_f16_widen(block->d);
        for (int j = 0; j < 8; j++) { /* 32 weights: four points of 8 bits, four times 7 signs, 4 bits of scale */
            uint32_t points = load_32(block->qs + 4 * j), rest = load_32(block->qs + 4 * j + 2);
            float d = whole * (0.5f + (float)(rest >> 28)) * 0.25f;
            for (int i = 0; i < 4; i++, out += 8)
                write_8(d, levels_iq2(ll_grid_iq2_xxs[points >> 8 * i & 255]), even_signs(rest >> 7 * i & 127), out);
        }
    }
}

void ll_decode_iq2_xs(const void *blocks, float *out, size_t n)
{
    const ll_block_iq2_xs *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const float whole = ll_f16_widen(block->d);
        for (int j = 0; j < 16; j++) {
            float d = scale_iq2(whole, block->scales, j);
            for (int i = 0; i < 2; i++, out += 8) {
                uint32_t q = block->qs[2 * j + i];
                write_8(d, levels_iq2(ll_grid_iq2_xs[q & 511]), even_signs(q >> 9), out);
            }
        }
    }
}

void ll_decode_iq2_s(const void *blocks, float *out, size_t n)
{
    const ll_block_iq2_s *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const float whole = ll_f16_widen(block->d);
        for (int j = 0; j < 32; j++, out += 8) {
            float d = scale_iq2(whole, block->scales, j / 2);
            int point = block->qs[j] | (block->qh[j / 4] >> 2 * (j % 4) & 3) << 8;
            write_8(d, levels_iq2(ll_grid_iq2_s[point]), block->signs[j], out);
        }
    }
}

void ll_decode_iq3_xxs(const void *blocks, float *out, size_t n)
{
    const ll_block_iq3_xxs *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const float whole = ll_f16_widen(block->d);
        const uint8_t *q = block->qs;
        for (int j = 0; j < 8; j++) { /* 32 weights: four times 7 signs, 4 bits of scale */
            uint32_t rest = load_32(block->signs + 4 * j);
            float d = whole * (0.5f + (float)(rest >> 28)) * 0.5f;
            for (int i = 0; i < 4; i++, q += 2, out += 8) {
                uint64_t low = levels_iq3_xxs(ll_grid_iq3_xxs[q[0]]), high = levels_iq3_xxs(ll_grid_iq3_xxs[q[1]]);
                write_8(d, low | high << 32, even_signs(rest >> 7 * i & 127), out);
            }
        }
    }
}

void ll_decode_iq3_s(const void *blocks, float *out, size_t n)
{
    const ll_block_iq3_s *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const float whole = ll_f16_widen(block->d);
        const uint8_t *q = block->qs;
        for (int j = 0; j < 32; j++, q += 2, out += 8) {
            float d = whole * (float)(1 + 2 * (block->scales[j / 8] >> 4 * (j / 4 % 2) & 15));
            int high_bits = block->qh[j / 4] >> 2 * (j % 4);
            uint64_t low = levels_iq3_s(ll_grid_iq3_s[q[0] | (high_bits & 1) << 8]);
            uint64_t high = levels_iq3_s(ll_grid_iq3_s[q[1] | (high_bits & 2) << 7]);
            write_8(d, low | high << 32, block->signs[j], out);
        }
    }
}

/* d times 8 values that are -1, 0 or 1, plus 1/8, or less it. */
static inline void write_iq1(float d, int point, bool less, float *out)
{
    const float delta = less ? -1.125f : -0.875f;
    floats_4 floats[2];
    widen_8(spread_8(ll_grid_iq1[point]), floats);
    for (int i = 0; i < 2; i++) {
        const floats_4 result = d * (floats[i] + delta);
        memcpy(out + 4 * i, &result, sizeof result);
    }
}

void ll_decode_iq1_s(const void *blocks, float *out, size_t n)
{
    const ll_block_iq1_s *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const float whole = ll_f16_widen(block->d);
        for (int j = 0; j < 32; j++, out += 8) { /* of 32 weights: four times 3 bits of points, scale, sign of 1/8 */
            int high = block->qh[j / 4];
            float d = whole * (float)(2 * (high >> 12 & 7) + 1);
            write_iq1(d, block->qs[j] | (high >> 3 * (j % 4) & 7) << 8, high >> 15, out);
        }
    }
}

void ll_decode_iq1_m(const void *blocks, float *out, size_t n)
{
    const ll_block_iq1_m *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        const uint16_t *s = block->scales; /* each four times 3 bits of scales, and 4 bits of d */
        float whole = ll_f16_widen((uint16_t)(s[0] >> 12 | (s[1] >> 8 & 0xF0) | (s[2] >> 4 & 0xF00) | (s[3] & 0xF000)));
        for (int j = 0; j < 32; j++, out += 8) {
            float d = whole * (float)(2 * (s[j / 8] >> 3 * (j / 2 % 4) & 7) + 1);
            int high = block->qh[j / 2] >> 4 * (j % 2);
            write_iq1(d, block->qs[j] | (high & 7) << 8, high & 8, out);
        }
    }
}
