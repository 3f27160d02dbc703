// SPDX-License-Identifier: MIT
// Layers with a window keep no more than they will see: the memory that this takes, and that no result shows it. Two
// engines are told the same, one of which keeps everything.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "handles.h"

extern "C" {
#include "session/pages.h"
}

namespace
{

using handles::Handle;
using handles::logits_of;
using handles::some_tokens;

enum { PAGE = LL_PAGE_POSITIONS, CONTEXT = 1024, BATCH = 48 };

class Window : public ::testing::Test
{
  protected:
    libllm_error error{};
    std::atomic<size_t> n_allocated{0};
    Handle<libllm_runtime> runtime = counting_runtime();
    Handle<libllm_model> model;
    std::string path = ::testing::TempDir() + "window" + std::to_string(getpid()) + ".gguf";
    std::string saved = path + ".session";

    ~Window() override
    {
        unlink(path.c_str());
        unlink(saved.c_str());
    }

    // That counts what is asked for.
    Handle<libllm_runtime> counting_runtime()
    {
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = 2;
        options.fixed_threads = 1;
        options.allocate = [](void *counter, size_t size, size_t alignment) {
            *static_cast<std::atomic<size_t> *>(counter) += size;
            return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
        };
        options.release = [](void *, void *memory) { free(memory); };
        options.allocator_user_data = &n_allocated;
        libllm_runtime *r = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &r, &error)) << error.message;
        return Handle<libllm_runtime>(r);
    }
    // A fixture with another window.
    void open(const std::string &name, const std::string &architecture, uint32_t window)
    {
        std::ifstream in(std::string(LIBLLM_TEST_DATA "/") + name + ".gguf", std::ios::binary);
        std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        const std::string key = architecture + ".attention.sliding_window";
        const size_t at = bytes.find(key);
        ASSERT_NE(std::string::npos, at);
        memcpy(&bytes[at + key.size() + sizeof(uint32_t)], &window, sizeof window);
        std::ofstream(path, std::ios::binary) << bytes;
        model = handles::open_model(runtime.get(), path);
        ASSERT_TRUE(model);
    }
    Handle<libllm_engine> engine(uint32_t n_sessions, uint64_t n_positions)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        options.n_batch = BATCH;
        options.deterministic = 1;
        options.n_sessions = n_sessions;
        libllm_engine *e = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_engine_create(model.get(), &options, &e, &error)) << error.message;
        return Handle<libllm_engine>(e);
    }
    Handle<libllm_session> session(const Handle<libllm_engine> &e, uint64_t n_positions = CONTEXT)
    {
        libllm_session_options options;
        libllm_session_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_create(e.get(), &options, &s, &error)) << error.message;
        return Handle<libllm_session>(s);
    }
    void eval(const Handle<libllm_session> &s, const std::vector<int32_t> &ids)
    {
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s.get(), ids.data(), ids.size(), &error)) << error.message;
    }
    void rewind(const Handle<libllm_session> &s, size_t n)
    {
        ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s.get(), n, &error)) << error.message;
    }

    // More where somebody looks for a mistake.
    static uint32_t n_seeds()
    {
        const char *n = getenv("LIBLLM_TEST_SEEDS");
        return n ? static_cast<uint32_t>(atoi(n)) : 1;
    }
    // What people do with three sessions, in any order.
    void compare(uint32_t seed, int n_steps)
    {
        std::mt19937 random(seed);
        const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
        const auto all = engine(0, 3 * CONTEXT), few = engine(3, 3 * CONTEXT);
        std::vector<Handle<libllm_session>> a, b;
        for (int i = 0; i < 3; i++) {
            a.push_back(session(all));
            b.push_back(session(few));
        }
        for (int step = 0; step < n_steps; step++) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", step " + std::to_string(step));
            const size_t i = below(3), position = libllm_session_position(a[i].get());
            ASSERT_EQ(position, libllm_session_position(b[i].get()));
            switch (below(9)) {
            case 0:
            case 1: { // back to somewhere, mostly not far
                const size_t n = below(2) ? below(position + 1) : position - below(position < 80 ? position + 1 : 80);
                rewind(a[i], n);
                rewind(b[i], n);
                break;
            }
            case 2: { // another session takes its place
                a[i].reset();
                b[i].reset();
                a[i] = session(all);
                b[i] = session(few);
                break;
            }
            case 3: { // through a file, from one to the other
                if (position == 0)
                    break;
                const auto &from = below(2) ? a[i] : b[i];
                ASSERT_EQ(LIBLLM_OK, libllm_session_save(from.get(), saved.c_str(), &error)) << error.message;
                ASSERT_EQ(LIBLLM_OK, libllm_session_load(a[i].get(), saved.c_str(), &error)) << error.message;
                ASSERT_EQ(LIBLLM_OK, libllm_session_load(b[i].get(), saved.c_str(), &error)) << error.message;
                break;
            }
            default: { // one of few texts goes on, so that sessions have much in common
                const auto text = some_tokens(CONTEXT, 1 + static_cast<uint32_t>(below(2)));
                const size_t room = CONTEXT - position, n = below(3) ? 1 + below(300) : 1 + below(4);
                if (n > room)
                    break;
                const auto at = text.begin() + static_cast<ptrdiff_t>(position);
                const std::vector<int32_t> ids(at, at + static_cast<ptrdiff_t>(n));
                eval(a[i], ids);
                eval(b[i], ids);
                ASSERT_EQ(logits_of(a[i].get()), logits_of(b[i].get()));
            }
            }
        }
    }
};

