/* SPDX-License-Identifier: MIT
 * Reading well-formed GGUF files: what is in them comes out, typed access keeps its rules, and running out of
 * memory anywhere is an error without a leak.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

#include "../hostile/gguf_builder.h"

using gguf::block_size;
using gguf::Builder;
using gguf::bytes_of;
using gguf::CountingHost;
using gguf::string_of;
using gguf::values_of;

namespace
{

std::string text(ll_span span) { return std::string(span.data, span.size); }

ll_span span(const char *s) { return {s, strlen(s)}; }

/* A parsed file and the bytes under it. */
class Parsed
{
  public:
    explicit Parsed(const std::string &bytes) : bytes_(bytes.begin(), bytes.end())
    {
        ll_host_init(&host_);
        status = ll_gguf_parse(&host_, bytes_.data(), bytes_.size(), "test.gguf", block_size, &file, &error);
    }
    Parsed(const Parsed &) = delete;
    Parsed &operator=(const Parsed &) = delete;
    ~Parsed() { ll_gguf_close(&file); }

    libllm_status status;
    libllm_error error = {};
    ll_gguf file;

  private:
    ll_host host_;
    std::vector<uint8_t> bytes_;
};

/* One of everything. */
Builder all_types(uint32_t version)
{
    Builder b;
    b.version = version;
    b.number<uint8_t>("u8", LL_GGUF_U8, 255).number<int8_t>("i8", LL_GGUF_I8, -128);
    b.number<uint16_t>("u16", LL_GGUF_U16, 65535).number<int16_t>("i16", LL_GGUF_I16, -32768);
    b.u32("u32", UINT32_MAX).number<int32_t>("i32", LL_GGUF_I32, INT32_MIN);
    b.number<float>("f32", LL_GGUF_F32, 1.5f).number<uint8_t>("bool", LL_GGUF_BOOL, 1);
    b.string("string", "t\xC3\xA9xt").string("empty", "");
    b.number<uint64_t>("u64", LL_GGUF_U64, UINT64_MAX).number<int64_t>("i64", LL_GGUF_I64, INT64_MIN);
    b.number<double>("f64", LL_GGUF_F64, -2.25);
    b.strings("tokens", {"a", "", std::string("\xFF\x00z", 3)});
    b.array("i16s", LL_GGUF_I16, 3, values_of<int16_t>({1, -2, 3}));
    b.array("f64s", LL_GGUF_F64, 2, values_of<double>({0.5, 1e300}));
    b.array("bools", LL_GGUF_BOOL, 3, std::string("\0\1\1", 3));
    b.array("none", LL_GGUF_STRING, 0, "");
    std::string inner = bytes_of<uint32_t>(LL_GGUF_U8) + bytes_of<uint64_t>(2) + "ab" +
                        bytes_of<uint32_t>(LL_GGUF_STRING) + bytes_of<uint64_t>(1) + string_of("c");
    b.array("nested", LL_GGUF_ARRAY, 2, inner);
    b.f32("a", {3, 2}).f32("b", {1, 1, 1, 1}).tensor({"q", {64, 2}, 8, std::string(4 * 34, 'q'), {}});
    return b;
}

