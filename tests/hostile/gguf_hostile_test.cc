/* SPDX-License-Identifier: MIT
 * GGUF files that are wrong on purpose, case by case (GG01 to GG14), then every small change of a small file. Each
 * is refused with a message that says where, or accepted and then usable; each costs little memory and no leak.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "gguf_builder.h"

extern "C" {
#include "base/map.h"
}

using gguf::block_size;
using gguf::Builder;
using gguf::bytes_of;
using gguf::CountingHost;
using gguf::string_of;
using gguf::Tensor;

namespace
{

constexpr libllm_status corrupt = LIBLLM_ERROR_CORRUPT_FILE, unsupported = LIBLLM_ERROR_UNSUPPORTED,
                        limit = LIBLLM_ERROR_LIMIT;
constexpr uint64_t huge = UINT64_MAX;
using numbers = std::vector<uint64_t>;

struct Outcome {
    libllm_status status;
    std::string message;
    size_t peak;
};

/* Parse a copy that ends where its memory ends, use what is accepted, and check what holds for every file. */
Outcome parse(const std::string &bytes, const libllm_limits *limits = nullptr)
{
    std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
    memcpy(copy.get(), bytes.data(), bytes.size());
    CountingHost counting;
    if (limits)
        counting.host.limits = *limits;
    libllm_error error = {};
    ll_gguf file;
    libllm_status status =
        ll_gguf_parse(&counting.host, copy.get(), bytes.size(), "test.gguf", block_size, &file, &error);
    if (status == LIBLLM_OK) {
        gguf::touch(file);
        ll_gguf_close(&file);
    } else {
        EXPECT_EQ(file.host, nullptr);
        EXPECT_EQ(error.status, status);
        EXPECT_EQ(std::string(error.message).find("test.gguf: "), 0u) << error.message;
    }
    EXPECT_EQ(counting.now, 0u) << "leak";
    EXPECT_LE(counting.peak, 8 * bytes.size() + (1 << 20));
    return {status, error.message, counting.peak};
}

void refuse(const std::string &bytes, libllm_status status, const std::vector<std::string> &parts,
            const libllm_limits *limits = nullptr)
{
    Outcome outcome = parse(bytes, limits);
    EXPECT_EQ(outcome.status, status) << outcome.message;
    for (const std::string &part : parts)
        EXPECT_NE(outcome.message.find(part), std::string::npos) << '"' << part << "\" is not in: " << outcome.message;
}

void accept(const std::string &bytes)
{
    Outcome outcome = parse(bytes);
    EXPECT_EQ(outcome.status, LIBLLM_OK) << outcome.message;
}

std::string header(uint32_t version, uint64_t n_tensors, uint64_t n_values)
{
    return "GGUF" + bytes_of(version) + bytes_of(n_tensors) + bytes_of(n_values);
}

/* A file whose only entry starts with the given bytes. */
std::string one_entry(const std::string &bytes) { return header(3, 0, 1) + bytes + std::string(64, '\0'); }

std::string one_value(uint32_t type, const std::string &value)
{
    return one_entry(string_of("some.key") + bytes_of(type) + value);
}

std::string array_of(uint32_t type, uint64_t count) { return bytes_of(type) + bytes_of(count); }

std::string one_tensor(const Tensor &tensor) { return Builder().tensor(tensor).build(); }

TEST(GgufHostile, GG01_Truncated)
{
    std::string whole = header(3, 0, 0);
    accept(whole);
    for (size_t n = 0; n < whole.size(); n++)
        refuse(whole.substr(0, n), corrupt,
               {"truncated at offset " + std::to_string(n < 4 ? 0 : n / 8 * 8 + (n < 8) * 4)});
    refuse("GGUF", corrupt, {"truncated at offset 4", "version"});
    refuse("GGML" + whole.substr(4), corrupt, {"not a GGUF file", "offset 0"});
}

TEST(GgufHostile, GG02_Version)
{
    for (uint32_t version : {0u, 1u, 4u, UINT32_MAX})
        refuse(header(version, 0, 0), unsupported, {"GGUF version " + std::to_string(version)});
    refuse(header(0x03000000, 0, 0), unsupported, {"big-endian", "version 3"});
    refuse(header(0x02000000, 0, 0), unsupported, {"big-endian", "version 2"});
    accept(header(2, 0, 0));
}

