/* SPDX-License-Identifier: MIT
 * Buffers, and copies to them and from them.
 */
#include "backend/vulkan/memory.h"

#include "base/status.h"

#include <string.h>

enum { STAGING_BYTES = 16 << 20, MIB = 1 << 20 };
/* No submission of ours takes a hundredth of it, but where the driver compiles shaders, as one for the CPU does. */
static const uint64_t WAIT_NS = 60ull * 1000 * 1000 * 1000, CPU_WAIT_NS = 600ull * 1000 * 1000 * 1000;

static const VkMemoryPropertyFlags HOST_SEES =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

/* The type that has most of what a use likes, of those that have what it needs. A device's own memory is that of its
 * largest heap: what the host sees of a GPU may be a small window. */
static bool find_type(const ll_vk_device *d, ll_vk_use use, uint32_t allowed, uint32_t *type)
{
    const VkMemoryPropertyFlags needs = use == LL_VK_OWN ? VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT : HOST_SEES;
    const uint32_t main_heap = ll_vk_main_heap(d);
    int best = -1;
    for (uint32_t i = 0; i < d->memory.memoryTypeCount; i++) {
        const VkMemoryPropertyFlags has = d->memory.memoryTypes[i].propertyFlags;
        if (!(allowed & 1u << i) || (has & needs) != needs)
            continue;
        const bool local = has & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, cached = has & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
        const bool seen = (has & HOST_SEES) == HOST_SEES;
        const bool is_main = d->memory.memoryTypes[i].heapIndex == main_heap;
        const int score = use == LL_VK_OWN    ? is_main * 4 + seen * 2 + cached
                          : use == LL_VK_TELL ? local * 2 + !cached
                                              : cached * 2;
        if (score > best) {
            best = score;
            *type = i;
        }
    }
    return best >= 0;
}

static void count(const ll_vk_device *d, uint64_t size)
{
    __atomic_add_fetch((uint64_t *)(uintptr_t)&d->allocated, size, __ATOMIC_RELAXED);
}

static libllm_status fail_memory(const ll_vk_device *d, VkResult result, uint64_t size, const char *what,
                                 libllm_error *error)
{
    if (result != VK_ERROR_OUT_OF_DEVICE_MEMORY && result != VK_ERROR_OUT_OF_HOST_MEMORY)
        return ll_vk_fail(error, result, what);
    uint64_t n_free, total;
    ll_vk_budget(d, &n_free, &total);
    return ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY,
                   "%s needs %llu bytes (%llu MiB) of the Vulkan device's memory, of which %llu MiB are free", what,
                   (unsigned long long)size, (unsigned long long)(size / MIB), (unsigned long long)(n_free / MIB));
}

/* Memory of the type, or where its heap is full of the next best. */
static VkResult allocate(const ll_vk_device *d, ll_vk_use use, const VkMemoryRequirements *needs, uint32_t *type,
                         ll_vk_buffer *b)
{
    const VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                             .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = &flags, .allocationSize = needs->size};
    uint32_t allowed = needs->memoryTypeBits;
    VkResult result;
    do {
        info.memoryTypeIndex = *type;
        allowed &= ~(1u << *type);
        result = d->calls.AllocateMemory(d->device, &info, NULL, &b->memory);
    } while (result == VK_ERROR_OUT_OF_DEVICE_MEMORY && find_type(d, use, allowed, type));
    if (result)
        b->memory = VK_NULL_HANDLE;
    return result;
}

