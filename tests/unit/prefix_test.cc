// SPDX-License-Identifier: MIT
// Sessions of one engine share the pages of what they have in common: how much is taken up, and that no result shows
// it.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "handles.h"

extern "C" {
#include "session/pages.h"
}

namespace
{

enum { PAGE = LL_PAGE_POSITIONS };

using handles::Handle;
using handles::some_tokens;

class Prefix : public ::testing::TestWithParam<const char *>
{
  protected:
    libllm_error error{};
    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;

    void SetUp() override { open("tiny/llama"); }
    void open(const std::string &name)
    {
        runtime = handles::make_runtime(2);
        model = handles::open_model(runtime.get(), LIBLLM_TEST_DATA "/" + name + ".gguf");
        ASSERT_TRUE(model);
    }
    Handle<libllm_engine> engine(uint64_t n_positions, bool reuses = true, bool deterministic = true)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        options.n_batch = 48;
        options.deterministic = deterministic;
        options.no_reuse = !reuses;
        libllm_engine *e = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_engine_create(model.get(), &options, &e, &error)) << error.message;
        return Handle<libllm_engine>(e);
    }
    Handle<libllm_session> session(const Handle<libllm_engine> &e, uint64_t n_positions)
    {
        libllm_session_options options;
        libllm_session_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_create(e.get(), &options, &s, &error)) << error.message;
        return Handle<libllm_session>(s);
    }
    static std::vector<int32_t> joined(std::vector<int32_t> a, const std::vector<int32_t> &b)
    {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    }
    static std::vector<float> logits(const Handle<libllm_session> &s) { return handles::logits_of(s.get()); }
    // Tokens that were there already.
    size_t eval(const Handle<libllm_session> &s, const std::vector<int32_t> &ids)
    {
        EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s.get(), ids.data(), ids.size(), &error)) << error.message;
        return libllm_session_reused(s.get());
    }
    std::vector<float> logits_alone(const std::vector<int32_t> &ids)
    {
        const auto e = engine(1024, false);
        const auto s = session(e, 1024);
        EXPECT_EQ(0u, eval(s, ids));
        return logits(s);
    }
    std::vector<int32_t> greedy(const Handle<libllm_session> &s, const std::vector<int32_t> &prompt, uint64_t n,
                                uint64_t *n_cached)
    {
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.temperature = 0;
        libllm_stream_options options;
        libllm_stream_options_init(&options, sizeof options);
        options.sampling = &sampling;
        options.max_tokens = n;
        options.ignore_end = 1;
        libllm_stream *raw = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(s.get(), prompt.data(), prompt.size(), &options, &raw, &error))
            << error.message;
        const Handle<libllm_stream> stream(raw);
        std::vector<int32_t> tokens;
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        while (libllm_stream_next(raw, &event, &error) == LIBLLM_OK)
            if (event.token >= 0)
                tokens.push_back(event.token);
        *n_cached = event.n_cached_tokens;
        return tokens;
    }
};

TEST_F(Prefix, ASecondSessionTakesUpWhatTheFirstHas)
{
    const auto e = engine(1024);
    const auto a = session(e, 256), b = session(e, 256);
    const auto ids = some_tokens(200);
    EXPECT_EQ(0u, eval(a, ids));
    EXPECT_EQ(3u * PAGE, eval(b, ids)) << "while the first still has it, whole pages";
    EXPECT_EQ(200u, libllm_session_position(b.get()));
    EXPECT_EQ(logits(a), logits(b));
    EXPECT_EQ(logits_alone(ids), logits(b));
    std::vector<int32_t> back(200);
    size_t n = 0;
    EXPECT_EQ(LIBLLM_OK, libllm_session_tokens(b.get(), back.data(), 200, &n, &error));
    EXPECT_EQ(ids, back);
    EXPECT_EQ(0u, eval(b, {5})) << "one more token finds nothing";
}

