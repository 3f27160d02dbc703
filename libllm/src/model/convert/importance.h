/* SPDX-License-Identifier: MIT
 * Importance matrices: how large the inputs of each matrix are on a text, column by column, which says where the errors
 * of weights cost most. Read from both formats in which llama.cpp has them, and written in the current one, GGUF.
 */
#ifndef LL_MODEL_CONVERT_IMPORTANCE_H
#define LL_MODEL_CONVERT_IMPORTANCE_H

#include "base/map.h"
#include "format/gguf.h"

/* Of one tensor. */
typedef struct ll_importance_entry {
    ll_span name; /* of the tensor */
    float *means; /* [n_matrices][n]: mean square of an input; 1 for all of a matrix that no input came to */
    size_t n;
    size_t n_matrices; /* 1, or one for each expert */
} ll_importance_entry;

typedef struct ll_importance {
    const ll_host *host;
    ll_importance_entry *entries;
    size_t n_entries;
    ll_map index; /* name -> index into entries */
    char *texts;  /* the names */
    float *values;
    ll_span dataset;   /* the text that it was made of; size 0: not known */
    uint32_t n_chunks; /* how many parts of it */
} ll_importance;

libllm_status ll_importance_read(const ll_host *host, const char *path, ll_importance *importance, libllm_error *error);
void ll_importance_free(ll_importance *importance);                                           /* a zeroed one is fine */
const ll_importance_entry *ll_importance_find(const ll_importance *importance, ll_span name); /* NULL: none */

/* Sums over the inputs of one tensor's matrices. */
typedef struct ll_importance_sums {
    ll_span name;
    const float *squares;   /* [n_matrices][n] */
    const uint64_t *counts; /* [n_matrices] inputs */
    size_t n, n_matrices;
} ll_importance_sums;

/* What such a file says of itself. */
typedef struct ll_importance_origin {
    ll_span dataset;
    uint32_t n_chunks, chunk_size;
} ll_importance_origin;

/* A file that exists is an error unless it is to be replaced. Tensors without any input are left out. */
libllm_status ll_importance_write(const ll_host *host, const char *path, bool replaces, const ll_importance_sums *sums,
                                  size_t n_sums, const ll_importance_origin *origin, libllm_error *error);

#endif
