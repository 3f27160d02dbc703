/* SPDX-License-Identifier: MIT
 * Safetensors files that are wrong on purpose, case by case (ST01 to ST07), then every small change of a small file.
 * Each is refused with a message that says where, or accepted and then usable; none leaks.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

#include "safetensors_builder.h"

using gguf::bytes_of;
using gguf::CountingHost;
using safetensors::Builder;
using safetensors::file_of;

namespace
{

constexpr libllm_status corrupt = LIBLLM_ERROR_CORRUPT_FILE, unsupported = LIBLLM_ERROR_UNSUPPORTED,
                        limit = LIBLLM_ERROR_LIMIT;

struct Outcome {
    libllm_status status;
    std::string message;
    size_t n_tensors;
};

/* Parse a copy that ends where its memory ends, use what is accepted, and check what holds for every file. */
Outcome parse(const std::string &bytes)
{
    std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
    memcpy(copy.get(), bytes.data(), bytes.size());
    CountingHost counting;
    libllm_error error = {};
    ll_safetensors st;
    libllm_status status =
        ll_safetensors_parse(&counting.host, copy.get(), bytes.size(), "test.safetensors", &st, &error);
    size_t n_tensors = st.n_tensors;
    if (status == LIBLLM_OK) {
        safetensors::touch(st);
    } else {
        EXPECT_EQ(error.status, status);
        EXPECT_EQ(st.host, nullptr);
        EXPECT_EQ(std::string(error.message).find("test.safetensors: "), 0u) << error.message;
    }
    ll_safetensors_close(&st);
    EXPECT_EQ(counting.now, 0u) << "leak";
    EXPECT_LE(counting.peak, 16 * bytes.size() + (1 << 20));
    return {status, error.message, n_tensors};
}

void refuse(const std::string &bytes, libllm_status status, const std::vector<std::string> &parts)
{
    Outcome outcome = parse(bytes);
    EXPECT_EQ(outcome.status, status) << outcome.message;
    for (const std::string &part : parts)
        EXPECT_NE(outcome.message.find(part), std::string::npos) << '"' << part << "\" is not in: " << outcome.message;
}

void accept(const std::string &bytes)
{
    Outcome outcome = parse(bytes);
    EXPECT_EQ(outcome.status, LIBLLM_OK) << outcome.message;
}

/* A file of two F32 with one member, described by text. */
std::string one(const std::string &value) { return file_of("{\"t\":" + value + "}", "12345678"); }

std::string placed(const std::string &offsets)
{
    return one("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + offsets + "}");
}

std::string shaped(const std::string &dtype, const std::string &shape)
{
    return one("{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[0,8]}");
}

TEST(SafetensorsHostile, ST01_HeaderSize)
{
    for (size_t n = 0; n < 8; n++)
        refuse(std::string(n, '\0'), corrupt, {"truncated at offset 0"});
    refuse(file_of("", ""), corrupt, {"header at offset 8"});
    refuse(file_of(" ", ""), corrupt, {"header at offset 8"});
    accept(file_of("{}", ""));
    const std::string whole = Builder().f32("t", {1}, {1}).build();
    for (uint64_t size : {(uint64_t)1 << 63, UINT64_MAX, (uint64_t)100000001})
        refuse(bytes_of(size) + whole.substr(8), limit, {"header at offset 8", std::to_string(size), "100000000"});
    for (uint64_t size : {(uint64_t)whole.size() - 7, (uint64_t)whole.size() + 1, (uint64_t)100000000})
        refuse(bytes_of(size) + whole.substr(8), corrupt, {"truncated at offset 8", std::to_string(size)});
}

