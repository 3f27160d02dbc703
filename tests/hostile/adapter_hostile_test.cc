/* SPDX-License-Identifier: MIT
 * Adapters that are damaged, contradict themselves, are for another model, or have what is not supported. Each is
 * refused with a message that names the tensor or key, or accepted and then usable; none leaks.
 */
#include "safetensors_builder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include <jansson.h>

namespace
{

const std::string data = LIBLLM_TEST_DATA "/";

std::string read(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write(const std::string &path, const std::string &bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class AdapterHostile : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        std::filesystem::create_directories(folder);
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = 1;
        ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, nullptr));
        ASSERT_EQ(LIBLLM_OK, libllm_model_open(runtime, (data + "tiny/llama.gguf").c_str(), nullptr, &model, nullptr));
        libllm_engine_options engine;
        libllm_engine_options_init(&engine, sizeof engine);
        engine.n_positions = 64;
        ASSERT_EQ(LIBLLM_OK, libllm_session_open(model, &engine, &session, nullptr));
    }
    void TearDown() override
    {
        libllm_session_free(session);
        libllm_model_free(model);
        libllm_runtime_free(runtime);
        std::filesystem::remove_all(folder);
    }

    /* Opens and, when that works, evaluates with it. */
    libllm_status open(const std::string &path)
    {
        libllm_adapter *adapter = nullptr;
        error = {};
        const libllm_status status = libllm_adapter_open(model, path.c_str(), nullptr, &adapter, &error);
        if (status == LIBLLM_OK) {
            const libllm_scaled_adapter use = {adapter, 1, 0};
            const int32_t ids[] = {1, 2, 3};
            EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(session, &use, 1, nullptr));
            EXPECT_EQ(LIBLLM_OK, libllm_session_rewind(session, 0, nullptr));
            EXPECT_EQ(LIBLLM_OK, libllm_session_eval(session, ids, 3, nullptr));
            EXPECT_EQ(LIBLLM_OK, libllm_session_set_adapters(session, nullptr, 0, nullptr));
            libllm_adapter_free(adapter);
        } else {
            EXPECT_EQ(nullptr, adapter);
            EXPECT_EQ(status, error.status);
            EXPECT_NE('\0', error.message[0]);
        }
        return status;
    }

    libllm_status open_gguf(const gguf::Builder &file)
    {
        write(folder + "/a.gguf", file.build());
        return open(folder + "/a.gguf");
    }

    void expect_says(const std::string &what)
    {
        EXPECT_NE(std::string::npos, std::string(error.message).find(what)) << error.message;
    }

    /* A file that is right so far, without tensors. */
    static gguf::Builder begin(const std::string &architecture = "llama", const std::string &type = "adapter",
                               const std::string &kind = "lora")
    {
        gguf::Builder file;
        file.string("general.type", type).string("general.architecture", architecture).string("adapter.type", kind);
        return file.number<float>("adapter.lora.alpha", LL_GGUF_F32, 8);
    }

    const std::string folder = ::testing::TempDir() + "adapter_hostile_" + std::to_string(getpid());
    libllm_runtime *runtime = nullptr;
    libllm_model *model = nullptr;
    libllm_session *session = nullptr;
    libllm_error error = {};
};

/* The tiny llama has 64 wide layers, a feed-forward part of 128, 320 tokens. */
const char q[] = "blk.0.attn_q.weight";

gguf::Builder &pair(gguf::Builder &file, const std::string &name, std::vector<uint64_t> a, std::vector<uint64_t> b)
{
    return file.f32(name + ".lora_a", std::move(a)).f32(name + ".lora_b", std::move(b));
}

TEST_F(AdapterHostile, AcceptsWhatIsRight)
{
    gguf::Builder file = begin();
    EXPECT_EQ(LIBLLM_OK, open_gguf(pair(file, q, {64, 2}, {2, 64}))) << error.message;
}

