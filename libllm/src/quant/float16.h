/* SPDX-License-Identifier: MIT
 * The 16-bit floats inline, for decoders. Exact, in integer steps and without tables, so that loops over them
 * vectorize and the result does not depend on the mode of the floating-point unit.
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

static inline float ll_bf16_widen(uint16_t h) { return ll_float_of_bits((uint32_t)h << 16); }

#endif
