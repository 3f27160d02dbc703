/* SPDX-License-Identifier: MIT
 * Every Vulkan call fails in turn, the device is lost while it computes, and its memory runs out: each time there is an
 * error value, nothing is left behind, other sessions live on and a new one works.
 */
#include "../golden/golden.h"

#include <chrono>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <unistd.h>

namespace golden
{
namespace
{

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif
constexpr uint32_t reference_layers = 3; /* of tiny/llama */
enum { OUT_OF_HOST_MEMORY = -1, OUT_OF_DEVICE_MEMORY = -2, DEVICE_LOST = -4 };

struct VulkanFailures : ::testing::Test {
    void SetUp() override
    {
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = 1;
        options.vulkan_library = LIBLLM_FAULTS;
        std::filesystem::create_directories(cache);
        options.cache_dir = cache.c_str();
        libllm_runtime *made = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_runtime_create(&options, &made, &error));
        runtime.reset(made);
        model = open_model(runtime.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
        engine = engine_options(8, 64);
        engine.device = "vulkan";
        engine.n_device_layers = 99; /* all, or an error */
        library = dlopen(LIBLLM_FAULTS, RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(nullptr, library) << dlerror();
        set = reinterpret_cast<void (*)(long, int, const char *)>(dlsym(library, "faults_set"));
        calls = reinterpret_cast<long (*)()>(dlsym(library, "faults_calls"));
        live = reinterpret_cast<long (*)()>(dlsym(library, "faults_live"));
        where = reinterpret_cast<const char *(*)()>(dlsym(library, "faults_where"));
        limit = reinterpret_cast<void (*)(uint64_t, uint64_t)>(dlsym(library, "faults_limit_memory"));
        most = reinterpret_cast<uint64_t (*)()>(dlsym(library, "faults_most_memory"));
        lay_out = reinterpret_cast<void (*)(int)>(dlsym(library, "faults_lay_out_memory"));
        most_of = reinterpret_cast<uint64_t (*)(int)>(dlsym(library, "faults_most_of_type"));
        hang = reinterpret_cast<void (*)(int)>(dlsym(library, "faults_hang"));
        keep_cache = reinterpret_cast<void (*)(int)>(dlsym(library, "faults_keep_cache"));
        cached = reinterpret_cast<long (*)()>(dlsym(library, "faults_cached"));
        set(-1, 0, nullptr);
        limit(0, 0);
        libllm_session *session = nullptr;
        const libllm_status status = libllm_session_open(model.get(), &engine, &session, &error);
        libllm_session_free(session);
        if (status == LIBLLM_ERROR_UNSUPPORTED)
            GTEST_SKIP() << error.message;
        ASSERT_EQ(LIBLLM_OK, status) << error.message;
        EXPECT_EQ(0, live());
    }

    void TearDown() override { std::filesystem::remove_all(cache); }

    template <typename Work> static double seconds_of(Work work)
    {
        const auto start = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    /* A session from its opening over a prompt and a token to its end. */
    libllm_status live_once()
    {
        const int32_t ids[] = {5, 6, 7, 8, 9};
        libllm_session *raw = nullptr;
        libllm_status status = libllm_session_open(model.get(), &engine, &raw, &error);
        const Handle<libllm_session> session(raw);
        if (!status)
            status = libllm_session_eval(session.get(), ids, 4, &error);
        if (!status)
            status = libllm_session_eval(session.get(), ids + 4, 1, &error);
        return status;
    }

    Handle<libllm_runtime> runtime;
    Handle<libllm_model> model;
    libllm_engine_options engine;
    libllm_error error = {};
    void *library = nullptr;
    void (*set)(long, int, const char *) = nullptr;
    void (*lay_out)(int) = nullptr;
    uint64_t (*most_of)(int) = nullptr;
    void (*limit)(uint64_t, uint64_t) = nullptr;
    uint64_t (*most)() = nullptr;
    long (*calls)() = nullptr;
    long (*live)() = nullptr;
    void (*hang)(int) = nullptr;
    void (*keep_cache)(int) = nullptr;
    long (*cached)() = nullptr;
    const std::string cache = ::testing::TempDir() + "vulkan-cache-" + std::to_string(getpid());
    const char *(*where)() = nullptr;
};

struct VulkanFailuresOfLayers : VulkanFailures, ::testing::WithParamInterface<uint32_t> {
    void SetUp() override
    {
        VulkanFailures::SetUp();
        engine.n_device_layers = GetParam();
    }
};

INSTANTIATE_TEST_SUITE_P(AllAndOne, VulkanFailuresOfLayers, ::testing::Values(99, 1));

TEST_P(VulkanFailuresOfLayers, EachCallInTurnGivesAnErrorAndLeavesNothing)
{
    set(-1, 0, nullptr);
    ASSERT_EQ(LIBLLM_OK, live_once()) << error.message;
    const double whole = seconds_of([&] { live_once(); });
    set(-1, 0, nullptr);
    ASSERT_EQ(LIBLLM_OK, live_once()) << error.message;
    const long n = calls();
    ASSERT_GT(n, 50);
    std::set<std::string> failed_in;
    const int results[] = {OUT_OF_HOST_MEMORY, OUT_OF_DEVICE_MEMORY, DEVICE_LOST};
    for (int kind = 0; kind < 3; kind++)
        for (long at = 0; at < n; at++) {
            /* All of them once, and again with one of the others; those of a part, which takes the same ways, once. */
            if (GetParam() == 1 || is_sanitized ? at % 3 != kind : kind > 0 && at % 2 != kind - 1)
                continue;
            const int result = results[kind];
            set(at, result, nullptr);
            libllm_status status = LIBLLM_OK;
            error = {};
            EXPECT_LT(seconds_of([&] { status = live_once(); }), 3 * whole + 1) << at; /* a driver's compiler varies */
            const std::string in = where() ? where() : "nothing";
            failed_in.insert(in);
            /* Without what these tell it is computed all the same. */
            const bool is_needed = in != "GetPipelineCacheData" && in != "EnumerateDeviceExtensionProperties";
            EXPECT_EQ(!is_needed              ? LIBLLM_OK
                      : result == DEVICE_LOST ? LIBLLM_ERROR_DEVICE_LOST
                                              : LIBLLM_ERROR_OUT_OF_MEMORY,
                      status)
                << at << ": " << in << ": " << error.message;
            EXPECT_EQ(is_needed, error.message[0] != '\0');
            EXPECT_EQ(0, live()) << at << ": " << in;
        }
    for (const char *in : {"GetPipelineCacheData", "EnumerateDeviceExtensionProperties", "WaitForFences"})
        EXPECT_TRUE(failed_in.count(in)) << in;
    set(-1, 0, nullptr);
    EXPECT_EQ(LIBLLM_OK, live_once()) << error.message;
}

/* However little memory there is, auto takes what fits into it. */
TEST_F(VulkanFailures, AsManyLayersAsThereIsMemoryFor)
{
    const std::vector<int32_t> ids = read_ids(LIBLLM_TEST_DATA "/tiny/llama.json");
    const Matrix reference = read_npy(LIBLLM_TEST_DATA "/tiny/llama.npy");
    limit(0, 0);
    ASSERT_EQ(LIBLLM_OK, live_once());
    const uint64_t whole = most();
    std::set<uint32_t> numbers;
    uint32_t before = 0;
    for (uint64_t i = 0; i <= 12; i++) {
        const uint64_t bytes = whole * i / 10 + 4096;
        for (const uint64_t said : {bytes, 4 * whole}) { /* the second time the driver promises too much */
            engine.n_device_layers = 0;
            limit(said, bytes);
            uint32_t n;
            {
                const Handle<libllm_session> session = open_session(model.get(), engine);
                ASSERT_TRUE(session);
                n = libllm_session_device_layers(session.get());
                std::vector<float> rows;
                ASSERT_TRUE(eval_chunks(session.get(), ids, 0, 40, 8, reference.columns, &rows)) << n << " layers";
                EXPECT_LE(distance(reference, rows.data()).max_abs, 1e-3);
            }
            EXPECT_LE(most(), bytes);
            EXPECT_EQ(0, live());
            if (said != bytes)
                continue;
            EXPECT_GE(n, before) << bytes;
            before = n;
            numbers.insert(n);
        }
    }
    limit(0, 0);
    EXPECT_EQ(reference_layers + 1, numbers.size()) << "every number of layers is the right one for some memory";
}

TEST_F(VulkanFailures, EnginesOfARuntimeShareADevice)
{
    set(-1, 0, "CreateComputePipelines");
    const Handle<libllm_session> first = open_session(model.get(), engine);
    const int32_t ids[] = {1, 2, 3};
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(first.get(), ids, 3, &error));
    const long of_one = calls();
    ASSERT_GT(of_one, 0);
    EXPECT_EQ(LIBLLM_OK, live_once());
    const Handle<libllm_session> second = open_session(model.get(), engine);
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(second.get(), ids, 3, &error));
    EXPECT_LT(calls(), 2 * of_one) << "what is alike is made once";
    set(-1, 0, "CreateDevice");
    EXPECT_EQ(LIBLLM_OK, live_once());
    EXPECT_EQ(0, calls());
}

/* GPUs get larger tiles of columns and of rows of attention than drivers for the processor, which are slow to compile
 * them: up to eight columns, beyond, and one by one. */
TEST_F(VulkanFailures, WhatAGpuIsToldIsComputedAsWell)
{
    const auto call_it_gpu = reinterpret_cast<void (*)(int)>(dlsym(library, "faults_call_it_gpu"));
    call_it_gpu(1);
    set(-1, 0, nullptr);
    for (const std::string name : {"tiny/llama", "random/gemma2-window", "tiny/qwen2moe", "tiny/deepseek2"}) {
        const std::string base = LIBLLM_TEST_DATA "/" + name;
        const std::vector<int32_t> ids = read_ids(base + ".json");
        const Matrix reference = read_npy(base + ".npy");
        const Handle<libllm_model> of = open_model(runtime.get(), base + ".gguf");
        libllm_engine_options options = engine_options(32, 128);
        options.device = "vulkan";
        options.n_device_layers = 99;
        options.kv_type = LIBLLM_KV_F32;
        const Handle<libllm_session> session = open_session(of.get(), options);
        ASSERT_TRUE(session) << name;
        std::vector<float> rows;
        ASSERT_TRUE(eval_chunks(session.get(), ids, 0, 30, 15, reference.columns, &rows)) << name;
        ASSERT_TRUE(eval_chunks(session.get(), ids, 30, 38, 8, reference.columns, &rows)) << name;
        ASSERT_TRUE(eval_chunks(session.get(), ids, 38, ids.size(), 1, reference.columns, &rows)) << name;
        EXPECT_LE(distance(reference, rows.data()).max_abs, 1e-3) << name;
    }
    call_it_gpu(0);
    EXPECT_EQ(0, live());
}

uint64_t resident_bytes()
{
    uint64_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * 4096;
}

/* Engines that open the device and close it, and such that compute on one which is open all the time. */
TEST_F(VulkanFailures, AThousandEnginesLeaveMemoryFlat)
{
    if (is_sanitized)
        GTEST_SKIP() << "what is freed is kept for a while";
    set(-1, 0, nullptr);
    for (const bool kept : {false, true}) {
        const Handle<libllm_session> other = kept ? open_session(model.get(), engine) : Handle<libllm_session>();
        uint64_t before = 0;
        for (int i = 0; i < 600; i++) {
            if (i == 100) /* allocators and the driver have what they keep */
                before = resident_bytes();
            if (kept) {
                ASSERT_EQ(LIBLLM_OK, live_once()) << error.message;
            } else {
                ASSERT_TRUE(open_session(model.get(), engine));
            }
        }
        EXPECT_LT(resident_bytes(), before + (4u << 20)) << (kept ? "engines" : "devices");
    }
    EXPECT_EQ(0, live());
}

TEST_F(VulkanFailures, MeasuringIsAnErrorOrAllOfIt)
{
    char text[4096];
    size_t n = 0;
    const auto measure = [&] {
        return libllm_runtime_measure_device(runtime.get(), "vulkan", text, sizeof text, &n, &error);
    };
    set(-1, 0, nullptr);
    ASSERT_STATUS(LIBLLM_OK, measure());
    EXPECT_EQ(0, live());
    for (const char *key : {"read_gb_per_second", "copy_gb_per_second", "gflop_per_second"}) {
        const char *at = strstr(text, key);
        ASSERT_NE(nullptr, at) << text;
        const double value = atof(at + strlen(key) + 2);
        EXPECT_GT(value, 0.1) << text; /* and as fast as there is no device */
        EXPECT_LT(value, 1e6) << text;
    }
    for (const char *call : {"AllocateMemory", "CreateShaderModule", "CreateComputePipelines", "QueueSubmit"}) {
        set(0, OUT_OF_HOST_MEMORY, call);
        EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, measure()) << call;
        EXPECT_EQ(0, live()) << call;
    }
}

TEST_F(VulkanFailures, LayersThatDoNotFitAreAnErrorWithFigures)
{
    limit(64 << 10, 64 << 10);
    engine.n_device_layers = 1;
    EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, live_once());
    EXPECT_NE(nullptr, strstr(error.message, "1 of the model's 3 layers")) << error.message;
    EXPECT_NE(nullptr, strstr(error.message, "of which 0 MiB are free")) << error.message;
    limit(0, 0);
}