void expect_all_types(const ll_gguf &file, const std::string &bytes)
{
    ASSERT_EQ(file.n_values, 19u);
    EXPECT_EQ(file.alignment, 32u);
    EXPECT_EQ(text(file.values[8].key), "string");
    ll_span string = {nullptr, 0};
    EXPECT_EQ(ll_gguf_get_string(&file, "string", &string, nullptr), LIBLLM_OK);
    EXPECT_EQ(text(string), "t\xC3\xA9xt");
    EXPECT_EQ(ll_gguf_get_string(&file, "empty", &string, nullptr), LIBLLM_OK);
    EXPECT_EQ(string.size, 0u);

    const ll_gguf_value *tokens = ll_gguf_find(&file, "tokens");
    ASSERT_TRUE(tokens && tokens->is_array);
    EXPECT_EQ(tokens->type, LL_GGUF_STRING);
    ASSERT_EQ(tokens->count, 3u);
    EXPECT_EQ(tokens->n_bytes, 3 * 8 + 1 + 3u);
    ll_gguf_strings walk = {tokens->data};
    EXPECT_EQ(text(ll_gguf_next_string(&walk)), "a");
    EXPECT_EQ(text(ll_gguf_next_string(&walk)), "");
    EXPECT_EQ(text(ll_gguf_next_string(&walk)), std::string("\xFF\x00z", 3));
    EXPECT_EQ(walk.next, tokens->data + tokens->n_bytes);

    const ll_gguf_value *nested = ll_gguf_find(&file, "nested");
    ASSERT_TRUE(nested && nested->is_array);
    EXPECT_EQ(nested->type, LL_GGUF_ARRAY);
    EXPECT_EQ(nested->count, 2u);
    EXPECT_EQ(nested->n_bytes, 12 + 2 + 12 + 9u);
    EXPECT_EQ(ll_gguf_find(&file, "none")->count, 0u);

    ASSERT_EQ(file.n_tensors, 3u);
    EXPECT_EQ(file.data_offset % 32, 0u);
    const ll_gguf_tensor &a = file.tensors[0], &b = file.tensors[1], &q = file.tensors[2];
    EXPECT_EQ(text(a.name), "a");
    EXPECT_EQ(a.n_dims, 2u);
    EXPECT_EQ(std::vector<uint64_t>(a.ne, a.ne + 4), (std::vector<uint64_t>{3, 2, 1, 1}));
    EXPECT_EQ(a.offset, file.data_offset);
    EXPECT_EQ(a.n_bytes, 24u);
    EXPECT_EQ(b.n_dims, 4u);
    EXPECT_EQ(b.offset, file.data_offset + 32);
    EXPECT_EQ(q.type, 8u);
    EXPECT_EQ(q.offset, file.data_offset + 64);
    EXPECT_EQ(q.n_bytes, 136u);
    EXPECT_EQ(q.offset + q.n_bytes, bytes.size());
    EXPECT_EQ(std::string((const char *)q.data, q.n_bytes), std::string(136, 'q'));
    EXPECT_EQ(ll_gguf_find_tensor(&file, span("q")), &q);
    EXPECT_EQ(ll_gguf_find_tensor(&file, span("r")), nullptr);
}

TEST(Gguf, ReadsEveryTypeOfBothVersions)
{
    for (uint32_t version : {2u, 3u}) {
        std::string bytes = all_types(version).build();
        Parsed p(bytes);
        ASSERT_EQ(p.status, LIBLLM_OK) << p.error.message;
        EXPECT_EQ(p.file.version, version);
        expect_all_types(p.file, bytes);
    }
}

TEST(Gguf, MappedAndReadAreTheSame)
{
    std::string bytes = all_types(3).build(), path = testing::TempDir() + "gguf_test_modes.gguf";
    std::ofstream(path, std::ios::binary) << bytes;
    for (libllm_load_mode mode : {LIBLLM_LOAD_MAP, LIBLLM_LOAD_READ}) {
        CountingHost counting;
        libllm_error error = {};
        ll_gguf file;
        ASSERT_EQ(ll_gguf_open(&counting.host, path.c_str(), mode, block_size, &file, &error), LIBLLM_OK)
            << error.message;
        EXPECT_EQ(file.files[0].mapped, mode == LIBLLM_LOAD_MAP);
        EXPECT_EQ(file.files[0].size, bytes.size());
        EXPECT_EQ((uintptr_t)file.files[0].data % 64, 0u);
        EXPECT_EQ((uintptr_t)file.tensors[0].data % 32, 0u);
        expect_all_types(file, bytes);
        ll_gguf_close(&file);
        EXPECT_EQ(counting.now, 0u);
        ll_gguf_close(&file); /* zeroed by the first */
    }
    remove(path.c_str());
}

