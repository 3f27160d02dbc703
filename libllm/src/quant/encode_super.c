/* SPDX-License-Identifier: MIT
 * Encoders of super-blocks: 8 or 16 groups, each of which has a scale, and a minimum where the format has such, as
 * integers times a common one. The groups are fitted each for itself, and the common scales to what comes of it; then,
 * in turn, the integers of each group and the common scales are chosen anew, as long as the error becomes less.
 */
#include "quant/blocks.h"
#include "quant/codes.h"
#include "quant/encode.h"
#include "quant/fit.h"
#include "quant/float16.h"
#include "quant/quant.h"

enum { GROUPS_MAX = 16, ROUNDS_MAX = 3 };

typedef struct super_samples {
    float x[LL_SUPER_BLOCK], w[LL_SUPER_BLOCK];
    size_t n_groups;
} super_samples;

/* What is looked for. */
typedef struct super_block {
    uint16_t d, dmin;
    int scales[GROUPS_MAX], mins[GROUPS_MAX];
    int8_t q[LL_SUPER_BLOCK];
} super_block;

static void take(const float *x, const float *importance, size_t k, size_t n_groups, super_samples *s)
{
    ll_samples_take(x + k, importance ? importance + k : NULL, LL_SUPER_BLOCK, s->x, s->w);
    s->n_groups = n_groups;
}

static ll_samples group_of(const super_samples *s, size_t j)
{
    const size_t n = LL_SUPER_BLOCK / s->n_groups;
    return (ll_samples){s->x + j * n, s->w + j * n, n};
}

static int clamp(int i, int low, int high) { return i < low ? low : i > high ? high : i; }

/* The F16 that is least far from fitting the scales of all groups, as integers from low to high times it. The weight of
 * a group is what an error of its scale costs. */
static uint16_t common_scale(const super_samples *s, const float *scales, const float *costs, int low, int high)
{
    const ll_levels levels = {.low = (float)low, .high = (float)high, .margin = 1};
    return ll_scale_f16(ll_fit_scale(&levels, &(ll_samples){scales, costs, s->n_groups}));
}

/* The F16 with which the largest scale is the lowest integer. */
static uint16_t plain_scale(const super_samples *s, const float *scales, int low)
{
    float largest = 0;
    for (size_t j = 0; j < s->n_groups; j++)
        largest = __builtin_fabsf(scales[j]) > __builtin_fabsf(largest) ? scales[j] : largest;
    return ll_scale_f16(largest / (float)low);
}

static int nearest_scale(float scale, float d, int low, int high)
{
    const ll_levels levels = {.low = (float)low, .high = (float)high};
    const float x[4] = {scale, scale, scale, scale};
    int8_t q[4];
    ll_fit_assign(&levels, &(ll_samples){x, x, 4}, d, 0, q);
    return q[0];
}

/* What the levels of a group are, as numbers. */
static float level_of(const ll_levels *levels, int8_t q) { return (float)(levels->codes ? levels->codes[q] : q); }

/* Formats without minimums. */

/* The scale of each group between low and high, next to what it was, with which the error is least; returns that of
 * all. */
static float choose_scales(const ll_levels *levels, const super_samples *s, int low, int high, super_block *b)
{
    const float d = ll_f16_widen(b->d);
    float sum = 0;
    for (size_t j = 0; j < s->n_groups; j++) {
        const ll_samples group = group_of(s, j);
        const int near = b->scales[j];
        float best = __builtin_inff();
        for (int scale = clamp(near - 1, low, high); scale <= clamp(near + 1, low, high); scale++) {
            const float error = ll_fit_error(levels, &group, d * (float)scale, 0);
            if (error < best) {
                best = error;
                b->scales[j] = scale;
            }
        }
        ll_fit_assign(levels, &group, d * (float)b->scales[j], 0, b->q + j * group.n);
        sum += best;
    }
    return sum;
}

/* The best common scale for the integers that there are. */
static uint16_t best_common(const ll_levels *levels, const super_samples *s, const super_block *b)
{
    float xq = 0, qq = 0;
    for (size_t i = 0; i < LL_SUPER_BLOCK; i++) {
        const float q = level_of(levels, b->q[i]) * (float)b->scales[i * s->n_groups / LL_SUPER_BLOCK];
        xq += s->w[i] * q * s->x[i];
        qq += s->w[i] * q * q;
    }
    return qq > 0 ? ll_scale_f16(xq / qq) : b->d;
}