/* As faults.c has them: how memory looks, and its types. */
enum { AS_IT_IS, HIDDEN, WINDOW, SEEN };
enum { OF_DEVICE, OF_MACHINE, OF_BOTH };

/* As on most GPUs: what the device has goes there and comes back by copies. Where the host sees a small window of it,
 * nothing large is put there; where it sees all, it writes itself, but has the device read, as that is slow over a bus.
 */
TEST_F(VulkanFailures, MemoryIsUsedAsGpusHaveIt)
{
    const std::vector<int32_t> ids = read_ids(LIBLLM_TEST_DATA "/tiny/llama.json");
    const Matrix reference = read_npy(LIBLLM_TEST_DATA "/tiny/llama.npy");
    const std::string path = ::testing::TempDir() + "vulkan-hidden.libllm";
    long n_copies[SEEN + 1] = {};
    for (const int as : {HIDDEN, WINDOW, SEEN}) {
        lay_out(as);
        set(-1, 0, "CmdCopyBuffer");
        const Handle<libllm_session> first = open_session(model.get(), engine),
                                     second = open_session(model.get(), engine);
        std::vector<float> rows;
        ASSERT_TRUE(eval_chunks(first.get(), ids, 0, 24, 8, reference.columns, &rows));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_save(first.get(), path.c_str(), &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_load(second.get(), path.c_str(), &error));
        ASSERT_TRUE(eval_chunks(second.get(), ids, 24, 40, 8, reference.columns, &rows));
        EXPECT_LE(distance(reference, rows.data()).max_abs, 1e-3);
        n_copies[as] = calls();
        EXPECT_EQ(as == SEEN, most_of(OF_DEVICE) == 0) << as;
        EXPECT_GT(most_of(as == SEEN ? OF_BOTH : OF_DEVICE), 300u << 10) << as << ": weights and KV memory";
        EXPECT_EQ(as == SEEN, most_of(OF_BOTH) > 1u << 10) << as << ": the window's heap is full";
    }
    lay_out(AS_IT_IS);
    EXPECT_GT(n_copies[HIDDEN], 30) << "each of the weights is a copy";
    EXPECT_EQ(n_copies[HIDDEN], n_copies[WINDOW]);
    EXPECT_EQ(2, n_copies[SEEN]) << "a page is read twice";
    EXPECT_EQ(0, live());
    remove(path.c_str());
}

