// SPDX-License-Identifier: MIT
// Sessions, engines and streams through the public interface, on the tiny models.
#include <gtest/gtest.h>

#include <libllm/libllm.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace
{

const std::string tiny = LIBLLM_TEST_DATA "/tiny/";

class Session : public ::testing::Test
{
  protected:
    libllm_runtime *runtime = nullptr;
    libllm_model *model = nullptr;
    libllm_error error{};

    void SetUp() override { open("llama.gguf", 2); }
    void TearDown() override
    {
        libllm_model_free(model);
        libllm_runtime_free(runtime);
    }
    void open(const char *name, uint32_t n_threads, const char *cpu_mask = nullptr)
    {
        TearDown();
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = n_threads;
        options.cpu_mask = cpu_mask;
        ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, &error)) << error.message;
        ASSERT_EQ(LIBLLM_OK, libllm_model_open(runtime, (tiny + name).c_str(), nullptr, &model, &error))
            << error.message;
    }
    libllm_session *session(uint64_t n_positions = 128, uint32_t n_batch = 0)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        options.n_batch = n_batch;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_open(model, &options, &s, &error)) << error.message;
        return s;
    }
    libllm_engine *shared_engine(uint64_t n_positions, uint32_t n_batch = 0)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        options.n_batch = n_batch;
        libllm_engine *engine = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_engine_create(model, &options, &engine, &error)) << error.message;
        return engine;
    }
    static libllm_session_options positions(uint64_t n_positions)
    {
        libllm_session_options options;
        libllm_session_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        return options;
    }
    std::vector<float> logits(libllm_session *s)
    {
        const float *data = nullptr;
        size_t n = 0;
        EXPECT_EQ(LIBLLM_OK, libllm_session_logits(s, &data, &n, &error)) << error.message;
        return std::vector<float>(data, data + n);
    }
    std::vector<int32_t> some_tokens(size_t n, uint32_t seed = 1)
    {
        std::vector<int32_t> ids(n);
        for (int32_t &id : ids) {
            seed = seed * 1664525u + 1013904223u;
            id = (int32_t)(seed >> 24);
        }
        return ids;
    }
};

TEST_F(Session, CountsPositionsAndRemembersTokens)
{
    libllm_session *s = session(100);
    EXPECT_EQ(100u, libllm_session_capacity(s));
    EXPECT_EQ(0u, libllm_session_position(s));
    auto ids = some_tokens(30);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 10, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data() + 10, 20, &error));
    EXPECT_EQ(30u, libllm_session_position(s));
    std::vector<int32_t> back(30);
    size_t n;
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL, libllm_session_tokens(s, back.data(), 29, &n, &error));
    EXPECT_EQ(30u, n);
    EXPECT_EQ(LIBLLM_OK, libllm_session_tokens(s, back.data(), 30, &n, &error));
    EXPECT_EQ(ids, back);
    libllm_session_free(s);
}

TEST_F(Session, FullContextNamesBothNumbersAndKeepsThePosition)
{
    libllm_session *s = session(20);
    auto ids = some_tokens(21);
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_eval(s, ids.data(), 21, &error));
    EXPECT_NE(nullptr, strstr(error.message, "21")) << error.message;
    EXPECT_NE(nullptr, strstr(error.message, "20")) << error.message;
    EXPECT_EQ(0u, libllm_session_position(s));
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 20, &error));
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_eval(s, ids.data(), 1, &error));
    EXPECT_EQ(20u, libllm_session_position(s));
    libllm_session_free(s);
}

TEST_F(Session, RefusesTokensOutsideTheVocabulary)
{
    libllm_session *s = session();
    for (int32_t bad : {-1, 320, INT32_MAX}) {
        EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, libllm_session_eval(s, &bad, 1, &error));
        EXPECT_EQ(0u, libllm_session_position(s));
    }
    libllm_session_free(s);
}

