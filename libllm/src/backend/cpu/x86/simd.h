/* SPDX-License-Identifier: MIT
 * Vectors of 256 or 512 bits under one set of names, so that kernels are written once. LL_SIMD_BITS chooses. Only
 * static inline code: nothing compiled with one instruction set may be linked to by another.
 *
 * vf: VF_LANES floats; + - * / are GCC's vector operators and round each step, vf_fma() rounds once.
 * vi: the same number of 32-bit integers, also the result of comparing two vf (all bits set where true).
 * w32: 32 integers of 16 bits.
 */
#ifndef LL_BACKEND_CPU_X86_SIMD_H
#define LL_BACKEND_CPU_X86_SIMD_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Kernels are functions of constants (format, shape of a tile) that are inlined and unrolled into one loop each. A
 * build with a sanitizer defines LL_KERNELS_SMALL: the same code as plain functions, which compiles in seconds. */
#ifdef LL_KERNELS_SMALL
#define ALWAYS_INLINE static inline
#define UNROLL
#else
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#endif

#if LL_SIMD_BITS == 512
enum { VF_LANES = 16 };
typedef __m512 vf;
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));
typedef __m512i w32;
#else
enum { VF_LANES = 8 };
typedef __m256 vf;
typedef int32_t vi __attribute__((vector_size(32)));
typedef uint32_t vu __attribute__((vector_size(32)));
typedef struct {
    __m256i a, b;
} w32;
#endif

/* The sum of 8 lanes, always in this order. */
ALWAYS_INLINE float sum_256(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

#if LL_SIMD_BITS == 512

ALWAYS_INLINE __mmask16 first_lanes(size_t n) { return (__mmask16)((1u << n) - 1u); }
ALWAYS_INLINE vf vf_set1(float a) { return _mm512_set1_ps(a); }
ALWAYS_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
ALWAYS_INLINE void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
ALWAYS_INLINE vf vf_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
ALWAYS_INLINE void vf_store_n(float *p, vf a, size_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), a); }
ALWAYS_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
ALWAYS_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); } /* b where either is NaN */
ALWAYS_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); } /* b where either is NaN */
ALWAYS_INLINE vf vf_load_f16(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
ALWAYS_INLINE vf vf_load_bf16(const uint16_t *p)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
ALWAYS_INLINE float vf_sum(vf a)
{
    __m256 high = _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(a), 1));
    return sum_256(_mm256_add_ps(_mm512_castps512_ps256(a), high));
}

ALWAYS_INLINE w32 w_load(const int16_t *p) { return _mm512_loadu_si512(p); }
ALWAYS_INLINE w32 w_load_u8(const uint8_t *p) { return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)p)); }
ALWAYS_INLINE w32 w_load_i8(const int8_t *p) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p)); }
ALWAYS_INLINE w32 w_set1(int16_t a) { return _mm512_set1_epi16(a); }
ALWAYS_INLINE w32 w_and(w32 a, w32 b) { return _mm512_and_si512(a, b); }
ALWAYS_INLINE w32 w_or(w32 a, w32 b) { return _mm512_or_si512(a, b); }
ALWAYS_INLINE w32 w_sub(w32 a, w32 b) { return _mm512_sub_epi16(a, b); }
ALWAYS_INLINE w32 w_right(w32 a, int n) { return _mm512_srl_epi16(a, _mm_cvtsi32_si128(n)); }
ALWAYS_INLINE w32 w_left(w32 a, int n) { return _mm512_sll_epi16(a, _mm_cvtsi32_si128(n)); }
ALWAYS_INLINE __m256i w_low(w32 a) { return _mm512_castsi512_si256(a); }
ALWAYS_INLINE __m256i w_high(w32 a) { return _mm512_extracti64x4_epi64(a, 1); }
ALWAYS_INLINE w32 w_join(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }

/* acc + s[0] * (w . x), spread over lanes. */
ALWAYS_INLINE vf w_dot(vf acc, w32 w, const int16_t *x, const float *s)
{
    return vf_fma(_mm512_cvtepi32_ps(_mm512_madd_epi16(w, w_load(x))), vf_set1(s[0]), acc);
}

/* The same with s[0] for the first 16 products and s[1] for the others. */
ALWAYS_INLINE vf w_dot_halves(vf acc, w32 w, const int16_t *x, const float *s)
{
    const __m512i halves = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    __m512i pair = _mm512_castsi128_si512(_mm_loadl_epi64((const __m128i *)s));
    vf scale = _mm512_castsi512_ps(_mm512_permutexvar_epi32(halves, pair));
    return vf_fma(_mm512_cvtepi32_ps(_mm512_madd_epi16(w, w_load(x))), scale, acc);
}

