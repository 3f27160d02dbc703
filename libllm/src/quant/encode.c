/* SPDX-License-Identifier: MIT
 * Encoders of plain numbers and of blocks of 32.
 */
#include "quant/encode.h"

#include "quant/blocks.h"
#include "quant/codes.h"
#include "quant/fit.h"
#include "quant/float16.h"
#include "quant/quant.h"

void ll_encode_f32(const float *x, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    memcpy(blocks, x, n * sizeof *x);
}

/* Here a NaN and what is too large stay what they are. */
void ll_encode_f16(const float *x, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint16_t *h = blocks;
    for (size_t i = 0; i < n; i++)
        h[i] = ll_f32_to_f16(x[i]);
}

void ll_encode_bf16(const float *x, const float *importance, void *blocks, size_t n)
{
    (void)importance;
    uint16_t *h = blocks;
    for (size_t i = 0; i < n; i++)
        h[i] = ll_f32_to_bf16(x[i]);
}

typedef struct block_samples {
    float x[LL_BLOCK], w[LL_BLOCK];
} block_samples;

static ll_samples take_block(const float *x, const float *importance, size_t k, block_samples *copy)
{
    ll_samples_take(x + k, importance ? importance + k : NULL, LL_BLOCK, copy->x, copy->w);
    return (ll_samples){copy->x, copy->w, LL_BLOCK};
}

static void pack_halves(const int8_t q[32], int bias, uint8_t qs[16])
{
    for (int i = 0; i < 16; i++)
        qs[i] = (uint8_t)(((q[i] + bias) & 15) | ((q[i + 16] + bias) & 15) << 4);
}

static void pack_fifths(const int8_t q[32], int bias, uint8_t qh[4])
{
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++)
        bits |= ((uint32_t)(q[i] + bias) >> 4 & 1u) << i;
    memcpy(qh, &bits, 4);
}

/* Of the best scale as F16, and the one with which the largest value is the first level, whichever is better: the
 * second finds again what was decoded from a block. */
static uint16_t fit_f16(const ll_levels *levels, const ll_samples *s, int8_t q[32])
{
    float extreme = 0;
    for (size_t i = 0; i < s->n; i++) {
        if ((s->x[i] < 0 ? -s->x[i] : s->x[i]) > (extreme < 0 ? -extreme : extreme))
            extreme = s->x[i];
    }
    const float end = levels->low == -levels->high && extreme > 0 ? levels->high : levels->low;
    uint16_t plain = ll_scale_f16(extreme / end), best = ll_scale_f16(ll_fit_scale(levels, s));
    if (!(ll_fit_error(levels, s, ll_f16_widen(best), 0) < ll_fit_error(levels, s, ll_f16_widen(plain), 0)))
        best = plain;
    ll_fit_assign(levels, s, ll_f16_widen(best), 0, q);
    return best;
}

void ll_encode_q4_0(const float *x, const float *importance, void *blocks, size_t n)
{
    static const ll_levels levels = {.low = -8, .high = 7, .margin = 1};
    ll_block_q4_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        ll_samples s = take_block(x, importance, k, &copy);
        int8_t q[32];
        block->d = fit_f16(&levels, &s, q);
        pack_halves(q, 8, block->qs);
    }
}

void ll_encode_q5_0(const float *x, const float *importance, void *blocks, size_t n)
{
    static const ll_levels levels = {.low = -16, .high = 15, .margin = 1};
    ll_block_q5_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        ll_samples s = take_block(x, importance, k, &copy);
        int8_t q[32];
        block->d = fit_f16(&levels, &s, q);
        pack_halves(q, 16, block->qs);
        pack_fifths(q, 16, block->qh);
    }
}

void ll_encode_q8_0(const float *x, const float *importance, void *blocks, size_t n)
{
    static const ll_levels levels = {.low = -127, .high = 127, .margin = 1};
    ll_block_q8_0 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        ll_samples s = take_block(x, importance, k, &copy);
        block->d = fit_f16(&levels, &s, block->qs);
    }
}

void ll_encode_iq4_nl(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_code_table table;
    const ll_levels levels = ll_levels_of_codes(ll_codes_iq4, 16, 16, &table);
    ll_block_iq4_nl *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        ll_samples s = take_block(x, importance, k, &copy);
        int8_t q[32];
        block->d = fit_f16(&levels, &s, q);
        pack_halves(q, 0, block->qs);
    }
}

