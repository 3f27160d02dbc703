/* SPDX-License-Identifier: MIT
 * The kernel sets for aarch64. Each is compiled with the flags of its instruction set and must not be touched on a
 * processor without it; LL_HAVE_NEON and the like say which ones this build has.
 */
#ifndef LL_BACKEND_CPU_ARM_ARM_H
#define LL_BACKEND_CPU_ARM_ARM_H

#include "backend/cpu/kernels.h"

extern const ll_kernels ll_kernels_neon;

/* Products of bytes; all other kernels are neon's. */
const ll_row_kernel *ll_kernels_dotprod_row(uint32_t type);
const ll_panel_kernel *ll_kernels_dotprod_panel(uint32_t type);
const ll_row_kernel *ll_kernels_i8mm_row(uint32_t type);
const ll_panel_kernel *ll_kernels_i8mm_panel(uint32_t type);

#endif