TEST_F(AdapterHostile, NamesTheKeyThatIsWrong)
{
    const struct {
        gguf::Builder file;
        libllm_status status;
        const char *says;
    } cases[] = {
        {begin("qwen2"), LIBLLM_ERROR_INVALID_ARGUMENT, "\"general.architecture\" is \"qwen2\", expected \"llama\""},
        {begin("llama", "model"), LIBLLM_ERROR_INVALID_ARGUMENT, "\"general.type\" is \"model\""},
        {begin("llama", "adapter", "cvec"), LIBLLM_ERROR_INVALID_ARGUMENT, "\"adapter.type\" is \"cvec\""},
        {gguf::Builder(), LIBLLM_ERROR_INVALID_ARGUMENT, "\"general.type\" is \"\""},
        {begin().array("adapter.alora.invocation_tokens", LL_GGUF_U32, 1, gguf::bytes_of<uint32_t>(1)),
         LIBLLM_ERROR_UNSUPPORTED, "adapter.alora.invocation_tokens"},
    };
    for (const auto &c : cases) {
        gguf::Builder file = c.file;
        EXPECT_EQ(c.status, open_gguf(pair(file, q, {64, 2}, {2, 64}))) << c.says;
        expect_says(c.says);
    }
    for (const float alpha : {NAN, INFINITY}) {
        gguf::Builder file;
        file.string("general.type", "adapter").string("general.architecture", "llama").string("adapter.type", "lora");
        file.number<float>("adapter.lora.alpha", LL_GGUF_F32, alpha);
        EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, open_gguf(pair(file, q, {64, 2}, {2, 64})));
        expect_says("adapter.lora.alpha");
    }
    EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, open_gguf(begin()));
    expect_says("no tensors");
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, open(data + "tiny/llama.gguf")); /* a model is no adapter */
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, open(folder + "/none.gguf"));
}

TEST_F(AdapterHostile, NamesTheTensorThatIsWrong)
{
    const std::string name = q;
    const struct {
        std::string name;
        std::vector<uint64_t> a, b;
        const char *says;
    } cases[] = {
        {"blk.9.attn_q.weight", {64, 2}, {2, 64}, "no such tensor"},
        {"nonsense", {64, 2}, {2, 64}, "no such tensor"},
        {"blk.0.attn_norm.weight", {64, 2}, {2, 1}, "multiplies nothing"},
        {name, {63, 2}, {2, 64}, ".lora_a has shape [63, 2, 1, 1], the model expects [64, 2, 1]"},
        {name, {64, 2}, {2, 63}, ".lora_b has shape [2, 63, 1, 1], the model expects [2, 64, 1]"},
        {name, {64, 3}, {2, 64}, ".lora_b has shape [2, 64, 1, 1], the model expects [3, 64, 1]"},
        {name, {64, 2, 2}, {2, 64, 2}, ".lora_a has shape [64, 2, 2, 1]"},
        {name, {64, 2, 1, 2}, {2, 64}, ".lora_a has shape [64, 2, 1, 2]"},
        {name, {64, 1}, {65537, 1}, "rank 65537"},
        {"token_embd.weight", {64, 2}, {2, 64}, ".lora_a has shape [64, 2, 1, 1], the model expects [64, 320, 1]"},
        {"token_embd.weight", {2, 320}, {3, 64}, ".lora_b has shape [3, 64, 1, 1]"},
    };
    for (const auto &c : cases) {
        gguf::Builder file = begin();
        EXPECT_NE(LIBLLM_OK, open_gguf(pair(file, c.name, c.a, c.b))) << c.says;
        expect_says("\"" + c.name.substr(0, 64));
        expect_says(c.says);
    }
    for (const char *one : {".lora_a", ".lora_b"}) {
        EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, open_gguf(begin().f32(name + one, {64, 64})));
        expect_says("is missing");
    }
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, open_gguf(begin().f32(name, {64, 64})));
    expect_says("expected a name that ends in");
    EXPECT_NE(LIBLLM_OK, open_gguf(begin().f32(std::string(300, 'x') + ".lora_a", {64, 64})));
}

/* What PEFT writes, changed in one place. */
class PeftHostile : public AdapterHostile
{
  protected:
    void SetUp() override
    {
        AdapterHostile::SetUp();
        config = json_load_file((data + "adapters/llama/adapter_config.json").c_str(), 0, nullptr);
        ASSERT_NE(nullptr, config);
        std::filesystem::copy_file(data + "adapters/llama/adapter_model.safetensors", weights);
    }
    void TearDown() override
    {
        json_decref(config);
        AdapterHostile::TearDown();
    }

    libllm_status open_with(const char *key, json_t *value)
    {
        json_t *changed = json_deep_copy(config);
        if (value)
            json_object_set_new(changed, key, value);
        else
            json_object_del(changed, key);
        EXPECT_EQ(0, json_dump_file(changed, (folder + "/adapter_config.json").c_str(), 0));
        json_decref(changed);
        return open(folder);
    }

