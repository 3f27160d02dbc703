/* SPDX-License-Identifier: MIT
 * The order of what is recorded: no dispatch depends on another without a barrier between, each barrier is there for a
 * reason, and no more of them, or of dispatches, are made than the layers of a model need.
 */
#include "device.h"

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
    const ll_vk_event barrier = {true, nullptr, 0, 0};
    const ll_vk_event writes = {false, "a", 0, 1}, reads = {false, "b", 1, 2}, other = {false, "c", 4, 8};
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

TEST_P(VulkanOrder, EachBarrierIsNeededAndNoneIsMissing)
{
    std::string why;
    if (count_devices(&why) == 0)
        GTEST_SKIP() << why;
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {};
    ll_model *model = nullptr;
    const std::string path = std::string(LIBLLM_TEST_DATA "/") + GetParam().file;
    ASSERT_EQ(LIBLLM_OK, ll_model_open(&host, path.c_str(), LIBLLM_LOAD_MAP, &model, &error)) << error.message;
    ll_executor_options options = {};
    options.n_batch = 16;
    options.n_pages = 1;
    options.n_positions = 64;
    options.kv_type = LIBLLM_KV_F32;
    options.device_index = LL_DEVICE_ANY;
    ll_executor *executor = nullptr;
    const ll_backend *vulkan = &ll_backend_vulkan;
    ASSERT_EQ(LIBLLM_OK, vulkan->create(&host, nullptr, 0, model, &options, &executor, &error)) << error.message;
    std::vector<ll_vk_event> events(4096);
    ll_vk_trace trace = {events.data(), 0, events.size()};
    ll_vk_set_trace(executor, &trace);

    std::vector<float> logits(model->n_vocab);
    const std::vector<int32_t> tokens(GetParam().n_tokens, 5);
    const uint32_t page = 0;
    ll_run run = {};
    run.tokens = tokens.data();
    run.n_tokens = GetParam().n_tokens;
    run.pages = &page;
    run.logits = logits.data();
    run.next_state = ll_state_bytes(model) ? vulkan->state_create(executor) : nullptr;
    ll_batch batch = {};
    batch.runs = &run;
    batch.n_runs = 1;
    batch.cancelled = never;
    EXPECT_EQ(LIBLLM_OK, vulkan->run(executor, &batch, &error)) << error.message;
    ASSERT_LE(trace.n, events.size());
    events.resize(trace.n);

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
    const size_t most = GetParam().of_layer * model->n_layers + GetParam().besides;
    EXPECT_LE(n_dispatches, most) << n_barriers << " barriers";
    EXPECT_LE(n_barriers, most) << n_dispatches << " dispatches";
    vulkan->state_free(executor, run.next_state);
    vulkan->free(executor);
    ll_model_close(model);
}

INSTANTIATE_TEST_SUITE_P(Models, VulkanOrder,
                         ::testing::Values(Batch{"tiny/llama.gguf", 1, 5, 3}, Batch{"tiny/llama.gguf", 12, 6, 3},
                                           Batch{"tiny/qwen2moe.gguf", 1, 11, 3},
                                           Batch{"tiny/deepseek2.gguf", 1, 16, 3}, Batch{"tiny/lfm2.gguf", 1, 5, 3},
                                           Batch{"families/mamba2.gguf", 1, 7, 3}));

} // namespace
} // namespace vulkan
