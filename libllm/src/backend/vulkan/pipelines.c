/* SPDX-License-Identifier: MIT
 * Making pipelines, and keeping what the driver compiled for the next process.
 */
#include "backend/vulkan/pipelines.h"

#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CACHE_BYTES_MAX = 64 << 20 };

/* vulkan-<device>-<driver>-<shaders>.cache in the folder: what is in it is for this driver and these shaders. */
static char *path_of(const ll_vk_device *d, const char *folder)
{
    char uuid[2 * VK_UUID_SIZE + 1];
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        snprintf(uuid + 2 * i, 3, "%02x", d->cache_uuid[i]);
    const size_t size = strlen(folder) + 128;
    char *path = ll_alloc(d->host, size, 1);
    if (path)
        snprintf(path, size, "%s/vulkan-%08x-%s-%.16s.cache", folder, d->vendor, uuid, ll_vk_spirv_hash);
    return path;
}

/* What the file has, or nothing: a cache that cannot be read is as good as none, and drivers check what they get. */
static void *read_cache(const ll_vk_device *d, const char *path, size_t *size)
{
    *size = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    uint8_t *data = NULL;
    if (file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 &&
        about.st_size <= CACHE_BYTES_MAX)
        data = ll_alloc(d->host, (size_t)about.st_size, 1);
    while (data && *size < (size_t)about.st_size) {
        const ssize_t n = read(file, data + *size, (size_t)about.st_size - *size);
        if (n <= 0)
            break;
        *size += (size_t)n;
    }
    if (file >= 0)
        close(file);
    return data;
}

/* Under another name first, so that nobody ever reads half a file. */
static void write_cache(const ll_vk_device *d, const char *path, const void *data, size_t size)
{
    const size_t room = strlen(path) + 32;
    char *temporary = ll_alloc(d->host, room, 1);
    if (!temporary)
        return;
    snprintf(temporary, room, "%s.%ld", path, (long)getpid());
    const int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        size_t done = 0;
        for (ssize_t n; done < size && (n = write(file, (const uint8_t *)data + done, size - done)) > 0;)
            done += (size_t)n;
        if (close(file) != 0 || done < size || rename(temporary, path) != 0)
            unlink(temporary);
    }
    ll_free(d->host, temporary);
}

static void keep(ll_vk_pipelines *p)
{
    const ll_vk_device *d = p->device;
    size_t size = 0;
    if (!p->cache_path || !p->cache || d->calls.GetPipelineCacheData(d->device, p->cache, &size, NULL) ||
        size <= p->n_kept || size > CACHE_BYTES_MAX)
        return;
    void *data = ll_alloc(d->host, size, 1);
    if (data && d->calls.GetPipelineCacheData(d->device, p->cache, &size, data) == VK_SUCCESS)
        write_cache(d, p->cache_path, data, size);
    ll_free(d->host, data);
}

libllm_status ll_vk_pipelines_create(const ll_vk_device *d, const char *cache_dir, ll_vk_pipelines *p,
                                     libllm_error *error)
{
    *p = (ll_vk_pipelines){.device = d};
    pthread_mutex_init(&p->lock, NULL);
    const VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = LL_VK_PUSH_BYTES};
    const VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .pushConstantRangeCount = 1,
                                               .pPushConstantRanges = &push};
    size_t size = 0;
    void *data = NULL;
    if (cache_dir && (p->cache_path = path_of(d, cache_dir)))
        data = read_cache(d, p->cache_path, &size);
    VkPipelineCacheCreateInfo cache = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, .initialDataSize = size, .pInitialData = data};
    VkResult result = d->calls.CreatePipelineLayout(d->device, &layout, NULL, &p->layout);
    if (result)
        p->layout = VK_NULL_HANDLE;
    else if ((result = d->calls.CreatePipelineCache(d->device, &cache, NULL, &p->cache)))
        p->cache = VK_NULL_HANDLE;
    ll_free(d->host, data);
    /* A driver takes nothing of a file that is not its own, or damaged: then whatever it compiles is more. */
    if (!result && (!p->cache_path || d->calls.GetPipelineCacheData(d->device, p->cache, &p->n_kept, NULL)))
        p->n_kept = 0;
    if (!result)
        return LIBLLM_OK;
    ll_vk_pipelines_free(p);
    return ll_vk_fail(error, result, "pipelines cannot be made");
}

