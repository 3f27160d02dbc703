/* SPDX-License-Identifier: MIT
 * What a device offers to the sessions: memory for keys and values in pages, and running the plan on a batch.
 */
#ifndef LL_BACKEND_BACKEND_H
#define LL_BACKEND_BACKEND_H

#include "backend/input_sums.h"
#include "base/team.h"
#include "model/adapter.h"
#include "plan/plan.h"

#include <pthread.h>

enum { LL_PAGE_POSITIONS = 64 }; /* positions in a page of KV memory */
#define LL_NO_PAGE UINT32_MAX

/* Where 64 positions of a timeline are. Layers with a window may have theirs apart from the others', in pages of their
 * own, of which fewer are needed as they are given up once the window has passed. */
typedef struct ll_page_place {
    uint32_t page;
    uint32_t window; /* LL_NO_PAGE: given up, or not apart */
} ll_page_place;

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
    uint32_t n_second;            /* tokens at the end that have the second token type */
    uint64_t position;            /* of the first token; earlier positions are in the KV memory */
    const uint32_t *pages;        /* page of each LL_PAGE_POSITIONS positions of the timeline */
    const uint32_t *window_pages; /* the same for layers with a window, where these are apart */
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
    bool encodes; /* runs are whole texts for the encoder beside a decoder; they give no rows */
    float *x; /* [columns][n_embd] between the parts of a plan: what the one before has left, and for the one behind */
    bool (*cancelled)(void *context); /* asked often, on the calling thread */
    void *cancel_context;
    ll_profile *profile; /* NULL, or where to add this batch */
    ll_input_sums *sums; /* the same for the inputs of matrices */
} ll_batch;

/* Devices that are open as long as engines use them. */
typedef struct ll_open_devices {
    pthread_mutex_t lock;
    struct ll_vk_shared *vulkan;
} ll_open_devices;

/* What a program lends to the devices; each may be NULL. */
typedef struct ll_device_files {
    const char *blas_library;   /* of the BLAS device; NULL: the usual ones */
    const char *vulkan_library; /* the Vulkan loader; NULL: libvulkan.so.1 */
    const char *cache_dir;      /* where what drivers have compiled is kept; NULL: nowhere */
    ll_open_devices *open;      /* for all engines that use one; NULL: each opens its own */
} ll_device_files;

/* Of a device that was not named by its number. */
#define LL_DEVICE_ANY UINT32_MAX

typedef struct ll_executor_options {
    uint32_t n_batch; /* tokens of a batch at most */
    uint32_t n_pages;
    uint32_t n_window_pages; /* 0: layers with a window have theirs in the pages of all layers */
    uint64_t n_positions;    /* longest timeline */
    libllm_kv_type kv_type;  /* never AUTO */
    bool hidden_states;      /* rows are the last hidden states, n_embd wide, instead of logits */
    bool deterministic;      /* results do not depend on how tokens are split into batches */
    bool importance;         /* batches have `sums` */
    uint32_t device_index;   /* of the backend's devices, or LL_DEVICE_ANY */
    ll_device_files files;
    ll_plan_part part; /* that it computes */
    uint32_t n_least;  /* 0: just that; otherwise it may leave the embedding to the part before, and its first layers */
} ll_executor_options;

/* A model made ready on a device, with the memory that its tokens need. */
typedef struct ll_executor ll_executor;

/* What a device can do at best, each in the units that it is named after, for a second. */
typedef struct ll_device_speed {
    double read_bytes; /* of its memory, once */
    double copy_bytes; /* from one place of it to another, read and written: counted once */
    double flops;      /* of 32-bit floats: a multiplication and an addition are two */
    uint64_t n_bytes;  /* that were read and copied */
} ll_device_speed;

/* A device as people know it. */
typedef struct ll_device_info {
    char name[256];                         /* empty: not known */
    uint64_t memory_bytes, available_bytes; /* its own; 0: it has that of the machine */
    bool is_accelerator;                    /* rather than the processor by another name */
    bool shares_memory;                     /* it has none of its own */
} ll_device_info;

