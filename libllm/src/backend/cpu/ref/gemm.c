/* SPDX-License-Identifier: MIT
 * Panels of decoded weights times many columns.
 */
#include "backend/cpu/ref/ref.h"

enum { ROWS = LL_REF_PANEL_ROWS, TILE = 4 };

void ll_ref_pack(const ll_type_traits *traits, const uint8_t *weights, size_t row_bytes, size_t n_rows, size_t k_begin,
                 size_t n_k, float *panel, float *scratch)
{
    if (n_rows < ROWS)
        memset(panel, 0, n_k * ROWS * sizeof *panel);
    for (size_t r = 0; r < n_rows; r++) {
        traits->decode(weights + r * row_bytes + ll_type_row_bytes(traits, k_begin), scratch, n_k);
        for (size_t k = 0; k < n_k; k++)
            panel[k * ROWS + r] = scratch[k];
    }
}

/* A tile of n columns; the sums of a column are the same whatever n is. */
static inline void tile(const float *panel, size_t n_k, size_t n_rows, const float *const *x, size_t n,
                        float *const *out, bool accumulate)
{
    ll_ref_lanes low[TILE] = {{0}}, high[TILE] = {{0}};
    float rows[ROWS] = {0};
    for (size_t c = 0; c < n && accumulate; c++) {
        memcpy(rows, out[c], n_rows * sizeof *rows);
        low[c] = ll_ref_load(rows);
        high[c] = ll_ref_load(rows + 4);
    }
    for (size_t k = 0; k < n_k; k++, panel += ROWS) {
        ll_ref_lanes w_low = ll_ref_load(panel), w_high = ll_ref_load(panel + 4);
        for (size_t c = 0; c < n; c++) {
            low[c] += w_low * x[c][k];
            high[c] += w_high * x[c][k];
        }
    }
    for (size_t c = 0; c < n; c++) {
        memcpy(rows, &low[c], sizeof low[c]);
        memcpy(rows + 4, &high[c], sizeof high[c]);
        memcpy(out[c], rows, n_rows * sizeof *rows);
    }
}

void ll_ref_gemm(const float *panel, size_t n_k, size_t n_rows, const float *const *x, size_t n_columns,
                 float *const *out, bool accumulate)
{
    size_t c = 0;
    for (; c + TILE <= n_columns; c += TILE)
        tile(panel, n_k, n_rows, x + c, TILE, out + c, accumulate);
    for (; c < n_columns; c++)
        tile(panel, n_k, n_rows, x + c, 1, out + c, accumulate);
}