TEST_F(Prefix, WhatASessionLeavesIsTakenUpToTheLastTokenButOne)
{
    const auto e = engine(1024);
    const auto ids = some_tokens(220);
    eval(session(e, 256), ids);
    const auto b = session(e, 256);
    EXPECT_EQ(219u, eval(b, ids)) << "the last is computed, for its logits";
    EXPECT_EQ(logits_alone(ids), logits(b));
    // A text that leaves the first one in the middle of a page.
    const auto other = joined({ids.begin(), ids.begin() + 150}, some_tokens(60, 7));
    const auto c = session(e, 256);
    EXPECT_EQ(150u, eval(c, other));
    EXPECT_EQ(logits_alone(other), logits(c));
    const auto d = session(e, 256); // whose pages were copied, not written to
    EXPECT_EQ(219u, eval(d, ids));
    EXPECT_EQ(logits_alone(ids), logits(d));
}

TEST_F(Prefix, GoingBackIntoASharedPageDoesNotWriteToIt)
{
    const auto e = engine(512);
    const auto a = session(e, 192), b = session(e, 192);
    const auto ids = some_tokens(150);
    eval(a, ids);
    EXPECT_EQ(128u, eval(b, ids));
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(b.get(), 100, &error));
    const auto other = some_tokens(50, 3);
    eval(b, other);
    EXPECT_EQ(logits_alone(joined({ids.begin(), ids.begin() + 100}, other)), logits(b));
    eval(a, {9});
    EXPECT_EQ(logits_alone(joined(ids, {9})), logits(a));
    const auto c = session(e, 128);
    EXPECT_EQ(127u, eval(c, {ids.begin(), ids.begin() + 128})) << "of the second page a copy";
    EXPECT_EQ(logits_alone({ids.begin(), ids.begin() + 128}), logits(c));
}

TEST_F(Prefix, OneSessionComesBackToAnEarlierConversation)
{
    const auto e = engine(1024);
    const auto s = session(e, 1024);
    const auto first = some_tokens(150), second = some_tokens(170, 12345);
    uint64_t n_cached = 0;
    const auto answer = greedy(s, first, 20, &n_cached);
    EXPECT_EQ(0u, n_cached);
    greedy(s, second, 20, &n_cached);
    EXPECT_EQ(0u, n_cached);
    const auto turn = joined(joined(first, answer), some_tokens(11, 4)); // and goes on with it
    const auto on = greedy(s, turn, 20, &n_cached);
    EXPECT_EQ(169u, n_cached) << "all but the last token of the answer, which was never computed";
    const auto alone = session(engine(1024, false), 1024);
    uint64_t none = 0;
    EXPECT_EQ(greedy(alone, turn, 20, &none), on);
    EXPECT_EQ(0u, none);
}

TEST_F(Prefix, MemoryThatSessionsNeedIsTakenFromWhatIsKept)
{
    const auto e = engine(4 * PAGE);
    const auto first = some_tokens(2 * PAGE), second = some_tokens(2 * PAGE, 2), third = some_tokens(2 * PAGE, 3);
    eval(session(e, 2 * PAGE), first);
    eval(session(e, 2 * PAGE), second);
    EXPECT_EQ(2u * PAGE - 1, eval(session(e, 2 * PAGE), first)) << "both fit; this one is used last";
    eval(session(e, 2 * PAGE), third);
    EXPECT_EQ(2u * PAGE - 1, eval(session(e, 2 * PAGE), first));
    const auto all = session(e, 4 * PAGE);
    const auto long_text = some_tokens(4 * PAGE, 5);
    EXPECT_EQ(0u, eval(all, long_text)) << "all pages are the session's";
    EXPECT_EQ(logits_alone(long_text), logits(all));
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(all.get(), 4 * PAGE - 10, &error));
    eval(all, {1, 2, 3}); // into a page that is known, with no other one to copy it to
    EXPECT_EQ(logits_alone(joined({long_text.begin(), long_text.end() - 10}, {1, 2, 3})), logits(all));
}

