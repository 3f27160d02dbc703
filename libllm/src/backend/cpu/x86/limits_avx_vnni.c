/* SPDX-License-Identifier: MIT
 * The limit of products of bytes, 256 bits.
 */
#define UNIT ll_unit_avx_vnni
#define UNIT_NAME "vnni"
#define SUM __m256i
#define SUMS 12
#define OPERATIONS 64
#define STEP(sum) sum = _mm256_dpbusd_avx_epi32(sum, _mm256_set1_epi8(7), _mm256_set1_epi8(-3))
#include "backend/cpu/x86/limits.inc"
