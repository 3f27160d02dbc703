/* SPDX-License-Identifier: MIT
 * A Vulkan loader that fails when it is told to: it hands out the real one's functions, those that return a result
 * behind a counter. Call number `at` gives an error instead of being made. It also counts what is made and destroyed,
 * can make memory of one type look like that of GPUs; can make it look like little, with a driver that has no memory
 * beyond that, or that says it has more; can call the device a GPU, with little shared memory; can have it not answer
 * any more; and can keep a cache of pipelines, as drivers for the processor do not.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vulkan_core.h>

static atomic_long calls, at = -1, n_live;
static atomic_int result = VK_ERROR_OUT_OF_HOST_MEMORY;
static const char *volatile only; /* NULL: any call */
static const char *volatile failed_in;
static atomic_int is_gpu, shared_memory, hangs;

/* What memory looks like: as it is; the device's own, which the host does not see, and the machine's; the same with a
 * window of the device's memory that the host sees, in a heap of its own, or with all of it seen, but slow to read. */
enum { AS_IT_IS, HIDDEN, WINDOW, SEEN };
enum { OF_DEVICE, OF_MACHINE, OF_BOTH, TYPES };
enum { WINDOW_BYTES = 1 << 10 };
static atomic_int layout;

/* Memory in use: one thread at a time does this in the tests. */
enum { ALLOCATIONS_MAX = 1024 };
static uint64_t said_limit, real_limit, used, most_used;
static struct {
    VkDeviceMemory memory;
    uint64_t size;
    uint32_t type;
} allocations[ALLOCATIONS_MAX];
static uint64_t used_of[TYPES], most_of[TYPES];

static void note_allocation(VkDeviceMemory of, VkDeviceMemory becomes, uint64_t size, uint32_t type)
{
    for (int i = 0; i < ALLOCATIONS_MAX; i++)
        if (allocations[i].memory == of) {
            used += size - allocations[i].size;
            used_of[allocations[i].type] -= allocations[i].size;
            used_of[type] += size;
            most_of[type] = used_of[type] > most_of[type] ? used_of[type] : most_of[type];
            allocations[i].memory = becomes;
            allocations[i].size = size;
            allocations[i].type = type;
            most_used = used > most_used ? used : most_used;
            return;
        }
}

#define EXPORTED __attribute__((visibility("default")))
EXPORTED void faults_set(long call, int vk_result, const char *function);
EXPORTED void faults_lay_out_memory(int as);
EXPORTED uint64_t faults_most_of_type(int type);
EXPORTED void faults_call_it_gpu(int gpu);
EXPORTED void faults_shared_memory(int bytes);
EXPORTED void faults_hang(int hangs);
EXPORTED void faults_keep_cache(int keeps);
EXPORTED long faults_cached(void);
EXPORTED void faults_limit_memory(uint64_t said, uint64_t real);
EXPORTED uint64_t faults_most_memory(void);
EXPORTED long faults_calls(void);
EXPORTED long faults_live(void);
EXPORTED const char *faults_where(void);
EXPORTED PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance, const char *name);

void faults_set(long call, int vk_result, const char *function)
{
    calls = 0;
    at = call;
    result = vk_result;
    only = function;
    failed_in = NULL;
}
void faults_lay_out_memory(int as)
{
    layout = as;
    memset(most_of, 0, sizeof most_of);
}
uint64_t faults_most_of_type(int type) { return most_of[type]; } /* in use at a time since */
void faults_call_it_gpu(int gpu) { is_gpu = gpu; }
void faults_shared_memory(int bytes) { shared_memory = bytes; } /* of a workgroup; 0: the driver's own */
/* Nothing that is waited for is done any more; whoever waits without a bound does so for some seconds. Afterwards what
 * is there is counted no longer. */
void faults_hang(int hangs_now)
{
    hangs = hangs_now;
    if (hangs)
        return;
    memset(allocations, 0, sizeof allocations);
    memset(used_of, 0, sizeof used_of);
    used = 0;
    n_live = 0;
}
/* What the device says that it has, and what it has; 0: the driver's own. And what was in use at a time since. */
void faults_limit_memory(uint64_t said, uint64_t real)
{
    said_limit = said;
    real_limit = real;
    most_used = used;
}
uint64_t faults_most_memory(void) { return most_used; }
long faults_calls(void) { return calls; }
long faults_live(void) { return n_live; }
const char *faults_where(void) { return failed_in; }

