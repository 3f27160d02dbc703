/* SPDX-License-Identifier: MIT
 * The order of what is recorded: no dispatch depends on another without a barrier between, each barrier is there for a
 * reason, and no more of them, or of dispatches, are made than the layers of a model need; and the parts in which it is
 * submitted.
 */
#include "device.h"

#include <algorithm>
#include <dlfcn.h>

extern "C" {
#include "backend/backend.h"
#include "backend/vulkan/hazards.h"
}

namespace vulkan
{
namespace
{

TEST(VulkanHazards, AreFoundBetweenDispatches)
{
    const ll_vk_event barrier = {true, nullptr, 0, 0, 0};
    const ll_vk_event writes = {false, "a", 0, 1, 0}, reads = {false, "b", 1, 2, 0}, other = {false, "c", 4, 8, 0};
    const std::vector<std::pair<std::vector<ll_vk_event>, size_t>> cases = {
        {{writes, barrier, reads}, 3},
        {{writes, reads}, 1},
        {{writes, other}, 2},
        {{reads, writes}, 1},
        {{writes, writes}, 1},
        {{reads, other, writes}, 2},
        {{reads, barrier, writes, barrier}, 4},
        {{writes, barrier, other, reads, reads}, 4},
    };
    for (size_t i = 0; i < cases.size(); i++)
        EXPECT_EQ(cases[i].second, ll_vk_find_hazard(cases[i].first.data(), cases[i].first.size())) << "case " << i;
}

struct Batch {
    const char *file;
    uint32_t n_tokens;
    size_t of_layer; /* dispatches, and barriers no more, at most */
    size_t besides;  /* of the embedding and the rows */
};

class VulkanOrder : public ::testing::TestWithParam<Batch>
{
};

bool never(void *) { return false; }

/* A model on the device, with memory for one timeline. */
struct Computed {
    static constexpr uint32_t N_PAGES = 4;

    explicit Computed(const std::string &file, const char *library = nullptr)
    {
        ll_host_init(&host);
        EXPECT_EQ(LIBLLM_OK,
                  ll_model_open(&host, (LIBLLM_TEST_DATA "/" + file).c_str(), LIBLLM_LOAD_MAP, &model, &error));
        ll_executor_options options = {};
        options.n_batch = 16;
        options.n_pages = N_PAGES;
        options.n_positions = N_PAGES * LL_PAGE_POSITIONS;
        options.kv_type = LIBLLM_KV_F32;
        options.device_index = LL_DEVICE_ANY;
        options.files.vulkan_library = library;
        EXPECT_EQ(LIBLLM_OK, vulkan->create(&host, nullptr, 0, model, &options, &executor, &error)) << error.message;
        for (ll_state *&state : states)
            state = ll_state_bytes(model) ? vulkan->state_create(executor) : nullptr;
    }
    ~Computed()
    {
        for (ll_state *state : states)
            vulkan->state_free(executor, state);
        vulkan->free(executor);
        ll_model_close(model);
    }
    Computed(const Computed &) = delete;
    Computed &operator=(const Computed &) = delete;

    /* The row of the last of n tokens, which are submitted in parts of so much work, and what was recorded for it. */
    std::vector<float> run(uint64_t position, uint32_t n, uint64_t flops_of_part = 0)
    {
        events.resize(65536);
        ll_vk_trace trace = {events.data(), 0, events.size(), flops_of_part};
        ll_vk_set_trace(executor, &trace);
        std::vector<float> logits(model->n_vocab);
        std::vector<int32_t> tokens;
        for (uint32_t i = 0; i < n; i++)
            tokens.push_back(static_cast<int32_t>(5 + (position + i) % 7));
        const uint32_t pages[N_PAGES] = {0, 1, 2, 3};
        ll_run run = {};
        run.tokens = tokens.data();
        run.n_tokens = n;
        run.position = position;
        run.pages = pages;
        run.logits = logits.data();
        run.state = states[position / 16 % 2];
        run.next_state = states[(position / 16 + 1) % 2];
        ll_batch batch = {};
        batch.runs = &run;
        batch.n_runs = 1;
        batch.cancelled = never;
        EXPECT_EQ(LIBLLM_OK, vulkan->run(executor, &batch, &error)) << error.message;
        EXPECT_LE(trace.n, events.size());
        events.resize(trace.n);
        return logits;
    }

    size_t count(const char *name) const
    {
        return static_cast<size_t>(std::count_if(events.begin(), events.end(), [&](const ll_vk_event &event) {
            return event.name && strcmp(event.name, name) == 0;
        }));
    }

