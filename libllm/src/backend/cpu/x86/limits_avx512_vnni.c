/* SPDX-License-Identifier: MIT
 * The limit of products of bytes, 512 bits.
 */
#define UNIT ll_unit_avx512_vnni
#define UNIT_NAME "vnni"
#define SUM __m512i
#define SUMS 20
#define OPERATIONS 128
#define STEP(sum) sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(7), _mm512_set1_epi8(-3))
#include "backend/cpu/x86/limits.inc"
