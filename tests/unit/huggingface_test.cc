/* SPDX-License-Identifier: MIT
 * Hugging Face folders in GGUF's terms: the tiny models against the GGUF files that the usual converter made of the
 * same weights, then what is converted, on small tensors, and configurations that are wrong.
 */
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include <unistd.h>

#include "../hostile/safetensors_builder.h"

extern "C" {
#include "model/huggingface/huggingface.h"
#include "model/model.h"
#include "quant/quant.h"
}

using gguf::CountingHost;
using safetensors::Builder;

namespace
{

constexpr libllm_status corrupt = LIBLLM_ERROR_CORRUPT_FILE, unsupported = LIBLLM_ERROR_UNSUPPORTED;
const std::string data = LIBLLM_TEST_DATA;

std::string text(ll_span span) { return std::string(span.data, span.size); }

/* A translated folder. */
class Folder
{
  public:
    explicit Folder(const std::string &path)
    {
        status = ll_huggingface_open(&counting.host, path.c_str(), LIBLLM_LOAD_MAP, &file, &error);
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    ~Folder()
    {
        ll_gguf_close(&file);
        EXPECT_EQ(counting.now, 0u);
    }

    const ll_gguf_tensor *find(const std::string &name) const
    {
        return ll_gguf_find_tensor(&file, {name.data(), name.size()});
    }
    std::vector<uint64_t> shape(const std::string &name) const
    {
        const ll_gguf_tensor *t = find(name);
        return t ? std::vector<uint64_t>(t->ne, t->ne + t->n_dims) : std::vector<uint64_t>();
    }
    std::vector<float> values(const std::string &name) const
    {
        const ll_gguf_tensor *t = find(name);
        if (!t)
            return {};
        std::vector<float> out(t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]);
        ll_type_find(t->type)->decode(t->data, out.data(), out.size());
        return out;
    }
    std::string converted(const std::string &name) const
    {
        const ll_gguf_tensor *t = find(name);
        return t && t->converted ? t->converted : "";
    }
    double number(const std::string &key) const
    {
        const ll_gguf_value *value = ll_gguf_find(&file, key.c_str());
        return value && value->type != LL_GGUF_STRING ? ll_gguf_element_f64(value, 0) : NAN;
    }
    std::string string(const std::string &key) const
    {
        ll_span s = {nullptr, 0};
        ll_gguf_get_string(&file, key.c_str(), &s, nullptr);
        return text(s);
    }

    CountingHost counting;
    libllm_status status;
    libllm_error error = {};
    ll_gguf file;
};

/* Fixtures ------------------------------------------------------------------------------------------------- */

/* Rows i and i + n/2 of each head become rows 2i and 2i + 1, as the converter does for interleaved pairs. */
std::string permuted(const ll_gguf_tensor &t, uint64_t n_heads)
{
    const size_t row = t.n_bytes / t.ne[1], head = t.ne[1] / n_heads;
    std::string out;
    for (size_t h = 0; h < n_heads; h++)
        for (size_t i = 0; i < head; i++)
            out.append((const char *)t.data + (h * head + i / 2 + (i % 2) * (head / 2)) * row, row);
    return out;
}

class Twins : public ::testing::TestWithParam<const char *>
{
};

TEST_P(Twins, AreTranslatedAsTheConverterDoes)
{
    const std::string name = GetParam();
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_gguf twin;
    ASSERT_EQ(ll_gguf_open(&host, (data + "/tiny/" + name + ".gguf").c_str(), LIBLLM_LOAD_MAP, ll_type_block_size,
                           &twin, &error),
              LIBLLM_OK)
        << error.message;
    {
        Folder folder(data + "/tiny-hf/" + name);
        ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        const std::string architecture = folder.string("general.architecture");
        const bool permutes = architecture == "llama";
        EXPECT_EQ(folder.file.version, 0u);
        EXPECT_EQ(folder.file.n_files, 1u);

        /* What the file repeats or what stands for nothing. */
        const std::set<std::string> defaults = {"rope.dimension_count", "attention.sliding_window"};
        for (size_t i = 0; i < twin.n_values; i++) {
            const ll_gguf_value &value = twin.values[i];
            const std::string key = text(value.key);
            if (key.rfind(architecture + ".", 0) != 0)
                continue;
            const std::string suffix = key.substr(architecture.size() + 1);
            const ll_gguf_value *ours = ll_gguf_find(&folder.file, key.c_str());
            if (!ours && defaults.count(suffix)) {
                const double said = ll_gguf_element_f64(&value, 0);
                EXPECT_TRUE(said == 0 || said == 16) << key;
                continue;
            }
            ASSERT_NE(ours, nullptr) << key;
            ASSERT_FALSE(value.is_array || value.type == LL_GGUF_STRING) << key;
            EXPECT_EQ(ll_gguf_element_f64(ours, 0), ll_gguf_element_f64(&value, 0)) << key;
            EXPECT_EQ(ours->type == LL_GGUF_F32, value.type == LL_GGUF_F32) << key;
        }
        for (size_t i = 0; i < twin.n_tensors; i++) {
            const ll_gguf_tensor &t = twin.tensors[i];
            const std::string tensor = text(t.name);
            const ll_gguf_tensor *ours = folder.find(tensor);
            ASSERT_NE(ours, nullptr) << tensor;
            EXPECT_EQ(ours->type, t.type) << tensor;
            EXPECT_EQ(std::vector<uint64_t>(ours->ne, ours->ne + 4), std::vector<uint64_t>(t.ne, t.ne + 4)) << tensor;
            ASSERT_EQ(ours->n_bytes, t.n_bytes) << tensor;
            std::string bytes((const char *)ours->data, ours->n_bytes);
            if (permutes && tensor.find("attn_q.") != std::string::npos)
                bytes = permuted(*ours, 4);
            if (permutes && tensor.find("attn_k.") != std::string::npos)
                bytes = permuted(*ours, 2);
            EXPECT_EQ(memcmp(bytes.data(), t.data, t.n_bytes), 0) << tensor;
        }
        EXPECT_EQ(folder.file.n_tensors, twin.n_tensors);
        EXPECT_EQ(ll_gguf_find(&folder.file, (architecture + ".rope.halves").c_str()) != nullptr, permutes);
        EXPECT_EQ(folder.number("tokenizer.ggml.eos_token_id"), 257.0);
    }
    ll_gguf_close(&twin);
}

INSTANTIATE_TEST_SUITE_P(HuggingFace, Twins,
                         ::testing::Values("llama", "qwen2", "gemma3", "gpt2", "phi3", "qwen3moe", "deepseek3", "bert",
                                           "t5"));

TEST(HuggingFace, MostWeightsStayInTheMappedFile)
{
    for (const char *name : {"llama", "qwen2", "phi3", "exaone4", "bert", "t5"}) {
        Folder folder(data + "/tiny-hf/" + name);
        ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        const ll_file &mapped = folder.file.files[0];
        for (size_t i = 0; i < folder.file.n_tensors; i++) {
            const ll_gguf_tensor &t = folder.file.tensors[i];
            EXPECT_EQ(t.converted, nullptr) << name << ": " << text(t.name);
            EXPECT_EQ(t.data, mapped.data + t.offset) << name << ": " << text(t.name);
        }
    }
    Folder gpt2(data + "/tiny-hf/gpt2");
    EXPECT_EQ(gpt2.converted("blk.0.attn_qkv.weight"), "transposed");
    EXPECT_EQ(gpt2.converted("blk.0.attn_qkv.bias"), "");
    Folder gemma3(data + "/tiny-hf/gemma3");
    EXPECT_EQ(gemma3.converted("blk.1.attn_q_norm.weight"), "1 added to the weights of a norm");
    Folder qwen3moe(data + "/tiny-hf/qwen3moe");
    EXPECT_EQ(qwen3moe.converted("blk.1.ffn_up_exps.weight"), "stacked from a tensor for each");
}

TEST(HuggingFace, DescribesItselfInTheModel)
{
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_model *model = nullptr;
    ASSERT_EQ(ll_model_open(&host, (data + "/tiny-hf/gpt2").c_str(), LIBLLM_LOAD_MAP, &model, &error), LIBLLM_OK)
        << error.message;
    ll_buffer out;
    ll_buffer_init(&out, &host);
    EXPECT_EQ(ll_model_describe(model, 0, 0, &out, &error), LIBLLM_OK);
    const std::string description(out.data, out.size);
    EXPECT_NE(description.find("\"format\":\"Hugging Face\""), std::string::npos);
    EXPECT_NE(description.find("\"transposed\":{\"blk.*.attn_qkv.weight\":3,"), std::string::npos) << description;
    ll_buffer_free(&out);
    ll_model_close(model);
}

/* Small folders ---------------------------------------------------------------------------------------------- */

class Small : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    void TearDown() override { std::filesystem::remove_all(path); }

