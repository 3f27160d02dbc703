/* SPDX-License-Identifier: MIT
 * The kernel sets for x86-64. Each is compiled with the flags of its instruction set and must not be touched on a
 * processor without it; LL_HAVE_AVX2 and the like say which ones this build has.
 */
#ifndef LL_BACKEND_CPU_X86_X86_H
#define LL_BACKEND_CPU_X86_X86_H

#include "backend/cpu/kernels.h"

extern const ll_kernels ll_kernels_avx2;
extern const ll_kernels ll_kernels_avx_vnni;
extern const ll_kernels ll_kernels_avx512;
extern const ll_kernels ll_kernels_avx512_vnni;

#endif
