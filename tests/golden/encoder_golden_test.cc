/* SPDX-License-Identifier: MIT
 * Encoders against their references: the last hidden states of a text, on every instruction set and for any number of
 * threads; texts in one batch; embeddings; and what an encoder cannot do.
 */
#include "golden.h"

namespace golden
{
namespace
{

struct Case {
    const char *folder, *name;
};

const Case cases[] = {
    {"tiny", "bert"},
    {"tiny", "modernbert"},
    {"families", "distilbert"},
    {"families", "roberta"},
    {"families", "nomic-bert"},
    {"families", "nomic-bert-moe"},
    {"families", "modernbert-window"},
    {"families", "t5encoder"},
    {"families", "gemma3-both-sides"},
};

class EncoderGolden : public ::testing::TestWithParam<Case>
{
  protected:
    void SetUp() override
    {
        const std::string base = std::string(LIBLLM_TEST_DATA "/") + GetParam().folder + "/" + GetParam().name;
        path = base + ".gguf";
        ids = read_ids(base + ".json");
        reference = read_npy(base + ".npy");
        ASSERT_EQ(ids.size(), reference.rows) << base << ".npy";
    }

    /* Hidden states of all tokens; empty on an error. */
    std::vector<float> states_of(libllm_runtime *runtime, const char *device = nullptr)
    {
        Handle<libllm_model> model = open_model(runtime, path);
        libllm_engine_options options = engine_options(64, 64);
        options.device = device;
        libllm_session *raw = nullptr;
        status = libllm_session_open(model.get(), &options, &raw, &error);
        if (status)
            return {};
        const Handle<libllm_session> session(raw);
        std::vector<float> rows(reference.values.size());
        status = libllm_session_eval_logits(session.get(), ids.data(), ids.size(), rows.data(), rows.size(), &error);
        EXPECT_EQ(LIBLLM_OK, status) << error.message;
        return rows;
    }

    std::string path;
    std::vector<int32_t> ids;
    Matrix reference;
    libllm_error error = {};
    libllm_status status = LIBLLM_OK;
};

TEST_P(EncoderGolden, AgreesOnEveryInstructionSet)
{
    for (const char *mask : {"ref", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"}) {
        Handle<libllm_runtime> runtime = make_runtime(2, mask);
        const std::vector<float> rows = states_of(runtime.get());
        ASSERT_EQ(reference.values.size(), rows.size()) << mask;
        EXPECT_LE(distance(reference, rows.data()).max_abs, 2e-4) << mask;
    }
}

TEST_P(EncoderGolden, IsBitwiseTheSameForAnyNumberOfThreads)
{
    std::vector<float> first;
    for (uint32_t n_threads : {1u, 2u, 3u, 5u}) {
        Handle<libllm_runtime> runtime = make_runtime(n_threads);
        const std::vector<float> rows = states_of(runtime.get());
        ASSERT_EQ(reference.values.size(), rows.size());
        if (first.empty())
            first = rows;
        EXPECT_EQ(0, memcmp(first.data(), rows.data(), rows.size() * sizeof(float))) << n_threads << " threads";
    }
}

TEST_P(EncoderGolden, AgreesOnTheDeviceBlas)
{
    Handle<libllm_runtime> runtime = make_runtime(2);
    const std::vector<float> rows = states_of(runtime.get(), "blas");
    if (status == LIBLLM_ERROR_UNSUPPORTED)
        GTEST_SKIP() << error.message;
    ASSERT_EQ(reference.values.size(), rows.size());
    EXPECT_LE(distance(reference, rows.data()).max_abs, 2e-4);
}

/* Three texts that are evaluated at once, of which a batch has room for two. */
TEST_P(EncoderGolden, TextsInOneBatchDoNotSeeEachOther)
{
    Handle<libllm_runtime> runtime = make_runtime(2);
    Handle<libllm_model> model = open_model(runtime.get(), path);
    const libllm_engine_options options = engine_options(64, 3 * 64);
    libllm_engine *raw_engine = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(model.get(), &options, &raw_engine, &error));
    const Handle<libllm_engine> engine(raw_engine);
    const size_t lengths[3] = {40, 13, 31};
    Handle<libllm_session> sessions[3];
    libllm_batch_entry entries[3] = {};
    libllm_session_options of_session;
    libllm_session_options_init(&of_session, sizeof of_session);
    of_session.n_positions = 64;
    for (size_t i = 0; i < 3; i++) {
        libllm_session *session = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), &of_session, &session, &error));
        sessions[i].reset(session);
        entries[i].session = session;
        entries[i].tokens = ids.data();
        entries[i].n_tokens = lengths[i];
    }
    ASSERT_STATUS(LIBLLM_OK, libllm_engine_eval(engine.get(), entries, 3, &error));
    for (size_t i = 0; i < 3; i++) {
        Handle<libllm_session> alone = open_session(model.get(), engine_options(64, 64));
        ASSERT_TRUE(alone);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(alone.get(), ids.data(), lengths[i], &error));
        const float *ours = nullptr, *expected = nullptr;
        size_t n_ours = 0, n_expected = 0;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(sessions[i].get(), &ours, &n_ours, &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(alone.get(), &expected, &n_expected, &error));
        ASSERT_EQ(reference.columns, n_ours);
        ASSERT_EQ(n_ours, n_expected);
        for (size_t j = 0; j < n_ours; j++)
            ASSERT_NEAR(expected[j], ours[j], 1e-4) << "text " << i;
    }
}

