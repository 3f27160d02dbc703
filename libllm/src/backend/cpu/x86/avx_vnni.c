/* SPDX-License-Identifier: MIT
 * Kernels in 256-bit vectors with products of bytes: AVX2, FMA, F16C, BMI2, AVX-VNNI.
 */
#define LL_SIMD_BITS 256
#define LL_BYTE_DOTS 1
#define INT_VECTORS 2
#define INT_TILE_COLUMNS 3 /* 6 sums in each of two kinds, 2 vectors of weights and a factor in 16 registers */
#define KERNELS ll_kernels_avx_vnni
#define BASE ll_kernels_avx2
#define OWN_PANELS 0
#include "backend/cpu/x86/x86.h"
#include "backend/cpu/simd/kernels_derived.inc"
