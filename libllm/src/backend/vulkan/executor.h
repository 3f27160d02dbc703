/* SPDX-License-Identifier: MIT
 * What the parts of the Vulkan executor share: the plan lowered to operations, each of which is a dispatch, the memory
 * they work on, and the batch in hand.
 */
#ifndef LL_BACKEND_VULKAN_EXECUTOR_H
#define LL_BACKEND_VULKAN_EXECUTOR_H

#include "backend/backend.h"
#include "backend/vulkan/hazards.h"
#include "backend/vulkan/memory.h"
#include "backend/vulkan/params.h"
#include "backend/vulkan/shared.h"

#include <stdatomic.h>

/* What operations read and write. Rows of different columns count as one thing. */
typedef enum ll_vk_resource {
    LL_VK_X = 1 << 0,
    LL_VK_BRANCH = 1 << 1,
    LL_VK_NORMED = 1 << 2,
    LL_VK_Q = 1 << 3,
    LL_VK_K = 1 << 4,
    LL_VK_V = 1 << 5,
    LL_VK_ATTENDED = 1 << 6,
    LL_VK_HIDDEN = 1 << 7,
    LL_VK_ROWS = 1 << 8, /* the results */
    LL_VK_KV = 1 << 9,
    LL_VK_PARTS = 1 << 10, /* of attention, by those that share its pages */
    LL_VK_SCORES = 1 << 11,
    LL_VK_CHOICES = 1 << 12,
    LL_VK_ITEMS = 1 << 13,
    LL_VK_GIVEN = 1 << 14, /* by experts */
    LL_VK_SHARED = 1 << 15,
    LL_VK_LATENTS = 1 << 16,
    LL_VK_VALUES = 1 << 17,
    LL_VK_MIXED = 1 << 18,
    LL_VK_GATE = 1 << 19,
    LL_VK_STEPS = 1 << 20,
    LL_VK_DELTA = 1 << 21,
    LL_VK_STATE = 1 << 22,
    LL_VK_BETWEEN = 1 << 23,
} ll_vk_resource;

/* How many workgroups an operation has in the second dimension. */
typedef enum ll_vk_span {
    LL_VK_EACH_COLUMN, /* active ones */
    LL_VK_EACH_TILE,
    LL_VK_EACH_RUN,
    LL_VK_EACH_MATRIX, /* n_items */
    LL_VK_PRODUCT,     /* and which pipeline: by the number of columns */
} ll_vk_span;

enum { LL_VK_JOINED_MAX = 3 }; /* products */

typedef struct ll_vk_op {
    ll_vk_shader shader; /* MATVEC of products */
    ll_vk_constants constants;
    uint32_t params; /* where its parameters lie */
    uint32_t phase;
    bool tail;
    ll_vk_span span;
    uint32_t groups;                            /* in the first dimension, of products and attention see record.c */
    uint32_t n_rows;                            /* of products */
    uint32_t n_more_rows[LL_VK_JOINED_MAX - 1]; /* and of those joined with it */
    uint32_t n_items;
    bool chooses; /* which matrix an item has */
    bool is_gated;
    /* Heads, and attention behind them which may make them itself, where each run of few has one token: that one then
     * reads and writes also what the heads do. */
    bool in_next, may_make_heads;
    uint32_t reads, writes;
    uint64_t flops; /* of a column */
} ll_vk_op;

/* Memory that all sessions of an engine use in turn: rows of columns, each by its address and the floats to the next
 * row. */
typedef struct ll_vk_rows {
    uint64_t address;
    uint32_t stride;
} ll_vk_rows;

typedef struct ll_vk_scratch {
    ll_vk_buffer buffer;
    ll_vk_rows x, branch, normed, q, k, v, attended, hidden;
    ll_vk_rows latent, values; /* of latent attention */
    ll_vk_rows scores, choices, items, given, shared,
        shared_weight;                    /* of experts; items and given: of all of a column */
    ll_vk_rows mixed, gate, steps, delta; /* of layers with a state */
    uint64_t parts;                       /* of attention */
} ll_vk_scratch;

/* Bytes of the model on the device. */
typedef struct ll_vk_region {
    const void *data;
    uint64_t size, address;
} ll_vk_region;

