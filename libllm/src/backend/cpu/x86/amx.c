/* SPDX-License-Identifier: MIT
 * Panels of all formats but numbers other than F16 and BF16 as BF16 in tiles: AMX-TILE, AMX-BF16, with AVX-512 F, BW,
 * DQ, VL, CD, VBMI, BF16. Weights and activations are rounded to BF16, each to within 2^-9 of its size, their products
 * are exact and their sums floats. So a sum is within 2^-8 of the sum of |w x| whatever the signs of the errors, and
 * far closer when they differ.
 */
#define LL_SIMD_BITS 512
#define LL_BYTE_DOTS 0
#include "backend/cpu/math_constants.h"
#include "backend/cpu/simd/simd.h"
#include "backend/cpu/x86/x86.h"
#include "quant/blocks.h"
#include "quant/codes.h"

#include "backend/cpu/simd/weights.inc"

#include "backend/cpu/x86/panels_bf16.inc"

/* All tiles are full: 0 to 3 are sums [column][row], 4 and 5 columns, 6 and 7 weights. A constant, as GCC 12 believes
 * that _tile_loadconfig() reads 8 bytes and would not store the rest of a variable. */
_Static_assert(sizeof(ll_tile_config) == 64, "the processor reads 64 bytes");
#define EIGHT(n)                                                                                                       \
    {                                                                                                                  \
        n, n, n, n, n, n, n, n                                                                                         \
    }
const ll_tile_config ll_amx_tile_config = {.palette = 1, .row_bytes = EIGHT(TILE_STRIDE), .rows = EIGHT(VF_LANES)};

typedef float tile_sums[LL_BF16_GROUP][VF_LANES];

ALWAYS_INLINE void read_sums(const ll_panel_job *job, size_t column, size_t row, tile_sums sums)
{
    size_t n = row >= job->n_rows ? 0 : job->n_rows - row;
    for (size_t i = 0; i < LL_BF16_GROUP && column + i < job->n_columns && n > 0; i++) {
        const float *out = job->out[column + i] + row;
        vf_store(sums[i], n >= VF_LANES ? vf_load(out) : vf_load_n(out, n));
    }
}

ALWAYS_INLINE void write_sums(const ll_panel_job *job, size_t column, size_t row, tile_sums sums)
{
    size_t n = row >= job->n_rows ? 0 : job->n_rows - row;
    for (size_t i = 0; i < LL_BF16_GROUP && column + i < job->n_columns && n > 0; i++) {
        float *out = job->out[column + i] + row;
        if (n >= VF_LANES)
            vf_store(out, vf_load(sums[i]));
        else
            vf_store_n(out, vf_load(sums[i]), n);
    }
}

/* A sub-panel times one group of columns or two: of each four products, one operand is loaded for each. The weights are
 * in the first-level cache and stay there, as the columns, which come from the second for each sub-panel, are loaded as
 * what is not used again: that alone is worth a third more. Sums are loaded and stored where they belong if all are
 * there and the columns equally far from each other; otherwise they go through memory of ours. */
