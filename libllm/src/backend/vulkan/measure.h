/* SPDX-License-Identifier: MIT
 * How fast a Vulkan device is at best.
 */
#ifndef LL_BACKEND_VULKAN_MEASURE_H
#define LL_BACKEND_VULKAN_MEASURE_H

#include "backend/backend.h"

libllm_status ll_vk_measure(const ll_host *host, const ll_device_files *files, uint32_t index, ll_device_speed *speed,
                            libllm_error *error);

#endif
