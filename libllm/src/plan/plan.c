/* SPDX-License-Identifier: MIT
 * Lowering a model to its plan.
 */
#include "plan/plan.h"

#include "base/status.h"

enum { PHASES_PER_LAYER_MAX = 9 };

const char *const ll_phase_names[LL_PHASE_KINDS] = {
    [LL_PHASE_EMBED] = "embed",
    [LL_PHASE_QKV] = "qkv",
    [LL_PHASE_QK_NORM] = "qk_norm",
    [LL_PHASE_LATENT] = "latent",
    [LL_PHASE_LATENT_NORM] = "latent_norm",
    [LL_PHASE_LATENT_Q] = "latent_q",
    [LL_PHASE_ATTENTION] = "attention",
    [LL_PHASE_LATENT_V] = "latent_v",
    [LL_PHASE_PROJECT] = "project",
    [LL_PHASE_GATE_UP] = "gate_up",
    [LL_PHASE_DOWN] = "down",
    [LL_PHASE_ROUTE] = "route",
    [LL_PHASE_EXPERTS_UP] = "experts_up",
    [LL_PHASE_EXPERTS_DOWN] = "experts_down",
    [LL_PHASE_HIDDEN] = "hidden",
    [LL_PHASE_LOGITS] = "logits",
};

static void count_times(ll_phase *phase, const ll_matrix *w, uint32_t times)
{
    phase->weight_bytes += (uint64_t)w->row_bytes * w->n_rows * times;
    phase->flops += 2 * (uint64_t)w->n_rows * w->n_k * times;
}

static void count(ll_phase *phase, const ll_matrix *w) { count_times(phase, w, 1); }

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static const ll_norm *present(const ll_norm *norm) { return norm->weight ? norm : NULL; }

/* What leads up to attention, and attention. */
static ll_phase *lower_attention(const ll_model *model, uint32_t i, ll_phase first, ll_phase *next)
{
    const ll_layer *l = &model->layers[i];
    const ll_latent_weights *t = &l->latent;
    *next = first;
    count(next, &l->q.weight);
    if (model->latent.n_kv) {
        count(next, &t->q_a.weight);
        count(next++, &t->kv_a.weight);
        *next++ = (ll_phase){.kind = LL_PHASE_LATENT_NORM, .layer = i};
        *next = (ll_phase){.kind = LL_PHASE_LATENT_Q, .layer = i};
        count_times(next++, &t->k_b.first.weight, l->n_heads);
    } else {
        count(next, &l->k.weight);
        count(next++, &l->v.weight);
    }
    if (l->q_norm.weight && model->head_norm == LL_HEAD_NORM_WHOLE)
        *next++ = (ll_phase){.kind = LL_PHASE_QK_NORM, .layer = i};
    *next++ = (ll_phase){.kind = LL_PHASE_ATTENTION, .layer = i};
    return next;
}

