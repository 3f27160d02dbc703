/* SPDX-License-Identifier: MIT
 * Split GGUF models: the parts of a good one make the whole whichever of them is opened, and sets of parts that do not
 * belong together are refused with the part named (GG21).
 */
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "gguf_builder.h"

using gguf::block_size;
using gguf::Builder;
using gguf::CountingHost;

namespace
{

constexpr libllm_status corrupt = LIBLLM_ERROR_CORRUPT_FILE;

class SplitGguf : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    static std::string name(unsigned number, unsigned count)
    {
        char text[64];
        snprintf(text, sizeof text, "m-%05u-of-%05u.gguf", number, count);
        return text;
    }
    static Builder part(unsigned no, unsigned count, const std::string &tensor)
    {
        Builder b;
        if (no == 0)
            b.string("general.architecture", "llama");
        b.number<uint16_t>("split.no", LL_GGUF_U16, (uint16_t)no);
        b.number<uint16_t>("split.count", LL_GGUF_U16, (uint16_t)count);
        b.number<int32_t>("split.tensors.count", LL_GGUF_I32, 3);
        b.tensor({tensor, {2}, 0, tensor + std::string(8 - tensor.size(), '.'), {}});
        return b;
    }
    void write(const std::string &file, const std::string &bytes)
    {
        std::ofstream(folder + "/" + file, std::ios::binary) << bytes;
    }
    void write_all()
    {
        const char *const tensors[] = {"a", "b", "c"};
        for (unsigned i = 0; i < 3; i++)
            write(name(i + 1, 3), part(i, 3, tensors[i]).build());
    }
    libllm_status open(const std::string &file)
    {
        CountingHost counting;
        error = {};
        ll_gguf whole;
        libllm_status status =
            ll_gguf_open(&counting.host, (folder + "/" + file).c_str(), LIBLLM_LOAD_MAP, block_size, &whole, &error);
        contents.clear();
        for (size_t i = 0; i < whole.n_tensors; i++)
            contents += std::string((const char *)whole.tensors[i].data, 1);
        if (status == LIBLLM_OK) {
            gguf::touch(whole);
            n_files = whole.n_files;
            n_values = whole.n_values;
            n_bytes = ll_gguf_file_bytes(&whole);
        }
        ll_gguf_close(&whole);
        EXPECT_EQ(counting.now, 0u) << file;
        return status;
    }
    void refuse(const std::string &file, libllm_status status, const std::vector<std::string> &parts)
    {
        EXPECT_EQ(open(file), status) << error.message;
        for (const std::string &one : parts)
            EXPECT_NE(std::string(error.message).find(one), std::string::npos) << one << ": " << error.message;
    }

    std::string folder = testing::TempDir() + "split_gguf_" + std::to_string(getpid()), contents;
    size_t n_files = 0, n_values = 0;
    uint64_t n_bytes = 0;
    libllm_error error = {};
};

TEST_F(SplitGguf, AnyPartOpensTheWhole)
{
    write_all();
    for (unsigned i = 1; i <= 3; i++) {
        ASSERT_EQ(open(name(i, 3)), LIBLLM_OK) << error.message;
        EXPECT_EQ(contents, "abc");
        EXPECT_EQ(n_files, 3u);
        EXPECT_EQ(n_values, 4u) << "the metadata of the first part";
        EXPECT_GT(n_bytes, 300u);
    }
}

TEST_F(SplitGguf, OnePartIsAWholeWhateverItsName)
{
    write("single.gguf", part(0, 1, "a").build());
    EXPECT_EQ(open("single.gguf"), LIBLLM_OK) << error.message;
    write("merged.gguf", part(0, 0, "a").build());
    EXPECT_EQ(open("merged.gguf"), LIBLLM_OK) << error.message;
}

