/* SPDX-License-Identifier: MIT
 * Several executors as one: each computes a part of the plan, and what goes from part to part is carried between them.
 */
#ifndef LL_BACKEND_SPLIT_SPLIT_H
#define LL_BACKEND_SPLIT_SPLIT_H

#include "backend/backend.h"

/* Parts follow each other: the first embeds the tokens, the last gives the rows. */
typedef struct ll_split_part {
    const ll_backend *backend;
    ll_executor *executor;
    uint32_t first_layer, end_layer;
} ll_split_part;

/* Takes the executors, also on an error. The backend is freed with the executor. */
libllm_status ll_split_create(const ll_host *host, const ll_model *model, uint32_t n_batch, const ll_split_part *parts,
                              size_t n_parts, const ll_backend **backend, ll_executor **out, libllm_error *error);

#endif