/* As fit_f16(), with the plain pair that spans all values. */
static void fit_pair_f16(float top, const ll_samples *s, uint16_t *d, uint16_t *m, int8_t q[32])
{
    const ll_levels levels = {.low = 0, .high = top};
    float low = s->x[0], high = s->x[0], best_d, best_m;
    for (size_t i = 1; i < s->n; i++) {
        low = s->x[i] < low ? s->x[i] : low;
        high = s->x[i] > high ? s->x[i] : high;
    }
    ll_fit_affine(top, true, s, &best_d, &best_m);
    uint16_t plain_d = ll_scale_f16((high - low) / top), plain_m = ll_scale_f16(low);
    *d = ll_scale_f16(best_d);
    *m = ll_scale_f16(best_m);
    if (!(ll_fit_error(&levels, s, ll_f16_widen(*d), ll_f16_widen(*m)) <
          ll_fit_error(&levels, s, ll_f16_widen(plain_d), ll_f16_widen(plain_m)))) {
        *d = plain_d;
        *m = plain_m;
    }
    ll_fit_assign(&levels, s, ll_f16_widen(*d), ll_f16_widen(*m), q);
}

void ll_encode_q4_1(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_block_q4_1 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        ll_samples s = take_block(x, importance, k, &copy);
        int8_t q[32];
        fit_pair_f16(15, &s, &block->d, &block->m, q);
        pack_halves(q, 0, block->qs);
    }
}

void ll_encode_q5_1(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_block_q5_1 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        ll_samples s = take_block(x, importance, k, &copy);
        int8_t q[32];
        fit_pair_f16(31, &s, &block->d, &block->m, q);
        pack_halves(q, 0, block->qs);
        pack_fifths(q, 0, block->qh);
    }
}

/* The largest value is 4 to 8 times 2^(e - 127), half of which is what codes are multiplied with; or a power below or
 * above. Values are brought near 1, so that their squares are finite. */
void ll_encode_mxfp4(const float *x, const float *importance, void *blocks, size_t n)
{
    static const int8_t codes[] = {-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12};
    ll_code_table table;
    const ll_levels levels = ll_levels_of_codes(codes, 15, 2, &table);
    enum { E_MAX = 252 }; /* with a larger one the largest code is no float any more */
    ll_block_mxfp4 *block = blocks;
    for (size_t k = 0; k < n; k += LL_BLOCK, block++) {
        block_samples copy;
        float peak = 0, scaled[LL_BLOCK];
        for (size_t i = 0; i < LL_BLOCK; i++) {
            float size = x[k + i] < 0 ? -x[k + i] : x[k + i];
            size = size > 0x1.fffffep127f ? 0x1.fffffep127f : size;
            peak = size > peak ? size : peak;
        }
        const int exponent = (int)(ll_bits_of_float(peak) >> 23), first = exponent > 3 ? exponent - 3 : 0;
        const int last = first + 2 < E_MAX ? first + 2 : E_MAX;
        const float shift = ll_float_of_bits((uint32_t)(exponent == 254 ? 1
                                                        : exponent > 3  ? 254 - exponent
                                                                        : 250)
                                             << 23);
        for (size_t i = 0; i < LL_BLOCK; i++)
            scaled[i] = x[k + i] * shift;
        ll_samples_take(scaled, importance ? importance + k : NULL, LL_BLOCK, copy.x, copy.w);
        const ll_samples s = {copy.x, copy.w, LL_BLOCK};
        int e = 0;
        float best = __builtin_inff();
        for (int i = first; i <= last && peak > 0; i++) {
            const float error = ll_fit_error(&levels, &s, ll_e8m0_widen((uint8_t)i) * shift, 0);
            if (error < best) {
                best = error;
                e = i;
            }
        }
        int8_t q[32];
        ll_fit_assign(&levels, &s, ll_e8m0_widen((uint8_t)e) * shift, 0, q);
        block->e = (uint8_t)e;
        for (size_t i = 0; i < LL_BLOCK; i++) /* 15 codes in rising order to a sign and 3 bits */
            q[i] = (int8_t)(q[i] < 7 ? 8 + (7 - q[i]) : q[i] - 7);
        pack_halves(q, 0, block->qs);
    }
}
