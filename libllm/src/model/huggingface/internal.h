/* SPDX-License-Identifier: MIT
 * How the translation of a Hugging Face folder is put together: what a family says about itself, and the state while a
 * folder is translated. A family is one row of a table in families_*.c: its model types, the GGUF architecture that it
 * becomes, rules from names to names, and where its configuration differs from the common keys.
 */
#ifndef LL_MODEL_HUGGINGFACE_INTERNAL_H
#define LL_MODEL_HUGGINGFACE_INTERNAL_H

#include "base/json.h"
#include "format/gguf_make.h"
#include "format/safetensors.h"
#include "model/huggingface/huggingface.h"
#include "quant/quant.h"

/* From a configuration key (alternatives apart by '|') to the part of a GGUF key behind "<architecture>.". */
typedef enum ll_hf_kind {
    LL_HF_U32,
    LL_HF_F32,
    LL_HF_BOOL,
    LL_HF_TEXT,
} ll_hf_kind;

typedef struct ll_hf_key {
    const char *config;
    const char *suffix;
    ll_hf_kind kind;
} ll_hf_key;

typedef struct ll_hf ll_hf;
typedef struct ll_hf_found ll_hf_found;
/* Makes the target of a rule from its tensor; messages need not name the tensor. */
typedef libllm_status ll_hf_convert(ll_hf *hf, const ll_hf_found *found);

/* A tensor's name, without the prefixes that say how the model was wrapped, to a GGUF name. In `from`, '*' is the
 * number of the layer and '#' that of an expert. Without an ending .weight or .bias it stands for both. `to` may name
 * several tensors apart by '|', for a conversion that makes them. The first rule that fits counts. */
typedef struct ll_hf_rule {
    const char *from;
    const char *to;         /* NULL: not needed */
    ll_hf_convert *convert; /* NULL: as stored */
    bool bytes;             /* the tensor holds bytes of a format, not elements: of its source only `stored` is set */
} ll_hf_rule;
#define NAME(f, t)                                                                                                     \
    {                                                                                                                  \
        .from = (f), .to = (t)                                                                                         \
    }
#define CONVERT(f, t, how)                                                                                             \
    {                                                                                                                  \
        .from = (f), .to = (t), .convert = (how)                                                                       \
    }
#define BYTES(f, t, how)                                                                                               \
    {                                                                                                                  \
        .from = (f), .to = (t), .convert = (how), .bytes = true                                                        \
    }
#define SKIP(f)                                                                                                        \
    {                                                                                                                  \
        .from = (f)                                                                                                    \
    }

typedef struct ll_hf_family {
    const char *model_types; /* apart by '|' */
    const char *lacks;       /* only of folders without tensors whose names begin so; NULL: of any */
    const char *architecture;
    const char *activations; /* values of hidden_act that the architecture means, apart by '|'; NULL: not looked at */
    const ll_hf_rule *rules; /* up to one without `from`; then the common names */
    const ll_hf_key *keys;   /* up to one without `config`, before the common keys; may be NULL */
    const char *defaults;    /* JSON: what published configurations leave out; may be NULL */
    bool rotates_halves;     /* where GGUF's rows of q and k are in another order, for interleaved pairs */
    bool norms_plus_one;     /* GGUF's norm weights include the 1 that the model adds */
    bool no_window;          /* the architecture has no sliding layers in GGUF */
    uint32_t ff_multiple;    /* of the embedding, the feed-forward length where none is given; 0: none */
    libllm_status (*special)(ll_hf *hf); /* what the tables cannot say; its keys count before theirs. May be NULL */
} ll_hf_family;

struct ll_hf {
    const ll_host *host;
    const char *folder;
    libllm_error *error;
    json_t *config; /* of the text model, without nulls */
    ll_safetensors st;
    ll_gguf_maker maker;
    const ll_hf_family *family; /* NULL: not known */
    uint32_t n_layers, n_embd, n_heads, n_kv_heads, head_dim;
    uint32_t n_experts;
    bool sees_later;            /* a decoder whose tokens see later ones, too */
    bool ranks;                 /* its result are scores of texts */
    uint32_t dropped_positions; /* rows at the front of position_embd that no text uses */
};

