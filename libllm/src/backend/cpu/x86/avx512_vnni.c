/* SPDX-License-Identifier: MIT
 * Kernels in 512-bit vectors with products of bytes: AVX-512 F, BW, DQ, VL, CD, VNNI.
 */
#define LL_SIMD_BITS 512
#define LL_BYTE_DOTS 1
#define INT_VECTORS 2
#define INT_TILE_COLUMNS 6 /* 12 sums in each of two kinds, 2 vectors of weights and a factor in 32 registers */
#define KERNELS ll_kernels_avx512_vnni
#define BASE ll_kernels_avx512
#define OWN_PANELS 0
#include "backend/cpu/x86/x86.h"
#include "backend/cpu/simd/kernels_derived.inc"
