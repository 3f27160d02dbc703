/* SPDX-License-Identifier: MIT
 * The table of block formats, their decoders against what the `gguf` package makes of the same bytes, and the 16-bit
 * floats against arithmetic in double.
 */
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "quant/quant.h"
}

namespace
{

uint32_t BitsOf(float f)
{
    uint32_t bits;
    std::memcpy(&bits, &f, sizeof bits);
    return bits;
}

template <typename T> T Take(const std::vector<char> &data, size_t &at)
{
    T value = 0;
    EXPECT_LE(at + sizeof value, data.size());
    std::memcpy(&value, data.data() + at, sizeof value);
    at += sizeof value;
    return value;
}

TEST(QuantTable, KnowsSizesAndNothingElse)
{
    struct {
        uint32_t type, elements, bytes;
        const char *name;
        bool decodes;
    } expected[] = {
        {0, 1, 4, "F32", true},        {1, 1, 2, "F16", true},         {2, 32, 18, "Q4_0", true},
        {8, 32, 34, "Q8_0", true},     {9, 32, 40, "Q8_1", false},     {12, 256, 144, "Q4_K", true},
        {14, 256, 210, "Q6_K", true},  {16, 256, 66, "IQ2_XXS", true}, {23, 256, 136, "IQ4_XS", true},
        {28, 1, 8, "F64", true},       {29, 256, 56, "IQ1_M", true},   {30, 1, 2, "BF16", true},
        {34, 256, 54, "TQ1_0", true},  {39, 32, 17, "MXFP4", true},    {40, 64, 36, "NVFP4", true},
        {15, 256, 292, "Q8_K", false}, {41, 128, 18, "Q1_0", true},
    };
    for (const auto &row : expected) {
        const ll_type_traits *traits = ll_type_find(row.type);
        ASSERT_NE(traits, nullptr) << row.name;
        EXPECT_STREQ(traits->name, row.name);
        EXPECT_EQ(traits->type, row.type);
        EXPECT_EQ(traits->block.elements, row.elements) << row.name;
        EXPECT_EQ(traits->block.bytes, row.bytes) << row.name;
        EXPECT_EQ(traits->decode != nullptr, row.decodes) << row.name;
        EXPECT_EQ(ll_type_row_bytes(traits, 3 * row.elements), 3 * row.bytes) << row.name;
        EXPECT_EQ(ll_type_block_size(row.type).bytes, row.bytes) << row.name;
    }
    for (uint32_t removed : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u, 42u, 1000u, 0xFFFFFFFFu}) {
        EXPECT_EQ(ll_type_find(removed), nullptr) << removed;
        EXPECT_EQ(ll_type_block_size(removed).elements, 0u) << removed;
        EXPECT_EQ(ll_type_block_size(removed).bytes, 0u) << removed;
    }
}

/* Blocks of any bytes, as make_quant_golden.py makes them. */
std::vector<uint64_t> RandomBytes(uint64_t seed, size_t n)
{
    std::vector<uint64_t> words((n + 7) / 8);
    for (uint64_t &word : words) {
        seed += 0x9E3779B97F4A7C15;
        uint64_t z = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        word = z ^ z >> 31;
    }
    return words;
}

uint64_t Checksum(const std::vector<float> &values)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < values.size(); i++)
        sum += (std::isnan(values[i]) ? 0x7FC00000 : BitsOf(values[i])) * (2 * i + 1);
    return sum;
}

TEST(QuantDecode, EqualsGgufPackageBitForBit)
{
    std::ifstream file(LIBLLM_TEST_DATA "/quant_golden.bin", std::ios::binary);
    ASSERT_TRUE(file.is_open());
    std::vector<char> data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::set<uint32_t> seen;
    for (size_t at = 0; at < data.size();) {
        const auto type = Take<uint32_t>(data, at), n = Take<uint32_t>(data, at), n_bytes = Take<uint32_t>(data, at);
        const auto n_random = Take<uint32_t>(data, at);
        const auto checksum = Take<uint64_t>(data, at);
        ASSERT_LE(at + n_bytes + n * sizeof(float), data.size());
        const ll_type_traits *traits = ll_type_find(type);
        ASSERT_NE(traits, nullptr) << type;
        ASSERT_NE(traits->decode, nullptr) << traits->name;
        ASSERT_EQ(ll_type_row_bytes(traits, n), n_bytes) << traits->name;
        std::vector<uint64_t> aligned((n_bytes + 7) / 8);
        std::memcpy(aligned.data(), data.data() + at, n_bytes);
        std::vector<float> expected(n), decoded(n + 1, -77.0f);
        std::memcpy(expected.data(), data.data() + at + n_bytes, n * sizeof(float));
        at += n_bytes + n * sizeof(float);
        traits->decode(aligned.data(), decoded.data(), n);
        for (uint32_t i = 0; i < n; i++)
            ASSERT_EQ(BitsOf(decoded[i]), BitsOf(expected[i]))
                << traits->name << " element " << i << ": " << decoded[i] << " instead of " << expected[i];
        EXPECT_EQ(decoded[n], -77.0f) << traits->name << " wrote past the end";
        decoded.resize(n_random * traits->block.elements);
        traits->decode(RandomBytes(type, n_random * traits->block.bytes).data(), decoded.data(), decoded.size());
        EXPECT_EQ(Checksum(decoded), checksum) << traits->name;
        seen.insert(type);
    }
    for (uint32_t type = 0; type < 64; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (!traits || !traits->decode)
            continue;
        EXPECT_EQ(seen.count(type), 1u) << traits->name << " has no golden data";
    }
}

