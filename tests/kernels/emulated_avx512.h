/* SPDX-License-Identifier: MIT
 * The AVX-512 intrinsics on a machine without AVX-512: SIMDe in their place, compiled for AVX2, and what it lacks. For
 * testing what the kernels compute, not how fast.
 */
#ifndef LL_TESTS_KERNELS_EMULATED_AVX512_H
#define LL_TESTS_KERNELS_EMULATED_AVX512_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>

#include <math.h>
#include <string.h>

/* What SIMDe 0.7.4 lacks, or gives the arguments of the masked form. */
typedef float floats __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));

static inline simde__m512 emulated_cvtepi32_ps(simde__m512i a)
{
    return (simde__m512) __builtin_convertvector((integers)a, floats);
}

static inline simde__m512i emulated_cvtepu16_epi32(simde__m256i a)
{
    uint16_t in[16];
    integers out;
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++)
        out[i] = in[i];
    return (simde__m512i)out;
}

static inline simde__m512 emulated_cvtph_ps(simde__m256i a)
{
    float out[16];
    _mm256_storeu_ps(out, _mm256_cvtph_ps(_mm256_castsi256_si128(a)));
    _mm256_storeu_ps(out + 8, _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1)));
    return simde_mm512_loadu_ps(out);
}

static inline simde__m256i emulated_cvtps_ph(simde__m512 a)
{
    float in[16];
    simde_mm512_storeu_ps(in, a);
    return _mm256_set_m128i(_mm256_cvtps_ph(_mm256_loadu_ps(in + 8), _MM_FROUND_TO_NEAREST_INT),
                            _mm256_cvtps_ph(_mm256_loadu_ps(in), _MM_FROUND_TO_NEAREST_INT));
}

static inline simde__m512 emulated_maskz_loadu_ps(uint16_t mask, const float *p)
{
    floats out = {0};
    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1)
            out[i] = p[i];
    }
    return (simde__m512)out;
}

static inline void emulated_mask_storeu_ps(float *p, uint16_t mask, simde__m512 a)
{
    floats in = (floats)a;
    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1)
            p[i] = in[i];
    }
}

static inline simde__m512i emulated_dpbusd_epi32(simde__m512i acc, simde__m512i a, simde__m512i b)
{
    uint8_t w[64];
    int8_t x[64];
    integers out = (integers)acc;
    memcpy(w, &a, sizeof w);
    memcpy(x, &b, sizeof x);
    for (int i = 0; i < 64; i++)
        out[i / 4] += w[i] * x[i];
    return (simde__m512i)out;
}

static inline simde__m256i emulated_cvtepi32_epi16(simde__m512i a)
{
    integers in = (integers)a;
    int16_t out[16];
    for (int i = 0; i < 16; i++)
        out[i] = (int16_t)in[i];
    return _mm256_loadu_si256((const __m256i *)(const void *)out);
}

static inline simde__m512i emulated_srl_epi32(simde__m512i a, simde__m128i n)
{
    typedef uint32_t words __attribute__((vector_size(64)));
    return (simde__m512i)((words)a >> (uint32_t)_mm_cvtsi128_si32(n));
}

static inline simde__m512i emulated_cvtepi8_epi32(simde__m128i a)
{
    int8_t in[16];
    integers out;
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 16; i++)
        out[i] = in[i];
    return (simde__m512i)out;
}

static inline simde__m512i emulated_permutexvar_epi8(simde__m512i order, simde__m512i a)
{
    uint8_t from[64], in[64], out[64];
    memcpy(from, &order, sizeof from);
    memcpy(in, &a, sizeof in);
    for (int i = 0; i < 64; i++)
        out[i] = in[from[i] % 64];
    return simde_mm512_loadu_si512(out);
}

/* To BF16, to nearest even; denormals count as zero. The second argument comes first. */
static inline simde__m512i emulated_cvtne2ps_pbh(simde__m512 high, simde__m512 low)
{
    uint32_t in[32];
    uint16_t out[32];
    memcpy(in, &low, sizeof low);
    memcpy(in + 16, &high, sizeof high);
    for (int i = 0; i < 32; i++) {
        uint32_t bits = in[i], exponent = bits >> 23 & 255;
        if (exponent == 255 && (bits & 0x7FFFFF))
            out[i] = (uint16_t)(bits >> 16 | 0x40);
        else
            out[i] = (uint16_t)((exponent ? bits + 0x7FFF + (bits >> 16 & 1) : bits & 0x80000000u) >> 16);
    }
    return simde_mm512_loadu_si512(out);
}

/* The odd products are added first; denormals count as zero. */
static inline simde__m512 emulated_dpbf16_ps(simde__m512 acc, simde__m512i a, simde__m512i b)
{
    floats sums = (floats)acc;
    uint16_t halves[2][32];
    memcpy(halves[0], &a, sizeof a);
    memcpy(halves[1], &b, sizeof b);
    for (int odd = 1; odd >= 0; odd--) {
        for (int i = 0; i < 16; i++) {
            float factors[2];
            for (int j = 0; j < 2; j++) {
                uint32_t bits = (uint32_t)halves[j][2 * i + odd] << 16;
                memcpy(&factors[j], &bits, sizeof bits);
                factors[j] = fabsf(factors[j]) < 0x1p-126f ? 0 : factors[j];
            }
            sums[i] = fmaf(factors[0], factors[1], sums[i]);
            sums[i] = fabsf(sums[i]) < 0x1p-126f ? 0 : sums[i];
        }
    }
    return (simde__m512)sums;
}

#undef _mm512_madd_epi16
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#undef _mm512_dpbusd_epi32
#define _mm512_dpbusd_epi32(acc, a, b) emulated_dpbusd_epi32(acc, a, b)
#undef _mm512_cvtepi32_epi16
#define _mm512_cvtepi32_epi16(a) emulated_cvtepi32_epi16(a)
#undef _mm512_cvtepi8_epi32
#define _mm512_cvtepi8_epi32(a) emulated_cvtepi8_epi32(a)
#undef _mm512_srl_epi32
#define _mm512_srl_epi32(a, n) emulated_srl_epi32(a, n)
#undef _mm512_permutexvar_epi8
#define _mm512_permutexvar_epi8(order, a) emulated_permutexvar_epi8(order, a)
#undef _mm512_dpbf16_ps
#define _mm512_dpbf16_ps(acc, a, b) emulated_dpbf16_ps(acc, a, b)
#define _mm512_cvtne2ps_pbh(high, low) emulated_cvtne2ps_pbh(high, low)
#define __m512bh simde__m512i
#define _mm512_cvtepi32_ps(a) emulated_cvtepi32_ps(a)
#define _mm512_cvtepu16_epi32(a) emulated_cvtepu16_epi32(a)
#define _mm512_cvtps_ph(a, how) emulated_cvtps_ph(a)
#define _mm512_cvtph_ps(a) emulated_cvtph_ps(a)
#define _mm512_maskz_loadu_ps(mask, p) emulated_maskz_loadu_ps(mask, p)
#define _mm512_mask_storeu_ps(p, mask, a) emulated_mask_storeu_ps(p, mask, a)

#endif
