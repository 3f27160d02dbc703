/* SPDX-License-Identifier: MIT
 * All small models of tests/data on every Vulkan device that there is, a CPU's among them, against the references that
 * the CPU has: read as a whole, in pieces and token by token, several timelines in one batch, going back, all number
 * formats of KV memory, and sessions that are saved on one device and go on on another.
 */
#include "fixture.h"

#include <map>

extern "C" {
#include "format/gguf.h"
#include "quant/quant.h"
}

namespace golden
{
namespace
{

/* --- Every model -------------------------------------------------------------------------------------------------- */

class VulkanFixtures : public Vulkan, public ::testing::WithParamInterface<std::string>
{
};

TEST_P(VulkanFixtures, AgreesWithTheReference)
{
    const Fixture f(GetParam());
    ASSERT_TRUE(f.model);
    ASSERT_EQ(f.ids.size(), f.reference.rows);
    libllm_model_info info = {};
    info.struct_size = sizeof info;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(f.model.get(), &info, &error));
    const bool at_once = info.n_vocab != f.reference.columns; /* hidden states, of an encoder */
    for (const std::string &device : ids) {
        /* Up to 32 columns, and beyond, are multiplied in different ways on drivers for the CPU. */
        const bool many = GetParam() == "tiny/llama" || GetParam() == "tiny/deepseek2";
        libllm_engine_options options = options_of(device);
        options.n_positions = std::max<uint64_t>(64, f.ids.size());
        options.n_batch = static_cast<uint32_t>(std::max<size_t>(48, f.ids.size()));
        const std::vector<float> rows =
            f.rows(options, at_once || many ? f.ids.size() : std::min<size_t>(32, f.ids.size()));
        ASSERT_EQ(f.reference.values.size(), rows.size()) << device;
        EXPECT_LE(distance(f.reference, rows.data()).max_abs, 1e-3) << device;
    }
}

INSTANTIATE_TEST_SUITE_P(Models, VulkanFixtures, ::testing::ValuesIn(all_fixtures()), test_name);

/* --- What may not change results ---------------------------------------------------------------------------------- */

TEST_F(Vulkan, KvMemoryIsAsExactAsItsFormat)
{
    const Fixture of("tiny/qwen3"); /* heads of 32 values */
    ASSERT_TRUE(of.model);
    const struct {
        libllm_kv_type type;
        double rms;
    } bounds[] = {{LIBLLM_KV_F32, 1e-4}, {LIBLLM_KV_F16, 3e-3}, {LIBLLM_KV_Q8_0, 3e-2}, {LIBLLM_KV_Q4_0, 0.3}};
    for (const std::string &device : ids)
        for (const auto &bound : bounds) {
            const std::vector<float> rows = of.rows(options_of(device, bound.type), 30);
            libllm_engine_options on_cpu = options_of("cpu", bound.type);
            const std::vector<float> expected = of.rows(on_cpu, 30);
            ASSERT_EQ(of.reference.values.size(), rows.size());
            EXPECT_LE(distance(of.reference, rows.data()).relative_rms, bound.rms) << bound.type;
            /* The same bits are stored as on the CPU, so that all that is left is rounding. */
            const Matrix cpu = {of.reference.rows, of.reference.columns, expected};
            EXPECT_LE(distance(cpu, rows.data()).relative_rms, 2e-2) << bound.type;
        }
}

TEST_F(Vulkan, SessionsInOneBatchDoNotDisturbEachOther)
{
    for (const char *name : {"tiny/llama", "tiny/lfm2", "random/gemma2-window"}) {
        const Fixture f(name);
        ASSERT_TRUE(f.model) << name;
        libllm_engine_options options = options_of(ids[0]);
        options.n_positions = 2 * 64;
        options.n_batch = 64;
        libllm_engine *raw = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(f.model.get(), &options, &raw, &error));
        const Handle<libllm_engine> engine(raw);
        Handle<libllm_session> sessions[2];
        libllm_session_options of_session;
        libllm_session_options_init(&of_session, sizeof of_session);
        of_session.n_positions = 64;
        for (Handle<libllm_session> &session : sessions) {
            libllm_session *made = nullptr;
            ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), &of_session, &made, &error));
            session.reset(made);
        }
        /* Both have the text of the reference, one of them a part of it behind. */
        size_t at[2] = {0, 0};
        const size_t steps[][2] = {{17, 5}, {1, 12}, {1, 1}, {3, 1}};
        for (const auto &step : steps) {
            libllm_batch_entry entries[2] = {};
            for (size_t i = 0; i < 2; i++) {
                entries[i].session = sessions[i].get();
                entries[i].tokens = f.ids.data() + at[i];
                entries[i].n_tokens = step[i];
                at[i] += step[i];
            }
            ASSERT_STATUS(LIBLLM_OK, libllm_engine_eval(engine.get(), entries, 2, &error));
            for (size_t i = 0; i < 2; i++) {
                const float *row = nullptr;
                size_t n = 0;
                ASSERT_EQ(LIBLLM_OK, entries[i].status);
                ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(sessions[i].get(), &row, &n, &error));
                const float *expected = f.reference.row(at[i] - 1);
                const Matrix one = {1, n, {expected, expected + n}};
                EXPECT_LE(distance(one, row).max_abs, 1e-3) << name << ", session " << i << ", token " << at[i];
            }
        }
    }
}