TEST(GgufHostile, GG03_Counts)
{
    for (uint64_t count : numbers{1ull << 63, huge, 1ull << 40, huge / 33 + 1, huge / 14 + 1, 10}) {
        refuse(header(3, count, 0) + std::string(40, '\0'), corrupt, {std::to_string(count) + " tensors", "offset 24"});
        refuse(header(3, 0, count) + std::string(40, '\0'), corrupt, {std::to_string(count) + " keys", "offset 24"});
    }
    refuse(header(3, huge / 33, huge / 14) + std::string(40, '\0'), corrupt, {"do not fit"});
    refuse(header(3, huge / 33, 4) + std::string(64, '\0'), corrupt, {"do not fit"}); /* together 2^64 and a little */
    /* What the bytes allow, the limits still bound. */
    refuse(header(3, 0, 65537) + std::string(65537 * 14, '\0'), limit, {"65537 keys", "gguf_entries is 65536"});
    refuse(header(3, 262145, 0) + std::string(262145 * 33, '\0'), limit, {"262145 tensors", "limit tensors is 262144"});
}

TEST(GgufHostile, GG04_Keys)
{
    for (uint64_t size : numbers{huge, 1ull << 31, 1ull << 63, 200})
        refuse(one_entry(bytes_of(size) + "key"), corrupt, {"key 0", "offset 32", std::to_string(size)});
    refuse(one_entry(string_of("")), corrupt, {"key 0 at offset 24", "empty"});
    std::string longest(65535, 'k');
    accept(Builder().u32(longest, 1).build());
    refuse(Builder().u32("a", 1).u32(longest + "k", 1).build(), limit,
           {"key 1 at offset", "65536", "key_bytes is 65535"});
    refuse(one_entry(string_of(std::string("a\0b", 3))), corrupt, {"key 0", "NUL"});
    for (const char *bad : {"\xFF", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80"})
        refuse(one_entry(string_of(bad)), corrupt, {"key 0", "not valid UTF-8"});
    /* A long key does not push the reason out of the message. */
    refuse(Builder().entry(longest, 99, "").entry("b", 4, "1234").build(), corrupt, {"key \"kkk", "type 99"});
}

TEST(GgufHostile, GG05_StringLength)
{
    for (uint64_t size : numbers{huge, huge - 7, 1ull << 63, 65})
        refuse(one_value(LL_GGUF_STRING, bytes_of(size)), corrupt,
               {"key \"some.key\" at offset 24", "truncated at offset 52", std::to_string(size)});
    refuse(one_value(LL_GGUF_STRING, string_of("\xFE")), corrupt, {"key \"some.key\"", "not valid UTF-8"});
}

TEST(GgufHostile, GG06_ArrayCounts)
{
    for (uint64_t count : numbers{1ull << 61, huge, (huge >> 3) + 1, 9})
        refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_U64, count)), corrupt,
               {"key \"some.key\"", "truncated at offset 56", std::to_string(count) + " of type u64"});
    refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_STRING, 1u << 30)), corrupt,
           {"key \"some.key\"", "1073741824 of"});
    refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_U8, huge)), corrupt, {"key \"some.key\"", "of type u8"});
    refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_STRING, 2) + string_of("fine") + bytes_of(huge)), corrupt,
           {"key \"some.key\"", "truncated at offset 76"});
}

TEST(GgufHostile, GG07_ArrayTypes)
{
    std::string nested;
    for (int depth = 0; depth < 1000; depth++)
        nested += array_of(LL_GGUF_ARRAY, 1);
    refuse(one_value(LL_GGUF_ARRAY, nested), limit, {"key \"some.key\"", "nested more than 2 deep"});
    std::string two = array_of(LL_GGUF_ARRAY, 1) + array_of(LL_GGUF_U8, 1) + "x";
    accept(Builder().entry("two", LL_GGUF_ARRAY, two).build());
    for (uint64_t count : numbers{huge, 1ull << 62, 6})
        refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_ARRAY, count)), corrupt,
               {"key \"some.key\"", std::to_string(count) + " of type array"});
    for (uint32_t type : {13u, 99u, 0x80000000u, UINT32_MAX}) {
        std::string name = "unknown value type " + std::to_string(type);
        refuse(one_value(type, ""), corrupt, {"key \"some.key\"", name});
        refuse(one_value(LL_GGUF_ARRAY, array_of(type, 1)), corrupt, {"key \"some.key\"", name});
        refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_ARRAY, 1) + array_of(type, 1)), corrupt,
               {"\"some.key\"", name});
    }
}