libllm_status ll_vk_buffer_create(const ll_vk_device *d, ll_vk_use use, uint64_t size, const char *what,
                                  ll_vk_buffer *b, libllm_error *error)
{
    *b = (ll_vk_buffer){.size = size ? size : 4};
    uint64_t n_free, total; /* drivers that promise more than there is would fail later, or slow the machine down */
    ll_vk_budget(d, &n_free, &total);
    if (b->size > d->largest_buffer || b->size > d->largest_allocation || (use == LL_VK_OWN && b->size > n_free))
        return fail_memory(d, VK_ERROR_OUT_OF_DEVICE_MEMORY, b->size, what, error);
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = b->size,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                              VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
    VkResult result = d->calls.CreateBuffer(d->device, &info, NULL, &b->buffer);
    if (result) {
        b->buffer = VK_NULL_HANDLE;
        return fail_memory(d, result, b->size, what, error);
    }
    VkMemoryRequirements needs;
    d->calls.GetBufferMemoryRequirements(d->device, b->buffer, &needs);
    uint32_t type;
    if (!find_type(d, use, needs.memoryTypeBits, &type)) {
        ll_vk_buffer_free(d, b);
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s has no memory for %s", d->name, what);
    }
    result = allocate(d, use, &needs, &type, b);
    const VkMemoryType *of = &d->memory.memoryTypes[type];
    if (b->memory && of->heapIndex == ll_vk_main_heap(d))
        count(d, b->counted = needs.size);
    if (!result)
        result = d->calls.BindBufferMemory(d->device, b->buffer, b->memory, 0);
    b->is_cached = of->propertyFlags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    if (!result && (of->propertyFlags & HOST_SEES) == HOST_SEES) {
        void *mapped = NULL;
        result = d->calls.MapMemory(d->device, b->memory, 0, VK_WHOLE_SIZE, 0, &mapped);
        b->mapped = result ? NULL : mapped;
    }
    if (result) {
        ll_vk_buffer_free(d, b);
        return fail_memory(d, result, needs.size, what, error);
    }
    const VkBufferDeviceAddressInfo address = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
                                               .buffer = b->buffer};
    b->address = d->calls.GetBufferDeviceAddress(d->device, &address);
    return LIBLLM_OK;
}

void ll_vk_buffer_free(const ll_vk_device *d, ll_vk_buffer *b)
{
    if (b->buffer && !ll_vk_hangs(d))
        d->calls.DestroyBuffer(d->device, b->buffer, NULL);
    if (b->memory && !ll_vk_hangs(d))
        d->calls.FreeMemory(d->device, b->memory, NULL); /* unmaps it */
    count(d, -b->counted);
    *b = (ll_vk_buffer){0};
}

libllm_status ll_vk_transfer_create(const ll_vk_device *d, ll_vk_transfer *t, libllm_error *error)
{
    *t = (ll_vk_transfer){.device = d};
    pthread_mutex_init(&t->lock, NULL);
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = d->family};
    VkResult result = d->calls.CreateCommandPool(d->device, &pool, NULL, &t->pool);
    if (result)
        t->pool = VK_NULL_HANDLE;
    if (!result) {
        const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                  .commandPool = t->pool,
                                                  .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                  .commandBufferCount = 1};
        result = d->calls.AllocateCommandBuffers(d->device, &info, &t->commands);
    }
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    if (!result && (result = d->calls.CreateFence(d->device, &fence, NULL, &t->fence)))
        t->fence = VK_NULL_HANDLE;
    if (!result)
        return LIBLLM_OK;
    ll_vk_transfer_free(t);
    return ll_vk_fail(error, result, "a way to copy cannot be made");
}

/* The copy on its way, if there is one, is done. */
static libllm_status land(ll_vk_transfer *t, libllm_error *error)
{
    if (!t->in_flight)
        return LIBLLM_OK;
    const libllm_status status = ll_vk_wait(t->device, t->fence, error);
    t->in_flight = status && status != LIBLLM_ERROR_DEVICE_LOST;
    return status;
}

void ll_vk_transfer_free(ll_vk_transfer *t)
{
    const ll_vk_device *d = t->device;
    if (!d)
        return;
    land(t, NULL);
    if (t->fence && !ll_vk_hangs(d))
        d->calls.DestroyFence(d->device, t->fence, NULL);
    if (t->pool && !ll_vk_hangs(d))
        d->calls.DestroyCommandPool(d->device, t->pool, NULL);
    ll_vk_buffer_free(d, &t->staging);
    pthread_mutex_destroy(&t->lock);
    *t = (ll_vk_transfer){0};
}

libllm_status ll_vk_submit(const ll_vk_device *d, VkCommandBuffer commands, VkFence fence, libllm_error *error)
{
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
    VkResult result = d->calls.ResetFences(d->device, 1, &fence);
    if (!result) {
        pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&d->queue_lock;
        pthread_mutex_lock(lock);
        result = d->calls.QueueSubmit(d->queue, 1, &info, fence);
        pthread_mutex_unlock(lock);
    }
    return result ? ll_vk_fail(error, result, "work cannot be submitted") : LIBLLM_OK;
}

