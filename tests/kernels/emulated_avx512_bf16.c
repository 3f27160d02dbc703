/* SPDX-License-Identifier: MIT
 * The AVX-512 BF16 kernels, emulated.
 */
#include "emulated_avx512.h"

#define ll_avx512_bf16_panel_kernel ll_avx512_bf16_panel_kernel_emulated
#define ll_avx512_bf16_round ll_avx512_bf16_round_emulated
#include "backend/cpu/x86/avx512_bf16.c"
