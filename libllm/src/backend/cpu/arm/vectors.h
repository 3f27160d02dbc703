/* SPDX-License-Identifier: MIT
 * The vectors of aarch64: 128 bits.
 */
#ifndef LL_BACKEND_CPU_ARM_VECTORS_H
#define LL_BACKEND_CPU_ARM_VECTORS_H

#include <arm_neon.h>

enum { VF_LANES = 4, VF_REGISTERS = 32 };
typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vu;

enum { OFFSET_8 = 0 };      /* weights of 8 bits stay signed, as the bytes that are multiplied are */
enum { PANEL_VECTORS = 4 }; /* vectors of rows in a panel of floats */

/* a with the 32-bit word (16 bits) i of the 16 bytes at p in place of its own; i is a literal. */
#define QUAD_WITH_WORD(a, p, i) ((quad)vld1q_lane_s32((const int32_t *)(const void *)(p) + (i), (int32x4_t)(a), i))
#define QUAD_WITH_HALF(a, p, i) ((quad)vld1q_lane_s16((const int16_t *)(const void *)(p) + (i), (int16x8_t)(a), i))

ALWAYS_INLINE vf vf_set1(float a) { return vdupq_n_f32(a); }
ALWAYS_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
ALWAYS_INLINE void vf_store(float *p, vf a) { vst1q_f32(p, a); }
ALWAYS_INLINE vf vf_load_n(const float *p, size_t n)
{
    vf a = vdupq_n_f32(0);
    memcpy(&a, p, n * sizeof *p);
    return a;
}
ALWAYS_INLINE void vf_store_n(float *p, vf a, size_t n) { memcpy(p, &a, n * sizeof *p); }
ALWAYS_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
ALWAYS_INLINE vf vf_select(vi condition, vf yes, vf no) { return vbslq_f32((vu)condition, yes, no); }
ALWAYS_INLINE vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); } /* b where either is NaN */
ALWAYS_INLINE vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); } /* b where either is NaN */
ALWAYS_INLINE vf vf_load_f16(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
ALWAYS_INLINE vf vf_load_bf16(const uint16_t *p) { return (vf)vshll_n_u16(vld1_u16(p), 16); }
ALWAYS_INLINE vf vf_load_i8(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four))))));
}
ALWAYS_INLINE float vf_largest(vf a) { return vmaxvq_f32(a); } /* where none is NaN */
ALWAYS_INLINE float vf_first(vf a) { return vgetq_lane_f32(a, 0); }
ALWAYS_INLINE float vf_sum(vf a) { return vaddvq_f32(a); }

ALWAYS_INLINE vf vf_of_int(vi a) { return vcvtq_f32_s32(a); }
/* F16 in the low half of each lane. */
ALWAYS_INLINE vf vf_low_halves(vi a) { return vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32((vu)a))); }
ALWAYS_INLINE vi vi_right(vi a, int n) { return (vi)((vu)a >> n); }
ALWAYS_INLINE vi vi_shuffle_bytes(vi a, quad order) { return (vi)vqtbl1q_u8((uint8x16_t)a, (uint8x16_t)order); }
ALWAYS_INLINE vi vi_bytes_equal(vi a, vi b) { return (vi)vceqq_s8((int8x16_t)a, (int8x16_t)b); }
ALWAYS_INLINE vi vi_set1(int32_t a) { return vdupq_n_s32(a); }
ALWAYS_INLINE vi vi_max(vi a, vi b) { return vmaxq_s32(a, b); }
ALWAYS_INLINE int32_t vi_greatest(vi a) { return vmaxvq_s32(a); }
ALWAYS_INLINE int32_t vi_sum(vi a) { return vaddvq_s32(a); }
ALWAYS_INLINE void vi_store_bytes(int8_t *p, vi a) /* of lanes that fit */
{
    int16x4_t halves = vmovn_s32(a);
    int32x2_t bytes = vreinterpret_s32_s8(vmovn_s16(vcombine_s16(halves, halves)));
    int32_t four = vget_lane_s32(bytes, 0);
    memcpy(p, &four, sizeof four);
}

/* Rows of four words to words of all rows. */
ALWAYS_INLINE void transpose_words(const quad *rows, vi out[4])
{
    int32x4_t a = vtrn1q_s32((vi)rows[0], (vi)rows[1]), b = vtrn2q_s32((vi)rows[0], (vi)rows[1]);
    int32x4_t c = vtrn1q_s32((vi)rows[2], (vi)rows[3]), d = vtrn2q_s32((vi)rows[2], (vi)rows[3]);
    out[0] = (vi)vtrn1q_s64((int64x2_t)a, (int64x2_t)c);
    out[1] = (vi)vtrn1q_s64((int64x2_t)b, (int64x2_t)d);
    out[2] = (vi)vtrn2q_s64((int64x2_t)a, (int64x2_t)c);
    out[3] = (vi)vtrn2q_s64((int64x2_t)b, (int64x2_t)d);
}

/* 8 x 8 floats: rows in_stride apart to columns out_stride apart. */
ALWAYS_INLINE void transpose_8x8(const float *in, size_t in_stride, float *out, size_t out_stride)
{
    UNROLL for (size_t row = 0; row < 8; row += 4) {
        UNROLL for (size_t column = 0; column < 8; column += 4) {
            quad rows[4];
            vi columns[4];
            UNROLL for (size_t i = 0; i < 4; i++)
                rows[i] = quad_load(in + (row + i) * in_stride + column);
            transpose_words(rows, columns);
            UNROLL for (size_t i = 0; i < 4; i++)
                vf_store(out + (column + i) * out_stride + row, (vf)columns[i]);
        }
    }
}

#endif