/* families_*.c, one table each, up to a row without model_types; and all tables, up to NULL */
extern const ll_hf_family ll_hf_llama_like[], ll_hf_gpt_like[], ll_hf_expert_models[], ll_hf_other_kinds[];
extern const ll_hf_family *const ll_hf_family_tables[];

/* names.c: what most families call their tensors, after their own rules */
extern const ll_hf_rule ll_hf_common_names[];

/* config.c: values of a configuration. `keys` are alternatives apart by '|'; the first that is there counts, and *out
 * is left alone when there is none. Errors name the key. */
libllm_status ll_hf_read_json(const ll_host *host, const char *folder, const char *name, json_t **out,
                              libllm_error *error); /* *out is NULL when there is no such file */
libllm_status ll_hf_read_list(const ll_host *host, const char *folder, const char *name, json_t **out,
                              libllm_error *error); /* the same of an array */
libllm_status ll_hf_read_file(const ll_host *host, const char *folder, const char *name, ll_file *out, bool *found,
                              libllm_error *error);
json_t *ll_hf_find(const json_t *object, const char *keys, ll_span *key); /* NULL when absent; key is nullable */
libllm_status ll_hf_u32(const ll_hf *hf, const json_t *object, const char *keys, uint32_t *out);
libllm_status ll_hf_f32(const ll_hf *hf, const json_t *object, const char *keys, float *out);
libllm_status ll_hf_bool(const ll_hf *hf, const json_t *object, const char *keys, bool *out);
const char *ll_hf_text(const json_t *object, const char *keys); /* NULL when absent or no string */
bool ll_hf_is_one_of(const char *value, const char *alternatives);

/* metadata.c: the keys of the model */
libllm_status ll_hf_put_metadata(ll_hf *hf);
void ll_hf_put_u32(ll_hf *hf, const char *suffix, uint32_t value);
void ll_hf_put_f32(ll_hf *hf, const char *suffix, float value);
void ll_hf_put_bool(ll_hf *hf, const char *suffix, bool value);
void ll_hf_put_text(ll_hf *hf, const char *suffix, const char *value);

/* rope.c: the rotation and which layers have a window */
libllm_status ll_hf_put_rope(ll_hf *hf);
libllm_status ll_hf_put_windows(ll_hf *hf);

/* texts.c: the template, and the tokens that end a text */
libllm_status ll_hf_put_texts(ll_hf *hf);

/* ranking.c: what rerankers and other classifiers of texts say of themselves */
libllm_status ll_hf_put_ranking(ll_hf *hf);

/* tensors.c: all tensors by the rules of the family */
libllm_status ll_hf_put_tensors(ll_hf *hf);

/* A stored tensor in GGUF's terms: contiguous dimension first, and the type that it has or is widened to. */
typedef struct ll_hf_source {
    const ll_safetensors_tensor *stored;
    const ll_safetensors_tensor *scale; /* of 8-bit floats, NULL: none */
    uint32_t type;
    uint32_t n_dims;
    uint64_t ne[4];
    size_t element_bytes; /* of that type */
    size_t n_elements;
    uint64_t scale_rows, scale_columns; /* elements that share an element of scale */
} ll_hf_source;

struct ll_hf_found {
    ll_hf_source source;
    const char *to;     /* of the rule */
    uint32_t layer;     /* what '*' was */
    const char *suffix; /* "", ".weight" or ".bias", to be put behind the target */
    ll_span expert;     /* the digits of '#' in the tensor's name; size 0: none */
};

