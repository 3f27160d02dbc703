/* SPDX-License-Identifier: MIT
 * The static plan: a model lowered to the few fused phases that every token runs through. A phase ends where all
 * threads must meet. Plans are data: backends resolve them once and run them, the estimator counts them.
 *
 * The residual stream x is only ever changed at the start of a phase: a phase that needs a normalized input first
 * adds what the phase before left in `branch` (normalized, where the family has post norms). So a layer takes five
 * phases and five meetings instead of one for every operation.
 */
#ifndef LL_PLAN_PLAN_H
#define LL_PLAN_PLAN_H

#include "model/model.h"

typedef enum ll_phase_kind {
    LL_PHASE_EMBED,   /* x = embedding row * scale (+ position row), normalized; angles of the ropes */
    LL_PHASE_QKV,     /* prologue; q, k, v = W x; bias; head norms; rotation; k and v to the KV memory */
    LL_PHASE_QK_NORM, /* norms over all heads of a token; rotation; k to the KV memory */
    /* Latent attention in place of QKV: */
    LL_PHASE_LATENT,      /* prologue; latents (and q where it is made from x) = W x */
    LL_PHASE_LATENT_NORM, /* norms of the latents; rotation of the shared key; both to the KV memory */
    LL_PHASE_LATENT_Q,    /* q = W latent; rotation; brought to the latent */
    LL_PHASE_ATTENTION,   /* attention of q over the KV memory */
    LL_PHASE_LATENT_V,    /* values = W attention, of each head */
    /* Of attention to the text that an encoder has read, which ATTENTION and PROJECT follow: */
    LL_PHASE_CROSS_Q,  /* prologue; q = W x */
    LL_PHASE_CROSS_KV, /* behind the encoder: prologue; k, v = W x; both to the KV memory */
    /* Instead of all these, of a layer that is not attention (see ll_recurrence): */
    LL_PHASE_MIX_IN,       /* prologue; everything that is a product with x; convolutions over tokens; activations */
    LL_PHASE_SELECT,       /* steps, B and C = W u */
    LL_PHASE_SCAN,         /* delta, where it is a product with the steps; the state goes on by the tokens of a run */
    LL_PHASE_PROJECT,      /* branch = W attention, W values, or W of what a scan gave, normalized */
    LL_PHASE_GATE_UP,      /* prologue; hidden = activation(Wgate x) * (Wup x) */
    LL_PHASE_DOWN,         /* branch = W hidden, or added to it where attention's part of the branch waits there */
    LL_PHASE_ROUTE,        /* prologue; scores of the experts = W x */
    LL_PHASE_EXPERTS_UP,   /* choice of the experts; as GATE_UP, for each token's experts and what all tokens share */
    LL_PHASE_EXPERTS_DOWN, /* branch = weighted sum of W hidden over them */
    LL_PHASE_HIDDEN,       /* prologue, whose input is the result */
    LL_PHASE_LOGITS,       /* prologue; logits = W x */
} ll_phase_kind;
enum { LL_PHASE_KINDS = LL_PHASE_LOGITS + 1 };

extern const char *const ll_phase_names[LL_PHASE_KINDS]; /* "qkv" */

typedef struct ll_phase {
    ll_phase_kind kind;
    uint32_t layer;
    /* Between the parts of a plan, for all columns. EMBED: x is what the part before has left. HIDDEN: x, with what the
     * prologue makes of it, is left to the part behind. */
    bool between;
    /* Prologue: x += residual_scale * add_norm(branch) when adds; input = norm(x). Norms may be NULL. */
    bool adds;
    const ll_norm *add_norm;
    const ll_norm *norm;
    bool keeps_norm;  /* x = norm(x) */
    bool accumulates; /* DOWN: adds to the branch */
    bool cross;       /* ATTENTION, PROJECT: to the encoder's text */
    /* Needed only for columns whose logits are wanted: everything behind the last layer's attention. */
    bool tail_only;
    uint64_t weight_bytes;
    uint64_t flops; /* for one column, attention over the context left out, of a scan 7 for each value of the state */
} ll_phase;

/* What of a plan one device computes, where several do, in parts that follow each other. Zeros: all of it. */
typedef struct ll_plan_part {
    uint32_t n_before, n_behind; /* layers of others; those of an encoder come before those of its decoder */
    bool receives;               /* x is from the part before, as it always is behind layers of others */
    bool hands_on;               /* and is for the part behind, as always before layers of others */
} ll_plan_part;

typedef struct ll_plan {
    const ll_host *host;
    const ll_model *model;
    ll_phase *phases;
    uint32_t n_phases;
    uint32_t n_encode; /* the first ones read a text for the decoder, which the others are of; 0: there is none */
    uint32_t first_layer, end_layer; /* of the phases; those of an encoder and a decoder are both among them */
    /* Widths that scratch memory is made from. */
    uint32_t n_embd;
    uint32_t max_q;      /* n_heads * head_dim or n_inner, largest of all layers */
    uint32_t max_latent; /* n_query + n_kv + n_rot; 0 without latent attention */
    uint32_t max_heads;
    uint32_t max_kv; /* n_kv_heads * head_dim */
    uint32_t max_ff;
    uint32_t max_k; /* longest input of a matrix */
    uint32_t max_experts;
    uint32_t max_experts_used;
    uint32_t max_expert_ff;
    uint32_t max_channels; /* of convolutions, and n_inner */
    uint32_t max_steps;    /* n_steps + 2 * n_states, or n_heads of a scan */
} ll_plan;

/* Up to the logits, or to the last hidden states; of a model with an encoder and a decoder those of the encoder. */
libllm_status ll_plan_create(const ll_model *model, bool hidden_states, ll_plan_part part, ll_plan *plan,
                             libllm_error *error);
/* Layers that all parts have together. */
uint32_t ll_plan_layers(const ll_model *model, bool hidden_states);
void ll_plan_free(ll_plan *plan);

#endif
