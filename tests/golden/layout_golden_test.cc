/* SPDX-License-Identifier: MIT
 * The same models laid out in other ways: what is in a fixture is written anew, and the logits have to be those of the
 * fixture's reference still.
 */
#include "golden.h"

#include <map>
#include <unistd.h>

extern "C" {
#include "format/gguf_make.h"
#include "format/gguf_write.h"
#include "quant/quant.h"
}

namespace golden
{
namespace
{

struct Tensor {
    std::string name;
    std::vector<uint64_t> ne;
    std::vector<uint8_t> bytes; /* F32 */
};

std::string text_of(ll_span span) { return std::string(span.data, span.size); }

class LayoutGolden : public ::testing::Test
{
  protected:
    void SetUp() override { ll_host_init(&host); }
    void TearDown() override { unlink(path.c_str()); }

    /* The values of a fixture's file, and its tensors, which are all F32. */
    void read(const std::string &name)
    {
        base = LIBLLM_TEST_DATA "/" + name;
        ASSERT_STATUS(LIBLLM_OK, ll_gguf_open(&host, (base + ".gguf").c_str(), LIBLLM_LOAD_READ, ll_type_block_size,
                                              &source, &error));
        for (size_t i = 0; i < source.n_tensors; i++) {
            const ll_gguf_tensor &t = source.tensors[i];
            ASSERT_EQ(t.type, static_cast<uint32_t>(LL_TYPE_F32));
            tensors.push_back({text_of(t.name), std::vector<uint64_t>(t.ne, t.ne + t.n_dims),
                               std::vector<uint8_t>(t.data, t.data + t.n_bytes)});
        }
    }

    void write()
    {
        char own[] = "/tmp/libllm_layout_XXXXXX";
        const int fd = mkstemp(own);
        ASSERT_GE(fd, 0);
        close(fd);
        path = own;
        ll_gguf header;
        ll_gguf_maker maker;
        ll_gguf_make(&maker, &host, &header);
        for (size_t i = 0; i < source.n_values; i++)
            ll_gguf_put_value(&maker, &source.values[i]);
        for (const Tensor &t : tensors) {
            ll_gguf_tensor one = {};
            one.name = {t.name.data(), t.name.size()};
            one.type = LL_TYPE_F32;
            one.n_dims = static_cast<uint32_t>(t.ne.size());
            for (size_t d = 0; d < 4; d++)
                one.ne[d] = d < t.ne.size() ? t.ne[d] : 1;
            one.n_bytes = t.bytes.size();
            ASSERT_TRUE(ll_gguf_put_tensor(&maker, &one)) << t.name;
        }
        ASSERT_FALSE(maker.failed);
        ll_gguf_writer writer = {};
        ASSERT_STATUS(LIBLLM_OK, ll_gguf_write_begin(&writer, &host, path.c_str(), true, &header, &error));
        for (const Tensor &t : tensors)
            ASSERT_STATUS(LIBLLM_OK, ll_gguf_write_bytes(&writer, t.bytes.data(), t.bytes.size(), &error));
        ASSERT_STATUS(LIBLLM_OK, ll_gguf_write_end(&writer, &error));
        ll_gguf_close(&header);
        ll_gguf_close(&source);
    }

    void agrees(std::vector<uint32_t> batches = {1, 7, 40})
    {
        const std::vector<int32_t> ids = read_ids(base + ".json");
        const Matrix reference = read_npy(base + ".npy");
        ASSERT_EQ(ids.size(), reference.rows);
        const Handle<libllm_runtime> runtime = make_runtime();
        const Handle<libllm_model> model = open_model(runtime.get(), path);
        ASSERT_TRUE(model);
        for (const uint32_t n_batch : batches) {
            const Handle<libllm_session> session = open_session(model.get(), engine_options(n_batch, ids.size()));
            ASSERT_TRUE(session);
            std::vector<float> logits;
            ASSERT_TRUE(eval_chunks(session.get(), ids, 0, ids.size(), n_batch, reference.columns, &logits));
            EXPECT_LE(distance(reference, logits.data()).max_abs, 2e-4) << "n_batch " << n_batch;
        }
    }

    /* What is collected of the fixture's ids: the values of every tensor of the importance matrix. */
    std::map<std::string, std::vector<float>> importance(const std::string &of)
    {
        std::map<std::string, std::vector<float>> found;
        const std::vector<int32_t> ids = read_ids(base + ".json");
        const Handle<libllm_runtime> runtime = make_runtime();
        const Handle<libllm_model> model = open_model(runtime.get(), of);
        libllm_engine_options options = engine_options(40, ids.size());
        options.hidden_states = 1; /* all tokens go through the last layer */
        options.importance = 1;
        const Handle<libllm_session> session = open_session(model.get(), options);
        const std::string file = path + ".imatrix";
        std::vector<float> rows;
        EXPECT_TRUE(eval_chunks(session.get(), ids, 0, ids.size(), 40, 64, &rows));
        EXPECT_EQ(LIBLLM_OK, libllm_session_save_importance(session.get(), file.c_str(), "text", 1, &error));
        ll_gguf sums = {};
        EXPECT_EQ(LIBLLM_OK, ll_gguf_open(&host, file.c_str(), LIBLLM_LOAD_READ, ll_type_block_size, &sums, &error));
        for (size_t i = 0; i < sums.n_tensors; i++) {
            std::vector<float> &values = found[text_of(sums.tensors[i].name)];
            values.resize(sums.tensors[i].n_bytes / sizeof(float));
            memcpy(values.data(), sums.tensors[i].data, sums.tensors[i].n_bytes);
        }
        ll_gguf_close(&sums);
        unlink(file.c_str());
        return found;
    }

