/* SPDX-License-Identifier: MIT
 * Encoders of the block formats; what the table of formats points to, and says. NaN counts as 0, and what is too large
 * for a format as the largest that it holds. The same bits on every machine.
 */
#ifndef LL_QUANT_ENCODE_H
#define LL_QUANT_ENCODE_H

#include <stddef.h>

void ll_encode_f32(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_f16(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_bf16(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q4_0(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q4_1(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q5_0(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q5_1(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q8_0(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q2_k(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q3_k(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q4_k(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q5_k(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_q6_k(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_iq4_nl(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_iq4_xs(const float *x, const float *importance, void *blocks, size_t n);
void ll_encode_mxfp4(const float *x, const float *importance, void *blocks, size_t n);

#endif
