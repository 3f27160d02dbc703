/* SPDX-License-Identifier: MIT
 * The kernels of the CPU backend: small loops over memory that know nothing of models or threads. ref/ defines in
 * plain C what each one computes; simd/ has faster versions in the vectors of x86/ and arm/, which are tested against
 * it. A kernel's result for one row and column depends on that row and column alone, never on how many are computed
 * together: results are the same, bit for bit, however work is split among threads.
 */
#ifndef LL_BACKEND_CPU_KERNELS_H
#define LL_BACKEND_CPU_KERNELS_H

#include "base/cpu.h"
#include "quant/quant.h"

enum {
    LL_COLUMNS_MAX = 8,  /* columns of one rows() call */
    LL_KV_TILE = 64,     /* positions in a page of KV memory */
    LL_QUERY_ROWS = 128, /* query rows that share a page of keys and values */
    LL_ACT_BLOCK = 32,   /* activations that share a scale */
    LL_ACT_GROUP = 128,  /* a multiple of what lies together in activations of 16 bits */
    LL_BF16_GROUP = 16,  /* columns of BF16 activations that lie together */
    LL_BF16_TILE = 32,   /* inputs of each of them that do */
};
/* The type of kernels that read any format, by way of its decoder. */
#define LL_TYPE_ANY UINT32_MAX
#define LL_ACT_MIN 0x1p-110f /* a block of smaller activations counts as zero: its scale would lose bits */

/* A vector of n_k activations as integers, with a scale for each block of 32; only for n_k % 32 == 0. With low, for
 * rows, they have 16 bits: x[i] ~ scales[i / 32] * (256 * high + low), |sum| <= 127 * 256, an error far below that of
 * the weights. They lie in groups of up to LL_ACT_GROUP, within which their order is the kernel set's own; the last
 * group is filled up with zeros. Without (NULL), for panels, 8 bits: x[i] ~ scales[i / 32] * high[i], |high[i]| <= 127.
 * sums and block_sums are of the rounded x over 16 and 32 activations, for formats that add an offset to a group of
 * weights. */
typedef struct ll_act {
    int8_t *high;      /* [n_k], or up to a multiple of LL_ACT_GROUP with low */
    int8_t *low;       /* the same; NULL: 8 bits */
    float *scales;     /* [n_k / 32] */
    float *sums;       /* [n_k / 16] */
    float *block_sums; /* [n_k / 32] */
} ll_act;

/* Many columns of activations rounded to BF16 lie in groups of LL_BF16_GROUP, a group as tiles of LL_BF16_TILE inputs:
 * [group][tile][column][input], the last tile filled up with zeros. What lies in the columns that the last group has
 * too many shows in no result. Values below the least normal one count as zero. A group has an odd number of times
 * 4 KB, so that a piece of k of all groups is spread over all sets of a cache. */
static inline size_t ll_bf16_group_size(size_t n_k)
{
    const size_t piece = 4 * LL_BF16_TILE;
    return ((n_k + piece - 1) / piece | 1) * piece * LL_BF16_GROUP;
}
static inline size_t ll_bf16_column(size_t n_k, size_t c) /* where column c begins */
{
    return c / LL_BF16_GROUP * ll_bf16_group_size(n_k) + c % LL_BF16_GROUP * LL_BF16_TILE;
}

/* out[c][r] = sum over k of weight[r][k] * x[c][k], for n_rows rows and n_columns <= LL_COLUMNS_MAX columns. */
typedef struct ll_rows_job {
    const ll_type_traits *traits;
    const uint8_t *weights; /* first row; rows follow each other row_bytes apart */
    size_t row_bytes;
    size_t n_rows;
    size_t n_k;
    size_t n_columns;
    const float *const *x; /* [n_columns] -> [n_k]; for formats whose kernel takes floats */
    const ll_act *act;     /* [n_columns], 16 bits; for formats whose kernel takes integers */
    float *const *out;     /* [n_columns] -> [n_rows] */
} ll_rows_job;

/* What a kernel reads of a column. */
typedef enum ll_takes { LL_TAKES_FLOATS, LL_TAKES_INTS, LL_TAKES_BF16 } ll_takes;

/* Few columns: their sums are the same bits for any number of them. */
typedef struct ll_row_kernel {
    uint32_t type;  /* ll_type, or LL_TYPE_ANY */
    ll_takes takes; /* never BF16 */
    void (*rows)(const ll_rows_job *job);
} ll_row_kernel;

/* out[c][r] (+)= sum over k of panel[r][k] * x[c][k] for the n_k inputs from k_begin on; adds to what is there when
 * accumulate is set, so that a long k may be cut in pieces (at multiples of 256) without changing a bit. Sums run in
 * the order of k for every r and c. */
