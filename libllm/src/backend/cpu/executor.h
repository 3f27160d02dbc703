/* SPDX-License-Identifier: MIT
 * What the parts of the CPU executor share: scratch memory, the columns of the batch in hand, and the inputs of a
 * phase. A column is one token of the batch.
 */
#ifndef LL_BACKEND_CPU_EXECUTOR_H
#define LL_BACKEND_CPU_EXECUTOR_H

#include "backend/backend.h"
#include "backend/cpu/kernels.h"

#include <stdatomic.h>

_Static_assert((int)LL_PAGE_POSITIONS == (int)LL_KV_TILE, "a page of KV memory is one tile of the attention kernels");

enum {
    LL_TILE_ROWS = 64,          /* rows of a matrix that are packed at a time */
    LL_UNIT_ROWS = 256,         /* rows that a thread takes at a time, at most, */
    LL_UNITS_PER_THREAD = 4,    /* where each thread has as many units */
    LL_K_CHUNK = 1024,          /* inputs of a packed panel: 64 rows of them fit into L2 */
    LL_K_CHUNK_BF16 = 512,      /* of one in BF16: 32 rows of them fit into L1, */
    LL_K_CHUNK_BF16_LAST = 640, /* and what is left over is no piece for itself where it is little more */
    LL_COLUMN_BLOCK = 24,       /* columns that stay in L2 beside the panels; in BF16 all of them may */
    LL_SPLITS_MAX = 32,         /* parts of a long context that are attended to independently */
    LL_PRIVATE_INPUTS = 16384,  /* input values up to which every thread prepares its own copy instead of meeting */
};

typedef struct ll_column {
    int32_t token;
    uint32_t token_type;
    uint32_t run;
    uint64_t position;
    float *logits;                  /* NULL: not wanted */
    const ll_adapter_set *adapters; /* NULL: none */
    float *reduced;                 /* what their matrices A make of the inputs of the layer in hand */
} ll_column;

/* The adapters of an input: those of its column, and for an item of experts, or of heads, which one it is. */
typedef struct ll_adapted {
    const ll_adapter_set *set; /* NULL: none */
    float *reduced;
    uint32_t item;
} ll_adapted;

typedef struct ll_choice {
    uint32_t expert;
    float weight;
} ll_choice;

typedef struct ll_worker ll_worker;
typedef struct ll_inputs ll_inputs;

/* Another way than by panels to multiply with many columns: rows [row, row + n_rows), n_rows <= tile_rows, of a matrix
 * times inputs that are floats, on every thread. */
typedef struct ll_products {
    void (*multiply)(const struct ll_products *products, ll_worker *worker, const ll_matrix *matrix, size_t row,
                     size_t n_rows, const ll_inputs *inputs, float *const *out);
    void *context;
} ll_products;

/* Memory that one thread has for itself. */
struct ll_worker {
    ll_executor *executor;
    uint32_t thread, n_threads;
    uint32_t phase;  /* index of the phase in hand */
    uint8_t *panels; /* LL_TILE_ROWS rows, LL_K_CHUNK inputs of the matrix in hand, packed; tile_rows where products
                      * are made in another way */
    float *tiles[2]; /* [n_batch][tile_rows] */
    float *input;    /* [LL_COLUMNS_MAX][max_k] */
    float *row;      /* [n_embd] */
    ll_act act[LL_COLUMNS_MAX];
    const float **x;  /* [n_batch] */
    ll_act *acts;     /* [n_batch] views */
    float **out;      /* [n_batch] */
    float **out_part; /* [n_batch] */
    float *scores;    /* [LL_QUERY_ROWS][LL_KV_TILE] */
    uint8_t *kv;      /* keys or values of a tile, unpacked; NULL where attention reads them as they lie */
    float *queries;   /* [LL_QUERY_ROWS][head_dim] spread, for such keys */
    void *attention;  /* memory of the kernels' tile_attention; NULL where it is not used */
    ll_act *head_act; /* [n_batch] inputs of one head's products in latent attention */
    /* Of experts: the items of the batch by expert, where those of each begin, who has some, one expert's inputs and
     * outputs, and what a choice needs. */
    uint32_t *items;    /* [n_batch * max_experts_used] */
    uint32_t *items_of; /* [max_experts + 1] */
    uint32_t *chosen;   /* [max_experts] */
    uint32_t n_chosen;
    const float **item_x;     /* [n_batch] */
    ll_act *item_acts;        /* [n_batch] */
    ll_adapted *adapted;      /* [n_batch] */
    ll_adapted *item_adapted; /* [n_batch] */
    uint16_t *item_bf16;      /* as ll_executor.bf16 */
    float **hidden;           /* [n_batch] */
    float *choice_values;     /* [2 * max_experts] */
    uint8_t *choice_taken;    /* [max_experts] */
    float *state;             /* [2 * LL_QUERY_ROWS][2 + head_dim]: maximum, sum, values; of one split, and merged */
    /* When the batch is measured: the last meeting, and what was spent since and in each kind of phase. */
    double met, waited;
    double seconds[LL_PHASE_KINDS], waiting[LL_PHASE_KINDS];
};