TEST(GgufHostile, GG08_BoolsAndDuplicates)
{
    refuse(one_value(LL_GGUF_BOOL, "\2"), corrupt, {"key \"some.key\"", "bool at offset 44 is 2"});
    refuse(one_value(LL_GGUF_ARRAY, array_of(LL_GGUF_BOOL, 3) + std::string("\0\1\xFF", 3)), corrupt,
           {"key \"some.key\"", "bool at offset 58 is 255"});
    refuse(Builder().u32("k", 1).u32("l", 1).string("k", "x").build(), corrupt, {"key \"k\" at offset 58", "twice"});
    refuse(Builder().f32("t", {1}).f32("u", {1}).f32("t", {2}).build(), corrupt, {"tensor \"t\"", "twice"});
}

TEST(GgufHostile, GG09_Alignment)
{
    for (uint32_t alignment : {0u, 1u, 2u, 3u, 4u, 33u, 96u, 1u << 17, 1u << 31, UINT32_MAX})
        refuse(Builder().u32("general.alignment", alignment).f32("t", {1}).build(), corrupt,
               {"key \"general.alignment\" is " + std::to_string(alignment), "power of two"});
    refuse(Builder().string("general.alignment", "32").build(), corrupt, {"key \"general.alignment\" is string"});
    refuse(Builder().number<float>("general.alignment", LL_GGUF_F32, 32).build(), corrupt,
           {"\"general.alignment\" is f32"});
    refuse(Builder().number<int32_t>("general.alignment", LL_GGUF_I32, -32).build(), corrupt,
           {"\"general.alignment\""});
    refuse(Builder().number<uint64_t>("general.alignment", LL_GGUF_U64, (1ull << 32) + 32).build(), corrupt,
           {"\"general.alignment\""});
    refuse(Builder().u32("general.alignment", 32).u32("general.alignment", 64).build(), corrupt, {"twice"});
}

TEST(GgufHostile, GG10_NumberOfDimensions)
{
    for (uint64_t n_dims : numbers{0, 5, 1u << 31, UINT32_MAX}) {
        Builder b;
        b.n_dims = n_dims;
        refuse(b.f32("t", {1, 1, 1, 1}).build(), corrupt,
               {"tensor \"t\" at offset 24", std::to_string(n_dims) + " dimensions, expected 1 to 4"});
    }
}

TEST(GgufHostile, GG11_Dimensions)
{
    const std::vector<std::pair<std::vector<uint64_t>, const char *>> cases = {
        {{1ull << 32, 1ull << 32, 1, 1}, "product of its dimensions overflows"},
        {{1ull << 62, 1, 4, 1}, "product of its dimensions overflows"},
        {{1ull << 31, 1ull << 31, 2, 1}, "size overflows"},
        {{1ull << 31, 1ull << 31, 2, 2}, "product of its dimensions overflows"},
        {{1ull << 62, 0, 1ull << 62, 2}, "dimension 1 is 0"},
        {{0}, "dimension 0 is 0"},
        {{1, 1, 1, 0}, "dimension 3 is 0"},
        {{huge}, "dimension 0 is -1"},
        {{1, 1ull << 63}, "dimension 1 is -9223372036854775808"},
        {{1ull << 62}, "size overflows"},
        {{INT64_MAX}, "size overflows"},
        {{(1ull << 62) - 1}, "offset 0 and size 18446744073709551612 overflow"},
        {{1ull << 40}, "but the file ends at"},
    };
    for (const auto &[ne, part] : cases)
        refuse(one_tensor({"t", ne, 0, "data", {}}), corrupt, {"tensor \"t\"", part});
}

TEST(GgufHostile, GG12_TypesAndRows)
{
    for (uint32_t type : {UINT32_MAX, 38u, 4u, 5u, 31u, 36u, 1u << 31})
        refuse(one_tensor({"t", {32}, type, std::string(64, 'x'), {}}), unsupported,
               {"tensor \"t\"", "unknown tensor type " + std::to_string(type)});
    refuse(one_tensor({"t", {48}, 8, std::string(51, 'x'), {}}), corrupt,
           {"tensor \"t\"", "rows of 48", "multiple of 32"});
    /* 64 elements are two blocks, but no row is. */
    refuse(one_tensor({"t", {16, 4}, 8, std::string(68, 'x'), {}}), corrupt, {"tensor \"t\"", "rows of 16"});
    refuse(one_tensor({"t", {32}, 12, std::string(144, 'x'), {}}), corrupt, {"tensor \"t\"", "multiple of 256"});
}

