/* SPDX-License-Identifier: MIT
 * Decoders of the block formats; what the table of formats points to. n is a multiple of the block. `out` may be
 * of any alignment that a float has, `blocks` of any that the block has.
 */
#ifndef LL_QUANT_DECODE_H
#define LL_QUANT_DECODE_H

#include <stddef.h>

void ll_decode_f32(const void *blocks, float *out, size_t n);
void ll_decode_f16(const void *blocks, float *out, size_t n);
void ll_decode_q4_0(const void *blocks, float *out, size_t n);
void ll_decode_q4_1(const void *blocks, float *out, size_t n);
void ll_decode_q5_0(const void *blocks, float *out, size_t n);
void ll_decode_q5_1(const void *blocks, float *out, size_t n);
void ll_decode_q8_0(const void *blocks, float *out, size_t n);
void ll_decode_q2_k(const void *blocks, float *out, size_t n);
void ll_decode_q3_k(const void *blocks, float *out, size_t n);
void ll_decode_q4_k(const void *blocks, float *out, size_t n);
void ll_decode_q5_k(const void *blocks, float *out, size_t n);
void ll_decode_q6_k(const void *blocks, float *out, size_t n);
void ll_decode_iq2_xxs(const void *blocks, float *out, size_t n);
void ll_decode_iq2_xs(const void *blocks, float *out, size_t n);
void ll_decode_iq3_xxs(const void *blocks, float *out, size_t n);
void ll_decode_iq1_s(const void *blocks, float *out, size_t n);
void ll_decode_iq4_nl(const void *blocks, float *out, size_t n);
void ll_decode_iq3_s(const void *blocks, float *out, size_t n);
void ll_decode_iq2_s(const void *blocks, float *out, size_t n);
void ll_decode_iq4_xs(const void *blocks, float *out, size_t n);
void ll_decode_i8(const void *blocks, float *out, size_t n);
void ll_decode_i16(const void *blocks, float *out, size_t n);
void ll_decode_i32(const void *blocks, float *out, size_t n);
void ll_decode_i64(const void *blocks, float *out, size_t n);
void ll_decode_f64(const void *blocks, float *out, size_t n);
void ll_decode_iq1_m(const void *blocks, float *out, size_t n);
void ll_decode_bf16(const void *blocks, float *out, size_t n);
void ll_decode_tq1_0(const void *blocks, float *out, size_t n);
void ll_decode_tq2_0(const void *blocks, float *out, size_t n);
void ll_decode_mxfp4(const void *blocks, float *out, size_t n);
void ll_decode_nvfp4(const void *blocks, float *out, size_t n);
void ll_decode_q1_0(const void *blocks, float *out, size_t n);

#endif
