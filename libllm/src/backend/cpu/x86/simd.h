/* SPDX-License-Identifier: MIT
 * Vectors of 256 or 512 bits under one set of names, so that kernels are written once. LL_SIMD_BITS chooses. Only
 * static inline code: nothing compiled with one instruction set may be linked to by another.
 *
 * vf: VF_LANES floats; + - * / are GCC's vector operators and round each step, vf_fma() rounds once.
 * vi: the same number of 32-bit integers, also the result of comparing two vf (all bits set where true), or four bytes
 * in each lane. LL_VNNI says that there is an instruction for products of bytes.
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
#else
enum { VF_LANES = 8 };
typedef __m256 vf;
typedef int32_t vi __attribute__((vector_size(32)));
typedef uint32_t vu __attribute__((vector_size(32)));
#endif

/* The sum of 8 lanes, always in this order. */
ALWAYS_INLINE float sum_256(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* The largest of 8 lanes, none of which is NaN. */
ALWAYS_INLINE float largest_256(__m256 v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
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
ALWAYS_INLINE vf vf_load_i8(const int8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
ALWAYS_INLINE float vf_largest(vf a)
{
    __m256 high = _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(a), 1));
    return largest_256(_mm256_max_ps(_mm512_castps512_ps256(a), high));
}
ALWAYS_INLINE float vf_first(vf a) { return _mm_cvtss_f32(_mm512_castps512_ps128(a)); }
ALWAYS_INLINE float vf_sum(vf a)
{
    __m256 high = _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(a), 1));
    return sum_256(_mm256_add_ps(_mm512_castps512_ps256(a), high));
}

ALWAYS_INLINE vf vf_of_int(vi a) { return _mm512_cvtepi32_ps((__m512i)a); }
/* F16 in the low half of each lane. */
ALWAYS_INLINE vf vf_low_halves(vi a) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16((__m512i)a)); }
ALWAYS_INLINE vi vi_right(vi a, int n) { return (vi)_mm512_srl_epi32((__m512i)a, _mm_cvtsi32_si128(n)); }
ALWAYS_INLINE vi vi_shuffle_bytes(vi a, __m128i order) /* within each four lanes */
{
    return (vi)_mm512_shuffle_epi8((__m512i)a, _mm512_broadcast_i32x4(order));
}
ALWAYS_INLINE vi vi_bytes_equal(vi a, vi b)
{
    return (vi)_mm512_movm_epi8(_mm512_cmpeq_epi8_mask((__m512i)a, (__m512i)b));
}
ALWAYS_INLINE vi vi_set1(int32_t a) { return (vi)_mm512_set1_epi32(a); }

#if LL_VNNI
ALWAYS_INLINE vi vi_dot_bytes(vi acc, vi w, vi x)
{
    return (vi)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)w, (__m512i)x);
}
#else
ALWAYS_INLINE vi vi_dot_pairs(vi acc, vi w, vi x)
{
    return (vi)_mm512_add_epi16((__m512i)acc, _mm512_maddubs_epi16((__m512i)w, (__m512i)x));
}
ALWAYS_INLINE vi vi_add_pairs(vi a, int16_t factor)
{
    return (vi)_mm512_madd_epi16((__m512i)a, _mm512_set1_epi16(factor));
}
#endif

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
ALWAYS_INLINE vf vf_load_i8(const int8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
ALWAYS_INLINE float vf_largest(vf a) { return largest_256(a); }
ALWAYS_INLINE float vf_first(vf a) { return _mm_cvtss_f32(_mm256_castps256_ps128(a)); }
ALWAYS_INLINE float vf_sum(vf a) { return sum_256(a); }

ALWAYS_INLINE vf vf_of_int(vi a) { return _mm256_cvtepi32_ps((__m256i)a); }
/* F16 in the low half of each lane. */
ALWAYS_INLINE vf vf_low_halves(vi a)
{
    __m256i low = _mm256_and_si256((__m256i)a, _mm256_set1_epi32(0xFFFF));
    return _mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
ALWAYS_INLINE vi vi_right(vi a, int n) { return (vi)_mm256_srl_epi32((__m256i)a, _mm_cvtsi32_si128(n)); }
ALWAYS_INLINE vi vi_shuffle_bytes(vi a, __m128i order) /* within each four lanes */
{
    return (vi)_mm256_shuffle_epi8((__m256i)a, _mm256_broadcastsi128_si256(order));
}
ALWAYS_INLINE vi vi_bytes_equal(vi a, vi b) { return (vi)_mm256_cmpeq_epi8((__m256i)a, (__m256i)b); }
ALWAYS_INLINE vi vi_set1(int32_t a) { return (vi)_mm256_set1_epi32(a); }

#if LL_VNNI
ALWAYS_INLINE vi vi_dot_bytes(vi acc, vi w, vi x)
{
    return (vi)_mm256_dpbusd_avx_epi32((__m256i)acc, (__m256i)w, (__m256i)x);
}
#else
ALWAYS_INLINE vi vi_dot_pairs(vi acc, vi w, vi x)
{
    return (vi)_mm256_add_epi16((__m256i)acc, _mm256_maddubs_epi16((__m256i)w, (__m256i)x));
}
ALWAYS_INLINE vi vi_add_pairs(vi a, int16_t factor)
{
    return (vi)_mm256_madd_epi16((__m256i)a, _mm256_set1_epi16(factor));
}
#endif

#endif

ALWAYS_INLINE vf vf_zero(void) { return vf_set1(0.0f); }
ALWAYS_INLINE vf vf_select(vi condition, vf yes, vf no) { return (vf)((condition & (vi)yes) | (~condition & (vi)no)); }

ALWAYS_INLINE vf vf_high_halves(vi a) { return vf_low_halves(vi_right(a, 16)); }

/* Bits 4 g to 4 g + 3 of each lane as a byte each, 16 where the bit is set. */
ALWAYS_INLINE vi vi_bits_as_16(vi a, size_t g)
{
    char byte = (char)(g / 2);
    const __m128i order = _mm_setr_epi8(byte, byte, byte, byte, byte + 4, byte + 4, byte + 4, byte + 4, byte + 8,
                                        byte + 8, byte + 8, byte + 8, byte + 12, byte + 12, byte + 12, byte + 12);
    const vi bits = vi_set1(g % 2 ? (int32_t)0x80402010u : 0x08040201);
    return vi_bytes_equal(vi_shuffle_bytes(a, order) & bits, bits) & 0x10101010;
}

/* Four bytes in every lane. */
ALWAYS_INLINE vi vi_broadcast_bytes(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vi_set1(four);
}

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
