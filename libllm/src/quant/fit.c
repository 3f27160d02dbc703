/* SPDX-License-Identifier: MIT
 * A scale decides what levels come closest, and these decide what scale is best. So a number of scales is tried, each
 * is replaced by the best one for its levels, and with the best of all that is repeated until nothing changes.
 *
 * Sums run in four lanes, as 128-bit registers have them, so that they are the same on every machine.
 */
#include "quant/fit.h"

#include "quant/float16.h"
#include "quant/quant.h"

typedef float lanes __attribute__((vector_size(16)));
typedef int32_t lane_bits __attribute__((vector_size(16)));

enum { STEPS = 8, ROUNDS_MAX = 6 };

static const float X_MAX = 0x1p40f;      /* what is larger fits no format of blocks but MXFP4; squares must be finite */
static const float NOTHING = 0x1p-40f;   /* far below the least F16 scale */
static const float ROUNDING = 0x1.8p23f; /* added and taken away, leaves the nearest integer */
static const float IMPORTANCE_MIN = 0x1p-14f; /* of the mean */

static inline lanes load(const float *p)
{
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline lanes all(float f) { return (lanes){f, f, f, f}; }
static inline float total(lanes v) { return (v[0] + v[2]) + (v[1] + v[3]); }

static inline lanes pick(lane_bits condition, lanes yes, lanes no)
{
    return (lanes)((condition & (lane_bits)yes) | (~condition & (lane_bits)no));
}

/* A NaN becomes the lowest level. */
static inline lanes nearest(const ll_levels *levels, lanes v)
{
    v = pick(v > levels->low, v, all(levels->low));
    v = pick(v < levels->high, v, all(levels->high));
    if (!levels->table)
        return (v + ROUNDING) - ROUNDING;
    const lane_bits at = __builtin_convertvector((v - levels->low) * 2.0f, lane_bits);
    const float *table = levels->table;
    return (lanes){table[at[0]], table[at[1]], table[at[2]], table[at[3]]};
}

/* What lies in the middle of two integers is a multiple of a half, so that there are no other bounds between codes. */
ll_levels ll_levels_of_codes(const int8_t *codes, int n_codes, float margin, ll_code_table *table)
{
    const int low = codes[0], high = codes[n_codes - 1];
    int c = 0;
    for (int i = 0; i <= 2 * (high - low); i++) {
        while (c + 1 < n_codes && 2 * low + i >= codes[c] + codes[c + 1])
            c++;
        table->nearest[i] = codes[c];
    }
    return (ll_levels){(float)low, (float)high, margin, codes, n_codes, table->nearest};
}

void ll_samples_take(const float *x, const float *importance, size_t n, float *x_out, float *w_out)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] == x[i] ? x[i] : 0.0f;
        x_out[i] = v > X_MAX ? X_MAX : v < -X_MAX ? -X_MAX : v;
        w_out[i] = importance && importance[i] > 0 ? importance[i] : 0.0f;
        sum += w_out[i];
    }
    const float mean = sum / (float)n, inverse = 1.0f / mean;
    const bool usable = mean > 0 && inverse > 0 && inverse <= 0x1p126f;
    for (size_t i = 0; i < n; i++) {
        float w = usable ? w_out[i] * inverse : 1.0f;
        w_out[i] = w > IMPORTANCE_MIN ? w : IMPORTANCE_MIN;
    }
}

uint16_t ll_scale_f16(float d) { return ll_f32_to_f16(d > 65504.0f ? 65504.0f : d < -65504.0f ? -65504.0f : d); }

/* With the levels that come closest with 1 / inverse, the best scale is xq / qq, and it takes xq * xq / qq off the sum
 * of squares. */
typedef struct scale_sums {
    float xq, qq;
} scale_sums;

static inline scale_sums sum_scale(const ll_levels *levels, const ll_samples *s, float inverse)
{
    lanes xq = {0}, qq = {0};
    for (size_t i = 0; i < s->n; i += 4) {
        const lanes x = load(s->x + i), q = nearest(levels, x * inverse), wq = load(s->w + i) * q;
        xq += wq * x;
        qq += wq * q;
    }
    return (scale_sums){total(xq), total(qq)};
}

static float largest(const ll_samples *s)
{
    float peak = 0;
    for (size_t i = 0; i < s->n; i++) {
        const float size = s->x[i] < 0 ? -s->x[i] : s->x[i];
        peak = size > peak ? size : peak;
    }
    return peak;
}

