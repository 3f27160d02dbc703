/* SPDX-License-Identifier: MIT
 * Conversion between float and the 16-bit formats, as IEEE 754 has it: round to nearest even, infinities and NaN
 * kept.
 */
#include "quant/float16.h"
#include "quant/quant.h"

float ll_f16_to_f32(uint16_t h) { return ll_f16_widen(h); }

uint16_t ll_f32_to_f16(float f)
{
    uint32_t bits = ll_bits_of_float(f), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u)
        return (uint16_t)(sign | 0x7E00u | (magnitude >> 13 & 0x1FFu));
    if (magnitude >= 0x477FF000u) /* 65520, half-way between the largest F16 and the next power of two */
        return (uint16_t)(sign | 0x7C00u);
    uint32_t shift = 13, mantissa = magnitude - (112u << 23);
    if (magnitude < 113u << 23) {    /* below 2^-14: a denormal F16 */
        if (magnitude < 0x33000000u) /* below half of the smallest one */
            return (uint16_t)sign;
        shift = 126 - (magnitude >> 23);
        mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
    }
    uint32_t odd = mantissa >> shift & 1u;
    return (uint16_t)(sign | (mantissa + (1u << (shift - 1)) - 1u + odd) >> shift);
}

float ll_bf16_to_f32(uint16_t h) { return ll_bf16_widen(h); }

uint16_t ll_f32_to_bf16(float f)
{
    uint32_t bits = ll_bits_of_float(f);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}
