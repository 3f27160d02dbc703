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

/* Where attention and the feed-forward part read the same x. */
typedef enum ll_parallel {
    LL_PARALLEL_NEVER,
    LL_PARALLEL_ALWAYS,
    LL_PARALLEL_WITHOUT_FFN_NORM, /* in models that have no ffn_norm */
    LL_PARALLEL_BY_KEY,           /* use_parallel_residual */
} ll_parallel;

typedef enum ll_logit_scale { LL_LOGIT_SCALE_NONE, LL_LOGIT_SCALE_MULTIPLIES, LL_LOGIT_SCALE_DIVIDES } ll_logit_scale;

struct ll_family {
    const char *architecture; /* general.architecture of its files */
    bool is_encoder;
    bool has_encoder; /* block_count layers read a text that decoder_block_count more attend to */
    bool names_sides; /* blk.* is called enc.blk.* in the layers of an encoder and dec.blk.* in those of a decoder */

    /* Positions */
    ll_rope_kind rope;
    bool no_rope;
    bool untruncated_yarn;     /* the ramp of YaRN begins and ends between pairs */
    uint32_t unrotated_period; /* layer l does not rotate when (l + 1) % period == 0; 0: all do */
    bool rotates_in_windows;   /* of a model with windows, only the layers that have one rotate */
    ll_presence position_embedding;
    bool token_types;   /* where the file has some, one is added to every token */
    bool grows_queries; /* keys attention.temperature_scale and rope.scaling.original_context_length */
    float alibi;        /* largest exponent of the slopes; 0: none */
    /* Scores have a bias by distance, in attention.relative_buckets_count buckets: attn_rel_b of a side's first layer,
     * and of others that have one. */
    bool distance_buckets;

    /* Norms */
    ll_norm_kind norm;
    ll_presence norm_bias;
    ll_presence embd_norm;
    ll_presence first_norm; /* attn_norm of layer 0, where it is not as in the others; LL_ABSENT: it is */
    bool no_pre_norms;      /* only branches are normalized, before they are added */
    ll_presence post_norms;
    bool norms_sums;              /* x = norm(x + branch) */
    const char *ffn_norm_name;    /* NULL: ffn_norm */
    const char *output_norm_name; /* in files that have no output_norm; NULL: none are known */
    ll_presence qk_norm;
    ll_head_norm head_norm;
    bool head_norm_after_rope;

    /* Attention and feed-forward part. One that is stored as attn_qkv or, with twice the rows, as ffn_up is split. */
    ll_parallel parallel;
    ll_presence qkv_bias;
    ll_presence other_bias;       /* attention output and feed-forward */
    ll_presence sinks;            /* attn_sinks */
    const char *attn_output_name; /* NULL: attn_output */
    ll_activation activation;
    bool no_gate;
    float attn_scale;   /* where the file has no key of its own; 0: 1 / sqrt(head_dim) */
    float attn_softcap; /* the same; 0: none */
    float final_softcap;
    uint32_t window;        /* where the file has no attention.sliding_window; 0: none */
    bool ignores_window;    /* published files have the key but do not mean it */
    uint32_t window_period; /* layer l slides unless (l + 1) % period == 0; 0: all layers slide */
    bool window_first_full; /* unless l % period == 0 */
    bool window_unscaled;   /* sliding layers rotate unscaled */
    float window_rope_base; /* sliding layers rotate with a base of their own, unscaled; 0: the same as the others */

    bool has_latent;     /* multi-head latent attention */
    bool yarn_in_scores; /* scores grow with what YaRN stretches, instead of what rotates */
    ll_mixer mixer;      /* of layers without KV heads, which may then be */

    /* Experts, in the layers whose file has a router (ffn_gate_inp). */
    bool has_experts;
    ll_router_score router_score; /* where the file has no expert_gating_func */
    bool router_normalizes;       /* where it has no expert_weights_norm */
    ll_presence router_bias;
    ll_presence choice_bias;
    ll_presence expert_bias;

    /* Scales */
    bool scales_embedding;        /* by sqrt(n_embd) */
    bool scales_branches;         /* keys embedding_scale and residual_scale */
    ll_logit_scale logit_scale;   /* what the key logit_scale does */
    uint32_t width_scaled_layers; /* the model with as many layers divides scores by sqrt(n_embd / n_heads) instead of
                                   * sqrt(head_dim), unless its file says otherwise; 0: none does */
    ll_presence output_bias;

    /* Classifiers, where the file has one: of the first token for encoders and of the last for others, unless it is of
     * the mean. */
    bool classifies_mean;
    bool classifier_gelu; /* instead of the hyperbolic tangent */

    /* What the description above cannot say; called when the hyper-parameters have been read. NULL: nothing. */
    libllm_status (*adjust)(ll_builder *builder, libllm_error *error);
    /* The same for a layer whose weights have been bound. */
    libllm_status (*adjust_layer)(ll_builder *builder, uint32_t layer, libllm_error *error);
};

/* State while a model is built. */
struct ll_builder {
    ll_model *model;
    const ll_family *family;
    /* Of this model of the family: */
    float alibi;
    bool no_rope;
    bool no_gate;
    bool parallel;
    uint32_t n_buckets;
    uint32_t n_experts, n_experts_used, expert_ff;
};

/* NULL when no family has this architecture. */
const ll_family *ll_family_find(ll_span architecture);
/* The families in the order of the table; NULL behind the last. */
const ll_family *ll_family_at(size_t index);

