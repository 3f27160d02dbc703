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
    [LL_PHASE_CROSS_Q] = "cross_q",
    [LL_PHASE_CROSS_KV] = "cross_kv",
    [LL_PHASE_MIX_IN] = "mix_in",
    [LL_PHASE_SELECT] = "select",
    [LL_PHASE_SCAN] = "scan",
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

static ll_phase *lower_recurrence(const ll_model *model, uint32_t i, ll_phase first, ll_phase *next)
{
    const ll_layer *l = &model->layers[i];
    const ll_recurrence *r = &l->recurrence;
    const bool selects = l->mixer == LL_MIXER_MAMBA;
    *next = first;
    next->flops = 2 * (uint64_t)r->conv.n_channels * r->conv.n_taps;
    count(next, &r->in.weight);
    count(next, &r->gate.weight);
    count(next, &r->before.weight);
    if (!selects)
        count(next, &r->dt.weight);
    next++;
    if (l->mixer == LL_MIXER_SHORT_CONV)
        return next;
    if (selects) {
        *next = (ll_phase){.kind = LL_PHASE_SELECT, .layer = i};
        count(next++, &r->select.weight);
    }
    *next = (ll_phase){.kind = LL_PHASE_SCAN, .layer = i, .flops = 7 * (uint64_t)r->n_inner * r->n_states};
    if (selects)
        count(next, &r->dt.weight);
    return next + 1;
}

/* Attention to the encoder's text. */
static ll_phase *lower_cross(const ll_layer *l, uint32_t i, bool last, ll_phase *next)
{
    *next = (ll_phase){.kind = LL_PHASE_CROSS_Q, .layer = i, .adds = true, .norm = &l->cross.norm};
    count(next++, &l->cross.q.weight);
    *next++ = (ll_phase){.kind = LL_PHASE_ATTENTION, .layer = i, .cross = true};
    *next = (ll_phase){.kind = LL_PHASE_PROJECT, .layer = i, .cross = true, .tail_only = last};
    count(next++, &l->cross.o.weight);
    return next;
}

/* The phases of a layer from *next on. pending_norm is the post norm of the branch that waits to be added. Behind the
 * last layer before the rows only some columns go on. */
