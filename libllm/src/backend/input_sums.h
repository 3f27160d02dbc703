/* SPDX-License-Identifier: MIT
 * Sums of squares over the inputs that the matrices of a model's layers are multiplied with: what an importance matrix
 * is made of. The same on every device.
 */
#ifndef LL_BACKEND_INPUT_SUMS_H
#define LL_BACKEND_INPUT_SUMS_H

#include "model/convert/importance.h"
#include "model/convert/mixture.h"
#include "model/model.h"

/* Of one tensor. */
typedef struct ll_tensor_inputs {
    const ll_gguf_tensor *tensor;
    size_t n;
    size_t n_matrices; /* experts, or 1 */
    float *squares;    /* [n_matrices][n] */
    uint64_t *counts;  /* [n_matrices] */
} ll_tensor_inputs;

typedef struct ll_input_sums {
    const ll_host *host;
    ll_tensor_inputs *tensors; /* in the order of their addresses */
    size_t n_tensors;
    uint64_t n_texts, n_tokens; /* texts: timelines from their start */
} ll_input_sums;

/* NULL: out of memory. */
ll_input_sums *ll_input_sums_create(const ll_host *host, const ll_model *model);
void ll_input_sums_free(ll_input_sums *sums); /* NULL is fine */
/* The tensor that the matrix is part of; NULL for one outside of the layers. */
ll_tensor_inputs *ll_input_sums_of(const ll_input_sums *sums, const ll_matrix *matrix);
libllm_status ll_input_sums_write(const ll_input_sums *sums, const char *path, bool replaces, ll_span dataset,
                                  libllm_error *error);

#endif
