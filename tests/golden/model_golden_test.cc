/* SPDX-License-Identifier: MIT
 * Whole models against references: the tiny fixtures (logits of PyTorch) and models with other seeds and shapes
 * (logits of reference.py), through the public interface. Then what must not change the logits: the number of
 * threads, other sessions in the batch, going back, and with `deterministic` the split into batches.
 */
#include "golden.h"

namespace golden
{
namespace
{

/* How close logits have to be. Weights that are not F32 may be multiplied with BF16 activations and kept with F16 keys
 * and values: simulated with reference.py that costs up to 0.75 % rms and a KL of 7e-5 on these models. Activations of
 * 8 bits cost up to 3.2 % and 1.2e-3; on the real models they change 5 % and more of the top tokens. */
struct Tolerance {
    double max_abs, relative_rms, mean_kl;
};
constexpr Tolerance f32_tight = {5e-5, INFINITY, INFINITY};
constexpr Tolerance f32 = {2e-4, INFINITY, INFINITY};
constexpr Tolerance rounded = {INFINITY, 0.012, 2e-4};
constexpr Tolerance routed = {INFINITY, 0.1, 5e-3};        /* where rounding makes a router choose another expert */
constexpr Tolerance in_8_bits = {INFINITY, 0.035, 1.5e-3}; /* prompts of quantized models */

struct Case {
    const char *folder, *name;
    Tolerance tolerance;
};

const Case cases[] = {
    {"tiny", "llama", f32_tight},
    {"tiny", "llama31-rope", f32_tight},
    {"tiny", "mistral", f32_tight},
    {"tiny", "qwen2", f32_tight},
    {"tiny", "qwen3", f32_tight},
    {"tiny", "gemma", f32},
    {"tiny", "gemma2", f32},
    {"tiny", "gemma3", f32},
    {"tiny", "cohere", f32},
    {"tiny", "cohere2", f32},
    {"tiny", "ernie45", f32},
    {"tiny", "falcon", f32},
    {"tiny", "glm4", f32},
    {"tiny", "gpt2", f32},
    {"tiny", "granite", f32},
    {"tiny", "hunyuan", f32},
    {"tiny", "lfm2", f32},
    {"tiny", "mamba", f32},
    {"tiny", "mixtral", f32},
    {"tiny", "nemotron", f32},
    {"tiny", "olmo2", f32},
    {"tiny", "phi2", f32},
    {"tiny", "phi3", f32},
    {"tiny", "qwen2moe", f32},
    {"tiny", "qwen3moe", f32},
    {"tiny", "smollm3", f32},
    {"tiny", "stablelm", f32},
    {"tiny", "starcoder2", f32},
    {"tiny", "deepseek2", f32},
    {"tiny", "deepseek3", f32},
    {"families", "deepseek2-kv-b", f32},
    {"families", "deepseek2-groups", f32},
    {"families", "deepseek2-lite", f32},
    {"families", "deepseek3-groups", f32},
    {"families", "minicpm3", f32},
    {"families", "baichuan-13b", f32},
    {"families", "baichuan-7b", f32},
    {"families", "bloom", f32},
    {"families", "chatglm", f32},
    {"families", "chatglm-separate", f32},
    {"families", "command-r-qk-norm", f32},
    {"families", "ernie4-5-moe", f32},
    {"families", "exaone", f32},
    {"families", "exaone4", f32},
    {"families", "exaone4-full", f32},
    {"families", "falcon-7b", f32},
    {"families", "falcon-mamba", f32},
    {"families", "gpt-oss", f32},
    {"families", "gptj", f32},
    {"families", "gptneox", f32},
    {"families", "gptneox-sequential", f32},
    {"families", "gpt-oss-mxfp4", routed},
    {"families", "granitemoe", f32},
    {"families", "granitemoe-shared", f32},
    {"families", "hunyuan-moe", f32},
    {"families", "internlm2", f32},
    {"families", "lfm2moe", f32},
    {"families", "llama-linear", f32},
    {"families", "llama-short-values", f32},
    {"families", "llama-yarn", f32},
    {"families", "mamba2", f32},
    {"families", "minicpm", f32},
    {"families", "mistral3", f32},
    {"families", "mpt", f32},
    {"families", "mpt-clamp", f32},
    {"families", "mpt-grouped", f32},
    {"families", "mpt-learned", f32},
    {"families", "olmo3", f32},
    {"families", "phi3-longrope-long", f32},
    {"families", "phi3-longrope-short", f32},
    {"families", "qwen2-wide-heads", f32},
    {"families", "qwen2vl", f32},
    {"families", "qwen3vl", f32},
    {"families", "qwen3vlmoe", f32},
    {"families", "stablelm-parallel", f32},
    {"random", "llama-gqa7", f32_tight},
    {"random", "llama3-metadata", f32_tight},
    {"random", "gemma2-window", f32},
    {"random", "gemma2-46layers", f32},
    {"random", "llama-linear-factors", f32},
    {"random", "gemma3-linear", f32},
    {"random", "qwen2-f16", rounded},
    {"random", "qwen3-bf16", rounded},
    {"random", "mistral-window", rounded},
    {"random", "gemma-blocks32", rounded},
    {"random", "llama-kquants", rounded},
    {"random", "gemma3-kquants", rounded},
    {"random", "llama-codes", rounded},
    {"random", "qwen3-grids", rounded},
};

class ModelGolden : public ::testing::TestWithParam<Case>
{
  protected:
    void SetUp() override
    {
        const std::string base = std::string(LIBLLM_TEST_DATA "/") + GetParam().folder + "/" + GetParam().name;
        path = base + ".gguf";
        ids = read_ids(base + ".json");
        reference = read_npy(base + ".npy");
        ASSERT_GE(ids.size(), 40u) << base << ".json";
        ASSERT_EQ(ids.size(), reference.rows) << base << ".npy";
        runtime = make_runtime();
        ASSERT_TRUE(runtime);
        model = open_model(runtime.get(), path);
        ASSERT_TRUE(model);
        libllm_model_info info = {};
        info.struct_size = sizeof info;
        ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
        ASSERT_EQ(1u, info.runnable);
        ASSERT_EQ(reference.columns, info.n_vocab);
    }

