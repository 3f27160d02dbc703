/* SPDX-License-Identifier: MIT
 * The 16-bit floats, and the 8-bit ones of scales, inline, for decoders. Exact, in integer steps and without tables, so
 * that loops over them vectorize and the result does not depend on the mode of the floating-point unit.
 */
#ifndef LL_QUANT_FLOAT16_H
#define LL_QUANT_FLOAT16_H

#include <stdint.h>
#include <string.h>

static inline float ll_float_of_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t ll_bits_of_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* A NaN comes out quiet, as from the processor's own instruction. */
static inline float ll_f16_widen(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, magnitude = h & 0x7FFFu;
    uint32_t normal = (magnitude << 13) + (112u << 23);
    uint32_t special = 0x7F800000u | magnitude << 13 | (magnitude > 0x7C00u ? 0x400000u : 0u);
    uint32_t denormal = ll_bits_of_float((float)(int32_t)magnitude * 0x1p-24f);
    uint32_t bits = magnitude < 0x400u ? denormal : magnitude >= 0x7C00u ? special : normal;
    return ll_float_of_bits(sign | bits);
}

/* 2^(e - 128): E8M0, halved for codes that are doubled. */
static inline float ll_e8m0_widen(uint8_t e)
{
    return ll_float_of_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

/* E4M3 without its sign, halved for codes that are doubled; the NaN is 0. */
static inline float ll_e4m3_widen(uint8_t x)
{
    uint32_t exponent = x >> 3 & 15, mantissa = x & 7;
    if (x == 0x7F)
        return 0.0f;
    return exponent == 0 ? (float)mantissa * 0x1p-10f : ll_float_of_bits((exponent + 119) << 23 | mantissa << 20);
}

static inline float ll_bf16_widen(uint16_t h) { return ll_float_of_bits((uint32_t)h << 16); }

#endif
