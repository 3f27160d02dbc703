/* SPDX-License-Identifier: MIT
 * The choice of the kernel set.
 */
#include "backend/cpu/arm/arm.h"
#include "backend/cpu/x86/x86.h"

#ifdef LL_HAVE_AVX512_BF16
static const ll_panel_kernel *avx512_bf16_panel_kernel(uint32_t type)
{
    const ll_panel_kernel *kernel = ll_avx512_bf16_panel_kernel(type);
    return kernel ? kernel : ll_kernels_avx512_vnni.panel_kernel(type);
}
#endif

#ifdef LL_HAVE_AMX
static const ll_panel_kernel *amx_panel_kernel(uint32_t type)
{
    const ll_panel_kernel *kernel = ll_amx_panel_kernel(type);
    return kernel ? kernel : ll_kernels_avx512_vnni.panel_kernel(type);
}
#endif

ll_kernels ll_kernels_choose(uint32_t cpu_features)
{
    (void)cpu_features;
#ifdef LL_HAVE_AVX512_VNNI
    if ((cpu_features & LL_CPU_AVX512) && (cpu_features & LL_CPU_AVX512_VNNI)) {
        ll_kernels chosen = ll_kernels_avx512_vnni;
#ifdef LL_HAVE_AMX
        if (cpu_features & LL_CPU_AMX) {
            chosen.name = "amx";
            chosen.panel_kernel = amx_panel_kernel;
            chosen.round_bf16 = ll_amx_round_bf16;
            return chosen;
        }
#endif
#ifdef LL_HAVE_AVX512_BF16
        if (cpu_features & LL_CPU_AVX512_BF16) {
            chosen.name = "avx512_bf16";
            chosen.panel_kernel = avx512_bf16_panel_kernel;
            chosen.round_bf16 = ll_avx512_bf16_round;
        }
#endif
        return chosen;
    }
#endif
#ifdef LL_HAVE_AVX512
    if (cpu_features & LL_CPU_AVX512)
        return ll_kernels_avx512;
#endif
#ifdef LL_HAVE_AVX_VNNI
    if ((cpu_features & LL_CPU_AVX2) && (cpu_features & LL_CPU_AVX_VNNI))
        return ll_kernels_avx_vnni;
#endif
#ifdef LL_HAVE_AVX2
    if (cpu_features & LL_CPU_AVX2)
        return ll_kernels_avx2;
#endif
#ifdef LL_HAVE_I8MM
    if ((cpu_features & LL_CPU_NEON) && (cpu_features & LL_CPU_DOTPROD) && (cpu_features & LL_CPU_I8MM))
        return ll_kernels_i8mm;
#endif
#ifdef LL_HAVE_DOTPROD
    if ((cpu_features & LL_CPU_NEON) && (cpu_features & LL_CPU_DOTPROD))
        return ll_kernels_dotprod;
#endif
#ifdef LL_HAVE_NEON
    if (cpu_features & LL_CPU_NEON)
        return ll_kernels_neon;
#endif
    return ll_kernels_ref;
}