    bool has_q8_0_heads() const
    {
        libllm_engine_options options = engine_options(16, ids.size());
        options.kv_type = LIBLLM_KV_Q8_0;
        libllm_session *session = nullptr;
        libllm_error why = {};
        const libllm_status status = libllm_session_open(model.get(), &options, &session, &why);
        libllm_session_free(session);
        EXPECT_TRUE(status == LIBLLM_OK || status == LIBLLM_ERROR_UNSUPPORTED) << why.message;
        return status == LIBLLM_OK;
    }

    size_t n_vocab() const { return reference.columns; }

    /* All logits of the text, from a session of its own; empty on an error. */
    std::vector<float> logits_of(const libllm_model *of, const libllm_engine_options &options, size_t chunk)
    {
        Handle<libllm_session> session = open_session(of, options);
        std::vector<float> logits;
        if (!session || !eval_chunks(session.get(), ids, 0, ids.size(), chunk, n_vocab(), &logits))
            return {};
        EXPECT_EQ(ids.size(), libllm_session_position(session.get()));
        return logits;
    }

    static Tolerance tolerance(uint32_t n_batch)
    {
        const Tolerance &t = GetParam().tolerance;
        return n_batch > 8 && t.mean_kl == rounded.mean_kl ? in_8_bits : t;
    }

    void expect_close(const std::vector<float> &logits, const Matrix &to, const std::string &what, uint32_t n_batch = 1)
    {
        ASSERT_EQ(to.values.size(), logits.size()) << what;
        const Distance d = distance(to, logits.data());
        const Tolerance t = tolerance(n_batch);
        EXPECT_LE(d.max_abs, t.max_abs) << what;
        EXPECT_LE(d.relative_rms, t.relative_rms) << what;
        EXPECT_LE(d.mean_kl, t.mean_kl) << what;
    }