    ll_host host;
    libllm_error error = {};
    ll_model *model = nullptr;
    const ll_backend *vulkan = &ll_backend_vulkan;
    ll_executor *executor = nullptr;
    ll_state *states[2] = {};
    std::vector<ll_vk_event> events;
};

TEST_P(VulkanOrder, EachBarrierIsNeededAndNoneIsMissing)
{
    std::string why;
    if (count_devices(&why) == 0)
        GTEST_SKIP() << why;
    Computed computed(GetParam().file);
    const std::vector<float> whole = computed.run(0, GetParam().n_tokens);
    const std::vector<ll_vk_event> &events = computed.events;
    EXPECT_EQ(events.size(), ll_vk_find_hazard(events.data(), events.size()));
    size_t n_barriers = 0, n_dispatches = 0;
    for (size_t i = 1; i < events.size(); i++) { /* the first one is for what ran before */
        n_dispatches += !events[i].is_barrier;
        n_barriers += events[i].is_barrier;
        /* One at the beginning of a submission stands behind nothing, or behind another's end. */
        if (!events[i].is_barrier || i + 1 == events.size())
            continue;
        std::vector<ll_vk_event> without = events;
        without.erase(without.begin() + static_cast<ptrdiff_t>(i));
        EXPECT_LT(ll_vk_find_hazard(without.data(), without.size()), without.size()) << "barrier " << i;
    }
    const size_t most = GetParam().of_layer * computed.model->n_layers + GetParam().besides;
    EXPECT_LE(n_dispatches, most) << n_barriers << " barriers";
    EXPECT_LE(n_barriers, most) << n_dispatches << " dispatches";

    /* However little a submission is to have, it is no more than that, or a workgroup; and all of it is computed. */
    for (const uint64_t of_part : {20000u, 1000u}) {
        EXPECT_EQ(whole, computed.run(0, GetParam().n_tokens, of_part));
        EXPECT_EQ(events.size(), ll_vk_find_hazard(events.data(), events.size()));
        EXPECT_GT(std::count_if(events.begin(), events.end(), [](const ll_vk_event &e) { return !e.is_barrier; }),
                  static_cast<ptrdiff_t>(n_dispatches))
            << "cut";
        for (const ll_vk_event &event : events)
            EXPECT_LE(event.flops, of_part == 20000 ? 20000u : 12000u) << event.name;
    }
}

/* A recording is for few positions as for many; how long it takes is not. */
TEST(VulkanParts, ARecordingIsNotSubmittedWholeOnceItTakesTooLong)
{
    std::string why;
    if (count_devices(&why) == 0)
        GTEST_SKIP() << why;
    Computed computed("tiny/llama.gguf");
    computed.run(0, 1);
    uint64_t flops = 0;
    for (const ll_vk_event &event : computed.events)
        flops += event.flops;
    computed.run(1, 1, flops + flops / 50);
    EXPECT_EQ(0u, computed.events.size()) << "recorded before";
    for (uint32_t i = 2; i < 242; i += 16)
        computed.run(i, 16);
    computed.run(242, 1, flops + flops / 50);
    EXPECT_GT(computed.events.size(), 0u) << "in parts";
}

/* Tiles of two matrices at once need more than the 16 KiB that each device has. */
TEST(VulkanParts, TilesAreForDevicesThatHaveRoomForThem)
{
    std::string why;
    if (count_devices(&why) == 0)
        GTEST_SKIP() << why;
    void *library = dlopen(LIBLLM_FAULTS, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(nullptr, library) << dlerror();
    const auto call_it_gpu = reinterpret_cast<void (*)(int)>(dlsym(library, "faults_call_it_gpu"));
    const auto shared_memory = reinterpret_cast<void (*)(int)>(dlsym(library, "faults_shared_memory"));
    call_it_gpu(1);
    size_t n_tiles[2];
    std::vector<float> rows[2];
    for (const int bytes : {32768, 16384}) {
        shared_memory(bytes);
        Computed computed("tiny/llama.gguf", LIBLLM_FAULTS);
        rows[bytes == 16384] = computed.run(0, 16);
        n_tiles[bytes == 16384] = computed.count("matmul");
    }
    shared_memory(0);
    call_it_gpu(0);
    EXPECT_GT(n_tiles[0], n_tiles[1]) << "of gated products";
    EXPECT_GT(n_tiles[1], 0u) << "of others";
    for (size_t i = 0; i < rows[0].size(); i++)
        EXPECT_NEAR(rows[0][i], rows[1][i], 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Models, VulkanOrder,
                         ::testing::Values(Batch{"tiny/llama.gguf", 1, 5, 3}, Batch{"tiny/llama.gguf", 12, 6, 3},
                                           Batch{"tiny/qwen2moe.gguf", 1, 11, 3},
                                           Batch{"tiny/deepseek2.gguf", 1, 16, 3}, Batch{"tiny/lfm2.gguf", 1, 5, 3},
                                           Batch{"families/mamba2.gguf", 1, 7, 3}));

} // namespace
} // namespace vulkan
