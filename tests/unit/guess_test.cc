// SPDX-License-Identifier: MIT
// Streams that guess give what streams give that do not, and have guessed.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "handles.h"

extern "C" {
#include "session/lookup.h"
}

namespace
{

class Guess : public ::testing::TestWithParam<const char *>
{
  protected:
    libllm_error error{};
    handles::Handle<libllm_runtime> runtime;
    handles::Handle<libllm_model> model;
    uint64_t n_guessed = 0, n_accepted = 0;

    void open(const std::string &name)
    {
        runtime = handles::make_runtime(2);
        model = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/" + name + ".gguf");
        ASSERT_TRUE(model);
    }
    // A text that says the same several times over.
    static std::vector<int32_t> repetitive()
    {
        std::vector<int32_t> ids;
        for (int i = 0; i < 70; i++)
            ids.push_back(3 + i * i % 7 + i % 5);
        return ids;
    }
    std::vector<int32_t> generate(uint32_t n_guesses, float temperature, const libllm_scaled_adapter *late = nullptr)
    {
        libllm_engine_options engine;
        libllm_engine_options_init(&engine, sizeof engine);
        engine.n_positions = 256;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_open(model.get(), &engine, &s, &error)) << error.message;
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.temperature = temperature;
        sampling.seed = 5;
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        options.sampling = &sampling;
        options.ignore_end = 1;
        options.n_guesses = n_guesses; // until the context is full
        const auto prompt = repetitive();
        libllm_stream *stream = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s, prompt.data(), prompt.size(), &options, &stream, &error))
            << error.message;
        std::vector<int32_t> tokens;
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        while (libllm_stream_next(stream, &event, &error) == LIBLLM_OK) {
            if (event.token < 0)
                continue;
            tokens.push_back(event.token);
            EXPECT_EQ(prompt.size() + tokens.size() - 1, libllm_session_position(s)) << "as without guesses";
            if (late && tokens.size() == 60) {
                EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(s, late, 1, &error)) << error.message;
            }
        }
        EXPECT_EQ(LIBLLM_FINISH_CONTEXT, event.finish_reason);
        n_guessed = event.n_guessed_tokens;
        n_accepted = event.n_accepted_tokens;
        libllm_stream_free(stream);
        std::vector<int32_t> timeline(256);
        size_t n = 0;
        EXPECT_EQ(LIBLLM_OK, libllm_session_tokens(s, timeline.data(), timeline.size(), &n, &error));
        EXPECT_EQ(256u, n);
        EXPECT_TRUE(std::equal(timeline.begin() + 70, timeline.end(), tokens.begin()));
        int32_t last = -1; // the logits are those that the last token was drawn from, and may be drawn from again
        EXPECT_EQ(LIBLLM_OK, libllm_session_sample(s, &sampling, &last, &error)) << error.message;
        EXPECT_EQ(tokens.back(), last);
        libllm_session_free(s);
        return tokens;
    }
};

TEST_P(Guess, ChangesNoToken)
{
    open(GetParam());
    uint64_t n_taken = 0;
    for (float temperature : {0.0f, 0.3f, 1.0f}) {
        const auto expected = generate(0, temperature);
        EXPECT_EQ(0u, n_guessed);
        for (uint32_t n : {1u, 3u, 7u}) {
            EXPECT_EQ(expected, generate(n, temperature)) << n << " guesses, temperature " << temperature;
            EXPECT_LE(n_accepted, n_guessed);
            n_taken += n_accepted;
        }
    }
    const std::string name = GetParam();
    if (name.find("mamba") != std::string::npos || name.find("lfm2") != std::string::npos)
        EXPECT_EQ(0u, n_guessed) << "a state does not go back by a token";
    else
        EXPECT_GT(n_taken, 0u);
}

INSTANTIATE_TEST_SUITE_P(Families, Guess,
                         ::testing::Values("tiny/llama", "tiny/qwen3", "tiny/gemma3", "tiny/mixtral", "tiny/phi3",
                                           "tiny/deepseek2", "tiny/lfm2", "quantized/deepseek3-q4_1"));

TEST_F(Guess, AdaptersThatAreChangedInBetweenMakeGuessesVoid)
{
    open("tiny/llama");
    libllm_adapter *adapter = nullptr;
    ASSERT_EQ(LIBLLM_OK,
              libllm_adapter_open(model.get(), LIBLLM_TEST_DATA "/adapters/llama.gguf", nullptr, &adapter, &error));
    const libllm_scaled_adapter use = {adapter, 1, 0};
    EXPECT_EQ(generate(0, 0, &use), generate(7, 0, &use));
    libllm_adapter_free(adapter);
}

TEST_F(Guess, TooManyAreRefused)
{
    open("tiny/llama");
    libllm_session *s = nullptr;
    ASSERT_EQ(LIBLLM_OK, libllm_session_open(model.get(), nullptr, &s, &error));
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.n_guesses = 8;
    const int32_t id = 1;
    libllm_stream *stream = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_stream_create(s, &id, 1, &options, &stream, &error));
    libllm_session_free(s);
}

TEST(GuessLookUp, TakesTheLongestRunAndOfThoseTheLast)
{
    const auto guess = [](std::vector<int32_t> ids, size_t n_max) {
        std::vector<int32_t> out(n_max);
        out.resize(ll_look_up(ids.data(), ids.size(), n_max, out.data()));
        return out;
    };
    using ids = std::vector<int32_t>;
    EXPECT_EQ(ids({}), guess({1}, 4));
    EXPECT_EQ(ids({}), guess({1, 2, 3, 1}, 4)) << "one token says little";
    EXPECT_EQ(ids({3, 1, 2}), guess({1, 2, 3, 1, 2}, 4));
    EXPECT_EQ(ids({3}), guess({1, 2, 3, 1, 2}, 1));
    EXPECT_EQ(ids({5, 1, 2}), guess({1, 2, 3, 1, 2, 5, 1, 2}, 4)) << "the last place";
    EXPECT_EQ(ids({3, 1, 2, 5}), guess({9, 1, 2, 3, 1, 2, 5, 9, 1, 2}, 4)) << "the longest run";
    EXPECT_EQ(ids({7}), guess({7, 7, 7}, 4));
}

} // namespace
