/* SPDX-License-Identifier: MIT
 * The Vulkan loader, opened at run time, and the calls that the device makes, each by a pointer: nothing is linked to.
 */
#ifndef LL_BACKEND_VULKAN_LOADER_H
#define LL_BACKEND_VULKAN_LOADER_H

#include <libllm/libllm.h>

#include <vulkan/vulkan_core.h>

/* The calls that exist before there is an instance, those of an instance, and those of a device. */
#define LL_VK_GLOBAL_CALLS(X) X(CreateInstance)
#define LL_VK_INSTANCE_CALLS(X)                                                                                        \
    X(DestroyInstance)                                                                                                 \
    X(EnumeratePhysicalDevices)                                                                                        \
    X(EnumerateDeviceExtensionProperties)                                                                              \
    X(GetPhysicalDeviceProperties2)                                                                                    \
    X(GetPhysicalDeviceFeatures2)                                                                                      \
    X(GetPhysicalDeviceMemoryProperties2)                                                                              \
    X(GetPhysicalDeviceQueueFamilyProperties)                                                                          \
    X(CreateDevice)                                                                                                    \
    X(GetDeviceProcAddr)
#define LL_VK_DEVICE_CALLS(X)                                                                                          \
    X(DestroyDevice)                                                                                                   \
    X(GetDeviceQueue)                                                                                                  \
    X(CreateBuffer)                                                                                                    \
    X(DestroyBuffer)                                                                                                   \
    X(GetBufferMemoryRequirements)                                                                                     \
    X(GetBufferDeviceAddress)                                                                                          \
    X(AllocateMemory)                                                                                                  \
    X(FreeMemory)                                                                                                      \
    X(BindBufferMemory)                                                                                                \
    X(MapMemory)                                                                                                       \
    X(CreateShaderModule)                                                                                              \
    X(DestroyShaderModule)                                                                                             \
    X(CreatePipelineLayout)                                                                                            \
    X(DestroyPipelineLayout)                                                                                           \
    X(CreatePipelineCache)                                                                                             \
    X(GetPipelineCacheData)                                                                                            \
    X(DestroyPipelineCache)                                                                                            \
    X(CreateComputePipelines)                                                                                          \
    X(DestroyPipeline)                                                                                                 \
    X(CreateCommandPool)                                                                                               \
    X(DestroyCommandPool)                                                                                              \
    X(AllocateCommandBuffers)                                                                                          \
    X(BeginCommandBuffer)                                                                                              \
    X(EndCommandBuffer)                                                                                                \
    X(CmdBindPipeline)                                                                                                 \
    X(CmdPushConstants)                                                                                                \
    X(CmdDispatch)                                                                                                     \
    X(CmdDispatchBase)                                                                                                 \
    X(CmdPipelineBarrier)                                                                                              \
    X(CmdCopyBuffer)                                                                                                   \
    X(CreateFence)                                                                                                     \
    X(DestroyFence)                                                                                                    \
    X(ResetFences)                                                                                                     \
    X(WaitForFences)                                                                                                   \
    X(QueueSubmit)

typedef struct ll_vk_calls {
    void *library;
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
#define X(name) PFN_vk##name name;
    LL_VK_GLOBAL_CALLS(X)
    LL_VK_INSTANCE_CALLS(X)
    LL_VK_DEVICE_CALLS(X)
#undef X
} ll_vk_calls;

/* path NULL: libvulkan.so.1. Without a loader the status is UNSUPPORTED and the error says how to get one. */
libllm_status ll_vk_open(const char *path, ll_vk_calls *calls, libllm_error *error);
libllm_status ll_vk_load_instance(ll_vk_calls *calls, VkInstance instance, libllm_error *error);
libllm_status ll_vk_load_device(ll_vk_calls *calls, VkDevice device, libllm_error *error);
void ll_vk_close(ll_vk_calls *calls); /* one that is not open is fine */

/* The error that a call's result is: no memory, a lost device, or anything else that drivers may say. */
libllm_status ll_vk_fail(libllm_error *error, VkResult result, const char *what);

#endif
