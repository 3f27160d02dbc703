/* SPDX-License-Identifier: MIT
 * Which tensor of a model gets which type: the mixtures that people know by name, such as Q4_K_M. Nothing else decides
 * it.
 */
#ifndef LL_MODEL_CONVERT_MIXTURE_H
#define LL_MODEL_CONVERT_MIXTURE_H

#include "format/gguf.h"
#include "quant/quant.h"

typedef struct ll_mixture {
    const char *name;
    ll_type type;       /* of what no rule says more about */
    uint32_t file_type; /* as general.file_type has it */
} ll_mixture;

/* By its name in letters of any size; NULL: there is none. */
const ll_mixture *ll_mixture_find(const char *name);
/* All names, with a blank between them. */
void ll_mixture_names(ll_buffer *out);
bool ll_mixture_quantizes(const ll_mixture *mixture); /* to blocks, not plain floats */

/* What rules ask about a model. */
typedef struct ll_mixture_model {
    uint32_t n_layers;
    uint32_t n_experts;
    uint32_t n_sharing; /* query heads that share a head of keys and values */
    bool is_falcon;
    bool is_tied; /* no output matrix: the embedding is that */
    bool has_importance;
} ll_mixture_model;
libllm_status ll_mixture_read_model(const ll_gguf *gguf, ll_mixture_model *model, libllm_error *error);

/* Takes weights that a product reads; what is no such (norms, biases, tables that are added) stays float. */
bool ll_mixture_is_matrix(const ll_gguf_tensor *tensor);
/* The type that the mixture has for a tensor. *why, for people, is set when it is one that its name does not let
 * expect; NULL otherwise. */
ll_type ll_mixture_type(const ll_mixture *mixture, const ll_mixture_model *model, const ll_gguf_tensor *tensor,
                        const char **why);
/* The type in its place where rows are no multiple of its blocks; the type itself where they are. */
ll_type ll_mixture_fitting(ll_type type, uint64_t row);

#endif
