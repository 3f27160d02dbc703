/* SPDX-License-Identifier: MIT
 * Adapters against models that PEFT has merged them into (see data/make_adapters.py): either format of the adapter on
 * either format of the model, every kernel set, several at once. Then what must hold whatever they are: sessions of one
 * batch with different ones, taking them off, changing them on the way, any number of threads.
 */
#include "golden.h"

#include <thread>

namespace golden
{
namespace
{

const std::string data = LIBLLM_TEST_DATA "/";

struct Adapter {
    const char *path;
    float scale;
};

struct Case {
    const char *model, *ids, *reference;
    std::vector<Adapter> adapters;
};

const Case cases[] = {
    {"tiny/llama.gguf", "tiny/llama", "llama", {{"llama", 1}}},
    {"tiny/llama.gguf", "tiny/llama", "llama", {{"llama.gguf", 1}}},
    {"tiny-hf/llama", "tiny/llama", "llama", {{"llama", 1}}},
    {"tiny-hf/llama", "tiny/llama", "llama", {{"llama.gguf", 1}}},
    {"tiny/llama.gguf", "tiny/llama", "llama-types", {{"llama-types.gguf", 1}}},
    {"tiny/llama.gguf", "tiny/llama", "llama-both", {{"llama", 0.5f}, {"llama-2", -0.75f}}},
    {"tiny-hf/llama",
     "tiny/llama",
     "llama-both",
     {{"llama-2/adapter_model.safetensors", -0.75f}, {"llama.gguf", 0.5f}}},
    {"tiny/qwen2.gguf", "tiny/qwen2", "qwen2", {{"qwen2", 1}}},
    {"tiny-hf/qwen2", "tiny/qwen2", "qwen2", {{"qwen2", 1}}},
    {"tiny/gpt2.gguf", "tiny/gpt2", "gpt2", {{"gpt2", 1}}},
    {"tiny-hf/gpt2", "tiny/gpt2", "gpt2", {{"gpt2", 1}}},
    {"tiny/phi3.gguf", "tiny/phi3", "phi3", {{"phi3", 1}}},
    {"tiny-hf/phi3", "tiny/phi3", "phi3", {{"phi3", 1}}},
    {"tiny/qwen3moe.gguf", "tiny/qwen3moe", "qwen3moe", {{"qwen3moe", 1}}},
    {"tiny/qwen3moe.gguf", "tiny/qwen3moe", "qwen3moe", {{"qwen3moe.gguf", 1}}},
    {"tiny-hf/qwen3moe", "tiny/qwen3moe", "qwen3moe", {{"qwen3moe", 1}}},
    {"tiny/deepseek3.gguf", "tiny/deepseek3", "deepseek3", {{"deepseek3", 1}}},
    {"tiny-hf/deepseek3", "tiny/deepseek3", "deepseek3", {{"deepseek3", 1}}},
    {"tiny-hf/gptoss", "tiny-hf/gptoss", "gptoss", {{"gptoss", 1}}},
    {"families/gptneox.gguf", "families/gptneox", "gptneox", {{"gptneox", 1}}},
    {"families/deepseek2-kv-b.gguf", "families/deepseek2-kv-b", "deepseek2-kv-b", {{"deepseek2-kv-b", 1}}},
    {"families/falcon-mamba.gguf", "families/falcon-mamba", "falcon-mamba", {{"falcon-mamba", 1}}},
    {"families/mamba2.gguf", "families/mamba2", "mamba2", {{"mamba2", 1}}},
    {"families/lfm2moe.gguf", "families/lfm2moe", "lfm2moe", {{"lfm2moe", 1}}},
    {"tiny/bert.gguf", "tiny/bert", "bert", {{"bert", 1}}},
    {"tiny-hf/bert", "tiny/bert", "bert", {{"bert", 1}}},
};

Handle<libllm_adapter> open_adapter(const libllm_model *model, const std::string &path)
{
    libllm_adapter *adapter = nullptr;
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_adapter_open(model, (data + "adapters/" + path).c_str(), nullptr, &adapter, &error))
        << error.message;
    return Handle<libllm_adapter>(adapter);
}

/* The session keeps them. */
void set(libllm_session *session, const libllm_model *model, const std::vector<Adapter> &adapters)
{
    std::vector<Handle<libllm_adapter>> handles;
    std::vector<libllm_scaled_adapter> scaled;
    for (const Adapter &a : adapters) {
        handles.push_back(open_adapter(model, a.path));
        scaled.push_back({handles.back().get(), a.scale, 0});
    }
    libllm_error error = {};
    EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(session, scaled.data(), scaled.size(), &error)) << error.message;
}

