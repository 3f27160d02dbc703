/* SPDX-License-Identifier: MIT
 * The AVX-512 VNNI kernels, emulated.
 */
#include "emulated_avx512.h"

#define ll_kernels_avx512 ll_kernels_avx512_emulated
#define ll_kernels_avx512_vnni ll_kernels_avx512_vnni_emulated
#include "backend/cpu/x86/avx512_vnni.c"
