/* SPDX-License-Identifier: MIT
 * Constraints through the public interface: streams keep them, and what is wrong fails the request.
 */
#include <gtest/gtest.h>
#include <libllm/libllm.h>

#include <cstring>
#include <regex>
#include <thread>
#include <vector>

namespace
{

// The allocator of a runtime, which counts what is asked for.
struct Counted {
    size_t n_bytes = 0;
    static void *allocate(void *self, size_t size, size_t alignment)
    {
        static_cast<Counted *>(self)->n_bytes += size;
        return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    }
    static void release(void *, void *memory) { free(memory); }
};

class PublicConstraint : public ::testing::Test
{
  protected:
    libllm_error error = {};
    libllm_runtime *runtime = nullptr;
    libllm_model *model = nullptr, *other = nullptr;
    libllm_session *session = nullptr;
    uint64_t n_generated = 0;
    int32_t finish = 0;

    void SetUp() override
    {
        libllm_runtime_options o;
        libllm_runtime_options_init(&o, sizeof o);
        o.n_threads = 1;
        ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(&o, &runtime, &error));
        for (libllm_model **m : {&model, &other})
            ASSERT_EQ(LIBLLM_OK, libllm_model_open(runtime, LIBLLM_TEST_DATA "/tiny/llama.gguf", nullptr, m, &error));
        libllm_engine_options e;
        libllm_engine_options_init(&e, sizeof e);
        e.n_positions = 256;
        ASSERT_EQ(LIBLLM_OK, libllm_session_open(model, &e, &session, &error)) << error.message;
    }
    void TearDown() override
    {
        libllm_session_free(session);
        libllm_model_free(other);
        libllm_model_free(model);
        libllm_runtime_free(runtime);
    }
    libllm_constraint *make(libllm_constraint_kind kind, const std::string &text, libllm_model *m = nullptr)
    {
        libllm_constraint *constraint = nullptr;
        EXPECT_EQ(LIBLLM_OK,
                  libllm_constraint_create(m ? m : model, kind, text.data(), text.size(), &constraint, &error))
            << error.message;
        return constraint;
    }
    libllm_stream *start(const libllm_constraint *constraint, uint64_t seed, uint64_t max_tokens,
                         uint32_t ignore_end = 0)
    {
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        sampling.seed = seed;
        libllm_stream_options o;
        libllm_stream_options_init(&o, sizeof o);
        o.sampling = &sampling;
        o.max_tokens = max_tokens;
        o.constraint = constraint;
        o.ignore_end = ignore_end;
        libllm_stream *stream = nullptr;
        const int32_t prompt[] = {1, 5, 9};
        EXPECT_EQ(LIBLLM_OK, libllm_stream_create(session, prompt, 3, &o, &stream, &error)) << error.message;
        return stream;
    }
    std::string finish_stream(libllm_stream *stream)
    {
        std::string text;
        libllm_stream_event event = {};
        event.struct_size = sizeof event;
        libllm_status status;
        while ((status = libllm_stream_next(stream, &event, &error)) == LIBLLM_OK)
            text.append(event.text, event.n_bytes);
        EXPECT_EQ(LIBLLM_DONE, status) << error.message;
        n_generated = event.n_tokens;
        finish = event.finish_reason;
        libllm_stream_free(stream);
        return text;
    }
    size_t position() { return libllm_session_position(session); }
};