    void write(const std::string &name, const std::string &bytes)
    {
        std::ofstream(path + "/" + name, std::ios::binary) << bytes;
    }
    void make(const std::string &config, const Builder &tensors)
    {
        write("config.json", config);
        write("model.safetensors", tensors.build());
    }
    void refuse(const std::string &config, const Builder &tensors, libllm_status status,
                const std::vector<std::string> &parts)
    {
        make(config, tensors);
        Folder folder(path);
        EXPECT_EQ(folder.status, status) << folder.error.message;
        EXPECT_EQ(std::string(folder.error.message).find(path), 0u) << folder.error.message;
        for (const std::string &part : parts)
            EXPECT_NE(std::string(folder.error.message).find(part), std::string::npos)
                << part << ": " << folder.error.message;
    }

    const std::string path = testing::TempDir() + "huggingface_" + std::to_string(getpid());
};

using floats = std::vector<float>;
using shape = std::vector<uint64_t>;

std::string llama(const std::string &more = "", int width = 2)
{
    return "{\"model_type\":\"llama\",\"num_hidden_layers\":1,\"num_attention_heads\":1,\"hidden_size\":" +
           std::to_string(width) + more + "}";
}

TEST_F(Small, TellsRopeScalingsInBothSpellings)
{
    for (const char *where : {"rope_scaling", "rope_parameters"}) {
        const std::string key = ",\"" + std::string(where) + "\":";
        make(llama(key + "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4.0,"
                         "\"original_max_position_embeddings\":8192}",
                   16),
             Builder());
        Folder llama3(path);
        EXPECT_EQ(llama3.status, LIBLLM_OK) << llama3.error.message;
        EXPECT_EQ(llama3.string("llama.rope.scaling.type"), "") << "the file's divisors say it";
        EXPECT_TRUE(std::isnan(llama3.number("llama.rope.scaling.factor")));
        const floats divisors = llama3.values("rope_freqs.weight");
        ASSERT_EQ(divisors.size(), 8u);
        for (size_t i = 0; i < divisors.size(); i++) { /* as llama.cpp's converter computes them */
            const double wavelength = 2 * M_PI * std::pow(10000, (double)i / 8), smooth = (8192 / wavelength - 1) / 3;
            const double divisor = wavelength < 2048 ? 1 : wavelength > 8192 ? 8 : 1 / ((1 - smooth) / 8 + smooth);
            EXPECT_NEAR(divisors[i], divisor, 1e-6 * divisor) << i;
        }
        refuse(llama(key + "{\"rope_type\":\"llama3\",\"low_freq_factor\":4,\"high_freq_factor\":4}", 16), Builder(),
               corrupt, {"\"llama3\" has a factor of 8, and 4 to 4 turns"});
        make(llama(key + "{\"type\":\"linear\",\"factor\":2.5}"), Builder());
        Folder linear(path);
        EXPECT_EQ(linear.string("llama.rope.scaling.type"), "linear");
        EXPECT_EQ(linear.number("llama.rope.scaling.factor"), 2.5);
        refuse(llama(key + "{\"type\":\"spiral\"}"), Builder(), unsupported, {"rope scaling \"spiral\""});
        refuse(llama(key + "{\"type\":\"yarn\",\"factor\":\"2\"}"), Builder(), corrupt, {"\"factor\" is not a number"});
    }
    make(llama(",\"rope_theta\":500000,\"rope_scaling\":null"), Builder());
    Folder plain(path);
    EXPECT_EQ(plain.number("llama.rope.freq_base"), 500000.0);
    EXPECT_EQ(plain.string("llama.rope.scaling.type"), "");
}

