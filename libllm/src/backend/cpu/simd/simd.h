/* SPDX-License-Identifier: MIT
 * The vectors of the instruction set that the including file has chosen, under one set of names, so that kernels are
 * written once. Only static inline code: nothing compiled with one instruction set may be linked to by another.
 *
 * vf: VF_LANES floats; + - * / are GCC's vector operators and round each step, vf_fma() rounds once.
 * vi: the same number of 32-bit integers, also the result of comparing two vf (all bits set where true), or four bytes
 * in each lane. vu: the same, unsigned.
 */
#ifndef LL_BACKEND_CPU_SIMD_SIMD_H
#define LL_BACKEND_CPU_SIMD_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Kernels are functions of constants (format, shape of a tile) that are inlined and unrolled into one loop each. A
 * build with a sanitizer defines LL_KERNELS_SMALL: the same code as plain functions, which compiles in seconds. */
#ifdef LL_KERNELS_SMALL
#define ALWAYS_INLINE static inline
#define UNROLL
#else
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define NO_UNROLL _Pragma("GCC unroll 1")

/* KERNELS is what the including file calls its kernels, and the beginning of the names of those that others share. */
#define JOIN_NAMES(set, name) set##_##name
#define NAME_IN(set, name) JOIN_NAMES(set, name)

/* 16 bytes as they lie in memory, four words. */
typedef int32_t quad __attribute__((vector_size(16)));

ALWAYS_INLINE quad quad_load(const void *p)
{
    quad a;
    memcpy(&a, p, sizeof a);
    return a;
}

ALWAYS_INLINE uint32_t load_word(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

ALWAYS_INLINE uint16_t load_half(const uint8_t *p)
{
    uint16_t half;
    memcpy(&half, p, sizeof half);
    return half;
}

#if defined(__aarch64__)
#include "backend/cpu/arm/vectors.inc"
#else
#include "backend/cpu/x86/vectors.inc"
#endif

/* The order of 16-bit activations. In a stretch of 256, of which there may be several, a vector has four of each lane's
 * part of 32, or half of it: see stretch.inc. What is left lies in pairs of vectors, the first halves of some blocks of
 * 32 in the first one, and their other halves in the same lanes of the second. */
enum { ACT_GROUP = 8 * VF_LANES };

ALWAYS_INLINE size_t pair_place(size_t i) /* where 16 activations from i on lie */
{
    const size_t block = i % ACT_GROUP / 32, half = i / 16 % 2;
    return i / ACT_GROUP * ACT_GROUP + half * (ACT_GROUP / 2) + block * 16;
}

ALWAYS_INLINE vf vf_zero(void) { return vf_set1(0.0f); }

ALWAYS_INLINE vf vf_high_halves(vi a) { return vf_low_halves(vi_right(a, 16)); }

/* Bits 4 g to 4 g + 3 of each lane as a byte each, 16 where the bit is set. */
ALWAYS_INLINE vi vi_bits_as_16(vi a, size_t g)
{
    const quad order = (quad){0, 0x04040404, 0x08080808, 0x0C0C0C0C} + (int32_t)(g / 2) * 0x01010101;
    const vi bits = vi_set1(g % 2 ? (int32_t)0x80402010u : 0x08040201);
    return vi_bytes_equal(vi_shuffle_bytes(a, order) & bits, bits) & 0x10101010;
}

/* The first n floats, n <= VF_LANES; the others 0. */
ALWAYS_INLINE vf load_few(const float *p, size_t n) { return n == VF_LANES ? vf_load(p) : vf_load_n(p, n); }

/* Four bytes in every lane. */
ALWAYS_INLINE vi vi_broadcast_bytes(const int8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return vi_set1(four);
}

/* The first n halves of what may end there. */
ALWAYS_INLINE vf vf_load_f16_n(const uint16_t *p, size_t n)
{
    uint16_t copy[VF_LANES] = {0};
    memcpy(copy, p, n * sizeof *p);
    return vf_load_f16(copy);
}
ALWAYS_INLINE vf vf_load_bf16_n(const uint16_t *p, size_t n)
{
    uint16_t copy[VF_LANES] = {0};
    memcpy(copy, p, n * sizeof *p);
    return vf_load_bf16(copy);
}

#endif
