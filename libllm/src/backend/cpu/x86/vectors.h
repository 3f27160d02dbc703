/* SPDX-License-Identifier: MIT
 * The vectors of x86-64: LL_SIMD_BITS chooses 256 or 512 bits, LL_BYTE_DOTS says whether there is an instruction for
 * products of bytes.
 */
#ifndef LL_BACKEND_CPU_X86_VECTORS_H
#define LL_BACKEND_CPU_X86_VECTORS_H

#include <immintrin.h>

#if LL_SIMD_BITS == 512
enum { VF_LANES = 16, VF_REGISTERS = 32 };
typedef __m512 vf;
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));
#else
enum { VF_LANES = 8, VF_REGISTERS = 16 };
typedef __m256 vf;
typedef int32_t vi __attribute__((vector_size(32)));
typedef uint32_t vu __attribute__((vector_size(32)));
#endif

enum { OFFSET_8 = 128 };                     /* weights of 8 bits become unsigned: the bytes that are multiplied are */
enum { PANEL_VECTORS = 2 };                  /* vectors of rows in a panel of floats */

/* a with the 32-bit word (16 bits) i of the 16 bytes at p in place of its own; i is a literal. */
#define QUAD_WITH_WORD(a, p, i) ((quad)_mm_blend_epi32((__m128i)(a), (__m128i)quad_load(p), 1 << (i)))
#define QUAD_WITH_HALF(a, p, i) ((quad)_mm_blend_epi16((__m128i)(a), (__m128i)quad_load(p), 1 << (i)))

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

ALWAYS_INLINE int32_t int_sum_256(__m256i v)
{
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 1)));
}

ALWAYS_INLINE int32_t int_max_256(__m256i v)
{
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    m = _mm_max_epi32(m, _mm_unpackhi_epi64(m, m));
    return _mm_cvtsi128_si32(_mm_max_epi32(m, _mm_shuffle_epi32(m, 1)));
}

ALWAYS_INLINE void store_bytes_256(int8_t *p, __m256i v)
{
    __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64((__m128i *)p, _mm_packs_epi16(halves, halves));
}

/* 8 x 8 floats: rows in_stride apart to columns out_stride apart. */
ALWAYS_INLINE void transpose_8x8(const float *in, size_t in_stride, float *out, size_t out_stride)
{
    __m256 r[8], t[8];
    UNROLL for (int i = 0; i < 4; i++) { /* rows i and i + 4 share a register from here on */
        const float *low = in + (size_t)i * in_stride, *high = low + 4 * in_stride;
        r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
        r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low + 4)), _mm_loadu_ps(high + 4), 1);
    }
    UNROLL for (int i = 0; i < 8; i += 4) { /* 4 x 4 transposes */
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
        t[i + 2] = _mm256_unpacklo_ps(r[i + 2], r[i + 3]);
        t[i + 3] = _mm256_unpackhi_ps(r[i + 2], r[i + 3]);
        float *to = out + (size_t)i * out_stride;
        _mm256_storeu_ps(to, _mm256_shuffle_ps(t[i], t[i + 2], 0x44));
        _mm256_storeu_ps(to + out_stride, _mm256_shuffle_ps(t[i], t[i + 2], 0xEE));
        _mm256_storeu_ps(to + 2 * out_stride, _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44));
        _mm256_storeu_ps(to + 3 * out_stride, _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE));
    }
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
ALWAYS_INLINE vi vi_shuffle_bytes(vi a, quad order) /* within each four lanes */
{
    return (vi)_mm512_shuffle_epi8((__m512i)a, _mm512_broadcast_i32x4((__m128i)order));
}
ALWAYS_INLINE vi vi_bytes_equal(vi a, vi b)
{
    return (vi)_mm512_movm_epi8(_mm512_cmpeq_epi8_mask((__m512i)a, (__m512i)b));
}
ALWAYS_INLINE vi vi_set1(int32_t a) { return (vi)_mm512_set1_epi32(a); }
ALWAYS_INLINE vi vi_max(vi a, vi b) { return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b); }
ALWAYS_INLINE __m256i vi_half(vi a, int i)
{
    return i ? _mm512_extracti64x4_epi64((__m512i)a, 1) : _mm512_castsi512_si256((__m512i)a);
}
ALWAYS_INLINE int32_t vi_greatest(vi a) { return int_max_256(_mm256_max_epi32(vi_half(a, 0), vi_half(a, 1))); }
ALWAYS_INLINE int32_t vi_sum(vi a) { return int_sum_256(_mm256_add_epi32(vi_half(a, 0), vi_half(a, 1))); }
ALWAYS_INLINE void vi_store_bytes(int8_t *p, vi a) /* of lanes that fit */
{
    store_bytes_256(p, vi_half(a, 0));
    store_bytes_256(p + 8, vi_half(a, 1));
}
/* Rows of four words to words of all rows. */
ALWAYS_INLINE void transpose_words(const quad *rows, vi out[4])
{
    __m512i r[4];
    UNROLL for (size_t i = 0; i < 4; i++) {
        r[i] = _mm512_inserti32x4(_mm512_castsi128_si512((__m128i)rows[i]), (__m128i)rows[i + 4], 1);
        r[i] = _mm512_inserti32x4(r[i], (__m128i)rows[i + 8], 2);
        r[i] = _mm512_inserti32x4(r[i], (__m128i)rows[i + 12], 3);
    }
    __m512i a = _mm512_unpacklo_epi32(r[0], r[1]), b = _mm512_unpackhi_epi32(r[0], r[1]);
    __m512i c = _mm512_unpacklo_epi32(r[2], r[3]), d = _mm512_unpackhi_epi32(r[2], r[3]);
    out[0] = (vi)_mm512_unpacklo_epi64(a, c);
    out[1] = (vi)_mm512_unpackhi_epi64(a, c);
    out[2] = (vi)_mm512_unpacklo_epi64(b, d);
    out[3] = (vi)_mm512_unpackhi_epi64(b, d);
}

