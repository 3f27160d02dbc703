// SPDX-License-Identifier: MIT
// Models whose layers keep a state of constant size: going back, cancelling and failing leave a session as the header
// says; files whose sizes do not fit together are refused by name.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "handles.h"

extern "C" {
#include "backend/backend.h"
}

namespace
{

const char *const models[] = {"tiny/lfm2", "tiny/mamba", "families/falcon-mamba", "families/mamba2",
                              "families/lfm2moe"};

std::string path_of(const std::string &model) { return LIBLLM_TEST_DATA "/" + model + ".gguf"; }

class Recurrent : public ::testing::TestWithParam<const char *>
{
  protected:
    libllm_runtime *runtime = nullptr;
    libllm_model *model = nullptr;
    libllm_error error{};

    void SetUp() override
    {
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = 2;
        ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, &error)) << error.message;
        ASSERT_EQ(LIBLLM_OK, libllm_model_open(runtime, path_of(GetParam()).c_str(), nullptr, &model, &error))
            << error.message;
    }
    void TearDown() override
    {
        libllm_model_free(model);
        libllm_runtime_free(runtime);
    }

    libllm_session *session(uint64_t n_positions = 256, bool keeps = true)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = n_positions;
        options.n_batch = 16;
        options.deterministic = 1;
        options.no_reuse = !keeps;
        libllm_session *s = nullptr;
        EXPECT_EQ(LIBLLM_OK, libllm_session_open(model, &options, &s, &error)) << error.message;
        return s;
    }
    static std::vector<int32_t> some_tokens(size_t n, uint32_t seed = 1) { return handles::some_tokens(n, seed, 8); }
    void eval(libllm_session *s, const std::vector<int32_t> &ids, size_t from, size_t to)
    {
        ASSERT_EQ(LIBLLM_OK, libllm_session_eval(s, ids.data() + from, to - from, &error)) << error.message;
    }
    static std::vector<float> logits(libllm_session *s) { return handles::logits_of(s); }
    /* Of the tokens in a session that has never seen others. */
    std::vector<float> logits_of(const std::vector<int32_t> &ids)
    {
        libllm_session *s = session(8192);
        eval(s, ids, 0, ids.size());
        std::vector<float> all = logits(s);
        libllm_session_free(s);
        return all;
    }
};

TEST_P(Recurrent, GoesBackToAnyPosition)
{
    libllm_session *s = session();
    const auto ids = some_tokens(50), other = some_tokens(40, 99);
    const auto expected = logits_of(ids);
    eval(s, ids, 0, 50);
    EXPECT_EQ(expected, logits(s));
    for (size_t kept : {50u, 49u, 17u, 2u, 1u, 0u}) {
        ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, kept, &error));
        EXPECT_EQ(kept, libllm_session_position(s));
        if (kept < 50) {
            eval(s, other, 0, 30);
            ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, kept + 20, &error));
            ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, kept, &error));
            eval(s, ids, kept, 50);
        }
        EXPECT_EQ(expected, logits(s)) << "from position " << kept;
    }
    libllm_session_free(s);
}

/* States are kept near the ends of long calls. One that has seen tokens in whose place others are by now is not gone
 * back to. */
TEST_P(Recurrent, StatesOfOtherTokensAreForgotten)
{
    libllm_session *s = session();
    const auto ids = some_tokens(60), other = some_tokens(60, 99);
    eval(s, ids, 0, 33);
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 26, &error));
    eval(s, ids, 26, 60);
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 40, &error));
    eval(s, other, 40, 60);
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, 55, &error));
    eval(s, other, 55, 60);
    auto all = ids;
    std::copy(other.begin() + 40, other.end(), all.begin() + 40);
    EXPECT_EQ(logits_of(all), logits(s));
    libllm_session_free(s);
}