TEST_F(Small, TellsYarnsMagnitude)
{
    const double m = 0.1 * std::log(16) + 1;
    auto factor = [&](const std::string &more) {
        make(llama(",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":16" + more + "}"), Builder());
        Folder folder(path);
        EXPECT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        return folder.number("llama.rope.scaling.attn_factor");
    };
    EXPECT_TRUE(std::isnan(factor("")));
    EXPECT_TRUE(std::isnan(factor(",\"mscale\":1,\"mscale_all_dim\":1")));
    EXPECT_NEAR(factor(",\"attention_factor\":2"), 2 / m, 1e-6);
    EXPECT_NEAR(factor(",\"mscale\":0.5,\"mscale_all_dim\":1"), (0.05 * std::log(16) + 1) / m, 1e-6);
    refuse(llama(",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":16,\"truncate\":false}"), Builder(), unsupported,
           {"\"truncate\""});
}

TEST_F(Small, TakesTheTextModelOfALargerOne)
{
    make("{\"model_type\":\"gemma3\",\"vision_config\":{},\"text_config\":{\"model_type\":\"gemma3_text\",\"hidden_"
         "size\":2,"
         "\"num_hidden_layers\":1,\"sliding_window\":1024,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":8.0}}}",
         Builder()
             .f32("language_model.model.norm.weight", {2}, {0.5f, -1})
             .f32("language_model.model.layers.0.self_attn.q_proj.weight", {1, 2}, {1, 2})
             .f32("vision_tower.x.weight", {1}, {1})
             .f32("multi_modal_projector.x.weight", {1}, {1})
             .f32("language_model.lm_head.weight", {1, 2}, {1, 2}));
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.string("general.architecture"), "gemma3");
    EXPECT_EQ(folder.file.n_tensors, 2u) << "the output is tied";
    EXPECT_EQ(folder.values("output_norm.weight"), (floats{1.5f, 0}));
    EXPECT_EQ(folder.number("gemma3.attention.key_length"), 256.0);
    EXPECT_EQ(folder.number("gemma3.attention.scale"), 1.0 / 16);
    EXPECT_EQ(folder.number("gemma3.rope.freq_base_swa"), 10000.0);
    EXPECT_EQ(folder.number("gemma3.rope.scaling.factor"), 8.0);
    EXPECT_EQ(folder.number("gemma3.attention.sliding_window"), 1024.0);
}

TEST_F(Small, WidensFloatsOf8Bits)
{
    /* 1, -0.5, the smallest subnormal; with one scale, one for each row, and one for each block. */
    const std::string e4m3 = std::string("\x38\xB0\x01\x7E", 4);
    const std::string name = "model.layers.0.self_attn.q_proj.weight";
    auto values = [&](const std::string &quantization, const std::string &ending, const shape &of,
                      const floats &scales) {
        make(llama(",\"quantization_config\":{\"quant_method\":\"fp8\"" + quantization + "}"),
             Builder().tensor(name, "F8_E4M3", {2, 2}, e4m3).f32(name + ending, of, scales));
        Folder folder(path);
        EXPECT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        EXPECT_EQ(folder.file.n_tensors, 1u);
        EXPECT_EQ(folder.converted("blk.0.attn_q.weight"), "8-bit floats widened to BF16");
        return folder.values("blk.0.attn_q.weight");
    };
    const float tiny = std::ldexp(1.0f, -9);
    EXPECT_EQ(values("", "_scale", {}, {2}), (floats{2, -1, 2 * tiny, 896}));
    EXPECT_EQ(values("", "_scale", {2, 1}, {2, 4}), (floats{2, -1, 4 * tiny, 1792}));
    EXPECT_EQ(values("", "_scale_inv", {1, 1}, {1}), (floats{1, -0.5f, tiny, 448}));
    EXPECT_EQ(values(",\"weight_block_size\":[2,1]", "_scale_inv", {1, 2}, {2, 4}), (floats{2, -2, 2 * tiny, 1792}));
    refuse(llama(",\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[1,1]}"),
           Builder().tensor(name, "F8_E4M3", {2, 2}, e4m3).f32(name + "_scale_inv", {1, 2}, {2, 4}), corrupt,
           {name, "scales have shape [1, 2], expected [2, 2]"});
    refuse(llama(",\"quantization_config\":{\"quant_method\":\"gptq\"}"), Builder(), unsupported, {"\"gptq\""});
    make(llama(), Builder().tensor(name, "F8_E5M2", {1, 4}, std::string("\x3C\xC0\x01\x7B", 4)));
    Folder folder(path);
    EXPECT_EQ(folder.values("blk.0.attn_q.weight"), (floats{1, -2, std::ldexp(1.0f, -16), 57344}));
}