class AdapterGolden : public ::testing::TestWithParam<Case>
{
  protected:
    void SetUp() override
    {
        ids = read_ids(data + GetParam().ids + ".json");
        reference = read_npy(data + "adapters/" + GetParam().reference + ".npy");
        ASSERT_EQ(ids.size(), reference.rows);
    }

    std::vector<float> rows_of(libllm_runtime *runtime, libllm_engine_options options)
    {
        const Handle<libllm_model> model = open_model(runtime, data + GetParam().model);
        const Handle<libllm_session> session = open_session(model.get(), options);
        std::vector<float> rows;
        set(session.get(), model.get(), GetParam().adapters);
        eval_chunks(session.get(), ids, 0, ids.size(), options.n_batch, reference.columns, &rows);
        rows.resize(reference.values.size());
        return rows;
    }

    /* An encoder sees its text as a whole. */
    std::vector<uint32_t> batches() const
    {
        return std::string(GetParam().reference) == "bert" ? std::vector<uint32_t>{40}
                                                           : std::vector<uint32_t>{1, 7, 40};
    }

    std::vector<int32_t> ids;
    Matrix reference;
};

TEST_P(AdapterGolden, AgreesWithTheMergedModel)
{
    for (const char *mask : {"ref", "avx2", "avx512"}) { /* as far as the processor goes */
        const Handle<libllm_runtime> runtime = make_runtime(2, mask);
        for (const uint32_t n_batch : batches())
            EXPECT_LE(distance(reference, rows_of(runtime.get(), engine_options(n_batch, 64)).data()).max_abs, 2e-4)
                << mask << ", n_batch " << n_batch;
    }
}

TEST_P(AdapterGolden, IsBitwiseTheSameForAnyNumberOfThreads)
{
    for (const uint32_t n_batch : batches()) {
        std::vector<float> first;
        for (const uint32_t n_threads : {1u, 2u, 5u}) {
            const Handle<libllm_runtime> runtime = make_runtime(n_threads);
            const std::vector<float> rows = rows_of(runtime.get(), engine_options(n_batch, 64));
            if (first.empty())
                first = rows;
            EXPECT_EQ(0, memcmp(first.data(), rows.data(), rows.size() * sizeof(float))) << n_threads << " threads";
        }
    }
}

TEST_P(AdapterGolden, AgreesOnTheDeviceBlas)
{
    const Handle<libllm_runtime> runtime = make_runtime(2);
    libllm_engine_options options = engine_options(40, 64);
    options.device = "blas";
    const Handle<libllm_model> model = open_model(runtime.get(), data + GetParam().model);
    libllm_session *session = nullptr;
    libllm_error error = {};
    const libllm_status status = libllm_session_open(model.get(), &options, &session, &error);
    libllm_session_free(session);
    if (status == LIBLLM_ERROR_UNSUPPORTED)
        GTEST_SKIP() << error.message;
    EXPECT_LE(distance(reference, rows_of(runtime.get(), options).data()).max_abs, 2e-4);
}

std::string name_of(const ::testing::TestParamInfo<Case> &info)
{
    std::string name = std::string(info.param.model);
    for (const Adapter &a : info.param.adapters)
        name += "_" + std::string(a.path);
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return !isalnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Models, AdapterGolden, ::testing::ValuesIn(cases), name_of);