TEST(GgufHostile, GG13_Offsets)
{
    const std::string data(64, 'x');
    for (uint64_t offset : numbers{huge - 31, huge - 63, 1ull << 63})
        refuse(one_tensor({"t", {16}, 0, data, offset}), corrupt,
               {"tensor \"t\"", std::to_string(offset).substr(0, 12)});
    for (uint64_t offset : numbers{32, 64, 1ull << 40})
        refuse(one_tensor({"t", {16}, 0, data, offset}), corrupt,
               {"tensor \"t\"", "64 bytes at offset", "file ends at"});
    for (uint64_t offset : numbers{1, 16, 33})
        refuse(one_tensor({"t", {1}, 0, data, offset}), corrupt, {"tensor \"t\"", "multiple of the alignment 32"});
    Tensor a = {"a", {16}, 0, data, 0}, b = {"b", {16}, 0, data, 64};
    accept(Builder().tensor(a).tensor(b).build());
    b.offset = 32;
    refuse(Builder().tensor(a).tensor(b).build(), corrupt, {"tensor \"a\"", "overlaps tensor \"b\""});
    refuse(Builder().tensor(b).tensor(a).build(), corrupt, {"tensor \"a\"", "overlaps tensor \"b\""});
    b.offset = 0;
    refuse(Builder().tensor(a).tensor(b).build(), corrupt, {"overlaps"});
    /* By one byte. */
    Tensor bytes = {"bytes", {33}, 24, std::string(33, 'x'), 0};
    b.offset = 32;
    refuse(Builder().tensor(bytes).tensor(b).build(), corrupt, {"overlaps tensor"});
    b.offset = 0;
    /* Descending is allowed: nothing overlaps. */
    a.offset = 64;
    accept(Builder().tensor(a).tensor(b).build());
    /* One inside the other, a third between them in the table. */
    Tensor wide = {"wide", {64}, 0, std::string(256, 'x'), 0}, inside = {"inside", {1}, 0, "", 128};
    Tensor behind = {"behind", {1}, 0, std::string(4, 'x'), 256};
    refuse(Builder().tensor(inside).tensor(behind).tensor(wide).build(), corrupt,
           {"\"wide\"", "overlaps", "\"inside\""});
}

TEST(GgufHostile, GG14_Sums)
{
    /* Each size is fine, their sum is 2^64. */
    Builder b;
    for (int i = 0; i < 4; i++)
        b.tensor({std::string(1, (char)('a' + i)), {1ull << 60}, 0, "", (uint64_t)i << 62});
    refuse(b.build(), corrupt, {"tensor \"a\"", "file ends at"});
    std::string whole = Builder().f32("a", {5}).f32("b", {5}).build();
    accept(whole);
    refuse(whole.substr(0, whole.size() - 1), corrupt, {"tensor \"b\"", "20 bytes at offset", "file ends at"});
    /* The table ends where the file ends, and the padding before the data would go past it. */
    Builder table;
    table.no_data = true;
    refuse(table.f32("t", {1}).build(), corrupt, {"tensor \"t\""});
}

TEST(GgufHostile, TensorNames)
{
    accept(Builder().f32(std::string(64, 'n'), {1}).build());
    refuse(Builder().f32(std::string(65, 'n'), {1}).build(), limit, {"tensor 0 at offset 24", "65 bytes", "is 64"});
    refuse(Builder().f32("", {1}).f32("long enough", {1}).build(), corrupt, {"tensor 0", "empty"});
    refuse(Builder().f32("\xFF", {1}).build(), corrupt, {"tensor 0", "UTF-8"});
    refuse(Builder().f32(std::string("a\0", 2), {1}).build(), corrupt, {"tensor 0", "NUL"});
}

TEST(GgufHostile, LimitsAreTheHosts)
{
    ll_host host;
    ll_host_init(&host);
    libllm_limits limits = host.limits;
    limits.string_bytes = 3;
    refuse(Builder().string("k", "four").build(), limit, {"key \"k\"", "string_bytes is 3"}, &limits);
    refuse(Builder().strings("k", {"a", "four"}).build(), limit, {"key \"k\"", "string 1", "string_bytes is 3"},
           &limits);
    EXPECT_EQ(parse(Builder().string("k", "123").build(), &limits).status, LIBLLM_OK);
    limits.array_elements = 2;
    refuse(Builder().array("k", LL_GGUF_U8, 3, "abc").build(), limit, {"key \"k\"", "array_elements is 2"}, &limits);
    std::string inner = array_of(LL_GGUF_U8, 0);
    refuse(Builder().array("k", LL_GGUF_ARRAY, 3, inner + inner + inner).build(), limit, {"array_elements"}, &limits);
    EXPECT_EQ(parse(Builder().array("k", LL_GGUF_U8, 2, "ab").build(), &limits).status, LIBLLM_OK);
    limits.gguf_entries = 1;
    refuse(Builder().u32("k", 1).u32("l", 1).build(), limit, {"2 keys", "gguf_entries is 1"}, &limits);
    limits.tensors = 1;
    refuse(Builder().f32("k", {1}).f32("l", {1}).build(), limit, {"2 tensors", "tensors is 1"}, &limits);
    EXPECT_EQ(parse(Builder().u32("k", 1).f32("k", {1}).build(), &limits).status, LIBLLM_OK);
    limits.key_bytes = 1;
    refuse(Builder().u32("kk", 1).build(), limit, {"key 0", "key_bytes is 1"}, &limits);
}

