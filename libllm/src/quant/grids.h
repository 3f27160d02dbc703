/* SPDX-License-Identifier: MIT
 * The points of the grid formats: 8 values of 2 bits, or for IQ3 4 values of 4 bits, the first in the lowest bits.
 */
#ifndef LL_QUANT_GRIDS_H
#define LL_QUANT_GRIDS_H

#include <stdint.h>

extern const uint16_t ll_grid_iq2_xxs[256];
extern const uint16_t ll_grid_iq2_xs[512];
extern const uint16_t ll_grid_iq2_s[1024];
extern const uint16_t ll_grid_iq3_xxs[256];
extern const uint16_t ll_grid_iq3_s[512];
extern const uint16_t ll_grid_iq1[2048];

#endif
