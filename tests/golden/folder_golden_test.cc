/* SPDX-License-Identifier: MIT
 * Hugging Face folders, opened as they are, against the logits of PyTorch.
 */
#include "golden.h"

namespace golden
{
namespace
{

class FolderGolden : public ::testing::TestWithParam<const char *>
{
};

TEST_P(FolderGolden, AgreesWithTheReference)
{
    const std::string data = LIBLLM_TEST_DATA "/", name = GetParam();
    const bool is_tiny = !read_file(data + "tiny-hf/" + name + "/config.json").empty();
    std::string base = data + (is_tiny ? "tiny/" : "families/") + name;
    if (read_file(base + ".json").empty()) /* those without a GGUF file */
        base = data + "tiny-hf/" + name;
    const std::vector<int32_t> ids = read_ids(base + ".json");
    const Matrix reference = read_npy(base + ".npy");
    ASSERT_GE(ids.size(), 40u) << base << ".json";
    ASSERT_EQ(ids.size(), reference.rows) << base << ".npy";
    const Handle<libllm_runtime> runtime = make_runtime();
    const Handle<libllm_model> model = open_model(runtime.get(), data + (is_tiny ? "tiny-hf/" : "families-hf/") + name);
    ASSERT_TRUE(model);
    libllm_model_info info = {};
    libllm_error error = {};
    info.struct_size = sizeof info;
    ASSERT_STATUS(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
    /* Encoders see a text as a whole. */
    for (const uint32_t n_batch : info.is_encoder ? std::vector<uint32_t>{40} : std::vector<uint32_t>{1, 7, 40}) {
        const Handle<libllm_session> session = open_session(model.get(), engine_options(n_batch, ids.size()));
        ASSERT_TRUE(session);
        std::vector<float> logits;
        ASSERT_TRUE(eval_chunks(session.get(), ids, 0, ids.size(), n_batch, reference.columns, &logits));
        EXPECT_LE(distance(reference, logits.data()).max_abs, 2e-4) << "n_batch " << n_batch;
    }
}

INSTANTIATE_TEST_SUITE_P(Models, FolderGolden,
                         ::testing::Values("llama", "qwen2", "gemma3", "gpt2", "phi3", "exaone4", "qwen3moe", "gptoss",
                                           "deepseek3", "bert", "bloom", "command-r-qk-norm", "deepseek2-lite",
                                           "distilbert", "ernie4-5-moe", "falcon-7b", "falcon-mamba",
                                           "gemma3-both-sides", "gptj", "gptneox", "granitemoe-shared", "hunyuan-moe",
                                           "lfm2moe", "llama-yarn", "mamba2", "minicpm3", "mistral3",
                                           "modernbert-window", "mpt", "olmo3", "phi3-longrope-long",
                                           "stablelm-parallel", "t5encoder"));

} // namespace
} // namespace golden