TEST_P(VulkanFailuresOfLayers, EachAllocationThatTheDeviceRefusesIsAnErrorWithFigures)
{
    set(-1, 0, "AllocateMemory");
    ASSERT_EQ(LIBLLM_OK, live_once());
    const long n = calls();
    for (long at = 0; at < n; at++) {
        set(at, OUT_OF_DEVICE_MEMORY, "AllocateMemory");
        EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, live_once()) << at;
        EXPECT_NE(nullptr, strstr(error.message, "MiB are free")) << error.message;
        EXPECT_EQ(0, live()) << at;
    }
}

TEST_P(VulkanFailuresOfLayers, ALostDeviceIsAnErrorOfItsSessionsAlone)
{
    set(-1, 0, nullptr);
    const Handle<libllm_session> other = open_session(model.get(), engine);
    const int32_t ids[] = {1, 2, 3, 4, 5, 6, 7, 8};
    ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(other.get(), ids, 3, &error));
    std::mt19937 random(8);
    for (int i = 0; i < 25; i++) { /* of all layers, and of one */
        const Handle<libllm_session> session = open_session(model.get(), engine);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids, 2, &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids, 1, &error)); /* all is compiled */
        const char *call = random() % 2 ? "QueueSubmit" : "WaitForFences";
        const long at = static_cast<long>(random() % 12);
        set(at, DEVICE_LOST, call);
        libllm_status status = LIBLLM_OK;
        EXPECT_LT(seconds_of([&] {
                      while (!status)
                          status = libllm_session_eval(session.get(), ids, 1 + random() % 2, &error);
                  }),
                  1)
            << call << " " << at;
        EXPECT_EQ(LIBLLM_ERROR_DEVICE_LOST, status) << call << " " << at;
        set(-1, 0, nullptr);
        /* It stays lost for this session, and for no other. */
        EXPECT_EQ(LIBLLM_ERROR_DEVICE_LOST, libllm_session_eval(session.get(), ids, 1, &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_rewind(other.get(), 3, &error));
        EXPECT_EQ(LIBLLM_OK, libllm_session_eval(other.get(), ids, 1, &error)) << error.message;
    }
    EXPECT_EQ(LIBLLM_OK, live_once()) << error.message;
}