TEST_F(Small, CopiesWhatIsNotAligned)
{
    make(llama(), Builder()
                      .tensor("model.layers.0.input_layernorm.weight", "BF16", {1}, "\x80\x3F")
                      .f32("model.norm.weight", {2}, {3, 4}));
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.converted("blk.0.attn_norm.weight"), "");
    EXPECT_EQ(folder.converted("output_norm.weight"), "copied, because it is not aligned in its file");
    EXPECT_EQ(folder.values("output_norm.weight"), (floats{3, 4}));
}

TEST_F(Small, PutsGroupedHeadsInOrder)
{
    /* Two groups of two heads of q, one of k and one of v, each of one row. */
    make("{\"model_type\":\"falcon\",\"num_hidden_layers\":1,\"hidden_size\":4,\"num_attention_heads\":4,\"num_kv_"
         "heads\":2,"
         "\"new_decoder_architecture\":true}",
         Builder().f32("transformer.h.0.self_attention.query_key_value.weight", {8, 1}, {1, 2, 5, 7, 3, 4, 6, 8}));
    Folder falcon(path);
    ASSERT_EQ(falcon.status, LIBLLM_OK) << falcon.error.message;
    EXPECT_EQ(falcon.values("blk.0.attn_qkv.weight"), (floats{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(falcon.number("falcon.attention.head_count_kv"), 2.0);
    EXPECT_EQ(falcon.number("falcon.feed_forward_length"), 16.0);
    /* Three rows for each head, and a bias. */
    make("{\"model_type\":\"gpt_neox\",\"num_hidden_layers\":1,\"hidden_size\":2,\"num_attention_heads\":2,\"rotary_"
         "pct\":1}",
         Builder().f32("gpt_neox.layers.0.attention.query_key_value.bias", {6}, {1, 3, 5, 2, 4, 6}));
    Folder neox(path);
    ASSERT_EQ(neox.status, LIBLLM_OK) << neox.error.message;
    EXPECT_EQ(neox.values("blk.0.attn_qkv.bias"), (floats{1, 2, 3, 4, 5, 6}));
    /* As three tensors. */
    make("{\"model_type\":\"internlm2\",\"num_hidden_layers\":1,\"hidden_size\":2,\"num_attention_heads\":2,"
         "\"num_key_value_heads\":1}",
         Builder().f32("model.layers.0.attention.wqkv.weight", {4, 1}, {1, 2, 3, 4}));
    Folder internlm2(path);
    EXPECT_EQ(internlm2.values("blk.0.attn_q.weight"), (floats{1, 2}));
    EXPECT_EQ(internlm2.values("blk.0.attn_k.weight"), (floats{3}));
    EXPECT_EQ(internlm2.values("blk.0.attn_v.weight"), (floats{4}));
    make("{\"model_type\":\"baichuan\",\"num_hidden_layers\":1,\"hidden_size\":2,\"num_attention_heads\":2}",
         Builder().f32("model.layers.0.self_attn.W_pack.weight", {6, 1}, {1, 2, 3, 4, 5, 6}));
    Folder baichuan(path);
    EXPECT_EQ(baichuan.values("blk.0.attn_v.weight"), (floats{5, 6}));
    EXPECT_EQ(baichuan.converted("blk.0.attn_v.weight"), "") << "a part of the mapped tensor";
    refuse("{\"model_type\":\"baichuan\",\"num_hidden_layers\":1,\"hidden_size\":2,\"num_attention_heads\":2}",
           Builder().f32("model.layers.0.self_attn.W_pack.weight", {5, 1}, {1, 2, 3, 4, 5}), corrupt,
           {"tensor \"model.layers.0.self_attn.W_pack.weight\"", "expected the rows of all heads"});
}

TEST_F(Small, StacksAndSplitsExperts)
{
    const std::string mixtral = "{\"model_type\":\"mixtral\",\"num_hidden_layers\":1,\"hidden_size\":1,"
                                "\"num_attention_heads\":1,\"num_local_experts\":2}";
    const std::string layer = "model.layers.0.block_sparse_moe.experts.";
    make(mixtral, Builder().f32(layer + "1.w2.weight", {1, 2}, {3, 4}).f32(layer + "0.w2.weight", {1, 2}, {1, 2}));
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.shape("blk.0.ffn_down_exps.weight"), (shape{2, 1, 2}));
    EXPECT_EQ(folder.values("blk.0.ffn_down_exps.weight"), (floats{1, 2, 3, 4}));
    refuse(mixtral, Builder().f32(layer + "1.w2.weight", {1, 2}, {3, 4}), corrupt, {"none with the number 0"});
    refuse(mixtral, Builder().f32(layer + "0.w2.weight", {1, 2}, {3, 4}), corrupt,
           {"1 tensors of its kind, expected 2"});
    refuse(mixtral, Builder().f32(layer + "0.w2.weight", {1, 2}, {1, 2}).f32(layer + "1.w2.weight", {2, 1}, {3, 4}),
           corrupt, {"number 1 is not of its type and shape"});
    make("{\"model_type\":\"granitemoe\",\"num_hidden_layers\":1,\"hidden_size\":1,\"num_attention_heads\":1,"
         "\"num_local_experts\":2}",
         Builder().f32("model.layers.0.block_sparse_moe.input_linear.weight", {2, 4, 1}, {1, 2, 5, 6, 3, 4, 7, 8}));
    Folder granite(path);
    ASSERT_EQ(granite.status, LIBLLM_OK) << granite.error.message;
    EXPECT_EQ(granite.shape("blk.0.ffn_gate_exps.weight"), (shape{1, 2, 2}));
    EXPECT_EQ(granite.values("blk.0.ffn_gate_exps.weight"), (floats{1, 2, 3, 4}));
    EXPECT_EQ(granite.values("blk.0.ffn_up_exps.weight"), (floats{5, 6, 7, 8}));
}

TEST_F(Small, PutsBlocksAndScalesOfGptOssTogether)
{
    /* Gate and up of one expert, 32 values each: value i of gate is i % 16, of up 15 - i % 16. */
    std::string gate, up;
    for (int i = 0; i < 32; i += 2) {
        gate += (char)(i % 16 | (i + 1) % 16 << 4);
        up += (char)((15 - i % 16) | (15 - (i + 1) % 16) << 4);
    }
    const std::string experts = "model.layers.0.mlp.experts.";
    make("{\"model_type\":\"gpt_oss\",\"num_hidden_layers\":1,\"hidden_size\":32,\"num_attention_heads\":1,"
         "\"quantization_config\":{\"quant_method\":\"mxfp4\"}}",
         Builder()
             .tensor(experts + "gate_up_proj_blocks", "U8", {1, 2, 1, 16}, gate + up)
             .tensor(experts + "gate_up_proj_scales", "U8", {1, 2, 1}, "\x7F\x80")
             .tensor(experts + "down_proj_blocks", "U8", {1, 1, 1, 16}, gate)
             .tensor(experts + "down_proj_scales", "U8", {1, 1, 1}, "\x81"));
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.file.n_tensors, 3u);
    const ll_gguf_tensor *t = folder.find("blk.0.ffn_up_exps.weight");
    ASSERT_NE(t, nullptr);
    EXPECT_EQ(t->type, 39u);
    EXPECT_EQ(folder.shape("blk.0.ffn_up_exps.weight"), (shape{32, 1, 1}));
    ASSERT_EQ(t->n_bytes, 17u);
    EXPECT_EQ(t->data[0], 0x80);
    for (int i = 0; i < 16; i++)
        EXPECT_EQ(t->data[1 + i], (15 - i) * 0x11) << i;
    EXPECT_EQ(folder.find("blk.0.ffn_gate_exps.weight")->data[0], 0x7F);
    EXPECT_EQ(folder.find("blk.0.ffn_gate_exps.weight")->data[1 + 3], 0x33);
    EXPECT_EQ(folder.find("blk.0.ffn_down_exps.weight")->data[0], 0x81);
}

TEST_F(Small, LaysOutRecurrentLayers)
{
    make("{\"model_type\":\"mamba2\",\"num_hidden_layers\":1,\"hidden_size\":2,\"num_heads\":2,\"n_groups\":2,"
         "\"expand\":2}",
         Builder()
             .f32("backbone.layers.0.mixer.A_log", {2}, {0, 1})
             .f32("backbone.layers.0.mixer.D", {2}, {5, 6})
             .f32("backbone.layers.0.mixer.norm.weight", {4}, {1, 2, 3, 4})
             .f32("backbone.layers.0.mixer.conv1d.weight", {2, 1, 3}, {1, 2, 3, 4, 5, 6})
             .f32("backbone.layers.0.mixer.dt_bias", {2}, {7, 8}));
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.shape("blk.0.ssm_a"), (shape{1, 2}));
    EXPECT_EQ(folder.values("blk.0.ssm_a"), (floats{-1, -std::exp(1.0f)}));
    EXPECT_EQ(folder.shape("blk.0.ssm_d"), (shape{1, 2}));
    EXPECT_EQ(folder.shape("blk.0.ssm_norm.weight"), (shape{2, 2}));
    EXPECT_EQ(folder.shape("blk.0.ssm_conv1d.weight"), (shape{3, 2}));
    EXPECT_EQ(folder.values("blk.0.ssm_dt.bias"), (floats{7, 8}));
    EXPECT_EQ(folder.number("mamba2.ssm.inner_size"), 4.0);
    make("{\"model_type\":\"lfm2\",\"num_hidden_layers\":2,\"hidden_size\":2,\"num_attention_heads\":2,"
         "\"num_key_value_heads\":1,\"layer_types\":[\"conv\",\"full_attention\"],\"block_ff_dim\":600}",
         Builder().f32("model.embedding_norm.weight", {2}, {1, 2}).f32("model.layers.1.ffn_norm.weight", {2}, {1, 2}));
    Folder lfm2(path);
    ASSERT_EQ(lfm2.status, LIBLLM_OK) << lfm2.error.message;
    const ll_gguf_value *heads = ll_gguf_find(&lfm2.file, "lfm2.attention.head_count_kv");
    ASSERT_TRUE(heads && heads->count == 2);
    EXPECT_EQ(ll_gguf_element_i64(heads, 0), 0);
    EXPECT_EQ(ll_gguf_element_i64(heads, 1), 1);
    EXPECT_EQ(lfm2.number("lfm2.feed_forward_length"), 512.0);
}