/* The inputs of a phase, of each active column. act and bf16 are NULL unless a kernel of the phase reads them. */
struct ll_inputs {
    const float *const *x;
    const ll_act *act;
    const uint16_t *bf16;
    const ll_adapted *adapted; /* NULL when no column of the batch has adapters */
    size_t n;
    bool by_rows; /* straight from the weight blocks, act with 16 bits; else through panels, 8 bits */
};

struct ll_executor {
    const ll_host *host;
    ll_team *team;
    const ll_model *model;
    ll_kernels kernels;
    uint32_t few_columns; /* of several timelines, up to which weights are multiplied as they lie */
    ll_products products; /* multiply is NULL: by panels */
    const ll_panel_kernel *(*panel_kernel)(uint32_t type); /* for the batch in hand */
    ll_executor_options options;
    ll_plan plan;
    uint32_t *x_of_phase; /* which of the two residual buffers a phase's prologue reads */
    size_t tile_rows;     /* from a column of a tile to the next one, at least LL_UNIT_ROWS and a head's length */

    /* KV memory: pages of [layer][kv head]{K [head_dim][64], V [64][head_dim]}; see kv_memory.c. */
    ll_kv_format kv_format;
    size_t *kv_layer_offset; /* [n_layers], bytes within a page */
    size_t page_bytes;
    uint8_t *kv_windows; /* the pages of layers with a window, where these are apart */
    size_t window_bytes; /* of one */
    uint8_t *kv;

    size_t *state_offset; /* [n_layers], floats of layers before */

    /* Shared scratch, a row for each column. */
    float *x[2];     /* residual stream; the prologue reads one and writes the other */
    float *branch;   /* [n_embd] */
    float *normed;   /* [n_embd] */
    float *q;        /* [max_q] */
    float *latent;   /* [max_latent] latent of queries, of keys and values, shared key */
    float *values;   /* [max_q] of latent attention, where raw queries wait, too */
    float *k;        /* [max_kv], where a norm over all heads follows */
    float *attended; /* [max_q]; of other layers what their output matrix gets */
    float *mixed;    /* [max_channels] of layers that are not attention: convolved */
    float *gate;     /* [max_channels] */
    float *steps;    /* [max_steps] */
    float *hidden;   /* [max_ff] */
    /* Of experts; an item is a token with one of its experts. */
    float *router_scores;     /* [max_experts] */
    ll_choice *choices;       /* [max_experts_used], in the order of the experts */
    float *shared_weight;     /* what all tokens share is multiplied with */
    float *item_hidden;       /* [max_experts_used][max_expert_ff] */
    ll_act *item_act;         /* [max_experts_used] */
    float *cos, *sin;         /* [n_ropes][n_batch][head_dim / 2] */
    ll_act *shared_act;       /* [n_batch] */
    uint16_t *bf16;           /* all columns; NULL when no matrix is multiplied in BF16 */
    float *partials;          /* [LL_COLUMNS_MAX][max_heads][LL_SPLITS_MAX][2 + head_dim] */
    atomic_uint *splits_done; /* [LL_COLUMNS_MAX][max_heads] */
    uint64_t split_positions;
    ll_worker *workers;

    /* The batch in hand. */
    const ll_batch *batch;
    ll_column *columns; /* [n_batch] */
    uint32_t n_columns;
    uint32_t *all, *tail; /* column indices: every one, and those whose logits are wanted */
    uint32_t n_tail;
    bool adapts;                     /* some columns have adapters */
    atomic_uint next_unit[2];        /* work that threads take from each other, alternating between phases */
    atomic_uint skip;                /* set once cancelled: what is left of the phase is not worth doing */
    uint32_t first_phase, end_phase; /* that the batch goes through */
    atomic_uint stop_after;          /* phase after which all threads leave */
};

