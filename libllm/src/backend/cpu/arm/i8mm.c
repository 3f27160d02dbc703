/* SPDX-License-Identifier: MIT
 * Kernels with products of matrices of bytes: Armv8.2 with FEAT_DotProd and FEAT_I8MM. Only panels gain by those: a
 * single column leaves half of a product unused.
 */
#define LL_BYTE_DOTS 1
#define LL_ARM_DOTPROD 1
#define LL_ARM_I8MM 1
#define INT_VECTORS 2
#define INT_TILE_COLUMNS 6 /* 12 sums in each of two kinds, a vector of weights and 3 of activations */
#define KERNELS ll_kernels_i8mm
#define BASE ll_kernels_neon
#define OWN_PANELS 1
#include "backend/cpu/arm/arm.h"
#include "backend/cpu/simd/kernels_derived.inc"