/* Takes off the prefixes that say how the model was wrapped; false for what only the wrapping model has. */
bool ll_hf_unwrap(ll_span *name);
/* The first of the rules that fits such a name; NULL: none. Leaves `source` alone. */
const ll_hf_rule *ll_hf_find_rule(const ll_hf_rule *rules, ll_span name, ll_hf_found *found);
/* adapter_config.c: the configuration of an adapter, its JSON to be released by the caller in any case. */
typedef struct ll_hf_adapter_config {
    json_t *json;
    uint32_t rank;
    float alpha;
    bool by_root; /* the scale is alpha / sqrt(rank) */
} ll_hf_adapter_config;
libllm_status ll_hf_read_adapter_config(const ll_hf *hf, ll_hf_adapter_config *out);
/* The scale of a module times its rank, which is checked. */
libllm_status ll_hf_adapter_alpha(const ll_hf *hf, const ll_hf_adapter_config *config, ll_span module, uint64_t rank,
                                  float *alpha);

/* The tensor whose name these make one after the other; *out is NULL when there is none. */
libllm_status ll_hf_find_tensor(const ll_hf *hf, ll_span first, const char *middle, ll_span last,
                                const ll_safetensors_tensor **out);
libllm_status ll_hf_source_of(const ll_hf *hf, const ll_safetensors_tensor *stored, ll_hf_source *out);
/* Put target number i of the rule. Bytes that are not `converted` are those of the stored tensor, or lie within. */
libllm_status ll_hf_emit(ll_hf *hf, const ll_hf_found *found, size_t i, uint32_t type, uint32_t n_dims,
                         const uint64_t *ne, const void *data, const char *converted);
libllm_status ll_hf_emit_as_stored(ll_hf *hf, const ll_hf_found *found);
/* The elements as they are to be read, in memory that lives as long as the model when they had to be converted (then
 * *converted says how); NULL when memory has run out. */
const uint8_t *ll_hf_elements(ll_hf *hf, const ll_hf_source *source, const char **converted);
/* The same as floats, in memory that lives as long as the model; NULL when there is none. */
float *ll_hf_floats(ll_hf *hf, const ll_hf_source *source);
/* The same into dst, which has room for them. */
void ll_hf_copy_elements(const ll_hf_source *source, uint8_t *dst);

/* float8.c: 8-bit floats to BF16, times the scales that are beside them in a tensor of their own */
libllm_status ll_hf_find_scale(const ll_hf *hf, ll_hf_source *source);
void ll_hf_widen_float8(const ll_hf_source *source, uint16_t *dst);

/* convert.c */
ll_hf_convert ll_hf_transpose;    /* the last two dimensions */
ll_hf_convert ll_hf_negative_exp; /* A = -exp(A_log) */
ll_hf_convert ll_hf_squeeze;      /* dimensions of 1 are left out */
ll_hf_convert ll_hf_as_rows;      /* of one element each: [n] as [1, n] */
ll_hf_convert ll_hf_negative_exp_rows;
ll_hf_convert ll_hf_by_group;       /* [n] as rows of "n_groups" */
ll_hf_convert ll_hf_split_halves;   /* the first and the second half of the rows */
ll_hf_convert ll_hf_split_qkv;      /* the rows of q, k and v */
ll_hf_convert ll_hf_group_qkv;      /* heads of q, k and v in turn: q, k and v one after the other */
ll_hf_convert ll_hf_stack;          /* one tensor for each expert */
ll_hf_convert ll_hf_expert_halves;  /* of each expert, gate and up */
ll_hf_convert ll_hf_split_kv_b;     /* MLA's expansion of keys and values */
ll_hf_convert ll_hf_drop_positions; /* rows that no text uses */
ll_hf_convert ll_hf_norm_head;      /* rows of length 1, in the generation that has them so */
ll_hf_convert ll_hf_of_classifier;  /* as stored, or left out of a model with another head: ranking.c */
/* convert_gpt_oss.c */
ll_hf_convert ll_hf_gpt_oss_gate_up, ll_hf_gpt_oss_gate_up_bias, ll_hf_gpt_oss_gate_up_blocks,
    ll_hf_gpt_oss_down_blocks;

#endif
