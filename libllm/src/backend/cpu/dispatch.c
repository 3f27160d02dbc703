/* SPDX-License-Identifier: MIT
 * The choice of the kernel set.
 */
#include "backend/cpu/arm/arm.h"
#include "backend/cpu/x86/x86.h"

const ll_kernels *ll_kernels_choose(uint32_t cpu_features)
{
    (void)cpu_features;
#ifdef LL_HAVE_AVX512_VNNI
    if ((cpu_features & LL_CPU_AVX512) && (cpu_features & LL_CPU_AVX512_VNNI))
        return &ll_kernels_avx512_vnni;
#endif
#ifdef LL_HAVE_AVX512
    if (cpu_features & LL_CPU_AVX512)
        return &ll_kernels_avx512;
#endif
#ifdef LL_HAVE_AVX_VNNI
    if ((cpu_features & LL_CPU_AVX2) && (cpu_features & LL_CPU_AVX_VNNI))
        return &ll_kernels_avx_vnni;
#endif
#ifdef LL_HAVE_AVX2
    if (cpu_features & LL_CPU_AVX2)
        return &ll_kernels_avx2;
#endif
#ifdef LL_HAVE_I8MM
    if ((cpu_features & LL_CPU_NEON) && (cpu_features & LL_CPU_DOTPROD) && (cpu_features & LL_CPU_I8MM))
        return &ll_kernels_i8mm;
#endif
#ifdef LL_HAVE_DOTPROD
    if ((cpu_features & LL_CPU_NEON) && (cpu_features & LL_CPU_DOTPROD))
        return &ll_kernels_dotprod;
#endif
#ifdef LL_HAVE_NEON
    if (cpu_features & LL_CPU_NEON)
        return &ll_kernels_neon;
#endif
    return &ll_kernels_ref;
}
