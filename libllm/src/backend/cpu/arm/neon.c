/* SPDX-License-Identifier: MIT
 * Kernels for every aarch64: Armv8.0 with Advanced SIMD.
 */
#define LL_BYTE_DOTS 0
#define LL_ARM_DOTPROD 0
#define LL_ARM_I8MM 0
#define TILE_COLUMNS 6 /* 24 sums, 4 vectors of weights and a factor in 32 registers */
#define INT_VECTORS 2
#define INT_TILE_COLUMNS 4 /* 8 sums, 16 of 16 bits, 2 vectors of weights and a factor */
#define KERNELS ll_kernels_neon
#define KERNELS_NAME "neon"
#include "backend/cpu/arm/arm.h"
#include "backend/cpu/simd/kernels.inc"
