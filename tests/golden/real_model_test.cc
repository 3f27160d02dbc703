/* SPDX-License-Identifier: MIT
 * The two real models over real text: tokens, a known answer, and teacher-forced agreement with an independent
 * float64 implementation (the .gold files, see make_real_references.py). Skipped where a model has not been fetched.
 */
#include "golden.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

namespace golden
{
namespace
{

/* A .gold file. */
struct Gold {
    struct Row {
        int32_t position;
        std::vector<float> logp;
    };
    uint32_t n_tokens = 0, n_vocab = 0, n_top = 0;
    std::vector<int32_t> ids, top_ids;
    std::vector<float> lse, top_logits;
    std::vector<Row> rows;

    float gap(size_t i) const { return top_logits[i * n_top] - top_logits[i * n_top + 1]; }
};

class Bytes
{
  public:
    explicit Bytes(const std::string &path) : bytes_(read_file(path)) {}

    template <typename T> std::vector<T> take(size_t n)
    {
        std::vector<T> out(n);
        if (bytes_.size() - at_ < n * sizeof(T)) {
            ok = false;
            return out;
        }
        memcpy(out.data(), bytes_.data() + at_, n * sizeof(T));
        at_ += n * sizeof(T);
        return out;
    }

    bool at_end() const { return at_ == bytes_.size(); }

    bool ok = true;

  private:
    std::string bytes_;
    size_t at_ = 0;
};

bool read_gold(const std::string &path, Gold *g)
{
    Bytes in(path);
    const std::vector<char> magic = in.take<char>(8);
    const std::vector<uint32_t> sizes = in.take<uint32_t>(4);
    if (!in.ok || memcmp(magic.data(), "LLMGOLD1", 8) != 0)
        return false;
    g->n_tokens = sizes[0];
    g->n_vocab = sizes[1];
    g->n_top = sizes[2];
    g->ids = in.take<int32_t>(g->n_tokens);
    g->lse = in.take<float>(g->n_tokens);
    g->top_ids = in.take<int32_t>(size_t{g->n_tokens} * g->n_top);
    g->top_logits = in.take<float>(size_t{g->n_tokens} * g->n_top);
    for (uint32_t i = 0; i < sizes[3]; i++) {
        Gold::Row row = {in.take<int32_t>(1)[0], {}};
        const std::vector<float> scale = in.take<float>(2);
        for (uint16_t level : in.take<uint16_t>(g->n_vocab))
            row.logp.push_back(scale[0] + scale[1] * level);
        g->rows.push_back(std::move(row));
    }
    return in.ok && in.at_end() && g->n_top >= 2;
}

/* KL(reference || ours) of one position, all but the reference's top tokens in one bucket: never more than the KL. */
double coarse_kl(const Gold &g, size_t position, const float *ours)
{
    const double lse = log_sum_exp(ours, g.n_vocab);
    double kl = 0, p_rest = 1, q_rest = 1;
    for (size_t k = position * g.n_top; k < (position + 1) * g.n_top; k++) {
        const double log_p = g.top_logits[k] - g.lse[position], log_q = ours[g.top_ids[k]] - lse;
        kl += std::exp(log_p) * (log_p - log_q);
        p_rest -= std::exp(log_p);
        q_rest -= std::exp(log_q);
    }
    if (p_rest > 1e-6) /* below that it is rounding */
        kl += p_rest * std::log(p_rest / std::max(q_rest, 1e-12));
    return kl;
}

/* What was seen over a stretch of text. */
struct Agreement {
    size_t positions = 0, misses = 0, clear_misses = 0;
    double worst_gap = 0, kl = 0, row_kl = 0, row_max_abs = 0;
    size_t rows = 0;

    void add(const Gold &g, size_t position, const float *ours)
    {
        positions++;
        if (static_cast<int32_t>(argmax(ours, g.n_vocab)) != g.top_ids[position * g.n_top]) {
            misses++;
            worst_gap = std::max<double>(worst_gap, g.gap(position));
            clear_misses += g.gap(position) > 0.5f;
        }
        kl += coarse_kl(g, position, ours);
        for (const Gold::Row &row : g.rows)
            if (static_cast<size_t>(row.position) == position)
                add_row(row, ours, g.n_vocab);
    }