libllm_status ll_vk_wait(const ll_vk_device *d, VkFence fence, libllm_error *error)
{
    const uint64_t longest = d->type == VK_PHYSICAL_DEVICE_TYPE_CPU ? CPU_WAIT_NS : WAIT_NS;
    const VkResult result = d->calls.WaitForFences(d->device, 1, &fence, VK_TRUE, longest);
    if (result == VK_TIMEOUT)
        __atomic_store_n((bool *)(uintptr_t)&d->hangs, true, __ATOMIC_RELAXED);
    if (result == VK_TIMEOUT)
        return ll_fail(error, LIBLLM_ERROR_DEVICE_LOST, "the Vulkan device has not answered for %llu seconds",
                       (unsigned long long)(longest / 1000000000));
    return result ? ll_vk_fail(error, result, "waiting for the device") : LIBLLM_OK;
}

/* With the lock held. */
static libllm_status copy(ll_vk_transfer *t, const ll_vk_buffer *from, uint64_t from_offset, const ll_vk_buffer *to,
                          uint64_t to_offset, uint64_t size, libllm_error *error)
{
    const ll_vk_device *d = t->device;
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    libllm_status status = land(t, error);
    if (status)
        return status;
    VkResult result = d->calls.BeginCommandBuffer(t->commands, &begin);
    if (!result) {
        /* What dispatches have written before, and what they and the host will read after. */
        const VkMemoryBarrier before = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
        const VkMemoryBarrier after = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                       .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                       .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                                        VK_ACCESS_HOST_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT};
        const VkBufferCopy region = {.srcOffset = from_offset, .dstOffset = to_offset, .size = size};
        d->calls.CmdPipelineBarrier(t->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                    VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &before, 0, NULL, 0, NULL);
        d->calls.CmdCopyBuffer(t->commands, from->buffer, to->buffer, 1, &region);
        d->calls.CmdPipelineBarrier(t->commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                    VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT |
                                        VK_PIPELINE_STAGE_HOST_BIT,
                                    0, 1, &after, 0, NULL, 0, NULL);
        result = d->calls.EndCommandBuffer(t->commands);
    }
    status = result ? ll_vk_fail(error, result, "a copy cannot be recorded") : LIBLLM_OK;
    if (!status)
        status = ll_vk_submit(d, t->commands, t->fence, error);
    t->in_flight = !status;
    return status ? status : land(t, error);
}

static libllm_status need_staging(ll_vk_transfer *t, libllm_error *error)
{
    if (t->staging.buffer)
        return LIBLLM_OK;
    return ll_vk_buffer_create(t->device, LL_VK_FETCH, STAGING_BYTES, "memory for copies", &t->staging, error);
}

libllm_status ll_vk_write(ll_vk_transfer *t, const ll_vk_buffer *to, uint64_t offset, const void *data, uint64_t size,
                          libllm_error *error)
{
    if (to->mapped) {
        memcpy(to->mapped + offset, data, size);
        return LIBLLM_OK;
    }
    pthread_mutex_lock(&t->lock);
    libllm_status status = need_staging(t, error);
    for (uint64_t at = 0; !status && at < size; at += STAGING_BYTES) {
        const uint64_t n = size - at < STAGING_BYTES ? size - at : STAGING_BYTES;
        memcpy(t->staging.mapped, (const uint8_t *)data + at, n);
        status = copy(t, &t->staging, 0, to, offset + at, n, error);
    }
    pthread_mutex_unlock(&t->lock);
    return status;
}

libllm_status ll_vk_read(ll_vk_transfer *t, const ll_vk_buffer *from, uint64_t offset, void *data, uint64_t size,
                         libllm_error *error)
{
    if (from->mapped && from->is_cached) {
        memcpy(data, from->mapped + offset, size);
        return LIBLLM_OK;
    }
    pthread_mutex_lock(&t->lock);
    libllm_status status = need_staging(t, error);
    for (uint64_t at = 0; !status && at < size; at += STAGING_BYTES) {
        const uint64_t n = size - at < STAGING_BYTES ? size - at : STAGING_BYTES;
        status = copy(t, from, offset + at, &t->staging, 0, n, error);
        if (!status)
            memcpy((uint8_t *)data + at, t->staging.mapped, n);
    }
    pthread_mutex_unlock(&t->lock);
    return status;
}

libllm_status ll_vk_copy(ll_vk_transfer *t, const ll_vk_buffer *from, uint64_t from_offset, const ll_vk_buffer *to,
                         uint64_t to_offset, uint64_t size, libllm_error *error)
{
    if (from->mapped && from->is_cached && to->mapped) {
        memcpy(to->mapped + to_offset, from->mapped + from_offset, size);
        return LIBLLM_OK;
    }
    pthread_mutex_lock(&t->lock);
    libllm_status status = copy(t, from, from_offset, to, to_offset, size, error);
    pthread_mutex_unlock(&t->lock);
    return status;
}
