/* SPDX-License-Identifier: MIT
 * The limit of multiplications of floats, 256 bits.
 */
#define UNIT ll_unit_avx2_fma
#define UNIT_NAME "fma"
#define SUM __m256
#define SUMS 12
#define OPERATIONS 16
#define STEP(sum) sum = _mm256_fmadd_ps(_mm256_set1_ps(0.999f), sum, _mm256_set1_ps(0.5f))
#include "backend/cpu/x86/limits.inc"
