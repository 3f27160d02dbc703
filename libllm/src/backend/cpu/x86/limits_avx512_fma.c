/* SPDX-License-Identifier: MIT
 * The limit of multiplications of floats, 512 bits.
 */
#define UNIT ll_unit_avx512_fma
#define UNIT_NAME "fma"
#define SUM __m512
#define SUMS 20
#define OPERATIONS 32
#define STEP(sum) sum = _mm512_fmadd_ps(_mm512_set1_ps(0.999f), sum, _mm512_set1_ps(0.5f))
#include "backend/cpu/x86/limits.inc"
