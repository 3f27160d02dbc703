/* SPDX-License-Identifier: MIT
 * The units that are measured on a processor, and the one that needs no instruction set.
 */
#include "backend/cpu/limits.h"

#include "base/cpu.h"

#if defined(__x86_64__)
#define KEEP(value) __asm__ volatile("" : : "x"(value))
#else
#define KEEP(value) __asm__ volatile("" : : "w"(value))
#endif

typedef float quad __attribute__((vector_size(16)));
enum { SUMS = 8 };

static void mul_add(size_t n_rounds)
{
    quad factor = {0.999f, 0.999f, 0.999f, 0.999f}, sums[SUMS];
#pragma GCC unroll 8
    for (size_t j = 0; j < SUMS; j++)
        sums[j] = factor;
    for (size_t i = 0; i < n_rounds; i++) {
#pragma GCC unroll 8
        for (size_t j = 0; j < SUMS; j++)
            sums[j] = sums[j] * factor + factor;
    }
#pragma GCC unroll 8
    for (size_t j = 0; j < SUMS; j++)
        KEEP(sums[j]);
}

const ll_unit_loop ll_unit_mul_add = {.name = "mul_add", .operations = 2 * 4 * SUMS, .run = mul_add};

uint32_t ll_unit_loops(uint32_t cpu_features, const ll_unit_loop *loops[LL_UNITS_MAX])
{
    uint32_t n = 0;
    const ll_unit_loop *real = &ll_unit_mul_add, *vnni = NULL;
    (void)cpu_features;
#ifdef LL_HAVE_UNIT_AVX2_FMA
    if (cpu_features & LL_CPU_AVX2)
        real = &ll_unit_avx2_fma;
#endif
#ifdef LL_HAVE_UNIT_AVX512_FMA
    if (cpu_features & LL_CPU_AVX512)
        real = &ll_unit_avx512_fma;
#endif
#ifdef LL_HAVE_UNIT_AVX_VNNI
    if (cpu_features & LL_CPU_AVX_VNNI)
        vnni = &ll_unit_avx_vnni;
#endif
#ifdef LL_HAVE_UNIT_AVX512_VNNI
    if (cpu_features & LL_CPU_AVX512_VNNI)
        vnni = &ll_unit_avx512_vnni;
#endif
    loops[n++] = real;
#ifdef LL_HAVE_UNIT_AVX2_MADDUBS
    if (cpu_features & LL_CPU_AVX2)
        loops[n++] = &ll_unit_avx2_maddubs;
#endif
    if (vnni)
        loops[n++] = vnni;
#ifdef LL_HAVE_UNIT_AVX512_BF16
    if (cpu_features & LL_CPU_AVX512_BF16)
        loops[n++] = &ll_unit_avx512_bf16;
#endif
#ifdef LL_HAVE_UNIT_AMX
    if (cpu_features & LL_CPU_AMX)
        loops[n++] = &ll_unit_amx;
#endif
    return n;
}
