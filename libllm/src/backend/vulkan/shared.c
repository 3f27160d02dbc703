/* SPDX-License-Identifier: MIT
 * Devices that are open, each as long as somebody uses it.
 */
#include "backend/vulkan/shared.h"

#include "base/status.h"

static void close_device(const ll_host *host, ll_vk_shared *s)
{
    ll_vk_pipelines_free(&s->pipelines);
    ll_vk_device_close(&s->device);
    ll_free(host, s);
}

static libllm_status open_device(const ll_host *host, const ll_device_files *files, uint32_t index, ll_vk_shared **out,
                                 libllm_error *error)
{
    ll_vk_shared *s = ll_calloc(host, 1, sizeof *s);
    if (!s)
        return ll_fail_memory(error, "a device");
    s->index = index;
    s->users = 1;
    libllm_status status = ll_vk_device_open(host, files->vulkan_library, index, &s->device, error);
    if (!status)
        status = ll_vk_pipelines_create(&s->device, files->cache_dir, &s->pipelines, error);
    if (status)
        close_device(host, s);
    else
        *out = s;
    return status;
}

libllm_status ll_vk_shared_get(const ll_host *host, const ll_device_files *files, uint32_t index, ll_vk_shared **out,
                               libllm_error *error)
{
    ll_open_devices *open = files->open;
    if (!open)
        return open_device(host, files, index, out, error);
    libllm_status status = LIBLLM_OK;
    pthread_mutex_lock(&open->lock);
    ll_vk_shared *s = open->vulkan;
    while (s && (s->index != index || atomic_load(&s->lost)))
        s = s->next;
    if (s) {
        s->users++;
        *out = s;
    } else if (!(status = open_device(host, files, index, out, error))) {
        (*out)->next = open->vulkan;
        open->vulkan = *out;
    }
    pthread_mutex_unlock(&open->lock);
    return status;
}

void ll_vk_shared_put(const ll_device_files *files, ll_vk_shared *s)
{
    ll_open_devices *open = files->open;
    if (!s)
        return;
    if (!open) {
        close_device(s->device.host, s);
        return;
    }
    pthread_mutex_lock(&open->lock);
    if (--s->users == 0) {
        ll_vk_shared **at = &open->vulkan;
        while (*at != s)
            at = &(*at)->next;
        *at = s->next;
        close_device(s->device.host, s);
    }
    pthread_mutex_unlock(&open->lock);
}
