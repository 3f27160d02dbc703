/* SPDX-License-Identifier: MIT
 * Choosing and opening a Vulkan device.
 */
#include "backend/vulkan/device.h"

#include "base/signals.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { DEVICES_MAX = 16, FAMILIES_MAX = 16, EXTENSIONS_MAX = 512, SUBGROUP_MIN = 4 };

/* What the shaders are written for. */
typedef struct features {
    VkPhysicalDeviceFeatures2 all;
    VkPhysicalDeviceVulkan11Features v11;
    VkPhysicalDeviceVulkan12Features v12;
} features;

static void chain(features *f)
{
    f->all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    f->v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    f->v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    f->all.pNext = &f->v11;
    f->v11.pNext = &f->v12;
}

/* Of each feature a line: where it is, and what a person calls it. */
#define FEATURES(X)                                                                                                    \
    X(all.features.shaderInt64, "64-bit integers")                                                                     \
    X(all.features.shaderInt16, "16-bit integers")                                                                     \
    X(v11.storageBuffer16BitAccess, "16-bit storage")                                                                  \
    X(v12.storageBuffer8BitAccess, "8-bit storage")                                                                    \
    X(v12.shaderInt8, "8-bit integers")                                                                                \
    X(v12.bufferDeviceAddress, "buffer device addresses")                                                              \
    X(v12.scalarBlockLayout, "scalar block layout")

static const char *type_name(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return "discrete GPU";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return "integrated GPU";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return "virtual GPU";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return "CPU";
    default:
        return "other device";
    }
}

static int rank_of(VkPhysicalDeviceType type)
{
    return type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU     ? 4
           : type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU ? 3
           : type == VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU    ? 2
           : type == VK_PHYSICAL_DEVICE_TYPE_CPU            ? 0
                                                            : 1;
}

static libllm_status open_instance(const ll_host *host, const char *library, ll_vk_device *d, libllm_error *error)
{
    *d = (ll_vk_device){.host = host};
    libllm_status status = ll_vk_open(library, &d->calls, error);
    if (status)
        return status;
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .pApplicationName = "libllm",
                                           .pEngineName = "libllm",
                                           .apiVersion = VK_API_VERSION_1_2};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &application};
    const sigset_t signals = ll_signals_block(); /* a driver may start threads of its own */
    const VkResult result = d->calls.CreateInstance(&info, NULL, &d->instance);
    ll_signals_restore(&signals);
    if (result) {
        d->instance = VK_NULL_HANDLE;
        return ll_vk_fail(error, result, "an instance cannot be made");
    }
    return ll_vk_load_instance(&d->calls, d->instance, error);
}

static libllm_status list_devices(const ll_vk_device *d, VkPhysicalDevice devices[DEVICES_MAX], uint32_t *n,
                                  libllm_error *error)
{
    *n = DEVICES_MAX;
    const sigset_t signals = ll_signals_block();
    const VkResult result = d->calls.EnumeratePhysicalDevices(d->instance, n, devices);
    ll_signals_restore(&signals);
    if (result && result != VK_INCOMPLETE)
        return ll_vk_fail(error, result, "the devices cannot be listed");
    if (*n == 0)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "Vulkan has no device here");
    return LIBLLM_OK;
}

static bool has_extension(const ll_vk_device *d, const char *name)
{
    VkExtensionProperties *list = ll_alloc(d->host, EXTENSIONS_MAX, sizeof *list);
    uint32_t n = EXTENSIONS_MAX;
    bool found = false;
    VkResult result = list ? d->calls.EnumerateDeviceExtensionProperties(d->physical, NULL, &n, list) : VK_INCOMPLETE;
    for (uint32_t i = 0; (result == VK_SUCCESS || result == VK_INCOMPLETE) && list && i < n; i++)
        found = found || strcmp(list[i].extensionName, name) == 0;
    ll_free(d->host, list);
    return found;
}

