/* SPDX-License-Identifier: MIT
 * How the hidden states of a text become one vector.
 */
#ifndef LL_API_POOL_H
#define LL_API_POOL_H

#include <libllm/libllm.h>

/* Of n_rows times n values n; pooling is not AUTO. */
void ll_pool(const float *rows, size_t n_rows, size_t n, libllm_pooling pooling, float *out);

#endif
