/* SPDX-License-Identifier: MIT
 * The plan of every small model cut into parts, wherever it can be cut: computed by several executors one after the
 * other, results have the very bits that they have in one, and so have the pages and states.
 */
#include "timeline.h"

#include <algorithm>
#include <filesystem>

namespace golden
{
namespace
{

/* All models that can compute. */
std::vector<std::string> models()
{
    std::vector<std::string> paths;
    for (const char *folder : {"tiny", "families", "random"})
        for (const auto &entry : std::filesystem::directory_iterator(std::string(LIBLLM_TEST_DATA "/") + folder))
            if (entry.path().extension() == ".gguf" &&
                std::filesystem::exists(std::filesystem::path(entry.path()).replace_extension(".npy")))
                paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

class Split : public ::testing::TestWithParam<std::string>
{
  protected:
    void SetUp() override
    {
        ll_host_init(&host);
        ASSERT_EQ(LIBLLM_OK, ll_team_create(&host, 1, true, &team, &error));
        ASSERT_EQ(LIBLLM_OK, ll_model_open(&host, GetParam().c_str(), LIBLLM_LOAD_MAP, &model, &error))
            << error.message;
        n_layers = ll_plan_layers(model, model->is_encoder);
    }
    void TearDown() override
    {
        ll_model_close(model);
        ll_team_free(team);
    }

    void expect_same(const std::vector<uint32_t> &borders) const
    {
        SCOPED_TRACE(::testing::PrintToString(borders));
        Timeline whole(&host, team, model, {}), split(&host, team, model, borders), other(&host, team, model, borders);
        if (model->n_encoder_layers) {
            whole.eval(9, true);
            split.eval(9, true);
        }
        for (uint32_t n : {7u, 1u}) /* of an encoder, texts of their own */
            EXPECT_EQ(whole.eval(n), split.eval(n));
        if (model->n_encoder_layers || model->is_encoder)
            return;
        EXPECT_EQ(whole.page(), split.page());
        EXPECT_EQ(whole.state(), split.state());
        other.take(whole);
        EXPECT_EQ(whole.eval(3), other.eval(3));
    }

    ll_host host;
    ll_team *team = nullptr;
    ll_model *model = nullptr;
    uint32_t n_layers = 0;
    libllm_error error = {};
};

TEST_P(Split, GivesTheSameBitsWhereverTheBordersAre)
{
    ASSERT_TRUE(model->family);
    for (uint32_t i = 0; i <= n_layers; i++) /* the embedding alone, and what makes rows of x alone, among them */
        expect_same({i});
    expect_same({0, n_layers / 2, n_layers});
}

INSTANTIATE_TEST_SUITE_P(Models, Split, ::testing::ValuesIn(models()),
                         [](const ::testing::TestParamInfo<std::string> &info) {
                             std::string name = std::filesystem::path(info.param).parent_path().filename().string() +
                                                "_" + std::filesystem::path(info.param).stem().string();
                             std::replace_if(
                                 name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
                             return name;
                         });

/* --- A device that has room for some layers ----------------------------------------------------------------------- */

/* The processor, as a device with memory for so many layers. */
struct Small {
    static libllm_status create(const ll_host *host, ll_team *team, uint32_t features, const ll_model *model,
                                const ll_executor_options *options, ll_executor **out, libllm_error *error)
    {
        ll_executor_options own = *options;
        const uint32_t n = ll_plan_layers(model, options->hidden_states) - own.part.n_before;
        *out = nullptr;
        if (room < (own.n_least ? own.n_least : n))
            return LIBLLM_ERROR_OUT_OF_MEMORY;
        if (room < n) {
            own.part.n_before += n - room;
            own.part.receives = true;
        }
        taken = own.part;
        return ll_backend_cpu.create(host, team, features, model, &own, out, error);
    }
    static ll_plan_part part(const ll_executor *) { return taken; }

    static uint32_t room;
    static ll_plan_part taken;
};
uint32_t Small::room;
ll_plan_part Small::taken;

/* Counts what is not given back, and gives nothing when its turn comes. */
struct Allocator {
    static void *allocate(void *data, size_t size, size_t alignment)
    {
        auto *self = static_cast<Allocator *>(data);
        void *memory = nullptr;
        if (self->left-- != 0 && posix_memalign(&memory, std::max(alignment, sizeof(void *)), size) != 0)
            return nullptr;
        self->live += memory != nullptr;
        return memory;
    }
    static void release(void *data, void *memory)
    {
        static_cast<Allocator *>(data)->live -= memory != nullptr;
        free(memory);
    }
    long left = -1, live = 0;
};

TEST(Place, TheDeviceHasWhatFitsAndTheProcessorTheRest)
{
    Allocator allocator;
    ll_host host, plain;
    ll_host_init(&host);
    ll_host_init(&plain);
    host.allocate = Allocator::allocate;
    host.release = Allocator::release;
    host.allocator_user_data = &allocator;
    ll_team *team = nullptr;
    ll_model *model = nullptr;
    libllm_error error = {};
    ASSERT_EQ(LIBLLM_OK, ll_team_create(&plain, 1, true, &team, &error));
    ASSERT_EQ(LIBLLM_OK, ll_model_open(&plain, LIBLLM_TEST_DATA "/tiny/llama.gguf", LIBLLM_LOAD_MAP, &model, &error));
    ll_backend device = ll_backend_cpu;
    device.create = Small::create;
    device.part = Small::part;
    ll_executor_options options = {};
    options.n_batch = 4;
    options.n_pages = 1;
    options.n_positions = 64;
    options.kv_type = LIBLLM_KV_F32;
    const uint32_t all = ll_plan_layers(model, false);
    for (uint32_t room = 0; room <= all; room++)
        for (uint32_t wanted = 0; wanted <= all; wanted++) { /* 0: as many as fit */
            Small::room = room;
            ll_placed placed;
            const libllm_status status =
                ll_backend_place(&device, &host, team, 0, model, &options, wanted, &placed, &error);
            ASSERT_EQ(wanted > room ? LIBLLM_ERROR_OUT_OF_MEMORY : LIBLLM_OK, status) << wanted << " of " << room;
            if (!status) {
                EXPECT_EQ(wanted ? wanted : room, placed.n_device_layers);
                placed.backend->free(placed.executor);
            }
            ASSERT_EQ(0, allocator.live);
        }
    Small::room = 1;
    libllm_status status = LIBLLM_ERROR_OUT_OF_MEMORY;
    for (long i = 0; status; i++) {
        ll_placed placed;
        allocator.left = i;
        status = ll_backend_place(&device, &host, team, 0, model, &options, 1, &placed, &error);
        if (!status)
            placed.backend->free(placed.executor);
        else
            ASSERT_EQ(LIBLLM_ERROR_OUT_OF_MEMORY, status);
        ASSERT_EQ(0, allocator.live) << "allocation " << i << " failed";
    }
    ll_model_close(model);
    ll_team_free(team);
}

} // namespace
} // namespace golden