/* The value of F16 bits by definition. */
double HalfValue(uint32_t h)
{
    int exponent = static_cast<int>(h >> 10 & 31);
    double mantissa = h & 1023;
    double size = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    return h & 0x8000 ? -size : size;
}

TEST(Float16, EveryHalfWidensExactly)
{
    for (uint32_t h = 0; h < 0x10000; h++) {
        float f = ll_f16_to_f32(static_cast<uint16_t>(h));
        ASSERT_EQ(std::signbit(f), (h & 0x8000) != 0) << h;
        if ((h & 0x7FFF) > 0x7C00)
            ASSERT_TRUE(std::isnan(f)) << h;
        else if ((h & 0x7FFF) == 0x7C00)
            ASSERT_TRUE(std::isinf(f)) << h;
        else
            ASSERT_EQ(static_cast<double>(f), HalfValue(h)) << h;
    }
}

TEST(Float16, NarrowingRoundsToNearestEven)
{
    const float infinity = std::numeric_limits<float>::infinity();
    for (uint32_t sign : {0u, 0x8000u}) {
        float s = sign ? -1.0f : 1.0f;
        for (uint32_t h = 0; h <= 0x7BFF; h++) {
            float f = static_cast<float>(HalfValue(h));
            ASSERT_EQ(ll_f32_to_f16(s * f), h | sign);
            /* Half-way to the next one (beyond the last: to what would be the next power of two) is exact in float. */
            float middle = static_cast<float>((HalfValue(h) + (h == 0x7BFF ? 65536.0 : HalfValue(h + 1))) / 2);
            ASSERT_EQ(ll_f32_to_f16(s * middle), (h + (h & 1)) | sign) << "tie above " << h;
            ASSERT_EQ(ll_f32_to_f16(s * std::nextafter(middle, 0.0f)), h | sign) << "below the tie above " << h;
            ASSERT_EQ(ll_f32_to_f16(s * std::nextafter(middle, infinity)), (h + 1) | sign) << "beyond the tie " << h;
        }
        EXPECT_EQ(ll_f32_to_f16(s * infinity), 0x7C00u | sign);
        EXPECT_EQ(ll_f32_to_f16(s * 1e30f), 0x7C00u | sign);
        EXPECT_EQ(ll_f32_to_f16(s * 1e-40f), sign);
    }
    for (uint32_t bits : {0x7F800001u, 0x7FC00000u, 0x7FFFFFFFu, 0xFF800001u}) {
        float f;
        std::memcpy(&f, &bits, sizeof f);
        EXPECT_TRUE(std::isnan(ll_f16_to_f32(ll_f32_to_f16(f)))) << bits;
        EXPECT_TRUE(std::isnan(ll_bf16_to_f32(ll_f32_to_bf16(f)))) << bits;
    }
}

TEST(Bfloat16, WidensAndRoundsToNearestEven)
{
    for (uint32_t h = 0; h < 0x10000; h++) {
        float f = ll_bf16_to_f32(static_cast<uint16_t>(h));
        ASSERT_EQ(BitsOf(f), h << 16);
        if ((h & 0x7FFF) > 0x7F80)
            continue;
        ASSERT_EQ(ll_f32_to_bf16(f), h);
        if ((h & 0x7FFF) == 0x7F80)
            continue;
        auto from_bits = [](uint32_t bits) {
            float value;
            std::memcpy(&value, &bits, sizeof value);
            return ll_f32_to_bf16(value);
        };
        ASSERT_EQ(from_bits(h << 16 | 0x7FFF), h);
        ASSERT_EQ(from_bits(h << 16 | 0x8000), h + (h & 1));
        ASSERT_EQ(from_bits(h << 16 | 0x8001), h + 1);
    }
}

} // namespace