TEST_F(Prefix, AFailedCallLeavesTheTimelineAsItWas)
{
    const auto e = engine(1024);
    const auto ids = some_tokens(200);
    eval(session(e, 256), ids);
    const auto s = session(e, 256);
    eval(s, {ids.begin(), ids.begin() + 10});
    std::thread canceller;
    libllm_status status = LIBLLM_OK;
    for (int i = 0; i < 1000 && status != LIBLLM_ERROR_CANCELLED; i++) {
        canceller = std::thread([&] {
            for (int k = 0; k < 200; k++)
                libllm_session_cancel(s.get());
        });
        status = libllm_session_eval(s.get(), ids.data() + 10, 150, &error);
        canceller.join();
        if (status == LIBLLM_OK) {
            ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s.get(), 10, &error));
        }
    }
    ASSERT_EQ(LIBLLM_ERROR_CANCELLED, status);
    EXPECT_EQ(10u, libllm_session_position(s.get()));
    const auto other = some_tokens(100, 5);
    eval(s, other);
    EXPECT_EQ(logits_alone(joined({ids.begin(), ids.begin() + 10}, other)), logits(s));
}

TEST_F(Prefix, RowsOfAllTokensAreComputed)
{
    const auto e = engine(512);
    const auto ids = some_tokens(150);
    eval(session(e, 192), ids);
    const auto s = session(e, 192);
    libllm_model_info info{};
    info.struct_size = sizeof info;
    ASSERT_EQ(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    std::vector<float> rows(150 * info.n_vocab), expected(rows.size());
    const auto plain = session(engine(512, false), 192);
    for (auto *of : {&rows, &expected})
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval_logits((of == &rows ? s : plain).get(), ids.data(), 150, of->data(),
                                                        of->size(), &error));
    EXPECT_EQ(0u, libllm_session_reused(s.get()));
    EXPECT_EQ(expected, rows);
}

TEST_F(Prefix, AdaptersHavePagesOfTheirOwn)
{
    libllm_adapter *raw = nullptr;
    ASSERT_EQ(LIBLLM_OK,
              libllm_adapter_open(model.get(), LIBLLM_TEST_DATA "/adapters/llama.gguf", nullptr, &raw, &error))
        << error.message;
    const Handle<libllm_adapter> adapter(raw);
    const libllm_scaled_adapter uses[] = {{adapter.get(), 1, 0}, {adapter.get(), 0.5f, 0}};
    const auto e = engine(2048);
    const auto ids = some_tokens(130);
    const auto plain = session(e, 256), adapted = session(e, 192), weaker = session(e, 192), again = session(e, 192);
    ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(adapted.get(), &uses[0], 1, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(weaker.get(), &uses[1], 1, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(again.get(), &uses[0], 1, &error));
    EXPECT_EQ(0u, eval(plain, ids));
    EXPECT_EQ(0u, eval(adapted, ids));
    EXPECT_EQ(0u, eval(weaker, ids));
    EXPECT_EQ(128u, eval(again, ids));
    EXPECT_EQ(logits(adapted), logits(again));
    EXPECT_NE(logits(plain), logits(adapted));
    EXPECT_NE(logits(weaker), logits(adapted));
    // What was computed with one and gone on with another is nobody else's.
    ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(plain.get(), &uses[0], 1, &error));
    const auto more = some_tokens(70, 6);
    eval(plain, more);
    const auto fresh = session(e, 256);
    ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(fresh.get(), &uses[0], 1, &error));
    EXPECT_EQ(128u, eval(fresh, joined(ids, more)));
    EXPECT_NE(logits(plain), logits(fresh));
    // The last one that has the adapters takes with it what is known of them.
    for (const auto *s : {&adapted, &again, &fresh, &plain})
        ASSERT_EQ(LIBLLM_OK, libllm_session_set_adapters(s->get(), nullptr, 0, &error));
    const auto late = session(e, 192);
    EXPECT_EQ(128u, eval(late, ids)) << "as the plain weights have it";
}

