/* SPDX-License-Identifier: MIT
 * The compiled shaders, one for each operation, as the build puts them into the library: shaders/ has their sources.
 */
#ifndef LL_BACKEND_VULKAN_SHADERS_H
#define LL_BACKEND_VULKAN_SHADERS_H

#include <stdint.h>

/* In the order of the build, which is that of the alphabet. */
typedef enum ll_vk_shader {
    LL_VK_ATTENTION,
    LL_VK_BLEND,
    LL_VK_CHOOSE,
    LL_VK_CONV,
    LL_VK_EMBED,
    LL_VK_HEADS,
    LL_VK_LATENT,
    LL_VK_MATMUL,
    LL_VK_MATVEC,
    LL_VK_MEASURE,
    LL_VK_NORM,
    LL_VK_SCAN,
    LL_VK_SQUARES,
    LL_VK_SHADERS
} ll_vk_shader;

typedef struct ll_vk_spirv {
    const char *name;
    uint32_t offset, n_packed; /* in ll_vk_spirv_bytes, as zlib packs it */
    uint32_t n_bytes;
} ll_vk_spirv;

extern const ll_vk_spirv ll_vk_spirvs[];
extern const uint8_t ll_vk_spirv_bytes[];
extern const char ll_vk_spirv_hash[]; /* of all of them, in hexadecimal digits */

#endif
