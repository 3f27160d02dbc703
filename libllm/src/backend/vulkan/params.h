/* SPDX-License-Identifier: MIT
 * What the host and the shaders agree on: parameters of each operation, and of a batch. This text is compiled both as C
 * and as GLSL: addresses (64 bits) come first in a struct, and the number of 32-bit fields behind them is even.
 */
#ifndef LL_BACKEND_VULKAN_PARAMS_H
#define LL_BACKEND_VULKAN_PARAMS_H

#ifdef GL_core_profile
#define LL_PARAMS(name) layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer name
#define LL_PARAMS_END(name)
#define LL_ADDRESS uint64_t
#define LL_UINT uint
#define LL_INT int
#define LL_FLOAT float
#else
#include <stdint.h>
#define LL_PARAMS(name) typedef struct ll_vk_##name
#define LL_PARAMS_END(name) ll_vk_##name
#define LL_ADDRESS uint64_t
#define LL_UINT uint32_t
#define LL_INT int32_t
#define LL_FLOAT float
#endif

/* x = embedding row * scale, + position row, + token type. */
LL_PARAMS(embed_params)
{
    LL_ADDRESS weights, positions, token_types, x;
    LL_UINT row_bytes, position_row_bytes, n, n_stride;
    LL_FLOAT scale;
    LL_UINT unused;
}
LL_PARAMS_END(embed_params);

/* A row of each column: x += residual_scale * add_norm(branch); normed = norm(x). Rows lie `stride` apart. */
LL_PARAMS(norm_params)
{
    LL_ADDRESS x, branch, normed;
    LL_ADDRESS add_weight, add_bias, weight, bias;
    LL_UINT n, x_stride, branch_stride, normed_stride;
    LL_UINT n_groups, unused; /* of a row, each normalized by itself, with weights of its own */
    LL_FLOAT eps, residual_scale;
}
LL_PARAMS_END(norm_params);

/* out[i] = (W x[i]) * scale + bias. Of items, W is that of the item's expert or head. Of products that are joined, each
 * has its own, one behind the other. */
LL_PARAMS(product_params)
{
    LL_ADDRESS weights, x, out_, scale, bias;
    LL_ADDRESS weights_2, scale_2, bias_2; /* `up`, where the first is `gate` */
    LL_ADDRESS choices;                    /* of experts: which an item has */
    LL_ADDRESS norm;                       /* weights of that of x, where the product makes it */
    LL_ADDRESS expert_bytes, expert_bytes_2;
    LL_UINT row_bytes, n_rows, n_k, row_bytes_2;
    LL_UINT x_stride, out_stride;           /* of columns */
    LL_UINT x_item_stride, out_item_stride; /* of the items of a column */
    LL_UINT n_items;                        /* of a column; 1: no items */
    LL_UINT choice_stride;
    LL_UINT flags;
    LL_FLOAT factor, softcap, eps;
}
LL_PARAMS_END(product_params);

/* Clamp, norms, rotation; q in place, k and v to the KV memory. */
LL_PARAMS(heads_params)
{
    LL_ADDRESS q, k, v;
    LL_ADDRESS q_weight, q_bias, k_weight, k_bias;
    LL_ADDRESS layer_offset; /* within a page */
    LL_UINT n_heads, n_kv_heads, q_stride, k_stride, v_stride;
    LL_UINT n_rot, angles; /* where those of the rope begin, in floats: [column][2][n_rot / 2] */
    LL_UINT rope_at;       /* value of a head from which it rotates */
    LL_UINT growth_period;
    LL_FLOAT eps, bound, query_growth;
}
LL_PARAMS_END(heads_params);

/* Those of the heads follow where attention may make them itself. */
LL_PARAMS(attention_params)
{
    LL_ADDRESS q, out_;
    LL_ADDRESS sinks, alibi, distance_bias;
    LL_ADDRESS layer_offset;
    LL_ADDRESS parts,
        done; /* what workgroups that share pages leave to each other, and how many have: zeros at first */
    LL_UINT n_heads, n_kv_heads, q_stride, out_stride;
    LL_UINT window, bias_reach;
    LL_UINT splits_max, unused;
    LL_FLOAT scale, softcap;
}
LL_PARAMS_END(attention_params);

/* The experts of columns, each with its weight: pairs of 32 bits. */
LL_PARAMS(choose_params)
{
    LL_ADDRESS scores, choice_bias, choices, shared_gate, shared_weight, x;
    LL_UINT score_stride, choice_stride, x_stride, n;
    LL_UINT shared_stride;
    LL_FLOAT scale;
}
LL_PARAMS_END(choose_params);

LL_PARAMS(blend_params)
{
    LL_ADDRESS items, choices, shared_, shared_weight, branch;
    LL_UINT n, n_used, column_stride, choice_stride, item_stride, shared_stride, weight_stride, branch_stride;
    LL_FLOAT factor; /* of the sum */
    LL_UINT unused;
}
LL_PARAMS_END(blend_params);

/* state_offset: where the layer's begins in a state, in bytes. */
LL_PARAMS(conv_params)
{
    LL_ADDRESS x, factor, gate, out_, weight, bias;
    LL_ADDRESS state_offset;
    LL_UINT n, stride, out_stride, unused;
}
LL_PARAMS_END(conv_params);

LL_PARAMS(scan_params)
{
    LL_ADDRESS mixed, gate, steps, delta, out_, a, d;
    LL_ADDRESS state_offset;
    LL_UINT n, stride, step_stride, out_stride;
    LL_UINT n_steps, n_heads, n_groups, unused;
}
LL_PARAMS_END(scan_params);

LL_PARAMS(squares_params)
{
    LL_ADDRESS x, sums, counts, choices;
    LL_UINT n, n_items, x_stride, x_item_stride, choice_stride, unused;
}
LL_PARAMS_END(squares_params);

/* n: of groups of four floats to read, or of rounds of arithmetic. */
LL_PARAMS(measure_params)
{
    LL_ADDRESS x;
    LL_UINT n;
    LL_FLOAT factor;
}
LL_PARAMS_END(measure_params);

LL_PARAMS(latent_params)
{
    LL_ADDRESS raw, q;
    LL_UINT n_heads, n_nope, n_rot, raw_dim, head_dim;
    LL_UINT raw_stride, q_stride, angles;
}
LL_PARAMS_END(latent_params);

/* A token of the batch. */
LL_PARAMS(column_params)
{
    LL_ADDRESS state, next_state;
    LL_INT token;
    LL_UINT token_type, position, pages; /* pages: where its run's begin in the table */
    LL_UINT run_first, run_n, run_position, run;
    LL_UINT source_pages, n_source, unused_1, unused_2;
}
LL_PARAMS_END(column_params);

/* Neighbouring columns of a run that share tiles of keys and values. */
LL_PARAMS(tile_params) { LL_UINT first, n; }
LL_PARAMS_END(tile_params);

LL_PARAMS(batch_params)
{
    LL_ADDRESS columns, tail, tiles;
    LL_ADDRESS pages;  /* addresses of pages of KV memory: for each run those of its positions */
    LL_ADDRESS angles; /* cosines and sines of the positions */
    LL_ADDRESS runs;   /* columns of each, as tiles */
    LL_UINT n_columns, n_tail;
    LL_UINT tail_base; /* of the rows that are computed at a time */
    LL_UINT n_tiles;
}
LL_PARAMS_END(batch_params);

#endif
