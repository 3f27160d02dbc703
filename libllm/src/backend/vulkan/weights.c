/* SPDX-License-Identifier: MIT
 * The model's weights in the device's memory: what lowering asks for, each once, in as few buffers as the device
 * allows.
 */
#include "backend/vulkan/executor.h"

#include "backend/vulkan/tables.h"
#include "base/status.h"

enum { ALIGNMENT = 256 };
static const uint64_t BUFFER_BYTES = 1ull << 30;

static uint64_t aligned(uint64_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* The lowering asks for the same ones in the same order when it is done again. */
uint64_t ll_vk_weight(ll_executor *e, const void *data, uint64_t size)
{
    ll_vk_weights *w = &e->weights;
    if (!data)
        return 0;
    for (size_t i = 0; i < w->n; i++) {
        const ll_vk_region *region = &w->regions[(w->next + i) % w->n];
        if (region->data == data && region->size >= size) {
            w->next = (w->next + i + 1) % w->n;
            return region->address;
        }
    }
    if (w->n == w->capacity) {
        const size_t capacity = w->capacity ? 2 * w->capacity : 256;
        ll_vk_region *regions = ll_realloc(e->host, w->regions, w->capacity, capacity, sizeof *regions);
        if (!regions) {
            w->n_buffers = SIZE_MAX; /* told by ll_vk_weights_upload() */
            return 0;
        }
        w->regions = regions;
        w->capacity = capacity;
    }
    w->regions[w->n++] = (ll_vk_region){.data = data, .size = size};
    w->next = 0;
    return 0;
}

/* How many of the regions from `first` on go into one buffer, and its size. */
static size_t fill(const ll_vk_weights *w, size_t first, uint64_t most, uint64_t *size)
{
    size_t n = 0;
    *size = 0;
    while (first + n < w->n && (n == 0 || *size + aligned(w->regions[first + n].size) <= most))
        *size += aligned(w->regions[first + n++].size);
    return n;
}

uint64_t ll_vk_weights_bytes(const ll_executor *e)
{
    uint64_t size = 0;
    for (size_t i = 0; i < e->weights.n; i++)
        size += aligned(e->weights.regions[i].size);
    return size;
}

libllm_status ll_vk_weights_upload(ll_executor *e, libllm_error *error)
{
    ll_vk_weights *w = &e->weights;
    const ll_vk_device *d = e->device;
    uint64_t most = d->largest_allocation < d->largest_buffer ? d->largest_allocation : d->largest_buffer, size;
    most = most < BUFFER_BYTES ? most : BUFFER_BYTES;
    if (w->n_buffers == SIZE_MAX) {
        w->n_buffers = 0;
        return ll_fail_memory(error, "an engine");
    }
    size_t n_buffers = 0;
    for (size_t i = 0, n; i < w->n; i += n, n_buffers++)
        n = fill(w, i, most, &size);
    w->buffers = ll_calloc(e->host, n_buffers + 1, sizeof *w->buffers);
    if (!w->buffers)
        return ll_fail_memory(error, "an engine");
    for (size_t i = 0, n; i < w->n; i += n) {
        n = fill(w, i, most, &size);
        ll_vk_buffer *buffer = &w->buffers[w->n_buffers];
        libllm_status status = ll_vk_buffer_create(d, LL_VK_OWN, size, "a part of the model's weights", buffer, error);
        w->n_buffers += !status;
        uint64_t at = 0;
        for (size_t j = i; !status && j < i + n; j++) {
            ll_vk_region *region = &w->regions[j];
            region->address = buffer->address + at;
            status = ll_vk_write(&e->transfer, buffer, at, region->data, region->size, error);
            at += aligned(region->size);
        }
        if (status)
            return status;
    }
    return LIBLLM_OK;
}

void ll_vk_weights_free(ll_executor *e)
{
    ll_vk_weights *w = &e->weights;
    for (size_t i = 0; w->buffers && i < w->n_buffers; i++)
        ll_vk_buffer_free(e->device, &w->buffers[i]);
    ll_free(e->host, w->buffers);
    ll_free(e->host, w->regions);
    *w = (ll_vk_weights){0};
}

libllm_status ll_vk_tables_create(ll_executor *e, libllm_error *error)
{
    uint16_t words[LL_VK_TABLE_WORDS];
    static const uint32_t zeros[64] = {0};
    ll_vk_tables(words);
    const uint64_t size = sizeof words + (uint64_t)LL_VK_FEW_COLUMNS * e->plan.max_heads * sizeof *zeros;
    libllm_status status = ll_vk_buffer_create(e->device, LL_VK_OWN, size, "tables of formats", &e->tables, error);
    if (!status)
        status = ll_vk_write(&e->transfer, &e->tables, 0, words, sizeof words, error);
    for (uint64_t at = sizeof words; !status && at < size; at += sizeof zeros)
        status = ll_vk_write(&e->transfer, &e->tables, at, zeros, size - at < sizeof zeros ? size - at : sizeof zeros,
                             error);
    return status;
}