TEST(SafetensorsHostile, ST02_HeaderText)
{
    for (const char *header : {"[]", "null", "\"{}\"", " {}", "\xEF\xBB\xBF{}", "{}{", "{", "}", "{}\n", "{} x}"})
        refuse(file_of(header, ""), corrupt, {"header at offset 8"});
    refuse(file_of("{\"t\":1,\"t\":2}", ""), corrupt, {"header at offset 8", "duplicate"});
    refuse(file_of("{\"t\":}", ""), corrupt, {"JSON line 1"});
    refuse(file_of("{\"\xFF\":1}", ""), corrupt, {"header at offset 8"});
    refuse(file_of("{}", "x"), corrupt, {"without tensors"});
    accept(file_of("{}      ", ""));
    accept(file_of("{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "1234"));
    accept(file_of("{\"\\u4e16\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":null}}", "1"));
}

TEST(SafetensorsHostile, ST03_Offsets)
{
    accept(placed("[0,8]"));
    for (const char *offsets : {"[8,0]", "[0,9]", "[8,16]", "[9223372036854775807,9223372036854775807]"})
        refuse(placed(offsets), corrupt, {"tensor \"t\"", "data offsets"});
    for (const char *offsets : {"[-8,0]", "[0,8.0]", "[0,1e30]", "[0.5,8]", "[0,99999999999999999999]", "[0]",
                                "[0,4,8]", "[\"0\",8]", "8", "null", "{}"})
        refuse(placed(offsets), corrupt, {"tensor \"t\"", "data_offsets"});
    refuse(placed("[4,8]"), corrupt, {"needs 8 bytes", "4"});
    const std::string f32 = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":";
    auto two = [&](const char *a, const char *b, size_t size) {
        return file_of("{\"a\":" + f32 + a + "},\"b\":" + f32 + b + "}}", std::string(size, 'x'));
    };
    accept(two("[0,4]", "[4,8]", 8));
    accept(two("[4,8]", "[0,4]", 8));
    refuse(two("[0,4]", "[0,4]", 4), corrupt, {"tensor \"b\"", "overlaps"});
    refuse(two("[0,4]", "[2,6]", 6), corrupt, {"no tensor begins at offset"});
    refuse(two("[0,4]", "[5,9]", 9), corrupt, {"no tensor begins at offset"});
    refuse(two("[1,5]", "[5,9]", 9), corrupt, {"no tensor begins at offset"});
    refuse(two("[0,4]", "[4,8]", 9), corrupt, {"no tensor begins at offset"});
    /* What is met on the way from 0 is whole, and one lies within it. */
    refuse(
        file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":" + f32 + "[4,8]}}", "12345678"),
        corrupt, {"overlap"});
}

TEST(SafetensorsHostile, ST04_ShapesAndTypes)
{
    accept(shaped("F32", "[2]"));
    accept(shaped("F64", "[]"));
    accept(shaped("F16", "[2,1,2,1,1,1,1,1]"));
    accept(file_of("{\"t\":{\"dtype\":\"F32\",\"shape\":[0,4294967296,4294967296],\"data_offsets\":[0,0]}}", ""));
    for (const char *shape : {"[1]", "[3]", "[0]", "[]", "[2,2]"})
        refuse(shaped("F32", shape), corrupt, {"tensor \"t\"", "its shape needs"});
    for (const char *shape : {"[4294967296,4294967296]", "[4611686018427387904,2]", "[9223372036854775807]"})
        refuse(shaped("F64", shape), corrupt, {"tensor \"t\"", "overflows"});
    for (const char *shape : {"[-1]", "[2.0]", "[\"2\"]", "[null]"})
        refuse(shaped("F32", shape), corrupt, {"tensor \"t\"", "dimension 0 is not a count"});
    refuse(shaped("F32", "2"), corrupt, {"tensor \"t\"", "shape"});
    std::string many = "[2";
    for (int i = 0; i < 10000; i++)
        many += ",1";
    refuse(shaped("F32", many + "]"), limit, {"tensor \"t\"", "10001 dimensions"});
    for (const char *dtype : {"F7", "f32", "", "F32 ", "F32\\u0000", "F4"})
        refuse(shaped(dtype, "[2]"), unsupported, {"tensor \"t\"", "unknown dtype"});
    refuse(one("{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}"), corrupt, {"tensor \"t\"", "dtype"});
    for (const char *value : {"[]", "null", "\"F32\"", "1"})
        refuse(one(value), corrupt, {"tensor \"t\"", "not an object"});
}

TEST(SafetensorsHostile, ST05_ManyAndLong)
{
    auto start = std::chrono::steady_clock::now();
    Builder many;
    std::string all = "{";
    for (int i = 0; i < 1000000; i++) /* a million tensors of a byte each */
        all += "\"" + std::to_string(i) + "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" + std::to_string(i) +
               "," + std::to_string(i + 1) + "]},";
    all.back() = '}';
    refuse(file_of(all, std::string(1000000, 'x')), limit, {"1000001 objects", "limit tensors is 262144"});
    for (int i = 0; i < 50000; i++)
        many.tensor("tensor." + std::to_string(i), "U8", {1}, "x");
    accept(many.build());
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(seconds.count(), 20.0);

    accept(Builder().tensor(std::string(65535, 'n'), "U8", {1}, "x").build());
    refuse(Builder().tensor(std::string(5 << 20, 'n'), "U8", {1}, "x").build(), limit,
           {"5242880 bytes", "key_bytes is 65535"});
    refuse(Builder().tensor("", "U8", {1}, "x").build(), corrupt, {"empty"});
    refuse(Builder().tensor("a\\u0000b", "U8", {1}, "x").build(), corrupt, {"NUL"});
    accept(Builder().entry("__metadata__", "{\"format\":\"pt\"}").tensor("t", "U8", {1}, "x").build());
    for (const char *value : {"{\"format\":1}", "[]", "null", "\"pt\""})
        refuse(Builder().entry("__metadata__", value).tensor("t", "U8", {1}, "x").build(), corrupt, {"__metadata__"});
}

TEST(SafetensorsHostile, ST07_NestedHeader)
{
    refuse(file_of("{\"t\":" + std::string(1000000, '[') + std::string(1000000, ']') + "}", ""), limit,
           {"header at offset 8", "json_depth"});
    refuse(file_of("{\"t\":" + std::string(60, '[') + std::string(60, ']') + "}", ""), corrupt, {"tensor \"t\""});
    std::string objects;
    for (int i = 0; i < 1000000; i++)
        objects += "{\"a\":";
    refuse(file_of(objects + "1" + std::string(1000000, '}'), ""), limit, {"1000000 objects"});
}

std::string small_file()
{
    return Builder()
        .entry("__metadata__", "{\"format\":\"pt\"}")
        .f32("a", {2, 1}, {1, 2})
        .tensor("b.\\u4e16", "BF16", {3}, "123456")
        .tensor("none", "I64", {0}, "")
        .build();
}

TEST(SafetensorsHostile, EveryTruncation)
{
    const std::string whole = small_file();
    EXPECT_EQ(parse(whole).n_tensors, 3u);
    for (size_t n = 0; n < whole.size(); n++)
        EXPECT_EQ(parse(whole.substr(0, n)).status, corrupt) << n;
}

TEST(SafetensorsHostile, EveryByte)
{
    const std::string whole = small_file();
    for (size_t at = 0; at < whole.size(); at++)
        for (int value = 0; value < 256; value++) {
            std::string bytes = whole;
            bytes[at] = (char)value;
            Outcome outcome = parse(bytes);
            EXPECT_TRUE(outcome.status == LIBLLM_OK || outcome.status == corrupt || outcome.status == unsupported ||
                        outcome.status == limit)
                << at << ": " << outcome.message;
        }
}

TEST(SafetensorsHostile, RunningOutOfMemoryAnywhereIsAnError)
{
    const std::string whole = small_file();
    for (size_t n = 0;; n++) {
        CountingHost counting;
        counting.fail_at = n;
        libllm_error error = {};
        ll_safetensors st;
        libllm_status status = ll_safetensors_parse(&counting.host, (const uint8_t *)whole.data(), whole.size(),
                                                    "test.safetensors", &st, &error);
        ll_safetensors_close(&st);
        EXPECT_EQ(counting.now, 0u) << n;
        if (status == LIBLLM_OK) {
            EXPECT_GT(n, 4u);
            break;
        }
        EXPECT_EQ(status, LIBLLM_ERROR_OUT_OF_MEMORY) << n << ": " << error.message;
    }
}

/* Folders of files and an index. */
class SafetensorsFolder : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    void write(const std::string &name, const std::string &bytes)
    {
        std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
    }
    void write_index(const std::string &weight_map)
    {
        write("model.safetensors.index.json", "{\"metadata\":{\"total_size\":8},\"weight_map\":" + weight_map + "}");
    }
    libllm_status open()
    {
        CountingHost counting;
        error = {};
        ll_safetensors st;
        libllm_status status = ll_safetensors_open(&counting.host, folder.c_str(), LIBLLM_LOAD_MAP, &st, &error);
        names.clear();
        for (size_t i = 0; i < st.n_tensors; i++)
            names += std::string(st.tensors[i].name.data, st.tensors[i].name.size) + " ";
        if (status == LIBLLM_OK)
            safetensors::touch(st);
        ll_safetensors_close(&st);
        EXPECT_EQ(counting.now, 0u);
        return status;
    }
    void refuse(libllm_status status, const std::vector<std::string> &parts)
    {
        EXPECT_EQ(open(), status) << error.message;
        for (const std::string &part : parts)
            EXPECT_NE(std::string(error.message).find(part), std::string::npos) << part << ": " << error.message;
    }

    std::string folder = testing::TempDir() + "safetensors_folder_" + std::to_string(getpid()), names;
    libllm_error error = {};
};