TEST_F(Session, RewindAndGoOnGivesTheSameLogits)
{
    libllm_session *s = session();
    auto ids = some_tokens(50);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 50, &error));
    auto expected = logits(s);
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 20, &error));
    const float *data;
    size_t n;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_logits(s, &data, &n, &error)) << "logits of what is gone";
    auto other = some_tokens(40, 99);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, other.data(), 40, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 20, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data() + 20, 30, &error));
    auto again = logits(s);
    for (size_t i = 0; i < expected.size(); i++)
        EXPECT_NEAR(expected[i], again[i], 1e-4);
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, libllm_session_rewind(s, 51, &error));
    libllm_session_free(s);
}

TEST_F(Session, HandlesMayBeFreedInAnyOrder)
{
    libllm_session *s = session();
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    model = nullptr;
    runtime = nullptr;
    auto ids = some_tokens(5);
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 5, &error)) << error.message;
    libllm_stream *stream;
    ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), 5, nullptr, &stream, &error));
    libllm_session_free(s);
    libllm_stream_event event;
    event.struct_size = sizeof event;
    EXPECT_EQ(LIBLLM_OK, libllm_stream_next(stream, &event, &error)) << error.message;
    libllm_stream_free(stream);
}

TEST_F(Session, EngineSharesItsPositionsAmongSessions)
{
    libllm_engine *engine = shared_engine(256);
    const libllm_session_options so = positions(128);
    libllm_session *a, *b, *c;
    ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, &so, &a, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, &so, &b, &error));
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_create(engine, &so, &c, &error));
    EXPECT_EQ(nullptr, c);
    libllm_session_free(a);
    ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, nullptr, &c, &error)) << error.message;
    EXPECT_EQ(128u, libllm_session_capacity(c)) << "what is left";
    libllm_session_free(b);
    libllm_session_free(c);
    libllm_engine_free(engine);
}

TEST_F(Session, BatchOfSessionsEqualsEachAlone)
{
    libllm_engine *engine = shared_engine(640, 24); // so that the batch takes several steps
    const libllm_session_options so = positions(64);
    std::vector<libllm_session *> sessions(5);
    std::vector<std::vector<int32_t>> ids;
    std::vector<libllm_batch_entry> entries;
    for (size_t i = 0; i < sessions.size(); i++) {
        ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, &so, &sessions[i], &error));
        ids.push_back(some_tokens(7 + 11 * i, (uint32_t)i));
        entries.push_back({sessions[i], ids[i].data(), ids[i].size(), LIBLLM_OK});
    }
    ASSERT_EQ(LIBLLM_OK, libllm_engine_eval(engine, entries.data(), entries.size(), &error)) << error.message;
    for (size_t i = 0; i < sessions.size(); i++) {
        EXPECT_EQ(LIBLLM_OK, entries[i].status);
        libllm_session *alone = session(64);
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(alone, ids[i].data(), ids[i].size(), &error));
        auto expected = logits(alone), got = logits(sessions[i]);
        for (size_t j = 0; j < expected.size(); j++)
            EXPECT_NEAR(expected[j], got[j], 1e-4);
        libllm_session_free(alone);
    }
    // One bad entry does not spoil the others.
    int32_t bad = 999, good = 5;
    libllm_batch_entry mixed[] = {
        {sessions[0], &bad, 1, LIBLLM_OK}, {sessions[1], &good, 1, LIBLLM_OK}, {sessions[1], &good, 1, LIBLLM_OK}};
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, libllm_engine_eval(engine, mixed, 3, &error));
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, mixed[0].status);
    EXPECT_EQ(LIBLLM_OK, mixed[1].status);
    EXPECT_EQ(LIBLLM_ERROR_BUSY, mixed[2].status) << "twice in one batch";
    EXPECT_EQ(19u, libllm_session_position(sessions[1]));
    for (auto *s : sessions)
        libllm_session_free(s);
    libllm_engine_free(engine);
}