/* executor.c: products NULL: by panels. They are copied, with a context that has to live as long. */
libllm_status ll_cpu_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                            const ll_executor_options *options, const ll_products *products, ll_executor **out,
                            libllm_error *error);

/* product.c: out[i][0, n_rows) = rows [row, row + n_rows) of W times the inputs of active column i. With few columns
 * straight from the weight blocks, with many through panels decoded once; n_rows <= tile_rows. Adds the bias, and what
 * the inputs' adapters say, which have been reduced. */
void ll_cpu_product(ll_worker *worker, const ll_linear *linear, size_t row, size_t n_rows, const ll_inputs *inputs,
                    float *const *out);
/* Memory for activations as products take them: with 16 bits by rows. */
ll_act ll_cpu_act_view(const ll_act *act, bool by_rows);
bool ll_cpu_by_rows(const ll_executor *executor, const ll_phase *phase, size_t n_columns);

/* adapters.c: y = W x + B A x. A x, `reduced`, is made once for a phase, in floats; the products add B times it. */
ll_adapter_set *ll_cpu_adapters_create(const ll_executor *executor, const ll_adapter_use *uses, size_t n);
void ll_cpu_adapters_free(const ll_executor *executor, ll_adapter_set *set);
/* Where the first column of a run has what is reduced, and how far it is to the next column's. */
float *ll_cpu_adapters_reduced(const ll_adapter_set *set, size_t *stride);
/* Sets and makes what the linears' products with the inputs need; the threads share it out and meet. Matrices of
 * experts and heads are left out: their inputs are others. */
void ll_cpu_reduce(ll_worker *worker, const uint32_t *columns, const ll_linear *const *linears, size_t n_linears,
                   ll_inputs *inputs);
/* The same of one linear on the calling thread alone, for inputs that know their adapters. */
void ll_cpu_reduce_alone(ll_worker *worker, const ll_linear *linear, const ll_inputs *inputs);
void ll_cpu_add_adapted(ll_worker *worker, const ll_linear *linear, size_t row, size_t n_rows, const ll_inputs *inputs,
                        float *const *out);
/* x, a row of the embedding. */
void ll_cpu_adapt_embedding(const ll_executor *executor, uint32_t column, float *x);

/* attention.c */
void ll_cpu_attention(ll_worker *worker, const ll_phase *phase);
/* What attention computes and reads for the batch in hand. */
void ll_cpu_attention_work(const ll_executor *executor, const ll_phase *phase, uint64_t *flops, uint64_t *kv_bytes);

/* kv_memory.c */
/* Where the keys (and behind them the values) of a page lie. */
uint8_t *ll_cpu_kv(const ll_executor *executor, uint32_t page, uint32_t layer, uint32_t kv_head);
/* The pages of a run that a layer has. */
const uint32_t *ll_cpu_pages(const ll_executor *executor, const ll_run *run, uint32_t layer);
/* Write a head's key or value of a column's position. */
/* Spread the values of a head, of which n is a multiple of 32, over each other, so that none stands out from those that
 * share a scale with it. Twice is the head itself again, and products of two heads stay the same (Hadamard's matrix).
 */
void ll_cpu_spread(float *head, size_t n);
void ll_cpu_store_kv(ll_executor *executor, uint32_t layer, uint32_t column, uint32_t kv_head, bool is_value,
                     const float *head);
void ll_cpu_copy_page(ll_executor *executor, ll_page_place from, ll_page_place to);
size_t ll_cpu_page_bytes(const ll_executor *executor);
libllm_status ll_cpu_read_page(const ll_executor *executor, ll_page_place place, uint32_t n_positions, uint8_t *out,
                               libllm_error *error);
void ll_cpu_write_page(ll_executor *executor, ll_page_place place, const uint8_t *data);
libllm_status ll_cpu_read_state(const ll_executor *executor, const ll_state *state, uint8_t *out, libllm_error *error);
void ll_cpu_write_state(const ll_executor *executor, ll_state *state, const uint8_t *data);
/* Reserve the memory: a page costs some once a token is written to it. False: out of memory. */
bool ll_cpu_make_kv(ll_executor *executor);