typedef struct ll_vk_weights {
    ll_vk_buffer *buffers;
    size_t n_buffers;
    ll_vk_region *regions; /* in the order in which lowering asks for them */
    size_t n, capacity, next;
} ll_vk_weights;

/* A matrix whose inputs are collected, or several of them in equal distances. */
typedef struct ll_vk_collected {
    ll_matrix weight;
    size_t matrix_bytes;
    uint64_t x, at; /* the input, and where in the buffer its sums are: [n_matrices][n], and behind them the counts */
    uint32_t phase, n, n_matrices;
    bool is_expert; /* or a head: each has inputs of its own */
    bool tail;
} ll_vk_collected;

typedef struct ll_vk_sums {
    ll_vk_collected *list; /* in the order of their phases */
    size_t n, capacity;
    uint64_t bytes;
    ll_vk_buffer buffer;
} ll_vk_sums;

enum {
    LL_VK_FLIGHTS = 2,
    LL_VK_RECORDINGS = 8,
    LL_VK_FEW_COLUMNS = 8,
    LL_VK_SLICE_ROWS = 32,
    LL_VK_SPLITS_MAX = 32,
    LL_VK_ATTENTION_ROWS_MAX = 8
};

/* What the commands for a batch depend on, beside what they read of its buffer; without padding. */
typedef struct ll_vk_shape {
    uint64_t from, to, batch; /* operations, and the address of the buffer */
    uint32_t n_columns, n_tail, n_tiles, n_runs, n_splits, unused;
} ll_vk_shape;

typedef struct ll_vk_recording {
    VkCommandBuffer commands;
    ll_vk_shape shape;
    uint64_t flops; /* of the batch at hand; 0: nothing is recorded */
} ll_vk_recording;

/* Where in a batch's buffer its parts lie. */
typedef struct ll_vk_layout {
    uint64_t columns, tail, tiles, runs, pages, angles, size;
} ll_vk_layout;

struct ll_executor {
    const ll_host *host;
    const ll_model *model;
    ll_executor_options options;
    ll_plan plan;
    ll_vk_shared *shared;
    ll_vk_device *device; /* of the shared */
    ll_vk_pipelines *pipelines;
    ll_vk_transfer transfer;
    ll_vk_weights weights;
    ll_vk_sums sums; /* with the option importance */
    ll_vk_scratch scratch;
    ll_vk_buffer tables; /* of formats, and behind them how many workgroups of attention are done: zeros */
    ll_vk_buffer params;
    ll_vk_buffer rows; /* results of LL_VK_SLICE_ROWS wanted columns */
    uint32_t row_stride;
    ll_vk_buffer between; /* of all columns, from the part before and for the one behind */

    ll_vk_op *ops;
    size_t n_ops, capacity_ops;
    uint8_t *op_params; /* as they are sent to the device */
    size_t n_params, capacity_params;

    /* KV memory in buffers of as many pages as fit into one. */
    size_t *kv_layer_offset;
    size_t page_bytes;
    uint32_t pages_per_buffer;
    ll_vk_buffer *kv;
    size_t n_kv;
    atomic_int failed; /* the status of what has failed for good: a lost device, or a copy that gave no error */

    /* The batch in hand. */
    ll_vk_buffer batch; /* batch_params, and what they point to */
    ll_vk_layout layout;
    uint32_t n_columns, n_tail, n_tiles, n_runs;
    uint32_t tile_columns; /* of a tile at most */
    uint32_t longest;      /* positions that a run has, or the text beside it */
    uint32_t *tail;        /* [n_batch] */
    float **results;       /* [n_batch] of the tail's columns */

    VkCommandPool pool;
    VkCommandBuffer commands[LL_VK_FLIGHTS + LL_VK_RECORDINGS];
    VkFence fences[LL_VK_FLIGHTS];
    bool in_flight[LL_VK_FLIGHTS];
    ll_vk_recording recordings[LL_VK_RECORDINGS]; /* of few columns, which are submitted again and again */
    uint32_t next_recording;
    double flight_start[LL_VK_FLIGHTS];
    ll_vk_trace *trace;      /* NULL: nobody wants to know */
    double flops_per_second; /* measured, for submissions of a bounded length */
};

