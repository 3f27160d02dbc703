// SPDX-License-Identifier: MIT
// The BLAS device with a library of our own: when it is called, how, with how many threads; and what is said without
// one. tests/golden compares the device with the references.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "../golden/golden.h"

namespace
{

using golden::engine_options;
using golden::Handle;
using golden::open_model;

const std::string data = LIBLLM_TEST_DATA;

Handle<libllm_runtime> runtime_with(const char *library, uint32_t n_threads = 2)
{
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = n_threads;
    options.fixed_threads = 1;
    std::string copied = library; // the runtime has its own
    options.blas_library = copied.c_str();
    libllm_runtime *runtime = nullptr;
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_create(&options, &runtime, nullptr));
    return Handle<libllm_runtime>(runtime);
}

/* What a runtime says of this device. */
std::string described(const libllm_runtime *runtime)
{
    std::string devices(8192, '\0');
    size_t n = 0;
    EXPECT_EQ(LIBLLM_OK, libllm_runtime_devices(runtime, &devices[0], devices.size(), &n, nullptr));
    devices.resize(n);
    const size_t begin = devices.find("{\"id\":\"blas\"");
    EXPECT_NE(std::string::npos, begin) << devices;
    return begin == std::string::npos ? "" : devices.substr(begin, devices.find('}', begin) - begin + 1);
}

class Blas : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        fake = dlopen(LIBLLM_FAKE_BLAS, RTLD_NOW);
        ASSERT_NE(nullptr, fake) << dlerror();
        for (const char *name : {"fake_calls", "fake_calls_with_threads", "fake_wrong_calls", "fake_errs"})
            counter(name) = 0;
        runtime = runtime_with(LIBLLM_FAKE_BLAS);
    }
    void TearDown() override { dlclose(fake); }

    int &counter(const char *name) { return *static_cast<int *>(dlsym(fake, name)); }
    int library_threads() { return reinterpret_cast<int (*)()>(dlsym(fake, "openblas_get_num_threads"))(); }

    std::vector<float> logits_of(const char *device, const std::string &file, size_t n, uint32_t deterministic = 0)
    {
        const Handle<libllm_model> model = open_model(runtime.get(), file);
        libllm_engine_options options = engine_options(64, 128);
        options.device = device;
        options.deterministic = deterministic;
        options.kv_type = LIBLLM_KV_F32;
        const Handle<libllm_session> session = golden::open_session(model.get(), options);
        std::vector<int32_t> tokens(n);
        for (size_t i = 0; i < n; i++)
            tokens[i] = static_cast<int32_t>(3 + 7 * i % 40);
        libllm_model_info info = {};
        info.struct_size = sizeof info;
        EXPECT_EQ(LIBLLM_OK, libllm_model_get_info(model.get(), &info, &error));
        std::vector<float> logits;
        if (session) {
            EXPECT_TRUE(golden::eval_chunks(session.get(), tokens, 0, n, n, info.n_vocab, &logits));
        }
        return logits;
    }

    void *fake = nullptr;
    Handle<libllm_runtime> runtime;
    libllm_error error = {};
};

TEST_F(Blas, MultipliesManyColumnsThroughTheLibrary)
{
    for (const char *name : {"/tiny/llama.gguf", "/tiny/qwen2.gguf", "/random/gemma3-kquants.gguf"}) {
        const int before = counter("fake_calls");
        const std::vector<float> with = logits_of("blas", data + name, 40);
        EXPECT_GT(counter("fake_calls"), before + 10) << name;
        const std::vector<float> without = logits_of("cpu", data + name, 40);
        ASSERT_EQ(without.size(), with.size());
        const golden::Matrix reference = {1, without.size(), without};
        EXPECT_LE(golden::distance(reference, with.data()).relative_rms, 0.06)
            << name << ": activations of 8 bits there";
    }
    EXPECT_EQ(0, counter("fake_wrong_calls"));
}

TEST_F(Blas, LeavesFewColumnsAndDeterministicEnginesToTheRowKernels)
{
    const std::string file = data + "/tiny/llama.gguf";
    EXPECT_EQ(logits_of("cpu", file, 8), logits_of("blas", file, 8));
    EXPECT_EQ(logits_of("cpu", file, 40, 1), logits_of("blas", file, 40, 1));
    EXPECT_EQ(0, counter("fake_calls"));
    EXPECT_FALSE(logits_of(nullptr, file, 40).empty());
    EXPECT_EQ(0, counter("fake_calls")) << "cpu is the default";
}

TEST_F(Blas, HasOneThreadOfTheLibraryAndPutsItsNumberBack)
{
    ASSERT_EQ(3, library_threads());
    logits_of("blas", data + "/tiny/llama.gguf", 40);
    EXPECT_GT(counter("fake_calls"), 0);
    EXPECT_EQ(0, counter("fake_calls_with_threads"));
    EXPECT_EQ(3, library_threads());
}

