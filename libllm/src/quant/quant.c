/* SPDX-License-Identifier: MIT
 * The table of block formats. Formats without a decoder are known by size, so that files with them can be listed.
 */
#include "quant/quant.h"

#include "quant/decode.h"

static const ll_type_traits types[] = {
    {LL_TYPE_F32, "F32", {1, 4}, ll_decode_f32},
    {LL_TYPE_F16, "F16", {1, 2}, ll_decode_f16},
    {LL_TYPE_Q4_0, "Q4_0", {32, 18}, ll_decode_q4_0},
    {LL_TYPE_Q4_1, "Q4_1", {32, 20}, ll_decode_q4_1},
    {LL_TYPE_Q5_0, "Q5_0", {32, 22}, ll_decode_q5_0},
    {LL_TYPE_Q5_1, "Q5_1", {32, 24}, ll_decode_q5_1},
    {LL_TYPE_Q8_0, "Q8_0", {32, 34}, ll_decode_q8_0},
    {9, "Q8_1", {32, 40}, NULL},
    {LL_TYPE_Q2_K, "Q2_K", {256, 84}, ll_decode_q2_k},
    {LL_TYPE_Q3_K, "Q3_K", {256, 110}, ll_decode_q3_k},
    {LL_TYPE_Q4_K, "Q4_K", {256, 144}, ll_decode_q4_k},
    {LL_TYPE_Q5_K, "Q5_K", {256, 176}, ll_decode_q5_k},
    {LL_TYPE_Q6_K, "Q6_K", {256, 210}, ll_decode_q6_k},
    {15, "Q8_K", {256, 292}, NULL},
    {16, "IQ2_XXS", {256, 66}, NULL},
    {17, "IQ2_XS", {256, 74}, NULL},
    {18, "IQ3_XXS", {256, 98}, NULL},
    {19, "IQ1_S", {256, 50}, NULL},
    {20, "IQ4_NL", {32, 18}, NULL},
    {21, "IQ3_S", {256, 110}, NULL},
    {22, "IQ2_S", {256, 82}, NULL},
    {23, "IQ4_XS", {256, 136}, NULL},
    {24, "I8", {1, 1}, NULL},
    {25, "I16", {1, 2}, NULL},
    {26, "I32", {1, 4}, NULL},
    {27, "I64", {1, 8}, NULL},
    {28, "F64", {1, 8}, NULL},
    {29, "IQ1_M", {256, 56}, NULL},
    {LL_TYPE_BF16, "BF16", {1, 2}, ll_decode_bf16},
    {34, "TQ1_0", {256, 54}, NULL},
    {35, "TQ2_0", {256, 66}, NULL},
    {39, "MXFP4", {32, 17}, NULL},
    {40, "NVFP4", {64, 36}, NULL},
    {41, "Q1_0", {128, 18}, NULL},
};

const ll_type_traits *ll_type_find(uint32_t type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].type == type)
            return &types[i];
    }
    return NULL;
}

ll_block_size ll_type_block_size(uint32_t type)
{
    const ll_type_traits *traits = ll_type_find(type);
    return traits ? traits->block : (ll_block_size){0, 0};
}

size_t ll_type_row_bytes(const ll_type_traits *traits, size_t n_elements)
{
    return n_elements / traits->block.elements * traits->block.bytes;
}
