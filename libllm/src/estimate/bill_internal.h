/* SPDX-License-Identifier: MIT
 * How configurations become bills: what a model type says about itself, and the parts that model types share.
 */
#ifndef LL_ESTIMATE_BILL_INTERNAL_H
#define LL_ESTIMATE_BILL_INTERNAL_H

#include "estimate/bill.h"

/* A configuration while it is read. */
typedef struct ll_config {
    ll_sheet *sheet;
    const json_t *object;
    const char *where; /* "config.json", for messages */
    ll_bill *bill;
    const struct ll_kind *kind;
    double layers, hidden, heads, kv_heads, head_dim, ffn, vocab;
} ll_config;

/* What a model type has: bits. */
enum {
    LL_HAS_GATE = 1 << 0,
    LL_HAS_NORM_BIAS = 1 << 1,
    LL_HAS_QKV_BIAS = 1 << 2,
    LL_HAS_OUT_BIAS = 1 << 3, /* of the attention's output */
    LL_HAS_FFN_BIAS = 1 << 4,
    LL_HAS_HEAD_BIAS = 1 << 5,
    LL_HAS_POSITIONS = 1 << 6, /* learned */
    LL_HAS_EMBEDDING_NORM = 1 << 7,
    LL_HAS_TIED = 1 << 8, /* unless the configuration says otherwise */
    LL_HAS_NO_FINAL_NORM = 1 << 9,
    LL_HAS_NO_NORM_WEIGHTS = 1 << 10,
    LL_HAS_HEAD_NORMS = 1 << 11,        /* of queries and keys: one vector for all heads each */
    LL_HAS_OWN_NORMS = 1 << 12,         /* one for each head */
    LL_HAS_SINKS = 1 << 13,             /* one number for each head */
    LL_HAS_CHOICE_BIAS = 1 << 14,       /* of the router */
    LL_HAS_HEAD_NORMS_BY_KEY = 1 << 15, /* where use_qk_norm says so */
    LL_HAS_OWN_NORMS_BY_KEY = 1 << 16,
};

typedef struct ll_kind {
    const char *model_types; /* apart by '|' */
    uint32_t has;
    uint32_t norms;     /* of a layer */
    const char *biases; /* configuration key that turns on `biased`; NULL: none */
    uint32_t biased;
    const char *defaults; /* JSON: what published configurations leave out; NULL: nothing */
    /* NULL: a decoder of attention and feed-forward parts */
    void (*build)(ll_config *config);
} ll_kind;

/* Tables of bill_kinds.c, up to a row without model_types. */
extern const ll_kind ll_model_kinds[];

/* Values; `keys` are alternatives apart by '|'. */
double ll_config_number(const ll_config *c, const char *keys, double otherwise);
bool ll_config_flag(const ll_config *c, const char *keys, bool otherwise);
const char *ll_config_text(const ll_config *c, const char *key);
const json_t *ll_config_list(const ll_config *c, const char *keys); /* NULL when absent or no list */
bool ll_config_has(const ll_config *c, const char *keys);

/* Parts, for `count` equal layers. */
void ll_config_attention(ll_config *c, double count, double window);
void ll_config_latent(ll_config *c, double count);
void ll_config_ffn(ll_config *c, double count, double width);
void ll_config_moe(ll_config *c, double count);
void ll_config_norms(ll_config *c, double count);
/* Embedding, positions, final norm and head. */
void ll_config_ends(ll_config *c);
/* Layers of attention, those with a window apart. */
void ll_config_attention_layers(ll_config *c);
/* Feed-forward parts of all layers, with experts where the configuration has some. */
void ll_config_ffn_layers(ll_config *c);

/* bill_other.c: kinds that are no plain decoders */
typedef void ll_build_kind(ll_config *c);
ll_build_kind ll_build_bert, ll_build_modern_bert, ll_build_nomic_bert, ll_build_t5, ll_build_falcon, ll_build_opt,
    ll_build_gpt_bigcode, ll_build_llama4, ll_build_gemma3n;
/* bill_hybrid.c */
ll_build_kind ll_build_mamba, ll_build_mamba2, ll_build_lfm2, ll_build_nemotron_h, ll_build_qwen3_next, ll_build_jamba;
void ll_config_mamba(ll_config *c, double count);
/* bill_stored.c */
void ll_config_stored(ll_config *c);
/* bill_config.c */
ll_build_kind ll_build_decoder;
/* bill_vision.c: the tower of "vision_config", if there is one; the type of the whole where it has none of its own. */
void ll_config_vision(ll_config *c, const char *whole_type);

#endif
