/* SPDX-License-Identifier: MIT
 * A Vulkan device: chosen by its number or by its kind, asked what it can do, and opened with a queue to compute on.
 */
#ifndef LL_BACKEND_VULKAN_DEVICE_H
#define LL_BACKEND_VULKAN_DEVICE_H

#include "backend/vulkan/loader.h"
#include "base/host.h"

#include <pthread.h>

enum { LL_VK_ANY = UINT32_MAX }; /* as a number: the first real GPU, or else the first device that will do */

typedef struct ll_vk_device {
    const ll_host *host;
    ll_vk_calls calls;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    pthread_mutex_t queue_lock; /* of a queue, by one thread at a time */
    uint32_t family;
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceLimits limits;
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    VkPhysicalDeviceType type;
    uint8_t cache_uuid[VK_UUID_SIZE];
    uint32_t vendor, driver_version;
    uint32_t subgroup_size;
    uint64_t largest_allocation, largest_buffer;
    bool has_budget;    /* VK_EXT_memory_budget */
    bool hangs;         /* it has not answered: what it may be using stays as long as the process; by several threads */
    uint64_t allocated; /* by us, of its main heap; changed by several threads */
} ll_vk_device;

/* What a device is called and has, without it being opened. */
typedef struct ll_vk_info {
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    const char *type; /* "discrete GPU" */
    bool is_accelerator, shares_memory;
    uint64_t memory_bytes, free_bytes;
} ll_vk_info;

/* DONE, with nothing in info, where there are fewer devices; UNSUPPORTED where the device cannot be used, with the name
 * in info, and where there is no Vulkan at all, without. */
libllm_status ll_vk_describe(const ll_host *host, const char *library, uint32_t index, ll_vk_info *info,
                             libllm_error *error);

libllm_status ll_vk_device_open(const ll_host *host, const char *library, uint32_t index, ll_vk_device *device,
                                libllm_error *error);
void ll_vk_device_close(ll_vk_device *device); /* one that is not open is fine */

static inline bool ll_vk_hangs(const ll_vk_device *device) { return __atomic_load_n(&device->hangs, __ATOMIC_RELAXED); }

/* The largest heap of the device's own memory. */
uint32_t ll_vk_main_heap(const ll_vk_device *device);
/* Of that heap, as far as it can be known: what is free, and all. */
void ll_vk_budget(const ll_vk_device *device, uint64_t *n_free, uint64_t *total);

#endif
