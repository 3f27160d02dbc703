/* SPDX-License-Identifier: MIT
 * How a family describes itself: the shared parts it is made of, and what its files leave unsaid.
 * A family is one file in families/ and one line in families.c.
 */
#ifndef LL_MODEL_FAMILY_H
#define LL_MODEL_FAMILY_H

#include "model/model.h"

typedef enum ll_presence {
    LL_ABSENT = 0,
    LL_OPTIONAL, /* used where the file has it */
    LL_REQUIRED,
} ll_presence;

typedef struct ll_builder ll_builder;

struct ll_family {
    const char *architecture; /* general.architecture of its files */
    ll_rope_kind rope;
    ll_activation activation;
    bool scales_embedding; /* by sqrt(n_embd) */
    ll_presence qkv_bias;
    ll_presence other_bias; /* attention output and feed-forward */
    ll_presence qk_norm;
    ll_presence post_norms;
    ll_presence rope_factors; /* rope_freqs.weight */
    float attn_softcap;       /* where the file has no key of its own; 0: none */
    float final_softcap;
    uint32_t window;        /* where the file has no attention.sliding_window; 0: none */
    bool ignores_window;    /* published files have the key but do not mean it */
    uint32_t window_period; /* layer l slides unless (l + 1) % period == 0; 0: all layers slide */
    float window_rope_base; /* sliding layers rotate with a base of their own, unscaled; 0: the same as the others */
    uint32_t width_scaled_layers; /* the model with as many layers divides scores by sqrt(n_embd / n_heads) instead of
                                   * sqrt(head_dim), unless its file says otherwise; 0: none does */
};

/* State while a model is built. */
struct ll_builder {
    ll_model *model;
    const ll_family *family;
};

/* NULL when no family has this architecture. */
const ll_family *ll_family_find(ll_span architecture);
/* The families in the order of the table; NULL behind the last. */
const ll_family *ll_family_at(size_t index);

/* Read a key "<architecture>.<suffix>" into *out, which holds the default. The value must lie in [low, high]. */
libllm_status ll_build_u32(const ll_builder *builder, const char *suffix, uint32_t low, uint32_t high, uint32_t *out,
                           libllm_error *error);
libllm_status ll_build_f32(const ll_builder *builder, const char *suffix, float low, float high, float *out,
                           libllm_error *error);

/* Hyper-parameters, layers and weights of a file by the description of its family. */
libllm_status ll_build_model(ll_model *model, const ll_family *family, libllm_error *error);

/* bind.c: weights by name. rows and k are what the hyper-parameters ask for. An absent optional tensor leaves the
 * output zeroed. */
libllm_status ll_bind_matrix(ll_model *model, const char *name, uint64_t rows, uint64_t k, ll_presence presence,
                             ll_matrix *out, libllm_error *error);
libllm_status ll_bind_vector(ll_model *model, const char *name, uint64_t n, ll_presence presence, const float **out,
                             libllm_error *error);
/* Memory that lives as long as the model. */
void *ll_model_keep(ll_model *model, size_t count, size_t size);

/* rope.c: frequencies of a rope, with the scaling that the file's metadata asks for (when scaled). */
libllm_status ll_build_rope(ll_builder *builder, float base, bool scaled, ll_rope *out, libllm_error *error);

#endif
