/* SPDX-License-Identifier: MIT
 * What the 4-bit codes of the formats with a table stand for.
 */
#ifndef LL_QUANT_CODES_H
#define LL_QUANT_CODES_H

#include <stdint.h>

/* IQ4_NL and IQ4_XS: closer together near zero, where most weights are. */
static const int8_t ll_codes_iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* MXFP4 and NVFP4: E2M1, doubled. */
static const int8_t ll_codes_fp4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

#endif