/* What was lost while an engine was made, or while something was read back, is open for no other one. */
TEST_F(VulkanFailures, ALostDeviceIsNotGivenToOthers)
{
    const std::string path = ::testing::TempDir() + "vulkan-lost.libllm";
    const int32_t ids[] = {1, 2, 3};
    lay_out(HIDDEN);
    for (const bool is_made : {false, true}) {
        set(-1, 0, nullptr);
        const Handle<libllm_session> keeps_it_open = open_session(model.get(), engine);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(keeps_it_open.get(), ids, 3, &error));
        set(is_made ? 0 : 3, DEVICE_LOST, "QueueSubmit");
        if (is_made)
            EXPECT_EQ(LIBLLM_ERROR_DEVICE_LOST, libllm_session_save(keeps_it_open.get(), path.c_str(), &error));
        else
            EXPECT_EQ(LIBLLM_ERROR_DEVICE_LOST, live_once());
        set(-1, 0, "CreateDevice");
        EXPECT_EQ(LIBLLM_OK, live_once()) << error.message;
        EXPECT_EQ(1, calls()) << "another one is opened";
    }
    lay_out(AS_IT_IS);
    EXPECT_EQ(0, live());
}

TEST_F(VulkanFailures, WhatCannotBeReadBackIsNotSaved)
{
    const std::string path = ::testing::TempDir() + "vulkan-unsaved.libllm";
    const int32_t ids[] = {1, 2, 3, 4, 5, 6, 7, 8};
    lay_out(HIDDEN);
    for (const char *name : {"tiny/llama", "tiny/lfm2", "families/mamba2"}) {
        const Handle<libllm_model> of = open_model(runtime.get(), std::string(LIBLLM_TEST_DATA "/") + name + ".gguf");
        const Handle<libllm_session> session = open_session(of.get(), engine);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids, 8, &error)) << name;
        set(-1, 0, "WaitForFences");
        ASSERT_STATUS(LIBLLM_OK, libllm_session_save(session.get(), path.c_str(), &error)) << name;
        std::filesystem::remove(path);
        set(-1, 0, "QueueSubmit");
        ASSERT_STATUS(LIBLLM_OK, libllm_session_save(session.get(), path.c_str(), &error)) << name;
        std::filesystem::remove(path);
        const long n = calls();
        ASSERT_GT(n, 0) << name;
        for (long at = 0; at < n; at++) {
            set(at, OUT_OF_DEVICE_MEMORY, "QueueSubmit");
            EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, libllm_session_save(session.get(), path.c_str(), &error)) << name;
            EXPECT_FALSE(std::filesystem::exists(path)) << name << ", call " << at;
        }
        set(-1, 0, nullptr);
        EXPECT_EQ(LIBLLM_OK, libllm_session_eval(session.get(), ids, 1, &error)) << "it is still of use";
    }
    lay_out(AS_IT_IS);
    EXPECT_EQ(0, live());
}

