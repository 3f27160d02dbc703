/* SPDX-License-Identifier: MIT
 * The small models of tests/data, and the Vulkan devices that they are tried on.
 */
#ifndef TESTS_VULKAN_FIXTURE_H
#define TESTS_VULKAN_FIXTURE_H

#include "../golden/golden.h"

#include <algorithm>
#include <filesystem>
#include <jansson.h>
#include <set>

namespace golden
{

/* Ids of the Vulkan devices; empty, and why, where there are none. */
inline std::vector<std::string> devices(std::string *why)
{
    const Handle<libllm_runtime> runtime = make_runtime(1);
    std::string text(1 << 16, '\0');
    size_t needed = 0;
    std::vector<std::string> ids;
    if (libllm_runtime_devices(runtime.get(), text.data(), text.size(), &needed, nullptr) != LIBLLM_OK)
        return ids;
    json_t *all = json_loads(text.c_str(), 0, nullptr), *device;
    size_t i;
    json_array_foreach (json_object_get(all, "devices"), i, device) {
        if (strcmp(json_string_value(json_object_get(device, "kind")), "vulkan") != 0)
            continue;
        if (json_is_true(json_object_get(device, "available")))
            ids.push_back(json_string_value(json_object_get(device, "id")));
        else
            *why = json_string_value(json_object_get(device, "reason"));
    }
    json_decref(all);
    return ids;
}

/* One runtime for all tests, on which the devices stay open: pipelines are made once. */
inline libllm_runtime *common_runtime()
{
    struct Common {
        Common() : runtime(make_runtime(1)), model(open_model(runtime.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf"))
        {
            std::string why;
            for (const std::string &id : devices(&why)) {
                libllm_engine_options options = engine_options(1, 64);
                options.device = id.c_str();
                kept.push_back(open_session(model.get(), options));
            }
        }
        Handle<libllm_runtime> runtime;
        Handle<libllm_model> model;
        std::vector<Handle<libllm_session>> kept;
    };
    static const Common common;
    return common.runtime.get();
}

struct Vulkan : ::testing::Test {
    void SetUp() override
    {
        std::string why;
        ids = devices(&why);
        if (ids.empty())
            GTEST_SKIP() << why;
    }

    std::vector<std::string> ids;
    libllm_error error = {};
};

inline std::string base_of(const std::string &name) { return std::string(LIBLLM_TEST_DATA "/") + name; }

struct Fixture {
    explicit Fixture(const std::string &name)
        : text(read_ids(base_of(name) + ".json")), ids(read_ids(base_of(name) + ".json", "decoder_ids")),
          reference(read_npy(base_of(name) + ".npy"))
    {
        if (ids.empty())
            ids.swap(text);
        model = open_model(common_runtime(), base_of(name) + ".gguf");
    }

    /* All rows: `whole` tokens at once, then one by one; empty on an error. */
    std::vector<float> rows(const libllm_engine_options &options, size_t whole) const
    {
        const Handle<libllm_session> session = open_session(model.get(), options);
        std::vector<float> out;
        if (!session)
            return out;
        if (!text.empty() && libllm_session_encode(session.get(), text.data(), text.size(), nullptr) != LIBLLM_OK)
            return out;
        const size_t n = ids.size();
        return eval_chunks(session.get(), ids, 0, whole, whole, reference.columns, &out) &&
                       eval_chunks(session.get(), ids, whole, n, 1, reference.columns, &out)
                   ? out
                   : std::vector<float>();
    }

    std::vector<int32_t> text, ids; /* text: what the encoder beside a decoder reads */
    Matrix reference;
    Handle<libllm_model> model;
};

inline libllm_engine_options options_of(const std::string &device, libllm_kv_type kv_type = LIBLLM_KV_F32)
{
    libllm_engine_options options = engine_options(48, 64);
    static std::set<std::string> names; /* which live as long as the options */
    options.device = names.insert(device).first->c_str();
    options.kv_type = kv_type;
    return options;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

/* Whatever has a file of weights, of ids and of what PyTorch, or reference.py, makes of them; under a sanitizer, with
 * which the shaders have nothing to do, one of each kind. */
inline std::vector<std::string> all_fixtures()
{
    std::vector<std::string> names;
    if (is_sanitized)
        return {"tiny/bert", "tiny/deepseek2", "tiny/lfm2", "tiny/qwen2moe", "tiny/t5"};
    for (const char *folder : {"tiny", "families", "random", "quantized"})
        for (const auto &entry : std::filesystem::directory_iterator(base_of(folder))) {
            std::filesystem::path path = entry.path();
            if (path.extension() == ".gguf" && std::filesystem::exists(path.replace_extension(".npy")) &&
                std::filesystem::exists(path.replace_extension(".json")))
                names.push_back(std::string(folder) + "/" + path.stem().string());
        }
    std::sort(names.begin(), names.end());
    return names;
}

/* As GoogleTest wants them. */
inline std::string test_name(const ::testing::TestParamInfo<std::string> &info)
{
    std::string name = info.param;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
    return name;
}

} // namespace golden

#endif
