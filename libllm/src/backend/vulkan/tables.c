/* SPDX-License-Identifier: MIT
 * What decode.glsl is told of the block formats.
 */
#include "backend/vulkan/tables.h"

#include "quant/codes.h"
#include "quant/grids.h"
#include "quant/quant.h"

#include <string.h>

void ll_vk_tables(uint16_t words[LL_VK_TABLE_WORDS])
{
    size_t n = 0;
#define ADD(table)                                                                                                     \
    memcpy(words + n, table, sizeof table);                                                                            \
    n += sizeof table / sizeof *table
    ADD(ll_grid_iq2_xxs);
    ADD(ll_grid_iq2_xs);
    ADD(ll_grid_iq2_s);
    ADD(ll_grid_iq3_xxs);
    ADD(ll_grid_iq3_s);
    ADD(ll_grid_iq1);
#undef ADD
    for (size_t i = 0; i < 16; i++) {
        words[n + i] = (uint16_t)ll_codes_iq4[i];
        words[n + 16 + i] = (uint16_t)ll_codes_fp4[i];
    }
}

bool ll_vk_decodes(uint32_t type)
{
    switch (type) {
    case LL_TYPE_F32:
    case LL_TYPE_F16:
    case LL_TYPE_BF16:
    case LL_TYPE_Q4_0:
    case LL_TYPE_Q4_1:
    case LL_TYPE_Q5_0:
    case LL_TYPE_Q5_1:
    case LL_TYPE_Q8_0:
    case LL_TYPE_Q2_K:
    case LL_TYPE_Q3_K:
    case LL_TYPE_Q4_K:
    case LL_TYPE_Q5_K:
    case LL_TYPE_Q6_K:
    case LL_TYPE_IQ1_S:
    case LL_TYPE_IQ1_M:
    case LL_TYPE_IQ2_XXS:
    case LL_TYPE_IQ2_XS:
    case LL_TYPE_IQ2_S:
    case LL_TYPE_IQ3_XXS:
    case LL_TYPE_IQ3_S:
    case LL_TYPE_IQ4_NL:
    case LL_TYPE_IQ4_XS:
    case LL_TYPE_TQ1_0:
    case LL_TYPE_TQ2_0:
    case LL_TYPE_MXFP4:
    case LL_TYPE_NVFP4:
    case LL_TYPE_Q1_0:
        return true;
    default:
        return false;
    }
}
