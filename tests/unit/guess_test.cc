// SPDX-License-Identifier: MIT
// Streams that guess give what streams give that do not, and have guessed.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "handles.h"

extern "C" {
#include "session/lookup.h"
#include "session/pace.h"
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
    handles::Handle<libllm_session> session_of(const libllm_model *of, uint64_t n_positions = 256)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_open(of, &options, &s, &error)) << error.message;
        return handles::Handle<libllm_session>(s);
    }
    std::vector<int32_t> generate(uint32_t n_guesses, float temperature, const libllm_scaled_adapter *late = nullptr,
                                  libllm_session *draft = nullptr)
    {
        const handles::Handle<libllm_session> own = session_of(model.get());
        libllm_session *const s = own.get();
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.temperature = temperature;
        sampling.seed = 5;
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        options.sampling = &sampling;
        options.ignore_end = 1;
        options.n_guesses = n_guesses; // until the context is full
        options.draft = draft;
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
        return tokens;
    }
};

TEST_P(Guess, ChangesNoToken)
{
    open(GetParam());
    uint64_t n_tried = 0; /* whether any of them is right depends on how many the measured costs allow */
    for (float temperature : {0.0f, 0.3f, 1.0f}) {
        const auto expected = generate(0, temperature);
        EXPECT_EQ(0u, n_guessed);
        for (uint32_t n : {1u, 3u, 7u}) {
            EXPECT_EQ(expected, generate(n, temperature)) << n << " guesses, temperature " << temperature;
            EXPECT_LE(n_accepted, n_guessed);
            n_tried += n_guessed;
        }
    }
    const std::string name = GetParam();
    if (name.find("mamba") != std::string::npos || name.find("lfm2") != std::string::npos)
        EXPECT_EQ(0u, n_guessed) << "a state does not go back by a token";
    else
        EXPECT_GT(n_tried, 0u);
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

// Whatever guesses: the same model (in slow kernels, so that guessing pays), others with the same tokens.
TEST_F(Guess, DraftsChangeNoToken)
{
    open("tiny/llama");
    const auto slow = handles::make_runtime(1, "ref");
    const auto fast_model = std::move(model);
    model = handles::open_model(slow.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
    ASSERT_TRUE(model);
    for (const char *name : {"tiny/llama", "tiny/qwen3", "tiny/gemma3"}) {
        const auto other = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/" + std::string(name) + ".gguf");
        ASSERT_TRUE(other);
        const auto draft = session_of(other.get());
        for (float temperature : {0.0f, 0.7f, 1.5f}) {
            const auto expected = generate(0, temperature);
            for (uint32_t n_guesses : {0u, 3u}) { // the draft has what it computed for the last stream
                EXPECT_EQ(expected, generate(n_guesses, temperature, nullptr, draft.get())) << name << temperature;
                EXPECT_GT(n_guessed, 0u) << name;
                EXPECT_LE(n_accepted, n_guessed) << name;
                if (n_guesses == 0 && strcmp(name, "tiny/llama") == 0) {
                    EXPECT_GT(2 * n_accepted, n_guessed) << "models that agree draw the same";
                }
            }
        }
        const auto expected = generate(0, 0);
        EXPECT_EQ(expected, generate(0, 0, nullptr, session_of(other.get(), 128).get())) << "its context ends before";
    }
    const auto sibling = session_of(model.get()); // of the same model, and then of the same engine
    EXPECT_EQ(generate(0, 0), generate(0, 0, nullptr, sibling.get()));
}

TEST_F(Guess, DraftsThatCannotGuessAreRefused)
{
    open("tiny/llama");
    const int32_t id = 1;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    libllm_stream *stream = nullptr;
    const auto s = session_of(model.get()), same = session_of(model.get());
    const auto refused = [&](libllm_session *of, libllm_session *draft, const char *why) {
        options.draft = draft;
        const libllm_status status = libllm_stream_create(of, &id, 1, &options, &stream, &error);
        EXPECT_NE(nullptr, strstr(error.message, why)) << error.message;
        EXPECT_EQ(nullptr, stream);
        return status;
    };
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused(s.get(), s.get(), "the session itself"));
    const auto other = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/random/llama-gqa7.gguf");
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, refused(s.get(), session_of(other.get()).get(), "another vocabulary"));
    const auto sums = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/tiny/mamba.gguf");
    const auto of_sums = session_of(sums.get());
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, refused(s.get(), of_sums.get(), "the draft's model"));
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, refused(of_sums.get(), s.get(), "the session's model"));

    options.draft = same.get();
    ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s.get(), &id, 1, &options, &stream, &error)) << error.message;
    EXPECT_EQ(LIBLLM_ERROR_BUSY, libllm_session_eval(same.get(), &id, 1, &error)) << "it is the stream's";
    libllm_stream_free(stream);
    stream = nullptr;
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(same.get(), &id, 1, &error)) << error.message;
    ASSERT_EQ(LIBLLM_OK, libllm_stream_create(same.get(), &id, 1, nullptr, &stream, &error));
    libllm_stream *second = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_BUSY, libllm_stream_create(s.get(), &id, 1, &options, &second, &error));
    libllm_stream_free(stream);
}

