/* SPDX-License-Identifier: MIT
 * Panels of decoded weights times many columns.
 */
#include "backend/cpu/ref/ref.h"

enum { ROWS = 8, TILE = 4, STEP = 256 };

static size_t panel_bytes(size_t n_k) { return n_k * ROWS * sizeof(float); }

static void pack(const ll_type_traits *traits, const uint8_t *weights, size_t row_bytes, size_t n_rows, size_t k_begin,
                 size_t n_k, void *out)
{
    float row[STEP], *panel = out;
    if (n_rows < ROWS)
        memset(panel, 0, panel_bytes(n_k));
    for (size_t r = 0; r < n_rows; r++) {
        for (size_t k = 0; k < n_k; k += STEP) {
            size_t n = n_k - k < STEP ? n_k - k : STEP;
            traits->decode(weights + r * row_bytes + ll_type_row_bytes(traits, k_begin + k), row, n);
            for (size_t i = 0; i < n; i++)
                panel[(k + i) * ROWS + r] = row[i];
        }
    }
}

/* A tile of n columns; the sums of a column are the same whatever n is. */
static inline void tile(const ll_panel_job *job, size_t first, size_t n)
{
    ll_ref_lanes low[TILE] = {{0}}, high[TILE] = {{0}};
    float rows[ROWS] = {0};
    const float *panel = job->panel, *x[TILE];
    float *const *out = job->out + first;
    for (size_t c = 0; c < n; c++)
        x[c] = job->x[first + c] + job->k_begin;
    for (size_t c = 0; c < n && job->accumulate; c++) {
        memcpy(rows, out[c], job->n_rows * sizeof *rows);
        low[c] = ll_ref_load(rows);
        high[c] = ll_ref_load(rows + 4);
    }
    for (size_t k = 0; k < job->n_k; k++, panel += ROWS) {
        ll_ref_lanes w_low = ll_ref_load(panel), w_high = ll_ref_load(panel + 4);
        for (size_t c = 0; c < n; c++) {
            low[c] += w_low * x[c][k];
            high[c] += w_high * x[c][k];
        }
    }
    for (size_t c = 0; c < n; c++) {
        memcpy(rows, &low[c], sizeof low[c]);
        memcpy(rows + 4, &high[c], sizeof high[c]);
        memcpy(out[c], rows, job->n_rows * sizeof *rows);
    }
}

static void multiply(const ll_panel_job *job)
{
    size_t c = 0;
    for (; c + TILE <= job->n_columns; c += TILE)
        tile(job, c, TILE);
    for (; c < job->n_columns; c++)
        tile(job, c, 1);
}

/* Decoded weights are as wide as activations, so there is nothing to gain from integers: the kernel takes x. */
const ll_panel_kernel *ll_ref_panel_kernel(uint32_t type)
{
    static const ll_panel_kernel kernel = {LL_TYPE_ANY, LL_TAKES_FLOATS, ROWS, panel_bytes, pack, multiply};
    const ll_type_traits *traits = ll_type_find(type);
    return traits && traits->decode ? &kernel : NULL;
}
