/* SPDX-License-Identifier: MIT
 * The limit of products of bytes in three instructions, 256 bits.
 */
#define UNIT ll_unit_avx2_maddubs
#define UNIT_NAME "maddubs"
#define SUM __m256i
#define SUMS 12
#define OPERATIONS 64
#define STEP(sum)                                                                                                      \
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(7), sum), _mm256_set1_epi16(1)))
#include "backend/cpu/x86/limits.inc"
