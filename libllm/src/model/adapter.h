/* SPDX-License-Identifier: MIT
 * Low-rank adapters: what is added to the weights of one model, W + scale * B A, as it lies in a GGUF file or in what
 * PEFT writes. Checked against the model at opening, immutable from then on, shared by threads.
 */
#ifndef LL_MODEL_ADAPTER_H
#define LL_MODEL_ADAPTER_H

#include "model/model.h"

/* What is added to one matrix. Both are F32, F16 or BF16. */
typedef struct ll_low_rank {
    ll_matrix a; /* rank x n_k; data NULL: nothing is added */
    ll_matrix b; /* n_rows x rank */
    /* From the matrices of one expert, or head, to those of the next; 0 where all share one. */
    size_t a_bytes, b_bytes;
    float scale;
} ll_low_rank;

typedef struct ll_adapter {
    const ll_model *model; /* which has to live as long */
    ll_gguf gguf;
    ll_low_rank *linears;  /* [ll_model_n_linears()] by their numbers */
    ll_low_rank embedding; /* a has a row for each token: the row of the embedding gets scale * B a */
    uint32_t n_matrices;   /* pairs of tensors */
    uint32_t rank;         /* the largest */
    uint64_t n_parameters;
} ll_adapter;

/* path is that of a GGUF file, or of PEFT's adapter_model.safetensors or the folder that has it. */
libllm_status ll_adapter_open(const ll_model *model, const char *path, libllm_load_mode mode, ll_adapter **adapter,
                              libllm_error *error);
void ll_adapter_close(ll_adapter *adapter); /* NULL is fine */

#endif
