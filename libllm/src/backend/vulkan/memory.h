/* SPDX-License-Identifier: MIT
 * Memory of a Vulkan device: buffers known by their addresses, and the way there and back.
 */
#ifndef LL_BACKEND_VULKAN_MEMORY_H
#define LL_BACKEND_VULKAN_MEMORY_H

#include "backend/vulkan/device.h"

typedef enum ll_vk_use {
    LL_VK_OWN,   /* the device's own memory, mapped where that is possible */
    LL_VK_TELL,  /* mapped, which the host writes and the device reads */
    LL_VK_FETCH, /* mapped, which the device writes and the host reads */
} ll_vk_use;

typedef struct ll_vk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    uint64_t address, size;
    uint8_t *mapped;  /* NULL: the host cannot see it */
    bool is_cached;   /* what the host sees it also reads fast, not over a bus */
    uint64_t counted; /* of ll_vk_device.allocated */
} ll_vk_buffer;

/* what: words for the error, which says how much is needed and free. size 0 gives a buffer all the same. */
libllm_status ll_vk_buffer_create(const ll_vk_device *device, ll_vk_use use, uint64_t size, const char *what,
                                  ll_vk_buffer *buffer, libllm_error *error);
void ll_vk_buffer_free(const ll_vk_device *device, ll_vk_buffer *buffer); /* one that was not made is fine */

/* Copies between the host and buffers that it does not see, and between buffers, one thread at a time. */
typedef struct ll_vk_transfer {
    const ll_vk_device *device;
    ll_vk_buffer staging; /* made with the first copy that needs it */
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkFence fence;
    bool in_flight; /* a copy that was not waited for to its end */
    pthread_mutex_t lock;
} ll_vk_transfer;

libllm_status ll_vk_transfer_create(const ll_vk_device *device, ll_vk_transfer *transfer, libllm_error *error);
void ll_vk_transfer_free(ll_vk_transfer *transfer); /* zeroed is fine */
libllm_status ll_vk_write(ll_vk_transfer *transfer, const ll_vk_buffer *to, uint64_t offset, const void *data,
                          uint64_t size, libllm_error *error);
libllm_status ll_vk_read(ll_vk_transfer *transfer, const ll_vk_buffer *from, uint64_t offset, void *data, uint64_t size,
                         libllm_error *error);
libllm_status ll_vk_copy(ll_vk_transfer *transfer, const ll_vk_buffer *from, uint64_t from_offset,
                         const ll_vk_buffer *to, uint64_t to_offset, uint64_t size, libllm_error *error);

/* Waits until the fence is signalled. A device that does not come back counts as lost. */
libllm_status ll_vk_wait(const ll_vk_device *device, VkFence fence, libllm_error *error);
libllm_status ll_vk_submit(const ll_vk_device *device, VkCommandBuffer commands, VkFence fence, libllm_error *error);

#endif