TEST_F(SafetensorsFolder, ST06_Index)
{
    refuse(LIBLLM_ERROR_NOT_FOUND, {"model.safetensors.index.json: cannot be opened"});
    write("one.safetensors", Builder().f32("a", {1}, {1}).f32("b", {1}, {2}).build());
    write("two.safetensors", Builder().f32("c", {1}, {3}).build());
    write_index("{\"a\":\"one.safetensors\",\"c\":\"two.safetensors\",\"b\":\"one.safetensors\"}");
    EXPECT_EQ(open(), LIBLLM_OK) << error.message;
    EXPECT_EQ(names, "a b c ");
    for (const char *path : {"../../x", "../one.safetensors", "/etc/passwd", "a/one.safetensors", ".", "..", "",
                             ".hidden", "one.safetensors\\u0000"}) {
        write_index("{\"a\":\"" + std::string(path) + "\"}");
        refuse(corrupt, {"index.json", "tensor \"a\"", "expected a file name without a path"});
    }
    write_index("{\"a\":1}");
    refuse(corrupt, {"index.json", "tensor \"a\"", "not a string"});
    write_index("{\"a\":\"one.safetensors\",\"b\":\"three.safetensors\"}");
    refuse(LIBLLM_ERROR_NOT_FOUND, {"index.json", "three.safetensors: cannot be opened"});
    write_index("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    refuse(corrupt, {"tensor \"b\" is not in two.safetensors"});
    write_index("{\"a\":\"one.safetensors\",\"missing\":\"one.safetensors\"}");
    refuse(corrupt, {"tensor \"missing\" is not in one.safetensors"});
    write("two.safetensors", Builder().f32("b", {1}, {3}).build());
    write_index("{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}");
    refuse(corrupt, {"two.safetensors", "tensor \"b\"", "in two files"});
    write_index("{\"a\":\"model.safetensors.index.json\"}"); /* a cycle */
    refuse(limit, {"header at offset 8"});
    for (const char *weight_map : {"{}", "[]", "null", "1"}) {
        write_index(weight_map);
        refuse(corrupt, {"index.json", "weight_map"});
    }
    write("model.safetensors.index.json", "[1");
    refuse(corrupt, {"index.json", "JSON line 1"});
    write("model.safetensors.index.json", "");
    refuse(corrupt, {"index.json", "JSON line 1"});
    /* The one file goes before the index. */
    write("model.safetensors", Builder().f32("z", {1}, {1}).build());
    EXPECT_EQ(open(), LIBLLM_OK) << error.message;
    EXPECT_EQ(names, "z ");
    write("model.safetensors", "");
    refuse(corrupt, {"model.safetensors: truncated at offset 0"});
}

TEST_F(SafetensorsFolder, NoRegularFiles)
{
    std::filesystem::create_directories(folder + "/model.safetensors");
    refuse(LIBLLM_ERROR_IO, {"is a folder"});
    std::filesystem::remove(folder + "/model.safetensors");
    ASSERT_EQ(mkfifo((folder + "/model.safetensors").c_str(), 0600), 0);
    refuse(LIBLLM_ERROR_IO, {"is not a regular file"});
    std::filesystem::remove(folder + "/model.safetensors");
    std::filesystem::create_symlink("model.safetensors", folder + "/model.safetensors");
    refuse(LIBLLM_ERROR_IO, {"cannot be opened"});
}

} // namespace
