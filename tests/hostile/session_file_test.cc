// SPDX-License-Identifier: MIT
// Files of sessions: what comes back is what was there, and whatever is wrong with a file is an error that leaves the
// session as it was.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

#include "handles.h"

namespace
{

using handles::Handle;
using handles::logits_of;
using handles::some_tokens;

class SessionFile : public ::testing::TestWithParam<const char *>
{
  protected:
    libllm_error error{};
    Handle<libllm_runtime> runtime = handles::make_runtime(1);
    Handle<libllm_model> model;
    std::string path =
        (std::filesystem::temp_directory_path() / ("libllm-session-" + std::to_string(getpid()))).string();

    void TearDown() override { std::filesystem::remove(path); }
    void open(const std::string &name)
    {
        model = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/" + name + ".gguf");
        ASSERT_TRUE(model);
    }
    libllm_session *session(uint64_t n_positions = 256, libllm_kv_type kv_type = LIBLLM_KV_AUTO)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        options.deterministic = 1;
        options.kv_type = kv_type;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_open(model.get(), &options, &s, &error)) << error.message;
        return s;
    }
    void eval(libllm_session *s, const std::vector<int32_t> &ids)
    {
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), ids.size(), &error)) << error.message;
    }
    std::vector<int32_t> tokens(libllm_session *s)
    {
        std::vector<int32_t> ids(libllm_session_position(s));
        size_t n = 0;
        EXPECT_EQ(LIBLLM_OK, libllm_session_tokens(s, ids.data(), ids.size(), &n, &error));
        return ids;
    }
    std::string bytes() const
    {
        std::ifstream in(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    }
    void write(const std::string &data) const { std::ofstream(path, std::ios::binary) << data; }
    void save(libllm_session *s)
    {
        ASSERT_EQ(LIBLLM_OK, libllm_session_save(s, path.c_str(), &error)) << error.message;
    }
};

TEST_P(SessionFile, GoesOnWhereItWas)
{
    open(GetParam());
    const auto ids = some_tokens(100), more = some_tokens(30, 7);
    libllm_session *a = session(), *b = session(130);
    eval(a, ids);
    save(a);
    eval(b, some_tokens(20, 3)); // which the file replaces
    ASSERT_EQ(LIBLLM_OK, libllm_session_load(b, path.c_str(), &error)) << error.message;
    EXPECT_EQ(ids, tokens(b));
    EXPECT_EQ(logits_of(a), logits_of(b));
    eval(a, more);
    eval(b, more);
    EXPECT_EQ(logits_of(a), logits_of(b));
    save(b); // and over the file that is there
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(a, 50, &error));
    save(a); // without logits, and of other layers without a state
    ASSERT_EQ(LIBLLM_OK, libllm_session_load(b, path.c_str(), &error)) << error.message;
    const float *data = nullptr;
    size_t n = 0;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_logits(b, &data, &n, &error));
    eval(a, more);
    eval(b, more);
    EXPECT_EQ(logits_of(a), logits_of(b));
    libllm_session_free(a);
    libllm_session_free(b);
    for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path()))
        EXPECT_EQ(std::string::npos, entry.path().string().find(path + ".")) << "nothing is left beside the file";
}

INSTANTIATE_TEST_SUITE_P(Families, SessionFile,
                         ::testing::Values("tiny/llama", "tiny/gemma3", "tiny/deepseek2", "tiny/lfm2", "tiny/mamba",
                                           "families/mamba2"));

TEST_F(SessionFile, EveryKindOfMemoryComesBackAndNoOther)
{
    open("tiny/qwen3");
    const libllm_kv_type kinds[] = {LIBLLM_KV_F32, LIBLLM_KV_F16, LIBLLM_KV_Q8_0, LIBLLM_KV_Q4_0};
    for (libllm_kv_type kind : kinds) {
        libllm_session *a = session(256, kind);
        eval(a, some_tokens(70));
        save(a);
        for (libllm_kv_type other : kinds) {
            libllm_session *b = session(256, other);
            const libllm_status status = libllm_session_load(b, path.c_str(), &error);
            EXPECT_EQ(kind == other ? LIBLLM_OK : LIBLLM_ERROR_UNSUPPORTED, status) << error.message;
            if (kind != other)
                EXPECT_NE(nullptr, strstr(error.message, "kv_type")) << error.message;
            else
                EXPECT_EQ(logits_of(a), logits_of(b));
            libllm_session_free(b);
        }
        libllm_session_free(a);
    }
}

