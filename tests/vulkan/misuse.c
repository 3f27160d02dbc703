/* SPDX-License-Identifier: MIT
 * Mistakes that the validation layer has to name: a buffer of no bytes, and two copies to the same place with nothing
 * between. They show that the layer is heard.
 */
#include "backend/vulkan/memory.h"

#include <stdio.h>

enum { BYTES = 256 };

static void make_empty_buffer(const ll_vk_device *d)
{
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
    VkBuffer buffer = VK_NULL_HANDLE;
    if (d->calls.CreateBuffer(d->device, &info, NULL, &buffer) == VK_SUCCESS)
        d->calls.DestroyBuffer(d->device, buffer, NULL);
}

static libllm_status copy_twice(const ll_vk_device *d, ll_vk_transfer *t, ll_vk_buffer buffers[2], libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; i < 2 && !status; i++)
        status = ll_vk_buffer_create(d, LL_VK_OWN, BYTES, "a mistake", &buffers[i], error);
    if (status)
        return status;
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    const VkBufferCopy all = {.size = BYTES};
    d->calls.BeginCommandBuffer(t->commands, &begin);
    for (size_t i = 0; i < 2; i++)
        d->calls.CmdCopyBuffer(t->commands, buffers[0].buffer, buffers[1].buffer, 1, &all);
    d->calls.EndCommandBuffer(t->commands);
    status = ll_vk_submit(d, t->commands, t->fence, error);
    return status ? status : ll_vk_wait(d, t->fence, error);
}

int main(void)
{
    ll_host host;
    ll_host_init(&host);
    ll_vk_device device;
    ll_vk_transfer transfer = {0};
    ll_vk_buffer buffers[2] = {0};
    libllm_error error;
    if (ll_vk_device_open(&host, NULL, LL_VK_ANY, &device, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 77;
    }
    make_empty_buffer(&device);
    libllm_status status = ll_vk_transfer_create(&device, &transfer, &error);
    if (!status)
        status = copy_twice(&device, &transfer, buffers, &error);
    for (size_t i = 0; i < 2; i++)
        ll_vk_buffer_free(&device, &buffers[i]);
    ll_vk_transfer_free(&transfer);
    ll_vk_device_close(&device);
    return status != LIBLLM_OK;
}
