/* SPDX-License-Identifier: MIT
 * In place of the Vulkan device, where it could not be built.
 */
#include "backend/backend.h"

#include "base/status.h"

static libllm_status fail(libllm_error *error)
{
    return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                   "this libllm was built without the device vulkan, for want of Vulkan's header or of glslc (on "
                   "Debian: apt install libvulkan-dev glslc)");
}

static libllm_status describe(const ll_host *host, const ll_device_files *files, uint32_t index, ll_device_info *info,
                              libllm_error *error)
{
    (void)host, (void)files, (void)index;
    *info = (ll_device_info){0};
    return fail(error);
}

static libllm_status create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                            const ll_executor_options *options, ll_executor **out, libllm_error *error)
{
    (void)host, (void)team, (void)cpu_features, (void)model, (void)options;
    *out = NULL;
    return fail(error);
}

static void free_none(ll_executor *executor) { (void)executor; }

const ll_backend ll_backend_vulkan = {.kind = "vulkan", .describe = describe, .create = create, .free = free_none};