/* Bit by bit: layers of each kind, and numbers of columns that are otherwise multiplied in different ways. */
TEST_F(Vulkan, DeterministicResultsDoNotDependOnTheSplitIntoBatches)
{
    for (const char *name : {"tiny/llama", "tiny/qwen2moe", "tiny/deepseek2", "tiny/lfm2", "tiny/mamba"}) {
        const Fixture f(name);
        ASSERT_TRUE(f.model) << name;
        libllm_engine_options options = options_of(ids[0]);
        options.deterministic = 1;
        const std::vector<float> whole = f.rows(options, f.ids.size());
        ASSERT_EQ(f.reference.values.size(), whole.size()) << name;
        EXPECT_LE(distance(f.reference, whole.data()).max_abs, 1e-3) << name;
        for (const size_t first : {0, 33}) /* the others one by one */
            EXPECT_TRUE(whole == f.rows(options, first)) << name << ", " << first << " tokens at once";
    }
}

/* Inputs of each matrix, and of each expert's and head's, are summed up as the processor does it: with batches of many
 * columns and of one, all layers on the device or some of them. */
TEST_F(Vulkan, ImportanceIsThatOfTheProcessor)
{
    ll_host host;
    ll_host_init(&host);
    const std::string path = ::testing::TempDir() + "vulkan-importance.gguf";
    for (const char *name : {"tiny/llama", "tiny/qwen2moe", "tiny/deepseek2", "tiny/lfm2", "tiny/mamba", "tiny/phi3"}) {
        const Fixture f(name);
        ASSERT_TRUE(f.model) << name;
        std::map<std::string, std::vector<float>> of[3];
        for (size_t i = 0; i < 3; i++) {
            libllm_engine_options options = options_of(i ? ids[0] : "cpu");
            options.importance = 1;
            options.n_device_layers = i == 2 ? 1 : 0;
            const Handle<libllm_session> session = open_session(f.model.get(), options);
            ASSERT_TRUE(session);
            ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), f.ids.data(), 21, &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), f.ids.data() + 21, 1, &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_save_importance(session.get(), path.c_str(), "a test", 1, &error));
            ll_gguf file = {}; /* of each tensor the sums, and how many there are of them */
            ASSERT_EQ(LIBLLM_OK,
                      ll_gguf_open(&host, path.c_str(), LIBLLM_LOAD_READ, ll_type_block_size, &file, &error));
            for (size_t j = 0; j < file.n_tensors; j++) {
                const ll_gguf_tensor &t = file.tensors[j];
                std::vector<float> &values =
                    of[i][{reinterpret_cast<const char *>(t.name.data), static_cast<size_t>(t.name.size)}];
                values.resize(t.n_bytes / sizeof(float));
                memcpy(values.data(), t.data, t.n_bytes);
            }
            ll_gguf_close(&file);
        }
        EXPECT_GT(of[0].size(), 5u);
        for (size_t i = 1; i < 3; i++) {
            EXPECT_EQ(of[0].size(), of[i].size()) << name;
            for (const auto &[tensor, values] : of[0]) {
                const std::vector<float> &found = of[i][tensor];
                ASSERT_EQ(values.size(), found.size()) << name << " " << tensor;
                for (size_t k = 0; k < values.size(); k++)
                    ASSERT_NEAR(values[k], found[k], 2e-3 * values[k] + 1e-5) << name << " " << tensor << " " << k;
            }
        }
    }
    std::filesystem::remove(path);
}