static int fails(const char *name)
{
    if (only && strcmp(only, name) != 0)
        return 0;
    if (atomic_fetch_add(&calls, 1) != at)
        return 0;
    failed_in = name;
    return 1;
}

static PFN_vkGetInstanceProcAddr real_instance(void)
{
    static _Atomic(void *) found;
    if (!found) {
        void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
        found = library ? dlsym(library, "vkGetInstanceProcAddr") : NULL;
    }
    return (PFN_vkGetInstanceProcAddr)found;
}

/* name, parameters, arguments, how many objects a success makes */
#define CALLS(X)                                                                                                       \
    X(CreateInstance, (const VkInstanceCreateInfo *a, const VkAllocationCallbacks *b, VkInstance *c), (a, b, c), 1)    \
    X(EnumerateDeviceExtensionProperties, (VkPhysicalDevice a, const char *b, uint32_t *c, VkExtensionProperties *d),  \
      (a, b, c, d), 0)                                                                                                 \
    X(GetPipelineCacheData, (VkDevice a, VkPipelineCache b, size_t * c, void *d), (a, b, c, d), 0)                     \
    X(EnumeratePhysicalDevices, (VkInstance a, uint32_t * b, VkPhysicalDevice * c), (a, b, c), 0)                      \
    X(CreateDevice, (VkPhysicalDevice a, const VkDeviceCreateInfo *b, const VkAllocationCallbacks *c, VkDevice *d),    \
      (a, b, c, d), 1)                                                                                                 \
    X(CreateBuffer, (VkDevice a, const VkBufferCreateInfo *b, const VkAllocationCallbacks *c, VkBuffer *d),            \
      (a, b, c, d), 1)                                                                                                 \
    X(AllocateMemory, (VkDevice a, const VkMemoryAllocateInfo *b, const VkAllocationCallbacks *c, VkDeviceMemory *d),  \
      (a, b, c, d), 1)                                                                                                 \
    X(BindBufferMemory, (VkDevice a, VkBuffer b, VkDeviceMemory c, VkDeviceSize d), (a, b, c, d), 0)                   \
    X(MapMemory, (VkDevice a, VkDeviceMemory b, VkDeviceSize c, VkDeviceSize d, VkMemoryMapFlags e, void **f),         \
      (a, b, c, d, e, f), 0)                                                                                           \
    X(CreateShaderModule,                                                                                              \
      (VkDevice a, const VkShaderModuleCreateInfo *b, const VkAllocationCallbacks *c, VkShaderModule *d),              \
      (a, b, c, d), 1)                                                                                                 \
    X(CreatePipelineLayout,                                                                                            \
      (VkDevice a, const VkPipelineLayoutCreateInfo *b, const VkAllocationCallbacks *c, VkPipelineLayout *d),          \
      (a, b, c, d), 1)                                                                                                 \
    X(CreatePipelineCache,                                                                                             \
      (VkDevice a, const VkPipelineCacheCreateInfo *b, const VkAllocationCallbacks *c, VkPipelineCache *d),            \
      (a, b, c, d), 1)                                                                                                 \
    X(CreateComputePipelines,                                                                                          \
      (VkDevice a, VkPipelineCache b, uint32_t c, const VkComputePipelineCreateInfo *d,                                \
       const VkAllocationCallbacks *e, VkPipeline *f),                                                                 \
      (a, b, c, d, e, f), 1)                                                                                           \
    X(CreateCommandPool,                                                                                               \
      (VkDevice a, const VkCommandPoolCreateInfo *b, const VkAllocationCallbacks *c, VkCommandPool *d), (a, b, c, d),  \
      1)                                                                                                               \
    X(AllocateCommandBuffers, (VkDevice a, const VkCommandBufferAllocateInfo *b, VkCommandBuffer *c), (a, b, c), 0)    \
    X(BeginCommandBuffer, (VkCommandBuffer a, const VkCommandBufferBeginInfo *b), (a, b), 0)                           \
    X(EndCommandBuffer, (VkCommandBuffer a), (a), 0)                                                                   \
    X(CreateFence, (VkDevice a, const VkFenceCreateInfo *b, const VkAllocationCallbacks *c, VkFence *d), (a, b, c, d), \
      1)                                                                                                               \
    X(ResetFences, (VkDevice a, uint32_t b, const VkFence *c), (a, b, c), 0)                                           \
    X(QueueSubmit, (VkQueue a, uint32_t b, const VkSubmitInfo *c, VkFence d), (a, b, c, d), 0)

