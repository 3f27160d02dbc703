/* SPDX-License-Identifier: MIT
 * Rows of weights times few columns: a stretch of the row is decoded once, then multiplied with every column.
 */
#include "backend/cpu/ref/ref.h"

enum { STRETCH = 256, LANES = 16 };

/* A sum in 16 lanes; the last elements of a row that do not fill them go into a lane each. */
typedef struct sums {
    ll_ref_lanes v[4];
} sums;

static inline void dot(const float *w, const float *x, size_t n, sums *to)
{
    sums s = *to;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t j = 0; j < 4; j++)
            s.v[j] += ll_ref_load(w + i + 4 * j) * ll_ref_load(x + i + 4 * j);
    }
    for (size_t l = 0; i + l < n; l++)
        s.v[l / 4][l % 4] += w[i + l] * x[i + l];
    *to = s;
}

static inline float total(const sums *s)
{
    ll_ref_lanes v = (s->v[0] + s->v[1]) + (s->v[2] + s->v[3]);
    return (v[0] + v[2]) + (v[1] + v[3]);
}

static void rows(const ll_rows_job *job)
{
    const ll_type_traits *traits = job->traits;
    float w[STRETCH];
    for (size_t r = 0; r < job->n_rows; r++) {
        const uint8_t *blocks = job->weights + r * job->row_bytes;
        sums of[LL_COLUMNS_MAX] = {{{{0}}}};
        for (size_t k = 0; k < job->n_k; k += STRETCH) {
            size_t n = job->n_k - k < STRETCH ? job->n_k - k : STRETCH;
            traits->decode(blocks, w, n);
            blocks += ll_type_row_bytes(traits, n);
            for (size_t c = 0; c < job->n_columns; c++)
                dot(w, job->x[c] + k, n, &of[c]);
        }
        for (size_t c = 0; c < job->n_columns; c++)
            job->out[c][r] = total(&of[c]);
    }
}

/* Decoded weights are as wide as activations, so there is nothing to gain from integers: the kernel takes x. */
const ll_row_kernel *ll_ref_row_kernel(uint32_t type)
{
    static const ll_row_kernel kernel = {LL_TYPE_ANY, LL_TAKES_FLOATS, rows};
    const ll_type_traits *traits = ll_type_find(type);
    return traits && traits->decode ? &kernel : NULL;
}
