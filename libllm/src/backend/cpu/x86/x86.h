/* SPDX-License-Identifier: MIT
 * The kernel sets for x86-64. Each is compiled with the flags of its instruction set and must not be touched on a
 * processor without it; LL_HAVE_AVX2 and the like say which ones this build has.
 */
#ifndef LL_BACKEND_CPU_X86_X86_H
#define LL_BACKEND_CPU_X86_X86_H

#include "backend/cpu/kernels.h"

extern const ll_kernels ll_kernels_avx2;
extern const ll_kernels ll_kernels_avx512;

/* Products of bytes; all other kernels are those of avx2 and of avx512. */
const ll_row_kernel *ll_kernels_avx_vnni_row(uint32_t type);
const ll_panel_kernel *ll_kernels_avx_vnni_panel(uint32_t type);
const ll_row_kernel *ll_kernels_avx512_vnni_row(uint32_t type);
const ll_panel_kernel *ll_kernels_avx512_vnni_panel(uint32_t type);

/* Panel kernels that take BF16; those of other types and all other kernels are avx512_vnni's. NULL for a type without
 * one. */
const ll_panel_kernel *ll_avx512_bf16_panel_kernel(uint32_t type);
const ll_panel_kernel *ll_amx_panel_kernel(uint32_t type);
void ll_avx512_bf16_round(const float *x, size_t n, uint16_t *column);
void ll_amx_round_bf16(const float *x, size_t n, uint16_t *column);
extern const ll_tile_attention ll_amx_attention;

/* What ldtilecfg reads: the shape of each of 8 tiles. */
typedef struct ll_tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} ll_tile_config;
extern const ll_tile_config ll_amx_tile_config;

#endif
