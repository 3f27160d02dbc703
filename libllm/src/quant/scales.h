/* SPDX-License-Identifier: MIT
 * The 6-bit scales of Q3_K, Q4_K and Q5_K, packed into 12 bytes; inline, for decoders and kernels.
 */
#ifndef LL_QUANT_SCALES_H
#define LL_QUANT_SCALES_H

#include <stdint.h>
#include <string.h>

/* Scales and minimums of the 8 sub-blocks of Q4_K and Q5_K, one per byte. Bytes 0-3 and 4-7 hold the low six bits
 * of the first four scales and minimums, bytes 8-11 the low four bits of the last four of each; their upper two
 * bits are the upper two of bytes 0-7. */
static inline void ll_scales_mins(const uint8_t packed[12], uint8_t scales[8], uint8_t mins[8])
{
    uint32_t a, b, c;
    memcpy(&a, packed, 4);
    memcpy(&b, packed + 4, 4);
    memcpy(&c, packed + 8, 4);
    uint32_t parts[4] = {a & 0x3F3F3F3Fu, (c & 0x0F0F0F0Fu) | (a >> 2 & 0x30303030u), b & 0x3F3F3F3Fu,
                         (c >> 4 & 0x0F0F0F0Fu) | (b >> 2 & 0x30303030u)};
    memcpy(scales, parts, 8);
    memcpy(mins, parts + 2, 8);
}

/* The 16 scales of Q3_K, 0 to 63 (they mean 32 less). Bytes 0-7 hold the low four bits of scales 0-7 and 8-15,
 * bytes 8-11 the upper two bits of scales j, j + 4, j + 8 and j + 12. */
static inline void ll_scales_q3(const uint8_t packed[12], uint8_t scales[16])
{
    uint32_t a, b, c;
    memcpy(&a, packed, 4);
    memcpy(&b, packed + 4, 4);
    memcpy(&c, packed + 8, 4);
    uint32_t parts[4] = {(a & 0x0F0F0F0Fu) | (c << 4 & 0x30303030u), (b & 0x0F0F0F0Fu) | (c << 2 & 0x30303030u),
                         (a >> 4 & 0x0F0F0F0Fu) | (c & 0x30303030u), (b >> 4 & 0x0F0F0F0Fu) | (c >> 2 & 0x30303030u)};
    memcpy(scales, parts, 16);
}

#endif