// Also when nobody has the first one any more.
TEST_F(PublicConstraint, TheSameIsCompiledOnce)
{
    Counted counted;
    libllm_runtime_options o;
    libllm_runtime_options_init(&o, sizeof o);
    o.n_threads = 1;
    o.allocate = Counted::allocate;
    o.release = Counted::release;
    o.allocator_user_data = &counted;
    libllm_runtime *own = nullptr;
    libllm_model *counting = nullptr;
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(&o, &own, &error));
    ASSERT_EQ(LIBLLM_OK, libllm_model_open(own, LIBLLM_TEST_DATA "/tiny/llama.gguf", nullptr, &counting, &error));
    const auto cost = [&](libllm_constraint_kind kind, const std::string &text) {
        const size_t before = counted.n_bytes;
        libllm_constraint_free(make(kind, text, counting));
        return counted.n_bytes - before;
    };
    const std::string text = R"(["a","b"])";
    cost(LIBLLM_CONSTRAINT_REGEX, "the tree of the vocabulary");
    const size_t first = cost(LIBLLM_CONSTRAINT_CHOICE, text);
    EXPECT_LT(cost(LIBLLM_CONSTRAINT_CHOICE, text) * 4, first);
    EXPECT_GT(cost(LIBLLM_CONSTRAINT_REGEX, text) * 4, first) << "another kind is another constraint";
    for (int i = 0; i < 4; i++)
        cost(LIBLLM_CONSTRAINT_REGEX, "other " + std::to_string(i));
    EXPECT_GT(cost(LIBLLM_CONSTRAINT_CHOICE, text) * 4, first) << "four are kept";
    libllm_model_free(counting);
    libllm_runtime_free(own);
}

TEST_F(PublicConstraint, StreamsKeepIt)
{
    const struct {
        libllm_constraint_kind kind;
        const char *text, *expression;
    } cases[] = {
        {LIBLLM_CONSTRAINT_REGEX, "[a-f]{3,20}(-\\d{2})?", "[a-f]{3,20}(-[0-9]{2})?"},
        {LIBLLM_CONSTRAINT_CHOICE, "[\"yes\",\"no\",\"perhaps\"]", "yes|no|perhaps"},
        {LIBLLM_CONSTRAINT_GBNF, "root ::= \"<\" [a-z]+ (\" \" root)? \">\"", "(<[a-z]+ )*<[a-z]+>+"},
        {LIBLLM_CONSTRAINT_JSON_SCHEMA,
         R"({"type":"object","properties":{"n":{"type":"integer","minimum":10,"maximum":99}},"required":["n"],"additionalProperties":false})",
         R"(\{\s*"n":\s*[1-9][0-9]\s*\})"},
    };
    for (const auto &c : cases) {
        libllm_constraint *constraint = make(c.kind, c.text);
        int n_ended = 0;
        for (uint64_t seed = 0; seed < 20; seed++) {
            std::string text = finish_stream(start(constraint, seed, 100));
            if (finish == LIBLLM_FINISH_STOP) {
                n_ended++;
                EXPECT_TRUE(std::regex_match(text, std::regex(c.expression))) << text;
            }
        }
        EXPECT_GT(n_ended, 10) << c.text;
        libllm_constraint_free(constraint);
    }
}

TEST_F(PublicConstraint, WhatIsForcedNeedsNoModel)
{
    libllm_constraint *constraint = make(LIBLLM_CONSTRAINT_REGEX, "~\\|~\\|~\\|[ab]");
    libllm_stream *stream = start(constraint, 1, 0);
    libllm_constraint_free(constraint); /* the stream goes on */
    libllm_stream_event event = {};
    event.struct_size = sizeof event;
    std::string text;
    for (int i = 0; i < 6; i++) {
        ASSERT_EQ(LIBLLM_OK, libllm_stream_next(stream, &event, &error)) << error.message;
        text.append(event.text, event.n_bytes);
        EXPECT_EQ(0u, position()) << text;
    }
    EXPECT_EQ("~|~|~|", text);
    ASSERT_EQ(LIBLLM_OK, libllm_stream_next(stream, &event, &error));
    EXPECT_EQ(9u, position()); /* prompt and all that was forced */
    EXPECT_EQ("", finish_stream(stream));
    EXPECT_EQ(LIBLLM_FINISH_STOP, finish);
    EXPECT_EQ(7u, n_generated);
}

TEST_F(PublicConstraint, ItsEndIsTheEndAlsoWhenEndTokensAreIgnored)
{
    libllm_constraint *constraint = make(LIBLLM_CONSTRAINT_REGEX, "[ab]{1,3}");
    for (uint64_t seed = 0; seed < 5; seed++) {
        EXPECT_EQ(3u, finish_stream(start(constraint, seed, 0, 1)).size());
        EXPECT_EQ(LIBLLM_FINISH_STOP, finish);
    }
    EXPECT_EQ(2u, finish_stream(start(constraint, 1, 2, 1)).size());
    EXPECT_EQ(LIBLLM_FINISH_LENGTH, finish);
    libllm_constraint_free(constraint);
}

