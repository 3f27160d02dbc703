/* SPDX-License-Identifier: MIT
 * Positions as a bias of attention scores: ALiBi.
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
