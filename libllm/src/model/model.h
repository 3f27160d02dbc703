/* SPDX-License-Identifier: MIT
 * A model in the vocabulary that all families share: hyper-parameters, and weights bound to their places. Nothing
 * here knows how it is computed. Built once at opening and immutable from then on; weights point into the file.
 */
#ifndef LL_MODEL_MODEL_H
#define LL_MODEL_MODEL_H

#include "base/json.h"
#include "format/gguf.h"
#include "quant/quant.h"
#include "tokenizer/tokenizer.h"

/* Weights of a matrix product: n_rows outputs, n_k inputs, each row contiguous. data is NULL when absent. */
typedef struct ll_matrix {
    const ll_type_traits *traits;
    const uint8_t *data;
    size_t row_bytes;
    uint32_t n_rows;
    uint32_t n_k;
} ll_matrix;

typedef struct ll_linear {
    ll_matrix weight;
    const float *scale; /* of the products, before the bias is added: one, or one for each expert; NULL: 1 */
    const float *bias;  /* [n_rows], NULL when there is none */
    uint32_t number;    /* by which adapters know it, below ll_model_n_linears() */
    uint32_t expert;    /* of which it is, or the head; 0 where it is of none */
} ll_linear;

typedef enum ll_rope_kind {
    LL_ROPE_INTERLEAVED, /* pairs (2i, 2i+1) */
    LL_ROPE_HALVES,      /* pairs (i, i + n_rot/2), as in GPT-NeoX */
} ll_rope_kind;

/* Rotation of positions: pair i of a head turns by position * frequencies[i]. */
typedef struct ll_rope {
    ll_rope_kind kind;
    uint32_t n_rot;           /* values of a head that are rotated, even */
    const float *frequencies; /* [n_rot / 2], scaling included */
    /* The same for contexts longer than short_context; NULL: these serve any. */
    const float *long_frequencies;
    uint32_t short_context;
    float magnitude; /* the rotated values are multiplied by it */
} ll_rope;

enum { LL_ROPES_MAX = 2 };
#define LL_ROPE_NONE UINT32_MAX /* as a layer's rope: it does not rotate */

typedef enum ll_norm_kind {
    LL_NORM_RMS,
    LL_NORM_LAYER, /* minus the mean, over the deviation */
} ll_norm_kind;

/* weight is NULL where there is no norm, bias where it has none. */
typedef struct ll_norm {
    const float *weight, *bias;
} ll_norm;

typedef enum ll_activation {
    LL_ACTIVATION_SILU,
    LL_ACTIVATION_GELU_TANH,
    LL_ACTIVATION_GELU_ERF,
    LL_ACTIVATION_RELU,
    LL_ACTIVATION_RELU_SQUARED,
    LL_ACTIVATION_SWIGLU_LIMITED, /* of gpt-oss: gate * sigmoid(1.702 gate) * (up + 1), both bounded by 7 */
} ll_activation;

/* What the norms of queries and keys run over. */
typedef enum ll_head_norm {
    LL_HEAD_NORM_SHARED, /* each head, with weights [head_dim] for all of them */
    LL_HEAD_NORM_OWN,    /* each head, with weights of its own: [n_heads * head_dim] */
    LL_HEAD_NORM_WHOLE,  /* all heads together, weights [n_heads * head_dim] */
} ll_head_norm;

/* The same matrix of each expert, or head, one after the other. */
typedef struct ll_expert_linear {
    ll_linear first;
    size_t expert_bytes; /* from one expert's weights to those of the next */
} ll_expert_linear;

/* A feed-forward part made of experts, of which a router chooses n_used for each token; their results are added,
 * weighted. n is 0 where there are none. */
typedef struct ll_experts {
    uint32_t n, n_used;
    ll_linear router;         /* n x n_embd */
    const float *choice_bias; /* [n], added to the scores for the choice only; NULL: none */
    uint32_t n_ff;
    ll_expert_linear gate, up; /* n_ff x n_embd; without a gate up itself is activated */
    ll_expert_linear down;     /* n_embd x n_ff */
    /* Experts that every token has are one more feed-forward part, in the layer's gate, up and down; data NULL: none.
     * It is weighted by the logistic function of the product with shared_gate. NULL: with 1. */
    const float *shared_gate; /* [n_embd] */
} ll_experts;

