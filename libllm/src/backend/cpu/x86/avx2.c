/* SPDX-License-Identifier: MIT
 * Kernels in 256-bit vectors: AVX2, FMA, F16C, BMI2.
 */
#define LL_SIMD_BITS 256
#define LL_BYTE_DOTS 0
#define TILE_COLUMNS 6 /* 12 sums, 2 vectors of weights and a factor in 16 registers */
#define INT_VECTORS 2
#define INT_TILE_COLUMNS 4
#define KERNELS ll_kernels_avx2
#define KERNELS_NAME "avx2"
#include "backend/cpu/x86/x86.h"
#include "backend/cpu/simd/kernels.inc"
