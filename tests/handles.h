/* SPDX-License-Identifier: MIT
 * Owned handles of the public interface, and what tests do with any of them.
 */
#ifndef TESTS_HANDLES_H
#define TESTS_HANDLES_H

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <libllm/libllm.h>

namespace handles
{

struct Free {
    void operator()(libllm_runtime *h) const { libllm_runtime_free(h); }
    void operator()(libllm_model *h) const { libllm_model_free(h); }
    void operator()(libllm_adapter *h) const { libllm_adapter_free(h); }
    void operator()(libllm_engine *h) const { libllm_engine_free(h); }
    void operator()(libllm_session *h) const { libllm_session_free(h); }
    void operator()(libllm_stream *h) const { libllm_stream_free(h); }
};
template <typename T> using Handle = std::unique_ptr<T, Free>;

/* A runtime with this many threads (0: the default) and instruction sets up to this one (NULL: all). */
/* As many threads as asked for, also on a machine with fewer processors: results must not depend on them. */
inline Handle<libllm_runtime> make_runtime(uint32_t n_threads = 0, const char *cpu_mask = nullptr)
{
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = n_threads;
    options.fixed_threads = 1;
    options.cpu_mask = cpu_mask;
    libllm_runtime *runtime = nullptr;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, &error)) << error.message;
    return Handle<libllm_runtime>(runtime);
}

inline Handle<libllm_model> open_model(const libllm_runtime *runtime, const std::string &path)
{
    libllm_model *model = nullptr;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_model_open(runtime, path.c_str(), nullptr, &model, &error)) << error.message;
    return Handle<libllm_model>(model);
}

/* Tokens by chance: ids below 2 to the n_bits, which the vocabulary must have. */
inline std::vector<int32_t> some_tokens(size_t n, uint32_t seed = 1, int n_bits = 7)
{
    std::vector<int32_t> ids(n);
    for (int32_t &id : ids) {
        seed = seed * 1664525u + 1013904223u;
        id = static_cast<int32_t>(seed >> (32 - n_bits));
    }
    return ids;
}

inline std::vector<float> logits_of(libllm_session *session)
{
    const float *data = nullptr;
    size_t n = 0;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_session_logits(session, &data, &n, &error)) << error.message;
    return std::vector<float>(data, data + n);
}

} // namespace handles

#endif