/* Multi-head latent attention: keys and values of all heads are made from one short vector, the latent, and it is the
 * latent that the KV memory holds, followed by a rotated key that all heads share. Queries are brought to the latent
 * instead: q' = K_h^T q. So there is one KV head, with head_dim = n_kv + n_rot and value_dim = n_kv. */
typedef struct ll_latent {
    uint32_t n_kv;    /* 0: the model has none */
    uint32_t n_query; /* width that queries are made from; 0: from the residual stream */
    uint32_t n_nope;  /* values of a query head that do not rotate; n_rot more follow */
    uint32_t n_rot;
    uint32_t n_value; /* of a head's values */
} ll_latent;

typedef struct ll_latent_weights { /* q is n_heads * (n_nope + n_rot) x n_query or n_embd */
    ll_linear q_a;                 /* n_query x n_embd */
    ll_norm q_a_norm;              /* [n_query] */
    ll_linear kv_a;                /* (n_kv + n_rot) x n_embd */
    ll_norm kv_a_norm;             /* [n_kv] */
    ll_expert_linear k_b;          /* of each head n_kv x n_nope */
    ll_expert_linear v_b;          /* of each head n_value x n_kv */
} ll_latent_weights;

/* How scores become weights. */
typedef enum ll_router_score {
    LL_ROUTER_SOFTMAX,
    LL_ROUTER_SIGMOID,
    LL_ROUTER_SOFTMAX_OF_CHOSEN,
} ll_router_score;

typedef struct ll_router {
    ll_router_score score;
    bool normalizes;   /* the weights of the chosen sum up to 1 */
    float scale;       /* of the weights */
    uint32_t n_groups; /* of experts that follow each other; tokens choose within the best n_groups_used */
    uint32_t n_groups_used;
} ll_router;

/* How a layer's tokens come to know of each other. All but attention keep a state of constant size. */
typedef enum ll_mixer {
    LL_MIXER_ATTENTION,
    LL_MIXER_SHORT_CONV, /* after(x) * conv(before(x) * in(x)) */
    LL_MIXER_MAMBA,      /* selective scan, of decays for each channel and state */
    LL_MIXER_MAMBA2,     /* the same of one decay for each head */
} ll_mixer;

/* Each channel is summed over the last n_taps tokens, weighted; those before the first are 0. */
typedef struct ll_conv {
    uint32_t n_channels, n_taps;
    const float *weight; /* [n_channels][n_taps], that of the current token last */
    const float *bias;   /* [n_channels], NULL: none */
} ll_conv;

/* The weights of a layer that is not attention; its output matrix is the layer's o, n_embd x n_inner.
 * Mamba: u = silu(conv(in x)), {steps, B, C} = select u, delta = softplus(dt steps), and for each channel and state
 * h = exp(delta a) h + delta B u; result (sum of C h over the states + d u) * silu(gate x).
 * Mamba 2: {u, B, C} = silu(conv(in x)), delta = softplus(dt x), for each head; B and C for each group of heads. The
 * result is normalized in each group. */
typedef struct ll_recurrence {
    ll_conv conv;
    ll_linear in;   /* conv.n_channels x n_embd */
    ll_linear gate; /* n_inner x n_embd; of a short convolution `after` */
    ll_linear before;
    ll_linear select; /* n_steps + 2 * n_states x n_inner */
    ll_linear dt;     /* n_inner x n_steps, or n_heads x n_embd */
    const float *a;   /* [n_inner][n_states] or [n_heads], negative */
    const float *d;   /* [n_inner] or [n_heads] */
    ll_norm norm;     /* [n_inner] */
    uint32_t n_inner, n_states, n_steps, n_heads, n_groups;
    bool normalizes_selection; /* steps, B and C, without weights */
} ll_recurrence;

/* Attention of a decoder's layer to the text that the encoder has read, behind that to its own tokens. */
typedef struct ll_cross {
    ll_norm norm;      /* [n_embd] */
    ll_linear q, k, v; /* as the layer's own; q.weight.data is NULL where there is none */
    ll_linear o;
} ll_cross;

