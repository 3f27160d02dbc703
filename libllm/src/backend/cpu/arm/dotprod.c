/* SPDX-License-Identifier: MIT
 * Kernels with products of bytes: Armv8.2 with FEAT_DotProd.
 */
#define LL_BYTE_DOTS 1
#define LL_ARM_DOTPROD 1
#define LL_ARM_I8MM 0
#define INT_VECTORS 4
#define INT_TILE_COLUMNS 3 /* 12 sums in each of two kinds, a vector of weights and 3 of activations */
#define KERNELS ll_kernels_dotprod
#define BASE ll_kernels_neon
#define OWN_PANELS 1
#include "backend/cpu/arm/arm.h"
#include "backend/cpu/simd/kernels_derived.inc"
