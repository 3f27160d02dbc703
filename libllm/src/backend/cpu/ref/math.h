/* SPDX-License-Identifier: MIT
 * e^x and tanh x in float, without branches, for loops that vectorize.
 */
#ifndef LL_BACKEND_CPU_REF_MATH_H
#define LL_BACKEND_CPU_REF_MATH_H

#include "backend/cpu/math_constants.h"
#include "quant/float16.h"

#include <math.h>

/* NaN gives NaN; see LL_EXP_MIN for tiny results. */
static inline float ll_ref_exp(float x)
{
    float bounded = x > LL_EXP_MAX ? LL_EXP_MAX : x < LL_EXP_MIN ? LL_EXP_MIN : x;
    const float round = 0x1.8p23f; /* adding it leaves the rounded integer in the low bits */
    float shifted = bounded * LL_LOG2_E + round, n = shifted - round;
    float r = (bounded - n * LL_LN2_HIGH) - n * LL_LN2_LOW;
    float p = LL_EXP_E4;
    p = p * r + LL_EXP_E3;
    p = p * r + LL_EXP_E2;
    p = p * r + LL_EXP_E1;
    p = p * r + LL_EXP_E0;
    p = p * (r * r) + r + 1.0f;
    /* 2^n by its exponent bits, as 2 * 2^(n-1) because n may be 128; NaN makes any bits, and stays NaN in p. */
    uint32_t exponent = ll_bits_of_float(shifted) - ll_bits_of_float(round) + 126u;
    float result = p * ll_float_of_bits(exponent << 23) * 2.0f;
    result = x > LL_EXP_MAX ? (float)INFINITY : result;
    return x < LL_EXP_MIN ? 0.0f : result;
}

static inline float ll_ref_tanh(float x)
{
    float size = ll_float_of_bits(ll_bits_of_float(x) & 0x7FFFFFFFu);
    uint32_t sign = ll_bits_of_float(x) & 0x80000000u;
    float z = size * size, p = LL_TANH_T4;
    p = p * z + LL_TANH_T3;
    p = p * z + LL_TANH_T2;
    p = p * z + LL_TANH_T1;
    p = p * z + LL_TANH_T0;
    float small = p * z * size + size;
    float bounded = size > LL_TANH_ONE ? LL_TANH_ONE : size;
    float large = 1.0f - 2.0f / (ll_ref_exp(2.0f * bounded) + 1.0f);
    float result = size < LL_TANH_SMALL ? small : large;
    return ll_float_of_bits(ll_bits_of_float(result) | sign);
}

#endif
