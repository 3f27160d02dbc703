/* SPDX-License-Identifier: MIT
 * The AVX-VNNI kernels on a machine with AVX2 alone.
 */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

static inline __m256i emulated_dpbusd(__m256i acc, __m256i a, __m256i b)
{
    uint8_t w[32];
    int8_t x[32];
    int32_t out[8];
    memcpy(w, &a, sizeof w);
    memcpy(x, &b, sizeof x);
    memcpy(out, &acc, sizeof out);
    for (int i = 0; i < 32; i++)
        out[i / 4] += w[i] * x[i];
    memcpy(&acc, out, sizeof out);
    return acc;
}

#define _mm256_dpbusd_avx_epi32(acc, a, b) emulated_dpbusd(acc, a, b)
#define ll_kernels_avx_vnni ll_kernels_avx_vnni_emulated
#include "backend/cpu/x86/avx_vnni.c"
