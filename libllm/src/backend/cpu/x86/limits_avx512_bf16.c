/* SPDX-License-Identifier: MIT
 * The limit of products of BF16 numbers, 512 bits.
 */
#define UNIT ll_unit_avx512_bf16
#define UNIT_NAME "bf16"
#define SUM __m512
#define SUMS 20
#define OPERATIONS 64
#define STEP(sum) sum = _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi16(0x3f00), (__m512bh)_mm512_set1_epi16(0x3e80))
#include "backend/cpu/x86/limits.inc"
