/* SPDX-License-Identifier: MIT
 * The Vulkan device as the sessions see it.
 */
#include "backend/vulkan/executor.h"
#include "backend/vulkan/measure.h"

#include <stdio.h>

static libllm_status vulkan_describe(const ll_host *host, const ll_device_files *files, uint32_t index,
                                     ll_device_info *info, libllm_error *error)
{
    ll_vk_info of;
    *info = (ll_device_info){0};
    const libllm_status status = ll_vk_describe(host, files->vulkan_library, index, &of, error);
    if (status == LIBLLM_DONE || !of.type)
        return status;
    snprintf(info->name, sizeof info->name, "%.200s (%s)", of.name, of.type);
    info->memory_bytes = of.memory_bytes;
    info->available_bytes = of.free_bytes;
    info->is_accelerator = of.is_accelerator;
    info->shares_memory = of.shares_memory;
    return status;
}

static void no_adapters(const ll_executor *executor, ll_adapter_set *set) { (void)executor, (void)set; }

const ll_backend ll_backend_vulkan = {
    .kind = "vulkan",
    .multiplies_floats = true,
    .describe = vulkan_describe,
    .measure = ll_vk_measure,
    .create = ll_vk_create,
    .part = ll_vk_part,
    .state_create = ll_vk_state_create,
    .state_free = ll_vk_state_free,
    .copy_page = ll_vk_copy_page,
    .page_bytes = ll_vk_page_bytes,
    .read_page = ll_vk_read_page,
    .write_page = ll_vk_write_page,
    .read_state = ll_vk_read_state,
    .write_state = ll_vk_write_state,
    .adapters_free = no_adapters,
    .run = ll_vk_run,
    .free = ll_vk_free,
};
