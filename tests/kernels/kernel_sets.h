/* SPDX-License-Identifier: MIT
 * The kernel sets that tests run over, random data, and comparing bits.
 */
#ifndef LL_TESTS_KERNELS_KERNEL_SETS_H
#define LL_TESTS_KERNELS_KERNEL_SETS_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "backend/cpu/kernels.h"
#ifdef LL_TEST_EMULATED_AVX_VNNI
extern const ll_kernels ll_kernels_avx2;
const ll_row_kernel *ll_kernels_avx_vnni_emulated_row(uint32_t type);
const ll_panel_kernel *ll_kernels_avx_vnni_emulated_panel(uint32_t type);
#endif
#ifdef LL_TEST_EMULATED_AVX512
extern const ll_kernels ll_kernels_avx512_emulated;
const ll_row_kernel *ll_kernels_avx512_vnni_emulated_row(uint32_t type);
const ll_panel_kernel *ll_kernels_avx512_vnni_emulated_panel(uint32_t type);
const ll_panel_kernel *ll_avx512_bf16_panel_kernel_emulated(uint32_t type);
const ll_panel_kernel *ll_amx_panel_kernel_emulated(uint32_t type);
void ll_avx512_bf16_round_emulated(const float *x, size_t n, uint16_t *column);
void ll_amx_round_bf16_emulated(const float *x, size_t n, uint16_t *column);
extern const ll_tile_attention ll_amx_attention_emulated;
#endif
#ifdef LL_TEST_EMULATED_TILES
const ll_panel_kernel *ll_amx_panel_kernel_emulated_tiles(uint32_t type);
void ll_amx_round_bf16_emulated_tiles(const float *x, size_t n, uint16_t *column);
extern const ll_tile_attention ll_amx_attention_emulated_tiles;
#endif
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

inline uint32_t BitsOf(float f)
{
    uint32_t bits;
    std::memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Equal bits, any NaN being equal to any other. */
inline bool SameBits(float a, float b) { return BitsOf(a) == BitsOf(b) || (std::isnan(a) && std::isnan(b)); }

inline std::mt19937 &Random()
{
    static std::mt19937 random(12345);
    return random;
}

inline size_t RandomBelow(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(Random()); }

inline std::vector<float> RandomFloats(size_t n, float deviation = 1.0f)
{
    std::normal_distribution<float> normal(0, deviation);
    std::vector<float> values(n);
    for (float &v : values)
        v = normal(Random());
    return values;
}

inline std::vector<std::vector<float>> RandomColumns(size_t n, size_t n_k)
{
    std::vector<std::vector<float>> columns(n);
    for (auto &column : columns)
        column = RandomFloats(n_k);
    return columns;
}

#if defined(__aarch64__)
constexpr const char *kSetNames[] = {"ref", "neon", "dotprod", "i8mm"};
#else
constexpr const char *kSetNames[] = {"ref", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"};
#endif

struct KernelSet {
    std::string name;
    ll_kernels kernels;
};

/* Append the set if this machine can run it. */
inline void AddNative(const char *name, std::vector<KernelSet> *sets)
{
    uint32_t features = ll_cpu_permitted(ll_cpu_detect());
    EXPECT_TRUE(ll_cpu_mask(name, &features));
    const ll_kernels kernels = ll_kernels_choose(features);
    if (std::string(kernels.name) == name)
        sets->push_back({name, kernels});
}

#if defined(LL_TEST_EMULATED_AVX_VNNI) || defined(LL_TEST_EMULATED_AVX512)
inline ll_kernels WithProducts(ll_kernels kernels, const ll_row_kernel *(*row_kernel)(uint32_t),
                               const ll_panel_kernel *(*panel_kernel)(uint32_t))
{
    kernels.row_kernel = row_kernel;
    kernels.panel_kernel = panel_kernel;
    return kernels;
}
#endif

/* The kernel sets that this machine can run. */
inline std::vector<KernelSet> Available()
{
    std::vector<KernelSet> sets;
    for (const char *name : kSetNames)
        AddNative(name, &sets);
    if ((ll_cpu_detect() & LL_CPU_AVX2) == 0)
        return sets;
#ifdef LL_TEST_EMULATED_AVX_VNNI
    sets.push_back({"avx_vnni_emulated", WithProducts(ll_kernels_avx2, ll_kernels_avx_vnni_emulated_row,
                                                      ll_kernels_avx_vnni_emulated_panel)});
#endif
#ifdef LL_TEST_EMULATED_AVX512
    sets.push_back({"avx512_emulated", ll_kernels_avx512_emulated});
    sets.push_back(
        {"avx512_vnni_emulated", WithProducts(ll_kernels_avx512_emulated, ll_kernels_avx512_vnni_emulated_row,
                                              ll_kernels_avx512_vnni_emulated_panel)});
#endif
    return sets;
}

inline ll_kernels WithPanels(ll_kernels kernels, const ll_panel_kernel *(*panel_kernel)(uint32_t),
                             void (*round_bf16)(const float *, size_t, uint16_t *),
                             const ll_tile_attention *tile_attention = nullptr)
{
    kernels.panel_kernel = panel_kernel;
    kernels.round_bf16 = round_bf16;
    kernels.tile_attention = tile_attention;
    return kernels;
}

/* These and, emulated, the sets that differ from one of them in their panels and tiles alone. */
inline std::vector<KernelSet> AvailablePanels()
{
    std::vector<KernelSet> sets = Available();
    if ((ll_cpu_detect() & LL_CPU_AVX2) == 0)
        return sets;
#ifdef LL_TEST_EMULATED_AVX512
    sets.push_back({"avx512_bf16_emulated", WithPanels(
                                                ll_kernels_avx512_emulated,
                                                [](uint32_t type) {
                                                    auto *kernel = ll_avx512_bf16_panel_kernel_emulated(type);
                                                    return kernel ? kernel : ll_kernels_ref.panel_kernel(type);
                                                },
                                                ll_avx512_bf16_round_emulated)});
    sets.push_back({"amx_emulated", WithPanels(
                                        ll_kernels_avx512_emulated,
                                        [](uint32_t type) {
                                            auto *kernel = ll_amx_panel_kernel_emulated(type);
                                            return kernel ? kernel : ll_kernels_ref.panel_kernel(type);
                                        },
                                        ll_amx_round_bf16_emulated, &ll_amx_attention_emulated)});
#endif
#ifdef LL_TEST_EMULATED_TILES
    if (__builtin_cpu_supports("avx512vbmi") && (ll_cpu_detect() & LL_CPU_AVX512_BF16))
        sets.push_back({"amx_emulated_tiles", WithPanels(
                                                  ll_kernels_ref,
                                                  [](uint32_t type) {
                                                      auto *kernel = ll_amx_panel_kernel_emulated_tiles(type);
                                                      return kernel ? kernel : ll_kernels_ref.panel_kernel(type);
                                                  },
                                                  ll_amx_round_bf16_emulated_tiles, &ll_amx_attention_emulated_tiles)});
#endif
    return sets;
}

inline std::string NameOf(const testing::TestParamInfo<KernelSet> &info) { return info.param.name; }

class Kernels : public testing::TestWithParam<KernelSet>
{
  protected:
    const ll_kernels *kernels_ = &GetParam().kernels;
};

class Panels : public Kernels
{
};

#endif