/* Sessions of one engine. With `deterministic`, so that what else is in the batch cannot show. */
class Sessions : public ::testing::TestWithParam<const char *>
{
  protected:
    void SetUp() override
    {
        ids = read_ids(data + "tiny/" + GetParam() + ".json");
        model = open_model(runtime.get(), data + "tiny/" + GetParam() + ".gguf");
        libllm_engine_options options = engine_options(64, 1024);
        options.deterministic = 1;
        libllm_engine *raw = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(model.get(), &options, &raw, &error));
        engine.reset(raw);
        libllm_model_info info = {};
        info.struct_size = sizeof info;
        ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
        n_vocab = info.n_vocab;
        kinds = {{}, {{GetParam(), 1}}, {{GetParam(), -0.5f}}};
        if (std::string(GetParam()) == "llama")
            kinds.push_back({{"llama-2", 0.5f}, {"llama", 2}});
    }

    Handle<libllm_session> make_session(const std::vector<Adapter> &adapters)
    {
        libllm_session_options options;
        libllm_session_options_init(&options, sizeof options);
        options.n_positions = 64;
        libllm_session *session = nullptr;
        libllm_error why = {}; /* this runs on threads, too */
        EXPECT_EQ(LIBLLM_OK, libllm_session_create(engine.get(), &options, &session, &why)) << why.message;
        set(session, model.get(), adapters);
        return Handle<libllm_session>(session);
    }

    std::vector<float> logits(libllm_session *session)
    {
        const float *values = nullptr;
        size_t n = 0;
        EXPECT_EQ(LIBLLM_OK, libllm_session_logits(session, &values, &n, &error)) << error.message;
        return {values, values + n};
    }

    void eval(libllm_session *session, size_t from, size_t to)
    {
        EXPECT_EQ(LIBLLM_OK, libllm_session_eval(session, ids.data() + from, to - from, &error)) << error.message;
    }

    std::vector<float> after(libllm_session *session, size_t from, size_t to)
    {
        eval(session, from, to);
        return logits(session);
    }

    const Handle<libllm_runtime> runtime = make_runtime(3);
    Handle<libllm_model> model;
    Handle<libllm_engine> engine;
    std::vector<int32_t> ids;
    std::vector<std::vector<Adapter>> kinds;
    size_t n_vocab = 0;
    libllm_error error = {};
};

TEST_P(Sessions, WithDifferentAdaptersInOneBatchAreAsAlone)
{
    std::vector<Handle<libllm_session>> together, alone;
    for (const std::vector<Adapter> &kind : kinds) {
        together.push_back(make_session(kind));
        alone.push_back(make_session(kind));
    }
    for (size_t step = 0; step < 4; step++) {
        std::vector<libllm_batch_entry> entries(kinds.size());
        for (size_t i = 0; i < kinds.size(); i++) {
            const size_t prompt = 3 + 5 * i, at = step ? prompt + step - 1 : 0;
            entries[i] = {together[i].get(), ids.data() + at, step ? 1 : prompt, LIBLLM_OK};
        }
        ASSERT_STATUS(LIBLLM_OK, libllm_engine_eval(engine.get(), entries.data(), entries.size(), &error));
        for (size_t i = 0; i < kinds.size(); i++) {
            ASSERT_STATUS(LIBLLM_OK,
                          libllm_session_eval(alone[i].get(), entries[i].tokens, entries[i].n_tokens, &error));
            EXPECT_EQ(logits(alone[i].get()), logits(together[i].get())) << "session " << i << ", step " << step;
        }
    }
    EXPECT_NE(logits(alone[0].get()), logits(alone[1].get()));
}

TEST_P(Sessions, HaveTheirBitsBackWithoutAdapters)
{
    const Handle<libllm_session> plain = make_session({}), changed = make_session(kinds[1]);
    const std::vector<float> expected = after(plain.get(), 0, 30), adapted = after(changed.get(), 0, 30);
    EXPECT_NE(expected, adapted);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_set_adapters(changed.get(), nullptr, 0, &error));
    EXPECT_EQ(adapted, logits(changed.get())); /* of what was evaluated */
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(changed.get(), 0, &error));
    EXPECT_EQ(expected, after(changed.get(), 0, 30));
    set(changed.get(), model.get(), kinds[1]);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(changed.get(), 0, &error));
    EXPECT_EQ(adapted, after(changed.get(), 0, 30));
    set(changed.get(), model.get(), {{GetParam(), 0}});
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(changed.get(), 0, &error));
    EXPECT_EQ(expected, after(changed.get(), 0, 30));
}