static void fit_scales(const ll_levels *levels, const super_samples *s, int low, int high, super_block *b)
{
    float scales[GROUPS_MAX], costs[GROUPS_MAX];
    for (size_t j = 0; j < s->n_groups; j++) {
        const ll_samples group = group_of(s, j);
        int8_t q[LL_SUPER_BLOCK];
        scales[j] = ll_fit_scale(levels, &group);
        ll_fit_assign(levels, &group, scales[j], 0, q);
        costs[j] = 1e-6f;
        for (size_t i = 0; i < group.n; i++)
            costs[j] += group.w[i] * level_of(levels, q[i]) * level_of(levels, q[i]);
    }
    /* Of a small scale as F16 little is left: the plain one may be luckier. */
    float error = 0;
    const uint16_t begin[] = {common_scale(s, scales, costs, low, high), plain_scale(s, scales, low)};
    for (size_t i = 0; i < 2; i++) {
        super_block next = {.d = begin[i]};
        for (size_t j = 0; j < s->n_groups; j++)
            next.scales[j] = nearest_scale(scales[j], ll_f16_widen(next.d), low, high);
        const float next_error = choose_scales(levels, s, low, high, &next);
        if (i == 0 || next_error < error) {
            error = next_error;
            *b = next;
        }
    }
    for (int i = 0; i < ROUNDS_MAX; i++) {
        super_block next = *b;
        next.d = best_common(levels, s, b);
        const float next_error = choose_scales(levels, s, low, high, &next);
        if (!(next_error < error))
            break;
        error = next_error;
        *b = next;
    }
}

/* Formats with minimums, which are taken off. */

static float choose_pairs(const ll_levels *levels, const super_samples *s, int high, super_block *b)
{
    const float d = ll_f16_widen(b->d), dmin = ll_f16_widen(b->dmin);
    float sum = 0;
    for (size_t j = 0; j < s->n_groups; j++) {
        const ll_samples group = group_of(s, j);
        const int near_scale = b->scales[j], near_min = b->mins[j];
        float best = __builtin_inff();
        for (int scale = clamp(near_scale - 1, 0, high); scale <= clamp(near_scale + 1, 0, high); scale++) {
            for (int min = clamp(near_min - 1, 0, high); min <= clamp(near_min + 1, 0, high); min++) {
                const float error = ll_fit_error(levels, &group, d * (float)scale, -(dmin * (float)min));
                if (error < best) {
                    best = error;
                    b->scales[j] = scale;
                    b->mins[j] = min;
                }
            }
        }
        ll_fit_assign(levels, &group, d * (float)b->scales[j], -(dmin * (float)b->mins[j]), b->q + j * group.n);
        sum += best;
    }
    return sum;
}

/* The best common scales for the integers that there are: two unknowns, of which none may be less than 0. */
static void best_common_pair(const super_samples *s, const super_block *b, uint16_t *d, uint16_t *dmin)
{
    float qq = 0, qm = 0, mm = 0, xq = 0, xm = 0;
    for (size_t i = 0; i < LL_SUPER_BLOCK; i++) {
        const size_t j = i * s->n_groups / LL_SUPER_BLOCK;
        const float q = (float)(b->q[i] * b->scales[j]), m = -(float)b->mins[j], w = s->w[i];
        qq += w * q * q;
        qm += w * q * m;
        mm += w * m * m;
        xq += w * s->x[i] * q;
        xm += w * s->x[i] * m;
    }
    const float determinant = qq * mm - qm * qm;
    const float best_d = (xq * mm - xm * qm) / determinant, best_dmin = (xm * qq - xq * qm) / determinant;
    *d = best_d > 0 ? ll_scale_f16(best_d) : b->d;
    *dmin = best_dmin > 0 ? ll_scale_f16(best_dmin) : b->dmin;
}

static void fit_pairs(float top, const super_samples *s, int high, super_block *b)
{
    const ll_levels levels = {.low = 0, .high = top};
    float scales[GROUPS_MAX], mins[GROUPS_MAX], costs[GROUPS_MAX], weights[GROUPS_MAX];
    for (size_t j = 0; j < s->n_groups; j++) {
        const ll_samples group = group_of(s, j);
        int8_t q[LL_SUPER_BLOCK];
        ll_fit_affine(top, false, &group, &scales[j], &mins[j]);
        mins[j] = -mins[j];
        ll_fit_assign(&levels, &group, scales[j], -mins[j], q);
        costs[j] = weights[j] = 1e-6f;
        for (size_t i = 0; i < group.n; i++) {
            costs[j] += group.w[i] * (float)(q[i] * q[i]);
            weights[j] += group.w[i];
        }
    }
    b->d = common_scale(s, scales, costs, 0, high);
    b->dmin = common_scale(s, mins, weights, 0, high);
    for (size_t j = 0; j < s->n_groups; j++) {
        b->scales[j] = nearest_scale(scales[j], ll_f16_widen(b->d), 0, high);
        b->mins[j] = nearest_scale(mins[j], ll_f16_widen(b->dmin), 0, high);
    }
    float error = choose_pairs(&levels, s, high, b);
    for (int i = 0; i < ROUNDS_MAX; i++) {
        super_block next = *b;
        best_common_pair(s, b, &next.d, &next.dmin);
        const float next_error = choose_pairs(&levels, s, high, &next);
        if (!(next_error < error))
            break;
        error = next_error;
        *b = next;
    }
}

/* The bytes. */

void ll_encode_q2_k(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_block_q2_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        super_samples s;
        super_block b;
        take(x, importance, k, 16, &s);
        fit_pairs(3, &s, 15, &b);
        block->d = b.d;
        block->dmin = b.dmin;
        for (int j = 0; j < 16; j++)
            block->scales[j] = (uint8_t)(b.scales[j] | b.mins[j] << 4);
        for (int i = 0; i < 64; i++) {
            const int8_t *q = b.q + 128 * (i / 32) + i % 32;
            block->qs[i] = (uint8_t)(q[0] | q[32] << 2 | q[64] << 4 | q[96] << 6);
        }
    }
}