TEST_F(Small, DropsPositionsThatNoTextUses)
{
    make("{\"model_type\":\"xlm-roberta\",\"num_hidden_layers\":1,\"hidden_size\":1,\"num_attention_heads\":1,"
         "\"max_position_embeddings\":4,\"pad_token_id\":1}",
         Builder().f32("roberta.embeddings.position_embeddings.weight", {4, 1}, {1, 2, 3, 4}));
    std::filesystem::create_directories(path + "/1_Pooling");
    write("1_Pooling/config.json", "{\"pooling_mode_cls_token\":false,\"pooling_mode_mean_tokens\":true}");
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.values("position_embd.weight"), (floats{3, 4}));
    EXPECT_EQ(folder.number("bert.context_length"), 2.0);
    EXPECT_EQ(folder.number("bert.pooling_type"), 1.0);
}

TEST_F(Small, FollowsTheModulesOfSentenceTransformers)
{
    std::filesystem::create_directories(path + "/1_Pooling");
    const std::string bert = "{\"model_type\":\"bert\",\"num_hidden_layers\":1,\"hidden_size\":1,"
                             "\"num_attention_heads\":1";
    auto pooling = [&](const std::string &config) {
        write("1_Pooling/config.json", config);
        make(bert + "}", Builder());
        Folder folder(path);
        EXPECT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        return folder.number("bert.pooling_type");
    };
    auto refuse_pooling = [&](const std::string &config, const std::string &part) {
        write("1_Pooling/config.json", config);
        refuse(bert + "}", Builder(), unsupported, {"1_Pooling/config.json", part});
    };
    auto modules = [](const std::string &last) {
        return "[{\"type\":\"sentence_transformers.models.Transformer\",\"path\":\"\"},"
               "{\"type\":\"sentence_transformers.models.Pooling\",\"path\":\"1_Pooling\"},{\"type\":\"" +
               last + "\"}]";
    };
    EXPECT_EQ(pooling("{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":false}"), 2.0);
    EXPECT_EQ(pooling("{\"pooling_mode_mean_sqrt_len_tokens\":true}"), 1.0) << "of length 1 it is the same";
    EXPECT_EQ(pooling("{\"pooling_mode\":\"lasttoken\"}"), 3.0);
    refuse_pooling("{\"pooling_mode_max_tokens\":true}", "\"pooling_mode_max_tokens\" is not supported");
    refuse_pooling("{\"pooling_mode_weightedmean_tokens\":true}", "weightedmean");
    refuse_pooling("{\"pooling_mode_mean_tokens\":true,\"pooling_mode_cls_token\":true}",
                   "\"pooling_mode_cls_token\" beside pooling_mode_mean_tokens");
    refuse_pooling("{\"pooling_mode\":[\"mean\",\"cls\"]}", "\"pooling_mode\"");
    write("modules.json", modules("sentence_transformers.models.Normalize"));
    EXPECT_EQ(pooling("{\"pooling_mode_mean_tokens\":true}"), 1.0);
    write("modules.json", modules("sentence_transformers.models.Dense"));
    refuse(bert + "}", Builder(), unsupported,
           {"modules.json: a module of type \"sentence_transformers.models.Dense\""});
    make(bert + ",\"architectures\":[\"BertForSequenceClassification\"]}", Builder());
    Folder scores(path);
    EXPECT_EQ(scores.status, LIBLLM_OK) << "scores are not pooled vectors: " << scores.error.message;
    write("modules.json", "{}");
    refuse(bert + "}", Builder(), corrupt, {"modules.json: not a JSON array"});
}

TEST_F(Small, TellsDecodersThatSeeBothSides)
{
    auto causal = [&](const std::string &more) {
        make(llama(more), Builder());
        Folder folder(path);
        EXPECT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        return folder.number("llama.attention.causal");
    };
    EXPECT_TRUE(std::isnan(causal("")));
    EXPECT_TRUE(std::isnan(causal(",\"use_bidirectional_attention\":false,\"is_causal\":true")));
    EXPECT_TRUE(std::isnan(causal(",\"use_bidirectional_attention\":\"vision\"")));
    EXPECT_EQ(causal(",\"use_bidirectional_attention\":true"), 0.0);
    EXPECT_EQ(causal(",\"use_bidirectional_attention\":\"all\""), 0.0);
    EXPECT_EQ(causal(",\"is_causal\":false"), 0.0);
    refuse(llama(",\"is_causal\":false,\"sliding_window\":4"), Builder(), unsupported, {"\"sliding_window\""});
}

TEST_F(Small, BringsTheOutputOfBaichuan2ToLength1)
{
    const std::string baichuan = "{\"model_type\":\"baichuan\",\"num_hidden_layers\":1,\"hidden_size\":2,"
                                 "\"num_attention_heads\":1,\"vocab_size\":";
    const Builder tensors = Builder().f32("lm_head.weight", {3, 2}, {3, 4, 0, -5, 0, 0});
    make(baichuan + "64000}", tensors);
    Folder first(path);
    EXPECT_EQ(first.values("output.weight"), (floats{3, 4, 0, -5, 0, 0}));
    make(baichuan + "125696}", tensors);
    Folder second(path);
    ASSERT_EQ(second.status, LIBLLM_OK) << second.error.message;
    EXPECT_EQ(second.values("output.weight"), (floats{0.6f, 0.8f, 0, -1, 0, 0}));
    EXPECT_EQ(second.converted("output.weight"), "rows brought to length 1");
    make(baichuan + "125696}", Builder().tensor("lm_head.weight", "BF16", {1, 2}, std::string("\x40\x40\x80\x40", 4)));
    Folder halves(path);
    const floats rounded = halves.values("output.weight");
    ASSERT_EQ(rounded.size(), 2u);
    EXPECT_NEAR(rounded[0], 0.6, 0.002);
    EXPECT_NEAR(rounded[1], 0.8, 0.002);
}

TEST_F(Small, ReadsWhatPythonWritesForInfinity)
{
    const std::string mamba2 = "{\"model_type\":\"mamba2\",\"num_hidden_layers\":1,\"hidden_size\":2,"
                               "\"num_heads\":2,\"a\":\"\\\"NaN\",\"rms_norm_eps\":NaN,\"time_step_limit\":";
    make(mamba2 + "[0.0,Infinity]}", Builder());
    Folder folder(path);
    EXPECT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.number("mamba2.ssm.inner_size"), 4.0);
    make(mamba2 + "[0.0,{\"__float__\":\"Infinity\"}]}", Builder());
    EXPECT_EQ(Folder(path).status, LIBLLM_OK);
    refuse(mamba2 + "[0.0,0.5]}", Builder(), unsupported, {"\"time_step_limit\" is [0, 0.5]"});
    refuse(mamba2 + "[0.001,Infinity]}", Builder(), unsupported, {"\"time_step_limit\" is [0.001, "});
    refuse(mamba2 + "[0.0,Infinite]}", Builder(), corrupt, {"config.json: JSON line 1"});
}

