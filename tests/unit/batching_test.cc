// SPDX-License-Identifier: MIT
// What sessions of one engine get that evaluate at the same time, each from a thread of its own.
#include <gtest/gtest.h>

#include "handles.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

namespace
{

using handles::Handle;
using handles::some_tokens;

constexpr uint32_t BATCH = 256;

class Batching : public ::testing::Test
{
  protected:
    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;
    Handle<libllm_engine> engine;

    // In plain C, so that a step takes long enough on any machine.
    void open(uint32_t deterministic = 0, const char *cpu = "ref", uint32_t no_reuse = 1)
    {
        libllm_error error{};
        runtime = handles::make_runtime(1, cpu);
        model = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = 16384;
        options.n_batch = BATCH;
        options.deterministic = deterministic;
        options.no_reuse = no_reuse;
        options.profile = 1;
        libllm_engine *made = nullptr;
        ASSERT_EQ(LIBLLM_OK, libllm_engine_create(model.get(), &options, &made, &error)) << error.message;
        engine.reset(made);
    }
    Handle<libllm_session> session(uint64_t n_positions) const
    {
        libllm_error error{};
        libllm_session_options options;
        libllm_session_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        libllm_session *made = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_create(engine.get(), &options, &made, &error)) << error.message;
        return Handle<libllm_session>(made);
    }
    static void eval(libllm_session *s, const std::vector<int32_t> &ids)
    {
        libllm_error error{};
        EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data(), ids.size(), &error)) << error.message;
    }
    // Greedy tokens behind a prompt that is the client's own.
    std::vector<int32_t> answer(uint32_t client, size_t n_prompt, uint64_t n_tokens) const
    {
        libllm_error error{};
        Handle<libllm_session> s = session(n_prompt + n_tokens);
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.temperature = 0;
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        options.sampling = &sampling;
        options.max_tokens = n_tokens;
        options.ignore_end = 1;
        const auto prompt = some_tokens(n_prompt, client + 1);
        libllm_stream *made = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s.get(), prompt.data(), prompt.size(), &options, &made, &error));
        Handle<libllm_stream> stream(made);
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        std::vector<int32_t> got;
        while (libllm_stream_next(stream.get(), &event, &error) == LIBLLM_OK)
            if (event.token >= 0)
                got.push_back(event.token);
        return got;
    }
    // Steps since this was last asked.
    uint64_t steps(libllm_session *s) const
    {
        libllm_error error{};
        std::string json(8192, '\0');
        size_t n = 0;
        EXPECT_EQ(LIBLLM_OK, libllm_session_profile(s, &json[0], json.size(), &n, &error)) << error.message;
        const size_t at = json.find("\"batches\":");
        return at == std::string::npos ? 0 : std::stoull(json.substr(at + std::strlen("\"batches\":")));
    }
};

// A prompt that one thread reads, and how far it is.
class Reader
{
  public:
    Reader(Handle<libllm_session> s, size_t n) : session(std::move(s)), ids(some_tokens(n)), thread([this] { read(); })
    {
        while (libllm_session_position(session.get()) == 0)
            std::this_thread::yield();
    }
    ~Reader() { thread.join(); }
    size_t position() const { return libllm_session_position(session.get()); }
    bool reads() const { return position() < ids.size(); }

  private:
    void read()
    {
        libllm_error error{};
        EXPECT_EQ(LIBLLM_OK, libllm_session_eval(session.get(), ids.data(), ids.size(), &error)) << error.message;
    }
    Handle<libllm_session> session;
    std::vector<int32_t> ids;
    std::thread thread;
};

TEST_F(Batching, EightStreamsAnswerAsEachAlone)
{
    constexpr uint32_t N = 8, TOKENS = 24;
    for (const char *cpu : {"ref", static_cast<const char *>(nullptr)}) {
        open(1, cpu);
        std::vector<std::vector<int32_t>> alone(N), together(N);
        for (uint32_t i = 0; i < N; i++)
            alone[i] = answer(i, 5 + 37 * i, TOKENS);
        std::vector<std::thread> threads;
        for (uint32_t i = 0; i < N; i++)
            threads.emplace_back([&, i] { together[i] = answer(i, 5 + 37 * i, TOKENS); });
        for (std::thread &t : threads)
            t.join();
        EXPECT_EQ(TOKENS, alone[0].size());
        EXPECT_EQ(alone, together);
    }
}