TEST(Gguf, AgreesWithThePythonPackage)
{
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_gguf file;
    ASSERT_EQ(ll_gguf_open(&host, LIBLLM_TEST_DATA "/gguf/all_types.gguf", LIBLLM_LOAD_MAP, block_size, &file, &error),
              LIBLLM_OK)
        << error.message;
    const std::vector<std::pair<const char *, int64_t>> integers = {
        {"u8", 200},          {"i8", -100},         {"u16", 60000},        {"i16", -30000},
        {"u32", 4000000000u}, {"i32", -2000000000}, {"i64", -(1LL << 62)}, {"u64", INT64_MAX},
    };
    for (auto [key, value] : integers) {
        ASSERT_NE(ll_gguf_find(&file, key), nullptr) << key;
        EXPECT_EQ(ll_gguf_element_i64(ll_gguf_find(&file, key), 0), value) << key;
    }
    EXPECT_EQ(ll_gguf_element_f64(ll_gguf_find(&file, "u64"), 0), 0x1p63);
    EXPECT_EQ(ll_gguf_element_f64(ll_gguf_find(&file, "f64"), 0), 1e100);
    EXPECT_EQ(file.alignment, 64u);
    EXPECT_EQ(file.data_offset, 704u);
    float f32 = 0;
    bool flag = false;
    ll_span string = {nullptr, 0};
    EXPECT_EQ(ll_gguf_get_f32(&file, "f32", &f32, &error), LIBLLM_OK);
    EXPECT_EQ(f32, 0.5f);
    EXPECT_EQ(ll_gguf_get_bool(&file, "bool", &flag, &error), LIBLLM_OK);
    EXPECT_TRUE(flag);
    EXPECT_EQ(ll_gguf_get_string(&file, "string", &string, &error), LIBLLM_OK);
    EXPECT_EQ(text(string), "h\u00e9llo \u4e16\u754c");
    const ll_gguf_value *strings = ll_gguf_find(&file, "strings");
    ll_gguf_strings walk = {strings->data};
    EXPECT_EQ(text(ll_gguf_next_string(&walk)), "a");
    EXPECT_EQ(text(ll_gguf_next_string(&walk)), "");
    EXPECT_EQ(text(ll_gguf_next_string(&walk)), "\u4e16");
    EXPECT_EQ(ll_gguf_element_i64(ll_gguf_find(&file, "integers"), 1), -2);
    EXPECT_EQ(ll_gguf_element_f64(ll_gguf_find(&file, "floats"), 1), -8.0);
    EXPECT_EQ(ll_gguf_element_i64(ll_gguf_find(&file, "bools"), 2), 1);
    EXPECT_EQ(ll_gguf_element_i64(ll_gguf_find(&file, "bytes"), 1), 255);
    EXPECT_EQ(ll_gguf_find(&file, "nested")->count, 2u);
    const ll_gguf_tensor *matrix = ll_gguf_find_tensor(&file, span("matrix"));
    const ll_gguf_tensor *half = ll_gguf_find_tensor(&file, span("half"));
    ASSERT_TRUE(matrix && half);
    EXPECT_EQ(std::vector<uint64_t>(matrix->ne, matrix->ne + 4), (std::vector<uint64_t>{3, 2, 1, 1}));
    const float *elements = (const float *)matrix->data;
    EXPECT_EQ(std::vector<float>(elements, elements + 6), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(half->offset, 768u);
    EXPECT_EQ(half->n_bytes, 8u);
    ll_gguf_close(&file);
}

TEST(Gguf, TensorsMayBeMissingOutOfOrderOrApart)
{
    Parsed empty(Builder().build());
    EXPECT_EQ(empty.status, LIBLLM_OK);
    Parsed vocabulary(Builder().strings("tokenizer.ggml.tokens", {"a"}).build());
    EXPECT_EQ(vocabulary.status, LIBLLM_OK);
    EXPECT_EQ(vocabulary.file.n_tensors, 0u);

    Builder b;
    b.tensor({"last", {8}, 0, std::string(32, '1'), 96}).tensor({"first", {8}, 0, std::string(32, '2'), 0});
    b.tensor({"middle", {8}, 0, std::string(64, '3'), 32});
    Parsed p(b.build());
    ASSERT_EQ(p.status, LIBLLM_OK) << p.error.message;
    EXPECT_EQ(p.file.tensors[0].offset, p.file.data_offset + 96);
    EXPECT_EQ(p.file.tensors[1].offset, p.file.data_offset);
}

TEST(Gguf, SortingFindsOverlapsInAnyOrder)
{
    /* Every order of five tensors, with and without two of them sharing a place. */
    std::vector<uint64_t> places = {0, 32, 64, 96, 128};
    do {
        Builder good, bad;
        for (size_t i = 0; i < places.size(); i++) {
            std::string name(1, (char)('a' + i));
            good.tensor({name, {8}, 0, std::string(32, 'x'), places[i]});
            bad.tensor({name, {8}, 0, std::string(32, 'x'), places[i] == 96 ? 64 : places[i]});
        }
        ASSERT_EQ(Parsed(good.build()).status, LIBLLM_OK);
        Parsed p(bad.build());
        ASSERT_EQ(p.status, LIBLLM_ERROR_CORRUPT_FILE);
        EXPECT_NE(strstr(p.error.message, "overlaps"), nullptr) << p.error.message;
    } while (std::next_permutation(places.begin(), places.end()));
}

TEST(Gguf, AlignmentIsTheFilesOwn)
{
    for (uint32_t alignment : {8u, 16u, 64u, 65536u}) {
        Builder b;
        b.alignment = alignment;
        Parsed p(b.u32("general.alignment", alignment).f32("a", {3}).f32("b", {3}).build());
        ASSERT_EQ(p.status, LIBLLM_OK) << p.error.message;
        EXPECT_EQ(p.file.data_offset % alignment, 0u);
        EXPECT_EQ(p.file.tensors[1].offset, p.file.data_offset + (alignment > 12 ? alignment : 16));
    }
    Builder b;
    b.alignment = 64;
    EXPECT_EQ(Parsed(b.number<int8_t>("general.alignment", LL_GGUF_I8, 64).f32("a", {1}).build()).file.alignment, 64u);
}

TEST(GgufValues, AbsentKeysLeaveTheDefault)
{
    Parsed p(Builder().build());
    uint32_t u = 7, each[2] = {1, 2};
    float f = 1.5f;
    bool b = true;
    ll_span s = span("default");
    EXPECT_EQ(ll_gguf_get_u32(&p.file, "x", &u, nullptr), LIBLLM_OK);
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "x", each, 2, nullptr), LIBLLM_OK);
    EXPECT_EQ(ll_gguf_get_f32(&p.file, "x", &f, nullptr), LIBLLM_OK);
    EXPECT_EQ(ll_gguf_get_bool(&p.file, "x", &b, nullptr), LIBLLM_OK);
    EXPECT_EQ(ll_gguf_get_string(&p.file, "x", &s, nullptr), LIBLLM_OK);
    EXPECT_EQ(u, 7u);
    EXPECT_EQ(each[1], 2u);
    EXPECT_EQ(f, 1.5f);
    EXPECT_TRUE(b);
    EXPECT_EQ(text(s), "default");
}