ALWAYS_INLINE void tile_block(const ll_panel_job *job, size_t column, size_t row, bool two)
{
    const uint8_t *w = (const uint8_t *)job->panel + bf16_tiles_of(job->n_k, row);
    const uint16_t *x = job->bf16 + column / LL_BF16_GROUP * job->bf16_group + job->k_begin * LL_BF16_GROUP;
    const size_t n = two ? 4 : 2;
    const bool direct =
        job->out_stride && column + n / 2 * LL_BF16_GROUP <= job->n_columns && row + BF16_SUB_ROWS <= job->n_rows;
    const size_t stride = direct ? job->out_stride : TILE_STRIDE;
    _Alignas(64) tile_sums sums[4];
    float *at[4];
    for (size_t i = 0; i < n; i++)
        at[i] = direct ? job->out[column + i / 2 * LL_BF16_GROUP] + row + i % 2 * VF_LANES : sums[i][0];
    if (job->accumulate) {
        for (size_t i = 0; !direct && i < n; i++)
            read_sums(job, column + i / 2 * LL_BF16_GROUP, row + i % 2 * VF_LANES, sums[i]);
        __asm__ volatile("" : : "r"(sums) : "memory"); /* GCC does not know that _tile_loadd() reads memory */
        _tile_loadd(0, at[0], stride);
        _tile_loadd(1, at[1], stride);
        if (two) {
            _tile_loadd(2, at[2], stride);
            _tile_loadd(3, at[3], stride);
        }
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (size_t k = 0; k < job->n_k; k += LL_BF16_TILE) {
        _tile_stream_loadd(4, x, TILE_STRIDE);
        _tile_loadd(6, w, TILE_STRIDE);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, w + TILE_BYTES, TILE_STRIDE);
        _tile_dpbf16ps(1, 4, 7);
        if (two) {
            _tile_stream_loadd(5, x + job->bf16_group, TILE_STRIDE);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
        w += STEP_BYTES;
        x += LL_BF16_GROUP * LL_BF16_TILE;
    }
    _tile_stored(0, at[0], stride);
    _tile_stored(1, at[1], stride);
    if (two) {
        _tile_stored(2, at[2], stride);
        _tile_stored(3, at[3], stride);
    }
    for (size_t i = 0; !direct && i < n; i++)
        write_sums(job, column + i / 2 * LL_BF16_GROUP, row + i % 2 * VF_LANES, sums[i]);
}

static void multiply(const ll_panel_job *job)
{
    __asm__ volatile("" : : : "memory");
    _tile_loadconfig(&ll_amx_tile_config);
    for (size_t row = 0; row < job->n_rows; row += BF16_SUB_ROWS) {
        for (size_t column = 0; column < job->n_columns; column += 2 * LL_BF16_GROUP) {
            if (job->n_columns - column > LL_BF16_GROUP)
                tile_block(job, column, row, true);
            else
                tile_block(job, column, row, false);
        }
    }
    _tile_release();
}

/* The pairs of two inputs of 16 rows. */
ALWAYS_INLINE vi pair_bf16(vf even, vf odd)
{
    const vi lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const vi order = lanes * 0x02020202 + 0x21200100;
    return (vi)_mm512_permutexvar_epi8((__m512i)order, round_32(even, odd));
}

ALWAYS_INLINE void pack_blocks(uint32_t type, const uint8_t *weights, size_t row_bytes, size_t n_rows, size_t k_begin,
                               size_t n_k, uint8_t *panel)
{
    const bool halves = scales_halves(type);
    const size_t n_chunk = chunk_parts(type);
    const size_t first = weights_bytes(type, k_begin), piece = weights_bytes(type, n_k);
    for (size_t row = 0; row < n_rows; row += VF_LANES) {
        size_t live = n_rows - row < VF_LANES ? n_rows - row : VF_LANES;
        const uint8_t *p = weights + row * row_bytes + first, *next = p + VF_LANES * row_bytes;
        uint8_t *to = panel + bf16_tiles_of(n_k, row);
        for (size_t k = 0; k < n_k; k += STRETCH) {
            size_t n_parts = n_k - k < STRETCH ? (n_k - k) / PART : PARTS;
            size_t bytes = weights_bytes(type, n_parts * PART), step;
            uint8_t copy[VF_LANES * STRETCH_BYTES_MAX];
            const uint8_t *blocks = whole_lanes(type, p, row_bytes, live, bytes, copy, &step);
            prefetch_rows(next, row_bytes, piece, k / STRETCH, (n_k + STRETCH - 1) / STRETCH);
            vf d[2 * PARTS], m[2 * PARTS];
            stretch_scales(type, blocks, step, d, m);
            for (size_t chunk = 0; chunk * n_chunk < n_parts; chunk++) {
                vi raw[RAW_MAX];
                load_chunk(type, blocks, step, chunk, raw);
                UNROLL for (size_t i = 0; i < n_chunk; i++)
                {
                    const size_t part = chunk * n_chunk + i;
                    vi *tile = (vi *)(void *)to;
                    UNROLL for (size_t g = 0; g < GROUPS; g++)
                    {
                        const size_t at = halves ? 2 * part + g / (GROUPS / 2) : part;
                        vi q = chunk_group(type, raw, chunk, (int)i, g);
                        vf w[4];
                        UNROLL for (int j = 0; j < 4; j++) w[j] = vf_fma(vf_byte(q, j), d[at], m[at]);
                        tile[2 * g] = pair_bf16(w[0], w[1]);
                        tile[2 * g + 1] = pair_bf16(w[2], w[3]);
                    }
                    to += STEP_BYTES;
                }
            }
            p += bytes;
        }
    }
}

/* Blocks of any format by way of its decoder. */
static void pack_decoded(const ll_type_traits *traits, const uint8_t *weights, size_t row_bytes, size_t n_rows,
                         size_t k_begin, size_t n_k, void *panel)
{
    uint16_t rows[VF_LANES][STRETCH] = {0};
    float decoded[STRETCH];
    for (size_t row = 0; row < n_rows; row += VF_LANES) {
        const size_t live = n_rows - row < VF_LANES ? n_rows - row : VF_LANES;
        uint8_t *to = (uint8_t *)panel + bf16_tiles_of(n_k, row);
        for (size_t k = 0; k < n_k; k += STRETCH) {
            const size_t n = n_k - k < STRETCH ? n_k - k : STRETCH;
            for (size_t r = 0; r < live; r++) {
                traits->decode(weights + (row + r) * row_bytes + ll_type_row_bytes(traits, k_begin + k), decoded, n);
                for (size_t i = 0; i < n; i += LL_BF16_TILE)
                    _mm512_storeu_si512(rows[r] + i, round_32(vf_load(decoded + i), vf_load(decoded + i + VF_LANES)));
            }
            for (size_t i = 0; i < n; i += LL_BF16_TILE, to += STEP_BYTES) {
                UNROLL for (size_t pair = 0; pair < TILE_PAIRS; pair += 4) load_words(
                    (const uint8_t *)(rows[0] + i + 2 * pair), sizeof rows[0], (vi *)(void *)(to + pair * TILE_STRIDE));
            }
        }
    }
}

#define PACK(name, how, type)                                                                                          \
    static void name(const ll_type_traits *traits, const uint8_t *weights, size_t row_bytes, size_t n_rows,            \
                     size_t k_begin, size_t n_k, void *panel)                                                          \
    {                                                                                                                  \
        (void)traits;                                                                                                  \
        how(type, weights, row_bytes, n_rows, k_begin, n_k, panel);                                                    \
    }
PACK(pack_f16, pack_halves, LL_TYPE_F16)
PACK(pack_bf16, pack_halves, LL_TYPE_BF16)
PACK(pack_q4_0, pack_blocks, LL_TYPE_Q4_0)
PACK(pack_q4_1, pack_blocks, LL_TYPE_Q4_1)
PACK(pack_q5_0, pack_blocks, LL_TYPE_Q5_0)
PACK(pack_q5_1, pack_blocks, LL_TYPE_Q5_1)
PACK(pack_q8_0, pack_blocks, LL_TYPE_Q8_0)
PACK(pack_q2_k, pack_blocks, LL_TYPE_Q2_K)
PACK(pack_q3_k, pack_blocks, LL_TYPE_Q3_K)
PACK(pack_q4_k, pack_blocks, LL_TYPE_Q4_K)
PACK(pack_q5_k, pack_blocks, LL_TYPE_Q5_K)
PACK(pack_q6_k, pack_blocks, LL_TYPE_Q6_K)
PACK(pack_iq4_nl, pack_blocks, LL_TYPE_IQ4_NL)
PACK(pack_iq4_xs, pack_blocks, LL_TYPE_IQ4_XS)
PACK(pack_mxfp4, pack_blocks, LL_TYPE_MXFP4)
#undef PACK

const ll_panel_kernel *ll_amx_panel_kernel(uint32_t type)
{
#define KERNEL(type, pack)                                                                                             \
    {                                                                                                                  \
        LL_TYPE_##type, LL_TAKES_BF16, BF16_PANEL_ROWS, bf16_panel_bytes, pack, multiply                               \
    }
    static const ll_panel_kernel kernels[] = {
        KERNEL(F16, pack_f16),       KERNEL(BF16, pack_bf16),     KERNEL(Q4_0, pack_q4_0),   KERNEL(Q4_1, pack_q4_1),
        KERNEL(Q5_0, pack_q5_0),     KERNEL(Q5_1, pack_q5_1),     KERNEL(Q8_0, pack_q8_0),   KERNEL(Q2_K, pack_q2_k),
        KERNEL(Q3_K, pack_q3_k),     KERNEL(Q4_K, pack_q4_k),     KERNEL(Q5_K, pack_q5_k),   KERNEL(Q6_K, pack_q6_k),
        KERNEL(IQ4_NL, pack_iq4_nl), KERNEL(IQ4_XS, pack_iq4_xs), KERNEL(MXFP4, pack_mxfp4),
    };
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (kernels[i].type == type)
            return &kernels[i];
    }
    /* Plain numbers keep the precision of floats. */
    static const ll_panel_kernel decoded = KERNEL(ANY, pack_decoded);
    const ll_type_traits *traits = ll_type_find(type);
    return traits && traits->decode && traits->block.elements % LL_BF16_TILE == 0 ? &decoded : NULL;
#undef KERNEL
}

#include "backend/cpu/x86/amx_attention.inc"

void ll_amx_round_bf16(const float *x, size_t n, uint16_t *column) { round_bf16(x, n, column); }