/* A bias by distance reaches so far; keys that are farther from a query have that of the farthest. */
enum { LL_BIAS_REACH = 128, LL_BIAS_ROW = 2 * LL_BIAS_REACH + 1 };

/* One layer: x += mixer(norm(x)); x += cross(norm(x)) where there is one; x += ffn(norm(x)), or both from the same x.
 */
typedef struct ll_layer {
    ll_norm attn_norm; /* [n_embd] */
    ll_mixer mixer;
    ll_recurrence recurrence; /* where it is not attention, which then has no heads */
    ll_linear q, k, v;        /* [n_heads * head_dim], [n_kv_heads * head_dim] x n_embd */
    ll_norm q_norm, k_norm;
    ll_latent_weights latent;
    uint32_t n_heads, n_kv_heads;
    uint32_t rope;   /* index into ll_model.ropes, or LL_ROPE_NONE */
    uint32_t window; /* positions that a query sees, itself included; 0: all */
    bool sees_later; /* a window reaches half its width to both sides */
    /* [n_heads][LL_BIAS_ROW], added to the scores: the bias of the key that is i - LL_BIAS_REACH positions behind the
     * query is element i. NULL: none. */
    const float *distance_bias;
    const float *sinks; /* [n_heads] scores that take part in the softmax with nothing behind them; NULL: none */
    ll_linear o;        /* n_embd x [n_heads * head_dim] */
    ll_cross cross;
    ll_norm attn_post_norm; /* [n_embd], on the branch before it is added */
    bool parallel;          /* the feed-forward part reads the x that attention reads */
    ll_norm ffn_norm;       /* [n_embd] */
    uint32_t n_ff;          /* 0 where there are no experts either: the layer has no feed-forward part */
    ll_linear gate, up;     /* n_ff x n_embd; without a gate (data NULL) up itself is activated */
    ll_linear down;         /* n_embd x n_ff */
    ll_norm ffn_post_norm;  /* [n_embd] */
    ll_experts experts;
} ll_layer;

/* What scores a text, or a pair of texts, by its hidden states: they become one of them by the pooling, which becomes
 * activation(dense x), normalized, and that a score for each label. */
typedef struct ll_classifier {
    uint32_t n_labels; /* 0: there is none */
    ll_linear output;  /* n_labels x n_embd */
    ll_linear dense;   /* n_embd x n_embd; data NULL: none */
    bool gelu;         /* the activation; otherwise the hyperbolic tangent */
    ll_norm norm;      /* [n_embd], over the deviation */
    libllm_pooling pooling;
    bool answers; /* the labels are answers that a language model may give: the scores are their probabilities */
} ll_classifier;

/* What files of rerankers give as their pooling: they are for scores, not for vectors. */
enum { LL_POOLING_RANK = 4 };

typedef struct ll_family ll_family;