/* From some hundreds of positions on several workgroups share those that a token sees. */
TEST_F(Vulkan, LongContextsAreSharedByWorkgroups)
{
    const struct {
        const char *name;
        libllm_kv_type type;
        double bound;
    } cases[] = {{"tiny/llama", LIBLLM_KV_F32, 1e-4}, {"random/gemma2-window", LIBLLM_KV_F16, 2e-3}};
    for (const auto &of : cases) {
        const Fixture f(of.name);
        ASSERT_TRUE(f.model) << of.name;
        const size_t n = 532, first = 520; /* three of four parts have pages */
        std::vector<int32_t> text;
        while (text.size() < n)
            text.insert(text.end(), f.ids.begin(), f.ids.end());
        std::vector<float> rows[2];
        for (size_t i = 0; i < 2; i++) {
            libllm_engine_options options = options_of(i ? ids[0] : "cpu", of.type);
            options.n_positions = 576;
            options.n_batch = 130;
            const Handle<libllm_session> session = open_session(f.model.get(), options);
            ASSERT_TRUE(session);
            ASSERT_TRUE(eval_chunks(session.get(), text, 0, first, 130, f.reference.columns, &rows[i]));
            ASSERT_TRUE(eval_chunks(session.get(), text, first, n - 4, 1, f.reference.columns, &rows[i]));
            ASSERT_TRUE(eval_chunks(session.get(), text, n - 4, n, 4, f.reference.columns, &rows[i]));
        }
        const size_t from = first * f.reference.columns;
        const Matrix cpu = {
            n - first, f.reference.columns, {rows[0].begin() + static_cast<ptrdiff_t>(from), rows[0].end()}};
        EXPECT_LE(distance(cpu, rows[1].data() + from).relative_rms, of.bound) << of.name;
    }
}

TEST_F(Vulkan, GoesBackAndComesToTheSameAgain)
{
    const Fixture f("tiny/mistral");
    const Handle<libllm_session> session = open_session(f.model.get(), options_of(ids[0]));
    ASSERT_TRUE(session);
    std::vector<float> rows, others;
    std::vector<int32_t> reversed = f.ids;
    std::reverse(reversed.begin() + 13, reversed.end());
    ASSERT_TRUE(eval_chunks(session.get(), f.ids, 0, 20, 20, f.reference.columns, &rows));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), 13, &error));
    ASSERT_TRUE(eval_chunks(session.get(), reversed, 13, 40, 9, f.reference.columns, &others));
    ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(session.get(), 13, &error));
    ASSERT_TRUE(eval_chunks(session.get(), f.ids, 13, 40, 9, f.reference.columns, &rows));
    EXPECT_LE(distance(f.reference, rows.data()).max_abs, 1e-3);
}

/* A file of a session is the same on all devices. */
TEST_F(Vulkan, ASessionGoesOnOnAnotherDevice)
{
    const std::string path = ::testing::TempDir() + "vulkan-session.libllm";
    for (const char *name : {"tiny/llama", "tiny/mamba"}) {
        const Fixture f(name);
        const std::string order[2][2] = {{ids[0], "cpu"}, {"cpu", ids[0]}};
        for (const auto &device : order) {
            const Handle<libllm_session> first = open_session(f.model.get(), options_of(device[0]));
            const Handle<libllm_session> second = open_session(f.model.get(), options_of(device[1]));
            std::vector<float> rows;
            ASSERT_TRUE(eval_chunks(first.get(), f.ids, 0, 22, 22, f.reference.columns, &rows));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_save(first.get(), path.c_str(), &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_load(second.get(), path.c_str(), &error));
            ASSERT_TRUE(eval_chunks(second.get(), f.ids, 22, 40, 6, f.reference.columns, &rows));
            EXPECT_LE(distance(f.reference, rows.data()).max_abs, 1e-3) << name << ", from " << device[0];
        }
    }
    std::filesystem::remove(path);
}

TEST_F(Vulkan, CancelLeavesTheSessionAsItWas)
{
    const Fixture f("tiny/llama");
    const Handle<libllm_session> session = open_session(f.model.get(), options_of(ids[0]));
    std::vector<float> rows;
    ASSERT_TRUE(eval_chunks(session.get(), f.ids, 0, 10, 10, f.reference.columns, &rows));
    libllm_session_cancel(session.get()); /* of a call that is over: forgotten */
    ASSERT_TRUE(eval_chunks(session.get(), f.ids, 10, 40, 30, f.reference.columns, &rows));
    EXPECT_LE(distance(f.reference, rows.data()).max_abs, 1e-3);
}

TEST_F(Vulkan, RefusesWhatItCannotDo)
{
    const Fixture f("tiny/llama");
    libllm_engine_options options = options_of("vulkan:999");
    libllm_session *raw = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_session_open(f.model.get(), &options, &raw, &error));
    EXPECT_NE(nullptr, strstr(error.message, "vulkan:999")) << error.message;
    options.device = "vulkan:x";
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_session_open(f.model.get(), &options, &raw, &error));
    options = options_of(ids[0]);
    options.n_positions = 1u << 27; /* 200 GB */
    options.n_device_layers = 99;
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, libllm_session_open(f.model.get(), &options, &raw, &error));
    EXPECT_NE(nullptr, strstr(error.message, "MiB are free")) << error.message;
}

} // namespace
} // namespace golden
