/* SPDX-License-Identifier: MIT
 * Kernels in 512-bit vectors: AVX-512 F, BW, DQ, VL, CD.
 */
#define LL_SIMD_BITS 512
#define LL_BYTE_DOTS 0
#define TILE_COLUMNS 12 /* 24 sums, 2 vectors of weights and a factor in 32 registers */
#define INT_VECTORS 2
#define INT_TILE_COLUMNS 6
#define KERNELS ll_kernels_avx512
#define KERNELS_NAME "avx512"
#include "backend/cpu/x86/x86.h"
#include "backend/cpu/simd/kernels.inc"