// Seconds of processors that this process has had.
double processor_seconds()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Threads that come back quickly go on in one step, and not in as many as happen to start.
TEST_F(Batching, ThreadsThatGenerateShareSteps)
{
    constexpr uint32_t N = 4, TOKENS = 40;
    uint64_t least = UINT64_MAX;
    bool undisturbed = false; // in one attempt at least
    open(0, "ref", 0);        // the prompt is read once for all
    std::vector<Handle<libllm_session>> sessions;
    for (uint32_t i = 0; i < N; i++) {
        sessions.push_back(session(3100));
        eval(sessions[i].get(), some_tokens(3000));
    }
    for (int attempt = 0; attempt < 25 && least > TOKENS * 7 / 4; attempt++) { // others may have the processors
        std::vector<std::thread> threads;
        steps(sessions[0].get());
        const double had = processor_seconds();
        const auto begin = std::chrono::steady_clock::now();
        for (Handle<libllm_session> &s : sessions)
            threads.emplace_back([&] {
                libllm_error error{};
                EXPECT_EQ(LIBLLM_OK, libllm_session_rewind(s.get(), 3000, &error));
                for (uint32_t i = 0; i < TOKENS; i++)
                    eval(s.get(), {1});
            });
        for (std::thread &t : threads)
            t.join();
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
        undisturbed |= processor_seconds() - had > 0.9 * passed.count();
        least = std::min(least, steps(sessions[0].get()));
    }
    if (least > TOKENS * 7 / 4 && !undisturbed)
        GTEST_SKIP() << "others have the processors";
    EXPECT_GE(least, TOKENS);
    EXPECT_LE(least, TOKENS * 7 / 4) << "for " << N << " times " << TOKENS << " tokens";
}

// One that stays away is waited for once at most: the others do not go at its pace.
TEST_F(Batching, NobodyWaitsForASessionThatStaysAway)
{
    open();
    Handle<libllm_session> quick = session(500), away = session(1000);
    eval(quick.get(), some_tokens(300));
    eval(away.get(), some_tokens(600));
    eval(away.get(), {1});
    eval(away.get(), {2});
    const auto begin = std::chrono::steady_clock::now();
    for (int32_t i = 0; i < 50; i++)
        eval(quick.get(), {i});
    const std::chrono::duration<double> beside = std::chrono::steady_clock::now() - begin;
    away.reset();
    const auto again = std::chrono::steady_clock::now();
    for (int32_t i = 0; i < 50; i++)
        eval(quick.get(), {i});
    const std::chrono::duration<double> alone = std::chrono::steady_clock::now() - again;
    EXPECT_LT(beside.count(), 1.5 * alone.count() + 0.1);
}

TEST_F(Batching, AShortPromptWaitsForNoLongOne)
{
    open();
    size_t least = SIZE_MAX;
    for (int attempt = 0; attempt < 3 && least > 2 * BATCH; attempt++) {
        Handle<libllm_session> brief = session(128);
        Reader reader(session(3072), 3000);
        const size_t before = reader.position();
        eval(brief.get(), some_tokens(100));
        EXPECT_TRUE(reader.reads());
        least = std::min(least, reader.position() - before);
    }
    EXPECT_LE(least, 2 * BATCH) << "tokens of the long one were read meanwhile";
}

TEST_F(Batching, ALongPromptGoesOnBesideAnyNumberOfShortOnes)
{
    open();
    std::vector<Handle<libllm_session>> brief;
    for (int i = 0; i < 3; i++)
        brief.push_back(session(256));
    std::vector<std::thread> threads;
    std::atomic<uint32_t> n_read{0};
    {
        Reader reader(session(2560), 2500);
        for (Handle<libllm_session> &s : brief)
            threads.emplace_back([&] {
                libllm_error error{};
                for (uint32_t i = 0; i < 1000 && reader.reads(); i++, n_read++) {
                    libllm_session_rewind(s.get(), 0, &error);
                    eval(s.get(), some_tokens(250, i + 1));
                }
            });
        for (std::thread &t : threads)
            t.join();
    }
    EXPECT_LT(n_read, 2500u / (BATCH / 4) + 8) << "short ones were read before the long one's end";
}

} // namespace
