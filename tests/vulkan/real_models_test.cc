/* SPDX-License-Identifier: MIT
 * The models that people use: what a Vulkan device says of a few words and of the tokens behind them, against the
 * processor with 32-bit floats.
 */
#include "../golden/golden.h"

#include <unistd.h>

namespace golden
{
namespace
{

std::string models_folder()
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && data[0] == '/')
        return std::string(data) + "/libllm/models/";
    return std::string(home ? home : "") + "/.local/share/libllm/models/";
}

class VulkanRealModel : public ::testing::TestWithParam<const char *>
{
};

TEST_P(VulkanRealModel, SaysWhatTheProcessorSays)
{
    const std::string path = models_folder() + GetParam();
    if (access(path.c_str(), R_OK) != 0)
        GTEST_SKIP() << path << " is not there";
    const Handle<libllm_runtime> runtime = make_runtime(0, "ref");
    const Handle<libllm_model> model = open_model(runtime.get(), path);
    ASSERT_TRUE(model);
    libllm_engine_options options = engine_options(8, 64);
    options.kv_type = LIBLLM_KV_F32;
    const Handle<libllm_session> on_cpu = open_session(model.get(), options);
    options.device = "vulkan";
    libllm_session *raw = nullptr;
    libllm_error error = {};
    const libllm_status status = libllm_session_open(model.get(), &options, &raw, &error);
    if (status == LIBLLM_ERROR_UNSUPPORTED)
        GTEST_SKIP() << error.message;
    ASSERT_EQ(LIBLLM_OK, status) << error.message;
    const Handle<libllm_session> on_vulkan(raw);

    std::vector<int32_t> ids(16);
    const char text[] = "The capital of France is";
    size_t n = 0;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_tokenize(model.get(), text, sizeof text - 1, LIBLLM_TOKENIZE_ADD_BOS,
                                                   ids.data(), ids.size(), &n, &error));
    ids.resize(n);
    for (int step = 0; step < 2; step++) {
        const float *rows[2] = {};
        size_t n_row = 0;
        for (size_t i = 0; i < 2; i++) {
            libllm_session *session = (i == 0 ? on_cpu : on_vulkan).get();
            ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session, ids.data(), ids.size(), &error));
            ASSERT_STATUS(LIBLLM_OK, libllm_session_logits(session, &rows[i], &n_row, &error));
        }
        const Matrix expected = {1, n_row, {rows[0], rows[0] + n_row}};
        EXPECT_LE(distance(expected, rows[1]).mean_kl, 1e-6) << "step " << step;
        const size_t best = argmax(rows[0], n_row), ours = argmax(rows[1], n_row);
        EXPECT_LT(rows[0][best] - rows[0][ours], 0.5f) << "step " << step;
        ids = {static_cast<int32_t>(best)};
    }
}

INSTANTIATE_TEST_SUITE_P(Models, VulkanRealModel,
                         ::testing::Values("SmolLM2-135M-Instruct.Q4_1.gguf", "gemma-3-270m-q4_k_m.gguf"),
                         [](const ::testing::TestParamInfo<const char *> &info) {
                             return std::string(info.param, strcspn(info.param, "-"));
                         });

} // namespace
} // namespace golden
