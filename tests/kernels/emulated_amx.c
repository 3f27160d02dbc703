/* SPDX-License-Identifier: MIT
 * The AMX kernels, emulated.
 */
#include "emulated_avx512.h"
#include "emulated_tiles.h"

#define ll_amx_panel_kernel ll_amx_panel_kernel_emulated
#define ll_amx_round_bf16 ll_amx_round_bf16_emulated
#define ll_amx_attention ll_amx_attention_emulated
#define ll_amx_tile_config ll_amx_tile_config_emulated
#include "backend/cpu/x86/amx.c"