/* Two sessions of an engine have a prompt in common, to its last token: pages of one are copied for the other. */
TEST_F(VulkanFailures, ACopyThatFailsIsAnErrorOfItsKind)
{
    std::vector<int32_t> ids;
    for (int i = 0; i < 100; i++)
        ids.push_back(1 + i % 11);
    lay_out(HIDDEN);
    for (const int result : {OUT_OF_DEVICE_MEMORY, DEVICE_LOST}) {
        set(-1, 0, nullptr);
        libllm_engine *raw = nullptr;
        libllm_session *made = nullptr;
        engine.n_sessions = 2;
        engine.n_positions = 256;
        libllm_session_options half;
        libllm_session_options_init(&half, sizeof half);
        half.n_positions = 128;
        ASSERT_STATUS(LIBLLM_OK, libllm_engine_create(model.get(), &engine, &raw, &error));
        const Handle<libllm_engine> shared(raw);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_create(shared.get(), &half, &made, &error));
        const Handle<libllm_session> first(made);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(first.get(), ids.data(), ids.size(), &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_create(shared.get(), &half, &made, &error));
        const Handle<libllm_session> second(made);
        set(0, result, "QueueSubmit");
        for (int i = 0; i < 2; i++) /* and it stays the same */
            EXPECT_EQ(result == DEVICE_LOST ? LIBLLM_ERROR_DEVICE_LOST : LIBLLM_ERROR_OUT_OF_MEMORY,
                      libllm_session_eval(second.get(), ids.data(), 40, &error))
                << error.message;
        EXPECT_NE(nullptr, strstr(error.message, "before")) << error.message;
    }
    set(-1, 0, nullptr);
    lay_out(AS_IT_IS);
}