typedef struct ll_model {
    const ll_host *host;
    ll_gguf gguf;
    ll_tokenizer *tokenizer;     /* NULL when the file has none that is known */
    const ll_family *family;     /* NULL when the model cannot compute; see not_runnable */
    libllm_error not_tokenizing; /* why tokenizer is NULL */
    libllm_error not_runnable;   /* why family is NULL */
    ll_span architecture;
    ll_span chat_template;               /* size 0: none */
    ll_span rank_template;               /* with {query} and {document}; size 0: none */
    libllm_sampling_options recommended; /* what its makers say nothing about is as it is initialized */

    uint32_t n_vocab; /* rows of the output matrix, or of the tokenizer when there is none */
    uint32_t n_embd;
    uint32_t n_layers;
    /* Of an encoder and a decoder: layers[0, n_encoder_layers) read a text as a whole, the others write what follows
     * from it, and are what all else here is said of. 0: the model has one side only. */
    uint32_t n_encoder_layers;
    bool names_sides;      /* layers are called enc.blk.* and dec.blk.* */
    ll_norm encoder_norm;  /* [n_embd] behind the encoder's last layer */
    int32_t decoder_start; /* the token that the decoder begins with; -1: the model has one side only */
    uint32_t head_dim;     /* of queries and keys */
    uint32_t value_dim;
    ll_latent latent;
    uint32_t n_context_train;
    bool is_encoder;        /* tokens see later ones, too; the result are hidden states, there is no output matrix */
    libllm_pooling pooling; /* what the file says */
    bool norms_sums; /* x = norm(x + branch): ffn_norm behind attention, ffn_post_norm behind the feed-forward part */
    ll_norm_kind norm;
    float norm_eps;
    ll_head_norm head_norm;
    bool head_norm_after_rope;
    float qkv_clamp; /* bound of queries, keys and values; 0: none */
    float attn_scale;
    float attn_softcap;  /* 0: none */
    float final_softcap; /* 0: none */
    float embd_scale;
    float residual_scale; /* of the branches before they are added */
    float logit_scale;
    /* Queries grow with their position: times 1 + query_growth * ln(1 + floor(position / growth_period)). 0: none. */
    float query_growth;
    uint32_t growth_period;
    const float *alibi; /* [n_heads] slopes: a score falls by one for each position of distance; NULL: none */
    ll_activation activation;
    ll_router router; /* of all layers with experts */
    ll_rope ropes[LL_ROPES_MAX];
    uint32_t n_ropes;
    ll_matrix embedding;          /* n_vocab x n_embd */
    ll_matrix position_embedding; /* n_context_train x n_embd, added; data NULL: none */
    const float *token_types;     /* [n_token_types][n_embd], added; NULL: none */
    uint32_t n_token_types;       /* 1, or 2 where the second text of a pair has a type of its own */
    ll_norm embd_norm;            /* [n_embd] */
    ll_norm output_norm;          /* [n_embd] */
    ll_linear output;             /* n_vocab x n_embd; the embedding again when tied */
    ll_classifier classifier;
    ll_layer *layers; /* [n_layers] */

    void **owned; /* memory that weights were converted into */
    size_t n_owned;
    size_t capacity_owned;
} ll_model;

/* Open a file, or a folder that has one model. One that has only a vocabulary, or an architecture that no family knows,
 * opens too, with family NULL; damage and contradictions are errors. */
libllm_status ll_model_open(const ll_host *host, const char *path, libllm_load_mode mode, ll_model **model,
                            libllm_error *error);
void ll_model_close(ll_model *model); /* NULL is fine */

/* Options that leave all to the model: negative and UINT32_MAX where 0 says something. */
extern const libllm_sampling_options ll_sampling_unset;
/* Sets `recommended` by the keys of the file, and says the same as a JSON object. */
void ll_read_recommended(ll_model *model);
json_t *ll_describe_recommended(const ll_model *model);

/* What info shows; written by model/describe.c. */
libllm_status ll_model_describe(const ll_model *model, uint64_t kv_bytes_per_token, uint64_t state_bytes,
                                ll_buffer *out, libllm_error *error);
libllm_status ll_families_describe(ll_buffer *out, libllm_error *error);
uint64_t ll_model_parameters(const ll_model *model);
/* Weight bytes that one decoded token reads and operations it needs (a multiply-add is two), attention left out. */
void ll_model_token_cost(const ll_model *model, uint64_t *bytes, uint64_t *flops);
/* Of expert e. */
ll_linear ll_expert(const ll_expert_linear *linear, uint32_t e);
/* The matrices that a layer has, of experts those of the first. */
enum { LL_LAYER_LINEARS_MAX = 24 };
size_t ll_layer_linears(const ll_layer *layer, const ll_linear *out[LL_LAYER_LINEARS_MAX]);
/* Numbers of linears: layer i has some from i * LL_LAYER_LINEARS_MAX on, the last is that of the output. */
uint32_t ll_model_n_linears(const ll_model *model);
/* Floats that a layer remembers of a timeline: the inputs of the convolution, oldest first, [n_taps - 1][n_channels],
 * and of a scan [n_inner][n_states]. */
uint64_t ll_layer_state(const ll_layer *layer);
/* The first layer that is attention, or the very first where none is. */
const ll_layer *ll_attention_layer(const ll_model *model);
/* True when the layers' matrices are all F32: such a model is computed with F32 KV. */
bool ll_model_is_f32(const ll_model *model);

#endif
