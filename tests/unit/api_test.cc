// SPDX-License-Identifier: MIT
// Misuse of the public interface: every function with NULL, wrong sizes and wrong options; the allocator failing at
// every single allocation (AP01, AP08 of the list of hostile cases, and the torture test of curl).
#include <gtest/gtest.h>

#include <libllm/libllm.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace
{

const std::string tiny = LIBLLM_TEST_DATA "/tiny/llama.gguf";
constexpr auto invalid = LIBLLM_ERROR_INVALID_ARGUMENT;

TEST(Api, EveryFunctionTakesNull)
{
    libllm_error e;
    size_t n = 7;
    int32_t token = 1;
    float f = 0;
    const float *fp = nullptr;
    char buffer[4];
    libllm_runtime_free(nullptr);
    libllm_model_free(nullptr);
    libllm_adapter_free(nullptr);
    libllm_engine_free(nullptr);
    libllm_session_free(nullptr);
    libllm_stream_free(nullptr);
    libllm_chat_free(nullptr);
    libllm_session_cancel(nullptr);
    libllm_limits_init(nullptr, 8);
    libllm_runtime_options_init(nullptr, 0);
    libllm_calibration_options_init(nullptr, 0);
    EXPECT_EQ(invalid, libllm_runtime_create(nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_runtime_devices(nullptr, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_runtime_measure_limits(nullptr, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_runtime_calibrate(nullptr, nullptr, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_session_profile(nullptr, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_model_locate(nullptr, nullptr, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_model_locate("x", nullptr, nullptr, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_model_open(nullptr, nullptr, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_model_get_info(nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_model_describe(nullptr, nullptr, 0, &n, &e));
    EXPECT_EQ(invalid, libllm_model_tokenize(nullptr, "a", 1, 0, &token, 1, &n, &e));
    EXPECT_EQ(invalid, libllm_model_detokenize(nullptr, &token, 1, 0, buffer, 4, &n, &e));
    EXPECT_EQ(-1, libllm_model_special_token(nullptr, LIBLLM_TOKEN_BOS));
    EXPECT_EQ(0, libllm_model_token_ends(nullptr, 0));
    EXPECT_EQ(invalid, libllm_engine_create(nullptr, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_engine_eval(nullptr, nullptr, 0, &e));
    EXPECT_EQ(invalid, libllm_session_open(nullptr, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_session_create(nullptr, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_session_encode(nullptr, &token, 1, &e));
    EXPECT_EQ(invalid, libllm_session_eval(nullptr, &token, 1, &e));
    EXPECT_EQ(invalid, libllm_session_eval_logits(nullptr, &token, 1, &f, 1, &e));
    EXPECT_EQ(invalid, libllm_session_logits(nullptr, &fp, &n, &e));
    EXPECT_EQ(invalid, libllm_session_rewind(nullptr, 0, &e));
    EXPECT_EQ(0u, libllm_session_position(nullptr));
    EXPECT_EQ(0u, libllm_session_capacity(nullptr));
    EXPECT_EQ(invalid, libllm_session_tokens(nullptr, &token, 1, &n, &e));
    EXPECT_EQ(invalid, libllm_session_sample(nullptr, nullptr, &token, &e));
    EXPECT_EQ(invalid, libllm_stream_create(nullptr, &token, 1, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_stream_next(nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_chat_create(nullptr, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_chat_render(nullptr, "[]", 2, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_chat_tokenize(nullptr, "[]", 2, &token, 1, &n, &e));
    EXPECT_EQ(invalid, libllm_chat_fit(nullptr, "[]", 2, nullptr, buffer, 4, &n, &e));
    EXPECT_EQ(invalid, libllm_chat_stream(nullptr, nullptr, "[]", 2, nullptr, nullptr, &e));
    EXPECT_EQ(invalid, libllm_runtime_create(nullptr, nullptr, nullptr)) << "the error is optional, too";
    EXPECT_STREQ("INVALID_ARGUMENT", libllm_status_name(invalid));
    EXPECT_STREQ("UNKNOWN", libllm_status_name((libllm_status)12345));
}

TEST(Api, OptionStructsOfOtherVersions)
{
    libllm_error e;
    libllm_runtime *r;
    struct {
        libllm_runtime_options known;
        uint64_t later[4];
    } options;
    memset(&options, 0xFF, sizeof options);
    libllm_runtime_options_init(&options.known, sizeof options);
    EXPECT_EQ(0u, options.later[3]) << "_init clears what it does not know";
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_create(&options.known, &r, &e)) << e.message;
    libllm_runtime_free(r);
    options.later[1] = 1;
    EXPECT_EQ(invalid, libllm_runtime_create(&options.known, &r, &e)) << "an option of a later version is set";
    EXPECT_EQ(nullptr, r);
    for (uint32_t size : {0u, 3u, UINT32_MAX}) {
        libllm_runtime_options_init(&options.known, sizeof options.known);
        options.known.struct_size = size;
        EXPECT_EQ(invalid, libllm_runtime_create(&options.known, &r, &e)) << size;
    }
    libllm_runtime_options_init(&options.known, sizeof options.known);
    options.known.struct_size = 8; // an old program that knew only n_threads
    options.known.n_threads = 1;
    options.known.cpu_mask = "nonsense behind its end";
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_create(&options.known, &r, &e)) << e.message;
    libllm_runtime_free(r);
}

TEST(Api, RuntimeOptionsAreChecked)
{
    libllm_error e;
    libllm_runtime *r;
    libllm_runtime_options o;
    libllm_runtime_options_init(&o, sizeof o);
    o.n_threads = 100000;
    EXPECT_EQ(invalid, libllm_runtime_create(&o, &r, &e));
    libllm_runtime_options_init(&o, sizeof o);
    o.cpu_mask = "sse9";
    EXPECT_EQ(invalid, libllm_runtime_create(&o, &r, &e));
    EXPECT_NE(nullptr, strstr(e.message, "sse9")) << e.message;
    libllm_runtime_options_init(&o, sizeof o);
    o.allocate = [](void *, size_t, size_t) -> void * { return nullptr; };
    EXPECT_EQ(invalid, libllm_runtime_create(&o, &r, &e)) << "release is missing";
}

TEST(Api, EngineOptionsAreChecked)
{
    libllm_error e;
    libllm_runtime *r;
    libllm_model *m;
    libllm_engine *engine;
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(nullptr, &r, &e));
    ASSERT_EQ(LIBLLM_OK, libllm_model_open(r, tiny.c_str(), nullptr, &m, &e)) << e.message;
    libllm_engine_options o;
    auto refused = [&] {
        libllm_status status = libllm_engine_create(m, &o, &engine, &e);
        EXPECT_EQ(nullptr, engine);
        libllm_engine_options_init(&o, sizeof o);
        return status;
    };
    libllm_engine_options_init(&o, sizeof o);
    o.n_batch = 8193;
    EXPECT_EQ(invalid, refused());
    o.kv_type = 77;
    EXPECT_EQ(invalid, refused());
    o.n_positions = 1ull << 40;
    EXPECT_EQ(invalid, refused());
    o.deterministic = 2;
    EXPECT_EQ(invalid, refused());
    o.profile = 2;
    EXPECT_EQ(invalid, refused());
    o.hidden_states = 2;
    EXPECT_EQ(invalid, refused());
    libllm_model_free(m);
    libllm_runtime_free(r);
}

TEST(Api, OpeningWhatIsNoModel)
{
    libllm_error e;
    libllm_runtime *r;
    libllm_model *m;
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(nullptr, &r, &e));
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_model_open(r, "/no/such/file", nullptr, &m, &e));
    EXPECT_NE(nullptr, strstr(e.message, "/no/such/file")) << e.message;
    EXPECT_EQ(nullptr, m);
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_model_open(r, "/", nullptr, &m, &e)) << e.message;
    EXPECT_GT(0, libllm_model_open(r, "/dev/zero", nullptr, &m, &e)) << e.message;
    libllm_runtime_free(r);
}

TEST(Api, LocateSaysWhatToDo)
{
    libllm_error e;
    char path[512];
    size_t n;
    EXPECT_EQ(LIBLLM_OK, libllm_model_locate(tiny.c_str(), nullptr, path, sizeof path, &n, &e));
    EXPECT_EQ(tiny, std::string(path, n));
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL, libllm_model_locate(tiny.c_str(), nullptr, path, 3, &n, &e));
    EXPECT_EQ(tiny.size(), n);
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_model_locate("default", "/no/home", path, sizeof path, &n, &e));
    EXPECT_NE(nullptr, strstr(e.message, "/no/home/libllm/models")) << e.message;
    EXPECT_NE(nullptr, strstr(e.message, "./dev model")) << e.message;
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_model_locate("../no/such/name", "/usr", path, sizeof path, &n, &e));
}

// An allocator that fails the n-th request, or all from the n-th on, and counts what is not given back.
struct Torture {
    long fail_at = -1;
    bool and_on = false;
    long count = 0;
    long live = 0;
    static void *allocate(void *self, size_t size, size_t alignment)
    {
        auto *t = static_cast<Torture *>(self);
        long i = __atomic_fetch_add(&t->count, 1, __ATOMIC_SEQ_CST);
        if (t->fail_at >= 0 && (i == t->fail_at || (t->and_on && i > t->fail_at)))
            return nullptr;
        void *memory = nullptr;
        if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0)
            return nullptr;
        __atomic_fetch_add(&t->live, 1, __ATOMIC_SEQ_CST);
        return memory;
    }
    static void release(void *self, void *memory)
    {
        __atomic_fetch_sub(&static_cast<Torture *>(self)->live, 1, __ATOMIC_SEQ_CST);
        free(memory);
    }
};

// Open, tokenize, generate, chat, with an adapter unless that is NULL; returns the first error.
libllm_status work(const char *model, const char *adapter, Torture *torture)
{
    libllm_error e{};
    libllm_runtime_options o;
    libllm_runtime_options_init(&o, sizeof o);
    o.n_threads = 1;
    o.allocate = Torture::allocate;
    o.release = Torture::release;
    o.allocator_user_data = torture;
    libllm_runtime *r = nullptr;
    libllm_model *m = nullptr;
    libllm_session *s = nullptr;
    libllm_adapter *a = nullptr;
    libllm_stream *stream = nullptr;
    libllm_chat *chat = nullptr;
    int32_t ids[64];
    size_t n = 0;
    char text[512];
    libllm_status status = libllm_runtime_create(&o, &r, &e);
    if (!status)
        status = libllm_model_open(r, (std::string(LIBLLM_TEST_DATA "/") + model).c_str(), nullptr, &m, &e);
    if (!status)
        status = libllm_model_tokenize(m, "Hello, world", 12, 0, ids, 64, &n, &e);
    if (!status)
        status = libllm_model_detokenize(m, ids, n, 0, text, sizeof text, &n, &e);
    if (!status) {
        libllm_engine_options eo;
        libllm_engine_options_init(&eo, sizeof eo);
        eo.n_positions = 128;
        eo.n_batch = 16;
        status = libllm_session_open(m, &eo, &s, &e);
    }
    if (!status && adapter)
        status =
            libllm_adapter_open(m, (std::string(LIBLLM_TEST_DATA "/adapters/") + adapter).c_str(), nullptr, &a, &e);
    const libllm_scaled_adapter scaled = {a, 0.5f, 0};
    if (!status && a)
        status = libllm_session_set_adapters(s, &scaled, 1, &e);
    libllm_model_info info;
    info.struct_size = sizeof info;
    if (!status)
        status = libllm_model_get_info(m, &info, &e);
    if (!status && info.has_encoder)
        status = libllm_session_encode(s, ids, 5, &e);
    libllm_stream_options so;
    libllm_stream_options_init(&so, sizeof so);
    const char *stops[] = {"\x01\x02\x03"};
    so.stops = stops;
    so.n_stops = 1;
    so.max_tokens = 4;
    const char *schema = R"({"type":"object","properties":{"a":{"type":"integer","minimum":3}},"required":["a"]})";
    libllm_constraint *constraint = nullptr;
    if (!status)
        status = libllm_constraint_create(m, LIBLLM_CONSTRAINT_JSON_SCHEMA, schema, strlen(schema), &constraint, &e);
    so.constraint = constraint;
    if (!status)
        status = libllm_stream_create(s, ids, 5, &so, &stream, &e);
    libllm_stream_event event;
    event.struct_size = sizeof event;
    while (status == LIBLLM_OK)
        status = libllm_stream_next(stream, &event, &e);
    if (status == LIBLLM_DONE)
        status = LIBLLM_OK;
    if (!status) {
        libllm_chat_options co;
        libllm_chat_options_init(&co, sizeof co);
        const char *source = "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}\n{% endfor %}";
        co.template_text = source;
        co.template_bytes = strlen(source);
        status = libllm_chat_create(m, &co, &chat, &e);
    }
    const char *request = "[{\"role\":\"user\",\"content\":\" hi \"}]";
    if (!status)
        status = libllm_chat_render(chat, request, strlen(request), text, sizeof text, &n, &e);
    const char *longer = "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"},"
                         "{\"role\":\"assistant\",\"content\":\"c\"},{\"role\":\"user\",\"content\":\"d\"}]";
    libllm_fit_options fo;
    libllm_fit_options_init(&fo, sizeof fo);
    fo.n_positions = 100;
    fo.n_dropped_turns = 1;
    fo.summary = "s";
    fo.summary_bytes = 1;
    if (!status)
        status = libllm_chat_fit(chat, longer, strlen(longer), &fo, text, sizeof text, &n, &e);
    if (status < 0) {
        EXPECT_EQ(status, e.status);
        EXPECT_NE('\0', e.message[0]);
    }
    libllm_chat_free(chat);
    libllm_stream_free(stream);
    libllm_constraint_free(constraint);
    libllm_session_free(s);
    libllm_adapter_free(a);
    libllm_model_free(m);
    libllm_runtime_free(r);
    return status;
}

// What tests/data/make_chat_model.py has the model say, as the items of a stream.
std::string chat_items(Torture *torture, const char *request, libllm_finish_reason *reason)
{
    libllm_error e{};
    libllm_runtime_options o;
    libllm_runtime_options_init(&o, sizeof o);
    o.n_threads = 1;
    if (torture) {
        o.allocate = Torture::allocate;
        o.release = Torture::release;
        o.allocator_user_data = torture;
    }
    libllm_runtime *r = nullptr;
    libllm_model *m = nullptr;
    libllm_session *s = nullptr;
    libllm_stream *stream = nullptr;
    libllm_chat *chat = nullptr;
    std::string items;
    libllm_sampling_options greedy;
    libllm_sampling_options_init(&greedy, sizeof greedy);
    greedy.temperature = 0;
    libllm_stream_options so;
    libllm_stream_options_init(&so, sizeof so);
    so.sampling = &greedy;
    libllm_status status = libllm_runtime_create(&o, &r, &e);
    if (!status)
        status = libllm_model_open(r, LIBLLM_TEST_DATA "/chat/scripted.gguf", nullptr, &m, &e);
    if (!status)
        status = libllm_session_open(m, nullptr, &s, &e);
    if (!status)
        status = libllm_chat_create(m, nullptr, &chat, &e);
    if (!status)
        status = libllm_chat_stream(chat, s, request, strlen(request), &so, &stream, &e);
    libllm_stream_event event;
    event.struct_size = sizeof event;
    for (int retries = 0; !status && retries < 3;) {
        status = libllm_stream_next(stream, &event, &e);
        if (status == LIBLLM_ERROR_OUT_OF_MEMORY) { // a further call goes on
            status = LIBLLM_OK;
            retries++;
            continue;
        }
        if (event.call_name)
            items += std::string("[") + event.call_id + " " + event.call_name + "]";
        if (event.n_bytes)
            items += std::to_string(event.kind) + ":" + std::string(event.text, event.n_bytes) + "\n";
        EXPECT_EQ(event.remark, nullptr);
        EXPECT_EQ(event.finish_reason != LIBLLM_FINISH_NONE, status == LIBLLM_DONE);
        if (status == LIBLLM_DONE)
            *reason = (libllm_finish_reason)event.finish_reason;
    }
    libllm_chat_free(chat);
    libllm_stream_free(stream);
    libllm_session_free(s);
    libllm_model_free(m);
    libllm_runtime_free(r);
    return status == LIBLLM_DONE ? items : "";
}

TEST(Api, ChatStreamsHaveKinds)
{
    libllm_finish_reason reason = LIBLLM_FINISH_NONE;
    EXPECT_EQ(chat_items(nullptr, R"([{"role": "user", "content": "hi"}])", &reason),
              "1:hm, the weather\n0:It is\n0: sunny.\n");
    EXPECT_EQ(reason, LIBLLM_FINISH_STOP);
    EXPECT_EQ(chat_items(nullptr, R"({"messages": [{"role": "user", "content": "hi"}], "reasoning": "hide"})", &reason),
              "0:It is\n0: sunny.\n");
    const char *const with_tools =
        R"({"messages": [{"role": "user", "content": "hi"}],
            "tools": [{"function": {"name": "get_weather", "parameters": {"type": "object"}}}]})";
    const std::string called = "0:I look.\n[call00000 get_weather]2:{\"city\": \n2:\"Ulm\"}\n";
    EXPECT_EQ(chat_items(nullptr, with_tools, &reason), called);
    EXPECT_EQ(reason, LIBLLM_FINISH_TOOL_CALLS);
    // Without memory for a moment, the same comes, or an error before anything does.
    for (long nth = 0; nth < 400; nth++) {
        Torture torture;
        torture.fail_at = nth;
        std::string items = chat_items(&torture, with_tools, &reason);
        EXPECT_TRUE(items.empty() || items == called) << nth << ": " << items;
    }
}

TEST(Api, EveryAllocationFailedInTurn)
{
    /* Plain, with experts, with latent attention that is converted at opening, with states, with an encoder;
     * adapters of both formats. A state that is kept for those who come after is done without. */
    const struct {
        const char *model, *adapter;
        int n_optional = 0;
    } cases[] = {{"tiny/llama.gguf", nullptr},
                 {"tiny/qwen2moe.gguf", nullptr},
                 {"families/deepseek2-kv-b.gguf", nullptr},
                 {"tiny/lfm2.gguf", nullptr, 1},
                 {"families/mamba2.gguf", nullptr, 1},
                 {"tiny/llama.gguf", "llama-types.gguf"},
                 {"families/t5-ungated.gguf", nullptr},
                 {"tiny/qwen2.gguf", "qwen2"},
                 {"tiny/deepseek3.gguf", "deepseek3"}};
    for (const auto &c : cases) {
        Torture good;
        ASSERT_EQ(LIBLLM_OK, work(c.model, c.adapter, &good)) << c.model;
        EXPECT_EQ(0, good.live) << c.model;
        ASSERT_GT(good.count, 20) << c.model;
        for (bool and_on : {false, true}) {
            int n_optional = 0;
            for (long i = 0; i < good.count; i++) {
                Torture bad;
                bad.fail_at = i;
                bad.and_on = and_on;
                const libllm_status status = work(c.model, c.adapter, &bad);
                n_optional += status == LIBLLM_OK;
                EXPECT_TRUE(status == LIBLLM_ERROR_OUT_OF_MEMORY || n_optional <= c.n_optional)
                    << status << " at " << i << " of " << good.count << ", " << c.model;
                ASSERT_EQ(0, bad.live) << "allocation " << i << " failed and something leaked, " << c.model;
            }
            EXPECT_EQ(c.n_optional, n_optional) << c.model;
        }
    }
}

// Ten tokens of a model that is its own draft; without memory for a moment the same call is tried again.
libllm_status draft_tokens(Torture *torture, std::vector<int32_t> *tokens)
{
    libllm_error e{};
    libllm_runtime_options o;
    libllm_runtime_options_init(&o, sizeof o);
    o.n_threads = 1;
    o.allocate = Torture::allocate;
    o.release = Torture::release;
    o.allocator_user_data = torture;
    libllm_engine_options eo;
    libllm_engine_options_init(&eo, sizeof eo);
    eo.n_positions = 128;
    libllm_stream_options so;
    libllm_stream_options_init(&so, sizeof so);
    so.max_tokens = 10;
    so.ignore_end = 1;
    libllm_runtime *r = nullptr;
    libllm_model *m = nullptr;
    libllm_session *s = nullptr;
    libllm_stream *stream = nullptr;
    const int32_t ids[] = {5, 6, 7};
    libllm_status status = libllm_runtime_create(&o, &r, &e);
    if (!status)
        status = libllm_model_open(r, LIBLLM_TEST_DATA "/tiny/llama.gguf", nullptr, &m, &e);
    if (!status)
        status = libllm_session_open(m, &eo, &s, &e);
    if (!status)
        status = libllm_session_open(m, &eo, &so.draft, &e);
    if (!status)
        status = libllm_stream_create(s, ids, 3, &so, &stream, &e);
    libllm_stream_event event{};
    event.struct_size = sizeof event;
    for (int tries = 0; !status && tries < 3;) {
        status = libllm_stream_next(stream, &event, &e);
        if (status == LIBLLM_ERROR_OUT_OF_MEMORY && ++tries < 3)
            status = LIBLLM_OK;
        else if (!status && event.token >= 0)
            tokens->push_back(event.token);
    }
    if (status == LIBLLM_DONE) {
        EXPECT_GT(event.n_guessed_tokens, 0u);
    }
    libllm_session_free(so.draft); // the stream keeps it
    libllm_session_free(s);
    libllm_stream_free(stream);
    libllm_model_free(m);
    libllm_runtime_free(r);
    return status;
}

TEST(Api, DraftsWithoutMemoryChangeNoToken)
{
    Torture good;
    std::vector<int32_t> expected;
    ASSERT_EQ(LIBLLM_DONE, draft_tokens(&good, &expected));
    EXPECT_EQ(10u, expected.size());
    EXPECT_EQ(0, good.live);
    for (long nth = 0; nth < good.count; nth++) {
        Torture bad;
        bad.fail_at = nth;
        std::vector<int32_t> tokens;
        const libllm_status status = draft_tokens(&bad, &tokens);
        EXPECT_TRUE(status == LIBLLM_ERROR_OUT_OF_MEMORY || status == LIBLLM_DONE) << nth;
        if (status == LIBLLM_DONE) {
            EXPECT_EQ(expected, tokens) << nth;
        }
        EXPECT_EQ(0, bad.live) << nth;
    }
}

TEST(Api, AdaptersAreCheckedBeforeAnythingChanges)
{
    libllm_error e = {};
    libllm_runtime *r = nullptr;
    libllm_model *m = nullptr, *other = nullptr;
    libllm_session *s = nullptr;
    libllm_adapter *a = nullptr;
    const std::string data = LIBLLM_TEST_DATA "/", path = data + "adapters/llama.gguf";
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(nullptr, &r, &e));
    ASSERT_EQ(LIBLLM_OK, libllm_model_open(r, (data + "tiny/llama.gguf").c_str(), nullptr, &m, &e));
    ASSERT_EQ(LIBLLM_OK, libllm_model_open(r, (data + "tiny/llama.gguf").c_str(), nullptr, &other, &e));
    libllm_model_options options;
    libllm_model_options_init(&options, sizeof options);
    options.load_mode = LIBLLM_LOAD_READ;
    ASSERT_EQ(LIBLLM_OK, libllm_adapter_open(m, path.c_str(), &options, &a, &e)) << e.message;
    options.load_mode = 7;
    libllm_adapter *none = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_adapter_open(m, path.c_str(), &options, &none, &e));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_adapter_open(nullptr, path.c_str(), nullptr, &none, &e));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_adapter_open(m, nullptr, nullptr, &none, &e));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_adapter_open(m, path.c_str(), nullptr, nullptr, &e));

    libllm_adapter_info info = {};
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_adapter_get_info(a, &info, &e));
    info.struct_size = sizeof info;
    ASSERT_EQ(LIBLLM_OK, libllm_adapter_get_info(a, &info, &e));
    EXPECT_EQ(4u, info.rank);
    EXPECT_EQ(21u, info.n_matrices); /* 7 in each of 3 layers */
    EXPECT_EQ(3u * 4 * (3 * 64 + 2 * 64 + 64 + 128 + 64 + 2 * 32 + 64 + 2 * 128 + 64), info.n_parameters);
    EXPECT_GT(info.file_bytes, 40000u);

    ASSERT_EQ(LIBLLM_OK, libllm_session_open(other, nullptr, &s, &e));
    libllm_scaled_adapter use = {a, 1, 0};
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_set_adapters(s, &use, 1, &e)); /* of another model */
    libllm_session_free(s);
    ASSERT_EQ(LIBLLM_OK, libllm_session_open(m, nullptr, &s, &e));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_set_adapters(nullptr, &use, 1, &e));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_set_adapters(s, nullptr, 1, &e));
    for (const libllm_scaled_adapter &wrong :
         {libllm_scaled_adapter{nullptr, 1, 0}, {a, NAN, 0}, {a, INFINITY, 0}, {a, 1, 1}}) {
        const libllm_scaled_adapter two[] = {use, wrong};
        EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_set_adapters(s, two, 2, &e));
        EXPECT_NE(nullptr, strstr(e.message, "adapter 1")) << e.message;
    }
    const libllm_scaled_adapter twice[] = {use, use};
    EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(s, twice, 2, &e));
    libllm_adapter_free(a); /* the session keeps it, and it keeps the model */
    libllm_model_free(other);
    libllm_model_free(m);
    libllm_runtime_free(r);
    const int32_t ids[] = {1, 2};
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids, 2, &e)) << e.message;
    EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(s, nullptr, 0, &e));
    EXPECT_EQ(LIBLLM_OK, libllm_session_eval(s, ids, 2, &e)) << e.message;
    libllm_session_free(s);
}

} // namespace
