/* SPDX-License-Identifier: MIT
 * A timeline of tokens on executors that have a part of the layers each.
 */
#ifndef TESTS_UNIT_TIMELINE_H
#define TESTS_UNIT_TIMELINE_H

#include "../golden/golden.h"

extern "C" {
#include "backend/split/split.h"
}

namespace golden
{

inline bool never(void *) { return false; }

/* One timeline on an executor. */
struct Timeline {
    /* Parts between the borders, each on its backend, or all on the processor. */
    Timeline(const ll_host *host, ll_team *team, const ll_model *model, const std::vector<uint32_t> &borders,
             const std::vector<const ll_backend *> &backends = {})
        : model(model)
    {
        options.n_batch = N_TOKENS;
        options.n_pages = 3;
        options.n_positions = 64;
        options.kv_type = LIBLLM_KV_F32;
        options.device_index = LL_DEVICE_ANY;
        options.hidden_states = model->is_encoder;
        n_row = options.hidden_states ? model->n_embd : model->n_vocab;
        const uint32_t all = ll_plan_layers(model, options.hidden_states);
        std::vector<ll_split_part> parts;
        for (size_t i = 0; i <= borders.size(); i++) {
            ll_split_part part = {};
            part.backend = backends.empty() ? &ll_backend_cpu : backends[i];
            part.first_layer = i ? borders[i - 1] : 0;
            part.end_layer = i < borders.size() ? borders[i] : all;
            ll_executor_options of_part = options;
            of_part.part.n_before = part.first_layer;
            of_part.part.n_behind = all - part.end_layer;
            of_part.part.receives = i > 0;
            of_part.part.hands_on = i < borders.size();
            EXPECT_EQ(LIBLLM_OK, part.backend->create(host, team, 0, model, &of_part, &part.executor, &error))
                << error.message;
            parts.push_back(part);
        }
        if (borders.empty())
            executor = parts[0].executor;
        else
            EXPECT_EQ(LIBLLM_OK,
                      ll_split_create(host, model, N_TOKENS, parts.data(), parts.size(), &backend, &executor, &error));
        for (ll_state *&state : states)
            state = ll_state_bytes(model) ? backend->state_create(executor) : nullptr;
    }

    ~Timeline()
    {
        for (ll_state *state : states)
            backend->state_free(executor, state);
        backend->free(executor);
    }
    Timeline(const Timeline &) = delete;
    Timeline &operator=(const Timeline &) = delete;

    /* Rows of the next n tokens. */
    std::vector<float> eval(uint32_t n, bool encodes = false)
    {
        std::vector<int32_t> tokens(n);
        for (uint32_t i = 0; i < n; i++)
            tokens[i] = static_cast<int32_t>((position + i) * 7 % 50 + 3);
        std::vector<float> rows(encodes ? 0 : n * n_row);
        const uint32_t page = 0, source = 1;
        ll_run run = {};
        run.tokens = tokens.data();
        run.n_tokens = n;
        run.position = position;
        run.pages = encodes ? &source : &page;
        run.source_pages = &source;
        run.n_source = n_source;
        run.state = states[current];
        run.next_state = states[current ^ 1];
        run.logits = encodes ? nullptr : rows.data();
        run.all_logits = true;
        ll_batch batch = {};
        batch.runs = &run;
        batch.n_runs = 1;
        batch.encodes = encodes;
        batch.cancelled = never;
        EXPECT_EQ(LIBLLM_OK, backend->run(executor, &batch, &error)) << error.message;
        current ^= encodes ? 0 : 1;
        n_source = encodes ? n : n_source;
        position += encodes ? 0 : n;
        return rows;
    }

    std::vector<uint8_t> page() const
    {
        std::vector<uint8_t> bytes(backend->page_bytes(executor) + 1); /* some, also where there is no attention */
        EXPECT_EQ(LIBLLM_OK, backend->read_page(executor, {0, LL_NO_PAGE}, static_cast<uint32_t>(position),
                                                bytes.data(), nullptr));
        return bytes;
    }
    std::vector<uint8_t> state() const
    {
        std::vector<uint8_t> bytes(ll_state_bytes(model) + 1);
        if (states[current]) {
            EXPECT_EQ(LIBLLM_OK, backend->read_state(executor, states[current], bytes.data(), nullptr));
        }
        return bytes;
    }
    void take(const Timeline &other)
    {
        backend->write_page(executor, {2, LL_NO_PAGE}, other.page().data());
        backend->copy_page(executor, {2, LL_NO_PAGE}, {0, LL_NO_PAGE});
        if (states[current])
            backend->write_state(executor, states[current], other.state().data());
        position = other.position;
    }

    static constexpr uint32_t N_TOKENS = 12;
    const ll_model *model;
    const ll_backend *backend = &ll_backend_cpu;
    ll_executor *executor = nullptr;
    ll_executor_options options = {};
    ll_state *states[2] = {};
    size_t current = 0, n_row;
    uint64_t position = 0, n_source = 0;
    libllm_error error = {};
};

} // namespace golden

#endif