/* A call of several batches that is cancelled leaves the state of before it, without computing that again. */
TEST_P(Recurrent, CancelLeavesTheStateAsItWas)
{
    libllm_session *s = session(16384);
    const auto ids = some_tokens(16000);
    eval(s, ids, 0, 10);
    for (int round = 0; round < 3; round++) {
        std::atomic<bool> done{false};
        std::thread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(1 + 4 * round));
            while (!done) {
                libllm_session_cancel(s);
                std::this_thread::yield();
            }
        });
        const libllm_status status = libllm_session_eval(s, ids.data(), ids.size(), &error);
        done = true;
        other.join();
        ASSERT_EQ(LIBLLM_ERROR_CANCELLED, status);
        EXPECT_EQ(10u, libllm_session_position(s));
    }
    std::vector<int32_t> joined(ids.begin(), ids.begin() + 10);
    joined.insert(joined.end(), ids.begin() + 5, ids.begin() + 60);
    eval(s, ids, 5, 60);
    EXPECT_EQ(logits_of(joined), logits(s));
    libllm_session_free(s);
}

/* Cancelled while what was kept is evaluated again. */
TEST_P(Recurrent, CancelWhileGoingBack)
{
    libllm_session *s = session(8192, false);
    const auto ids = some_tokens(3000);
    eval(s, ids, 0, ids.size());
    ASSERT_EQ(LIBLLM_OK, libllm_session_rewind(s, ids.size() - 1, &error));
    std::atomic<bool> done{false};
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        while (!done) {
            libllm_session_cancel(s);
            std::this_thread::yield();
        }
    });
    const libllm_status status = libllm_session_eval(s, &ids.back(), 1, &error);
    done = true;
    other.join();
    EXPECT_EQ(LIBLLM_ERROR_CANCELLED, status);
    EXPECT_EQ(ids.size() - 1, libllm_session_position(s));
    eval(s, ids, ids.size() - 1, ids.size());
    EXPECT_EQ(logits_of(ids), logits(s));
    libllm_session_free(s);
}

TEST_P(Recurrent, StreamCountsWhatItEvaluatesAgain)
{
    libllm_session *s = session();
    const auto ids = some_tokens(40);
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.max_tokens = 1;
    options.ignore_end = 1;
    eval(s, ids, 0, 30);
    for (uint64_t cached : {30u, 0u}) { /* of all, and when the last token has to be evaluated once more */
        libllm_stream *stream = nullptr;
        libllm_stream_event event{};
        event.struct_size = sizeof event;
        ASSERT_EQ(LIBLLM_OK, libllm_stream_create(s, ids.data(), 40, &options, &stream, &error)) << error.message;
        while (libllm_stream_next(stream, &event, &error) == LIBLLM_OK) {
        }
        EXPECT_EQ(cached, event.n_cached_tokens);
        libllm_stream_free(stream);
        EXPECT_EQ(logits_of(ids), logits(s));
    }
    libllm_session_free(s);
}

TEST_P(Recurrent, CountsAttentionsMemoryAndStates)
{
    ll_host host;
    ll_host_init(&host);
    ll_model *m = nullptr;
    ASSERT_EQ(LIBLLM_OK, ll_model_open(&host, path_of(GetParam()).c_str(), LIBLLM_LOAD_MAP, &m, &error));
    uint64_t kv = 0, state = 0;
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const ll_layer *l = &m->layers[i];
        const ll_recurrence *r = &l->recurrence;
        if (l->mixer == LL_MIXER_ATTENTION)
            kv += 2 * sizeof(float) * l->n_kv_heads * m->head_dim;
        else
            state += sizeof(float) * ((r->conv.n_taps - 1) * r->conv.n_channels + r->n_inner * r->n_states);
    }
    libllm_model_info info{};
    info.struct_size = sizeof info;
    ASSERT_EQ(LIBLLM_OK, libllm_model_get_info(model, &info, &error));
    EXPECT_EQ(kv, info.kv_bytes_per_token);
    EXPECT_GT(state, 0u);
    EXPECT_EQ(state, ll_state_bytes(m));
    std::vector<char> text(1 << 16);
    size_t needed = 0;
    ASSERT_EQ(LIBLLM_OK, libllm_model_describe(model, text.data(), text.size(), &needed, &error));
    const std::string all(text.data(), needed);
    EXPECT_NE(std::string::npos, all.find("\"state_bytes_per_session\":" + std::to_string(LL_SESSION_STATES * state)));
    ll_model_close(m);
}