void ll_vk_pipelines_free(ll_vk_pipelines *p)
{
    const ll_vk_device *d = p->device;
    if (!d)
        return;
    const bool hangs = ll_vk_hangs(d);
    if (!hangs)
        keep(p);
    for (size_t i = 0; !hangs && i < p->n; i++)
        d->calls.DestroyPipeline(d->device, p->list[i].pipeline, NULL);
    for (size_t i = 0; !hangs && i < LL_VK_SHADERS; i++)
        if (p->modules[i])
            d->calls.DestroyShaderModule(d->device, p->modules[i], NULL);
    if (p->cache && !hangs)
        d->calls.DestroyPipelineCache(d->device, p->cache, NULL);
    if (p->layout && !hangs)
        d->calls.DestroyPipelineLayout(d->device, p->layout, NULL);
    ll_free(d->host, p->list);
    ll_free(d->host, p->cache_path);
    pthread_mutex_destroy(&p->lock);
    *p = (ll_vk_pipelines){0};
}

static libllm_status need_module(ll_vk_pipelines *p, ll_vk_shader shader, libllm_error *error)
{
    const ll_vk_device *d = p->device;
    const ll_vk_spirv *spirv = &ll_vk_spirvs[shader];
    if (p->modules[shader])
        return LIBLLM_OK;
    uint32_t *words = ll_alloc(d->host, spirv->n_bytes, 1);
    uLongf n = spirv->n_bytes;
    if (!words || uncompress((Bytef *)words, &n, ll_vk_spirv_bytes + spirv->offset, spirv->n_packed) != Z_OK) {
        ll_free(d->host, words);
        return ll_fail_memory(error, "a shader");
    }
    const VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = n, .pCode = words};
    const VkResult result = d->calls.CreateShaderModule(d->device, &info, NULL, &p->modules[shader]);
    ll_free(d->host, words);
    if (!result)
        return LIBLLM_OK;
    p->modules[shader] = VK_NULL_HANDLE;
    return ll_vk_fail(error, result, "a shader cannot be made");
}

static bool same(const ll_vk_constants *a, const ll_vk_constants *b)
{
    return a->n == b->n && memcmp(a->list, b->list, a->n * sizeof *a->list) == 0;
}

/* With the lock held. */
static libllm_status get(ll_vk_pipelines *p, ll_vk_shader shader, const ll_vk_constants *constants, VkPipeline *out,
                         libllm_error *error)
{
    const ll_vk_device *d = p->device;
    for (size_t i = 0; i < p->n; i++)
        if (p->list[i].shader == shader && same(&p->list[i].constants, constants)) {
            *out = p->list[i].pipeline;
            return LIBLLM_OK;
        }
    if (p->n == p->capacity) {
        const size_t capacity = p->capacity ? 2 * p->capacity : 32;
        ll_vk_pipeline *list = ll_realloc(d->host, p->list, p->capacity, capacity, sizeof *list);
        if (!list)
            return ll_fail_memory(error, "pipelines");
        p->list = list;
        p->capacity = capacity;
    }
    libllm_status status = need_module(p, shader, error);
    if (status)
        return status;
    VkSpecializationMapEntry entries[LL_VK_CONSTANTS_MAX];
    for (uint32_t i = 0; i < constants->n; i++)
        entries[i] = (VkSpecializationMapEntry){
            .constantID = constants->list[i].id,
            .offset = (uint32_t)((const char *)&constants->list[i].value - (const char *)constants->list),
            .size = sizeof constants->list[i].value};
    const VkSpecializationInfo values = {.mapEntryCount = constants->n,
                                         .pMapEntries = entries,
                                         .dataSize = constants->n * sizeof *constants->list,
                                         .pData = constants->list};
    const VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                              .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT,
                                              .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                        .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                        .module = p->modules[shader],
                                                        .pName = "main",
                                                        .pSpecializationInfo = &values},
                                              .layout = p->layout};
    ll_vk_pipeline *made = &p->list[p->n];
    const VkResult result = d->calls.CreateComputePipelines(d->device, p->cache, 1, &info, NULL, &made->pipeline);
    if (result)
        return ll_vk_fail(error, result, ll_vk_spirvs[shader].name);
    made->shader = shader;
    made->constants = *constants;
    p->n++;
    *out = made->pipeline;
    return LIBLLM_OK;
}

libllm_status ll_vk_pipeline_get(ll_vk_pipelines *p, ll_vk_shader shader, const ll_vk_constants *constants,
                                 VkPipeline *out, libllm_error *error)
{
    pthread_mutex_lock(&p->lock);
    const libllm_status status = get(p, shader, constants, out, error);
    pthread_mutex_unlock(&p->lock);
    return status;
}