/* The phases of a layer from *next on. pending_norm is the post norm of the branch that waits to be added. */
static ll_phase *lower_layer(const ll_model *model, uint32_t i, const ll_norm **pending_norm, ll_phase *next)
{
    const ll_layer *l = &model->layers[i];
    const ll_experts *e = &l->experts;
    bool last = i + 1 == model->n_layers;
    ll_phase first = {.kind = model->latent.n_kv ? LL_PHASE_LATENT : LL_PHASE_QKV,
                      .layer = i,
                      .adds = i > 0,
                      .add_norm = *pending_norm,
                      .norm = present(&l->attn_norm)};
    if (model->norms_sums && i > 0) {
        first.norm = present(&model->layers[i - 1].ffn_post_norm);
        first.keeps_norm = true;
    }
    next = lower_attention(model, i, first, next);
    if (model->latent.n_kv) {
        *next = (ll_phase){.kind = LL_PHASE_LATENT_V, .layer = i, .tail_only = last};
        count_times(next++, &l->latent.v_b.first.weight, l->n_heads);
    }
    *next = (ll_phase){.kind = LL_PHASE_PROJECT, .layer = i, .tail_only = last};
    count(next++, &l->o.weight);
    *next = (ll_phase){.kind = e->n ? LL_PHASE_ROUTE : LL_PHASE_GATE_UP,
                       .layer = i,
                       .adds = !l->parallel,
                       .add_norm = present(&l->attn_post_norm),
                       .norm = present(&l->ffn_norm),
                       .keeps_norm = model->norms_sums,
                       .tail_only = last};
    if (e->n) {
        count(next++, &e->router.weight);
        *next = (ll_phase){.kind = LL_PHASE_EXPERTS_UP, .layer = i, .tail_only = last};
        count_times(next, &e->gate.first.weight, e->n_used);
        count_times(next, &e->up.first.weight, e->n_used);
    }
    count(next, &l->gate.weight);
    count(next++, &l->up.weight);
    *next = (ll_phase){.kind = e->n ? LL_PHASE_EXPERTS_DOWN : LL_PHASE_DOWN,
                       .layer = i,
                       .accumulates = l->parallel,
                       .tail_only = last};
    count_times(next, &e->down.first.weight, e->n_used);
    count(next++, &l->down.weight);
    *pending_norm = model->norms_sums ? NULL : present(&l->ffn_post_norm);
    return next;
}

libllm_status ll_plan_create(const ll_model *model, bool hidden_states, ll_plan *plan, libllm_error *error)
{
    *plan = (ll_plan){.host = model->host, .model = model, .n_embd = model->n_embd};
    plan->phases = ll_calloc(model->host, (size_t)model->n_layers * PHASES_PER_LAYER_MAX + 2, sizeof *plan->phases);
    if (!plan->phases)
        return ll_fail_memory(error, "the plan");
    ll_phase *next = plan->phases;
    next->kind = LL_PHASE_EMBED;
    (next++)->weight_bytes = model->embedding.row_bytes;
    plan->max_k = model->n_embd;
    const ll_norm *pending_norm = NULL;
    for (uint32_t i = 0; i < model->n_layers; i++) {
        const ll_layer *l = &model->layers[i];
        next = lower_layer(model, i, &pending_norm, next);
        plan->max_heads = larger(plan->max_heads, l->n_heads);
        plan->max_kv = larger(plan->max_kv, l->n_kv_heads * larger(model->head_dim, model->value_dim));
        plan->max_ff = larger(plan->max_ff, l->n_ff);
        plan->max_experts = larger(plan->max_experts, l->experts.n);
        plan->max_experts_used = larger(plan->max_experts_used, l->experts.n_used);
        plan->max_expert_ff = larger(plan->max_expert_ff, l->experts.n_ff);
    }
    /* Queries and values, of latent attention also before and behind the latent. */
    const ll_latent *t = &model->latent;
    plan->max_q =
        plan->max_heads * larger(larger(model->head_dim, model->value_dim), larger(t->n_nope + t->n_rot, t->n_value));
    plan->max_latent = t->n_query + t->n_kv + t->n_rot;
    plan->max_k = larger(plan->max_k, larger(plan->max_q, larger(plan->max_ff, plan->max_expert_ff)));
    const ll_norm *norm = model->norms_sums ? &model->layers[model->n_layers - 1].ffn_post_norm : &model->output_norm;
    *next = (ll_phase){.kind = hidden_states ? LL_PHASE_HIDDEN : LL_PHASE_LOGITS,
                       .adds = true,
                       .add_norm = pending_norm,
                       .norm = present(norm),
                       .tail_only = true};
    if (!hidden_states)
        count(next, &model->output.weight);
    next++;
    plan->n_phases = (uint32_t)(next - plan->phases);
    return LIBLLM_OK;
}

void ll_plan_free(ll_plan *plan)
{
    if (plan->host)
        ll_free(plan->host, plan->phases);
    *plan = (ll_plan){0};
}