/* Which fill its cache of masks together. */
TEST_F(PublicConstraint, SeveralThreadsKeepOne)
{
    libllm_constraint *shared = make(LIBLLM_CONSTRAINT_REGEX, "[a-f]{3,20}(-[g-k]{2,9})?");
    libllm_engine_options e;
    libllm_engine_options_init(&e, sizeof e);
    e.n_positions = 256;
    std::vector<std::string> texts(4);
    std::vector<std::thread> threads;
    for (std::string &text : texts)
        threads.emplace_back([&] {
            libllm_session *own = nullptr;
            if (libllm_session_open(model, &e, &own, nullptr) != LIBLLM_OK)
                return;
            for (uint64_t seed = 0; seed < 5; seed++) {
                libllm_sampling_options sampling;
                libllm_sampling_options_init(&sampling, sizeof sampling);
                sampling.seed = seed;
                libllm_stream_options o;
                libllm_stream_options_init(&o, sizeof o);
                o.sampling = &sampling;
                o.max_tokens = 30;
                o.constraint = shared;
                const int32_t prompt[] = {1, 5, 9};
                libllm_stream *stream = nullptr;
                libllm_stream_event event = {};
                event.struct_size = sizeof event;
                if (libllm_stream_create(own, prompt, 3, &o, &stream, nullptr) == LIBLLM_OK)
                    while (libllm_stream_next(stream, &event, nullptr) == LIBLLM_OK)
                        text.append(event.text, event.n_bytes);
                libllm_stream_free(stream);
                text += ';';
            }
            libllm_session_free(own);
        });
    for (std::thread &thread : threads)
        thread.join();
    libllm_constraint_free(shared);
    for (const std::string &text : texts) {
        EXPECT_EQ(text, texts[0]);
        EXPECT_TRUE(std::regex_match(text, std::regex("([a-k-]+;){5}"))) << text;
    }
}

TEST_F(PublicConstraint, WhatIsWrongFailsTheRequest)
{
    libllm_constraint *constraint = nullptr;
    const auto create = [&](libllm_model *m, int kind, const char *text, size_t n) {
        constraint = reinterpret_cast<libllm_constraint *>(1);
        return libllm_constraint_create(m, (libllm_constraint_kind)kind, text, n, &constraint, &error);
    };
    EXPECT_EQ(LIBLLM_ERROR_CONSTRAINT, create(model, LIBLLM_CONSTRAINT_REGEX, "a(", 2));
    EXPECT_EQ(nullptr, constraint);
    EXPECT_EQ(LIBLLM_ERROR_CONSTRAINT, error.status);
    EXPECT_EQ(LIBLLM_ERROR_CONSTRAINT, create(model, LIBLLM_CONSTRAINT_GBNF, "root ::= (", 10));
    EXPECT_EQ(LIBLLM_ERROR_JSON, create(model, LIBLLM_CONSTRAINT_JSON_SCHEMA, "", 0));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, create(model, 77, "a", 1));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, create(nullptr, LIBLLM_CONSTRAINT_REGEX, "a", 1));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, create(model, LIBLLM_CONSTRAINT_REGEX, nullptr, 1));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT,
              libllm_constraint_create(model, LIBLLM_CONSTRAINT_REGEX, "a", 1, nullptr, &error));
    libllm_constraint_free(nullptr);

    constraint = make(LIBLLM_CONSTRAINT_REGEX, "a", other);
    libllm_stream_options o;
    libllm_stream_options_init(&o, sizeof o);
    o.constraint = constraint;
    const int32_t prompt[] = {1};
    libllm_stream *stream = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_stream_create(session, prompt, 1, &o, &stream, &error));
    EXPECT_NE(nullptr, strstr(error.message, "different models"));
    EXPECT_EQ(nullptr, stream);
    libllm_constraint_free(constraint);
}

} // namespace
