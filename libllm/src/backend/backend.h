/* SPDX-License-Identifier: MIT
 * What a device offers to the sessions: memory for keys and values in pages, and running the plan on a batch.
 */
#ifndef LL_BACKEND_BACKEND_H
#define LL_BACKEND_BACKEND_H

#include "backend/input_sums.h"
#include "base/team.h"
#include "model/adapter.h"
#include "plan/plan.h"

enum { LL_PAGE_POSITIONS = 64 }; /* positions in a page of KV memory */

/* Memory of a device for one state of the layers that are not attention. */
typedef struct ll_state ll_state;

/* Adapters of one timeline, each with its strength, made ready on a device with the memory that they need there. */
typedef struct ll_adapter_set ll_adapter_set;

typedef struct ll_adapter_use {
    const ll_adapter *adapter; /* of the executor's model; it has to live as long as the set */
    float scale;               /* beside the adapter's own */
} ll_adapter_use;

/* Consecutive tokens of one timeline. */
typedef struct ll_run {
    const int32_t *tokens; /* ids, checked against the vocabulary */
    uint32_t n_tokens;
    uint32_t n_second;     /* tokens at the end that have the second token type */
    uint64_t position;     /* of the first token; earlier positions are in the KV memory */
    const uint32_t *pages; /* page of each LL_PAGE_POSITIONS positions of the timeline */
    /* The text that the encoder has read for it, as a run of a batch that encodes: its pages, and its length. */
    const uint32_t *source_pages;
    uint64_t n_source;
    /* What the layers without KV memory know of the tokens before, and where to write what they know after them, which
     * is another state; see state_create. NULL for models that have no such layers. Before position 0 nothing is read.
     */
    const ll_state *state;
    ll_state *next_state;
    /* Used by one run of a batch at a time; NULL: the weights as they are. */
    ll_adapter_set *adapters;
    float *logits;   /* rows of n_vocab, or hidden states of n_embd; NULL: not wanted */
    bool all_logits; /* a row for every token instead of the last only */
} ll_run;

/* Where the time of batches went. Seconds are those of thread 0 from one meeting of all threads to the next; a thread
 * computes or waits for the others. */
typedef struct ll_phase_profile {
    uint64_t calls;
    double seconds;
    double computing, waiting; /* mean of the threads */
    uint64_t weight_bytes;     /* read once for all columns */
    uint64_t kv_bytes;         /* keys and values, read once for the columns of a tile */
    uint64_t flops;
} ll_phase_profile;

typedef struct ll_profile {
    uint64_t n_batches, n_tokens;
    uint64_t n_threads; /* of all batches together: each may have another number */
    double seconds;     /* of the whole batches, with the start and the end of the team */
    ll_phase_profile phases[LL_PHASE_KINDS];
} ll_profile;

typedef struct ll_batch {
    const ll_run *runs;
    uint32_t n_runs;
    bool encodes;                     /* runs are whole texts for the encoder beside a decoder; they give no rows */
    bool (*cancelled)(void *context); /* asked often, on the calling thread */
    void *cancel_context;
    ll_profile *profile; /* NULL, or where to add this batch */
    ll_input_sums *sums; /* the same for the inputs of matrices */
} ll_batch;

typedef struct ll_executor_options {
    uint32_t n_batch; /* tokens of a batch at most */
    uint32_t n_pages;
    uint64_t n_positions;     /* longest timeline */
    libllm_kv_type kv_type;   /* never AUTO */
    bool hidden_states;       /* rows are the last hidden states, n_embd wide, instead of logits */
    bool deterministic;       /* results do not depend on how tokens are split into batches */
    const char *blas_library; /* file of the BLAS device; NULL: the usual ones */
} ll_executor_options;

/* A model made ready on a device, with the memory that its tokens need. */
typedef struct ll_executor ll_executor;

typedef struct ll_backend {
    const char *kind; /* "cpu" */
    /* What computes, by its own name; a status other than OK says that it is not available, and the error why. */
    libllm_status (*describe)(const char *blas_library, char *name, size_t capacity, libllm_error *error);
    libllm_status (*create)(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                            const ll_executor_options *options, ll_executor **out, libllm_error *error);
    /* NULL: out of memory. */
    ll_state *(*state_create)(const ll_executor *executor);
    void (*state_free)(const ll_executor *executor, ll_state *state); /* NULL is fine */
    /* Keys and values of a page to another one, also while a batch runs that has nothing to do with that. */
    void (*copy_page)(ll_executor *executor, uint32_t from, uint32_t to);
    /* The same with memory of the host, the same on all devices: page_bytes, zero behind the first n_positions; and a
     * state, of ll_state_bytes(). */
    size_t (*page_bytes)(const ll_executor *executor);
    void (*read_page)(const ll_executor *executor, uint32_t page, uint32_t n_positions, uint8_t *out);
    void (*write_page)(ll_executor *executor, uint32_t page, const uint8_t *data);
    void (*read_state)(const ll_executor *executor, const ll_state *state, uint8_t *out);
    void (*write_state)(const ll_executor *executor, ll_state *state, const uint8_t *data);
    /* NULL: out of memory. n is not 0. */
    ll_adapter_set *(*adapters_create)(const ll_executor *executor, const ll_adapter_use *uses, size_t n);
    void (*adapters_free)(const ll_executor *executor, ll_adapter_set *set); /* NULL is fine */
    /* CANCELLED leaves pages of the batch's positions and its next states undefined and everything else as it was. */
    libllm_status (*run)(ll_executor *executor, const ll_batch *batch, libllm_error *error);
    void (*free)(ll_executor *executor); /* NULL is fine */
} ll_backend;

extern const ll_backend ll_backend_cpu;
extern const ll_backend ll_backend_blas;

extern const ll_backend *const ll_backends[]; /* all, and NULL */
const ll_backend *ll_backend_find(const char *kind);

void ll_profile_add(ll_profile *profile, const ll_profile *more);

/* KV memory of one position in bytes: with an encoder and a decoder, of a token of the text and one of the timeline. */
uint64_t ll_kv_bytes_per_position(const ll_model *model, libllm_kv_type kv_type);
/* Bytes of one state, 0 for models that have attention only; and how many of them a session has. */
uint64_t ll_state_bytes(const ll_model *model);
enum { LL_SESSION_STATES = 3 };
/* The type that AUTO stands for. */
libllm_kv_type ll_kv_type_resolve(const ll_model *model, libllm_kv_type kv_type);

#endif
