/* SPDX-License-Identifier: MIT
 * The AMX kernels on a machine with AVX-512 VBMI and BF16: only the tiles are emulated.
 */
#include "emulated_tiles.h"

#define ll_amx_panel_kernel ll_amx_panel_kernel_emulated_tiles
#define ll_amx_round_bf16 ll_amx_round_bf16_emulated_tiles
#define ll_amx_attention ll_amx_attention_emulated_tiles
#define ll_amx_tile_config ll_amx_tile_config_emulated_tiles
#include "backend/cpu/x86/amx.c"