TEST_F(Window, NoResultShowsWhatWasGivenUp)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const std::vector<uint32_t> windows = {65};
#else
    const std::vector<uint32_t> windows = {1, 16, 65, 300};
#endif
    for (const uint32_t window : windows) {
        open("tiny/gemma3", "gemma3", window);
        SCOPED_TRACE("a window of " + std::to_string(window));
        for (uint32_t seed = 1; seed <= n_seeds() && !HasFatalFailure(); seed++)
            compare(seed * 100 + window, 60);
    }
}

TEST_F(Window, NorWhereEveryLayerHasOne)
{
    open("random/mistral-window", "llama", 40);
    for (uint32_t seed = 1; seed <= 2 * n_seeds() && !HasFatalFailure(); seed++)
        compare(seed, 60);
}

TEST_F(Window, LongContextsTakeLittleMemory)
{
    open("random/mistral-window", "llama", 64); // all of its layers have the window
    const size_t before = n_allocated;
    auto e = engine(0, 64 * CONTEXT);
    const size_t all = n_allocated - before;
    e = engine(1, 64 * CONTEXT);
    const size_t few = n_allocated - before - all;
    EXPECT_LT(few, all / 4) << "what is left are other things than keys and values";
}

TEST_F(Window, AsManySessionsAsWereAskedFor)
{
    open("tiny/gemma3", "gemma3", 16);
    const auto e = engine(2, 8 * CONTEXT);
    auto a = session(e), b = session(e), c = session(e);
    libllm_session_options options;
    libllm_session_options_init(&options, sizeof options);
    options.n_positions = CONTEXT;
    libllm_session *more = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_create(e.get(), &options, &more, &error));
    EXPECT_NE(nullptr, strstr(error.message, "n_sessions")) << error.message;
    c.reset();
    EXPECT_EQ(LIBLLM_OK, libllm_session_create(e.get(), &options, &more, &error)) << error.message;
    c.reset(more);
}

TEST_F(Window, GoingBackFarIsGoingBack)
{
    open("tiny/gemma3", "gemma3", 16);
    const auto e = engine(1, CONTEXT), everything = engine(0, CONTEXT);
    const auto a = session(e), b = session(everything);
    const auto ids = some_tokens(CONTEXT);
    for (const auto &s : {&a, &b}) {
        eval(*s, {ids.begin(), ids.begin() + 900});
        rewind(*s, 30);
        EXPECT_EQ(30u, libllm_session_position(s->get()));
        eval(*s, {7});
    }
    EXPECT_EQ(logits_of(b.get()), logits_of(a.get()));
}

// A call that is cancelled leaves the session as it was, also when its window had moved on.
TEST_F(Window, ACancelledCallIsUndone)
{
    open("tiny/gemma3", "gemma3", 16);
    const auto e = engine(1, 16 * CONTEXT), everything = engine(0, 16 * CONTEXT);
    const auto a = session(e, 16 * CONTEXT), b = session(everything, 16 * CONTEXT);
    const auto ids = some_tokens(15 * CONTEXT);
    for (const auto &s : {&a, &b})
        eval(*s, {ids.begin(), ids.begin() + 200});
    int n_cancelled = 0;
    for (int i = 0; i < 20; i++) {
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(1 + i));
            libllm_session_cancel(a.get());
        });
        const libllm_status status = libllm_session_eval(a.get(), ids.data(), ids.size(), &error);
        other.join();
        n_cancelled += status == LIBLLM_ERROR_CANCELLED;
        if (status == LIBLLM_OK)
            rewind(a, 200);
        EXPECT_EQ(200u, libllm_session_position(a.get()));
    }
    EXPECT_GT(n_cancelled, 0);
    for (const auto &s : {&a, &b})
        eval(*s, {3, 4, 5});
    EXPECT_EQ(logits_of(b.get()), logits_of(a.get()));
}

} // namespace