    std::string path;
    std::vector<int32_t> ids;
    Matrix reference;
    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;
    libllm_error error = {};
};

TEST_P(ModelGolden, AgreesWithTheReferenceForEveryBatchSize)
{
    for (uint32_t n_batch : {1u, 7u, 40u}) {
        const libllm_engine_options options = engine_options(n_batch, ids.size());
        expect_close(logits_of(model.get(), options, n_batch), reference, "n_batch " + std::to_string(n_batch),
                     n_batch);
    }
}

TEST_P(ModelGolden, SplitsALongCallItself)
{
    const libllm_engine_options options = engine_options(7, ids.size());
    expect_close(logits_of(model.get(), options, ids.size()), reference, "one call, n_batch 7");
}

TEST_P(ModelGolden, AgreesOnEveryInstructionSet)
{
    for (const char *mask : {"ref", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"}) {
        Handle<libllm_runtime> masked = make_runtime(2, mask);
        ASSERT_TRUE(masked) << mask;
        Handle<libllm_model> of = open_model(masked.get(), path);
        ASSERT_TRUE(of) << mask;
        for (uint32_t n_batch : {1u, 40u})
            expect_close(logits_of(of.get(), engine_options(n_batch, ids.size()), n_batch), reference,
                         std::string(mask) + ", n_batch " + std::to_string(n_batch), n_batch);
    }
}

TEST_P(ModelGolden, IsBitwiseTheSameForAnyNumberOfThreads)
{
    for (uint32_t n_batch : {1u, 7u, 40u}) {
        std::vector<float> first;
        for (uint32_t n_threads : {1u, 2u, 3u, 5u}) {
            Handle<libllm_runtime> threaded = make_runtime(n_threads);
            ASSERT_TRUE(threaded);
            Handle<libllm_model> of = open_model(threaded.get(), path);
            ASSERT_TRUE(of);
            const std::vector<float> logits = logits_of(of.get(), engine_options(n_batch, ids.size()), n_batch);
            ASSERT_EQ(reference.values.size(), logits.size());
            if (first.empty())
                first = logits;
            EXPECT_EQ(0, memcmp(first.data(), logits.data(), logits.size() * sizeof(float)))
                << n_threads << " threads, n_batch " << n_batch;
        }
    }
}

/* With the BLAS that is installed, which gets floats, so that the bounds are those of few columns. */
TEST_P(ModelGolden, AgreesOnTheDeviceBlasForAnyNumberOfThreads)
{
    std::vector<float> first;
    for (uint32_t n_threads : {1u, 2u, 3u}) {
        Handle<libllm_runtime> threaded = make_runtime(n_threads);
        ASSERT_TRUE(threaded);
        Handle<libllm_model> of = open_model(threaded.get(), path);
        ASSERT_TRUE(of);
        libllm_engine_options options = engine_options(40, ids.size());
        options.device = "blas";
        libllm_session *raw = nullptr;
        const libllm_status status = libllm_session_open(of.get(), &options, &raw, &error);
        if (status == LIBLLM_ERROR_UNSUPPORTED)
            GTEST_SKIP() << error.message;
        ASSERT_EQ(LIBLLM_OK, status) << error.message;
        const Handle<libllm_session> session(raw);
        std::vector<float> logits;
        ASSERT_TRUE(eval_chunks(session.get(), ids, 0, ids.size(), 40, n_vocab(), &logits));
        if (first.empty()) {
            first = logits;
            expect_close(logits, reference, "blas");
        }
        EXPECT_EQ(0, memcmp(first.data(), logits.data(), logits.size() * sizeof(float))) << n_threads << " threads";
    }
}

TEST_P(ModelGolden, IsBitwiseTheSameForAnySplitWhenDeterministic)
{
    std::vector<float> first;
    for (uint32_t n_batch : {40u, 1u, 7u}) {
        libllm_engine_options options = engine_options(n_batch, ids.size());
        options.deterministic = 1;
        const std::vector<float> logits = logits_of(model.get(), options, n_batch);
        ASSERT_EQ(reference.values.size(), logits.size());
        if (first.empty()) {
            first = logits;
            expect_close(logits, reference, "deterministic");
        }
        EXPECT_EQ(0, memcmp(first.data(), logits.data(), logits.size() * sizeof(float))) << "n_batch " << n_batch;
    }
}

/* Two sessions at different positions, first with prompts of different lengths, then token by token. */
TEST_P(ModelGolden, SessionsInOneBatchDoNotDisturbEachOther)
{
    const std::vector<int32_t> texts[2] = {{ids.begin(), ids.begin() + 26}, {ids.begin() + 9, ids.begin() + 40}};
    const size_t prompts[2] = {17, 5}, n_steps = 6;

    const size_t page = 64; /* of positions */
    const libllm_engine_options options = engine_options(64, 2 * ((ids.size() + page - 1) / page * page));
    libllm_engine *raw_engine = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(model.get(), &options, &raw_engine, &error));
    Handle<libllm_engine> engine(raw_engine);
    Handle<libllm_session> together[2], alone[2];
    libllm_session_options of_session;
    libllm_session_options_init(&of_session, sizeof of_session);
    of_session.n_positions = ids.size();
    for (size_t i = 0; i < 2; i++) {
        libllm_session *session = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), &of_session, &session, &error));
        together[i].reset(session);
        alone[i] = open_session(model.get(), engine_options(64, ids.size()));
        ASSERT_TRUE(alone[i]);
    }
    for (size_t step = 0; step < n_steps; step++) {
        libllm_batch_entry entries[2] = {};
        for (size_t i = 0; i < 2; i++) {
            const size_t at = step == 0 ? 0 : prompts[i] + step - 1;
            entries[i].session = together[i].get();
            entries[i].tokens = texts[i].data() + at;
            entries[i].n_tokens = step == 0 ? prompts[i] : 1;
        }
        ASSERT_STATUS(LIBLLM_OK, libllm_engine_eval(engine.get(), entries, 2, &error));
        for (size_t i = 0; i < 2; i++) {
            ASSERT_EQ(LIBLLM_OK, entries[i].status);
            ASSERT_STATUS(LIBLLM_OK,
                          libllm_session_eval(alone[i].get(), entries[i].tokens, entries[i].n_tokens, &error));
            const float *ours = nullptr, *expected = nullptr;
            size_t n_ours = 0, n_expected = 0;
            ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(together[i].get(), &ours, &n_ours, &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(alone[i].get(), &expected, &n_expected, &error));
            ASSERT_EQ(n_vocab(), n_ours);
            ASSERT_EQ(n_vocab(), n_expected);
            const Matrix row = {1, n_vocab(), {expected, expected + n_expected}};
            const Distance d = distance(row, ours);
            EXPECT_LE(d.max_abs, std::max(2e-4, GetParam().tolerance.max_abs)) << "session " << i << ", step " << step;
            EXPECT_LE(d.relative_rms, tolerance(64).relative_rms) << "session " << i << ", step " << step;
        }
    }
}

