/* SPDX-License-Identifier: MIT
 * What a token costs a Vulkan device, whichever it is, seen without a clock: the dispatches and barriers of decoding
 * one at a position, and the bytes that they move against those that have to be moved.
 *
 * usage: bench-vulkan MODEL [POSITIONS]
 */
#include "backend/vulkan/executor.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVENTS_MAX = 1 << 16 };

static bool never(void *context)
{
    (void)context;
    return false;
}

/* Bytes of a token's row of what an operation reads or writes; weights and KV memory are counted apart. */
static uint64_t row_bytes(const ll_executor *e, uint32_t resources)
{
    const ll_vk_scratch *s = &e->scratch;
    const struct {
        uint32_t resource, floats;
    } rows[] = {{LL_VK_X, s->x.stride},
                {LL_VK_BRANCH, s->branch.stride},
                {LL_VK_NORMED, s->normed.stride},
                {LL_VK_Q, s->q.stride},
                {LL_VK_K, s->k.stride},
                {LL_VK_V, s->v.stride},
                {LL_VK_ATTENDED, s->attended.stride},
                {LL_VK_HIDDEN, s->hidden.stride},
                {LL_VK_ROWS, e->row_stride},
                {LL_VK_SCORES, s->scores.stride},
                {LL_VK_CHOICES, s->choices.stride},
                {LL_VK_ITEMS, s->items.stride},
                {LL_VK_GIVEN, s->given.stride},
                {LL_VK_SHARED, s->shared.stride},
                {LL_VK_LATENTS, s->latent.stride},
                {LL_VK_VALUES, s->values.stride},
                {LL_VK_MIXED, s->mixed.stride},
                {LL_VK_GATE, s->gate.stride},
                {LL_VK_STEPS, s->steps.stride},
                {LL_VK_DELTA, s->delta.stride}};
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bytes += resources & rows[i].resource ? sizeof(float) * (uint64_t)rows[i].floats : 0;
    return bytes;
}

static void report(const ll_executor *e, const ll_vk_trace *trace, uint64_t n_positions)
{
    const uint32_t n_layers = e->plan.end_layer - e->plan.first_layer;
    uint64_t weights = 0, activations = 0;
    size_t n_dispatches = 0, n_barriers = 0;
    for (uint32_t i = e->plan.n_encode; i < e->plan.n_phases; i++)
        weights += e->plan.phases[i].weight_bytes;
    for (size_t i = 0; i < trace->n; i++) {
        const ll_vk_event *event = &trace->events[i];
        n_dispatches += !event->is_barrier;
        n_barriers += event->is_barrier;
        if (!event->is_barrier)
            activations += row_bytes(e, event->reads) + row_bytes(e, event->writes);
    }
    const uint64_t kv = (n_positions + 1) * e->page_bytes / LL_PAGE_POSITIONS; /* of windows less */
    const double least = (double)(weights + kv), moved = least + (double)activations;
    printf("a token at position %llu, %u layers, on %s\n", (unsigned long long)n_positions, n_layers, e->device->name);
    printf("dispatches  %zu, of a layer %.1f\nbarriers    %zu\n", n_dispatches,
           n_layers ? (double)n_dispatches / n_layers : 0, n_barriers);
    printf("weights     %.3f MB\nKV memory   %.3f MB\nbetween     %.3f MB, once for each dispatch\n",
           1e-6 * (double)weights, 1e-6 * (double)kv, 1e-6 * (double)activations);
    printf("moved       %.4f of the least\n", least > 0 ? moved / least : 0);
}

/* The token behind n_positions others, whose keys and values are whatever the memory has. */
static libllm_status decode(ll_executor *e, uint64_t n_positions, libllm_error *error)
{
    const ll_host *host = e->host;
    const uint64_t n_pages = n_positions / LL_PAGE_POSITIONS + 1;
    uint32_t *pages = ll_calloc(host, n_pages, sizeof *pages);
    float *logits = ll_calloc(host, e->model->n_vocab, sizeof *logits);
    const int32_t token = 0;
    ll_run run = {.tokens = &token, .n_tokens = 1, .position = n_positions, .pages = pages, .logits = logits};
    const ll_batch batch = {.runs = &run, .n_runs = 1, .cancelled = never};
    if (ll_state_bytes(e->model)) {
        run.state = ll_vk_state_create(e);
        run.next_state = ll_vk_state_create(e);
    }
    for (uint64_t i = 0; pages && i < n_pages; i++)
        pages[i] = (uint32_t)i;
    const libllm_status status = pages && logits ? ll_vk_run(e, &batch, error) : LIBLLM_ERROR_OUT_OF_MEMORY;
    ll_vk_state_free(e, (ll_state *)(uintptr_t)run.state);
    ll_vk_state_free(e, run.next_state);
    ll_free(host, pages);
    ll_free(host, logits);
    return status;
}

int main(int argc, char **argv)
{
    const uint64_t n_positions = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    ll_host host;
    ll_host_init(&host);
    libllm_error error = {0};
    ll_model *model = NULL;
    ll_executor *e = NULL;
    if (argc < 2 || n_positions > 1u << 20) {
        fprintf(stderr, "usage: bench-vulkan MODEL [POSITIONS, at most %u]\n", 1u << 20);
        return 2;
    }
    const ll_executor_options options = {.n_batch = 1,
                                         .n_pages = (uint32_t)(n_positions / LL_PAGE_POSITIONS + 1),
                                         .n_positions = n_positions + 1,
                                         .kv_type = LIBLLM_KV_F16,
                                         .device_index = LL_DEVICE_ANY};
    ll_vk_trace trace = {.events = ll_calloc(&host, EVENTS_MAX, sizeof(ll_vk_event)), .capacity = EVENTS_MAX};
    libllm_status status = ll_model_open(&host, argv[1], LIBLLM_LOAD_MAP, &model, &error);
    if (!status)
        status = ll_vk_create(&host, NULL, 0, model, &options, &e, &error);
    if (!status) {
        ll_vk_set_trace(e, &trace);
        status = decode(e, n_positions, &error);
    }
    if (!status)
        report(e, &trace, n_positions);
    else
        fprintf(stderr, "%s\n", error.message);
    ll_vk_free(e);
    ll_model_close(model);
    ll_free(&host, trace.events);
    return status != LIBLLM_OK;
}