TEST_F(Blas, IsRefusedWhereTheLibraryIsNoBlas)
{
    const struct {
        const char *library, *said;
    } cases[] = {{"/no/such/library.so", "/no/such/library.so"},
                 {"libm.so.6", "has no function cblas_sgemm"},
                 {LIBLLM_FAKE_BLAS_64, "64 bits"}};
    for (const auto &one : cases) {
        const Handle<libllm_runtime> other = runtime_with(one.library);
        const Handle<libllm_model> model = open_model(other.get(), data + "/tiny/llama.gguf");
        libllm_engine_options options = engine_options(16, 64);
        options.device = "blas";
        libllm_engine *engine = nullptr;
        EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, libllm_engine_create(model.get(), &options, &engine, &error));
        EXPECT_EQ(nullptr, engine);
        EXPECT_NE(nullptr, strstr(error.message, one.said)) << error.message;
        const std::string devices = described(other.get());
        EXPECT_NE(std::string::npos, devices.find("\"available\":false")) << devices;
        EXPECT_NE(std::string::npos, devices.find(one.said)) << devices;
    }
}

TEST_F(Blas, IsListedWithTheConfigurationOfTheLibrary)
{
    const std::string devices = described(runtime.get());
    EXPECT_NE(std::string::npos, devices.find("\"id\":\"blas\",\"kind\":\"blas\",\"name\":\"OpenBLAS of the tests\""))
        << devices;
    EXPECT_EQ(std::string::npos, devices.find("\"available\":false")) << devices;
    EXPECT_EQ(std::string::npos, devices.find("reason")) << devices;
}

TEST_F(Blas, SaysHowToGetALibrary)
{
    libllm_runtime *raw = nullptr;
    ASSERT_EQ(LIBLLM_OK, libllm_runtime_create(nullptr, &raw, &error));
    const Handle<libllm_runtime> plain(raw);
    const std::string devices = described(plain.get());
    if (devices.find("\"available\":false") == std::string::npos)
        GTEST_SKIP() << "a BLAS library is installed";
    EXPECT_NE(std::string::npos, devices.find("apt install libopenblas0-pthread")) << devices;
}

TEST_F(Blas, AnUnknownDeviceIsNotFound)
{
    const Handle<libllm_model> model = open_model(runtime.get(), data + "/tiny/llama.gguf");
    for (const char *device : {"tpu", "", "CPU"}) {
        libllm_engine_options options = engine_options(16, 64);
        options.device = device;
        libllm_engine *engine = nullptr;
        EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, libllm_engine_create(model.get(), &options, &engine, &error)) << device;
        EXPECT_NE(nullptr, strstr(error.message, "expected \"cpu\", \"blas\", ")) << error.message;
    }
}

struct Memory {
    long fail_at = -1, count = 0, live = 0;
    static void *allocate(void *self, size_t size, size_t alignment)
    {
        auto *m = static_cast<Memory *>(self);
        if (__atomic_fetch_add(&m->count, 1, __ATOMIC_SEQ_CST) == m->fail_at)
            return nullptr;
        void *memory = nullptr;
        if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) == 0)
            __atomic_fetch_add(&m->live, 1, __ATOMIC_SEQ_CST);
        return memory;
    }
    static void release(void *self, void *memory)
    {
        __atomic_fetch_sub(&static_cast<Memory *>(self)->live, 1, __ATOMIC_SEQ_CST);
        free(memory);
    }
};

libllm_status make_engine(Memory *memory)
{
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = 1;
    options.allocate = Memory::allocate;
    options.release = Memory::release;
    options.allocator_user_data = memory;
    options.blas_library = LIBLLM_FAKE_BLAS;
    libllm_engine_options engine = engine_options(16, 64);
    engine.device = "blas";
    libllm_runtime *r = nullptr;
    libllm_model *m = nullptr;
    libllm_engine *e = nullptr;
    libllm_status status = libllm_runtime_create(&options, &r, nullptr);
    if (!status)
        status = libllm_model_open(r, (data + "/tiny/llama.gguf").c_str(), nullptr, &m, nullptr);
    if (!status)
        status = libllm_engine_create(m, &engine, &e, nullptr);
    libllm_engine_free(e);
    libllm_model_free(m);
    libllm_runtime_free(r);
    return status;
}

TEST_F(Blas, EveryAllocationFailedInTurn)
{
    Memory good;
    ASSERT_EQ(LIBLLM_OK, make_engine(&good));
    EXPECT_EQ(0, good.live);
    for (long i = 0; i < good.count; i++) {
        Memory bad;
        bad.fail_at = i;
        EXPECT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, make_engine(&bad)) << "allocation " << i << " of " << good.count;
        ASSERT_EQ(0, bad.live) << "allocation " << i << " failed and something leaked";
    }
}

TEST_F(Blas, WhatComputesWronglyIsFoundByTheSelfTest)
{
    for (const int errs : {0, 1}) {
        counter("fake_errs") = errs;
        std::string report(32768, '\0');
        size_t n = 0;
        libllm_error error = {};
        ASSERT_EQ(LIBLLM_OK, libllm_runtime_self_test(runtime.get(), "blas", &report[0], report.size(), &n, &error))
            << error.message;
        report.resize(n);
        EXPECT_EQ(errs == 0, report.find("\"passed\":false") == std::string::npos) << report;
        EXPECT_NE(std::string::npos, report.find(R"("part":"F16")")) << report;
    }
    EXPECT_LT(0, counter("fake_calls"));
}

} // namespace
