/* SPDX-License-Identifier: MIT
 * Configurations of which one value is something else than it should be, for every value of every tiny model. Each is
 * refused with a message, or accepted and then usable; none leaks.
 */
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include <jansson.h>
#include <libllm/libllm.h>
#include <unistd.h>

namespace
{

using Json = std::unique_ptr<json_t, decltype(&json_decref)>;

/* Memory that is out. */
std::map<void *, size_t> blocks;

libllm_runtime *make_runtime()
{
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = 1;
    options.allocate = [](void *, size_t size, size_t alignment) {
        void *memory = nullptr;
        if (posix_memalign(&memory, alignment < 16 ? 16 : alignment, size) != 0)
            return static_cast<void *>(nullptr);
        blocks[memory] = size;
        return memory;
    };
    options.release = [](void *, void *memory) {
        blocks.erase(memory);
        free(memory);
    };
    libllm_runtime *runtime = nullptr;
    EXPECT_EQ(libllm_runtime_create(&options, &runtime, nullptr), LIBLLM_OK);
    return runtime;
}

class Configurations : public ::testing::TestWithParam<const char *>
{
  protected:
    void SetUp() override
    {
        const std::string source = LIBLLM_TEST_DATA "/tiny-hf/" + std::string(GetParam());
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
        std::filesystem::create_symlink(source + "/model.safetensors", folder + "/model.safetensors");
        config.reset(json_load_file((source + "/config.json").c_str(), 0, nullptr));
        ASSERT_TRUE(config);
        runtime = make_runtime();
    }
    void TearDown() override
    {
        libllm_runtime_free(runtime);
        EXPECT_TRUE(blocks.empty());
        std::filesystem::remove_all(folder);
    }

    void try_config(const json_t *changed, const std::string &what)
    {
        ASSERT_EQ(json_dump_file(changed, (folder + "/config.json").c_str(), 0), 0);
        const size_t n_blocks = blocks.size();
        libllm_model *model = nullptr;
        libllm_error error = {};
        libllm_status status = libllm_model_open(runtime, folder.c_str(), nullptr, &model, &error);
        if (status == LIBLLM_OK) {
            use(model, what);
            libllm_model_free(model);
            n_accepted++;
        } else {
            EXPECT_TRUE(status == LIBLLM_ERROR_CORRUPT_FILE || status == LIBLLM_ERROR_UNSUPPORTED ||
                        status == LIBLLM_ERROR_LIMIT)
                << what << ": " << status << ", " << error.message;
            EXPECT_NE(error.message[0], 0) << what;
            n_refused++;
        }
        EXPECT_EQ(blocks.size(), n_blocks) << what;
    }

    /* A token where the model can compute. */
    static void use(libllm_model *model, const std::string &what)
    {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.n_positions = 8;
        options.n_batch = 8;
        libllm_session *session = nullptr;
        libllm_error error = {};
        if (libllm_session_open(model, &options, &session, &error) != LIBLLM_OK)
            return;
        const int32_t tokens[] = {1, 2, 3};
        libllm_model_info info;
        info.struct_size = sizeof info;
        libllm_status status = libllm_model_get_info(model, &info, &error);
        if (!status && info.has_encoder)
            status = libllm_session_encode(session, tokens, 3, &error);
        if (!status)
            status = libllm_session_eval(session, tokens, 3, &error);
        EXPECT_TRUE(status == LIBLLM_OK || status == LIBLLM_ERROR_NUMERIC || status == LIBLLM_ERROR_CONTEXT_FULL ||
                    status == LIBLLM_ERROR_OUT_OF_RANGE || status == LIBLLM_ERROR_UNSUPPORTED)
            << what << ": " << status << ", " << error.message;
        libllm_session_free(session);
    }

    /* Every member, also of the objects within. */
    void try_members(json_t *object, const std::string &path)
    {
        static const char *const values[] = {"null", "-1", "0", "3", "4294967295", "1e30", "\"x\"", "true", "[]", "{}"};
        for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
            const std::string name = path + json_object_iter_key(at);
            Json original(json_incref(json_object_iter_value(at)), json_decref);
            for (const char *text : values) {
                json_object_iter_set_new(object, at, json_loads(text, JSON_DECODE_ANY, nullptr));
                try_config(config.get(), name + " = " + text);
            }
            json_object_iter_set(object, at, original.get());
            if (json_is_object(original.get()))
                try_members(original.get(), name + ".");
        }
    }

    const std::string folder = testing::TempDir() + "huggingface_hostile_" + std::to_string(getpid());
    Json config = Json(nullptr, json_decref);
    libllm_runtime *runtime = nullptr;
    size_t n_accepted = 0, n_refused = 0;
};

TEST_P(Configurations, WithAnyValueElsewhere)
{
    try_config(config.get(), "as it is");
    EXPECT_EQ(n_accepted, 1u);
    try_members(config.get(), "");
    EXPECT_GT(n_accepted, 100u);
    EXPECT_GT(n_refused, 20u);
}

TEST_P(Configurations, WithAnyValueMissing)
{
    std::vector<std::string> names;
    for (void *at = json_object_iter(config.get()); at; at = json_object_iter_next(config.get(), at))
        names.push_back(json_object_iter_key(at));
    for (const std::string &name : names) {
        Json changed(json_copy(config.get()), json_decref);
        json_object_del(changed.get(), name.c_str());
        try_config(changed.get(), "without " + name);
    }
}

/* The weights of one model with the configuration of another. */
TEST_P(Configurations, OfAnotherModel)
{
    for (const auto &entry : std::filesystem::directory_iterator(LIBLLM_TEST_DATA "/tiny-hf")) {
        if (!entry.is_directory())
            continue;
        Json other(json_load_file((entry.path() / "config.json").c_str(), 0, nullptr), json_decref);
        ASSERT_TRUE(other);
        try_config(other.get(), entry.path());
    }
}

INSTANTIATE_TEST_SUITE_P(HuggingFace, Configurations,
                         ::testing::Values("bert", "deepseek3", "exaone4", "gemma3", "gpt2", "gptoss", "llama", "phi3",
                                           "qwen2", "qwen3moe", "t5"));

} // namespace
