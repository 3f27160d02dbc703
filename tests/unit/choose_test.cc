/* SPDX-License-Identifier: MIT
 * Which device `auto` stands for: a GPU that is described here, where it is expected to be faster.
 */
#include "../golden/golden.h"

extern "C" {
#include "estimate/choose.h"
}

namespace
{

constexpr double GB = 1e9;
constexpr uint64_t GIB = 1ull << 30;

struct Choose : ::testing::Test {
    void SetUp() override
    {
        ll_host_init(&host);
        tables.store = ll_table_store_create(&host);
        ASSERT_NE(nullptr, tables.store);
    }
    void TearDown() override { ll_table_store_free(tables.store); }

    static ll_device_info gpu(const char *name, uint64_t available, bool shares = false)
    {
        ll_device_info info = {};
        snprintf(info.name, sizeof info.name, "%s", name);
        info.memory_bytes = info.available_bytes = available;
        info.is_accelerator = true;
        info.shares_memory = shares;
        return info;
    }
    double bandwidth(const char *name, bool shares = false) const
    {
        const ll_device_info info = gpu(name, 8 * GIB, shares);
        return ll_gpu_bandwidth(&tables, &info, 90 * GB);
    }
    /* How many times faster than the processor. */
    double advantage(const ll_device_info &info, const ll_token_cost &cost, uint32_t n_threads) const
    {
        const double cpu = ll_cpu_bandwidth(n_threads);
        return ll_cpu_token_seconds(&cost, cpu) /
               ll_token_seconds(&cost, &info, ll_gpu_bandwidth(&tables, &info, cpu), cpu);
    }

    ll_host host;
    ll_tables tables = {};
};

TEST_F(Choose, NamesOfDriversAreFoundInTheTable)
{
    EXPECT_NEAR(1008 * GB, bandwidth("NVIDIA GeForce RTX 4090 (discrete GPU)"), 20 * GB);
    EXPECT_NEAR(960 * GB, bandwidth("AMD Radeon RX 7900 XTX (RADV NAVI31) (discrete GPU)"), 20 * GB);
    EXPECT_NEAR(4800 * GB, bandwidth("NVIDIA H200 (discrete GPU)"), 100 * GB);
    EXPECT_NEAR(300 * GB, bandwidth("NVIDIA L4 (discrete GPU)"), 10 * GB) << "which L40 is not";
    EXPECT_NEAR(456 * GB, bandwidth("Intel(R) Arc(tm) B580 Graphics (BMG G21) (discrete GPU)"), 10 * GB);
}

TEST_F(Choose, OtherGpusHaveWhatTheirKindHasAtLeast)
{
    EXPECT_NEAR(190 * GB, bandwidth("NVIDIA GeForce GTX 1650 (discrete GPU)"), GB);
    EXPECT_EQ(90 * GB, bandwidth("Intel(R) UHD Graphics 630 (CFL GT2) (integrated GPU)", true)) << "the processor's";
    EXPECT_EQ(90 * GB, bandwidth("", true));
}

TEST_F(Choose, WhatIsExpectedToBeFaster)
{
    const ll_token_cost large = {5 * GIB, 6 * GIB, 32}, tiny = {20 << 20, 40 << 20, 18};
    const ll_device_info discrete = gpu("NVIDIA GeForce RTX 4090 (discrete GPU)", 22 * GIB);
    const ll_device_info integrated = gpu("AMD Radeon 780M (RADV GFX1103_R1) (integrated GPU)", 30 * GIB, true);
    EXPECT_GT(advantage(discrete, large, 8), 3);
    EXPECT_LT(advantage(integrated, large, 8), 1) << "it reads the same memory";
    EXPECT_LT(advantage(discrete, tiny, 8), 1) << "starting the work takes longer than the work";
    EXPECT_LT(advantage(gpu("NVIDIA GeForce GTX 1650 (discrete GPU)", 3 * GIB), large, 96), 1) << "of a large server";
    EXPECT_GT(advantage(gpu("NVIDIA GeForce GTX 1650 (discrete GPU)", 3 * GIB), large, 6), 1);
    /* What has no room there is read by the processor. */
    ll_device_info full = discrete;
    full.available_bytes = 3 * GIB;
    EXPECT_LT(advantage(full, large, 8), advantage(discrete, large, 8));
    EXPECT_GT(advantage(full, large, 8), 1);
    full.available_bytes = 0;
    EXPECT_NEAR(1, advantage(full, large, 8), 1e-9);
}

/* Where there is no GPU, as on most machines that run this, it is the processor; a driver for it is never chosen. */
TEST(Auto, IsNeverAProcessorByAnotherName)
{
    using namespace golden;
    const Handle<libllm_runtime> runtime = make_runtime(1);
    const Handle<libllm_model> model = open_model(runtime.get(), LIBLLM_TEST_DATA "/tiny/llama.gguf");
    libllm_engine_options options = engine_options(8, 64);
    EXPECT_STREQ("cpu", libllm_session_device(open_session(model.get(), options).get())) << "NULL";
    options.device = "auto";
    EXPECT_STREQ("cpu", libllm_session_device(open_session(model.get(), options).get())) << "it is tiny";
    EXPECT_STREQ("", libllm_session_device(nullptr));
    options.deterministic = 1;
    const Handle<libllm_session> session = open_session(model.get(), options);
    EXPECT_STREQ("cpu", libllm_session_device(session.get()));
    EXPECT_EQ(3u, libllm_session_device_layers(session.get()));
}

} // namespace
