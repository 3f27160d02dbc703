/* SPDX-License-Identifier: MIT
 * The memory for keys and values on the device: pages that lie as on the CPU, as many in a buffer as fit.
 */
#include "backend/vulkan/executor.h"

#include "backend/kv.h"
#include "base/status.h"

static const uint64_t BUFFER_BYTES = 1ull << 30;

libllm_status ll_vk_kv_create(ll_executor *e, libllm_error *error)
{
    const ll_vk_device *d = e->device;
    if (e->page_bytes == 0)
        return LIBLLM_OK;
    uint64_t most = d->largest_allocation < d->largest_buffer ? d->largest_allocation : d->largest_buffer;
    most = most < BUFFER_BYTES ? most : BUFFER_BYTES;
    e->pages_per_buffer = most > e->page_bytes ? (uint32_t)(most / e->page_bytes) : 1;
    const size_t n = (e->options.n_pages + e->pages_per_buffer - 1) / e->pages_per_buffer;
    e->kv = ll_calloc(e->host, n + 1, sizeof *e->kv);
    if (!e->kv)
        return ll_fail_memory(error, "an engine");
    for (uint32_t left = e->options.n_pages; left > 0;) {
        const uint32_t pages = left < e->pages_per_buffer ? left : e->pages_per_buffer;
        libllm_status status =
            ll_vk_buffer_create(d, LL_VK_OWN, (uint64_t)pages * e->page_bytes, "KV memory", &e->kv[e->n_kv], error);
        if (status)
            return status;
        e->n_kv++;
        left -= pages;
    }
    return LIBLLM_OK;
}

static const ll_vk_buffer *find(const ll_executor *e, uint32_t page, uint64_t *offset)
{
    *offset = (uint64_t)(page % e->pages_per_buffer) * e->page_bytes;
    return &e->kv[page / e->pages_per_buffer];
}

uint64_t ll_vk_page(const ll_executor *e, uint32_t page)
{
    if (!e->page_bytes)
        return 0;
    uint64_t offset;
    const ll_vk_buffer *buffer = find(e, page, &offset);
    return buffer->address + offset;
}

void ll_vk_note(const ll_executor *e, libllm_status status)
{
    ll_executor *noted = (ll_executor *)(uintptr_t)e;
    if (status)
        atomic_store(&noted->failed, status);
    if (status == LIBLLM_ERROR_DEVICE_LOST && e->shared)
        atomic_store(&e->shared->lost, true);
}

libllm_status ll_vk_read_back(const ll_executor *e, const ll_vk_buffer *from, uint64_t offset, uint8_t *out,
                              uint64_t size, libllm_error *error)
{
    libllm_status status = ll_vk_read((ll_vk_transfer *)(uintptr_t)&e->transfer, from, offset, out, size, error);
    if (status == LIBLLM_ERROR_DEVICE_LOST)
        ll_vk_note(e, status);
    return status;
}

void ll_vk_copy_page(ll_executor *e, ll_page_place from, ll_page_place to)
{
    if (!e->page_bytes)
        return;
    uint64_t from_offset, to_offset;
    const ll_vk_buffer *source = find(e, from.page, &from_offset), *target = find(e, to.page, &to_offset);
    ll_vk_note(e, ll_vk_copy(&e->transfer, source, from_offset, target, to_offset, e->page_bytes, NULL));
}

size_t ll_vk_page_bytes(const ll_executor *e) { return e->page_bytes; }

libllm_status ll_vk_read_page(const ll_executor *e, ll_page_place place, uint32_t n_positions, uint8_t *out,
                              libllm_error *error)
{
    if (!e->page_bytes)
        return LIBLLM_OK;
    uint64_t offset;
    const ll_vk_buffer *buffer = find(e, place.page, &offset);
    const libllm_status status = ll_vk_read_back(e, buffer, offset, out, e->page_bytes, error);
    for (uint32_t i = e->plan.first_layer; !status && i < e->plan.end_layer; i++)
        ll_kv_clear_behind(e->model, ll_kv_format_of(e->options.kv_type), i, n_positions, out + e->kv_layer_offset[i]);
    return status;
}

void ll_vk_write_page(ll_executor *e, ll_page_place place, const uint8_t *data)
{
    if (!e->page_bytes)
        return;
    uint64_t offset;
    const ll_vk_buffer *buffer = find(e, place.page, &offset);
    ll_vk_note(e, ll_vk_write(&e->transfer, buffer, offset, data, e->page_bytes, NULL));
}