TEST(GgufValues, IntegersOfAnyWidthWhenTheyFit)
{
    Builder b;
    b.number<uint8_t>("u8", LL_GGUF_U8, 9).number<int8_t>("i8", LL_GGUF_I8, 9);
    b.number<uint16_t>("u16", LL_GGUF_U16, 9).number<int16_t>("i16", LL_GGUF_I16, 9);
    b.number<uint32_t>("u32", LL_GGUF_U32, 9).number<int32_t>("i32", LL_GGUF_I32, 9);
    b.number<uint64_t>("u64", LL_GGUF_U64, 9).number<int64_t>("i64", LL_GGUF_I64, 9);
    b.number<int8_t>("below8", LL_GGUF_I8, -1).number<int64_t>("below", LL_GGUF_I64, -1);
    b.number<uint64_t>("above", LL_GGUF_U64, 1ull << 32).number<uint64_t>("huge", LL_GGUF_U64, UINT64_MAX);
    b.number<uint64_t>("largest", LL_GGUF_U64, UINT32_MAX);
    b.number<float>("float", LL_GGUF_F32, 9).number<uint8_t>("bool", LL_GGUF_BOOL, 1).string("string", "9");
    b.array("array", LL_GGUF_U32, 1, bytes_of<uint32_t>(9));
    Parsed p(b.build());
    ASSERT_EQ(p.status, LIBLLM_OK) << p.error.message;
    for (const char *key : {"u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"}) {
        uint32_t x = 0;
        EXPECT_EQ(ll_gguf_get_u32(&p.file, key, &x, nullptr), LIBLLM_OK) << key;
        EXPECT_EQ(x, 9u) << key;
    }
    uint32_t x = 7;
    EXPECT_EQ(ll_gguf_get_u32(&p.file, "largest", &x, nullptr), LIBLLM_OK);
    EXPECT_EQ(x, UINT32_MAX);
    x = 7;
    for (const char *key : {"below8", "below", "above", "huge", "float", "bool", "string", "array"}) {
        libllm_error error = {};
        EXPECT_EQ(ll_gguf_get_u32(&p.file, key, &x, &error), LIBLLM_ERROR_CORRUPT_FILE) << key;
        EXPECT_NE(strstr(error.message, key), nullptr) << error.message;
        EXPECT_EQ(x, 7u);
    }
}

