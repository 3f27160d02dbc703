/* SPDX-License-Identifier: MIT
 * Block formats of weights: one table row per format, with the decoder that defines what its bytes mean,
 * and the encoder of those that are written.
 */
#ifndef LL_QUANT_QUANT_H
#define LL_QUANT_QUANT_H

#include "format/block_size.h"

#include <stdbool.h>
#include <stddef.h>

/* Numbers as in GGUF files. */
typedef enum ll_type {
    LL_TYPE_F32 = 0,
    LL_TYPE_F16 = 1,
    LL_TYPE_Q4_0 = 2,
    LL_TYPE_Q4_1 = 3,
    LL_TYPE_Q5_0 = 6,
    LL_TYPE_Q5_1 = 7,
    LL_TYPE_Q8_0 = 8,
    LL_TYPE_Q2_K = 10,
    LL_TYPE_Q3_K = 11,
    LL_TYPE_Q4_K = 12,
    LL_TYPE_Q5_K = 13,
    LL_TYPE_Q6_K = 14,
    LL_TYPE_IQ2_XXS = 16,
    LL_TYPE_IQ2_XS = 17,
    LL_TYPE_IQ3_XXS = 18,
    LL_TYPE_IQ1_S = 19,
    LL_TYPE_IQ4_NL = 20,
    LL_TYPE_IQ3_S = 21,
    LL_TYPE_IQ2_S = 22,
    LL_TYPE_IQ4_XS = 23,
    LL_TYPE_I8 = 24,
    LL_TYPE_I16 = 25,
    LL_TYPE_I32 = 26,
    LL_TYPE_I64 = 27,
    LL_TYPE_F64 = 28,
    LL_TYPE_IQ1_M = 29,
    LL_TYPE_BF16 = 30,
    LL_TYPE_TQ1_0 = 34,
    LL_TYPE_TQ2_0 = 35,
    LL_TYPE_MXFP4 = 39,
    LL_TYPE_NVFP4 = 40,
    LL_TYPE_Q1_0 = 41,
} ll_type;

typedef struct ll_type_traits {
    uint32_t type;
    const char *name; /* "Q4_K" */
    ll_block_size block;
    /* Decode n_elements (a multiple of block.elements) to float; NULL for a format that is only known by size. */
    void (*decode)(const void *blocks, float *out, size_t n_elements);
    /* Encode n_elements so that the sum of squared errors is least, of which each counts as much as `importance` says:
     * one figure >= 0 for each element, or NULL when all count the same. NULL for a format that is only read. */
    void (*encode)(const float *x, const float *importance, void *blocks, size_t n_elements);
} ll_type_traits;

/* NULL for a number that no format has (removed ones included). */
const ll_type_traits *ll_type_find(uint32_t type);
ll_block_size ll_type_block_size(uint32_t type); /* for ll_gguf_open */

/* Rather than plain numbers. */
static inline bool ll_type_has_blocks(const ll_type_traits *traits) { return traits->block.elements > 1; }
/* Bytes of a row of n_elements (a multiple of the block). */
size_t ll_type_row_bytes(const ll_type_traits *traits, size_t n_elements);

float ll_f16_to_f32(uint16_t h);
uint16_t ll_f32_to_f16(float f); /* round to nearest even; overflow gives infinity, NaN stays NaN */
float ll_bf16_to_f32(uint16_t h);
uint16_t ll_f32_to_bf16(float f); /* round to nearest even */

#endif