TEST_P(EncoderGolden, EmbedsByPooling)
{
    Handle<libllm_runtime> runtime = make_runtime(2);
    Handle<libllm_model> model = open_model(runtime.get(), path);
    Handle<libllm_session> session = open_session(model.get(), engine_options(64, 64));
    ASSERT_TRUE(session);
    const size_t n = reference.columns;
    for (int32_t pooling : {LIBLLM_POOLING_MEAN, LIBLLM_POOLING_CLS, LIBLLM_POOLING_LAST}) {
        std::vector<double> expected(n);
        double squares = 0;
        for (size_t i = 0; i < n; i++) {
            for (size_t r = 0; r < reference.rows; r++)
                expected[i] += static_cast<double>(reference.row(r)[i]) / static_cast<double>(reference.rows);
            if (pooling != LIBLLM_POOLING_MEAN)
                expected[i] = reference.row(pooling == LIBLLM_POOLING_CLS ? 0 : reference.rows - 1)[i];
            squares += expected[i] * expected[i];
        }
        std::vector<float> vector(n);
        ASSERT_STATUS(LIBLLM_OK,
                      libllm_session_embed(session.get(), ids.data(), ids.size(), pooling, vector.data(), n, &error));
        for (size_t i = 0; i < n; i++)
            ASSERT_NEAR(expected[i] / std::sqrt(squares), vector[i], 1e-5) << "pooling " << pooling;
    }
    std::vector<float> vector(n);
    EXPECT_EQ(LIBLLM_ERROR_BUFFER_TOO_SMALL,
              libllm_session_embed(session.get(), ids.data(), ids.size(), 0, vector.data(), n - 1, &error));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT,
              libllm_session_embed(session.get(), ids.data(), ids.size(), 4, vector.data(), n, &error));
}

TEST_P(EncoderGolden, RefusesWhatItCannotDo)
{
    Handle<libllm_runtime> runtime = make_runtime(2);
    Handle<libllm_model> model = open_model(runtime.get(), path);
    libllm_model_info info = {};
    info.struct_size = sizeof info;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    EXPECT_EQ(1u, info.is_encoder);
    Handle<libllm_session> session = open_session(model.get(), engine_options(16, 64));
    ASSERT_TRUE(session);
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_eval(session.get(), ids.data(), 17, &error))
        << "more than a batch";
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids.data(), 9, &error));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_eval(session.get(), ids.data() + 9, 3, &error))
        << "tokens behind others";
    int32_t token = 0;
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_sample(session.get(), nullptr, &token, &error));
    libllm_stream *stream = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), 0, &error));
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_stream_create(session.get(), ids.data(), 3, nullptr, &stream, &error));
}