TEST_F(SessionFile, SaysWhyNot)
{
    open("tiny/llama");
    libllm_session *s = session(128);
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_save(s, path.c_str(), &error)) << "nothing to save";
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_session_load(s, path.c_str(), &error)) << error.message;
    eval(s, some_tokens(90));
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_session_save(s, "/no/such/folder/file", &error)) << error.message;
    save(s);
    libllm_session *small = session(89);
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_load(small, path.c_str(), &error)) << error.message;
    libllm_session_free(small);
    const std::string adapter_path = LIBLLM_TEST_DATA "/adapters/llama.gguf";
    libllm_adapter *adapter = nullptr;
    ASSERT_EQ(LIBLLM_OK, libllm_adapter_open(model.get(), adapter_path.c_str(), nullptr, &adapter, &error))
        << error.message;
    const libllm_scaled_adapter use = {adapter, 1, 0};
    ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(s, &use, 1, &error));
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_save(s, path.c_str(), &error));
    libllm_adapter_free(adapter);
    libllm_session_free(s);
    open("tiny/qwen2");
    s = session();
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_load(s, path.c_str(), &error));
    EXPECT_NE(nullptr, strstr(error.message, "another model")) << error.message;
    const std::string of_model = LIBLLM_TEST_DATA "/tiny/qwen2.gguf";
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_load(s, of_model.c_str(), &error));
    EXPECT_NE(nullptr, strstr(error.message, "no file of a session")) << error.message;
    libllm_session_free(s);
}

TEST_F(SessionFile, PagesHaveNothingOfOthers)
{
    open("tiny/llama");
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_positions = 64; /* one page, which the second session has after the first */
    options.no_reuse = 1;
    libllm_session *s = nullptr;
    std::string files[2];
    for (int i = 0; i < 2; i++) {
        ASSERT_EQ(LIBLLM_OK, libllm_session_open(model.get(), &options, &s, &error));
        if (i == 1) {
            eval(s, some_tokens(60, 9));
            ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 0, &error));
        }
        eval(s, some_tokens(10));
        save(s);
        files[i] = bytes();
        libllm_session_free(s);
    }
    EXPECT_EQ(files[0], files[1]);
}

TEST_F(SessionFile, DamageIsAnErrorAndLeavesTheSession)
{
    open("tiny/llama");
    libllm_session *s = session();
    eval(s, some_tokens(70));
    save(s);
    const std::string good = bytes();
    const auto ids = some_tokens(40, 5);
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 0, &error));
    eval(s, ids);
    const auto before = logits_of(s);
    const auto refuses = [&](const std::string &data, const std::string &what) {
        write(data);
        const libllm_status status = libllm_session_load(s, path.c_str(), &error);
        EXPECT_LT(status, 0) << what;
        EXPECT_NE(nullptr, strstr(error.message, "libllm-session-")) << "the path: " << error.message;
        ASSERT_EQ(40u, libllm_session_position(s)) << what;
    };
    for (size_t n = 0; n < good.size(); n += n < 2048 ? 7 : good.size() / 50)
        refuses(good.substr(0, n), "cut off at " + std::to_string(n));
    uint32_t seed = 1;
    size_t n_taken = 0;
    for (size_t i = 0; i < 1000; i++) {
        seed = seed * 1664525u + 1013904223u;
        const size_t at = i < 600 ? i * 5 / 2 : seed / 4 % good.size();
        std::string data = good;
        data[at] = static_cast<char>(data[at] ^ (1 << (seed >> 29)));
        write(data);
        const libllm_status status = libllm_session_load(s, path.c_str(), &error);
        if (status == LIBLLM_OK) { // padding, or a letter in the name of a key that nobody asks for
            n_taken++;
            EXPECT_EQ(70u, libllm_session_position(s));
            ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 0, &error));
            eval(s, ids);
        }
        ASSERT_EQ(40u, libllm_session_position(s)) << "byte " << at;
    }
    EXPECT_LT(n_taken, 50u);
    EXPECT_EQ(before, logits_of(s));
    eval(s, {1});
    write(good);
    EXPECT_EQ(LIBLLM_OK, libllm_session_load(s, path.c_str(), &error)) << error.message;
    libllm_session_free(s);
}

} // namespace