void ll_encode_q3_k(const float *x, const float *importance, void *blocks, size_t n)
{
    static const ll_levels levels = {.low = -4, .high = 3, .margin = 1};
    ll_block_q3_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        super_samples s;
        super_block b;
        take(x, importance, k, 16, &s);
        fit_scales(&levels, &s, -32, 31, &b);
        memset(block, 0, sizeof *block);
        block->d = b.d;
        for (int j = 0; j < 16; j++) {
            const int scale = b.scales[j] + 32;
            block->scales[j % 8] |= (uint8_t)((scale & 15) << 4 * (j / 8));
            block->scales[8 + j % 4] |= (uint8_t)(scale >> 4 << 2 * (j / 4));
        }
        for (int i = 0; i < LL_SUPER_BLOCK; i++) {
            const int q = b.q[i] + 4;
            block->qs[32 * (i / 128) + i % 32] |= (uint8_t)((q & 3) << 2 * (i % 128 / 32));
            block->hmask[i % 32] |= (uint8_t)(q >> 2 << i / 32);
        }
    }
}

/* The packing that ll_scales_mins() says. */
static void pack_scales_mins(const super_block *b, uint8_t packed[12])
{
    for (int j = 0; j < 4; j++) {
        packed[j] = (uint8_t)(b->scales[j] | b->scales[j + 4] >> 4 << 6);
        packed[j + 4] = (uint8_t)(b->mins[j] | b->mins[j + 4] >> 4 << 6);
        packed[j + 8] = (uint8_t)((b->scales[j + 4] & 15) | (b->mins[j + 4] & 15) << 4);
    }
}

static void pack_halves(const int8_t q[LL_SUPER_BLOCK], uint8_t qs[128])
{
    for (int i = 0; i < 128; i++) {
        const int8_t *pair = q + 64 * (i / 32) + i % 32;
        qs[i] = (uint8_t)((pair[0] & 15) | (pair[32] & 15) << 4);
    }
}

void ll_encode_q4_k(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_block_q4_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        super_samples s;
        super_block b;
        take(x, importance, k, 8, &s);
        fit_pairs(15, &s, 63, &b);
        block->d = b.d;
        block->dmin = b.dmin;
        pack_scales_mins(&b, block->scales);
        pack_halves(b.q, block->qs);
    }
}

void ll_encode_q5_k(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_block_q5_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        super_samples s;
        super_block b;
        take(x, importance, k, 8, &s);
        fit_pairs(31, &s, 63, &b);
        block->d = b.d;
        block->dmin = b.dmin;
        pack_scales_mins(&b, block->scales);
        pack_halves(b.q, block->qs);
        memset(block->qh, 0, sizeof block->qh);
        for (int i = 0; i < LL_SUPER_BLOCK; i++)
            block->qh[i % 32] |= (uint8_t)(b.q[i] >> 4 << i / 32);
    }
}

void ll_encode_q6_k(const float *x, const float *importance, void *blocks, size_t n)
{
    static const ll_levels levels = {.low = -32, .high = 31, .margin = 1};
    ll_block_q6_k *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        super_samples s;
        super_block b;
        take(x, importance, k, 16, &s);
        fit_scales(&levels, &s, -128, 127, &b);
        memset(block, 0, sizeof *block);
        block->d = b.d;
        for (int j = 0; j < 16; j++)
            block->scales[j] = (int8_t)b.scales[j];
        for (int i = 0; i < LL_SUPER_BLOCK; i++) {
            const int q = b.q[i] + 32, half = i / 128, group = i % 128 / 32;
            block->ql[64 * half + 32 * (group % 2) + i % 32] |= (uint8_t)((q & 15) << 4 * (group / 2));
            block->qh[32 * half + i % 32] |= (uint8_t)(q >> 4 << 2 * group);
        }
    }
}

void ll_encode_iq4_xs(const float *x, const float *importance, void *blocks, size_t n)
{
    ll_code_table table;
    const ll_levels levels = ll_levels_of_codes(ll_codes_iq4, 16, 16, &table);
    ll_block_iq4_xs *block = blocks;
    for (size_t k = 0; k < n; k += LL_SUPER_BLOCK, block++) {
        super_samples s;
        super_block b;
        take(x, importance, k, 8, &s);
        fit_scales(&levels, &s, -32, 31, &b);
        memset(block, 0, sizeof *block);
        block->d = b.d;
        for (int j = 0; j < 8; j++) {
            const int scale = b.scales[j] + 32;
            block->scales_l[j / 2] |= (uint8_t)((scale & 15) << 4 * (j % 2));
            block->scales_h |= (uint16_t)(scale >> 4 << 2 * j);
            for (int i = 0; i < 16; i++)
                block->qs[16 * j + i] = (uint8_t)(b.q[32 * j + i] | b.q[32 * j + 16 + i] << 4);
        }
    }
}