    void add_row(const Gold::Row &row, const float *ours, size_t n_vocab)
    {
        const double lse = log_sum_exp(ours, n_vocab);
        rows++;
        for (size_t i = 0; i < n_vocab; i++) {
            const double p = row.logp[i], q = ours[i] - lse;
            row_kl += std::exp(p) * (p - q);
            row_max_abs = std::max(row_max_abs, std::fabs(p - std::max(q, -40.0)));
        }
    }

    void expect() const
    {
        EXPECT_LE(misses * 100, std::max<size_t>(positions, 100)) << "of " << positions << ", worst gap " << worst_gap;
        EXPECT_EQ(0u, clear_misses) << "worst gap " << worst_gap;
        EXPECT_LE(kl / static_cast<double>(positions), 1e-4);
        EXPECT_LE(row_kl, 1e-4 * static_cast<double>(rows));
        EXPECT_LE(row_max_abs, 0.5) << "a log-probability anywhere in the vocabulary";
    }

    /* A prompt read with 8-bit activations. */
    void expect_near() const
    {
        EXPECT_LE(misses * 100, 6 * std::max<size_t>(positions, 100))
            << "of " << positions << ", worst gap " << worst_gap;
        EXPECT_LE(clear_misses, 1u) << "worst gap " << worst_gap;
        EXPECT_LE(kl / static_cast<double>(positions), 4e-3);
        EXPECT_LE(row_kl, 1e-2 * static_cast<double>(rows));
    }
};

struct RealModel {
    const char *name; /* file name without .gguf */
    const char *prompt;
    const char *answer; /* what the greedy continuation of 12 tokens has in it */
};

const RealModel models[] = {
    {"SmolLM2-135M-Instruct.Q4_1", "The capital of France is", "Paris"},
    /* The base model goes on "the capital of the country of France."; its two choices at these tokens are clear. */
    {"gemma-3-270m-q4_k_m", "The capital of France is", " the capital of the"},
};

std::string data_home()
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    return xdg && *xdg ? xdg : std::string(home ? home : "") + "/.local/share";
}

class RealModelGolden : public ::testing::TestWithParam<RealModel>
{
  protected:
    void SetUp() override
    {
        const std::string name = GetParam().name;
        const std::string path = data_home() + "/libllm/models/" + name + ".gguf";
        if (!std::ifstream(path))
            GTEST_SKIP() << path << " is not there; ./dev model fetches it";
        ASSERT_TRUE(read_gold(LIBLLM_TEST_DATA "/golden/" + name + ".gold", &gold));
#ifdef __SANITIZE_THREAD__
        if (gold.n_vocab > 100000)
            GTEST_SKIP() << "takes minutes under ThreadSanitizer; the smaller model is tested";
#endif
        runtime = make_runtime();
        ASSERT_TRUE(runtime);
        model = open_model(runtime.get(), path);
        ASSERT_TRUE(model);
        n_tokens = SANITIZED ? 16 : gold.n_tokens;
    }

    void CompareOverRealText(uint32_t deterministic, const char *device = nullptr);

    Gold gold;
    size_t n_tokens = 0;
    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;
    libllm_error error = {};
};

TEST_P(RealModelGolden, TokenizesTheTextLikeHuggingFace)
{
    const std::string text = read_file(LIBLLM_TEST_DATA "/text/mixed.txt");
    ASSERT_FALSE(text.empty());
    std::vector<int32_t> tokens(text.size() + 1);
    size_t n = 0;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_tokenize(model.get(), text.data(), text.size(), LIBLLM_TOKENIZE_ADD_BOS,
                                                   tokens.data(), tokens.size(), &n, &error));
    ASSERT_GE(n, gold.ids.size());
    tokens.resize(gold.ids.size());
    EXPECT_EQ(gold.ids, tokens);
}

TEST_P(RealModelGolden, ContinuesAKnownSentence)
{
    const std::string prompt = GetParam().prompt;
    int32_t tokens[32];
    size_t n = 0;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_tokenize(model.get(), prompt.data(), prompt.size(), LIBLLM_TOKENIZE_ADD_BOS,
                                                   tokens, 32, &n, &error));
    Handle<libllm_session> session = open_session(model.get(), engine_options(0, 64));
    ASSERT_TRUE(session);
    libllm_sampling_options greedy;
    libllm_sampling_options_init(&greedy, sizeof greedy);
    greedy.temperature = 0;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.max_tokens = 12;
    options.sampling = &greedy;
    libllm_stream *raw = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_stream_create(session.get(), tokens, n, &options, &raw, &error));
    Handle<libllm_stream> stream(raw);
    std::string text;
    libllm_status status = LIBLLM_OK;
    while (status == LIBLLM_OK) {
        libllm_stream_event event = {};
        event.struct_size = sizeof event;
        status = libllm_stream_next(stream.get(), &event, &error);
        if (status >= 0)
            text.append(event.text, event.n_bytes);
    }
    ASSERT_EQ(LIBLLM_DONE, status) << error.message;
    EXPECT_NE(std::string::npos, text.find(GetParam().answer)) << text;
}