TEST_F(Session, ThreadsOnOneEngineAreServedTogether)
{
    libllm_engine *engine = shared_engine(4 * 128);
    const libllm_session_options so = positions(128);
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (uint32_t t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            libllm_session *s;
            libllm_error e;
            if (libllm_session_create(engine, &so, &s, &e)) {
                failures++;
                return;
            }
            auto ids = some_tokens(100, t);
            for (size_t i = 0; i < 100; i += 5)
                failures += libllm_session_eval(s, ids.data() + i, 5, &e) != LIBLLM_OK;
            failures += libllm_session_position(s) != 100;
            libllm_session_free(s);
        });
    for (auto &t : threads)
        t.join();
    EXPECT_EQ(0, failures);
    libllm_engine_free(engine);
}

// The same text for any number of threads, bit for bit.
TEST_F(Session, SameSeedSameTokensForAnyThreadCount)
{
    std::vector<int32_t> first;
    for (uint32_t n_threads : {1u, 2u, 3u, 5u, 8u}) {
        open("qwen3.gguf", n_threads);
        libllm_session *s = session(128);
        auto ids = some_tokens(40);
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 40, &error));
        std::vector<int32_t> tokens;
        libllm_sampling_options o;
        libllm_sampling_options_init(&o, sizeof o);
        o.temperature = 1.5f;
        o.seed = 11;
        for (int i = 0; i < 60; i++) {
            int32_t token;
            ASSERT_EQ(LIBLLM_OK, libllm_session_sample(s, &o, &token, &error)) << error.message;
            tokens.push_back(token);
            ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, &token, 1, &error));
        }
        if (first.empty())
            first = tokens;
        EXPECT_EQ(first, tokens) << n_threads << " threads";
        libllm_session_free(s);
    }
}

TEST_F(Session, StreamKeepsWhatTheTimelineShares)
{
    libllm_session *s = session();
    auto ids = some_tokens(40);
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.max_tokens = 3;
    options.ignore_end = 1;
    libllm_stream_event event;
    event.struct_size = sizeof event;
    for (uint64_t cached : {0u, 39u}) {
        libllm_stream *stream;
        ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), 40, &options, &stream, &error)) << error.message;
        EXPECT_EQ(LIBLLM_ERROR_BUSY, libllm_session_eval(s, ids.data(), 1, &error)) << "the stream has the session";
        libllm_stream *second;
        EXPECT_EQ(LIBLLM_ERROR_BUSY, libllm_stream_create(s, ids.data(), 40, &options, &second, &error));
        libllm_status status;
        uint64_t n = 0;
        while ((status = libllm_stream_next(stream, &event, &error)) == LIBLLM_OK)
            n += event.token >= 0;
        EXPECT_EQ(LIBLLM_DONE, status);
        EXPECT_EQ(0u, event.n_bytes) << "all text comes before the end";
        EXPECT_EQ(LIBLLM_FINISH_LENGTH, event.finish_reason);
        EXPECT_EQ(3u, n);
        EXPECT_EQ(3u, event.n_tokens);
        EXPECT_EQ(40u, event.n_prompt_tokens);
        EXPECT_EQ(cached, event.n_cached_tokens);
        EXPECT_EQ(LIBLLM_DONE, libllm_stream_next(stream, &event, &error)) << "again and again";
        libllm_stream_free(stream);
    }
    libllm_session_free(s);
}