TEST_F(Prefix, ThreadsShareOnePrompt)
{
    const auto e = engine(16 * 256);
    const auto ids = some_tokens(140);
    const auto expected = logits_alone(joined(ids, {3}));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            for (int round = 0; round < 12; round++) {
                const auto s = session(e, 256);
                eval(s, joined(ids, some_tokens(static_cast<size_t>(1 + t + round), static_cast<uint32_t>(t))));
                ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s.get(), 140, nullptr));
                eval(s, {3});
                EXPECT_EQ(expected, logits(s));
            }
        });
    for (auto &thread : threads)
        thread.join();
}

// Conversations of several families, each request in a session of its own, with and without what others have left.
TEST_P(Prefix, GreedyTokensAreTheSame)
{
    open(GetParam());
    for (bool deterministic : {true, false}) {
        const auto with = engine(1024, true, deterministic), without = engine(1024, false, deterministic);
        const auto system = some_tokens(90);
        uint64_t n_reused = 0;
        for (uint32_t user = 0; user < 3; user++) {
            auto prompt = system;
            for (uint32_t turn = 0; turn < 3; turn++) {
                prompt = joined(prompt, some_tokens(15 + 8 * user, 10 * user + turn));
                uint64_t n_cached = 0, none = 0;
                const auto answer = greedy(session(with, 256), prompt, 24, &n_cached);
                EXPECT_EQ(greedy(session(without, 256), prompt, 24, &none), answer)
                    << "user " << user << ", turn " << turn;
                EXPECT_EQ(0u, none);
                n_reused += n_cached;
                prompt = joined(prompt, answer);
            }
        }
        EXPECT_GT(n_reused, 9u * 90 / 2);
    }
}

INSTANTIATE_TEST_SUITE_P(Families, Prefix,
                         ::testing::Values("tiny/llama", "tiny/qwen3", "tiny/gemma2", "tiny/gemma3", "tiny/mistral",
                                           "tiny/mixtral", "tiny/phi3", "tiny/gpt2", "tiny/falcon", "tiny/deepseek2",
                                           "tiny/cohere2", "tiny/lfm2", "tiny/mamba", "families/bloom",
                                           "families/mamba2", "families/gpt-oss"));

// Layers that know the tokens only in sum go on from states that were kept: where a session left off, and a little
// before the end of a prompt, as the next turn may end otherwise there.
class PrefixOfStates : public Prefix
{
};

TEST_P(PrefixOfStates, AreTakenUpWhereTheyWereKept)
{
    open(GetParam());
    const auto e = engine(1024);
    const auto ids = some_tokens(150);
    eval(session(e, 256), ids);
    const std::vector<int32_t> front(ids.begin(), ids.begin() + 145), half(ids.begin(), ids.begin() + 100);
    const struct {
        std::vector<int32_t> prompt;
        size_t n_reused;
    } cases[] = {{joined(ids, some_tokens(20, 2)), 150},
                 {joined(front, some_tokens(30, 3)), 142},
                 {joined(half, some_tokens(20, 4)), 0},
                 {ids, 142}};
    for (const auto &c : cases) {
        const auto s = session(e, 256);
        EXPECT_EQ(c.n_reused, eval(s, c.prompt));
        EXPECT_EQ(logits_alone(c.prompt), logits(s));
    }
}

TEST_P(PrefixOfStates, ASessionGoesBackToThem)
{
    open(GetParam());
    const auto e = engine(1024);
    const auto s = session(e, 256);
    const auto ids = some_tokens(150);
    eval(s, ids);
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s.get(), 145, &error));
    const auto other = joined({ids.begin(), ids.begin() + 145}, some_tokens(30, 2));
    eval(s, {other.begin() + 145, other.end()});
    EXPECT_EQ(logits_alone(other), logits(s));
    uint64_t n_cached = 0;
    const auto third = joined({ids.begin(), ids.begin() + 144}, some_tokens(30, 3));
    const auto answer = greedy(s, third, 12, &n_cached);
    EXPECT_EQ(142u, n_cached);
    uint64_t none = 0;
    EXPECT_EQ(greedy(session(engine(1024, false), 256), third, 12, &none), answer);
    EXPECT_EQ(0u, none);
}