// JSON of a constraint, whose forced tokens are guessed as well or not, is the same.
TEST_F(Guess, ConstraintsHoldWithGuesses)
{
    open("tiny/llama");
    const char schema[] = R"({"type":"array","items":{"enum":["red","green","blue"]},"minItems":12,"maxItems":12})";
    libllm_constraint *constraint = nullptr;
    ASSERT_EQ(LIBLLM_OK, libllm_constraint_create(model.get(), LIBLLM_CONSTRAINT_JSON_SCHEMA, schema, sizeof schema - 1,
                                                  &constraint, &error))
        << error.message;
    const auto draft = session_of(model.get());
    const auto answer = [&](uint32_t n_guesses, libllm_session *of) {
        const auto s = session_of(model.get());
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.seed = 3;
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        options.sampling = &sampling;
        options.constraint = constraint;
        options.n_guesses = n_guesses;
        options.draft = of;
        const auto prompt = repetitive();
        libllm_stream *stream = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s.get(), prompt.data(), prompt.size(), &options, &stream, &error));
        std::string text;
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        while (libllm_stream_next(stream, &event, &error) == LIBLLM_OK)
            text.append(event.text, event.n_bytes);
        EXPECT_EQ(LIBLLM_FINISH_STOP, event.finish_reason);
        n_guessed = event.n_guessed_tokens;
        libllm_stream_free(stream);
        return text;
    };
    const std::string expected = answer(0, nullptr);
    EXPECT_EQ(0u, expected.find('[')) << expected;
    EXPECT_EQ(expected, answer(7, nullptr));
    EXPECT_EQ(expected, answer(0, draft.get()));
    EXPECT_GT(n_guessed, 0u);
    EXPECT_EQ(expected, answer(3, draft.get()));
    libllm_constraint_free(constraint);
}

// The draft computes for a long time; it is the session that is told to end.
TEST_F(Guess, CancellingEndsTheDraftToo)
{
    open("tiny/llama");
    const auto slow = handles::make_runtime(1, "ref");
    const auto slow_model = handles::open_model(slow.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
    const auto s = session_of(model.get(), 4096), draft = session_of(slow_model.get(), 4096);
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.draft = draft.get();
    options.ignore_end = 1;
    options.max_tokens = 40;
    const auto prompt = handles::some_tokens(4000);
    std::vector<int32_t> expected;
    bool stopped = false; // a busy machine may give the other thread its turn too late
    for (int round = 0; round < 20 && !stopped; round++) {
        const bool cancels = round > 0;
        std::vector<int32_t> tokens;
        libllm_stream *stream = nullptr;
        ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(draft.get(), 0, &error)) << error.message;
        ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s.get(), prompt.data(), prompt.size(), &options, &stream, &error));
        std::atomic<bool> drafts{false}, over{!cancels};
        std::thread other([&] {
            while (!over) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                if (drafts)
                    libllm_session_cancel(s.get());
            }
        });
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        libllm_status status = LIBLLM_OK;
        while (status == LIBLLM_OK || status == LIBLLM_ERROR_CANCELLED) {
            status = libllm_stream_next(stream, &event, &error);
            if (status == LIBLLM_OK && event.token >= 0)
                tokens.push_back(event.token);
            drafts = tokens.size() >= 3; // the next call has the draft read all
            if (status == LIBLLM_ERROR_CANCELLED) {
                stopped = stopped || libllm_session_position(draft.get()) == 0;
                over = true;
            }
        }
        over = true;
        other.join();
        EXPECT_EQ(LIBLLM_DONE, status) << error.message;
        libllm_stream_free(stream);
        if (!cancels)
            expected = tokens;
        EXPECT_EQ(expected, tokens);
    }
    EXPECT_TRUE(stopped);
}

// Steps of a second; what a guess costs beside is given.
struct Paced {
    ll_pace pace{};
    ll_step_cost cost{};
    uint32_t n_guessed = 0, n_steps = 0, n_resting = 0;
    void go(double making, double column, int percent, int n_steps_more)
    {
        uint32_t chance = 1;
        for (int i = 0; i < n_steps_more; i++) {
            n_steps++;
            const size_t n = ll_pace_wanted(&pace, &cost, 7);
            ASSERT_LE(n, 7u);
            if (n == 0) {
                ll_mean_add(&cost.plain, 1);
                n_resting++;
                continue;
            }
            n_guessed += static_cast<uint32_t>(n);
            pace.n_steps++;
            ll_mean_add(&pace.seconds, making);
            ll_mean_add(&cost.column, column);
            bool right = true;
            for (size_t k = 0; k < n && right; k++) {
                chance = chance * 1664525u + 1013904223u;
                right = chance >> 16 < 65536u * static_cast<uint32_t>(percent) / 100;
                ll_pace_count(&pace, right);
            }
        }
    }
};

TEST(GuessPace, GuessesAsManyAsPay)
{
    Paced good, costly, wrong;
    good.go(0.05, 0.05, 95, 200);
    EXPECT_EQ(2u, good.n_resting) << "the first two say what a step takes without";
    EXPECT_GT(good.n_guessed, 5 * good.n_steps);
    costly.go(0.9, 0.3, 100, 2000); // all are right, and it takes longer all the same
    EXPECT_GT(costly.n_resting, 1900u);
    wrong.go(0.2, 0.1, 3, 2000);
    EXPECT_GT(wrong.n_resting, 1900u);
    EXPECT_GT(wrong.n_guessed, 3u) << "they are tried again";
    wrong.go(0.1, 0.05, 95, 3000); // the text is another now
    wrong.n_resting = 0;
    wrong.go(0.1, 0.05, 95, 100);
    EXPECT_EQ(0u, wrong.n_resting);
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
