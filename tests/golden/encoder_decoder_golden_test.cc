/* SPDX-License-Identifier: MIT
 * Models of an encoder and a decoder against their references: the decoder's logits, on every instruction set and for
 * any number of threads and batch sizes; texts of several sessions in one batch; another text in the same session; the
 * encoder's hidden states; and what sessions refuse before they have a text.
 */
#include "golden.h"

namespace golden
{
namespace
{

struct Case {
    const char *path, *folder, *name; /* the model, and where ids and logits are */
};

const Case cases[] = {
    {"tiny/t5.gguf", "tiny", "t5"},
    {"tiny-hf/t5", "tiny", "t5"},
    {"families/t5-gated.gguf", "families", "t5-gated"},
    {"families/t5-ungated.gguf", "families", "t5-ungated"},
};

class EncoderDecoderGolden : public ::testing::TestWithParam<Case>
{
  protected:
    void SetUp() override
    {
        const std::string base = std::string(LIBLLM_TEST_DATA "/") + GetParam().folder + "/" + GetParam().name;
        path = std::string(LIBLLM_TEST_DATA "/") + GetParam().path;
        text = read_ids(base + ".json");
        ids = read_ids(base + ".json", "decoder_ids");
        reference = read_npy(base + ".npy");
        ASSERT_EQ(40u, text.size()) << base << ".json";
        ASSERT_EQ(ids.size(), reference.rows) << base << ".npy";
        runtime = make_runtime(2);
        model = open_model(runtime.get(), path);
        ASSERT_TRUE(model);
    }

    /* All of the decoder's logits, `chunk` tokens at a time; empty on an error. */
    std::vector<float> logits_of(const libllm_model *of, const libllm_engine_options &options, size_t chunk)
    {
        libllm_session *raw = nullptr;
        status = libllm_session_open(of, &options, &raw, &error);
        const Handle<libllm_session> session(raw);
        if (!status)
            status = libllm_session_encode(session.get(), text.data(), text.size(), &error);
        if (status)
            return {};
        std::vector<float> logits;
        if (!eval_chunks(session.get(), ids, 0, ids.size(), chunk, reference.columns, &logits))
            return {};
        return logits;
    }

    void expect_close(const std::vector<float> &logits, const std::string &what)
    {
        ASSERT_EQ(reference.values.size(), logits.size()) << what << ": " << error.message;
        EXPECT_LE(distance(reference, logits.data()).max_abs, 2e-4) << what;
    }

    std::string path;
    std::vector<int32_t> text, ids;
    Matrix reference;
    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;
    libllm_error error = {};
    libllm_status status = LIBLLM_OK;
};

TEST_P(EncoderDecoderGolden, AgreesOnEveryInstructionSetForEveryBatchSize)
{
    for (const char *mask : {"ref", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"}) {
        const Handle<libllm_runtime> masked = make_runtime(2, mask);
        const Handle<libllm_model> of = open_model(masked.get(), path);
        for (size_t chunk : {1, 7, 40})
            expect_close(logits_of(of.get(), engine_options(40, 64), chunk), mask + std::to_string(chunk));
    }
}

TEST_P(EncoderDecoderGolden, IsBitwiseTheSameForAnyNumberOfThreads)
{
    for (bool deterministic : {false, true}) {
        std::vector<float> first;
        for (uint32_t n_threads : {1u, 2u, 3u, 5u}) {
            const Handle<libllm_runtime> threaded = make_runtime(n_threads);
            const Handle<libllm_model> of = open_model(threaded.get(), path);
            libllm_engine_options options = engine_options(40, 64);
            options.deterministic = deterministic;
            /* With `deterministic` batches may not show, either. */
            const std::vector<float> logits = logits_of(of.get(), options, deterministic ? n_threads : 7);
            expect_close(logits, std::to_string(n_threads) + " threads");
            if (first.empty())
                first = logits;
            EXPECT_EQ(0, memcmp(first.data(), logits.data(), logits.size() * sizeof(float))) << n_threads;
        }
    }
}

TEST_P(EncoderDecoderGolden, AgreesOnTheDeviceBlas)
{
    libllm_engine_options options = engine_options(40, 64);
    options.device = "blas";
    const std::vector<float> logits = logits_of(model.get(), options, 40);
    if (status == LIBLLM_ERROR_UNSUPPORTED)
        GTEST_SKIP() << error.message;
    expect_close(logits, "blas");
}

/* Two sessions read other texts and another number of tokens, in the same batches; one reads a second text. */
TEST_P(EncoderDecoderGolden, SessionsInOneBatchDoNotDisturbEachOther)
{
    const libllm_engine_options options = engine_options(64, 2 * 64);
    libllm_engine *raw_engine = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(model.get(), &options, &raw_engine, &error));
    const Handle<libllm_engine> engine(raw_engine);
    Handle<libllm_session> sessions[2], alone[2];
    libllm_session_options of_session;
    libllm_session_options_init(&of_session, sizeof of_session);
    of_session.n_positions = 64;
    const std::vector<int32_t> texts[2] = {{text.begin(), text.begin() + 23}, text};
    for (size_t i = 0; i < 2; i++) {
        libllm_session *session = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), &of_session, &session, &error));
        sessions[i].reset(session);
        alone[i] = open_session(model.get(), engine_options(64, 64));
        ASSERT_TRUE(alone[i]);
    }
    ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(sessions[0].get(), text.data(), 40, &error));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(sessions[0].get(), ids.data(), 3, &error));
    for (size_t i = 0; i < 2; i++) {
        ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(sessions[i].get(), texts[i].data(), texts[i].size(), &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(alone[i].get(), texts[i].data(), texts[i].size(), &error));
        EXPECT_EQ(0u, libllm_session_position(sessions[i].get())) << "the timeline begins anew";
    }
    for (size_t step = 0; step < 4; step++) {
        libllm_batch_entry entries[2] = {};
        for (size_t i = 0; i < 2; i++) {
            entries[i].session = sessions[i].get();
            entries[i].tokens = ids.data() + (step ? i + step : 0);
            entries[i].n_tokens = step ? 1 : i + 1;
        }
        ASSERT_STATUS(LIBLLM_OK, libllm_engine_eval(engine.get(), entries, 2, &error));
        for (size_t i = 0; i < 2; i++) {
            ASSERT_STATUS(LIBLLM_OK,
                          libllm_session_eval(alone[i].get(), entries[i].tokens, entries[i].n_tokens, &error));
            const float *ours = nullptr, *expected = nullptr;
            size_t n = 0;
            ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(sessions[i].get(), &ours, &n, &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(alone[i].get(), &expected, &n, &error));
            const Matrix row = {1, n, {expected, expected + n}};
            EXPECT_LE(distance(row, ours).max_abs, 2e-4) << "session " << i << ", step " << step;
        }
    }
}

