/* SPDX-License-Identifier: MIT
 * The shaders, and the pipelines that are made of them when they are first needed: a shader with its constants.
 */
#ifndef LL_BACKEND_VULKAN_PIPELINES_H
#define LL_BACKEND_VULKAN_PIPELINES_H

#include "backend/vulkan/device.h"
#include "backend/vulkan/shaders.h"

enum { LL_VK_CONSTANTS_MAX = 16, LL_VK_PUSH_BYTES = 32 };

/* Values of specialization constants by their ids, rising. */
typedef struct ll_vk_constants {
    uint32_t n;
    struct {
        uint32_t id, value;
    } list[LL_VK_CONSTANTS_MAX];
} ll_vk_constants;

static inline void ll_vk_set(ll_vk_constants *constants, uint32_t id, uint32_t value)
{
    constants->list[constants->n].id = id;
    constants->list[constants->n++].value = value;
}

typedef struct ll_vk_pipeline {
    ll_vk_shader shader;
    ll_vk_constants constants;
    VkPipeline pipeline;
} ll_vk_pipeline;

typedef struct ll_vk_pipelines {
    const ll_vk_device *device;
    VkPipelineLayout layout;
    VkPipelineCache cache;
    VkShaderModule modules[LL_VK_SHADERS];
    ll_vk_pipeline *list;
    size_t n, capacity;
    pthread_mutex_t lock; /* of the list and the modules */
    char *cache_path;     /* NULL: the cache is not kept */
    size_t n_kept;        /* bytes of the file that the driver has taken */
} ll_vk_pipelines;

/* cache_dir NULL: pipelines are compiled anew by every process. */
libllm_status ll_vk_pipelines_create(const ll_vk_device *device, const char *cache_dir, ll_vk_pipelines *pipelines,
                                     libllm_error *error);
void ll_vk_pipelines_free(ll_vk_pipelines *pipelines); /* zeroed is fine */
libllm_status ll_vk_pipeline_get(ll_vk_pipelines *pipelines, ll_vk_shader shader, const ll_vk_constants *constants,
                                 VkPipeline *out, libllm_error *error);

#endif
