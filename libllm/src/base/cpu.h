/* SPDX-License-Identifier: MIT
 * What the processor can do and how many threads this process should use.
 */
#ifndef LL_BASE_CPU_H
#define LL_BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ll_cpu_feature {
    LL_CPU_AVX2 = 1u << 0,   /* with FMA, F16C, BMI2 */
    LL_CPU_AVX512 = 1u << 1, /* F, BW, DQ, VL, CD */
    LL_CPU_AVX512_VNNI = 1u << 2,
    LL_CPU_AVX512_BF16 = 1u << 3,
    LL_CPU_AVX_VNNI = 1u << 4,
    LL_CPU_AMX = 1u << 5,     /* tiles with BF16 and INT8, and AVX-512 VNNI, BF16 and VBMI */
    LL_CPU_NEON = 1u << 6,    /* aarch64: Advanced SIMD */
    LL_CPU_DOTPROD = 1u << 7, /* FEAT_DotProd */
    LL_CPU_I8MM = 1u << 8,    /* FEAT_I8MM */
} ll_cpu_feature;

/* Feature bits of this processor that the operating system has enabled. */
uint32_t ll_cpu_detect(void);

/* The features that this process may use: tiles only if the kernel grants them, which it does for all threads at once.
 * Without tiles those processors are better off without their slow products of BF16 pairs too. */
uint32_t ll_cpu_permitted(uint32_t features);

/* Take away the features that lie above a mask: "ref" leaves none, "avx2" only that, and so on; "native" or NULL leaves
 * all. false: unknown name. */
bool ll_cpu_mask(const char *name, uint32_t *features);
extern const char ll_cpu_mask_names[]; /* "ref|avx2|...|native" */

/* Names of the feature bits, separated by blanks. */
void ll_cpu_describe(uint32_t features, char *out, size_t capacity);

/* Physical cores within the process's affinity and cgroup quota, at least 1. */
uint32_t ll_cpu_default_threads(void);

/* Processors within the affinity of this process, at least 1. */
uint32_t ll_cpu_available(void);

/* The largest cache that a processor reaches, in bytes; 0 when it is not known. */
size_t ll_cpu_cache_bytes(void);

/* The processor's model name as it says itself, or "". */
void ll_cpu_name(char *out, size_t capacity);

#endif