#if LL_BYTE_DOTS
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
ALWAYS_INLINE vi vi_shuffle_bytes(vi a, quad order) /* within each four lanes */
{
    return (vi)_mm256_shuffle_epi8((__m256i)a, _mm256_broadcastsi128_si256((__m128i)order));
}
ALWAYS_INLINE vi vi_bytes_equal(vi a, vi b) { return (vi)_mm256_cmpeq_epi8((__m256i)a, (__m256i)b); }
ALWAYS_INLINE vi vi_set1(int32_t a) { return (vi)_mm256_set1_epi32(a); }
ALWAYS_INLINE vi vi_max(vi a, vi b) { return (vi)_mm256_max_epi32((__m256i)a, (__m256i)b); }
ALWAYS_INLINE int32_t vi_greatest(vi a) { return int_max_256((__m256i)a); }
ALWAYS_INLINE int32_t vi_sum(vi a) { return int_sum_256((__m256i)a); }
ALWAYS_INLINE void vi_store_bytes(int8_t *p, vi a) { store_bytes_256(p, (__m256i)a); } /* of lanes that fit */
/* Rows of four words to words of all rows. */
ALWAYS_INLINE void transpose_words(const quad *rows, vi out[4])
{
    __m256i r[4];
    UNROLL for (size_t i = 0; i < 4; i++)
        r[i] = _mm256_set_m128i((__m128i)rows[i + 4], (__m128i)rows[i]);
    __m256i a = _mm256_unpacklo_epi32(r[0], r[1]), b = _mm256_unpackhi_epi32(r[0], r[1]);
    __m256i c = _mm256_unpacklo_epi32(r[2], r[3]), d = _mm256_unpackhi_epi32(r[2], r[3]);
    out[0] = (vi)_mm256_unpacklo_epi64(a, c);
    out[1] = (vi)_mm256_unpackhi_epi64(a, c);
    out[2] = (vi)_mm256_unpacklo_epi64(b, d);
    out[3] = (vi)_mm256_unpackhi_epi64(b, d);
}

#if LL_BYTE_DOTS
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

ALWAYS_INLINE vf vf_select(vi condition, vf yes, vf no) { return (vf)((condition & (vi)yes) | (~condition & (vi)no)); }

#endif
