/* SPDX-License-Identifier: MIT
 * Positions as a bias of attention scores: ALiBi, and T5's buckets of distances.
 */
#include "model/family.h"

#include "base/status.h"

#include <math.h>

/* The slopes are powers of 2^(-max_bias / n) for n heads, n a power of two. Where it is none, the heads that the
 * largest power of two below leaves over take every other slope of twice as many. */
libllm_status ll_build_alibi(ll_builder *b, float max_bias, libllm_error *error)
{
    ll_model *m = b->model;
    const uint32_t n = m->layers[0].n_heads;
    for (uint32_t i = 1; i < m->n_layers; i++)
        if (m->layers[i].n_heads != n)
            return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                           "key \"%s.attention.head_count\": ALiBi with another number of heads in layer %u is not "
                           "supported",
                           b->family->architecture, i);
    float *slopes = ll_model_keep(m, n, sizeof *slopes);
    if (!slopes)
        return ll_fail_memory(error, "the slopes of ALiBi");
    uint32_t power = 1;
    while (2 * power <= n)
        power *= 2;
    for (uint32_t i = 0; i < n; i++) {
        double exponent = i < power ? (double)(i + 1) / power : (2.0 * (i - power) + 1) / (2.0 * power);
        slopes[i] = (float)exp2(-(double)max_bias * exponent);
    }
    m->alibi = slopes;
    return LIBLLM_OK;
}

/* The bucket of a key `distance` positions behind the query, negative before it. Of n buckets, with later keys half of
 * them for those, the first half is for one distance each; the others are wider and wider up to LL_BIAS_REACH. As
 * PyTorch does, in floats: distances at the border of two buckets come out as there. */
static uint32_t bucket_of(int32_t distance, bool sees_later, uint32_t n)
{
    uint32_t first = 0;
    if (sees_later) {
        n /= 2;
        first = distance > 0 ? n : 0;
    } else if (distance > 0) {
        distance = 0; /* never seen */
    }
    const uint32_t near = distance < 0 ? (uint32_t)-distance : (uint32_t)distance, exact = n / 2;
    if (near < exact)
        return first + near;
    const float share = logf((float)near / (float)exact) / (float)log(LL_BIAS_REACH / (double)exact);
    const uint32_t wide = exact + (uint32_t)(share * (float)(n - exact));
    return first + (wide < n ? wide : n - 1);
}

libllm_status ll_bind_distance_bias(ll_builder *b, uint32_t i, libllm_error *error)
{
    ll_model *m = b->model;
    ll_layer *l = &m->layers[i];
    const bool first = i == 0 || i == m->n_encoder_layers;
    const float *biases; /* [n_buckets][n_heads] */
    char name[LL_NAME_BYTES];
    ll_layer_name(m, i, "attn_rel_b", ".weight", name);
    libllm_status status =
        ll_bind_table(m, name, b->n_buckets, l->n_heads, first ? LL_REQUIRED : LL_OPTIONAL, &biases, error);
    if (status)
        return status;
    if (!biases) {
        l->distance_bias = m->layers[i - 1].distance_bias;
        return LIBLLM_OK;
    }
    float *rows = ll_model_keep(m, l->n_heads, LL_BIAS_ROW * sizeof *rows);
    if (!rows)
        return ll_fail_memory(error, name);
    for (int32_t distance = -LL_BIAS_REACH; distance <= LL_BIAS_REACH; distance++) {
        const float *of_bucket = biases + bucket_of(distance, l->sees_later, b->n_buckets) * (size_t)l->n_heads;
        for (uint32_t head = 0; head < l->n_heads; head++)
            rows[head * (size_t)LL_BIAS_ROW + (size_t)(distance + LL_BIAS_REACH)] = of_bucket[head];
    }
    l->distance_bias = rows;
    return LIBLLM_OK;
}
