// SPDX-License-Identifier: MIT
// What goes wrong in C++ programs gives an exception: misuse_cpp MODEL CHAT_MODEL. The scenario has what all languages
// share.
#include <libllm/libllm.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <thread>

using namespace libllm;

static int n_wrong;

static void expect(bool good, const char *what)
{
    if (!good) {
        std::cout << "not so: " << what << '\n';
        n_wrong++;
    }
}

template <class E, class Function> static void expect_throw(const char *what, Function function)
{
    try {
        function();
        expect(false, what);
    } catch (const E &) {
    }
}

static void moved_and_closed(const Model &model)
{
    Session first = Session::open(model);
    Session second = std::move(first);
    expect_throw<ClosedError>("a session that was moved from is closed", [&] { first.position(); });
    expect(first.closed() && !second.closed(), "closed() tells");
    first = std::move(second);
    first.eval({1, 2});
    View<float> logits = first.logits();
    first.close();
    first.close();
    expect(logits.size() > 0 && std::isfinite(std::accumulate(logits.begin(), logits.end(), 0.0f)),
           "a view keeps the memory of a session that was closed");
    expect_throw<ClosedError>("a closed session", [&] { first.logits(); });
}

static void closed_by_another_thread(const Model &model)
{
    Session session = Session::open(model);
    std::atomic<bool> over{false};
    std::thread thread([&] {
        try {
            for (;;) {
                session.rewind(0);
                session.eval({1, 2, 3});
            }
        } catch (const ClosedError &) {
        }
        over = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    session.close();
    thread.join();
    expect(over, "a thread that uses a session learns that another closed it");
}

static void used_by_two_threads(const Model &model)
{
    Session session = Session::open(model);
    session.eval({1});
    std::atomic<bool> busy{false};
    auto use = [&](auto function) { // until either thread is told
        for (int i = 0; i < 1000000 && !busy; i++) {
            try {
                function();
            } catch (const BusyError &) {
                busy = true;
            } catch (const InvalidArgumentError &) { // logits between rewind and eval
            }
        }
    };
    std::thread thread([&] {
        use([&] {
            session.rewind(0);
            session.eval(std::vector<std::int32_t>(200, 1));
        });
    });
    use([&] { session.logits(); });
    thread.join();
    expect(busy, "a second thread is told that the first uses the session");
}

static void callbacks(const std::string &path)
{
    auto n_held = std::make_shared<std::atomic<int>>(0); // pieces of memory that the library has
    RuntimeOptions options;
    options.allocate = [n_held](std::size_t size, std::size_t alignment) {
        ++*n_held;
        return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    };
    options.release = [n_held](void *memory) {
        --*n_held;
        std::free(memory);
    };
    std::optional<Runtime> runtime = Runtime::create(options);
    options = {};
    std::optional<Model> model = Model::open(*runtime, path);
    runtime.reset();
    std::optional<Session> session = Session::open(*model);
    model.reset();
    expect(n_held.use_count() > 1, "a callback lives as long as what calls it");
    session->eval({1, 2});
    std::optional<View<float>> logits = session->logits();
    int n_before = *n_held;
    session.reset();
    expect(n_before > 0 && *n_held == n_before, "a view keeps the memory of a session that is gone");
    logits.reset();
    expect(*n_held == 0, "all memory came back");
    expect(n_held.use_count() == 1, "a callback goes when nothing calls it any more");

    RuntimeOptions failing;
    failing.allocate = [](std::size_t, std::size_t) -> void * { throw std::length_error("no"); };
    failing.release = [](void *) {};
    expect_throw<std::length_error>("what an allocator throws comes out", [&] { Runtime::create(failing); });
    RuntimeOptions half;
    half.allocate = failing.allocate;
    expect_throw<InvalidArgumentError>("an allocator without release", [&] { Runtime::create(half); });
}

static void ranges(const Model &model)
{
    Session session = Session::open(model);
    StreamOptions options;
    options.max_tokens = 5;
    options.ignore_end = 1;
    options.stops = {"never", "neither"};
    Stream stream = Stream::create(session, {1, 2, 3}, options);
    auto n_tokens =
        std::count_if(stream.begin(), stream.end(), [](const StreamEvent &event) { return event.token >= 0; });
    expect(n_tokens == 5, "a stream is a range of its items");
    expect_throw<BusyError>("a session that a stream uses", [&] { session.eval({1}); });
    stream.close();
    session.eval({1});
    expect_throw<InvalidArgumentError>("a NUL in a path", [&] { session.save(std::string("a\0b", 3)); });
    std::vector<BatchEntry> entries = {{&session, {1, 2}}, {nullptr, {1}}};
    expect_throw<InvalidArgumentError>("an entry without a session", [&] { Engine::create(model).eval(entries); });
}

static void conversations(const Model &model)
{
    Conversation conversation(model);
    int n_events = 0;
    expect_throw<CancelledError>("an answer that is cancelled between two of its items", [&] {
        conversation.say("hello", {}, [&](const StreamEvent &) {
            n_events++;
            conversation.cancel();
        });
    });
    expect(n_events == 1 && conversation.messages().empty(), "nothing was said");
    Conversation moved = std::move(conversation);
    expect(moved.say("hello").text == "It is sunny.", "a conversation goes on");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    try {
        Model model = open(argv[1]);
        moved_and_closed(model);
        closed_by_another_thread(model);
        used_by_two_threads(model);
        callbacks(argv[1]);
        ranges(model);
        conversations(open(argv[2]));
        expect(json_string("a\"b\\\n\x01") == "\"a\\\"b\\\\\\u000a\\u0001\"", "text becomes a JSON string");
        expect(embed(model, "Hello").size() == model.get_info().n_embd, "an embedding has n_embd numbers");
        expect_throw<NotFoundError>("a model that is not there", [] { open("no-such-model"); });
    } catch (const std::exception &error) {
        expect(false, error.what());
    }
    return n_wrong > 0;
}