/* The logits of the timeline say how probable each token is, whatever the options make of them. */
TEST_F(Session, AStreamSaysHowProbableItsTokensAre)
{
    libllm_session *s = session(), *plain = session();
    auto ids = some_tokens(20);
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 2;
    sampling.seed = 5;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.max_tokens = 6;
    options.ignore_end = 1;
    options.sampling = &sampling;
    options.n_top_logprobs = 3;
    libllm_stream *stream;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_stream_create(s, ids.data(), 20, &options, &stream, &error));
    options.logprobs = 1;
    options.n_top_logprobs = 101;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_stream_create(s, ids.data(), 20, &options, &stream, &error));
    options.n_top_logprobs = 3;
    ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), 20, &options, &stream, &error)) << error.message;
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(plain, ids.data(), 20, &error));
    std::vector<float> logits;
    libllm_stream_event event;
    event.struct_size = sizeof event;
    while (libllm_stream_next(stream, &event, &error) == LIBLLM_OK) {
        if (event.token < 0) {
            EXPECT_EQ(nullptr, event.top_logprobs) << "there is no token";
            continue;
        }
        const float *row;
        size_t n_row;
        ASSERT_EQ(LIBLLM_OK, libllm_session_logits(plain, &row, &n_row, &error));
        logits.assign(row, row + n_row);
        double sum = 0;
        for (float x : logits)
            sum += exp((double)x);
        EXPECT_NEAR((double)logits[(size_t)event.token] - log(sum), (double)event.logprob, 1e-4);
        ASSERT_EQ(3u, event.n_top_logprobs);
        std::vector<float> sorted = logits;
        std::sort(sorted.rbegin(), sorted.rend());
        for (size_t i = 0; i < 3; i++) {
            EXPECT_EQ(sorted[i], logits[(size_t)event.top_logprobs[i].token]);
            EXPECT_NEAR((double)sorted[i] - log(sum), (double)event.top_logprobs[i].logprob, 1e-4);
        }
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(plain, &event.token, 1, &error));
    }
    EXPECT_EQ(6u, event.n_tokens);
    libllm_stream_free(stream);
    libllm_session_free(s);
    libllm_session_free(plain);
}

TEST_F(Session, StreamEndsWhenTheContextIsFull)
{
    libllm_session *s = session(16);
    auto ids = some_tokens(17);
    libllm_stream *stream;
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_stream_create(s, ids.data(), 17, nullptr, &stream, &error));
    EXPECT_NE(nullptr, strstr(error.message, "17")) << error.message;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.ignore_end = 1;
    ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), 10, &options, &stream, &error));
    libllm_stream_event event;
    event.struct_size = sizeof event;
    libllm_status status;
    while ((status = libllm_stream_next(stream, &event, &error)) == LIBLLM_OK) {
    }
    EXPECT_EQ(LIBLLM_DONE, status);
    EXPECT_EQ(LIBLLM_FINISH_CONTEXT, event.finish_reason);
    EXPECT_EQ(7u, event.n_tokens) << "six that fit, and one drawn from the last logits";
    EXPECT_EQ(16u, libllm_session_position(s));
    libllm_stream_free(stream);
    libllm_session_free(s);
}

// Whatever the model says, a stop text never shows, not even its beginning, and pieces are whole characters.
TEST_F(Session, StopTextsAreCutOutWhole)
{
    auto run = [&](const std::vector<const char *> &stops, libllm_finish_reason *reason) {
        libllm_session *s = session(300);
        auto ids = some_tokens(20);
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.temperature = 3;
        sampling.top_k = 0;
        sampling.top_p = 0;
        sampling.min_p = 0;
        options.sampling = &sampling;
        options.max_tokens = 200;
        options.ignore_end = 1;
        options.stops = stops.data();
        options.n_stops = (uint32_t)stops.size();
        libllm_stream *stream;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), 20, &options, &stream, &error)) << error.message;
        libllm_stream_event event;
        event.struct_size = sizeof event;
        std::string text;
        libllm_status status;
        do {
            status = libllm_stream_next(stream, &event, &error);
            EXPECT_GE(status, 0) << error.message;
            text.append(event.text, event.n_bytes);
        } while (status == LIBLLM_OK);
        *reason = (libllm_finish_reason)event.finish_reason;
        libllm_stream_free(stream);
        libllm_session_free(s);
        return text;
    };
    libllm_finish_reason reason;
    std::string all = run({}, &reason);
    EXPECT_EQ(LIBLLM_FINISH_LENGTH, reason);
    ASSERT_GT(all.size(), 100u);
    // A stop of three bytes from the middle of what comes, in ASCII so that it is not part of a replaced character.
    size_t at = 60;
    while (at + 3 < all.size() && ((all[at] | all[at + 1] | all[at + 2]) & 0x80))
        at++;
    ASSERT_LT(at + 3, all.size());
    std::string stop = all.substr(at, 3);
    std::string cut = run({"no such text", stop.c_str()}, &reason);
    EXPECT_EQ(LIBLLM_FINISH_STOP, reason);
    EXPECT_EQ(all.substr(0, all.find(stop)), cut);
}

