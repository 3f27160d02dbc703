/* SPDX-License-Identifier: MIT
 * A mistake that the validation layer has to name: a buffer of no bytes. It shows that the layer is heard.
 */
#include "backend/vulkan/device.h"

#include <stdio.h>

int main(void)
{
    ll_host host;
    ll_host_init(&host);
    ll_vk_device device;
    libllm_error error;
    if (ll_vk_device_open(&host, NULL, LL_VK_ANY, &device, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 77;
    }
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
    VkBuffer buffer = VK_NULL_HANDLE;
    if (device.calls.CreateBuffer(device.device, &info, NULL, &buffer) == VK_SUCCESS)
        device.calls.DestroyBuffer(device.device, buffer, NULL);
    ll_vk_device_close(&device);
    return 0;
}