typedef struct ll_backend {
    const char *kind;       /* "cpu" */
    bool has_window_pages;  /* n_window_pages need not be 0 */
    bool multiplies_floats; /* all weights as 32-bit floats with others, none of which is rounded to fewer bits */
    /* Device `index` of the backend. DONE: it has fewer, and at least one. An error says that the device is not
     * available, and why. */
    libllm_status (*describe)(const ll_host *host, const ll_device_files *files, uint32_t index, ll_device_info *info,
                              libllm_error *error);
    /* NULL: it is the processor's, which cpu/limits.h measures. */
    libllm_status (*measure)(const ll_host *host, const ll_device_files *files, uint32_t index, ll_device_speed *speed,
                             libllm_error *error);
    libllm_status (*create)(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                            const ll_executor_options *options, ll_executor **out, libllm_error *error);
    /* The part that an executor with n_least has taken. NULL: the backend takes what it is given. */
    ll_plan_part (*part)(const ll_executor *executor);
    /* NULL: out of memory. */
    ll_state *(*state_create)(const ll_executor *executor);
    void (*state_free)(const ll_executor *executor, ll_state *state); /* NULL is fine */
    /* Keys and values of 64 positions to another place, also while a batch runs that has nothing to do with that. Of
     * layers with a window only where both places have them. */
    void (*copy_page)(ll_executor *executor, ll_page_place from, ll_page_place to);
    /* The same with memory of the host, the same on all devices: page_bytes, zero behind the first n_positions and
     * where a place has none; and a state, of ll_state_bytes(). Each of the layers that the executor has. On an error
     * `out` is undefined. What cannot be written is an error of the next batch. */
    size_t (*page_bytes)(const ll_executor *executor);
    libllm_status (*read_page)(const ll_executor *executor, ll_page_place place, uint32_t n_positions, uint8_t *out,
                               libllm_error *error);
    void (*write_page)(ll_executor *executor, ll_page_place place, const uint8_t *data);
    libllm_status (*read_state)(const ll_executor *executor, const ll_state *state, uint8_t *out, libllm_error *error);
    void (*write_state)(const ll_executor *executor, ll_state *state, const uint8_t *data);
    /* NULL: out of memory. n is not 0. NULL itself where the device knows no adapters, and is not asked to. */
    ll_adapter_set *(*adapters_create)(const ll_executor *executor, const ll_adapter_use *uses, size_t n);
    void (*adapters_free)(const ll_executor *executor, ll_adapter_set *set); /* NULL is fine */
    /* CANCELLED leaves pages of the batch's positions and its next states undefined and everything else as it was. */
    libllm_status (*run)(ll_executor *executor, const ll_batch *batch, libllm_error *error);
    void (*free)(ll_executor *executor); /* NULL is fine */
} ll_backend;

extern const ll_backend ll_backend_cpu;
extern const ll_backend ll_backend_blas;
extern const ll_backend ll_backend_vulkan;

extern const ll_backend *const ll_backends[]; /* all, and NULL */
/* By a name as "cpu", or "vulkan:1" of a backend with several devices. Otherwise NULL, and the error is NOT_FOUND. */
const ll_backend *ll_backend_find(const char *name, uint32_t *index, libllm_error *error);
/* The same of one that is there and can be used, with what it is: NOT_FOUND and UNSUPPORTED say that it is not. */
libllm_status ll_backend_choose(const ll_host *host, const ll_device_files *files, const char *name,
                                const ll_backend **backend, uint32_t *index, ll_device_info *info, libllm_error *error);

/* What computes a model: one device, or a device and the processor as one. */
typedef struct ll_placed {
    const ll_backend *backend; /* of the executor, and perhaps freed with it */
    ll_executor *executor;
    uint32_t n_device_layers; /* of those that there are, on the device */
} ll_placed;

/* place.c: the last n_layers of the layers on the device, 0: as many as it can compute and has memory for; the others
 * on the processor. */
libllm_status ll_backend_place(const ll_backend *device, const ll_host *host, ll_team *team, uint32_t cpu_features,
                               const ll_model *model, const ll_executor_options *options, uint32_t n_layers,
                               ll_placed *out, libllm_error *error);

void ll_profile_add(ll_profile *profile, const ll_profile *more);

/* KV memory of one position in bytes: with an encoder and a decoder, of a token of the text and one of the timeline. */
uint64_t ll_kv_bytes_per_position(const ll_model *model, libllm_kv_type kv_type);
/* Bytes of one state, 0 for models that have attention only; of some layers; and how many of them a session has. */
uint64_t ll_state_bytes(const ll_model *model);
uint64_t ll_state_bytes_of(const ll_model *model, uint32_t first_layer, uint32_t end_layer);
enum { LL_SESSION_STATES = 3 };
/* The type that AUTO stands for. */
libllm_kv_type ll_kv_type_resolve(const ll_model *model, libllm_kv_type kv_type);

#endif