INSTANTIATE_TEST_SUITE_P(Models, Recurrent, ::testing::ValuesIn(models), [](const auto &info) {
    std::string name = info.param;
    for (char &c : name)
        c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
});

/* Sizes that do not fit together: the U32 behind a key of a sound file is another. */
struct Misfit {
    const char *model, *key;
    uint32_t value;
    const char *named; /* in the message */
};

class RecurrentHostile : public ::testing::TestWithParam<Misfit>
{
};

TEST_P(RecurrentHostile, IsRefusedByName)
{
    const Misfit &misfit = GetParam();
    std::ifstream in(path_of(misfit.model), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const size_t at = bytes.find(misfit.key);
    ASSERT_NE(std::string::npos, at);
    memcpy(&bytes[at + strlen(misfit.key) + sizeof(uint32_t)], &misfit.value, sizeof misfit.value);
    const std::string path = ::testing::TempDir() + "recurrent_misfit_" + std::to_string(getpid()) + ".gguf";
    std::ofstream(path, std::ios::binary) << bytes;
    ll_host host;
    ll_host_init(&host);
    ll_model *model = nullptr;
    libllm_error error{};
    EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, ll_model_open(&host, path.c_str(), LIBLLM_LOAD_MAP, &model, &error))
        << misfit.key << " " << misfit.value;
    EXPECT_NE(nullptr, strstr(error.message, misfit.named)) << error.message;
    EXPECT_EQ(nullptr, model);
    ll_model_close(model);
    remove(path.c_str());
}

const Misfit misfits[] = {
    {"tiny/lfm2", "lfm2.shortconv.l_cache", 0, "lfm2.shortconv.l_cache"},
    {"tiny/lfm2", "lfm2.shortconv.l_cache", 4, "blk.0.shortconv.conv.weight"},
    {"tiny/lfm2", "lfm2.shortconv.l_cache", UINT32_MAX, "lfm2.shortconv.l_cache"},
    {"tiny/lfm2", "lfm2.embedding_length", 32, "token_embd.weight"},
    {"tiny/mamba", "mamba.ssm.conv_kernel", 1, "blk.0.ssm_conv1d.weight"},
    {"tiny/mamba", "mamba.ssm.inner_size", 64, "blk.0.ssm_in.weight"},
    {"tiny/mamba", "mamba.ssm.inner_size", 0, "mamba.ssm.inner_size"},
    {"tiny/mamba", "mamba.ssm.state_size", 15, "blk.0.ssm_x.weight"},
    {"tiny/mamba", "mamba.ssm.state_size", UINT32_MAX, "mamba.ssm.state_size"},
    {"tiny/mamba", "mamba.ssm.time_step_rank", 5, "blk.0.ssm_x.weight"},
    {"tiny/mamba", "mamba.attention.head_count", 4, "blk.0.attn_q.weight"},
    {"tiny/mamba", "mamba.feed_forward_length", 8, "blk.0.ffn_norm.weight"},
    {"families/mamba2", "mamba2.ssm.group_count", 0, "mamba2.ssm.group_count"},
    {"families/mamba2", "mamba2.ssm.group_count", 3, "mamba2.ssm.group_count"},
    {"families/mamba2", "mamba2.ssm.group_count", 4, "blk.0.ssm_in.weight"},
    {"families/mamba2", "mamba2.ssm.group_count", 9, "mamba2.ssm.group_count"},
    {"families/mamba2", "mamba2.ssm.time_step_rank", 7, "mamba2.ssm.time_step_rank"},
    {"families/mamba2", "mamba2.ssm.time_step_rank", 16, "blk.0.ssm_in.weight"},
    {"families/mamba2", "mamba2.ssm.state_size", 1 << 16, "blk.0.ssm_in.weight"},
    {"families/mamba2", "mamba2.ssm.inner_size", 1 << 20, "mamba2.ssm.inner_size"},
    {"families/mamba2", "mamba2.ssm.conv_kernel", 3, "blk.0.ssm_conv1d.weight"},
};

INSTANTIATE_TEST_SUITE_P(Files, RecurrentHostile, ::testing::ValuesIn(misfits));

} // namespace