TEST_F(SplitGguf, GG21_MissingPart)
{
    write_all();
    std::filesystem::remove(folder + "/" + name(2, 3));
    for (unsigned i : {1u, 3u})
        refuse(name(i, 3), LIBLLM_ERROR_NOT_FOUND, {"part 2 of 3 is missing", name(2, 3)});
    std::filesystem::create_directories(folder + "/" + name(2, 3));
    refuse(name(1, 3), LIBLLM_ERROR_IO, {name(2, 3), "is a folder"});
}

TEST_F(SplitGguf, GG21_WrongIndex)
{
    write_all();
    write(name(2, 3), part(2, 3, "b").build());
    refuse(name(1, 3), corrupt, {name(2, 3), "\"split.no\" is 2, expected 1"});
    write(name(2, 3), part(0, 3, "b").build()); /* the first one again */
    refuse(name(1, 3), corrupt, {name(2, 3), "\"split.no\" is 0, expected 1"});
    write(name(2, 3), part(1, 4, "b").build());
    refuse(name(1, 3), corrupt, {name(2, 3), "\"split.count\" is 4, expected 3"});
    write(name(2, 3), Builder().u32("split.count", 3).f32("b", {2}).build());
    refuse(name(1, 3), corrupt, {name(2, 3), "\"split.no\" is missing"});
    write(name(2, 3), Builder().f32("b", {2}).build());
    refuse(name(1, 3), corrupt, {name(2, 3), "\"split.count\" is 0, expected 3"});
    write(name(2, 3), Builder().string("split.count", "3").build());
    refuse(name(1, 3), corrupt, {name(2, 3), "\"split.count\" is string"});
    write(name(2, 3), "GGUF");
    refuse(name(1, 3), corrupt, {name(2, 3), "truncated"});
}

TEST_F(SplitGguf, GG21_NamesThatDoNotSayIt)
{
    write_all();
    std::filesystem::copy(folder + "/" + name(1, 3), folder + "/renamed.gguf");
    std::filesystem::copy(folder + "/" + name(1, 3), folder + "/" + name(1, 4));
    std::filesystem::copy(folder + "/" + name(1, 3), folder + "/m-0001-of-0003.gguf");
    for (const std::string &file : {std::string("renamed.gguf"), name(1, 4), std::string("m-0001-of-0003.gguf")})
        refuse(file, corrupt, {file, "\"split.count\" is 3", "-00001-of-00003.gguf"});
    write(name(1, 99999), Builder().u32("split.no", 0).u32("split.count", 65536).f32("a", {2}).build());
    refuse(name(1, 99999), corrupt, {"\"split.count\" is 65536"});
    write(name(1, 65535), Builder().u32("split.no", 0).u32("split.count", 65535).f32("a", {2}).build());
    refuse(name(1, 65535), LIBLLM_ERROR_NOT_FOUND, {"part 2 of 65535 is missing"});
}

TEST_F(SplitGguf, GG21_PartsOfDifferentModels)
{
    write_all();
    write(name(3, 3), part(2, 3, "a").build());
    refuse(name(1, 3), corrupt, {name(3, 3), "tensor \"a\" is in an earlier part"});
    write(name(3, 3), part(2, 3, "c").f32("d", {2}).build());
    refuse(name(1, 3), corrupt, {"\"split.tensors.count\" is 3", "4 tensors"});
}

TEST_F(SplitGguf, RunningOutOfMemoryAnywhereIsAnError)
{
    write_all();
    for (size_t n = 0;; n++) {
        CountingHost counting;
        counting.fail_at = n;
        ll_gguf whole;
        libllm_status status = ll_gguf_open(&counting.host, (folder + "/" + name(2, 3)).c_str(), LIBLLM_LOAD_MAP,
                                            block_size, &whole, &error);
        ll_gguf_close(&whole);
        EXPECT_EQ(counting.now, 0u) << n;
        if (status == LIBLLM_OK)
            break;
        EXPECT_EQ(status, LIBLLM_ERROR_OUT_OF_MEMORY) << n << ": " << error.message;
        ASSERT_LT(n, 1000u);
    }
}

} // namespace