/* Going back in the timeline keeps the text. */
TEST_P(EncoderDecoderGolden, GoesBackAndComesToTheSameAgain)
{
    const Handle<libllm_session> session = open_session(model.get(), engine_options(40, 64));
    ASSERT_TRUE(session);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(session.get(), text.data(), text.size(), &error));
    std::vector<float> logits;
    ASSERT_TRUE(eval_chunks(session.get(), ids, 0, ids.size(), 5, reference.columns, &logits));
    for (size_t middle : {size_t{3}, size_t{0}}) {
        ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), middle, &error));
        ASSERT_TRUE(eval_chunks(session.get(), ids, middle, ids.size(), 4, reference.columns, &logits));
        expect_close(logits, "from " + std::to_string(middle));
    }
}

TEST_P(EncoderDecoderGolden, StreamsTheLikeliestTokensFromItsFirstOne)
{
    const Handle<libllm_session> session = open_session(model.get(), engine_options(40, 64));
    ASSERT_TRUE(session);
    const int32_t start = libllm_model_special_token(model.get(), LIBLLM_TOKEN_DECODER_START);
    ASSERT_EQ(0, start);
    libllm_sampling_options greedy;
    libllm_sampling_options_init(&greedy, sizeof greedy);
    greedy.temperature = 0;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &greedy;
    options.max_tokens = 6;
    options.ignore_end = 1;
    libllm_stream *raw = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_stream_create(session.get(), &start, 1, &options, &raw, &error))
        << "there is no text";
    ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(session.get(), text.data(), text.size(), &error));
    ASSERT_STATUS(LIBLLM_OK, libllm_stream_create(session.get(), &start, 1, &options, &raw, &error));
    const Handle<libllm_stream> stream(raw);
    libllm_stream_event event;
    event.struct_size = sizeof event;
    std::vector<int32_t> timeline = {start};
    while (libllm_stream_next(stream.get(), &event, &error) == LIBLLM_OK)
        if (event.token >= 0)
            timeline.push_back(event.token);
    ASSERT_EQ(7u, timeline.size());
    const Handle<libllm_session> other = open_session(model.get(), engine_options(40, 64));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(other.get(), text.data(), text.size(), &error));
    std::vector<float> logits;
    ASSERT_TRUE(eval_chunks(other.get(), timeline, 0, 6, 1, reference.columns, &logits));
    for (size_t i = 0; i < 6; i++)
        EXPECT_EQ(argmax(logits.data() + i * reference.columns, reference.columns), (size_t)timeline[i + 1]) << i;
}

