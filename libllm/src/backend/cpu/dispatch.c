/* SPDX-License-Identifier: MIT
 * The choice of the kernel set.
 */
#include "backend/cpu/arm/arm.h"
#include "backend/cpu/x86/x86.h"

#ifdef LL_HAVE_AVX512_BF16
static const ll_panel_kernel *avx512_bf16_panel(uint32_t type)
{
    const ll_panel_kernel *kernel = ll_avx512_bf16_panel_kernel(type);
    return kernel ? kernel : ll_kernels_avx512_vnni_panel(type);
}
#endif

#ifdef LL_HAVE_AMX
static const ll_panel_kernel *amx_panel(uint32_t type)
{
    const ll_panel_kernel *kernel = ll_amx_panel_kernel(type);
    return kernel ? kernel : ll_kernels_avx512_vnni_panel(type);
}
#endif

/* The instruction sets come in an order in which each is better than those before. */
ll_kernels ll_kernels_choose(uint32_t cpu_features)
{
    ll_kernels chosen = ll_kernels_ref;
    (void)cpu_features;
#ifdef LL_HAVE_AVX2
    if (cpu_features & LL_CPU_AVX2)
        chosen = ll_kernels_avx2;
#endif
#ifdef LL_HAVE_AVX_VNNI
    if ((cpu_features & LL_CPU_AVX2) && (cpu_features & LL_CPU_AVX_VNNI)) {
        chosen.name = "avx_vnni";
        chosen.row_kernel = ll_kernels_avx_vnni_row;
        chosen.panel_kernel = ll_kernels_avx_vnni_panel;
    }
#endif
#ifdef LL_HAVE_AVX512
    if (cpu_features & LL_CPU_AVX512)
        chosen = ll_kernels_avx512;
#endif
#ifdef LL_HAVE_AVX512_VNNI
    const bool vnni = (cpu_features & LL_CPU_AVX512) && (cpu_features & LL_CPU_AVX512_VNNI);
    if (vnni) {
        chosen.name = "avx512_vnni";
        chosen.row_kernel = ll_kernels_avx512_vnni_row;
        chosen.panel_kernel = ll_kernels_avx512_vnni_panel;
    }
#ifdef LL_HAVE_AVX512_BF16
    if (vnni && (cpu_features & LL_CPU_AVX512_BF16)) {
        chosen.name = "avx512_bf16";
        chosen.panel_kernel = avx512_bf16_panel;
        chosen.round_bf16 = ll_avx512_bf16_round;
    }
#endif
#ifdef LL_HAVE_AMX
    if (vnni && (cpu_features & LL_CPU_AMX)) {
        chosen.name = "amx";
        chosen.panel_kernel = amx_panel;
        chosen.few_panel_kernel = ll_kernels_avx512_vnni_panel;
        chosen.round_bf16 = ll_amx_round_bf16;
        chosen.tile_attention = &ll_amx_attention;
    }
#endif
#endif
#ifdef LL_HAVE_NEON
    if (cpu_features & LL_CPU_NEON)
        chosen = ll_kernels_neon;
#endif
#ifdef LL_HAVE_DOTPROD
    const bool dotprod = (cpu_features & LL_CPU_NEON) && (cpu_features & LL_CPU_DOTPROD);
    if (dotprod) {
        chosen.name = "dotprod";
        chosen.row_kernel = ll_kernels_dotprod_row;
        chosen.panel_kernel = ll_kernels_dotprod_panel;
    }
#ifdef LL_HAVE_I8MM
    if (dotprod && (cpu_features & LL_CPU_I8MM)) {
        chosen.name = "i8mm";
        chosen.row_kernel = ll_kernels_i8mm_row;
        chosen.panel_kernel = ll_kernels_i8mm_panel;
    }
#endif
#endif
    return chosen;
}
