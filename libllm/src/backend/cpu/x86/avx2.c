/* SPDX-License-Identifier: MIT
 * Kernels in 256-bit vectors: AVX2, FMA, F16C, BMI2.
 */
#define LL_SIMD_BITS 256
/* 12 sums, 2 vectors of weights and a factor in 16 registers */
#define PANEL_VECTORS 2
#define TILE_COLUMNS 6
#define KERNELS ll_kernels_avx2
#define KERNELS_NAME "avx2"
#include "backend/cpu/x86/kernels.inc"
