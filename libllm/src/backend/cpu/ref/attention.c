/* SPDX-License-Identifier: MIT
 * Attention over one page of KV memory.
 */
#include "backend/cpu/ref/math.h"
#include "backend/cpu/ref/ref.h"

enum { LANES = 8, CHUNK = 64 };

/* n <= CHUNK elements from i on, as floats: in place, or widened into room, those of Q8_0 without their scales. */
static inline const float *elements(const void *data, size_t i, size_t n, ll_kv_format format, float room[CHUNK])
{
    if (format == LL_KV_FORMAT_F32)
        return (const float *)data + i;
    for (size_t l = 0; l < n; l++)
        room[l] = format == LL_KV_FORMAT_F16 ? ll_f16_widen(((const uint16_t *)data)[i + l])
                                             : (float)((const int8_t *)data)[i + l];
    return room;
}

static inline float scale_of(const void *data, size_t head_dim, size_t d, size_t p)
{
    const uint16_t *scales = (const uint16_t *)(const void *)((const int8_t *)data + head_dim * LL_KV_TILE);
    return ll_f16_widen(scales[d / 32 * LL_KV_TILE + p]);
}

static inline void attend_scores(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                                 float *scores, ll_kv_format format)
{
    float room[CHUNK];
    memset(scores, 0, n_q * LL_KV_TILE * sizeof *scores);
    for (size_t d = 0; d < head_dim; d++) {
        const float *keys = elements(k, d * LL_KV_TILE, LL_KV_TILE, format, room);
        for (size_t p = 0; format == LL_KV_FORMAT_Q8_0 && p < LL_KV_TILE; p++)
            room[p] *= scale_of(k, head_dim, d, p);
        for (size_t j = 0; j < n_q; j++) {
            for (size_t p = 0; p < LL_KV_TILE; p++)
                scores[j * LL_KV_TILE + p] += q[j][d] * keys[p];
        }
    }
    for (size_t i = 0; i < n_q * LL_KV_TILE; i++)
        scores[i] *= scale;
}

void ll_ref_attend_scores_f32(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                              float *scores)
{
    attend_scores(q, n_q, k, head_dim, scale, scores, LL_KV_FORMAT_F32);
}

void ll_ref_attend_scores_f16(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                              float *scores)
{
    attend_scores(q, n_q, k, head_dim, scale, scores, LL_KV_FORMAT_F16);
}

void ll_ref_attend_scores_q8_0(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                               float *scores)
{
    attend_scores(q, n_q, k, head_dim, scale, scores, LL_KV_FORMAT_Q8_0);
}

float ll_ref_softmax_step(float *scores, size_t begin, size_t end, float *running_max, float *running_sum)
{
    for (size_t p = 0; p < begin; p++)
        scores[p] = 0;
    for (size_t p = end; p < LL_KV_TILE; p++)
        scores[p] = 0;
    if (begin >= end)
        return 1;
    float old = *running_max, max = old;
    for (size_t p = begin; p < end; p++)
        max = scores[p] > max ? scores[p] : max; /* NaN is passed over here and comes out of the sum */
    float base = max == -INFINITY ? 0 : max;     /* all scores -inf: probabilities 0, not NaN */
    float lanes[LANES] = {0};
    for (size_t p = begin; p < end; p++) {
        scores[p] = ll_ref_exp(scores[p] - base);
        lanes[p % LANES] += scores[p];
    }
    float sum = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
    float factor = old == max ? 1.0f : ll_ref_exp(old - max);
    *running_max = max;
    *running_sum = *running_sum * factor + sum;
    return factor;
}

static inline void attend_values(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                                 size_t p_begin, size_t p_end, float *const *acc, ll_kv_format format)
{
    float room[CHUNK];
    for (size_t j = 0; j < n_q; j++) {
        for (size_t d = 0; d < head_dim; d++)
            acc[j][d] *= factors[j];
    }
    for (size_t d = 0; d < head_dim; d += CHUNK) {
        size_t n = head_dim - d < CHUNK ? head_dim - d : CHUNK;
        for (size_t p = p_begin; p < p_end; p++) {
            const float *values = elements(v, p * head_dim + d, n, format, room);
            for (size_t l = 0; format == LL_KV_FORMAT_Q8_0 && l < n; l++)
                room[l] *= scale_of(v, head_dim, d + l, p);
            for (size_t j = 0; j < n_q; j++) {
                float *to = acc[j] + d, prob = probs[j * LL_KV_TILE + p];
                for (size_t l = 0; l < n; l++)
                    to[l] += prob * values[l];
            }
        }
    }
}

void ll_ref_attend_values_f32(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                              size_t p_begin, size_t p_end, float *const *acc)
{
    attend_values(probs, factors, n_q, v, head_dim, p_begin, p_end, acc, LL_KV_FORMAT_F32);
}

void ll_ref_attend_values_f16(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                              size_t p_begin, size_t p_end, float *const *acc)
{
    attend_values(probs, factors, n_q, v, head_dim, p_begin, p_end, acc, LL_KV_FORMAT_F16);
}

void ll_ref_attend_values_q8_0(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                               size_t p_begin, size_t p_end, float *const *acc)
{
    attend_values(probs, factors, n_q, v, head_dim, p_begin, p_end, acc, LL_KV_FORMAT_Q8_0);
}

void ll_ref_unpack_q4_0(const uint8_t *in, size_t n_runs, size_t run, int8_t *out)
{
    for (size_t i = 0; i < n_runs * run; i++) {
        int8_t *to = out + i / run * 2 * run + i % run;
        to[0] = (int8_t)((in[i] & 15) - 8);
        to[run] = (int8_t)((in[i] >> 4) - 8);
    }
}

void ll_ref_to_f16(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = ll_f32_to_f16(x[i]);
}