TEST_P(ModelGolden, GoesBackAndComesToTheSameAgain)
{
    Handle<libllm_session> session = open_session(model.get(), engine_options(40, ids.size()));
    ASSERT_TRUE(session);
    const size_t middle = 13, n = ids.size();
    std::vector<float> first;
    ASSERT_TRUE(eval_chunks(session.get(), ids, 0, middle, middle, n_vocab(), &first));
    ASSERT_TRUE(eval_chunks(session.get(), ids, middle, n, 11, n_vocab(), &first));
    expect_close(first, reference, "before", 64);

    /* Another continuation in between, so that what was forgotten is overwritten. */
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), middle, &error));
    EXPECT_EQ(middle, libllm_session_position(session.get()));
    const float *none = nullptr;
    size_t n_none = 0;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, libllm_session_logits(session.get(), &none, &n_none, &error));
    std::vector<int32_t> other = ids;
    std::reverse(other.begin() + middle, other.end());
    std::vector<float> elsewhere;
    ASSERT_TRUE(eval_chunks(session.get(), other, middle, n, 7, n_vocab(), &elsewhere));

    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), middle, &error));
    std::vector<float> second(first.begin(), first.begin() + static_cast<ptrdiff_t>(middle * n_vocab()));
    ASSERT_TRUE(eval_chunks(session.get(), ids, middle, n, 11, n_vocab(), &second));
    ASSERT_EQ(first.size(), second.size());
    EXPECT_EQ(0, memcmp(first.data(), second.data(), first.size() * sizeof(float)));
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_RANGE, libllm_session_rewind(session.get(), n + 1, &error));
}

/* The other number format of the KV memory costs half-float rounding and no more (simulated: 0.05 % rms, in 46 layers
 * 0.4 %). */
TEST_P(ModelGolden, KeepsKeysAndValuesInEitherFormat)
{
    const bool is_f32 = std::isfinite(GetParam().tolerance.max_abs);
    for (libllm_kv_type type : {LIBLLM_KV_F32, LIBLLM_KV_F16, LIBLLM_KV_Q8_0, LIBLLM_KV_Q4_0}) {
        libllm_engine_options options = engine_options(16, ids.size());
        options.kv_type = type;
        if (type >= LIBLLM_KV_Q8_0 && !has_q8_0_heads())
            continue;
        const std::vector<float> logits = logits_of(model.get(), options, 16);
        ASSERT_EQ(reference.values.size(), logits.size());
        const double bound = type == LIBLLM_KV_Q4_0  ? 0.3 /* seen: 0.04 to 0.24; heads in a wrong order: more than 1 */
                             : !is_f32               ? tolerance(64).relative_rms
                             : type == LIBLLM_KV_F32 ? 1e-4
                             : type == LIBLLM_KV_F16 ? 5e-3
                                                     : 3e-2;
        EXPECT_LE(distance(reference, logits.data()).relative_rms, bound) << "KV type " << type;
    }
}

std::string name_of(const ::testing::TestParamInfo<Case> &info)
{
    std::string name = std::string(info.param.folder) + "_" + info.param.name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Models, ModelGolden, ::testing::ValuesIn(cases), name_of);

/* Whoever adds a family adds a model to one of the suites. */
TEST(Families, EachDecoderHasAGoldenTest)
{
    std::set<std::string> tested;
    for (const Case &c : cases)
        tested.insert(architecture_of(std::string(LIBLLM_TEST_DATA "/") + c.folder + "/" + c.name + ".gguf"));
    const std::set<std::string> families = families_that("\"encoder\":false,\"encoder_decoder\":false");
    EXPECT_GT(families.size(), 40u);
    for (const std::string &family : families)
        EXPECT_TRUE(tested.count(family)) << family;
}

} // namespace
} // namespace golden