TEST_F(Session, CancelFromAnotherThread)
{
    libllm_session *s = session(8192, 64);
    auto ids = some_tokens(8000);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 10, &error));
    for (int round = 0; round < 3; round++) {
        std::atomic<bool> started{false};
        std::thread other([&] {
            while (!started)
                std::this_thread::yield();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            libllm_session_cancel(s);
        });
        auto begin = std::chrono::steady_clock::now();
        started = true;
        libllm_status status = libllm_session_eval(s, ids.data(), 7000, &error);
        double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        other.join();
        ASSERT_EQ(LIBLLM_ERROR_CANCELLED, status) << "took " << seconds << " s";
        EXPECT_EQ(10u, libllm_session_position(s));
    }
    libllm_session_cancel(s); // idle: nothing happens
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 50, &error));
    libllm_session *fresh = session(8192, 64);
    std::vector<int32_t> joined(ids.begin(), ids.begin() + 10);
    joined.insert(joined.end(), ids.begin(), ids.begin() + 50);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(fresh, joined.data(), joined.size(), &error));
    auto expected = logits(fresh), got = logits(s);
    for (size_t i = 0; i < expected.size(); i++)
        EXPECT_NEAR(expected[i], got[i], 1e-4) << "the cancelled call left something behind";
    libllm_session_free(fresh);
    libllm_session_free(s);
}

TEST_F(Session, LogitsStayWhenACallIsCancelled)
{
    libllm_session *s = session(8192, 64);
    auto ids = some_tokens(8000);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 10, &error));
    auto before = logits(s);
    std::atomic<bool> done{false};
    std::thread other([&] {
        while (!done) {
            libllm_session_cancel(s);
            std::this_thread::yield();
        }
    });
    libllm_status status = libllm_session_eval(s, ids.data(), 7000, &error);
    done = true;
    other.join();
    ASSERT_EQ(LIBLLM_ERROR_CANCELLED, status);
    EXPECT_EQ(before, logits(s));
    int32_t token;
    EXPECT_EQ(LIBLLM_OK, libllm_session_sample(s, nullptr, &token, &error)) << error.message;
    libllm_session_free(s);
}

// A session that waits for a step of another is cancelled before that step ends; so is one of another engine.
TEST_F(Session, CancelWhileWaitingForOthers)
{
    open("llama.gguf", 1, "ref"); // so that the others take long enough on any machine
    libllm_engine *engine = shared_engine(16384, 4096);
    const libllm_session_options of_session = positions(8000);
    libllm_session *busy = nullptr, *waiting[2] = {nullptr, session(8000, 64)};
    ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, &of_session, &busy, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, &of_session, &waiting[0], &error));
    libllm_engine_free(engine);
    auto ids = some_tokens(8000);
    for (libllm_session *s : waiting) {
        std::atomic<bool> over{false};
        std::thread leader([&] {
            libllm_error own;
            /* one step, which is still running when the other has returned */
            EXPECT_EQ(LIBLLM_ERROR_CANCELLED, libllm_session_eval(busy, ids.data(), 4096, &own));
            over = true;
        });
        std::thread canceller([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(15));
            for (int i = 0; i < 100 && !over; i++) {
                libllm_session_cancel(s);
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_EQ(LIBLLM_ERROR_CANCELLED, libllm_session_eval(s, ids.data(), 8000, &error));
        EXPECT_EQ(0u, libllm_session_position(s));
        EXPECT_FALSE(over) << "it waited for the other to end";
        while (!over) {
            libllm_session_cancel(busy);
            std::this_thread::yield();
        }
        leader.join();
        canceller.join();
    }
    libllm_session_free(busy);
    for (libllm_session *s : waiting)
        libllm_session_free(s);
}

TEST_F(Session, ContextsAreAsTheHeaderSays)
{
    libllm_engine *engine = shared_engine(20000);
    libllm_model_info info{};
    info.struct_size = sizeof info;
    ASSERT_EQ(LIBLLM_OK, libllm_model_get_info(model, &info, &error));
    for (int i = 0; i < 2; i++) {
        libllm_session *s = nullptr;
        ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, nullptr, &s, &error)) << error.message;
        EXPECT_EQ(std::min<size_t>(info.n_context_train, 8192), libllm_session_capacity(s));
        if (i == 1)
            libllm_session_free(s);
        else
            std::thread([s] { libllm_session_free(s); }).join();
    }
    libllm_engine_free(engine);
    libllm_session *whole = session(20000);
    EXPECT_EQ(20000u, libllm_session_capacity(whole));
    libllm_session_free(whole);
}

