/* SPDX-License-Identifier: MIT
 * Panels of decoded weights times many columns.
 */
#include "backend/cpu/ref/ref.h"

#include <string.h>

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
    float sums[TILE][ROWS] = {{0}};
    if (accumulate) {
        for (size_t c = 0; c < n; c++)
            memcpy(sums[c], out[c], n_rows * sizeof(float));
    }
    for (size_t k = 0; k < n_k; k++, panel += ROWS) {
        for (size_t c = 0; c < n; c++) {
            float factor = x[c][k];
            for (size_t r = 0; r < ROWS; r++)
                sums[c][r] += panel[r] * factor;
        }
    }
    for (size_t c = 0; c < n; c++)
        memcpy(out[c], sums[c], n_rows * sizeof(float));
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