/* Tokens of the timeline keep their keys and values: what comes next sees them as they were computed. */
TEST_P(Sessions, ChangeAdaptersBetweenTokens)
{
    const Handle<libllm_session> plain = make_session({}), adapted = make_session(kinds[1]), mixed = make_session({});
    after(plain.get(), 0, 20);
    after(adapted.get(), 0, 20);
    after(mixed.get(), 0, 20);
    set(mixed.get(), model.get(), kinds[1]);
    const std::vector<float> of_mixed = after(mixed.get(), 20, 21);
    EXPECT_NE(after(plain.get(), 20, 21), of_mixed);
    EXPECT_NE(after(adapted.get(), 20, 21), of_mixed);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(mixed.get(), 20, &error));
    EXPECT_EQ(of_mixed, after(mixed.get(), 20, 21));
}

TEST_P(Sessions, StreamsReuseOnlyWhatTheSameAdaptersHaveEvaluated)
{
    const Handle<libllm_session> fresh = make_session(kinds[1]), reused = make_session({});
    after(reused.get(), 0, 20);
    set(reused.get(), model.get(), kinds[1]);
    std::vector<int32_t> tokens[2];
    uint64_t n_cached[2] = {};
    libllm_session *const sessions[] = {fresh.get(), reused.get()};
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 0;
    options.sampling = &sampling;
    options.max_tokens = 8;
    options.ignore_end = 1;
    for (size_t i = 0; i < 2; i++) {
        libllm_stream *raw = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_stream_create(sessions[i], ids.data(), 20, &options, &raw, &error));
        const Handle<libllm_stream> stream(raw);
        libllm_stream_event event = {};
        event.struct_size = sizeof event;
        while (libllm_stream_next(stream.get(), &event, &error) == LIBLLM_OK)
            tokens[i].push_back(event.token);
        n_cached[i] = event.n_cached_tokens;
    }
    EXPECT_EQ(tokens[0], tokens[1]);
    EXPECT_EQ(logits(fresh.get()), logits(reused.get()));
    EXPECT_EQ(0u, n_cached[1]);
    libllm_stream *raw = nullptr; /* and once more, with the adapters that the timeline has */
    ASSERT_STATUS(LIBLLM_OK, libllm_stream_create(reused.get(), ids.data(), 20, &options, &raw, &error));
    const Handle<libllm_stream> stream(raw);
    libllm_stream_event event = {};
    event.struct_size = sizeof event;
    ASSERT_STATUS(LIBLLM_OK, libllm_stream_next(stream.get(), &event, &error));
    EXPECT_EQ(19u, event.n_cached_tokens);
    set(reused.get(), model.get(), {}); /* between two of its tokens */
    EXPECT_EQ(LIBLLM_OK, libllm_stream_next(stream.get(), &event, &error)) << error.message;
}

/* One adapter, sessions on threads, batched as they come. */
TEST_P(Sessions, ShareAnAdapterBetweenThreads)
{
    const Handle<libllm_adapter> adapter = open_adapter(model.get(), GetParam());
    const Handle<libllm_session> alone = make_session(kinds[1]);
    after(alone.get(), 0, 12);
    std::vector<float> expected;
    for (size_t i = 12; i < 24; i++)
        expected = after(alone.get(), i, i + 1);
    std::vector<std::thread> threads;
    std::vector<std::vector<float>> results(4);
    for (size_t t = 0; t < results.size(); t++)
        threads.emplace_back([&, t] {
            const Handle<libllm_session> session = make_session({});
            const libllm_scaled_adapter scaled = {adapter.get(), 1, 0};
            EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(session.get(), &scaled, 1, nullptr));
            EXPECT_EQ(LIBLLM_OK, libllm_session_eval(session.get(), ids.data(), 12, nullptr));
            for (size_t i = 12; i < 24; i++)
                EXPECT_EQ(LIBLLM_OK, libllm_session_eval(session.get(), ids.data() + i, 1, nullptr));
            const float *values = nullptr;
            size_t n = 0;
            EXPECT_EQ(LIBLLM_OK, libllm_session_logits(session.get(), &values, &n, nullptr));
            results[t].assign(values, values + n);
        });
    for (std::thread &thread : threads)
        thread.join();
    for (const std::vector<float> &result : results)
        EXPECT_EQ(expected, result);
}

INSTANTIATE_TEST_SUITE_P(Models, Sessions, ::testing::Values("llama", "qwen2", "qwen3moe", "deepseek3"));

} // namespace
} // namespace golden