/* With hidden states in place of logits it is its encoder alone. */
TEST_P(EncoderDecoderGolden, HiddenStatesAreThoseOfTheEncoder)
{
    libllm_engine_options options = engine_options(0, 64);
    options.hidden_states = 1;
    const Handle<libllm_session> session = open_session(model.get(), options);
    ASSERT_TRUE(session);
    libllm_model_info info = {};
    info.struct_size = sizeof info;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    EXPECT_EQ(1u, info.has_encoder);
    EXPECT_EQ(0u, info.is_encoder);
    std::vector<float> rows(text.size() * info.n_embd), other = rows, vector(info.n_embd);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval_logits(session.get(), text.data(), text.size(), rows.data(),
                                                        rows.size(), &error));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_embed(session.get(), text.data(), text.size(), LIBLLM_POOLING_AUTO,
                                                  vector.data(), vector.size(), &error));
    double product = 0, squares = 0;
    for (size_t i = 0; i < info.n_embd; i++) {
        double mean = 0;
        for (size_t r = 0; r < text.size(); r++)
            mean += static_cast<double>(rows[r * info.n_embd + i]) / static_cast<double>(text.size());
        product += mean * static_cast<double>(vector[i]);
        squares += mean * mean;
    }
    EXPECT_NEAR(std::sqrt(squares), product, 1e-4 * std::sqrt(squares)) << "the mean of all tokens, of length 1";
    /* The first token sees the last one. */
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), 0, &error));
    text.back() ^= 1;
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval_logits(session.get(), text.data(), text.size(), other.data(),
                                                        other.size(), &error));
    EXPECT_NE(0, memcmp(rows.data(), other.data(), info.n_embd * sizeof(float)));
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_encode(session.get(), text.data(), 3, &error));
}

TEST_P(EncoderDecoderGolden, RefusesWhatItCannotDo)
{
    const Handle<libllm_session> session = open_session(model.get(), engine_options(16, 32));
    ASSERT_TRUE(session);
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_eval(session.get(), ids.data(), 1, &error)) << "no text";
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_encode(session.get(), text.data(), 0, &error));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_encode(session.get(), text.data(), 17, &error))
        << "more than a batch";
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_encode(session.get(), text.data(), 33, &error));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(session.get(), text.data(), 16, &error));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids.data(), 2, &error));
    const int32_t outside = 320;
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, libllm_session_encode(session.get(), &outside, 1, &error));
    EXPECT_EQ(2u, libllm_session_position(session.get())) << "arguments that are wrong change nothing";
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids.data(), 2, &error));
    const Handle<libllm_model> llama = open_model(runtime.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
    const Handle<libllm_session> plain = open_session(llama.get(), engine_options(16, 32));
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_session_encode(plain.get(), text.data(), 3, &error));
    EXPECT_EQ(-1, libllm_model_special_token(llama.get(), LIBLLM_TOKEN_DECODER_START));
}

/* Without a word about batches a text may be as long as the context, which is more than the usual batch. */
TEST_P(EncoderDecoderGolden, ReadsALongTextByDefault)
{
    const Handle<libllm_session> session = open_session(model.get(), engine_options(0, 300));
    ASSERT_TRUE(session);
    while (text.size() < 300)
        text.push_back(text[text.size() - 40]);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_encode(session.get(), text.data(), text.size(), &error));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids.data(), 3, &error));
}

/* Sessions of one engine that ask for as much as there is share its pages. */
TEST_P(EncoderDecoderGolden, SessionsTakeRoomForTextAndTimeline)
{
    const libllm_engine_options options = engine_options(64, 3 * 64);
    libllm_engine *raw_engine = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(model.get(), &options, &raw_engine, &error));
    const Handle<libllm_engine> engine(raw_engine);
    libllm_session_options of_session;
    libllm_session_options_init(&of_session, sizeof of_session);
    of_session.n_positions = 65;
    libllm_session *raw = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), &of_session, &raw, &error));
    const Handle<libllm_session> first(raw);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), nullptr, &raw, &error));
    const Handle<libllm_session> rest(raw);
    EXPECT_EQ(64u, libllm_session_capacity(rest.get()));
    EXPECT_EQ(LIBLLM_ERROR_CONTEXT_FULL, libllm_session_create(engine.get(), &of_session, &raw, &error));
    EXPECT_NE(nullptr, strstr(error.message, "0 of 192 free")) << error.message;
}

TEST(Families, EachEncoderWithADecoderHasAGoldenTest)
{
    EXPECT_EQ((std::set<std::string>{architecture_of(LIBLLM_TEST_DATA "/tiny/t5.gguf")}),
              families_that("\"encoder\":false,\"encoder_decoder\":true"));
}

/* Two layers of an encoder, one of a decoder; 3 heads of 12, a width of 32, 64 in the feed-forward part. */
TEST(EncoderDecoder, CountsWhatATokenCosts)
{
    const Handle<libllm_runtime> runtime = make_runtime(1);
    const Handle<libllm_model> model = open_model(runtime.get(), LIBLLM_TEST_DATA "/families/t5-ungated.gguf");
    libllm_model_info info = {};
    info.struct_size = sizeof info;
    libllm_error error = {};
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    EXPECT_EQ(3u, info.n_layers);
    EXPECT_EQ(2u * 2 * 3 * (12 + 12) * 4, info.kv_bytes_per_token) << "of the text and of the timeline";
    /* The decoder's layer without keys and values of the text, the output, a row of the embedding. */
    EXPECT_EQ(4u * (6 * 36 * 32 + 2 * 64 * 32 + 320 * 32 + 32), info.bytes_per_token);
}

INSTANTIATE_TEST_SUITE_P(Models, EncoderDecoderGolden, ::testing::ValuesIn(cases), [](const auto &info) {
    std::string name = info.param.path;
    for (char &c : name)
        c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
});

} // namespace
} // namespace golden