    const std::string weights = folder + "/adapter_model.safetensors";
    json_t *config = nullptr;
};

TEST_F(PeftHostile, NamesTheKeyOfTheConfiguration)
{
    EXPECT_EQ(LIBLLM_OK, open_with("lora_alpha", json_integer(8))) << error.message;
    const struct {
        const char *key, *value;
        libllm_status status;
    } cases[] = {
        {"peft_type", "\"LOHA\"", LIBLLM_ERROR_UNSUPPORTED},
        {"peft_type", nullptr, LIBLLM_ERROR_UNSUPPORTED},
        {"use_dora", "true", LIBLLM_ERROR_UNSUPPORTED},
        {"modules_to_save", "[\"lm_head\"]", LIBLLM_ERROR_UNSUPPORTED},
        {"layer_replication", "[[0, 2]]", LIBLLM_ERROR_UNSUPPORTED},
        {"trainable_token_indices", "[1]", LIBLLM_ERROR_UNSUPPORTED},
        {"alora_invocation_tokens", "[1, 2]", LIBLLM_ERROR_UNSUPPORTED},
        {"lora_bias", "true", LIBLLM_ERROR_UNSUPPORTED},
        {"bias", "\"all\"", LIBLLM_ERROR_UNSUPPORTED},
        {"init_lora_weights", "\"pissa_niter_4\"", LIBLLM_ERROR_UNSUPPORTED},
        {"init_lora_weights", "\"olora\"", LIBLLM_ERROR_UNSUPPORTED},
        {"r", nullptr, LIBLLM_ERROR_CORRUPT_FILE},
        {"r", "0", LIBLLM_ERROR_CORRUPT_FILE},
        {"r", "1e3", LIBLLM_ERROR_CORRUPT_FILE},
        {"r", "99999999999", LIBLLM_ERROR_CORRUPT_FILE},
        {"r", "5", LIBLLM_ERROR_CORRUPT_FILE}, /* the tensors have 4 */
        {"lora_alpha", nullptr, LIBLLM_ERROR_CORRUPT_FILE},
        {"lora_alpha", "\"8\"", LIBLLM_ERROR_CORRUPT_FILE},
        {"lora_alpha", "1e300", LIBLLM_ERROR_CORRUPT_FILE},
        {"rank_pattern", "[]", LIBLLM_ERROR_CORRUPT_FILE},
        {"rank_pattern", "{\"q_proj\": 3}", LIBLLM_ERROR_CORRUPT_FILE},
        {"rank_pattern", "{\"q_proj\": -4}", LIBLLM_ERROR_CORRUPT_FILE},
        {"rank_pattern", "{\"[qk]_proj\": 4}", LIBLLM_ERROR_UNSUPPORTED},
        {"alpha_pattern", "{\"layers.\\\\d.*\": 4}", LIBLLM_ERROR_UNSUPPORTED},
        {"alpha_pattern", "{\"q_proj\": null}", LIBLLM_ERROR_CORRUPT_FILE},
    };
    for (const auto &c : cases) {
        EXPECT_EQ(c.status, open_with(c.key, c.value ? json_loads(c.value, JSON_DECODE_ANY, nullptr) : nullptr))
            << c.key << ": " << (c.value ? c.value : "absent") << ": " << error.message;
        if (std::string(c.key) != "rank_pattern" && std::string(c.value ? c.value : "") != "5")
            expect_says("\"" + std::string(c.key) + "\"");
        expect_says("adapter_config.json");
    }
    for (const char *fits : {"q_proj", "self_attn.q_proj", ".*\\.q_proj", "^model.layers.0.self_attn.q_proj", "_proj"})
        EXPECT_EQ(LIBLLM_OK, open_with("alpha_pattern", json_pack("{s:i}", fits, 3))) << error.message;
    write(folder + "/adapter_config.json", "[]");
    EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, open(folder));
    write(folder + "/adapter_config.json", "{");
    EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE, open(folder));
    std::filesystem::remove(folder + "/adapter_config.json");
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, open(folder));
    std::filesystem::remove(weights);
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, open(folder));
}