/* Memory of all types is that of type 0. */
static _Atomic(PFN_vkGetPhysicalDeviceMemoryProperties2) real_memory_properties;
static _Atomic(PFN_vkGetPhysicalDeviceProperties2) real_properties;
static _Atomic(PFN_vkGetBufferMemoryRequirements) real_requirements;
static _Atomic(PFN_vkAllocateMemory) real_allocate;

static void VKAPI_CALL memory_properties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties2 *out)
{
    real_memory_properties(device, out);
    for (VkBaseOutStructure *next = out->pNext; said_limit && next; next = next->pNext)
        if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) {
            VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = (void *)next;
            budget->heapBudget[0] = said_limit;
            budget->heapUsage[0] = used;
            budget->heapBudget[2] = WINDOW_BYTES;
        }
    if (said_limit)
        out->memoryProperties.memoryHeaps[0].size = said_limit;
    if (layout == AS_IT_IS)
        return;
    const VkMemoryPropertyFlags own = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                                seen = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkPhysicalDeviceMemoryProperties *p = &out->memoryProperties;
    p->memoryTypeCount = layout == HIDDEN ? OF_BOTH : TYPES;
    p->memoryHeapCount = layout == WINDOW ? 3 : 2;
    p->memoryHeaps[1] = (VkMemoryHeap){.size = p->memoryHeaps[0].size};
    p->memoryHeaps[2] = (VkMemoryHeap){.size = WINDOW_BYTES, .flags = VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
    p->memoryTypes[OF_DEVICE] = (VkMemoryType){own, 0};
    p->memoryTypes[OF_MACHINE] = (VkMemoryType){seen | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 1};
    p->memoryTypes[OF_BOTH] = (VkMemoryType){own | seen, layout == WINDOW ? 2 : 0};
}

static void VKAPI_CALL properties(VkPhysicalDevice device, VkPhysicalDeviceProperties2 *out)
{
    real_properties(device, out);
    if (is_gpu)
        out->properties.deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    if (shared_memory)
        out->properties.limits.maxComputeSharedMemorySize = (uint32_t)shared_memory;
}

static void VKAPI_CALL requirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *out)
{
    real_requirements(device, buffer, out);
    out->memoryTypeBits |= layout ? (1u << TYPES) - 1 : 0;
}

static VkResult VKAPI_CALL allocate_memory(VkDevice device, const VkMemoryAllocateInfo *info,
                                           const VkAllocationCallbacks *allocator, VkDeviceMemory *out)
{
    VkMemoryAllocateInfo of_one_type = *info;
    of_one_type.memoryTypeIndex = 0;
    const uint32_t type = layout ? info->memoryTypeIndex : OF_DEVICE;
    const int fills_window = layout == WINDOW && type == OF_BOTH && used_of[type] + info->allocationSize > WINDOW_BYTES;
    if ((real_limit && used + info->allocationSize > real_limit) || fills_window)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    const VkResult r = real_allocate(device, &of_one_type, allocator, out);
    if (r == VK_SUCCESS)
        note_allocation(VK_NULL_HANDLE, *out, info->allocationSize, type);
    return r;
}