TEST_F(Small, SlopesOfMptAreTheDefault)
{
    const std::string mpt = "{\"model_type\":\"mpt\",\"n_layers\":1,\"d_model\":2,\"n_heads\":1";
    make(mpt + "}", Builder());
    EXPECT_EQ(Folder(path).number("mpt.attention.max_alibi_bias"), 8.0);
    make(mpt + ",\"attn_config\":{\"alibi\":false}}", Builder());
    EXPECT_EQ(Folder(path).number("mpt.attention.max_alibi_bias"), 0.0);
}

TEST_F(Small, FindsTheTemplateAndTheEnds)
{
    make(llama(",\"eos_token_id\":5"), Builder());
    write("tokenizer_config.json", "{\"chat_template\":\"from the tokenizer\"}");
    auto found = [&] {
        Folder folder(path);
        EXPECT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
        return folder.string("tokenizer.chat_template");
    };
    EXPECT_EQ(found(), "from the tokenizer");
    write("tokenizer_config.json", "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"t\"},"
                                   "{\"name\":\"default\",\"template\":\"by name\"}]}");
    EXPECT_EQ(found(), "by name");
    write("chat_template.json", "{\"chat_template\":\"of its own\"}");
    EXPECT_EQ(found(), "of its own");
    write("chat_template.jinja", "{{ 1 }}\n");
    EXPECT_EQ(found(), "{{ 1 }}\n");
    write("generation_config.json", "{\"eos_token_id\":[7,9],\"bos_token_id\":1}");
    Folder folder(path);
    EXPECT_EQ(folder.number("tokenizer.ggml.eos_token_id"), 7.0);
    EXPECT_EQ(folder.number("tokenizer.ggml.bos_token_id"), 1.0);
    EXPECT_EQ(ll_gguf_find(&folder.file, "tokenizer.ggml.eos_token_ids")->count, 2u);
    write("chat_template.jinja", "\xFF");
    EXPECT_EQ(Folder(path).status, corrupt);
    std::filesystem::remove(path + "/chat_template.jinja");
    write("tokenizer_config.json", "{");
    EXPECT_EQ(Folder(path).status, corrupt);
}