/* Names with one ll_hash(): the second half of each undoes what the first did to the hash. A table that used this
 * hash would compare each name with each, which takes half a minute for these. */
TEST(GgufHostile, CollidingNamesTakeLinearTime)
{
    Builder b;
    b.alignment = 8;
    b.u32("general.alignment", 8);
    std::string name;
    size_t n_names = 0;
    for (uint64_t i = 0; n_names < 100000; i++) {
        uint64_t first = 0x6161616161616161; /* "aaaaaaaa", and on to "pppppppp" */
        for (int k = 0; k < 8; k++)
            first += (i >> (4 * k) & 15) << (8 * k);
        __uint128_t product = (__uint128_t)(0x9E3779B97F4A7C15u ^ 16 ^ first) * 0xD6E8FEB86659FD93u;
        uint64_t second = (uint64_t)product ^ (uint64_t)(product >> 64);
        std::string last = bytes_of(second);
        bool is_text = (second & 0x8080808080808080) == 0 && last.find('\0') == std::string::npos;
        if (!is_text)
            continue;
        name = bytes_of(first) + last;
        b.tensor({name, {1}, 0, "1234", {}});
        n_names++;
        ASSERT_EQ(ll_hash(name.data(), 16), 0u) << "the names no longer collide";
    }
    std::string bytes = b.build();
    auto start = std::chrono::steady_clock::now();
    accept(bytes);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 3.0);
}

/* A small file with one of each construct. */
std::string small_file()
{
    Builder b;
    b.alignment = 8;
    b.u32("general.alignment", 8).string("general.architecture", "llama").number<uint8_t>("flag", LL_GGUF_BOOL, 1);
    b.strings("tokens", {"a", "bc", ""}).array("types", LL_GGUF_I32, 2, bytes_of<int32_t>(1) + bytes_of<int32_t>(-1));
    b.array("flags", LL_GGUF_BOOL, 2, std::string("\0\1", 2)).number<double>("f64", LL_GGUF_F64, 0.5);
    b.array("nested", LL_GGUF_ARRAY, 2, array_of(LL_GGUF_I16, 1) + "xy" + array_of(LL_GGUF_STRING, 1) + string_of("z"));
    b.f32("a", {3}).tensor({"q", {32, 1}, 8, std::string(34, 'q'), {}}).tensor({"h", {2, 1, 1, 1}, 1, "data", {}});
    return b.build();
}

/* Whether a message says where: by offset, key or tensor. */
void expect_place(const Outcome &outcome, size_t at)
{
    EXPECT_TRUE(outcome.message.find("offset ") != std::string::npos ||
                outcome.message.find("key \"") != std::string::npos ||
                outcome.message.find("tensor \"") != std::string::npos)
        << "byte " << at << ": " << outcome.message;
}

TEST(GgufHostile, EveryTruncation)
{
    std::string whole = small_file();
    accept(whole);
    for (size_t n = 0; n < whole.size(); n++) {
        Outcome outcome = parse(whole.substr(0, n));
        EXPECT_EQ(outcome.status, corrupt) << n << ": " << outcome.message;
        expect_place(outcome, n);
    }
}

TEST(GgufHostile, EveryByte)
{
    const std::string whole = small_file();
    size_t n_refused = 0;
    for (size_t at = 0; at < whole.size(); at++)
        for (int value : {0, 1, 0x7F, 0x80, 0xFF, whole[at] ^ 1}) {
            std::string bytes = whole;
            bytes[at] = (char)value;
            Outcome outcome = parse(bytes);
            if (outcome.status == LIBLLM_OK)
                continue;
            n_refused++;
            EXPECT_TRUE(outcome.status == corrupt || outcome.status == unsupported || outcome.status == limit);
            expect_place(outcome, at);
        }
    EXPECT_GT(n_refused, whole.size()); /* most bytes are lengths, types and offsets */
}

} // namespace