INSTANTIATE_TEST_SUITE_P(Families, PrefixOfStates,
                         ::testing::Values("tiny/lfm2", "tiny/mamba", "families/falcon-mamba", "families/mamba2",
                                           "families/lfm2moe"));

// The bookkeeping alone: paths at random, whose pages say what they were put there for.
TEST(Pages, AreWhereTheyWerePutOrGone)
{
    enum { N = 24, DEPTH = 5, USERS = 4, KINDS = 3 };
    ll_host host;
    ll_host_init(&host);
    ll_pages pages;
    ASSERT_TRUE(ll_pages_init(&pages, &host, N, 0));
    ll_pages_keep_states(&pages, 16 << 20); // which is as much as there are few of
    ll_page_root *root = ll_pages_root(&pages, nullptr, 0);
    std::vector<std::string> path_of(N); // of the page, as it was put there
    std::vector<uint32_t> held[USERS];
    uint32_t seed = 1;
    const auto random = [&seed](uint32_t n) { return (seed = seed * 1664525u + 1013904223u) / 65536 % n; };
    size_t n_found = 0, n_forgotten = 0, n_states = 0;
    for (int round = 0; round < 20000; round++) {
        auto &chain = held[random(USERS)];
        for (; !chain.empty(); chain.pop_back())
            ll_pages_give(&pages, chain.back());
        std::string path;
        for (uint32_t depth = random(DEPTH + 1); chain.size() < depth;) {
            const uint32_t kind = random(KINDS), length = chain.size() + 1 < depth ? uint32_t{PAGE} : 1 + random(PAGE);
            const std::vector<int32_t> tokens(length, static_cast<int32_t>(kind));
            const uint32_t parent = chain.empty() ? LL_NO_PAGE : chain.back();
            size_t n_same = 0;
            uint32_t page = ll_pages_find(&pages, root, parent, tokens.data(), length, &n_same);
            path += static_cast<char>('a' + kind);
            if (n_same) {
                ASSERT_EQ(path, path_of[page]);
                ASSERT_LE(n_same, pages.pages[page].n_tokens);
            }
            if (n_same == length) {
                n_found++;
                ll_pages_share(&pages, page);
            } else {
                const uint32_t fresh = ll_pages_take(&pages);
                ASSERT_NE(LL_NO_PAGE, fresh);
                n_forgotten += !path_of[fresh].empty();
                page = ll_pages_link(&pages, root, parent, fresh, tokens.data(), length);
                path_of[page] = path;
            }
            const auto text_of = [&](uint32_t n) { return path + static_cast<char>('0' + n); };
            const uint32_t n_tokens = pages.pages[page].n_tokens;
            uint32_t n_seen = 1 + random(n_tokens), most = n_seen;
            if (const uint8_t *state = ll_pages_find_state(&pages, page, &n_seen)) {
                n_states++;
                ASSERT_LE(n_seen, most);
                ASSERT_EQ(text_of(n_seen), reinterpret_cast<const char *>(state)) << "it is of these tokens";
            }
            if (random(4) == 0)
                strcpy(reinterpret_cast<char *>(ll_pages_keep_state(&pages, page, most)), text_of(most).c_str());
            chain.push_back(page);
            if (pages.pages[page].n_tokens < PAGE)
                break;
        }
        std::vector<uint32_t> users(N);
        for (const auto &of_user : held)
            for (uint32_t page : of_user)
                users[page]++;
        size_t n_used = 0, n_kept = 0;
        for (uint32_t i = 0; i < N; i++) {
            ASSERT_EQ(users[i], pages.pages[i].users);
            n_used += users[i] > 0;
        }
        for (uint32_t i = pages.oldest; i != LL_NO_PAGE; i = pages.pages[i].newer)
            n_kept++;
        ASSERT_EQ(static_cast<size_t>(N), n_used + n_kept + pages.n_blank);
    }
    EXPECT_GT(n_found, 1000u);
    EXPECT_GT(n_forgotten, 1000u);
    EXPECT_GT(n_states, 1000u);
    ll_pages_free(&pages);
}

} // namespace