INSTANTIATE_TEST_SUITE_P(Encoders, EncoderGolden, ::testing::ValuesIn(cases), [](const auto &info) {
    std::string name = std::string(info.param.folder) + "_" + info.param.name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

/* As long as the contexts of the embedding models that people have: ModernBERT, nomic-embed-text, Granite. */
TEST(LongTexts, AreReadUpTo8192Tokens)
{
    Handle<libllm_runtime> runtime = make_runtime(2);
    Handle<libllm_model> model = open_model(runtime.get(), std::string(LIBLLM_TEST_DATA "/tiny/modernbert.gguf"));
    ASSERT_TRUE(model);
    Handle<libllm_session> session = open_session(model.get(), engine_options(0, 8192));
    ASSERT_TRUE(session);
    libllm_model_info info = {};
    libllm_error error = {};
    info.struct_size = sizeof info;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    std::vector<int32_t> ids(8192);
    for (size_t i = 0; i < ids.size(); i++)
        ids[i] = 2 + static_cast<int32_t>(i * i % 251);
    std::vector<float> vectors[2];
    for (auto &vector : vectors) {
        vector.resize(info.n_embd);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_embed(session.get(), ids.data(), ids.size(), LIBLLM_POOLING_CLS,
                                                      vector.data(), vector.size(), &error));
        ids.back() = 5;
    }
    EXPECT_NE(vectors[0], vectors[1]) << "the first token sees the last";
    libllm_engine_options options = engine_options(8193, 8193);
    libllm_session *none = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_open(model.get(), &options, &none, &error));
}

TEST(Families, EachEncoderHasAGoldenTest)
{
    std::set<std::string> tested;
    for (const Case &c : cases)
        tested.insert(architecture_of(std::string(LIBLLM_TEST_DATA "/") + c.folder + "/" + c.name + ".gguf"));
    for (const std::string &family : families_that("\"encoder\":true"))
        EXPECT_TRUE(tested.count(family)) << family;
}

/* The embedding of a decoder's text is its last hidden state. */
TEST(HiddenStates, OfADecoderAreEmbedded)
{
    const std::string base = std::string(LIBLLM_TEST_DATA "/tiny/gemma");
    const std::vector<int32_t> ids = read_ids(base + ".json");
    Handle<libllm_runtime> runtime = make_runtime(2);
    Handle<libllm_model> model = open_model(runtime.get(), base + ".gguf");
    libllm_engine_options options = engine_options(16, 64);
    options.hidden_states = 1;
    Handle<libllm_session> session = open_session(model.get(), options);
    Handle<libllm_session> logits_session = open_session(model.get(), engine_options(16, 64));
    ASSERT_TRUE(session && logits_session);
    libllm_error error = {};
    libllm_model_info info = {};
    info.struct_size = sizeof info;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    EXPECT_EQ(0u, info.is_encoder);
    std::vector<float> rows(ids.size() * info.n_embd);
    ASSERT_STATUS(LIBLLM_OK,
                  libllm_session_eval_logits(session.get(), ids.data(), ids.size(), rows.data(), rows.size(), &error));
    std::vector<float> vector(info.n_embd);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_embed(session.get(), ids.data(), ids.size(), LIBLLM_POOLING_AUTO,
                                                  vector.data(), vector.size(), &error));
    const float *last = rows.data() + (ids.size() - 1) * info.n_embd;
    double product = 0, squares = 0;
    for (size_t i = 0; i < info.n_embd; i++) {
        product += static_cast<double>(last[i]) * static_cast<double>(vector[i]);
        squares += static_cast<double>(last[i]) * static_cast<double>(last[i]);
    }
    EXPECT_NEAR(std::sqrt(squares), product, 1e-4 * std::sqrt(squares)) << "the last token, of length 1";
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_embed(logits_session.get(), ids.data(), ids.size(), 0,
                                                             vector.data(), vector.size(), &error));
}

} // namespace
} // namespace golden