typedef struct ll_panel_job {
    const void *panel;
    size_t n_rows; /* <= panel_rows */
    size_t k_begin, n_k;
    size_t n_columns;
    const float *const *x; /* [n_columns] -> all inputs; for kernels that take floats */
    const ll_act *act;     /* [n_columns], 8 bits; for kernels that take integers */
    const uint16_t *bf16;  /* all inputs of the columns, from a group's first on; for kernels that take BF16 */
    size_t bf16_group;     /* from one group to the next: ll_bf16_group_size() of all inputs */
    float *const *out;     /* [n_columns] -> [n_rows] */
    size_t out_stride;     /* bytes from each column of out to the next where these are all the same, or 0 */
    bool accumulate;
} ll_panel_job;

/* Many columns: a panel of weights is decoded once and multiplied with all of them. */
typedef struct ll_panel_kernel {
    uint32_t type; /* ll_type, or LL_TYPE_ANY */
    ll_takes takes;
    uint32_t rows;               /* of a panel, <= 64 */
    size_t (*bytes)(size_t n_k); /* of a panel */
    /* Decode weights [n_rows <= rows][k_begin, k_begin + n_k), k_begin a multiple of 256, n_k one of the block. Those
     * n_rows may then be multiplied. */
    void (*pack)(const ll_type_traits *traits, const uint8_t *weights, size_t row_bytes, size_t n_rows, size_t k_begin,
                 size_t n_k, void *panel);
    void (*multiply)(const ll_panel_job *job);
} ll_panel_kernel;

/* Positions of KV memory for one layer and KV head: K lies dimension-major [head_dim][LL_KV_TILE], so that scores of
 * 64 positions come out of broadcasts without horizontal sums; V lies position-major [LL_KV_TILE][head_dim]. In Q8_0,
 * for head_dim % 32 == 0, both are int8_t, and behind each lie F16 scales [head_dim / 32][LL_KV_TILE]. Q4_0 has half as
 * many bytes before the same scales: what follows each other in Q8_0, two dimensions of K for all positions or two
 * halves of a position's V, shares them, the first in the low four bits; 8 is added to each. */
typedef enum ll_kv_format {
    LL_KV_FORMAT_F32 = 0,
    LL_KV_FORMAT_F16 = 1,
    LL_KV_FORMAT_Q8_0 = 2,
    LL_KV_FORMAT_READ, /* those that attention reads; others are unpacked before */
    LL_KV_FORMAT_Q4_0 = LL_KV_FORMAT_READ
} ll_kv_format;

/* Bytes of K, or of V. */
static inline size_t ll_kv_tile_bytes(ll_kv_format format, size_t head_dim)
{
    size_t n = head_dim * LL_KV_TILE;
    if (format == LL_KV_FORMAT_F32 || format == LL_KV_FORMAT_F16)
        return (format == LL_KV_FORMAT_F32 ? 4 : 2) * n;
    return (format == LL_KV_FORMAT_Q8_0 ? n : n / 2) + n / 32 * 2;
}

/* n channels of a scan go on by a token: state[j] = decay * state[j] + input[j] * b, out[j] = sum of state[j] * c over
 * n_states, where decay is exp(delta[j] * a[j]), or the same for all where a is NULL. out may be input. */
typedef struct ll_scan_job {
    float *state; /* [n][n_states] */
    size_t n, n_states;
    const float *a;     /* [n][n_states] */
    const float *delta; /* [n] */
    float decay;
    const float *input; /* [n] */
    const float *b, *c; /* [n_states] */
    float *out;         /* [n] */
} ll_scan_job;

/* Attention of up to LL_QUERY_ROWS rows of queries, for prompts, where head_dim and value_dim are multiples of 16. A
 * row's results are the same whatever the other rows; they are not the bits of attend_scores and what follows it below.
 */
typedef struct ll_tile_attention {
    /* Of the memory that the others share, which begins at a multiple of 64. */
    size_t (*bytes)(size_t head_dim, size_t value_dim);
    /* The queries for what follows. */
    void (*queries)(const float *const *q, size_t n_q, size_t head_dim, float scale, void *memory);
    /* As attend_scores, of those queries; scores has LL_QUERY_ROWS rows, of which some behind n_q are written too. */
    void (*scores[LL_KV_FORMAT_READ])(size_t n_q, const void *k, size_t head_dim, float *scores, void *memory);
    /* As softmax_step, for all rows; the probabilities stay in the memory. begin, end, maxima, sums, factors: [n_q] */
    void (*softmax)(const float *scores, size_t n_q, const uint32_t *begin, const uint32_t *end, float *maxima,
                    float *sums, float *factors, size_t head_dim, void *memory);
    /* As attend_values, of those probabilities. */
    void (*values[LL_KV_FORMAT_READ])(const float *factors, size_t n_q, const void *v, size_t value_dim, size_t p_begin,
                                      size_t p_end, float *const *acc, size_t head_dim, void *memory);
} ll_tile_attention;