TEST_F(Small, SaysHowToSample)
{
    std::string log;
    auto recommended = [&](const std::string &generation) {
        make(llama(), Builder());
        write("generation_config.json", generation);
        ll_host host;
        ll_host_init(&host);
        log.clear();
        host.log_user_data = &log;
        host.log = [](void *to, libllm_log_level, const char *line, size_t n) {
            ((std::string *)to)->append(line, n).push_back('\n');
        };
        libllm_error error = {};
        ll_model *model = nullptr;
        EXPECT_EQ(ll_model_open(&host, path.c_str(), LIBLLM_LOAD_MAP, &model, &error), LIBLLM_OK) << error.message;
        const libllm_sampling_options o = model ? model->recommended : ll_sampling_unset;
        json_t *described = model ? ll_describe_recommended(model) : nullptr;
        char *shown = json_dumps(described, JSON_COMPACT | JSON_REAL_PRECISION(6));
        const std::string all = std::string(shown) + " " + std::to_string(o.temperature) + " " +
                                std::to_string(o.top_k) + " " + std::to_string(o.top_p) + " " +
                                std::to_string(o.min_p) + " " + std::to_string(o.repetition_penalty);
        free(shown);
        json_decref(described);
        ll_model_close(model);
        return all;
    };
    const std::string none = "{} -1.000000 4294967295 -1.000000 -1.000000 -1.000000";
    EXPECT_EQ(recommended("{\"do_sample\":true,\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"min_p\":0,"
                          "\"repetition_penalty\":1.05}"),
              "{\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"min_p\":0.0,\"repetition_penalty\":1.05} "
              "0.600000 20 0.950000 0.000000 1.050000");
    EXPECT_EQ(log, "");
    EXPECT_EQ(recommended("{\"do_sample\":false,\"temperature\":0.6}").rfind("{\"temperature\":0.0} 0.000000 ", 0), 0u);
    EXPECT_EQ(recommended("{\"do_sample\":null,\"temperature\":null,\"top_k\":\"20\"}"), none);
    EXPECT_EQ(log, "");
    /* What makes no sense is named, and not followed. */
    EXPECT_EQ(recommended("{\"temperature\":-1,\"top_k\":-1,\"top_p\":1.5,\"min_p\":1e300,"
                          "\"repetition_penalty\":101}"),
              none);
    for (const char *key : {"temp is not a number from 0 to 100", "top_k is not a whole number from 0 to 2147483647",
                            "top_p is", "min_p is", "penalty_repeat is"})
        EXPECT_NE(log.find(std::string("general.sampling.") + key), std::string::npos) << log;
    EXPECT_EQ(recommended("{\"top_k\":0.5}"), none);
    EXPECT_EQ(recommended("{\"top_k\":99999999999}"), none);
}

TEST_F(Small, ReadsTheTokenizer)
{
    make(llama(), Builder());
    write("tokenizer.json",
          "{\"added_tokens\":[],\"normalizer\":null,\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\"},"
          "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},"
          "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}");
    write("generation_config.json", "{\"eos_token_id\":[1,0,100000]}");
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_model *model = nullptr;
    ASSERT_EQ(ll_model_open(&host, path.c_str(), LIBLLM_LOAD_MAP, &model, &error), LIBLLM_OK) << error.message;
    ASSERT_NE(model->tokenizer, nullptr) << model->not_tokenizing.message;
    EXPECT_EQ(ll_tokenizer_size(model->tokenizer), 3u);
    EXPECT_TRUE(ll_tokenizer_ends(model->tokenizer, 1));
    EXPECT_TRUE(ll_tokenizer_ends(model->tokenizer, 0));
    EXPECT_FALSE(ll_tokenizer_ends(model->tokenizer, 2));
    ll_model_close(model);
    write("tokenizer.json", "{");
    EXPECT_EQ(ll_model_open(&host, path.c_str(), LIBLLM_LOAD_MAP, &model, &error), LIBLLM_ERROR_CORRUPT_FILE);
    EXPECT_EQ(std::string(error.message).find(path), 0u) << error.message;
}

