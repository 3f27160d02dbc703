/* SPDX-License-Identifier: MIT
 * Models whose first layers the processor computes and whose last ones a Vulkan device does: wherever the border is,
 * results are those of the reference, and sessions do all that they do elsewhere.
 */
#include "../unit/timeline.h"
#include "fixture.h"

namespace golden
{
namespace
{

libllm_engine_options split_options(const Fixture &f, const std::string &device, uint32_t n_layers)
{
    libllm_engine_options options = options_of(device);
    options.n_positions = std::max<uint64_t>(64, f.ids.size());
    options.n_batch = static_cast<uint32_t>(std::max<size_t>(48, f.ids.size()));
    options.n_device_layers = n_layers;
    return options;
}

uint32_t device_layers(const Fixture &f, const libllm_engine_options &options)
{
    const Handle<libllm_session> session = open_session(f.model.get(), options);
    return session ? libllm_session_device_layers(session.get()) : 0;
}

/* A model of each kind; where the plan can be cut, and in what it then goes from part to part, is seen by the suite
 * unit. */
class VulkanSplits : public Vulkan, public ::testing::WithParamInterface<std::string>
{
};

TEST_P(VulkanSplits, AgreesWithTheReferenceWhereverTheBorderIs)
{
    const Fixture f(GetParam());
    ASSERT_TRUE(f.model);
    const uint32_t n = device_layers(f, split_options(f, "cpu", 0));
    for (const std::string &device : ids)
        for (uint32_t i = 1; i < n; i++) {
            const libllm_engine_options options = split_options(f, device, i);
            ASSERT_EQ(i, device_layers(f, options));
            /* More rows than are computed at a time, where they are not one text. */
            const std::vector<float> rows = f.rows(options, f.ids.size());
            ASSERT_EQ(f.reference.values.size(), rows.size()) << i << " layers on " << device;
            EXPECT_LE(distance(f.reference, rows.data()).max_abs, 1e-3) << i << " layers on " << device;
        }
    EXPECT_EQ(n, device_layers(f, split_options(f, ids[0], 0))) << "all fit";
    EXPECT_EQ(n, device_layers(f, split_options(f, ids[0], 999)));
}

INSTANTIATE_TEST_SUITE_P(Models, VulkanSplits,
                         ::testing::Values("tiny/llama", "tiny/bert", "tiny/deepseek2", "tiny/gpt2", "tiny/lfm2",
                                           "tiny/mamba", "tiny/qwen2moe", "tiny/t5", "random/gemma2-window"),
                         test_name);

/* Tokens one by one, going back, files of sessions, and two sessions in a batch, of which one takes up what the other
 * has computed. */
TEST_F(Vulkan, SessionsDoWithASplitWhatTheyDoElsewhere)
{
    const std::string path = ::testing::TempDir() + "vulkan-split.libllm";
    for (const char *name : {"tiny/llama", "tiny/lfm2"}) {
        const Fixture f(name);
        const libllm_engine_options split = split_options(f, ids[0], 1);
        const libllm_engine_options order[3][2] = {
            {split, split_options(f, "cpu", 0)}, {split_options(f, ids[0], 999), split}, {split, split}};
        for (const auto &options : order) {
            const Handle<libllm_session> first = open_session(f.model.get(), options[0]);
            const Handle<libllm_session> second = open_session(f.model.get(), options[1]);
            std::vector<float> rows, others;
            std::vector<int32_t> reversed = f.ids;
            std::reverse(reversed.begin() + 13, reversed.end());
            ASSERT_TRUE(eval_chunks(first.get(), f.ids, 0, 13, 1, f.reference.columns, &rows));
            ASSERT_TRUE(eval_chunks(first.get(), reversed, 13, 30, 9, f.reference.columns, &others));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(first.get(), 13, &error));
            ASSERT_TRUE(eval_chunks(first.get(), f.ids, 13, 22, 9, f.reference.columns, &rows));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_save(first.get(), path.c_str(), &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_load(second.get(), path.c_str(), &error));
            ASSERT_TRUE(eval_chunks(second.get(), f.ids, 22, 40, 6, f.reference.columns, &rows));
            EXPECT_LE(distance(f.reference, rows.data()).max_abs, 1e-3) << name;
        }
    }
    std::filesystem::remove(path);
}

TEST_F(Vulkan, SessionsOfASplitEngineShareWhatTheyHaveInCommon)
{
    const Fixture f("tiny/llama");
    libllm_engine_options options = split_options(f, ids[0], 1);
    options.n_positions = 256;
    libllm_engine *raw = nullptr;
    ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(f.model.get(), &options, &raw, &error));
    const Handle<libllm_engine> engine(raw);
    std::vector<int32_t> text;
    for (int32_t i = 0; i < 75; i++)
        text.push_back(f.ids[static_cast<size_t>(i) % f.ids.size()]);
    libllm_session_options of_session;
    libllm_session_options_init(&of_session, sizeof of_session);
    of_session.n_positions = 100;
    std::vector<float> rows[2];
    for (std::vector<float> &row : rows) {
        libllm_session *made = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_create(engine.get(), &of_session, &made, &error));
        const Handle<libllm_session> session(made);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), text.data(), text.size(), &error));
        EXPECT_EQ(&row == &rows[1] ? 74u : 0u, libllm_session_reused(session.get())); /* a page, and one's copy */
        const float *logits = nullptr;
        size_t n = 0;
        ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(session.get(), &logits, &n, &error));
        row.assign(logits, logits + n);
    }
    for (size_t i = 0; i < rows[0].size(); i++)
        ASSERT_NEAR(rows[0][i], rows[1][i], 1e-3);
}

/* Whatever the order of the devices, and however many there are. */
TEST_F(Vulkan, PartsOfAPlanAreComputedAnywhere)
{
    const ll_backend *cpu = &ll_backend_cpu, *gpu = &ll_backend_vulkan;
    ll_host host;
    ll_host_init(&host);
    ll_team *team = nullptr;
    ASSERT_EQ(LIBLLM_OK, ll_team_create(&host, 1, true, &team, &error));
    for (const char *name : {"tiny/llama", "tiny/t5"}) {
        ll_model *model = nullptr;
        ASSERT_EQ(LIBLLM_OK, ll_model_open(&host, (base_of(name) + ".gguf").c_str(), LIBLLM_LOAD_MAP, &model, &error));
        const std::vector<std::vector<const ll_backend *>> orders = {{cpu, gpu, cpu}, {gpu, gpu, cpu}};
        for (const auto &order : orders) {
            Timeline whole(&host, team, model, {}), split(&host, team, model, {1, 2}, order);
            if (model->n_encoder_layers) {
                whole.eval(9, true);
                split.eval(9, true);
            }
            for (uint32_t n : {7u, 1u}) {
                const std::vector<float> expected = whole.eval(n), rows = split.eval(n);
                ASSERT_EQ(expected.size(), rows.size());
                for (size_t i = 0; i < rows.size(); i++)
                    ASSERT_NEAR(expected[i], rows[i], 1e-3) << name;
            }
        }
        ll_model_close(model);
    }
    ll_team_free(team);
}

} // namespace
} // namespace golden