/* weights.c: memory for what lowering has asked for, filled. Before, addresses are 0. */
uint64_t ll_vk_weight(ll_executor *executor, const void *data, uint64_t size); /* NULL gives 0 */
uint64_t ll_vk_weights_bytes(const ll_executor *executor);
libllm_status ll_vk_weights_upload(ll_executor *executor, libllm_error *error);
void ll_vk_weights_free(ll_executor *executor);
libllm_status ll_vk_tables_create(ll_executor *executor, libllm_error *error);

/* lower.c: the phases as operations. Is done twice: to learn which weights there are, and once they have addresses. */
libllm_status ll_vk_lower(ll_executor *executor, libllm_error *error);
/* What the device cannot do, before anything is made. */
libllm_status ll_vk_check(const ll_executor *executor, libllm_error *error);

/* fit.c: the part of the plan that the device takes, with its layout of pages, and lowered once. */
libllm_status ll_vk_fit(ll_executor *executor, libllm_error *error);
ll_plan_part ll_vk_part(const ll_executor *executor);

/* sums.c: what the phases have collected, for the batch's sums. */
void ll_vk_add_sums(const ll_executor *executor, const ll_batch *batch, uint32_t first_phase, uint32_t end_phase);

/* kv_memory.c */
libllm_status ll_vk_kv_create(ll_executor *executor, libllm_error *error);
uint64_t ll_vk_page(const ll_executor *executor, uint32_t page);
void ll_vk_copy_page(ll_executor *executor, ll_page_place from, ll_page_place to);
size_t ll_vk_page_bytes(const ll_executor *executor);
libllm_status ll_vk_read_page(const ll_executor *executor, ll_page_place place, uint32_t n_positions, uint8_t *out,
                              libllm_error *error);
libllm_status ll_vk_read_back(const ll_executor *executor, const ll_vk_buffer *from, uint64_t offset, uint8_t *out,
                              uint64_t size, libllm_error *error);
/* What fails where no error can be returned is told by all batches from then on; a lost device is none for others. */
void ll_vk_note(const ll_executor *executor, libllm_status status);
void ll_vk_write_page(ll_executor *executor, ll_page_place place, const uint8_t *data);

/* batch.c: what a batch is, told to the device. */
libllm_status ll_vk_tell_batch(ll_executor *executor, const ll_batch *batch, libllm_error *error);
void ll_vk_tell_slice(ll_executor *executor, uint32_t first, uint32_t n);

/* record.c: the operations [from, to) as dispatches, submitted in parts. On an error nothing is in flight, unless the
 * device is lost. */
libllm_status ll_vk_run_ops(ll_executor *executor, const ll_batch *batch, size_t from, size_t to, uint32_t n_tail,
                            libllm_error *error);
/* Rows of queries that a workgroup of attention has, of so many of its tile. */
uint32_t ll_vk_attention_rows(const ll_executor *executor, uint32_t rows_of_tile);
libllm_status ll_vk_recorder_create(ll_executor *executor, libllm_error *error);
void ll_vk_recorder_free(ll_executor *executor);

/* executor.c */
libllm_status ll_vk_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                           const ll_executor_options *options, ll_executor **out, libllm_error *error);
libllm_status ll_vk_run(ll_executor *executor, const ll_batch *batch, libllm_error *error);
void ll_vk_free(ll_executor *executor);
/* Scratch memory with addresses from `base` on; returns its size. */
uint64_t ll_vk_place_scratch(ll_executor *executor, uint64_t base);
uint64_t ll_vk_rows_bytes(const ll_executor *executor); /* of what the host reads of a batch */
ll_state *ll_vk_state_create(const ll_executor *executor);
void ll_vk_state_free(const ll_executor *executor, ll_state *state);
uint64_t ll_vk_state(const ll_state *state); /* its address; 0 of NULL */
libllm_status ll_vk_read_state(const ll_executor *executor, const ll_state *state, uint8_t *out, libllm_error *error);
void ll_vk_write_state(const ll_executor *executor, ll_state *state, const uint8_t *data);

#endif