/* Read a key "<architecture>.<suffix>" into *out, which holds the default. The value must lie in [low, high]. */
libllm_status ll_build_u32(const ll_builder *builder, const char *suffix, uint32_t low, uint32_t high, uint32_t *out,
                           libllm_error *error);
libllm_status ll_build_require_u32(const ll_builder *builder, const char *suffix, uint32_t low, uint32_t high,
                                   uint32_t *out, libllm_error *error); /* there is no default */
libllm_status ll_build_f32(const ll_builder *builder, const char *suffix, float low, float high, float *out,
                           libllm_error *error);

/* Hyper-parameters, layers and weights of a file by the description of its family. */
libllm_status ll_build_model(ll_model *model, const ll_family *family, libllm_error *error);

/* bind.c: weights by name. rows and k are what the hyper-parameters ask for. An absent optional tensor leaves the
 * output zeroed. */
libllm_status ll_bind_matrix(ll_model *model, const char *name, uint64_t rows, uint64_t k, ll_presence presence,
                             ll_matrix *out, libllm_error *error);
/* A matrix whose rows are several wanted ones, n of them, one after the other: rows[i] of each. */
libllm_status ll_bind_stacked(ll_model *model, const char *name, const uint64_t *rows, size_t n, uint64_t k,
                              ll_matrix *const *out, libllm_error *error);
/* What the products with a matrix NAME.weight are to be multiplied with, where the file has NAME.scale: one value, or n
 * of as many experts. */
libllm_status ll_bind_scale(ll_model *model, const char *name, uint64_t n, const float **out, libllm_error *error);
/* A tensor [n][rows][k] as n matrices; of a taller one [n][stack * rows][k] the rows from `from` * rows on. */
libllm_status ll_bind_experts(ll_model *model, const char *name, uint64_t n, uint64_t rows, uint64_t k, size_t from,
                              size_t stack, ll_expert_linear *out, libllm_error *error);
/* The same of n tensors NAME.<i>.weight. They stay where they lie if they do so at equal distances. */
libllm_status ll_bind_experts_apart(ll_model *model, const char *name, uint64_t n, uint64_t rows, uint64_t k,
                                    ll_expert_linear *out, libllm_error *error);
libllm_status ll_bind_vector(ll_model *model, const char *name, uint64_t n, ll_presence presence, const float **out,
                             libllm_error *error);
libllm_status ll_bind_table(ll_model *model, const char *name, uint64_t n, uint64_t k, ll_presence presence,
                            const float **out, libllm_error *error); /* [n][k] */
/* Memory that lives as long as the model. */
void *ll_model_keep(ll_model *model, size_t count, size_t size);

/* build.c */
enum { LL_NAME_BYTES = 96 };
/* blk.<layer>.<name><ending>; of a model with names for its sides enc.blk or dec.blk, whose layers count from 0. */
void ll_layer_name(const ll_model *model, uint32_t layer, const char *name, const char *ending,
                   char out[LL_NAME_BYTES]);
bool ll_layer_has(const ll_model *model, uint32_t layer, const char *name); /* blk.<layer>.<name>.weight */
/* blk.<layer>.<name>.weight and .bias. */
libllm_status ll_bind_linear(ll_model *model, uint32_t layer, const char *name, uint64_t rows, uint64_t k,
                             ll_presence bias, ll_linear *out, libllm_error *error);
libllm_status ll_bind_norm(ll_model *model, uint32_t layer, const char *name, uint64_t n, ll_presence presence,
                           ll_presence bias, ll_norm *out, libllm_error *error);
/* <name>.weight and .bias. */
libllm_status ll_bind_norm_named(ll_model *model, const char *name, uint64_t n, ll_presence presence, ll_presence bias,
                                 ll_norm *out, libllm_error *error);

/* experts.c: what all layers have in common, and the weights of one. */
libllm_status ll_build_router(ll_builder *builder, libllm_error *error);
libllm_status ll_bind_layer_experts(ll_builder *builder, uint32_t layer, libllm_error *error);

/* latent.c: the widths of latent attention, and the weights of a layer. */
libllm_status ll_build_latent(ll_builder *builder, libllm_error *error);
libllm_status ll_bind_latent(ll_builder *builder, uint32_t layer, libllm_error *error);
/* recurrent.c: the weights of a layer that is not attention. */
libllm_status ll_bind_recurrence(ll_builder *builder, uint32_t layer, libllm_error *error);

/* positions.c: slopes of ALiBi, for n_heads heads; the bias by distance of a layer. */
libllm_status ll_build_alibi(ll_builder *builder, float max_bias, libllm_error *error);
libllm_status ll_bind_distance_bias(ll_builder *builder, uint32_t layer, libllm_error *error);

/* encoder.c: of a model with an encoder and a decoder, how many layers each has, what the decoder begins with (once the
 * vocabulary is known), the encoder's last norm, and the weights of a layer's attention to the encoder's text. */
libllm_status ll_build_sides(ll_builder *builder, uint32_t layers_max, libllm_error *error);
libllm_status ll_bind_encoder(ll_builder *builder, libllm_error *error);
libllm_status ll_bind_cross(ll_builder *builder, uint32_t layer, libllm_error *error);

/* classifier.c: the weights of a classifier, where the file has them. */
libllm_status ll_bind_classifier(ll_builder *builder, libllm_error *error);

/* rope.c: frequencies of a rope, with the scaling that the file's metadata asks for (when scaled). */
libllm_status ll_build_rope(ll_builder *builder, float base, bool scaled, ll_rope *out, libllm_error *error);

#endif
