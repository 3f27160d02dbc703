/* SPDX-License-Identifier: MIT
 * The part of a plan that a device takes: what it is asked for, or where it may take less, as many of the last layers
 * as it can compute and has memory for.
 */
#include "backend/vulkan/executor.h"

#include "backend/kv.h"
#include "backend/vulkan/tables.h"
#include "base/status.h"

static const uint64_t MIB = 1 << 20, RESERVE_MOST = 1 << 30;

/* Plan and lowering of a part, and the bytes of the device's own memory that it needs. */
static libllm_status try_part(ll_executor *e, ll_plan_part part, uint64_t *bytes, libllm_error *error)
{
    ll_plan_free(&e->plan);
    e->options.part = part;
    e->weights.n = e->weights.next = 0;
    libllm_status status = ll_plan_create(e->model, e->options.hidden_states, part, &e->plan, error);
    if (!status)
        status = ll_vk_check(e, error);
    if (status)
        return status;
    e->page_bytes = ll_kv_layout(&e->plan, e->options.kv_type, e->kv_layer_offset);
    *bytes = ll_vk_place_scratch(e, 0) + ll_vk_rows_bytes(e) + (uint64_t)e->options.n_pages * e->page_bytes;
    *bytes += LL_SESSION_STATES * ll_state_bytes_of(e->model, e->plan.first_layer, e->plan.end_layer);
    status = ll_vk_lower(e, error);
    if (!status)
        *bytes += ll_vk_weights_bytes(e) + e->sums.bytes + e->n_params + LL_VK_TABLE_WORDS * sizeof(uint16_t);
    return status;
}

/* What is left to the part before, from nothing on: then the embedding, then also the first layers, one by one. */
static ll_plan_part shrunk(ll_plan_part part, uint32_t by)
{
    const uint32_t n = part.receives ? by : by > 0 ? by - 1 : 0;
    return (ll_plan_part){.n_before = part.n_before + n,
                          .n_behind = part.n_behind,
                          .receives = part.receives || by > 0,
                          .hands_on = part.hands_on};
}

static uint32_t n_layers(const ll_plan *plan) { return plan->end_layer - plan->first_layer; }

static libllm_status fail(const ll_executor *e, uint64_t bytes, uint64_t n_free, libllm_error *error)
{
    const uint32_t n = n_layers(&e->plan), all = ll_plan_layers(e->model, e->options.hidden_states);
    return ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY,
                   "%u of the model's %u layers, with KV memory for %llu positions, need %llu bytes (%llu MiB) of the "
                   "Vulkan device's memory, of which %llu MiB are free",
                   n, all, (unsigned long long)e->options.n_pages * LL_PAGE_POSITIONS, (unsigned long long)bytes,
                   (unsigned long long)(bytes / MIB), (unsigned long long)(n_free / MIB));
}

libllm_status ll_vk_fit(ll_executor *e, libllm_error *error)
{
    const ll_plan_part part = e->options.part;
    const uint32_t all = ll_plan_layers(e->model, e->options.hidden_states) - part.n_before - part.n_behind;
    const uint32_t least = e->options.n_least && e->options.n_least < all ? e->options.n_least : all;
    const uint32_t most = e->options.n_least ? all - least + !part.receives : 0; /* that it may shrink by */
    uint64_t n_free, total, bytes;
    e->kv_layer_offset = ll_calloc(e->host, e->model->n_layers, sizeof *e->kv_layer_offset);
    if (!e->kv_layer_offset)
        return ll_fail_memory(error, "an engine");
    ll_vk_budget(e->device, &n_free, &total);
    /* Where the choice is ours, some is left to what else is drawn and computed. */
    const uint64_t reserve = total / 16 < RESERVE_MOST ? total / 16 : RESERVE_MOST;
    const uint64_t limit = least == all ? n_free : n_free > reserve ? n_free - reserve : 0;
    uint32_t low = 0, high = most;
    while (low < high) { /* the least that it has to shrink by is in [low, high] */
        const uint32_t middle = low + (high - low) / 2;
        const libllm_status status = try_part(e, shrunk(part, middle), &bytes, error);
        if (status && status != LIBLLM_ERROR_UNSUPPORTED)
            return status;
        if (status || bytes > limit)
            low = middle + 1;
        else
            high = middle;
    }
    libllm_status status = try_part(e, shrunk(part, low), &bytes, error);
    if (status)
        return status;
    return bytes > limit ? fail(e, bytes, n_free, error) : LIBLLM_OK;
}

ll_plan_part ll_vk_part(const ll_executor *e) { return e->options.part; }
