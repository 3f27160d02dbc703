/* SPDX-License-Identifier: MIT
 * What a model is made of, as a bill: its matrices and vectors by class, the cores of attention, and states of
 * constant size. Everything exact about a model follows from it: parameters, FLOPs, bytes of weights and KV memory.
 * It is read from a configuration, a preset or a file; figures are doubles, which are exact up to 2^53.
 */
#ifndef LL_ESTIMATE_BILL_H
#define LL_ESTIMATE_BILL_H

#include "estimate/data.h"
#include "estimate/hardware.h"
#include "estimate/reader.h"

typedef enum ll_class {
    LL_CLASS_EMBEDDING, /* of tokens */
    LL_CLASS_POSITION,  /* learned positions, token types, embeddings for each layer */
    LL_CLASS_ATTENTION,
    LL_CLASS_RECURRENT, /* linear attention, state-space layers, short convolutions */
    LL_CLASS_FFN,
    LL_CLASS_ROUTER,
    LL_CLASS_SHARED, /* experts that every token has */
    LL_CLASS_EXPERT, /* experts of which a token has some */
    LL_CLASS_NORM,
    LL_CLASS_HEAD,   /* the output matrix, where it is not the embedding again */
    LL_CLASS_VISION, /* the tower of a multimodal model, and what brings its output to the text model */
    LL_CLASS_MTP,    /* modules that predict further tokens */
} ll_class;
enum { LL_CLASSES = LL_CLASS_MTP + 1 };
extern const char *const ll_class_names[LL_CLASSES]; /* "embedding" */

/* `count` tensors of rows x columns, of which a token uses `used`. */
typedef struct ll_item {
    ll_class class;
    const char *name;
    double count, used, rows, columns;
    bool is_product;  /* a matrix that is multiplied by; else a table or a vector */
    double bytes;     /* of all of them in a file; 0: as the scenario's precision has it */
    const char *type; /* in a file: "Q4_K"; else NULL */
} ll_item;

/* Attention of `layers` equal layers. */
typedef struct ll_core {
    double layers, heads, key_dim, value_dim;
    double kv_elements; /* that one token leaves in the KV memory of one layer */
    double kv_heads;    /* which tensor parallelism can divide; 1 of latent attention */
    double latent_dim;  /* of latent attention, which decodes on it: wider products, one small memory; else 0 */
    double index_dim;   /* of kv_elements, those that an indexer chooses positions by */
    double chosen;      /* positions that the indexer leaves; 0: there is none */
    double window;      /* 0: all positions */
    bool is_causal;
    bool is_cross;  /* over the encoder's output */
    bool is_shared; /* uses another layer's KV memory */
} ll_core;

/* A memory of constant size in `layers` equal layers. */
typedef struct ll_state {
    double layers, elements;
    double flops; /* for one token of one layer */
} ll_state;

enum { LL_ITEMS_MAX = 192, LL_CORES_MAX = 24, LL_STATES_MAX = 8, LL_MTP_ITEMS_MAX = 32 };

typedef struct ll_bill {
    const char *name, *source;
    const char *family; /* model_type */
    ll_item items[LL_ITEMS_MAX];
    size_t n_items;
    ll_core cores[LL_CORES_MAX];
    size_t n_cores;
    ll_state states[LL_STATES_MAX];
    size_t n_states;
    bool overflowed; /* more items than there is room for */
    /* Modules that predict further tokens, which the model itself works without; not among the items. */
    ll_item mtp_items[LL_MTP_ITEMS_MAX];
    size_t n_mtp_items;
    ll_core mtp_core;
    double mtp_modules;
    /* What formulas of whole models ask for; 0 where there is none. */
    double layers, hidden, heads, kv_heads, head_dim, ffn, vocab, context;
    double experts, experts_used, expert_ffn;
    double route_groups; /* groups of experts that a token is sent to at most; 0: any */
    bool is_tied;        /* the output matrix is the embedding */
    bool is_encoder;
    /* Of a weight of each class as published, with the scales of its group; 0: not said. */
    double stored_bits[LL_CLASSES];
    const char *stored_format; /* of those that are quantized: "gptq"; else NULL */
    ll_precision stored_products;
    /* Given as totals only, without shapes. */
    double parameters, active_parameters;
    double file_bytes; /* of a file, exact; 0: none */
} ll_bill;

/* Used is as many as count. */
void ll_bill_matrix(ll_bill *bill, ll_class class, const char *name, double count, double rows, double columns);
void ll_bill_experts(ll_bill *bill, ll_class class, const char *name, double count, double used, double rows,
                     double columns);
void ll_bill_vector(ll_bill *bill, ll_class class, const char *name, double count, double size);
void ll_bill_table(ll_bill *bill, ll_class class, const char *name, double rows, double columns);
void ll_bill_core(ll_bill *bill, ll_core core);
void ll_bill_state(ll_bill *bill, ll_state state);

/* A member such as "model": a preset's name, or an object with "preset", "config", "file" or bare numbers. */
bool ll_bill_read(ll_reader *reader, const char *key, const ll_tables *tables, ll_bill *out);
/* A Hugging Face configuration. */
bool ll_bill_of_config(ll_sheet *sheet, const json_t *config, const char *where, ll_bill *out);
/* A GGUF file or a folder with config.json, whose tensors are read as the engine reads them; a config.json alone, or a
 * folder that the engine cannot open, by its configuration. */
bool ll_bill_of_file(ll_sheet *sheet, const char *path, ll_bill *out);
/* The figures of parameters.*, model.* on the sheet. */
void ll_bill_put(const ll_bill *bill, ll_sheet *sheet);
/* The bits of all weights as published, as a formula; NULL: all have as many. */
const char *ll_bill_stored(const ll_bill *bill, ll_sheet *sheet);

#endif