#define X(name, parameters, arguments, made)                                                                           \
    static _Atomic(PFN_vk##name) real_##name;                                                                          \
    static VkResult VKAPI_CALL faulty_##name parameters                                                                \
    {                                                                                                                  \
        if (fails(#name))                                                                                              \
            return (VkResult)result;                                                                                   \
        const VkResult r = real_##name arguments;                                                                      \
        n_live += r == VK_SUCCESS ? made : 0;                                                                          \
        return r;                                                                                                      \
    }
CALLS(X)
#undef X

static _Atomic(PFN_vkWaitForFences) real_wait;
static _Atomic(PFN_vkDeviceWaitIdle) real_wait_idle;

/* What has failed while it was waited for is done all the same: a lost device computes nothing any more. */
static VkResult VKAPI_CALL wait_for_fences(VkDevice device, uint32_t n, const VkFence *fences, VkBool32 all,
                                           uint64_t longest)
{
    if (hangs)
        return VK_TIMEOUT;
    if (fails("WaitForFences")) {
        real_wait(device, n, fences, all, longest);
        return (VkResult)result;
    }
    return real_wait(device, n, fences, all, longest);
}

static VkResult VKAPI_CALL wait_idle(VkDevice device)
{
    if (hangs)
        sleep(5);
    return real_wait_idle(device);
}

/* A cache that has so much for each of its pipelines, and takes nothing but what another one has given. */
static const char CACHE_MAGIC[8] = "pipeline";
enum { CACHE_BYTES_EACH = 1000, CACHED_MAX = 1000 };
static atomic_int keeps_cache, n_cached, n_taken;
static _Atomic(PFN_vkCreatePipelineCache) real_create_cache;
static _Atomic(PFN_vkGetPipelineCacheData) real_cache_data;
static _Atomic(PFN_vkCreateComputePipelines) real_create_pipelines;

void faults_keep_cache(int keeps) { keeps_cache = keeps; }
long faults_cached(void) { return n_taken; } /* pipelines, by the cache that was made last */

static VkResult VKAPI_CALL create_cache(VkDevice device, const VkPipelineCacheCreateInfo *info,
                                        const VkAllocationCallbacks *allocator, VkPipelineCache *out)
{
    VkPipelineCacheCreateInfo empty = *info;
    if (!keeps_cache)
        return real_create_cache(device, info, allocator, out);
    const char *data = info->pInitialData;
    int n = 0, good = info->initialDataSize >= sizeof CACHE_MAGIC + sizeof n;
    if (good)
        memcpy(&n, data + sizeof CACHE_MAGIC, sizeof n);
    good = good && memcmp(data, CACHE_MAGIC, sizeof CACHE_MAGIC) == 0 && n >= 0 && n < CACHED_MAX &&
           info->initialDataSize == sizeof CACHE_MAGIC + sizeof n + (size_t)n * CACHE_BYTES_EACH;
    n_cached = n_taken = good ? n : 0;
    empty.initialDataSize = 0;
    return real_create_cache(device, &empty, allocator, out);
}

static VkResult VKAPI_CALL create_pipelines(VkDevice device, VkPipelineCache cache, uint32_t n,
                                            const VkComputePipelineCreateInfo *infos,
                                            const VkAllocationCallbacks *allocator, VkPipeline *out)
{
    n_cached += n_taken == 0; /* what was taken has all of them */
    return real_create_pipelines(device, cache, n, infos, allocator, out);
}

static VkResult VKAPI_CALL cache_data(VkDevice device, VkPipelineCache cache, size_t *size, void *data)
{
    if (!keeps_cache)
        return real_cache_data(device, cache, size, data);
    const int n = n_cached;
    *size = sizeof CACHE_MAGIC + sizeof n + (size_t)n * CACHE_BYTES_EACH;
    if (!data)
        return VK_SUCCESS;
    memset(data, 'x', *size);
    memcpy(data, CACHE_MAGIC, sizeof CACHE_MAGIC);
    memcpy((char *)data + sizeof CACHE_MAGIC, &n, sizeof n);
    return VK_SUCCESS;
}

#define DESTROYS(X)                                                                                                    \
    X(DestroyBuffer, VkBuffer)                                                                                         \
    X(FreeMemory, VkDeviceMemory)                                                                                      \
    X(DestroyShaderModule, VkShaderModule)                                                                             \
    X(DestroyPipelineLayout, VkPipelineLayout)                                                                         \
    X(DestroyPipelineCache, VkPipelineCache)                                                                           \
    X(DestroyPipeline, VkPipeline)                                                                                     \
    X(DestroyCommandPool, VkCommandPool)                                                                               \
    X(DestroyFence, VkFence)
#define X(name, type)                                                                                                  \
    static _Atomic(PFN_vk##name) real_##name;                                                                          \
    static void VKAPI_CALL counted_##name(VkDevice device, type object, const VkAllocationCallbacks *allocator)        \
    {                                                                                                                  \
        n_live -= object != VK_NULL_HANDLE;                                                                            \
        real_##name(device, object, allocator);                                                                        \
    }
DESTROYS(X)
#undef X

static _Atomic(PFN_vkDestroyDevice) real_DestroyDevice;
static _Atomic(PFN_vkDestroyInstance) real_DestroyInstance;
static _Atomic(PFN_vkGetDeviceProcAddr) real_GetDeviceProcAddr;

static _Atomic(PFN_vkFreeMemory) real_free;

static void VKAPI_CALL free_memory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks *allocator)
{
    if (memory != VK_NULL_HANDLE)
        note_allocation(memory, VK_NULL_HANDLE, 0, 0);
    real_free(device, memory, allocator);
}

static void VKAPI_CALL counted_DestroyDevice(VkDevice device, const VkAllocationCallbacks *allocator)
{
    n_live--;
    real_DestroyDevice(device, allocator);
}

static void VKAPI_CALL counted_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *allocator)
{
    n_live--;
    real_DestroyInstance(instance, allocator);
}

static _Atomic(PFN_vkCmdCopyBuffer) real_copy;

/* It cannot fail, but is counted when it is the only one. */
static void VKAPI_CALL counted_copy(VkCommandBuffer commands, VkBuffer from, VkBuffer to, uint32_t n,
                                    const VkBufferCopy *regions)
{
    if (only && strcmp(only, "CmdCopyBuffer") == 0)
        calls++;
    real_copy(commands, from, to, n, regions);
}

static PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice device, const char *name);

static PFN_vkVoidFunction replace(const char *name, PFN_vkVoidFunction found)
{
    if (!found)
        return NULL;
    if (strcmp(name, "vkGetPhysicalDeviceMemoryProperties2") == 0) {
        real_memory_properties = (PFN_vkGetPhysicalDeviceMemoryProperties2)found;
        return (PFN_vkVoidFunction)memory_properties;
    }
    if (strcmp(name, "vkGetPhysicalDeviceProperties2") == 0) {
        real_properties = (PFN_vkGetPhysicalDeviceProperties2)found;
        return (PFN_vkVoidFunction)properties;
    }
    if (strcmp(name, "vkGetBufferMemoryRequirements") == 0) {
        real_requirements = (PFN_vkGetBufferMemoryRequirements)found;
        return (PFN_vkVoidFunction)requirements;
    }
    if (strcmp(name, "vkWaitForFences") == 0) {
        real_wait = (PFN_vkWaitForFences)found;
        return (PFN_vkVoidFunction)wait_for_fences;
    }
    if (strcmp(name, "vkDeviceWaitIdle") == 0) {
        real_wait_idle = (PFN_vkDeviceWaitIdle)found;
        return (PFN_vkVoidFunction)wait_idle;
    }
    if (strcmp(name, "vkCreatePipelineCache") == 0) {
        real_create_cache = (PFN_vkCreatePipelineCache)found;
        found = (PFN_vkVoidFunction)create_cache;
    }
    if (strcmp(name, "vkGetPipelineCacheData") == 0) {
        real_cache_data = (PFN_vkGetPipelineCacheData)found;
        found = (PFN_vkVoidFunction)cache_data;
    }
    if (strcmp(name, "vkCreateComputePipelines") == 0) {
        real_create_pipelines = (PFN_vkCreateComputePipelines)found;
        found = (PFN_vkVoidFunction)create_pipelines;
    }
    if (strcmp(name, "vkCmdCopyBuffer") == 0) {
        real_copy = (PFN_vkCmdCopyBuffer)found;
        return (PFN_vkVoidFunction)counted_copy;
    }
    if (strcmp(name, "vkAllocateMemory") == 0) {
        real_allocate = (PFN_vkAllocateMemory)found;
        found = (PFN_vkVoidFunction)allocate_memory;
    }
    if (strcmp(name, "vkFreeMemory") == 0) {
        real_free = (PFN_vkFreeMemory)found;
        found = (PFN_vkVoidFunction)free_memory;
    }
#define X(call, parameters, arguments, made)                                                                           \
    if (strcmp(name, "vk" #call) == 0) {                                                                               \
        real_##call = (PFN_vk##call)found;                                                                             \
        return (PFN_vkVoidFunction)faulty_##call;                                                                      \
    }
    CALLS(X)
#undef X
#define X(call, type)                                                                                                  \
    if (strcmp(name, "vk" #call) == 0) {                                                                               \
        real_##call = (PFN_vk##call)found;                                                                             \
        return (PFN_vkVoidFunction)counted_##call;                                                                     \
    }
    DESTROYS(X)
    X(DestroyDevice, )
    X(DestroyInstance, )
#undef X
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) {
        real_GetDeviceProcAddr = (PFN_vkGetDeviceProcAddr)found;
        return (PFN_vkVoidFunction)device_function;
    }
    return found;
}

static PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice device, const char *name)
{
    return replace(name, real_GetDeviceProcAddr(device, name));
}

PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance, const char *name)
{
    PFN_vkGetInstanceProcAddr real = real_instance();
    return real ? replace(name, real(instance, name)) : NULL;
}