/* The family to compute on: one that does nothing but compute, where there is one. */
static bool find_family(ll_vk_device *d)
{
    VkQueueFamilyProperties families[FAMILIES_MAX];
    uint32_t n = FAMILIES_MAX;
    d->calls.GetPhysicalDeviceQueueFamilyProperties(d->physical, &n, families);
    bool found = false, alone = false;
    for (uint32_t i = 0; i < n; i++) {
        const bool computes = families[i].queueCount && (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT);
        const bool only = computes && !(families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT);
        if (computes && (!found || (only && !alone))) {
            d->family = i;
            found = true;
            alone = only;
        }
    }
    return found;
}

/* Fill in what the device is; UNSUPPORTED says in words what it lacks. */
static libllm_status examine(ll_vk_device *d, VkPhysicalDevice physical, libllm_error *error)
{
    d->physical = physical;
    VkPhysicalDeviceVulkan11Properties v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
    VkPhysicalDeviceMaintenance4Properties buffers = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES, .pNext = &v11};
    VkPhysicalDeviceProperties2 p = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    d->calls.GetPhysicalDeviceProperties2(physical, &p);
    snprintf(d->name, sizeof d->name, "%s", p.properties.deviceName);
    d->type = p.properties.deviceType;
    if (p.properties.apiVersion < VK_API_VERSION_1_2)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s has Vulkan %u.%u; libllm needs 1.2", d->name,
                       VK_API_VERSION_MAJOR(p.properties.apiVersion), VK_API_VERSION_MINOR(p.properties.apiVersion));
    const bool knows_buffers = p.properties.apiVersion >= VK_API_VERSION_1_3;
    p.pNext = knows_buffers ? (void *)&buffers : (void *)&v11;
    d->calls.GetPhysicalDeviceProperties2(physical, &p);
    d->limits = p.properties.limits;
    d->vendor = p.properties.vendorID;
    d->driver_version = p.properties.driverVersion;
    memcpy(d->cache_uuid, p.properties.pipelineCacheUUID, sizeof d->cache_uuid);
    d->subgroup_size = v11.subgroupSize;
    d->largest_allocation = v11.maxMemoryAllocationSize ? v11.maxMemoryAllocationSize : 1u << 30;
    d->largest_buffer = knows_buffers && buffers.maxBufferSize ? buffers.maxBufferSize : d->largest_allocation;
    VkPhysicalDeviceMemoryProperties2 memory = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
    d->calls.GetPhysicalDeviceMemoryProperties2(physical, &memory);
    d->memory = memory.memoryProperties;
    d->has_budget = has_extension(d, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    features has = {0};
    chain(&has);
    d->calls.GetPhysicalDeviceFeatures2(physical, &has.all);
#define X(field, words)                                                                                                \
    if (!has.field)                                                                                                    \
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the driver of %s does not have %s", d->name, words);
    FEATURES(X)
#undef X
    const VkSubgroupFeatureFlags operations = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    if (!(v11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) ||
        (v11.subgroupSupportedOperations & operations) != operations || d->subgroup_size < SUBGROUP_MIN)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the driver of %s does not add up over subgroups", d->name);
    if (!find_family(d))
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s has no queue to compute on", d->name);
    return LIBLLM_OK;
}

static libllm_status open_device(ll_vk_device *d, libllm_error *error)
{
    features wanted = {0};
    chain(&wanted);
#define X(field, words) wanted.field = VK_TRUE;
    FEATURES(X)
#undef X
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = d->family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const char *const extensions[] = {VK_EXT_MEMORY_BUDGET_EXTENSION_NAME};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = &wanted.all,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue,
                                     .enabledExtensionCount = d->has_budget ? 1 : 0,
                                     .ppEnabledExtensionNames = extensions};
    const sigset_t signals = ll_signals_block();
    const VkResult result = d->calls.CreateDevice(d->physical, &info, NULL, &d->device);
    ll_signals_restore(&signals);
    if (result) {
        d->device = VK_NULL_HANDLE;
        return ll_vk_fail(error, result, "the device cannot be opened");
    }
    libllm_status status = ll_vk_load_device(&d->calls, d->device, error);
    if (!status)
        d->calls.GetDeviceQueue(d->device, d->family, 0, &d->queue);
    return status;
}