TEST_F(Session, AnEventThatCannotBeFilledCostsNoToken)
{
    auto ids = some_tokens(10);
    auto tokens = [&](bool disturbed) {
        libllm_session *s = session();
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        options.max_tokens = 5;
        options.ignore_end = 1;
        libllm_stream *stream = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), ids.size(), &options, &stream, &error));
        std::vector<int32_t> got;
        libllm_stream_event event{};
        for (int i = 0; i < 20; i++) {
            event.struct_size = 0;
            if (disturbed) {
                EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_stream_next(stream, &event, &error));
            }
            event.struct_size = sizeof event;
            if (libllm_stream_next(stream, &event, &error) != LIBLLM_OK)
                break;
            if (event.token >= 0)
                got.push_back(event.token);
        }
        libllm_stream_free(stream);
        EXPECT_EQ(14u, libllm_session_position(s)) << "all but the last token of the answer";
        libllm_session_free(s);
        return got;
    };
    EXPECT_EQ(5u, tokens(false).size());
    EXPECT_EQ(tokens(false), tokens(true));
}

// Memory that is missing for once costs a call, and nothing of the answer.
TEST_F(Session, AStreamGoesOnAfterALackOfMemory)
{
    struct Allocator {
        long until_failure = -1;
        bool failed = false;
    } allocator;
    TearDown();
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = 1;
    options.allocator_user_data = &allocator;
    options.allocate = [](void *self, size_t size, size_t alignment) -> void * {
        auto *a = static_cast<Allocator *>(self);
        if (a->until_failure >= 0 && a->until_failure-- == 0) {
            a->failed = true;
            return nullptr;
        }
        void *memory = nullptr;
        return posix_memalign(&memory, alignment < 16 ? 16 : alignment, size) ? nullptr : memory;
    };
    options.release = [](void *, void *memory) { free(memory); };
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, &error)) << error.message;
    ASSERT_EQ(LIBLLM_OK, libllm_model_open(runtime, (tiny + "llama.gguf").c_str(), nullptr, &model, &error));
    auto ids = some_tokens(10);
    auto answer = [&](long until_failure, std::vector<int32_t> *tokens) {
        libllm_session *s = session();
        libllm_stream_options of_stream;
        libllm_stream_options_init(&of_stream, sizeof of_stream);
        const char *const stops[] = {"never in an answer, and long enough to make the held text grow, too"};
        of_stream.stops = stops;
        of_stream.n_stops = 1;
        of_stream.max_tokens = 100;
        of_stream.ignore_end = 1;
        libllm_stream *stream = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), ids.size(), &of_stream, &stream, &error));
        allocator.until_failure = until_failure;
        allocator.failed = false;
        std::string text;
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        libllm_status status;
        while ((status = libllm_stream_next(stream, &event, &error)) != LIBLLM_DONE) {
            EXPECT_TRUE(status == LIBLLM_OK || (status == LIBLLM_ERROR_OUT_OF_MEMORY && allocator.failed));
            text.append(event.text, event.n_bytes);
            if (event.token >= 0)
                tokens->push_back(event.token);
        }
        allocator.until_failure = -1;
        libllm_stream_free(stream);
        libllm_session_free(s);
        return text;
    };
    std::vector<int32_t> expected_tokens;
    const std::string expected = answer(-1, &expected_tokens);
    EXPECT_EQ(100u, expected_tokens.size());
    int n_failures = 0;
    for (long k = 0; k == 0 || allocator.failed; k++) {
        std::vector<int32_t> tokens;
        EXPECT_EQ(expected, answer(k, &tokens)) << "allocation " << k;
        EXPECT_EQ(expected_tokens, tokens) << "allocation " << k;
        n_failures += allocator.failed;
    }
    EXPECT_GE(n_failures, 3) << "candidates, held text, text of the event";
}