/* Prefill in batches of 64, then the last tokens once more one by one, as generating evaluates them. */
void RealModelGolden::CompareOverRealText(uint32_t deterministic, const char *device)
{
    libllm_engine_options options = engine_options(64, n_tokens);
    options.deterministic = deterministic;
    options.device = device;
    libllm_session *raw = nullptr;
    const libllm_status opened = libllm_session_open(model.get(), &options, &raw, &error);
    if (device && opened == LIBLLM_ERROR_UNSUPPORTED)
        GTEST_SKIP() << error.message;
    ASSERT_EQ(LIBLLM_OK, opened) << error.message;
    const Handle<libllm_session> session(raw);
    Agreement prefill, decode;
    const size_t chunk = 64, decoded = std::min<size_t>(32, n_tokens / 2);
    std::vector<float> logits(chunk * gold.n_vocab);
    for (size_t at = 0; at < n_tokens; at += chunk) {
        const size_t n = std::min(chunk, n_tokens - at);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval_logits(session.get(), gold.ids.data() + at, n, logits.data(),
                                                            logits.size(), &error));
        for (size_t i = 0; i < n; i++)
            prefill.add(gold, at + i, logits.data() + i * gold.n_vocab);
    }
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), n_tokens - decoded, &error));
    for (size_t at = n_tokens - decoded; at < n_tokens; at++) {
        const float *row = nullptr;
        size_t n = 0;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), gold.ids.data() + at, 1, &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(session.get(), &row, &n, &error));
        ASSERT_EQ(gold.n_vocab, n);
        decode.add(gold, at, row);
    }
    {
        SCOPED_TRACE("prefill");
        deterministic || device ? prefill.expect() : prefill.expect_near();
    }
    {
        SCOPED_TRACE("decode");
        deterministic || device ? decode.expect() : decode.expect_near();
    }
}

TEST_P(RealModelGolden, AgreesWithTheReferenceOverRealText) { CompareOverRealText(1); }

/* A BLAS gets floats, and the bounds are the narrow ones. */
TEST_P(RealModelGolden, AgreesWithTheReferenceOnTheDeviceBlas) { CompareOverRealText(0, "blas"); }

TEST_P(RealModelGolden, ReadsPromptsCloseToTheReference) { CompareOverRealText(0); }

/* What fewer bits for keys and values cost: KL against the reference per token, seen 6e-4 and 8e-4 with Q8_0, 0.05 and
 * 0.18 with Q4_0. */
TEST_P(RealModelGolden, KeepsKeysAndValuesInFewerBits)
{
    const size_t n_seen = std::min<size_t>(n_tokens, 256);
    for (const auto &[type, bound] : {std::pair{LIBLLM_KV_Q8_0, 2e-3}, std::pair{LIBLLM_KV_Q4_0, 0.25}}) {
        libllm_engine_options options = engine_options(64, n_seen);
        options.deterministic = 1;
        options.kv_type = type;
        const Handle<libllm_session> session = open_session(model.get(), options);
        ASSERT_TRUE(session);
        Agreement seen;
        std::vector<float> logits(64 * size_t{gold.n_vocab});
        for (size_t at = 0; at < n_seen; at += 64) {
            const size_t n = std::min<size_t>(64, n_seen - at);
            ASSERT_STATUS(LIBLLM_OK, libllm_session_eval_logits(session.get(), gold.ids.data() + at, n, logits.data(),
                                                                logits.size(), &error));
            for (size_t i = 0; i < n; i++)
                seen.add(gold, at + i, logits.data() + i * gold.n_vocab);
        }
        EXPECT_LE(seen.kl / static_cast<double>(seen.positions), bound) << "KV type " << type;
    }
}

std::string name_of(const ::testing::TestParamInfo<RealModel> &info)
{
    std::string name = info.param.name;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Models, RealModelGolden, ::testing::ValuesIn(models), name_of);

} // namespace
} // namespace golden
