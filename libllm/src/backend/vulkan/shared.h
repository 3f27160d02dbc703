/* SPDX-License-Identifier: MIT
 * A device with the pipelines made on it, which all engines of a runtime that compute on it have in common.
 */
#ifndef LL_BACKEND_VULKAN_SHARED_H
#define LL_BACKEND_VULKAN_SHARED_H

#include "backend/backend.h"
#include "backend/vulkan/pipelines.h"

#include <stdatomic.h>

typedef struct ll_vk_shared {
    ll_vk_device device;
    ll_vk_pipelines pipelines;
    atomic_bool lost; /* is not for engines to come */
    uint32_t index;   /* as it was asked for */
    size_t users;
    struct ll_vk_shared *next;
} ll_vk_shared;

/* The one that is open, or one that is opened now. */
libllm_status ll_vk_shared_get(const ll_host *host, const ll_device_files *files, uint32_t index, ll_vk_shared **out,
                               libllm_error *error);
void ll_vk_shared_put(const ll_device_files *files, ll_vk_shared *shared); /* NULL is fine */

#endif