TEST_F(Small, ShowsModelsThatItDoesNotKnow)
{
    make("{\"model_type\":\"novel\"}", Builder()
                                           .f32("any.name", {2, 1}, {1, 2})
                                           .tensor("bytes", "U8", {1}, "x")
                                           .tensor("float8", "F8_E4M3", {1}, "x"));
    Folder folder(path);
    ASSERT_EQ(folder.status, LIBLLM_OK) << folder.error.message;
    EXPECT_EQ(folder.string("general.architecture"), "novel");
    EXPECT_EQ(folder.file.n_tensors, 1u);
    EXPECT_EQ(folder.shape("any.name"), (shape{1, 2}));
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_model *model = nullptr;
    ASSERT_EQ(ll_model_open(&host, path.c_str(), LIBLLM_LOAD_MAP, &model, &error), LIBLLM_OK) << error.message;
    EXPECT_EQ(model->family, nullptr);
    EXPECT_NE(strstr(model->not_runnable.message, "novel"), nullptr);
    EXPECT_NE(strstr(model->not_tokenizing.message, "no tokenizer.json"), nullptr);
    ll_model_close(model);
}

TEST_F(Small, RefusesWhatItDoesNotUnderstand)
{
    const Builder none;
    refuse("{}", none, corrupt, {"\"model_type\" is missing"});
    refuse("[]", none, corrupt, {"config.json: not a JSON object"});
    refuse("{", none, corrupt, {"config.json: JSON line 1"});
    refuse("", none, corrupt, {"config.json"});
    std::string deep(100000, '[');
    refuse("{\"a\":" + deep, none, LIBLLM_ERROR_LIMIT, {"config.json", "json_depth"});
    for (const char *value : {"\"2\"", "-1", "4294967296", "1.5", "true", "{}", "[]", "[\"2\"]"})
        refuse("{\"model_type\":\"llama\",\"hidden_size\":" + std::string(value) + "}", none, corrupt,
               {"\"hidden_size\" is not an integer"});
    refuse(llama(",\"rms_norm_eps\":\"1\""), none, corrupt, {"\"rms_norm_eps\" is not a number"});
    refuse(llama(",\"use_sliding_window\":1"), none, corrupt, {"\"use_sliding_window\" is not true or false"});
    refuse(llama(",\"hidden_act\":\"relu\""), none, unsupported, {"activation \"relu\""});
    refuse(llama(",\"sliding_window\":4,\"layer_types\":[]"), none, corrupt, {"\"layer_types\""});
    refuse(llama(",\"sliding_window\":4,\"layer_types\":[1]"), none, corrupt, {"element 0 of \"layer_types\""});
    refuse("{\"model_type\":\"qwen2\",\"num_hidden_layers\":2,\"use_sliding_window\":true,\"sliding_window\":4,"
           "\"max_window_layers\":1}",
           none, unsupported, {"\"sliding_window\""});
    refuse(llama(), Builder().f32("model.layers.0.novel.weight", {1}, {1}), unsupported,
           {"tensor \"model.layers.0.novel.weight\"", "\"llama\""});
    refuse(llama(), Builder().tensor("model.norm.weight", "I32", {1}, "1234"), unsupported, {"type I32"});
    refuse(llama(), Builder().f32("model.norm.weight", {0}, {}), corrupt, {"no elements"});
    refuse(llama(), Builder().f32("model.norm.weight", {1, 1, 1, 1, 1}, {1}), unsupported, {"5 dimensions"});
    refuse(llama(), Builder().f32("model.norm.weight", {1}, {1}).f32("norm.weight", {1}, {1}), corrupt,
           {"another tensor has become \"output_norm.weight\""});
    make(llama(), Builder().f32("model.layers.1.input_layernorm.weight", {1}, {1})); /* for several tokens at once */
    EXPECT_EQ(Folder(path).file.n_tensors, 0u);
    std::filesystem::remove(path + "/config.json");
    Folder missing(path);
    EXPECT_EQ(missing.status, LIBLLM_ERROR_NOT_FOUND) << missing.error.message;
}

TEST_F(Small, RunningOutOfMemoryAnywhereIsAnError)
{
    make("{\"model_type\":\"mixtral\",\"num_hidden_layers\":1,\"hidden_size\":1,\"num_attention_heads\":1,"
         "\"num_local_experts\":1}",
         Builder()
             .f32("model.layers.0.block_sparse_moe.experts.0.w2.weight", {1, 2}, {1, 2})
             .f32("model.norm.weight", {1}, {1}));
    for (size_t n = 0;; n++) {
        CountingHost counting;
        counting.fail_at = n;
        libllm_error error = {};
        ll_gguf file;
        libllm_status status = ll_huggingface_open(&counting.host, path.c_str(), LIBLLM_LOAD_MAP, &file, &error);
        ll_gguf_close(&file);
        EXPECT_EQ(counting.now, 0u) << n;
        if (status == LIBLLM_OK)
            break;
        EXPECT_EQ(status, LIBLLM_ERROR_OUT_OF_MEMORY) << n << ": " << error.message;
        ASSERT_LT(n, 1000u);
    }
}

} // namespace