    ll_host host;
    ll_gguf source = {};
    std::vector<Tensor> tensors;
    std::string base, path;
    libllm_error error = {};
};

bool ends_with(const std::string &text, const std::string &ending)
{
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

/* Each expert in a tensor of its own, as the first files of Mixtral have them. */
std::vector<Tensor> taken_apart(const std::vector<Tensor> &tensors, bool in_order)
{
    std::vector<Tensor> out;
    for (const Tensor &t : tensors) {
        const size_t at = t.name.find("_exps.weight");
        if (at == std::string::npos) {
            out.push_back(t);
            continue;
        }
        const size_t n = t.ne[2], size = t.bytes.size() / n;
        for (size_t i = 0; i < n; i++) {
            const size_t expert = in_order ? i : (i + 2) % n; /* not at equal distances */
            const uint8_t *bytes = t.bytes.data() + expert * size;
            out.push_back({t.name.substr(0, at) + "." + std::to_string(expert) + ".weight",
                           {t.ne[0], t.ne[1]},
                           std::vector<uint8_t>(bytes, bytes + size)});
        }
    }
    return out;
}

TEST_F(LayoutGolden, ExpertsApart)
{
    for (const bool in_order : {true, false}) {
        tensors.clear();
        read("tiny/mixtral");
        tensors = taken_apart(tensors, in_order);
        write();
        agrees();
        unlink(path.c_str());
    }
}

/* Their inputs are counted as those of experts that lie together. */
TEST_F(LayoutGolden, ImportanceOfExpertsApart)
{
    read("tiny/mixtral");
    tensors = taken_apart(tensors, true);
    write();
    const std::map<std::string, std::vector<float>> apart = importance(path), together = importance(base + ".gguf");
    size_t n_compared = 0;
    for (const auto &[name, sums] : together) {
        const size_t at = name.find("_exps.weight.in_sum2");
        if (at == std::string::npos)
            continue;
        std::vector<float> all;
        for (size_t i = 0; apart.count(name.substr(0, at) + "." + std::to_string(i) + ".weight.in_sum2"); i++) {
            const auto &one = apart.at(name.substr(0, at) + "." + std::to_string(i) + ".weight.in_sum2");
            all.insert(all.end(), one.begin(), one.end());
        }
        EXPECT_EQ(sums, all) << name;
        n_compared++;
    }
    EXPECT_GE(n_compared, 6u);
}

TEST_F(LayoutGolden, ExpertsApartOfWhichOneIsMissing)
{
    read("tiny/mixtral");
    tensors = taken_apart(tensors, true);
    for (size_t i = 0; i < tensors.size(); i++)
        if (tensors[i].name == "blk.1.ffn_up.1.weight")
            tensors.erase(tensors.begin() + static_cast<ptrdiff_t>(i));
    write();
    const Handle<libllm_runtime> runtime = make_runtime();
    libllm_model *model = nullptr;
    EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, libllm_model_open(runtime.get(), path.c_str(), nullptr, &model, &error));
    EXPECT_TRUE(strstr(error.message, "\"blk.1.ffn_up.1.weight\" is missing")) << error.message;
}

/* Matrices divided by what stands beside them, as those in NVFP4 are: one value, or one for each expert. */
void take_scales(std::vector<Tensor> *tensors)
{
    std::vector<Tensor> scales;
    for (Tensor &t : *tensors) {
        const bool is_experts = ends_with(t.name, "_exps.weight");
        const bool is_matrix = t.ne.size() == (is_experts ? 3 : 2) && ends_with(t.name, ".weight");
        if (!is_matrix || t.name == "token_embd.weight" || t.name.find("conv1d") != std::string::npos ||
            t.name.find("ffn_gate_inp_shexp") != std::string::npos)
            continue;
        const size_t n = is_experts ? t.ne[2] : 1, size = t.bytes.size() / sizeof(float) / n;
        Tensor scale = {t.name.substr(0, t.name.size() - 6) + "scale", {n}, std::vector<uint8_t>(n * sizeof(float))};
        for (size_t e = 0; e < n; e++) {
            const float by = 1.5f + 0.25f * static_cast<float>(e) + 0.125f * static_cast<float>(scales.size());
            memcpy(scale.bytes.data() + e * sizeof by, &by, sizeof by);
            for (size_t i = 0; i < size; i++) {
                float x;
                uint8_t *at = t.bytes.data() + (e * size + i) * sizeof x;
                memcpy(&x, at, sizeof x);
                x /= by;
                memcpy(at, &x, sizeof x);
            }
        }
        scales.push_back(scale);
    }
    ASSERT_FALSE(scales.empty());
    tensors->insert(tensors->end(), scales.begin(), scales.end());
}

TEST_F(LayoutGolden, ScalesBesideTheMatrices)
{
    for (const char *name : {"tiny/llama", "tiny/phi3", "tiny/qwen2moe", "families/deepseek2-kv-b", "tiny/mamba"}) {
        tensors.clear();
        read(name);
        take_scales(&tensors);
        write();
        SCOPED_TRACE(name);
        agrees();
        unlink(path.c_str());
    }
}

} // namespace
} // namespace golden