// The child of a process in which one thread computes and another waits: everything there returns.
TEST_F(Session, ForkWhileOthersComputeAndWait)
{
    libllm_engine *engine = shared_engine(32768);
    const libllm_session_options of_session = positions(8000);
    libllm_session *sessions[3];
    for (libllm_session *&s : sessions)
        ASSERT_EQ(LIBLLM_OK, libllm_session_create(engine, &of_session, &s, &error));
    auto ids = some_tokens(8000);
    std::atomic<int> running{2};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; i++)
        threads.emplace_back([&, i] {
            libllm_error own;
            libllm_session_eval(sessions[i], ids.data(), 8000, &own);
            running--;
        });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        libllm_status status = libllm_session_eval(sessions[2], ids.data(), 5, &error);
        if (libllm_session_eval(sessions[0], ids.data(), 5, &error) != LIBLLM_ERROR_FORKED) // the parent computes on it
            _exit(2);
        libllm_session *another = nullptr;
        libllm_status created = libllm_session_create(engine, nullptr, &another, &error);
        for (libllm_session *s : sessions)
            libllm_session_free(s);
        libllm_engine_free(engine);
        libllm_model_free(model);
        libllm_runtime_free(runtime);
        _exit(status == LIBLLM_ERROR_FORKED && created == LIBLLM_ERROR_FORKED ? 0 : 1);
    }
    int result;
    ASSERT_EQ(child, waitpid(child, &result, 0));
    EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0) << result;
    while (running) {
        libllm_session_cancel(sessions[0]);
        libllm_session_cancel(sessions[1]);
        std::this_thread::yield();
    }
    for (std::thread &thread : threads)
        thread.join();
    for (libllm_session *s : sessions)
        libllm_session_free(s);
    libllm_engine_free(engine);
}

TEST_F(Session, ForkedChildIsToldSo)
{
    libllm_session *s = session();
    auto ids = some_tokens(5);
    ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 5, &error));
    pid_t child = fork();
    if (child == 0) {
        libllm_status status = libllm_session_eval(s, ids.data(), 5, &error);
        libllm_session_free(s);
        _exit(status == LIBLLM_ERROR_FORKED ? 0 : 1);
    }
    int result;
    ASSERT_EQ(child, waitpid(child, &result, 0));
    EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0) << result;
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 5, &error));
    libllm_session_free(s);
}

TEST_F(Session, F16KeysAndValuesAreClose)
{
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_positions = 64;
    std::vector<float> results[2];
    auto ids = some_tokens(40);
    for (int i = 0; i < 2; i++) {
        options.kv_type = i ? LIBLLM_KV_F16 : LIBLLM_KV_F32;
        libllm_session *s;
        ASSERT_EQ(LIBLLM_OK, libllm_session_open(model, &options, &s, &error));
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), 40, &error));
        results[i] = logits(s);
        libllm_session_free(s);
    }
    double largest = 0;
    for (size_t i = 0; i < results[0].size(); i++)
        largest = std::fmax(largest, std::fabs(results[0][i] - results[1][i]));
    EXPECT_GT(largest, 0) << "both ran with the same type";
    EXPECT_LT(largest, 1e-2);
}

} // namespace
