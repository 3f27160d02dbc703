/* SPDX-License-Identifier: MIT
 * Opening the Vulkan loader.
 */
#include "backend/vulkan/loader.h"

#include "base/signals.h"
#include "base/status.h"

#include <dlfcn.h>
#include <stdbool.h>

libllm_status ll_vk_open(const char *path, ll_vk_calls *calls, libllm_error *error)
{
    const char *name = path ? path : "libvulkan.so.1";
    const sigset_t signals = ll_signals_block();
    *calls = (ll_vk_calls){.library = dlopen(name, RTLD_NOW | RTLD_LOCAL)};
    ll_signals_restore(&signals);
    if (!calls->library)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "the Vulkan loader cannot be opened (on Debian: apt install libvulkan1 and a driver such as "
                       "mesa-vulkan-drivers): %s",
                       dlerror());
    *(void **)&calls->GetInstanceProcAddr = dlsym(calls->library, "vkGetInstanceProcAddr");
    bool found = calls->GetInstanceProcAddr != NULL;
#define X(name) found = found && (calls->name = (PFN_vk##name)calls->GetInstanceProcAddr(NULL, "vk" #name)) != NULL;
    LL_VK_GLOBAL_CALLS(X)
#undef X
    if (found)
        return LIBLLM_OK;
    ll_vk_close(calls);
    return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s is not a Vulkan loader", name);
}

libllm_status ll_vk_load_instance(ll_vk_calls *calls, VkInstance instance, libllm_error *error)
{
#define X(name)                                                                                                        \
    calls->name = (PFN_vk##name)calls->GetInstanceProcAddr(instance, "vk" #name);                                      \
    if (!calls->name)                                                                                                  \
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the Vulkan loader has no vk%s", #name);
    LL_VK_INSTANCE_CALLS(X)
#undef X
    return LIBLLM_OK;
}

libllm_status ll_vk_load_device(ll_vk_calls *calls, VkDevice device, libllm_error *error)
{
#define X(name)                                                                                                        \
    calls->name = (PFN_vk##name)calls->GetDeviceProcAddr(device, "vk" #name);                                          \
    if (!calls->name)                                                                                                  \
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the Vulkan driver has no vk%s", #name);
    LL_VK_DEVICE_CALLS(X)
#undef X
    return LIBLLM_OK;
}

void ll_vk_close(ll_vk_calls *calls)
{
    if (calls->library)
        dlclose(calls->library);
    *calls = (ll_vk_calls){0};
}

libllm_status ll_vk_fail(libllm_error *error, VkResult result, const char *what)
{
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        return ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory: %s", what);
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        return ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory of the Vulkan device: %s", what);
    case VK_ERROR_DEVICE_LOST:
        return ll_fail(error, LIBLLM_ERROR_DEVICE_LOST, "the Vulkan device is lost: %s", what);
    case VK_ERROR_INCOMPATIBLE_DRIVER:
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "no Vulkan driver is installed (VK_ERROR_INCOMPATIBLE_DRIVER)");
    default:
        return ll_fail(error, LIBLLM_ERROR_INTERNAL, "the Vulkan driver failed: %s (VkResult %d)", what, (int)result);
    }
}