static ll_phase *lower_layer(const ll_model *model, uint32_t i, bool first_layer, bool last,
                             const ll_norm **pending_norm, ll_phase *next)
{
    const ll_layer *l = &model->layers[i];
    const ll_experts *e = &l->experts;
    const bool has_cross = l->cross.q.weight.data;
    ll_phase first = {.kind = l->mixer != LL_MIXER_ATTENTION ? LL_PHASE_MIX_IN
                              : model->latent.n_kv           ? LL_PHASE_LATENT
                                                             : LL_PHASE_QKV,
                      .layer = i,
                      .adds = !first_layer,
                      .add_norm = *pending_norm,
                      .norm = present(&l->attn_norm)};
    if (model->norms_sums && !first_layer) {
        first.norm = present(&model->layers[i - 1].ffn_post_norm);
        first.keeps_norm = true;
    }
    next = l->mixer == LL_MIXER_ATTENTION ? lower_attention(model, i, first, next)
                                          : lower_recurrence(model, i, first, next);
    if (model->latent.n_kv) {
        *next = (ll_phase){.kind = LL_PHASE_LATENT_V, .layer = i, .tail_only = last};
        count_times(next++, &l->latent.v_b.first.weight, l->n_heads);
    }
    *next = (ll_phase){.kind = LL_PHASE_PROJECT, .layer = i, .tail_only = last && !has_cross};
    count(next++, &l->o.weight);
    *pending_norm = present(&l->attn_post_norm);
    if (has_cross)
        next = lower_cross(l, i, last, next);
    if (!e->n && !l->n_ff)
        return next;
    *next = (ll_phase){.kind = e->n ? LL_PHASE_ROUTE : LL_PHASE_GATE_UP,
                       .layer = i,
                       .adds = !l->parallel,
                       .add_norm = *pending_norm,
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

/* The layers [from, to), behind their tokens' embedding, or behind those of another part. for_rows: rows of wanted
 * columns follow. */
static ll_phase *lower_layers(const ll_model *model, uint32_t from, uint32_t to, bool receives, bool for_rows,
                              const ll_norm **pending_norm, ll_phase *next)
{
    *next = (ll_phase){.kind = LL_PHASE_EMBED, .layer = from < to ? from : 0, .between = receives};
    if (!receives)
        next->weight_bytes = model->embedding.row_bytes;
    next++;
    *pending_norm = NULL;
    for (uint32_t i = from; i < to; i++)
        next = lower_layer(model, i, i == from, for_rows && i + 1 == to, pending_norm, next);
    return next;
}

/* x is left to the part behind. adds: a branch waits to be added to it. */
static ll_phase *hand_on(bool adds, const ll_norm *add_norm, const ll_norm *norm, ll_phase *next)
{
    *next = (ll_phase){.kind = LL_PHASE_HIDDEN, .between = true, .adds = adds, .add_norm = add_norm, .norm = norm};
    return next + 1;
}

/* The encoder, and what the decoder's layers want of it: a part that has none of its layers takes up what is
 * normalized already. */
static ll_phase *lower_encoder(const ll_plan *plan, ll_plan_part part, ll_phase *next)
{
    const ll_model *model = plan->model;
    const uint32_t n = model->n_encoder_layers, end = plan->end_layer;
    const uint32_t from = plan->first_layer < n ? plan->first_layer : n, to = end < n ? end : n;
    const ll_norm *pending_norm, *norm = end < n ? NULL : present(&model->encoder_norm);
    next = lower_layers(model, from, to, part.receives, false, &pending_norm, next);
    bool adds = from < to;
    if (from == n)
        norm = NULL;
    for (uint32_t i = larger(plan->first_layer, n); i < end; i++) {
        *next = (ll_phase){.kind = LL_PHASE_CROSS_KV,
                           .layer = i,
                           .adds = adds,
                           .add_norm = pending_norm,
                           .norm = norm,
                           .keeps_norm = adds}; /* the first one leaves the normalized x for the others */
        count(next, &model->layers[i].cross.k.weight);
        count(next++, &model->layers[i].cross.v.weight);
        adds = false;
        pending_norm = norm = NULL;
    }
    return part.hands_on ? hand_on(adds, pending_norm, norm, next) : next;
}

uint32_t ll_plan_layers(const ll_model *model, bool hidden_states)
{
    return hidden_states && model->n_encoder_layers ? model->n_encoder_layers : model->n_layers;
}

/* What follows the last layer of a part. adds: its branch waits to be added. */
static ll_phase *lower_end(const ll_plan *plan, bool hidden_states, bool hands_on, bool adds,
                           const ll_norm *pending_norm, ll_phase *next)
{
    const ll_model *model = plan->model;
    const ll_norm *norm = NULL;
    if (model->norms_sums && adds)
        norm = present(&model->layers[plan->end_layer - 1].ffn_post_norm);
    if (hands_on)
        return hand_on(adds, pending_norm, norm, next);
    if (!model->norms_sums)
        norm = present(model->n_encoder_layers && hidden_states ? &model->encoder_norm : &model->output_norm);
    *next = (ll_phase){.kind = hidden_states ? LL_PHASE_HIDDEN : LL_PHASE_LOGITS,
                       .adds = adds,
                       .add_norm = pending_norm,
                       .norm = norm,
                       .tail_only = true};
    if (!hidden_states)
        count(next, &model->output.weight);
    return next + 1;
}

libllm_status ll_plan_create(const ll_model *model, bool hidden_states, ll_plan_part part, ll_plan *plan,
                             libllm_error *error)
{
    *plan = (ll_plan){.host = model->host,
                      .model = model,
                      .n_embd = model->n_embd,
                      .first_layer = part.n_before,
                      .end_layer = ll_plan_layers(model, hidden_states) - part.n_behind};
    plan->phases = ll_calloc(model->host, (size_t)model->n_layers * PHASES_PER_LAYER_MAX + 4, sizeof *plan->phases);
    if (!plan->phases)
        return ll_fail_memory(error, "the plan");
    plan->max_k = model->n_embd;
    uint32_t max_inner = 0;
    for (uint32_t i = 0; i < model->n_layers; i++) {
        const ll_layer *l = &model->layers[i];
        plan->max_heads = larger(plan->max_heads, l->n_heads);
        plan->max_kv = larger(plan->max_kv, l->n_kv_heads * larger(model->head_dim, model->value_dim));
        plan->max_ff = larger(plan->max_ff, l->n_ff);
        plan->max_experts = larger(plan->max_experts, l->experts.n);
        plan->max_experts_used = larger(plan->max_experts_used, l->experts.n_used);
        plan->max_expert_ff = larger(plan->max_expert_ff, l->experts.n_ff);
        const ll_recurrence *r = &l->recurrence;
        max_inner = larger(max_inner, r->n_inner);
        if (l->mixer != LL_MIXER_SHORT_CONV)
            plan->max_channels = larger(plan->max_channels, larger(r->conv.n_channels, r->n_inner));
        plan->max_steps = larger(plan->max_steps, larger(r->select.weight.n_rows, r->n_heads));
    }
    /* Queries and values, of latent attention also before and behind the latent. */
    const ll_latent *t = &model->latent;
    plan->max_q =
        plan->max_heads * larger(larger(model->head_dim, model->value_dim), larger(t->n_nope + t->n_rot, t->n_value));
    plan->max_q = larger(plan->max_q, max_inner);
    plan->max_latent = t->n_query + t->n_kv + t->n_rot;
    plan->max_k = larger(plan->max_k, larger(plan->max_q, larger(plan->max_ff, plan->max_expert_ff)));
    plan->max_k = larger(plan->max_k, plan->max_steps);
    ll_phase *next = plan->phases;
    uint32_t from = plan->first_layer;
    if (model->n_encoder_layers && !hidden_states) {
        next = lower_encoder(plan, part, next);
        plan->n_encode = (uint32_t)(next - plan->phases);
        part.receives = part.receives && from > model->n_encoder_layers;
        from = larger(from, model->n_encoder_layers);
    }
    if (from < plan->end_layer || !plan->n_encode || !part.hands_on) { /* not an encoder's part alone */
        const ll_norm *pending_norm;
        next = lower_layers(model, from, plan->end_layer, part.receives, !part.hands_on, &pending_norm, next);
        next = lower_end(plan, hidden_states, part.hands_on, from < plan->end_layer, pending_norm, next);
    }
    plan->n_phases = (uint32_t)(next - plan->phases);
    return LIBLLM_OK;
}

void ll_plan_free(ll_plan *plan)
{
    if (plan->host)
        ll_free(plan->host, plan->phases);
    *plan = (ll_plan){0};
}
