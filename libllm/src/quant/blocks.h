/* SPDX-License-Identifier: MIT
 * The block formats as they lie in the file, byte for byte.
 */
#ifndef LL_QUANT_BLOCKS_H
#define LL_QUANT_BLOCKS_H

#include <stdint.h>

enum { LL_BLOCK = 32, LL_SUPER_BLOCK = 256 };

/* clang-format off */
/* 32 weights. d, m are F16 bits. */
typedef struct { uint16_t d; uint8_t qs[16]; } ll_block_q4_0;                  /* (q - 8) d */
typedef struct { uint16_t d, m; uint8_t qs[16]; } ll_block_q4_1;               /* q d + m */
typedef struct { uint16_t d; uint8_t qh[4]; uint8_t qs[16]; } ll_block_q5_0;   /* (q - 16) d */
typedef struct { uint16_t d, m; uint8_t qh[4]; uint8_t qs[16]; } ll_block_q5_1;
typedef struct { uint16_t d; int8_t qs[32]; } ll_block_q8_0;
typedef struct { uint16_t d; uint8_t qs[16]; } ll_block_iq4_nl;                /* ll_codes_iq4[q] d */
typedef struct { uint8_t e; uint8_t qs[16]; } ll_block_mxfp4;                  /* ll_codes_fp4[q] 2^(e - 128) */

/* 64 weights, of which 16 share a scale: E4M3, of half the size. */
typedef struct { uint8_t d[4]; uint8_t qs[32]; } ll_block_nvfp4;

/* 128 weights: d where the bit is set, -d where it is not. */
typedef struct { uint16_t d; uint8_t qs[16]; } ll_block_q1_0;

/* 256 weights. */
typedef struct { uint8_t scales[16]; uint8_t qs[64]; uint16_t d, dmin; } ll_block_q2_k;
typedef struct { uint8_t hmask[32]; uint8_t qs[64]; uint8_t scales[12]; uint16_t d; } ll_block_q3_k;
typedef struct { uint16_t d, dmin; uint8_t scales[12]; uint8_t qs[128]; } ll_block_q4_k;
typedef struct { uint16_t d, dmin; uint8_t scales[12]; uint8_t qh[32]; uint8_t qs[128]; } ll_block_q5_k;
typedef struct { uint8_t ql[128]; uint8_t qh[64]; int8_t scales[16]; uint16_t d; } ll_block_q6_k;
typedef struct { uint16_t d, scales_h; uint8_t scales_l[4]; uint8_t qs[128]; } ll_block_iq4_xs;
typedef struct { uint16_t d; uint16_t qs[32]; } ll_block_iq2_xxs;
typedef struct { uint16_t d; uint16_t qs[32]; uint8_t scales[8]; } ll_block_iq2_xs;
typedef struct { uint16_t d; uint8_t qs[32]; uint8_t signs[32]; uint8_t qh[8]; uint8_t scales[8]; } ll_block_iq2_s;
typedef struct { uint16_t d; uint8_t qs[64]; uint8_t signs[32]; } ll_block_iq3_xxs;
typedef struct { uint16_t d; uint8_t qs[64]; uint8_t qh[8]; uint8_t signs[32]; uint8_t scales[4]; } ll_block_iq3_s;
typedef struct { uint16_t d; uint8_t qs[32]; uint16_t qh[8]; } ll_block_iq1_s;
typedef struct { uint8_t qs[32]; uint8_t qh[16]; uint16_t scales[4]; } ll_block_iq1_m;
typedef struct { uint8_t qs[48]; uint8_t qh[4]; uint16_t d; } ll_block_tq1_0;
typedef struct { uint8_t qs[64]; uint16_t d; } ll_block_tq2_0;                 /* (q - 1) d */
/* clang-format on */

_Static_assert(sizeof(ll_block_q4_0) == 18 && sizeof(ll_block_q4_1) == 20, "4-bit blocks are packed");
_Static_assert(sizeof(ll_block_q5_0) == 22 && sizeof(ll_block_q5_1) == 24, "5-bit blocks are packed");
_Static_assert(sizeof(ll_block_q8_0) == 34, "8-bit blocks are packed");
_Static_assert(sizeof(ll_block_q2_k) == 84 && sizeof(ll_block_q3_k) == 110, "super-blocks are packed");
_Static_assert(sizeof(ll_block_q4_k) == 144 && sizeof(ll_block_q5_k) == 176, "super-blocks are packed");
_Static_assert(sizeof(ll_block_q6_k) == 210, "super-blocks are packed");
_Static_assert(sizeof(ll_block_iq4_nl) == 18 && sizeof(ll_block_iq4_xs) == 136, "blocks of codes are packed");
_Static_assert(sizeof(ll_block_mxfp4) == 17 && sizeof(ll_block_nvfp4) == 36, "blocks of FP4 are packed");
_Static_assert(sizeof(ll_block_iq2_xxs) == 66 && sizeof(ll_block_iq2_xs) == 74, "super-blocks are packed");
_Static_assert(sizeof(ll_block_iq2_s) == 82 && sizeof(ll_block_iq3_xxs) == 98, "super-blocks are packed");
_Static_assert(sizeof(ll_block_iq3_s) == 110 && sizeof(ll_block_iq1_s) == 50, "super-blocks are packed");
_Static_assert(sizeof(ll_block_iq1_m) == 56 && sizeof(ll_block_tq1_0) == 54, "super-blocks are packed");
_Static_assert(sizeof(ll_block_tq2_0) == 66 && sizeof(ll_block_q1_0) == 18, "ternary and binary blocks are packed");

#endif