#else

ALWAYS_INLINE __m256i first_lanes(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
ALWAYS_INLINE vf vf_set1(float a) { return _mm256_set1_ps(a); }
ALWAYS_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
ALWAYS_INLINE void vf_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
ALWAYS_INLINE vf vf_load_n(const float *p, size_t n) { return _mm256_maskload_ps(p, first_lanes(n)); }
ALWAYS_INLINE void vf_store_n(float *p, vf a, size_t n) { _mm256_maskstore_ps(p, first_lanes(n), a); }
ALWAYS_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
ALWAYS_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); } /* b where either is NaN */
ALWAYS_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); } /* b where either is NaN */
ALWAYS_INLINE vf vf_load_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
ALWAYS_INLINE vf vf_load_bf16(const uint16_t *p)
{
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
ALWAYS_INLINE float vf_sum(vf a) { return sum_256(a); }

ALWAYS_INLINE w32 w_join(__m256i low, __m256i high) { return (w32){low, high}; }
ALWAYS_INLINE __m256i w_low(w32 a) { return a.a; }
ALWAYS_INLINE __m256i w_high(w32 a) { return a.b; }
ALWAYS_INLINE w32 w_load_u8(const uint8_t *p)
{
    return w_join(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p)),
                  _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(p + 16))));
}
ALWAYS_INLINE w32 w_load_i8(const int8_t *p)
{
    return w_join(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)),
                  _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p + 16))));
}
ALWAYS_INLINE w32 w_set1(int16_t a) { return w_join(_mm256_set1_epi16(a), _mm256_set1_epi16(a)); }
ALWAYS_INLINE w32 w_and(w32 a, w32 b) { return w_join(_mm256_and_si256(a.a, b.a), _mm256_and_si256(a.b, b.b)); }
ALWAYS_INLINE w32 w_or(w32 a, w32 b) { return w_join(_mm256_or_si256(a.a, b.a), _mm256_or_si256(a.b, b.b)); }
ALWAYS_INLINE w32 w_sub(w32 a, w32 b) { return w_join(_mm256_sub_epi16(a.a, b.a), _mm256_sub_epi16(a.b, b.b)); }
ALWAYS_INLINE w32 w_right(w32 a, int n)
{
    __m128i count = _mm_cvtsi32_si128(n);
    return w_join(_mm256_srl_epi16(a.a, count), _mm256_srl_epi16(a.b, count));
}
ALWAYS_INLINE w32 w_left(w32 a, int n)
{
    __m128i count = _mm_cvtsi32_si128(n);
    return w_join(_mm256_sll_epi16(a.a, count), _mm256_sll_epi16(a.b, count));
}

/* acc + s[0] * (w . x), spread over lanes. */
ALWAYS_INLINE vf w_dot(vf acc, w32 w, const int16_t *x, const float *s)
{
    __m256i low = _mm256_madd_epi16(w.a, _mm256_loadu_si256((const __m256i *)x));
    __m256i high = _mm256_madd_epi16(w.b, _mm256_loadu_si256((const __m256i *)(x + 16)));
    return vf_fma(_mm256_cvtepi32_ps(_mm256_add_epi32(low, high)), vf_set1(s[0]), acc);
}

/* The same with s[0] for the first 16 products and s[1] for the others. */
ALWAYS_INLINE vf w_dot_halves(vf acc, w32 w, const int16_t *x, const float *s)
{
    __m256i low = _mm256_madd_epi16(w.a, _mm256_loadu_si256((const __m256i *)x));
    __m256i high = _mm256_madd_epi16(w.b, _mm256_loadu_si256((const __m256i *)(x + 16)));
    acc = vf_fma(_mm256_cvtepi32_ps(low), vf_set1(s[0]), acc);
    return vf_fma(_mm256_cvtepi32_ps(high), vf_set1(s[1]), acc);
}

#endif

ALWAYS_INLINE vf vf_zero(void) { return vf_set1(0.0f); }
ALWAYS_INLINE vf vf_select(vi condition, vf yes, vf no) { return (vf)((condition & (vi)yes) | (~condition & (vi)no)); }

/* The first n halves of what may end there. */
ALWAYS_INLINE vf vf_load_f16_n(const uint16_t *p, size_t n)
{
    uint16_t copy[VF_LANES] = {0};
    memcpy(copy, p, n * sizeof *p);
    return vf_load_f16(copy);
}
ALWAYS_INLINE vf vf_load_bf16_n(const uint16_t *p, size_t n)
{
    uint16_t copy[VF_LANES] = {0};
    memcpy(copy, p, n * sizeof *p);
    return vf_load_bf16(copy);
}

#endif
