/* SPDX-License-Identifier: MIT
 * Kernels over single vectors: rounding of activations, norm, activation functions.
 */
#include "backend/cpu/ref/math.h"
#include "backend/cpu/ref/ref.h"

enum { LANES = 16 };

void ll_ref_quantize(const float *x, size_t n, ll_act *act)
{
    const uint32_t infinity = 0x7F800000u;
    const float most = act->low ? 127.0f * 256.0f : 127.0f;
    for (size_t b = 0; b < n / LL_ACT_BLOCK; b++, x += LL_ACT_BLOCK) {
        int8_t *high = act->high + b * LL_ACT_BLOCK, *low = act->low ? act->low + b * LL_ACT_BLOCK : NULL;
        uint32_t largest = 0; /* magnitudes order as their bits do, NaN last */
        for (int i = 0; i < LL_ACT_BLOCK; i++) {
            uint32_t magnitude = ll_bits_of_float(x[i]) & 0x7FFFFFFFu;
            largest = magnitude > largest ? magnitude : largest;
        }
        float peak = ll_float_of_bits(largest);
        if (peak < LL_ACT_MIN || largest >= infinity) {
            float scale = largest >= infinity ? (float)NAN : 0.0f;
            memset(high, 0, LL_ACT_BLOCK);
            if (low)
                memset(low, 0, LL_ACT_BLOCK);
            act->scales[b] = act->block_sums[b] = act->sums[2 * b] = act->sums[2 * b + 1] = scale;
            continue;
        }
        float scale = peak / most, inverse = most / peak;
        const float round = 0x1.8p23f;
        int32_t sums[2] = {0, 0};
        for (int i = 0; i < LL_ACT_BLOCK; i++) {
            int32_t q = (int32_t)(ll_bits_of_float(x[i] * inverse + round) - ll_bits_of_float(round));
            int32_t upper = low ? (q + 128) >> 8 : q;
            high[i] = (int8_t)upper;
            if (low)
                low[i] = (int8_t)(q - upper * 256);
            sums[i / 16] += q;
        }
        act->scales[b] = scale;
        act->sums[2 * b] = (float)sums[0] * scale;
        act->sums[2 * b + 1] = (float)sums[1] * scale;
        act->block_sums[b] = (float)(sums[0] + sums[1]) * scale;
    }
}

void ll_ref_rms_norm(const float *x, const float *weight, size_t n, float eps, float *out)
{
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++)
            lanes[l] += x[i + (size_t)l] * x[i + (size_t)l];
    }
    float sum = 0;
    for (; i < n; i++)
        sum += x[i] * x[i];
    for (int l = 0; l < LANES; l++)
        sum += lanes[l];
    float factor = 1.0f / sqrtf(sum / (float)n + eps);
    if (weight) {
        for (i = 0; i < n; i++)
            out[i] = x[i] * factor * weight[i];
    } else {
        for (i = 0; i < n; i++)
            out[i] = x[i] * factor;
    }
}

/* The sum in LANES parts, so that adding many values loses little. */
static float sum_of(const float *x, size_t n, float shift, bool squared)
{
    float lanes[LANES] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] - shift;
        lanes[i % LANES] += squared ? v * v : v;
    }
    for (int l = 0; l < LANES; l++)
        sum += lanes[l];
    return sum;
}

void ll_ref_layer_norm(const float *x, const float *weight, const float *bias, size_t n, float eps, float *out)
{
    float mean = sum_of(x, n, 0, false) / (float)n;
    float factor = 1.0f / sqrtf(sum_of(x, n, mean, true) / (float)n + eps);
    for (size_t i = 0; i < n; i++)
        out[i] = (x[i] - mean) * factor * (weight ? weight[i] : 1.0f) + (bias ? bias[i] : 0.0f);
}

void ll_ref_silu_mul(const float *gate, const float *up, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = gate[i] / (1.0f + ll_ref_exp(-gate[i])) * (up ? up[i] : 1.0f);
}

void ll_ref_gelu_tanh_mul(const float *gate, const float *up, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float g = gate[i];
        float u2 = LL_GELU_2_SQRT_2_PI * (g * g * LL_GELU_CUBIC * g + g);
        out[i] = g / (1.0f + ll_ref_exp(-u2)) * (up ? up[i] : 1.0f);
    }
}

void ll_ref_gelu_erf_mul(const float *gate, const float *up, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float g = gate[i], z = fabsf(g) * LL_SQRT_HALF, t = 1.0f / (LL_ERFC_F0 * z + 1.0f);
        float p = LL_ERFC_F5;
        p = p * t + LL_ERFC_F4;
        p = p * t + LL_ERFC_F3;
        p = p * t + LL_ERFC_F2;
        p = p * t + LL_ERFC_F1;
        float tail = 0.5f * g * (p * t * ll_ref_exp(-(z * z))); /* g times the normal distribution beyond |g| */
        out[i] = (g < 0 ? tail : g - tail) * (up ? up[i] : 1.0f);
    }
}

void ll_ref_relu_mul(const float *gate, const float *up, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (gate[i] < 0 ? 0.0f : gate[i]) * (up ? up[i] : 1.0f);
}

void ll_ref_relu_squared_mul(const float *gate, const float *up, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float g = gate[i] < 0 ? 0.0f : gate[i];
        out[i] = g * g * (up ? up[i] : 1.0f);
    }
}

void ll_ref_swiglu_limited(const float *gate, const float *up, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        float g = gate[i] > LL_SWIGLU_LIMIT ? LL_SWIGLU_LIMIT : gate[i], u = up[i];
        u = u > LL_SWIGLU_LIMIT ? LL_SWIGLU_LIMIT : u < -LL_SWIGLU_LIMIT ? -LL_SWIGLU_LIMIT : u;
        out[i] = g / (1.0f + ll_ref_exp(-LL_SWIGLU_ALPHA * g)) * (u + 1.0f);
    }
}

void ll_ref_softcap(float *x, size_t n, float cap)
{
    for (size_t i = 0; i < n; i++)
        x[i] = cap * ll_ref_tanh(x[i] / cap);
}

void ll_ref_add_scaled(const float *x, const float *y, float scale, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] + scale * y[i];
}

static void rotate(float *first, float *second, float cosine, float sine)
{
    const float a = *first, b = *second;
    *first = a * cosine - b * sine;
    *second = a * sine + b * cosine;
}

void ll_ref_rotate_halves(float *x, size_t n_pairs, const float *cosine, const float *sine)
{
    for (size_t i = 0; i < n_pairs; i++)
        rotate(x + i, x + i + n_pairs, cosine[i], sine[i]);
}

void ll_ref_rotate_pairs(float *x, size_t n_pairs, const float *cosine, const float *sine)
{
    for (size_t i = 0; i < n_pairs; i++)
        rotate(x + 2 * i, x + 2 * i + 1, cosine[i], sine[i]);
}
