/* SPDX-License-Identifier: MIT
 * What the parts of the lowering share: an operation with its parameters, norms, products; and the phases of each part.
 */
#ifndef LL_BACKEND_VULKAN_LOWER_H
#define LL_BACKEND_VULKAN_LOWER_H

#include "backend/vulkan/executor.h"

enum {
    LL_VK_SIZE = 64,         /* invocations of a workgroup of most operations */
    LL_VK_NO_ACTIVATION = 6, /* behind those of models */
    LL_VK_SOFTPLUS = 7,
};

typedef struct ll_vk_lowering {
    ll_executor *e;
    const ll_model *m;
    uint32_t index; /* of the phase */
    const ll_phase *phase;
    const ll_layer *layer;
    bool folded;     /* the branch is in x already */
    size_t heads_at; /* one more than the operation that makes queries and keys, with its parameters */
    ll_vk_heads_params heads;
    bool failed; /* out of memory */
} ll_vk_lowering;

/* Adds an operation with a copy of its parameters. */
void ll_vk_add(ll_vk_lowering *w, ll_vk_op op, const void *params, size_t size);
/* Addresses of what the model has; 0 of NULL. */
uint64_t ll_vk_floats(ll_vk_lowering *w, const float *data, size_t n);
uint64_t ll_vk_matrix(ll_vk_lowering *w, const ll_matrix *matrix);
/* Floats from one item of a column to the next: products read four at a time. */
uint32_t ll_vk_row_step(uint32_t n);

/* What a row's norm reads and writes; `branch` and the weights of its norm only where something is added. */
typedef struct ll_vk_norm_job {
    ll_vk_rows x, branch, out;
    const ll_norm *add_norm, *norm;
    uint32_t n, n_groups;
    bool adds, keeps, tail, compact;
    uint32_t reads, writes;
} ll_vk_norm_job;

void ll_vk_add_norm(ll_vk_lowering *w, const ll_vk_norm_job *job);
/* What the phase begins with, to `out`, which `writes` names. */
void ll_vk_prologue(ll_vk_lowering *w, ll_vk_rows out, uint32_t writes, bool compact);

/* What products read, which may be left to them to normalize. */
typedef struct ll_vk_input {
    ll_vk_rows rows;
    uint32_t reads;
    const ll_norm *norm;
} ll_vk_input;

/* What the phase begins with, as far as the products of it that follow cannot do it themselves. */
ll_vk_input ll_vk_begin(ll_vk_lowering *w);
/* Where what the phase adds to x goes: to x, where nothing is done with it before it is added, otherwise to branch. */
typedef struct ll_vk_target {
    ll_vk_rows rows;
    uint32_t writes;
    bool accumulates;
    float factor;
} ll_vk_target;

ll_vk_target ll_vk_branch(ll_vk_lowering *w);

typedef enum ll_vk_item_kind { LL_VK_ITEMS_NONE, LL_VK_ITEMS_CHOSEN, LL_VK_ITEMS_ALL } ll_vk_item_kind;

typedef struct ll_vk_product_job {
    const ll_linear *linear, *up; /* up: linear is the gate, and both become activation(gate) * up */
    const ll_norm *norm;          /* of x, which is made by the product */
    ll_vk_rows x, out;
    uint32_t activation; /* 0: none; otherwise one more than its number */
    bool accumulates, logits;
    float factor; /* 0: 1 */
    uint32_t reads, writes;
    /* Of experts or heads: what follows linear and up at these distances, and where the items of a column lie. */
    ll_vk_item_kind items;
    uint32_t n_matrices, n_items;
    size_t matrix_bytes, matrix_bytes_2;
    uint32_t x_step, out_step;
} ll_vk_product_job;

/* sums.c: the squares of its inputs, where the engine has the option importance. */
void ll_vk_collect(ll_vk_lowering *w, const ll_vk_product_job *job);
void ll_vk_add_product(ll_vk_lowering *w, const ll_vk_product_job *job);
void ll_vk_multiply(ll_vk_lowering *w, const ll_linear *linear, ll_vk_input x, ll_vk_rows out, uint32_t writes);
/* Up to three such products with the same x, in one operation. */
typedef struct ll_vk_joined_job {
    const ll_linear *linear;
    ll_vk_rows out;
    uint32_t writes;
} ll_vk_joined_job;

void ll_vk_multiply_joined(ll_vk_lowering *w, ll_vk_input x, const ll_vk_joined_job *jobs, size_t n);
/* hidden = activation(gate x) * (up x), of the layer's own */
void ll_vk_multiply_gated(ll_vk_lowering *w, ll_vk_input x);

/* Where the angles of a rope begin in those of a batch, in floats. */
uint32_t ll_vk_angles_of(const ll_executor *executor, uint32_t rope);

/* The phases, but for the shortest. lower_attention.c: */
void ll_vk_lower_qkv(ll_vk_lowering *w);
void ll_vk_lower_qk_norm(ll_vk_lowering *w);
void ll_vk_lower_attention(ll_vk_lowering *w);
void ll_vk_lower_cross_q(ll_vk_lowering *w);
void ll_vk_lower_cross_kv(ll_vk_lowering *w);
void ll_vk_lower_latent(ll_vk_lowering *w);
void ll_vk_lower_latent_norm(ll_vk_lowering *w);
void ll_vk_lower_latent_q(ll_vk_lowering *w);
void ll_vk_lower_latent_v(ll_vk_lowering *w);
/* lower_experts.c */
void ll_vk_lower_route(ll_vk_lowering *w);
void ll_vk_lower_experts_up(ll_vk_lowering *w);
void ll_vk_lower_experts_down(ll_vk_lowering *w);
/* lower_recurrent.c */
void ll_vk_lower_mix_in(ll_vk_lowering *w);
void ll_vk_lower_scan(ll_vk_lowering *w);
void ll_vk_lower_norm_groups(ll_vk_lowering *w);

#endif