TEST_F(PeftHostile, NamesTheTensor)
{
    const std::string module = "base_model.model.model.layers.0.self_attn.q_proj";
    const auto with = [&](const std::string &name, std::vector<uint64_t> a, std::vector<uint64_t> b) {
        const auto zeros = [](const std::vector<uint64_t> &shape) {
            size_t n = 1;
            for (uint64_t d : shape)
                n *= d;
            return std::vector<float>(n);
        };
        safetensors::Builder file;
        if (!a.empty())
            file.f32(name + ".lora_A.weight", a, zeros(a));
        if (!b.empty())
            file.f32(name + ".lora_B.weight", b, zeros(b));
        write(weights, file.build());
        return open_with("r", json_integer(4));
    };
    EXPECT_EQ(LIBLLM_OK, with(module, {4, 64}, {64, 4})) << error.message;
    const struct {
        std::string name;
        std::vector<uint64_t> a, b;
        const char *says;
    } cases[] = {
        {module, {4, 64}, {}, "none that ends in .lora_B.weight"},
        {module, {}, {64, 4}, "none that ends in .lora_A.weight"},
        {module, {4, 63}, {64, 4}, "expects [64, 4, 1]"},
        {module, {4, 64}, {63, 4}, "expects [4, 64, 1]"},
        {module, {4, 64}, {64, 3}, "contiguous first"},
        {module, {4, 64, 1}, {64, 4}, "contiguous first"},
        {module, {256}, {64, 4}, "contiguous first"},
        {module, {5, 64}, {64, 5}, "its rank is 5"},
        {"base_model.model.model.layers.7.self_attn.q_proj", {4, 64}, {64, 4}, "no such tensor"},
        {"base_model.model.model.layers.0.self_attn.x_proj", {4, 64}, {64, 4}, "no such module"},
        {"base_model.model.model.norm", {4, 64}, {64, 4}, "output_norm"},
        {"base_model.model.model.layers.0.mlp.experts.0.w1", {4, 64}, {64, 4}, "no such module"},
        {"base_model.model.model.layers.0.block_sparse_moe.experts.0.w1", {4, 64}, {64, 4}, "expected 0"},
        {"base_model.model.model.layers.0.block_sparse_moe.experts.1.w1", {4, 64}, {64, 4}, "number 0"},
        {"base_model.model.model.layers.0.mlp.experts", {4, 64}, {64, 4}, "no weights of 0 experts"},
        {"base_model.model.model.layers.0.mlp.experts.base_layer", {4, 64}, {64, 4}, "no weights of 0 experts"},
        {"model.layers.0.self_attn.q_proj", {4, 64}, {64, 4}, "begins with base_model.model."},
        {"base_model.model.", {4, 64}, {64, 4}, "expected a name that ends in"},
    };
    for (const auto &c : cases) {
        EXPECT_NE(LIBLLM_OK, with(c.name, c.a, c.b)) << c.name;
        expect_says(c.says);
    }
    write(weights, safetensors::Builder().f32(module + ".lora_magnitude_vector", {1}, {1}).build());
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, open_with("r", json_integer(4)));
    expect_says("lora_magnitude_vector");
    write(weights, safetensors::Builder()
                       .tensor(module + ".lora_A.weight", "I64", {1, 1}, std::string(8, 0))
                       .tensor(module + ".lora_B.weight", "I64", {1, 1}, std::string(8, 0))
                       .build());
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, open_with("r", json_integer(4)));
    expect_says("I64");
}

/* A few bytes of good files changed at random, more of them where the names are. */
TEST_F(PeftHostile, SurvivesDamage)
{
    std::mt19937 random(1);
    json_dump_file(config, (folder + "/adapter_config.json").c_str(), 0);
    const struct {
        std::string good, bad, path;
        size_t header;
    } files[] = {
        {read(data + "adapters/llama.gguf"), folder + "/a.gguf", folder + "/a.gguf", 4000},
        {read(weights), weights, folder, 6000},
        {read(folder + "/adapter_config.json"), folder + "/adapter_config.json", folder, 900},
    };
    for (const auto &file : files) {
        ASSERT_GT(file.good.size(), 100u);
        size_t n_opened = 0;
        for (int i = 0; i < 400; i++) {
            std::string bytes = file.good;
            for (size_t n = 1 + random() % 3; n > 0; n--)
                bytes[random() % std::min(file.header, bytes.size())] = static_cast<char>(random());
            if (i % 10 == 0)
                bytes.resize(random() % bytes.size());
            write(file.bad, bytes);
            n_opened += open(file.path) == LIBLLM_OK;
        }
        EXPECT_LT(n_opened, 400u);
        write(file.bad, file.good);
        EXPECT_EQ(LIBLLM_OK, open(file.path)) << error.message;
    }
}

} // namespace