/* The device that a number means; the others are left out of account when they cannot be used and none was named. */
static libllm_status choose(ll_vk_device *d, uint32_t index, libllm_error *error)
{
    VkPhysicalDevice devices[DEVICES_MAX];
    uint32_t n, best = LL_VK_ANY;
    libllm_status status = list_devices(d, devices, &n, error);
    if (status || index != LL_VK_ANY) {
        if (!status && index >= n)
            return ll_fail(error, LIBLLM_ERROR_NOT_FOUND, "there is no device \"vulkan:%u\"; the last is vulkan:%u",
                           index, n - 1);
        return status ? status : examine(d, devices[index], error);
    }
    for (uint32_t i = 0, best_rank = 0; i < n; i++) {
        const libllm_status found = examine(d, devices[i], best == LL_VK_ANY ? error : NULL);
        const uint32_t rank = (uint32_t)rank_of(d->type) + 1;
        status = best == LL_VK_ANY ? found : LIBLLM_OK;
        if (!found && rank > best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best == LL_VK_ANY ? status : examine(d, devices[best], error);
}

libllm_status ll_vk_device_open(const ll_host *host, const char *library, uint32_t index, ll_vk_device *d,
                                libllm_error *error)
{
    libllm_status status = open_instance(host, library, d, error);
    pthread_mutex_init(&d->queue_lock, NULL);
    if (!status)
        status = choose(d, index, error);
    if (!status)
        status = open_device(d, error);
    if (status)
        ll_vk_device_close(d);
    return status;
}

void ll_vk_device_close(ll_vk_device *d)
{
    if (!d->host)
        return;
    pthread_mutex_destroy(&d->queue_lock);
    if (ll_vk_hangs(d)) { /* nor is the driver unloaded */
        *d = (ll_vk_device){0};
        return;
    }
    if (d->device && d->calls.DestroyDevice)
        d->calls.DestroyDevice(d->device, NULL);
    if (d->instance && d->calls.DestroyInstance)
        d->calls.DestroyInstance(d->instance, NULL);
    ll_vk_close(&d->calls);
    *d = (ll_vk_device){0};
}

uint32_t ll_vk_main_heap(const ll_vk_device *d)
{
    uint32_t found = 0;
    uint64_t largest = 0;
    for (uint32_t i = 0; i < d->memory.memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &d->memory.memoryHeaps[i];
        if ((heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) && heap->size > largest) {
            largest = heap->size;
            found = i;
        }
    }
    return found;
}

void ll_vk_budget(const ll_vk_device *d, uint64_t *n_free, uint64_t *total)
{
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                                .pNext = d->has_budget ? &budget : NULL};
    d->calls.GetPhysicalDeviceMemoryProperties2(d->physical, &memory);
    const uint32_t heap = ll_vk_main_heap(d);
    *total = d->memory.memoryHeaps[heap].size;
    const uint64_t most = d->has_budget ? budget.heapBudget[heap] : *total;
    const uint64_t used = d->has_budget ? budget.heapUsage[heap] : __atomic_load_n(&d->allocated, __ATOMIC_RELAXED);
    *n_free = most > used ? most - used : 0;
}

libllm_status ll_vk_describe(const ll_host *host, const char *library, uint32_t index, ll_vk_info *info,
                             libllm_error *error)
{
    ll_vk_device d;
    VkPhysicalDevice devices[DEVICES_MAX];
    uint32_t n = 0;
    *info = (ll_vk_info){0};
    libllm_status status = open_instance(host, library, &d, error);
    pthread_mutex_init(&d.queue_lock, NULL);
    if (!status)
        status = list_devices(&d, devices, &n, error);
    if (!status && index >= n) {
        status = LIBLLM_DONE;
    } else if (!status) {
        status = examine(&d, devices[index], error);
        memcpy(info->name, d.name, sizeof info->name);
        info->type = type_name(d.type);
        info->is_accelerator = d.type != VK_PHYSICAL_DEVICE_TYPE_CPU;
        info->shares_memory = d.type != VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
        if (!status)
            ll_vk_budget(&d, &info->free_bytes, &info->memory_bytes);
    }
    ll_vk_device_close(&d);
    return status;
}
