/* SPDX-License-Identifier: MIT
 * The table of block formats. Formats without a decoder are known by size, so that files with them can be listed.
 */
#include "quant/quant.h"

#include "quant/decode.h"
#include "quant/encode.h"

static const ll_type_traits types[] = {
    {LL_TYPE_F32, "F32", {1, 4}, ll_decode_f32, ll_encode_f32},
    {LL_TYPE_F16, "F16", {1, 2}, ll_decode_f16, ll_encode_f16},
    {LL_TYPE_Q4_0, "Q4_0", {32, 18}, ll_decode_q4_0, ll_encode_q4_0},
    {LL_TYPE_Q4_1, "Q4_1", {32, 20}, ll_decode_q4_1, ll_encode_q4_1},
    {LL_TYPE_Q5_0, "Q5_0", {32, 22}, ll_decode_q5_0, ll_encode_q5_0},
    {LL_TYPE_Q5_1, "Q5_1", {32, 24}, ll_decode_q5_1, ll_encode_q5_1},
    {LL_TYPE_Q8_0, "Q8_0", {32, 34}, ll_decode_q8_0, ll_encode_q8_0},
    {9, "Q8_1", {32, 40}, NULL, NULL},
    {LL_TYPE_Q2_K, "Q2_K", {256, 84}, ll_decode_q2_k, ll_encode_q2_k},
    {LL_TYPE_Q3_K, "Q3_K", {256, 110}, ll_decode_q3_k, ll_encode_q3_k},
    {LL_TYPE_Q4_K, "Q4_K", {256, 144}, ll_decode_q4_k, ll_encode_q4_k},
    {LL_TYPE_Q5_K, "Q5_K", {256, 176}, ll_decode_q5_k, ll_encode_q5_k},
    {LL_TYPE_Q6_K, "Q6_K", {256, 210}, ll_decode_q6_k, ll_encode_q6_k},
    {15, "Q8_K", {256, 292}, NULL, NULL},
    {LL_TYPE_IQ2_XXS, "IQ2_XXS", {256, 66}, ll_decode_iq2_xxs, NULL},
    {LL_TYPE_IQ2_XS, "IQ2_XS", {256, 74}, ll_decode_iq2_xs, NULL},
    {LL_TYPE_IQ3_XXS, "IQ3_XXS", {256, 98}, ll_decode_iq3_xxs, NULL},
    {LL_TYPE_IQ1_S, "IQ1_S", {256, 50}, ll_decode_iq1_s, NULL},
    {LL_TYPE_IQ4_NL, "IQ4_NL", {32, 18}, ll_decode_iq4_nl, ll_encode_iq4_nl},
    {LL_TYPE_IQ3_S, "IQ3_S", {256, 110}, ll_decode_iq3_s, NULL},
    {LL_TYPE_IQ2_S, "IQ2_S", {256, 82}, ll_decode_iq2_s, NULL},
    {LL_TYPE_IQ4_XS, "IQ4_XS", {256, 136}, ll_decode_iq4_xs, ll_encode_iq4_xs},
    {LL_TYPE_I8, "I8", {1, 1}, ll_decode_i8, NULL},
    {LL_TYPE_I16, "I16", {1, 2}, ll_decode_i16, NULL},
    {LL_TYPE_I32, "I32", {1, 4}, ll_decode_i32, NULL},
    {LL_TYPE_I64, "I64", {1, 8}, ll_decode_i64, NULL},
    {LL_TYPE_F64, "F64", {1, 8}, ll_decode_f64, NULL},
    {LL_TYPE_IQ1_M, "IQ1_M", {256, 56}, ll_decode_iq1_m, NULL},
    {LL_TYPE_BF16, "BF16", {1, 2}, ll_decode_bf16, ll_encode_bf16},
    {LL_TYPE_TQ1_0, "TQ1_0", {256, 54}, ll_decode_tq1_0, NULL},
    {LL_TYPE_TQ2_0, "TQ2_0", {256, 66}, ll_decode_tq2_0, NULL},
    {LL_TYPE_MXFP4, "MXFP4", {32, 17}, ll_decode_mxfp4, ll_encode_mxfp4},
    {LL_TYPE_NVFP4, "NVFP4", {64, 36}, ll_decode_nvfp4, NULL},
    {LL_TYPE_Q1_0, "Q1_0", {128, 18}, ll_decode_q1_0, NULL},
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
