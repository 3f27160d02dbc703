/* SPDX-License-Identifier: MIT
 * How a page of KV memory lies, the same on every device: [layer][kv head]{K, V}, as cpu/kernels.h says of K and V.
 */
#ifndef LL_BACKEND_KV_H
#define LL_BACKEND_KV_H

#include "backend/backend.h"
#include "backend/cpu/kernels.h"

ll_kv_format ll_kv_format_of(libllm_kv_type kv_type); /* never AUTO */
/* Bytes of a page that has the layers of a plan, and where in it each of them begins. */
size_t ll_kv_layout(const ll_plan *plan, libllm_kv_type kv_type, size_t *layer_offset);
/* Zeros behind the first n positions of a layer's part of a page. */
void ll_kv_clear_behind(const ll_model *model, ll_kv_format format, uint32_t layer, size_t n, uint8_t *part);

#endif