/* recurrent.c: MIX_IN, SELECT and SCAN; and the norm before PROJECT of a layer that is not attention. */
void ll_cpu_mix_in(ll_worker *worker, const ll_phase *phase);
void ll_cpu_select(ll_worker *worker, const ll_phase *phase);
void ll_cpu_scan(ll_worker *worker, const ll_phase *phase);
void ll_cpu_norm_groups(ll_worker *worker, const ll_phase *phase);
bool ll_cpu_place_states(ll_executor *executor); /* false: out of memory */
size_t ll_cpu_state_bytes(const ll_executor *executor);

/* profile.c */
void ll_cpu_meet(ll_worker *worker); /* a barrier, whose wait is measured when the batch is */
void ll_cpu_measure_start(ll_worker *worker);
void ll_cpu_measure_phase(ll_worker *worker, ll_phase_kind kind);
/* Add the batch in hand, of which the phases [first, end) were run. */
void ll_cpu_profile_add(const ll_executor *executor, uint32_t first, uint32_t end, double seconds, ll_profile *profile);

/* phases.c */
/* A norm of the model's kind; out may be x. */
void ll_cpu_norm(const ll_executor *executor, const ll_norm *norm, const float *x, size_t n, float *out);
typedef void (*ll_activation_kernel)(const float *gate, const float *up, size_t n, float *out);
ll_activation_kernel ll_cpu_activation(const ll_executor *executor);
/* Columns that the phase works on. */
const uint32_t *ll_cpu_active(const ll_worker *worker, const ll_phase *phase, uint32_t *n);
/* What the kernel that multiplies with a matrix takes. */
ll_takes ll_cpu_takes(const ll_executor *executor, const ll_matrix *matrix, bool by_rows);
/* Inputs for the matrices of a phase: `source`, or where that is NULL the residual stream, normalized. Few and short
 * inputs are prepared by every thread for itself; more, and those of ROUTE, are shared out, and the threads meet. */
ll_inputs ll_cpu_prepare(ll_worker *worker, const ll_phase *phase, const float *source, size_t stride,
                         const ll_linear *const *linears, size_t n_linears);
/* Rows of a unit: for one column all that a thread has, as memory is read fastest in long streams. */
uint32_t ll_cpu_rows_per_unit(const ll_worker *worker, const ll_inputs *inputs, uint32_t n_rows, uint32_t otherwise);

/* latent.c: LATENT, LATENT_NORM, LATENT_Q and LATENT_V. */
void ll_cpu_latent(ll_worker *worker, const ll_phase *phase);
void ll_cpu_latent_norm(ll_worker *worker, const ll_phase *phase);
void ll_cpu_latent_q(ll_worker *worker, const ll_phase *phase);
void ll_cpu_latent_v(ll_worker *worker, const ll_phase *phase);
void ll_cpu_rotate(const ll_executor *executor, const ll_layer *layer, uint32_t column, float *values);

/* collect.c: add inputs to the sums that the batch asks for; of products that have been prepared, each thread its
 * share.
 */
void ll_cpu_collect(const ll_worker *worker, const ll_phase *phase, const ll_linear *const *linears, size_t n_linears,
                    const ll_inputs *inputs);
/* Of one head, by the one thread that computes it. */
void ll_cpu_collect_head(const ll_worker *worker, const ll_linear *linear, const ll_inputs *inputs);
void ll_cpu_collect_expert(const ll_worker *worker, const ll_expert_linear *linear, uint32_t expert,
                           const ll_inputs *inputs);

/* experts.c: ROUTE, EXPERTS_UP and EXPERTS_DOWN. */
void ll_cpu_route(ll_worker *worker, const ll_phase *phase);
void ll_cpu_experts_up(ll_worker *worker, const ll_phase *phase);
void ll_cpu_experts_down(ll_worker *worker, const ll_phase *phase);

/* One thread's part of a phase. */
void ll_cpu_phase(ll_worker *worker, uint32_t index);

/* Units of work: fixed ranges when few columns make each unit short, taken one by one otherwise. */
typedef struct ll_units {
    uint32_t next, end;
    atomic_uint *shared; /* NULL: [next, end) is this thread's own */
} ll_units;
ll_units ll_cpu_units(ll_worker *worker, uint32_t n_units, bool fixed);
bool ll_cpu_next_unit(ll_worker *worker, ll_units *units, uint32_t *unit);

#endif
