/* SPDX-License-Identifier: MIT
 * Panels of BF16 weights in 512-bit vectors with products of BF16 pairs, at twice the rate of floats where the
 * processor has no tiles: AVX-512 F, BW, DQ, VL, CD, BF16.
 */
#define LL_SIMD_BITS 512
#define LL_BYTE_DOTS 0
#include "backend/cpu/simd/simd.h"
#include "backend/cpu/x86/x86.h"
#include "quant/blocks.h"
#include "quant/codes.h"

#include "backend/cpu/simd/weights.inc"

#include "backend/cpu/x86/panels_bf16.inc"

enum { PAIR_COLUMNS = 8, PAIR_VECTORS = BF16_SUB_ROWS / VF_LANES }; /* 16 sums hide the latency of a product */

/* A sub-panel times n_columns columns of one group. */
ALWAYS_INLINE void pair_tile(const ll_panel_job *job, size_t row, size_t column, size_t n_columns)
{
    const uint8_t *w = (const uint8_t *)job->panel + bf16_tiles_of(job->n_k, row);
    const uint16_t *x = job->bf16 + column / LL_BF16_GROUP * job->bf16_group + job->k_begin * LL_BF16_GROUP +
                        column % LL_BF16_GROUP * LL_BF16_TILE;
    float *const *out = job->out + column;
    const size_t n_rows = job->n_rows - row;
    vf acc[PAIR_COLUMNS][PAIR_VECTORS];
    UNROLL for (size_t c = 0; c < n_columns; c++)
    {
        UNROLL for (size_t v = 0; v < PAIR_VECTORS; v++)
        {
            size_t first = v * VF_LANES, n = first >= n_rows ? 0 : n_rows - first;
            acc[c][v] = !job->accumulate || n == 0 ? vf_zero()
                        : n >= VF_LANES            ? vf_load(out[c] + row + first)
                                                   : vf_load_n(out[c] + row + first, n);
        }
    }
    for (size_t k = 0; k < job->n_k; k += LL_BF16_TILE) {
        for (size_t pair = 0; pair < TILE_PAIRS; pair++) {
            __m512i rows[PAIR_VECTORS];
            UNROLL for (size_t v = 0; v < PAIR_VECTORS; v++) rows[v] =
                _mm512_loadu_si512(w + v * TILE_BYTES + pair * TILE_STRIDE);
            UNROLL for (size_t c = 0; c < n_columns; c++)
            {
                int32_t two;
                memcpy(&two, x + c * LL_BF16_TILE + 2 * pair, sizeof two);
                UNROLL for (size_t v = 0; v < PAIR_VECTORS; v++) acc[c][v] =
                    _mm512_dpbf16_ps(acc[c][v], (__m512bh)rows[v], (__m512bh)_mm512_set1_epi32(two));
            }
        }
        w += STEP_BYTES;
        x += LL_BF16_GROUP * LL_BF16_TILE;
    }
    UNROLL for (size_t c = 0; c < n_columns; c++)
    {
        UNROLL for (size_t v = 0; v < PAIR_VECTORS; v++)
        {
            size_t first = v * VF_LANES, n = first >= n_rows ? 0 : n_rows - first;
            if (n >= VF_LANES)
                vf_store(out[c] + row + first, acc[c][v]);
            else if (n > 0)
                vf_store_n(out[c] + row + first, acc[c][v], n);
        }
    }
}

static void multiply(const ll_panel_job *job)
{
    for (size_t row = 0; row < job->n_rows; row += BF16_SUB_ROWS) {
        size_t c = 0;
        for (; c + PAIR_COLUMNS <= job->n_columns; c += PAIR_COLUMNS)
            pair_tile(job, row, c, PAIR_COLUMNS);
        for (; c + 2 <= job->n_columns; c += 2)
            pair_tile(job, row, c, 2);
        if (c < job->n_columns)
            pair_tile(job, row, c, 1);
    }
}

static void pack(const ll_type_traits *traits, const uint8_t *weights, size_t row_bytes, size_t n_rows, size_t k_begin,
                 size_t n_k, void *panel)
{
    (void)traits;
    pack_halves(LL_TYPE_BF16, weights, row_bytes, n_rows, k_begin, n_k, panel);
}

const ll_panel_kernel *ll_avx512_bf16_panel_kernel(uint32_t type)
{
    static const ll_panel_kernel kernel = {LL_TYPE_BF16,     LL_TAKES_BF16, BF16_PANEL_ROWS,
                                           bf16_panel_bytes, pack,          multiply};
    return type == LL_TYPE_BF16 ? &kernel : NULL;
}

void ll_avx512_bf16_round(const float *x, size_t n, uint16_t *column) { round_bf16(x, n, column); }