TEST(GgufValues, FloatsAreFinite)
{
    Builder b;
    b.number<float>("f32", LL_GGUF_F32, 1e-5f).number<double>("f64", LL_GGUF_F64, 1e-5);
    b.number<float>("nan", LL_GGUF_F32, NAN).number<float>("infinite", LL_GGUF_F32, -INFINITY);
    b.number<double>("wide", LL_GGUF_F64, 1e39).u32("integer", 1).array("array", LL_GGUF_F32, 1, "abcd");
    Parsed p(b.build());
    float x = 0;
    for (const char *key : {"f32", "f64"}) {
        EXPECT_EQ(ll_gguf_get_f32(&p.file, key, &x, nullptr), LIBLLM_OK) << key;
        EXPECT_EQ(x, 1e-5f) << key;
    }
    for (const char *key : {"nan", "infinite", "wide", "integer", "array"}) {
        libllm_error error = {};
        EXPECT_EQ(ll_gguf_get_f32(&p.file, key, &x, &error), LIBLLM_ERROR_CORRUPT_FILE) << key;
        EXPECT_NE(strstr(error.message, key), nullptr) << error.message;
    }
}

TEST(GgufValues, BoolsAndStringsAreOnlyThemselves)
{
    Builder b;
    b.u32("one", 1)
        .number<uint8_t>("no", LL_GGUF_BOOL, 0)
        .strings("array", {"x"})
        .array("bools", LL_GGUF_BOOL, 1, "\1");
    Parsed p(b.build());
    bool flag = true;
    ll_span s = {nullptr, 0};
    libllm_error error = {};
    EXPECT_EQ(ll_gguf_get_bool(&p.file, "no", &flag, &error), LIBLLM_OK);
    EXPECT_FALSE(flag);
    EXPECT_EQ(ll_gguf_get_bool(&p.file, "one", &flag, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_STREQ(error.message, "key \"one\" is u32, expected a bool");
    EXPECT_EQ(ll_gguf_get_bool(&p.file, "bools", &flag, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_EQ(ll_gguf_get_string(&p.file, "array", &s, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_STREQ(error.message, "key \"array\" is an array of string, expected a string");
}

TEST(GgufValues, OneIntegerForEach)
{
    Builder b;
    b.u32("scalar", 4).array("array", LL_GGUF_I32, 3, values_of<int32_t>({5, 6, 7}));
    b.array("negative", LL_GGUF_I32, 3, values_of<int32_t>({5, -6, 7}));
    b.array("floats", LL_GGUF_F32, 3, values_of<float>({5, 6, 7}));
    b.array("flags", LL_GGUF_BOOL, 3, std::string("\1\0\1", 3)).number<int32_t>("below", LL_GGUF_I32, -6);
    Parsed p(b.build());
    uint32_t x[3] = {0, 0, 0};
    libllm_error error = {};
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "scalar", x, 3, &error), LIBLLM_OK);
    EXPECT_EQ(std::vector<uint32_t>(x, x + 3), (std::vector<uint32_t>{4, 4, 4}));
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "array", x, 2, &error), LIBLLM_OK);
    EXPECT_EQ(std::vector<uint32_t>(x, x + 3), (std::vector<uint32_t>{5, 6, 4}));
    uint32_t more[4];
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "array", more, 4, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_STREQ(error.message, "key \"array\" has 3 elements, expected at least 4");
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "negative", x, 3, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_STREQ(error.message, "key \"negative\": element 1 is -6, expected 0 to 4294967295");
    uint32_t below = 0;
    EXPECT_EQ(ll_gguf_get_u32(&p.file, "below", &below, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_STREQ(error.message, "key \"below\" is -6, expected 0 to 4294967295");
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "flags", x, 3, &error), LIBLLM_OK) << "as sliding_window_pattern has them";
    EXPECT_EQ(std::vector<uint32_t>(x, x + 3), (std::vector<uint32_t>{1, 0, 1}));
    EXPECT_EQ(ll_gguf_get_u32_each(&p.file, "floats", x, 3, &error), LIBLLM_ERROR_CORRUPT_FILE);
}

TEST(GgufValues, ElementsSaturate)
{
    const float inf = std::numeric_limits<float>::infinity();
    Builder b;
    b.array("f32", LL_GGUF_F32, 6, values_of<float>({-1.75f, NAN, inf, -inf, 0x1p63f, -0x1p63f}));
    b.array("u64", LL_GGUF_U64, 2, values_of<uint64_t>({1ull << 63, 5})).strings("s", {"x"});
    Parsed p(b.build());
    const ll_gguf_value *f32 = ll_gguf_find(&p.file, "f32"), *u64 = ll_gguf_find(&p.file, "u64");
    const std::vector<int64_t> expected = {-1, 0, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < expected.size(); i++)
        EXPECT_EQ(ll_gguf_element_i64(f32, i), expected[i]) << i;
    EXPECT_EQ(ll_gguf_element_f64(f32, 0), -1.75);
    EXPECT_EQ(ll_gguf_element_i64(u64, 0), INT64_MAX);
    EXPECT_EQ(ll_gguf_element_f64(u64, 0), 0x1p63);
    EXPECT_EQ(ll_gguf_element_i64(u64, 1), 5);
    EXPECT_EQ(ll_gguf_element_i64(ll_gguf_find(&p.file, "s"), 0), 0);
}

TEST(GgufValues, TypesHaveNames)
{
    EXPECT_STREQ(ll_gguf_type_name(LL_GGUF_F64), "f64");
    EXPECT_STREQ(ll_gguf_type_name(LL_GGUF_ARRAY), "array");
    EXPECT_STREQ(ll_gguf_type_name(13), "unknown");
    EXPECT_EQ(ll_gguf_type_size(LL_GGUF_I16), 2u);
    EXPECT_EQ(ll_gguf_type_size(LL_GGUF_STRING), 0u);
    EXPECT_EQ(ll_gguf_type_size(UINT32_MAX), 0u);
}

TEST(Gguf, EveryAllocationMayFail)
{
    /* Tensors out of order, so that the sorting allocates as well. */
    Builder b = all_types(3);
    b.tensor({"low", {1}, 0, std::string(32, 'x'), 256}).tensor({"high", {1}, 0, std::string(32, 'x'), 288});
    b.tensor({"mid", {1}, 0, std::string(64, 'x'), 224});
    std::string bytes = b.build(), path = testing::TempDir() + "gguf_test_memory.gguf";
    std::ofstream(path, std::ios::binary) << bytes;
    size_t n_requests = SIZE_MAX;
    for (size_t fail_at = 0; fail_at < n_requests; fail_at++) {
        CountingHost counting;
        counting.fail_at = fail_at;
        libllm_error error = {};
        ll_gguf file;
        libllm_status status = ll_gguf_open(&counting.host, path.c_str(), LIBLLM_LOAD_READ, block_size, &file, &error);
        if (status == LIBLLM_OK) {
            n_requests = counting.n_requests;
            ll_gguf_close(&file);
        } else {
            EXPECT_EQ(status, LIBLLM_ERROR_OUT_OF_MEMORY) << error.message;
            EXPECT_EQ(std::string(error.message).find(path), 0u) << error.message;
            EXPECT_EQ(file.values, nullptr);
        }
        EXPECT_EQ(counting.now, 0u);
    }
    EXPECT_EQ(n_requests, 7u); /* the bytes, their file, keys, tensors, two indices, the order */
    remove(path.c_str());
}

} // namespace
