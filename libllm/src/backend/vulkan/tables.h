/* SPDX-License-Identifier: MIT
 * The block formats that the shaders decode, and the tables of the library that they do it with.
 */
#ifndef LL_BACKEND_VULKAN_TABLES_H
#define LL_BACKEND_VULKAN_TABLES_H

#include <stdbool.h>
#include <stdint.h>

enum { LL_VK_TABLE_WORDS = 4640 };

/* In the order that decode.glsl knows. */
void ll_vk_tables(uint16_t words[LL_VK_TABLE_WORDS]);
bool ll_vk_decodes(uint32_t type);

#endif
