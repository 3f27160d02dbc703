/* SPDX-License-Identifier: MIT
 * The encoders of the block formats: their errors against those of llama.cpp on the same values, and what they make of
 * values that no weight should have. (tests/golden/compare_encoders.py compares on real weights.)
 */
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

extern "C" {
#include "quant/quant.h"
}

namespace
{

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/* n values, distributed as sums of four equal distributions are; the same on every machine. */
std::vector<float> Bell(uint64_t seed, size_t n)
{
    std::vector<float> values(n);
    for (float &value : values) {
        seed += 0x9E3779B97F4A7C15;
        uint64_t z = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        z ^= z >> 31;
        int sum = -131070;
        for (int i = 0; i < 4; i++)
            sum += static_cast<int>(z >> 16 * i & 0xFFFF);
        value = static_cast<float>(sum) * 0x1p-17f;
    }
    return values;
}

std::vector<const ll_type_traits *> Encoded()
{
    std::vector<const ll_type_traits *> found;
    for (uint32_t type = 0; type < 64; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (traits && traits->encode)
            found.push_back(traits);
    }
    return found;
}

/* Formats with a scale: all but the plain numbers. */
std::vector<const ll_type_traits *> EncodedBlocks()
{
    std::vector<const ll_type_traits *> found;
    for (const ll_type_traits *traits : Encoded()) {
        if (traits->block.elements > 1)
            found.push_back(traits);
    }
    return found;
}

std::vector<uint8_t> Encode(const ll_type_traits *traits, const std::vector<float> &x,
                            const float *importance = nullptr)
{
    std::vector<uint8_t> blocks(ll_type_row_bytes(traits, x.size()) + 1, 0x77);
    traits->encode(x.data(), importance, blocks.data(), x.size());
    EXPECT_EQ(blocks.back(), 0x77) << traits->name << " wrote past the end";
    blocks.pop_back();
    return blocks;
}

std::vector<float> Decode(const ll_type_traits *traits, const std::vector<uint8_t> &blocks, size_t n)
{
    std::vector<float> values(n);
    traits->decode(blocks.data(), values.data(), n);
    return values;
}

double Error(const std::vector<float> &a, const std::vector<float> &b, const std::vector<float> &importance = {})
{
    double sum = 0;
    for (size_t i = 0; i < a.size(); i++) {
        double error = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += error * error * (importance.empty() ? 1.0 : static_cast<double>(importance[i % importance.size()]));
    }
    return std::sqrt(sum);
}

TEST(Encode, KnowsItsFormats)
{
    std::string names;
    for (const ll_type_traits *traits : Encoded()) {
        EXPECT_NE(traits->decode, nullptr) << traits->name;
        names += std::string(traits->name) + " ";
    }
    EXPECT_EQ(names, "F32 F16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS BF16 MXFP4 ");
}

TEST(Encode, PlainNumbersAreRounded)
{
    const std::vector<float> x = {0.0f, -1.5f, 1.0f / 3, 1e-7f, 65504.0f, kInfinity, -kInfinity, kNan};
    for (const ll_type_traits *traits : Encoded()) {
        if (traits->block.elements > 1)
            continue;
        auto values = Decode(traits, Encode(traits, x), x.size());
        for (size_t i = 0; i < 5; i++)
            EXPECT_NEAR(values[i], x[i], std::fabs(x[i]) * 0x1p-8f + 1e-7f) << traits->name;
        EXPECT_EQ(values[5], kInfinity);
        EXPECT_EQ(values[6], -kInfinity);
        EXPECT_TRUE(std::isnan(values[7]));
    }
}

/* The errors of llama.cpp 0.25.3 (ggml_quantize_chunk) on 32 rows of 1024 values without and with importance. */
TEST(Encode, ErrorIsAtMostThatOfLlamaCpp)
{
    const size_t n = 1024, n_rows = 32;
    struct {
        uint32_t type;
        double plain, weighted;
    } expected[] = {
        {LL_TYPE_Q4_0, 4.2765, 1.8753},  {LL_TYPE_Q4_1, 3.9435, 1.6052},   {LL_TYPE_Q5_0, 2.1153, 0.9310},
        {LL_TYPE_Q5_1, 1.9093, 0.7763},  {LL_TYPE_Q8_0, 0.2653, 0.1267},   {LL_TYPE_Q2_K, 15.0239, 6.1323},
        {LL_TYPE_Q3_K, 7.6195, 3.3528},  {LL_TYPE_Q4_K, 3.5933, 1.6273},   {LL_TYPE_Q5_K, 1.8195, 0.8190},
        {LL_TYPE_Q6_K, 0.8805, 0.3974},  {LL_TYPE_IQ4_NL, 3.8634, 1.7733}, {LL_TYPE_IQ4_XS, 3.8937, 1.7901},
        {LL_TYPE_MXFP4, 5.7879, 2.7773},
    };
    EXPECT_EQ(std::size(expected), EncodedBlocks().size());
    std::vector<float> x = Bell(7, n * n_rows), importance = Bell(8, n);
    for (float &weight : importance)
        weight = std::fabs(weight) + 0.01f;
    for (const auto &row : expected) {
        const ll_type_traits *traits = ll_type_find(row.type);
        double plain = 0, weighted = 0;
        for (size_t r = 0; r < n_rows; r++) {
            std::vector<float> values(x.begin() + static_cast<ptrdiff_t>(r * n),
                                      x.begin() + static_cast<ptrdiff_t>(r * n + n));
            plain += std::pow(Error(Decode(traits, Encode(traits, values), n), values), 2);
            weighted +=
                std::pow(Error(Decode(traits, Encode(traits, values, importance.data()), n), values, importance), 2);
        }
        EXPECT_LE(std::sqrt(plain), 1.0 * row.plain) << traits->name;
        EXPECT_LE(std::sqrt(weighted), 1.01 * row.weighted) << traits->name;
    }
}

/* What a format holds it gives back, if the values reach its first or last level. */
TEST(Encode, FindsDecodedBlocksAgain)
{
    for (uint32_t type : {LL_TYPE_F32, LL_TYPE_F16, LL_TYPE_BF16, LL_TYPE_Q4_0, LL_TYPE_Q4_1, LL_TYPE_Q5_0,
                          LL_TYPE_Q5_1, LL_TYPE_Q8_0, LL_TYPE_IQ4_NL, LL_TYPE_MXFP4}) {
        const ll_type_traits *traits = ll_type_find(type);
        for (uint64_t seed = 1; seed < 100; seed++) {
            std::vector<float> x = Bell(seed, 32);
            for (float &v : x)
                v *= std::ldexp(1.0f, static_cast<int>(seed % 9) - 6);
            if (type == LL_TYPE_Q4_1 || type == LL_TYPE_Q5_1) {
                /* Of an offset near the values, as otherwise its rounding to F16 is far from theirs. */
                const float d = ll_f16_to_f32(ll_f32_to_f16(std::fabs(x[0]) + 0.01f)), m = -4 * d;
                for (size_t i = 0; i < x.size(); i++)
                    x[i] = d * static_cast<float>(i % (type == LL_TYPE_Q4_1 ? 16 : 32)) + m;
            } else if (type != LL_TYPE_MXFP4) {
                /* The scale that makes the largest value the first level. */
                float *peak = &x[0];
                for (float &v : x)
                    peak = std::fabs(v) > std::fabs(*peak) ? &v : peak;
                const float first = type == LL_TYPE_Q4_0 ? -8 : type == LL_TYPE_Q5_0 ? -16 : -127;
                const float d = ll_f16_to_f32(ll_f32_to_f16(*peak / first));
                for (float &v : x) {
                    float q = std::nearbyint(v / d);
                    if (type != LL_TYPE_IQ4_NL)
                        v = d * std::fmin(std::fmax(q, first), -first - 1);
                }
                *peak = d * first;
            }
            auto once = Decode(traits, Encode(traits, x), x.size());
            auto twice = Decode(traits, Encode(traits, once), x.size());
            if (type != LL_TYPE_IQ4_NL && type != LL_TYPE_MXFP4 && type != LL_TYPE_F16 && type != LL_TYPE_BF16) {
                for (size_t i = 0; i < x.size(); i++)
                    ASSERT_EQ(once[i], x[i]) << traits->name << " seed " << seed << " element " << i;
            }
            double change = Error(once, twice), size = Error(once, std::vector<float>(x.size()));
            EXPECT_LE(change, 1e-6 * size) << traits->name << " seed " << seed;
        }
    }
}

TEST(Encode, ZerosAndConstants)
{
    for (const ll_type_traits *traits : EncodedBlocks()) {
        const std::vector<float> zeros(512, 0.0f), minus(512, -0.0f);
        for (float value : Decode(traits, Encode(traits, zeros), 512))
            EXPECT_EQ(value, 0.0f) << traits->name;
        for (float value : Decode(traits, Encode(traits, minus), 512))
            EXPECT_EQ(value, 0.0f) << traits->name;
        for (float constant : {1.0f, -0.75f, 0.01f}) {
            for (float value : Decode(traits, Encode(traits, std::vector<float>(512, constant)), 512))
                ASSERT_NEAR(value, constant, (traits->type == LL_TYPE_MXFP4 ? 0.2f : 0.01f) * std::fabs(constant))
                    << traits->name;
        }
    }
}

TEST(Encode, OneLargeValueIsKept)
{
    for (const ll_type_traits *traits : EncodedBlocks()) {
        for (float large : {100.0f, -100.0f}) {
            std::vector<float> x = Bell(3, 512);
            x[77] = large;
            auto values = Decode(traits, Encode(traits, x), 512);
            EXPECT_NEAR(values[77], large, 0.26f * std::fabs(large)) << traits->name;
        }
    }
}

TEST(Encode, StaysFinite)
{
    for (const ll_type_traits *traits : EncodedBlocks()) {
        for (float odd : {kNan, kInfinity, -kInfinity, 3e38f, -3e38f, 1e20f, 1e-40f, -1e-45f, 1e-30f, 6e-8f}) {
            for (size_t step : {1, 3, 512}) {
                std::vector<float> x = Bell(5, 512);
                for (size_t i = 0; i < x.size(); i += step)
                    x[i] = odd;
                auto blocks = Encode(traits, x);
                for (float value : Decode(traits, blocks, 512))
                    ASSERT_TRUE(std::isfinite(value)) << traits->name << " " << odd;
                if (!std::isnan(odd))
                    continue;
                for (float &v : x)
                    v = std::isnan(v) ? 0.0f : v;
                EXPECT_TRUE(Encode(traits, x) == blocks) << traits->name << ": a NaN counts as 0";
            }
        }
    }
}

TEST(Encode, AnyImportanceWillDo)
{
    const std::vector<float> x = Bell(5, 512);
    for (const ll_type_traits *traits : EncodedBlocks()) {
        const auto plain = Encode(traits, x);
        for (float odd : {0.0f, 1.0f, -1.0f, kNan, kInfinity, 3e38f, 1e-45f, 1e-20f}) {
            std::vector<float> importance(512, odd);
            if (odd > 0 && odd < 1) { /* whose inverse is rounded */
                EXPECT_NEAR(
                    Error(Decode(traits, Encode(traits, x, importance.data()), 512), Decode(traits, plain, 512)), 0,
                    0.1)
                    << traits->name << " " << odd;
            } else {
                EXPECT_TRUE(Encode(traits, x, importance.data()) == plain) << traits->name << " " << odd;
            }
            for (size_t i = 0; i < 512; i += 2)
                importance[i] = 1.0f;
            for (float value : Decode(traits, Encode(traits, x, importance.data()), 512))
                ASSERT_TRUE(std::isfinite(value) && std::fabs(value) < 4) << traits->name << " " << odd;
        }
    }
}

TEST(Encode, BlocksDoNotDependOnEachOther)
{
    const std::vector<float> x = Bell(9, 1024), importance = Bell(10, 1024);
    for (const ll_type_traits *traits : Encoded()) {
        auto together = Encode(traits, x, importance.data());
        std::vector<uint8_t> apart;
        for (size_t k = 0; k < x.size(); k += 256) {
            std::vector<float> part(x.begin() + static_cast<ptrdiff_t>(k), x.begin() + static_cast<ptrdiff_t>(k + 256));
            auto blocks = Encode(traits, part, importance.data() + k);
            apart.insert(apart.end(), blocks.begin(), blocks.end());
        }
        EXPECT_TRUE(together == apart) << traits->name;
        EXPECT_TRUE(together == Encode(traits, x, importance.data())) << traits->name;
    }
}

} // namespace