/* Nobody waits for ever, also not to free what a device may still be using: that is left to it. */
TEST_F(VulkanFailures, ADeviceThatDoesNotAnswerIsLeft)
{
    const int32_t ids[] = {1, 2, 3};
    set(-1, 0, nullptr);
    {
        const Handle<libllm_session> session = open_session(model.get(), engine);
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids, 3, &error));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_eval(session.get(), ids, 1, &error)); /* all is compiled */
        hang(1);
        EXPECT_LT(seconds_of([&] {
                      EXPECT_EQ(LIBLLM_ERROR_DEVICE_LOST, libllm_session_eval(session.get(), ids, 1, &error));
                      EXPECT_NE(nullptr, strstr(error.message, "has not answered")) << error.message;
                  }),
                  1);
    }
    EXPECT_GT(live(), 0);
    hang(0);
    EXPECT_EQ(LIBLLM_OK, live_once()) << error.message;
    EXPECT_EQ(0, live());
}

std::string contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(VulkanFailures, PipelinesAreKeptForTheNextProcess)
{
    std::filesystem::remove_all(cache);
    std::filesystem::create_directories(cache);
    keep_cache(1);
    set(-1, 0, nullptr);
    ASSERT_EQ(LIBLLM_OK, live_once()) << error.message;
    EXPECT_EQ(0, cached());
    std::vector<std::string> paths;
    for (const auto &entry : std::filesystem::directory_iterator(cache))
        paths.push_back(entry.path());
    ASSERT_EQ(1u, paths.size());
    const std::string &path = paths[0], good = contents(path);
    ASSERT_GT(good.size(), 5000u);

    const auto written = std::filesystem::last_write_time(path);
    ASSERT_EQ(LIBLLM_OK, live_once()) << error.message;
    EXPECT_GT(cached(), 4);
    EXPECT_EQ(written, std::filesystem::last_write_time(path)) << "there was nothing new";

    std::string of_another = good + good;
    of_another[0] ^= 1;
    for (const std::string &bad : {good.substr(0, good.size() / 2), good + good, of_another}) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
        ASSERT_EQ(LIBLLM_OK, live_once()) << error.message;
        EXPECT_EQ(0, cached());
        EXPECT_TRUE(contents(path) == good) << bad.size() << " bytes: " << contents(path).size();
    }
    std::filesystem::remove(path);
    for (long at = 0; at < 3; at++) { /* when it is made, and when it is kept: how much, and what */
        set(at, OUT_OF_HOST_MEMORY, "GetPipelineCacheData");
        EXPECT_EQ(LIBLLM_OK, live_once()) << error.message;
        EXPECT_EQ(at == 0, std::filesystem::exists(path)) << at;
        std::filesystem::remove(path);
    }
    keep_cache(0);
}

} // namespace
} // namespace golden