typedef struct ll_kernels {
    const char *name; /* the cpu_mask that chooses them: "ref", "avx2", ... */

    /* n is a multiple of 32; 16 bits when act has low. Round to nearest even; an all-zero block has scale 0, and so has
     * one below LL_ACT_MIN. Values that are not finite give scale and sums NaN for their block. The same bits from
     * every kernel set. */
    void (*quantize)(const float *x, size_t n, ll_act *act);
    /* n values to BF16, to nearest even, at the place of their column; NULL when no panel kernel takes BF16. */
    void (*round_bf16)(const float *x, size_t n, uint16_t *column);

    /* NULL for a type that no kernel reads. */
    const ll_row_kernel *(*row_kernel)(uint32_t type);
    const ll_panel_kernel *(*panel_kernel)(uint32_t type);
    /* The same for up to LL_COLUMNS_MAX columns, where those that take more time to decode weights do not pay; NULL:
     * there are no others. */
    const ll_panel_kernel *(*few_panel_kernel)(uint32_t type);

    /* out = x / sqrt(mean(x^2) + eps) * weight (1 when weight is NULL). out may be x. */
    void (*rms_norm)(const float *x, const float *weight, size_t n, float eps, float *out);
    /* out = (x - mean) / sqrt(variance + eps) * weight + bias; each may be NULL. out may be x. */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, size_t n, float eps, float *out);
    /* out = f(gate) * up, or f(gate) where up is NULL. out may be gate. */
    void (*silu_mul)(const float *gate, const float *up, size_t n, float *out); /* gate / (1 + e^-gate) */
    void (*gelu_tanh_mul)(const float *gate, const float *up, size_t n, float *out);
    void (*gelu_erf_mul)(const float *gate, const float *up, size_t n, float *out);
    void (*relu_mul)(const float *gate, const float *up, size_t n, float *out);
    void (*relu_squared_mul)(const float *gate, const float *up, size_t n, float *out);
    /* out = g / (1 + e^(-1.702 g)) * (u + 1) with g = min(gate, 7) and u = up within -7 and 7. */
    void (*swiglu_limited)(const float *gate, const float *up, size_t n, float *out);
    void (*softcap)(float *x, size_t n, float cap); /* cap * tanh(x / cap) */
    /* out = x + scale * y. out may be y. */
    void (*add_scaled)(const float *x, const float *y, float scale, size_t n, float *out);
    /* Turns n_pairs pairs of x by their angles: x[i] and x[i + n_pairs], or x[2 * i] and x[2 * i + 1]. */
    void (*rotate_halves)(float *x, size_t n_pairs, const float *cosine, const float *sine);
    void (*rotate_pairs)(float *x, size_t n_pairs, const float *cosine, const float *sine);
    void (*scan)(const ll_scan_job *job);

    /* scores[j][p] = scale * sum over d of q[j][d] * k[d][p], for n_q rows and all LL_KV_TILE positions (positions that
     * were never written give anything, but do not fault). scores rows are LL_KV_TILE apart. */
    void (*attend_scores[LL_KV_FORMAT_READ])(const float *const *q, size_t n_q, const void *k, size_t head_dim,
                                             float scale, float *scores);
    /* One step of the online softmax over scores[begin, end): updates the running maximum and sum, replaces scores by
     * exp(score - new maximum), sets those outside [begin, end) to 0, and returns the factor that what was accumulated
     * before has to be multiplied with. begin == end is allowed and changes nothing but the zeros (factor 1). */
    float (*softmax_step)(float *scores, size_t begin, size_t end, float *running_max, float *running_sum);
    /* acc[j][d] = acc[j][d] * factor[j] + sum over p in [p_begin, p_end) of probs[j][p] * v[p][d]. probs rows are
     * LL_KV_TILE apart. */
    void (*attend_values[LL_KV_FORMAT_READ])(const float *probs, const float *factors, size_t n_q, const void *v,
                                             size_t head_dim, size_t p_begin, size_t p_end, float *const *acc);
    const ll_tile_attention *tile_attention; /* NULL: there is none */
    /* Of each of n_runs runs of `run` bytes the low four bits, then the high ones, less 8 each. run is a multiple of
     * 16. */
    void (*unpack_q4_0)(const uint8_t *in, size_t n_runs, size_t run, int8_t *out);
    void (*to_f16)(const float *x, size_t n, uint16_t *out); /* to nearest even, as ll_f32_to_f16() */
} ll_kernels;

/* The best kernels that the processor features allow. */
ll_kernels ll_kernels_choose(uint32_t cpu_features);
extern const ll_kernels ll_kernels_ref;

#endif