float ll_fit_scale(const ll_levels *levels, const ll_samples *s)
{
    const float peak = largest(s), reach = -levels->low > levels->high ? -levels->low : levels->high;
    if (peak < NOTHING)
        return 0;
    float best = 0, d = 0;
    for (int i = -STEPS; i <= STEPS; i++) {
        float inverse = (reach + levels->margin * (float)i / STEPS) / peak;
        for (int sign = 0; sign < (-levels->low > levels->high ? 2 : 1); sign++, inverse = -inverse) {
            const scale_sums sums = sum_scale(levels, s, inverse);
            const float gain = sums.qq > 0 ? sums.xq * sums.xq / sums.qq : 0;
            if (gain > best) {
                best = gain;
                d = sums.xq / sums.qq;
            }
        }
    }
    for (int i = 0; i < ROUNDS_MAX && d != 0; i++) {
        const scale_sums sums = sum_scale(levels, s, 1 / d);
        const float better = sums.qq > 0 ? sums.xq / sums.qq : d;
        if (better == d)
            break;
        d = better;
    }
    return d;
}

/* The normal equations of x ~ d * q + m. */
typedef struct affine_sums {
    float w, x, q, xq, qq, xx;
} affine_sums;

static inline affine_sums sum_affine(const ll_levels *levels, const ll_samples *s, float inverse, float m)
{
    lanes sw = {0}, sx = {0}, sq = {0}, sxq = {0}, sqq = {0}, sxx = {0};
    for (size_t i = 0; i < s->n; i += 4) {
        const lanes x = load(s->x + i), w = load(s->w + i), q = nearest(levels, (x - m) * inverse);
        sw += w;
        sx += w * x;
        sxx += w * x * x;
        sq += w * q;
        sxq += w * q * x;
        sqq += w * q * q;
    }
    return (affine_sums){total(sw), total(sx), total(sq), total(sxq), total(sqq), total(sxx)};
}

/* The best d and m for these sums; returns the error that is left, or infinity where there is no solution. */
static float solve_affine(const affine_sums *s, bool any_m, float *d, float *m)
{
    const float determinant = s->w * s->qq - s->q * s->q;
    *d = (s->w * s->xq - s->q * s->x) / determinant;
    *m = (s->qq * s->x - s->q * s->xq) / determinant;
    if (!any_m && *m > 0) {
        *d = s->xq / s->qq;
        *m = 0;
    }
    if (!(determinant > 0) || !(*d > 0))
        return __builtin_inff();
    return s->xx - *d * s->xq - *m * s->x;
}

void ll_fit_affine(float top, bool any_m, const ll_samples *s, float *d, float *m)
{
    const ll_levels levels = {.low = 0, .high = top};
    float low = s->x[0], high = s->x[0];
    for (size_t i = 1; i < s->n; i++) {
        low = s->x[i] < low ? s->x[i] : low;
        high = s->x[i] > high ? s->x[i] : high;
    }
    if (!any_m && low > 0)
        low = 0;
    *m = low;
    *d = (high - low) / top;
    if (*d < NOTHING) {
        *d = 0;
        return;
    }
    float best = ll_fit_error(&levels, s, *d, *m);
    for (int i = -STEPS; i <= STEPS; i++) {
        const float inverse = (top + (float)i / STEPS) / (high - low);
        const affine_sums sums = sum_affine(&levels, s, inverse, low);
        float new_d, new_m, error = solve_affine(&sums, any_m, &new_d, &new_m);
        if (error < best) {
            best = error;
            *d = new_d;
            *m = new_m;
        }
    }
    for (int i = 0; i < ROUNDS_MAX; i++) {
        const affine_sums sums = sum_affine(&levels, s, 1 / *d, *m);
        float new_d, new_m, error = solve_affine(&sums, any_m, &new_d, &new_m);
        if (!(error < best))
            break;
        best = error;
        *d = new_d;
        *m = new_m;
    }
}

float ll_fit_error(const ll_levels *levels, const ll_samples *s, float d, float m)
{
    const float inverse = d != 0 ? 1 / d : 0;
    lanes sum = {0};
    for (size_t i = 0; i < s->n; i += 4) {
        const lanes x = load(s->x + i) - m, error = x - nearest(levels, x * inverse) * d;
        sum += load(s->w + i) * error * error;
    }
    return total(sum);
}

void ll_fit_assign(const ll_levels *levels, const ll_samples *s, float d, float m, int8_t *q)
{
    const float inverse = d != 0 ? 1 / d : 0;
    for (size_t i = 0; i < s->n; i += 4) {
        const lanes level = nearest(levels, (load(s->x + i) - m) * inverse);
        for (size_t j = 0; j < 4; j++) {
            int code = (int)level[j];
            for (int c = 0; levels->codes && c < levels->n_codes; c++) {
                if (levels->codes[c] == (int)level[j])
                    code = c;
            }
            q[i + j] = (int8_t)code;
        }
    }
}
