/* SPDX-License-Identifier: MIT
 * Lowering: the phases of the plan as operations of the device, with their parameters.
 */
#include "backend/vulkan/lower.h"

#include "base/status.h"

#include <string.h>

enum { NORM_SIZE = 128, EMBED_SIZE = 32 };
enum { ACCUMULATES = 1, LOGITS = 2 }; /* as product.glsl has them */

/* Adds an operation with a copy of its parameters. */
void ll_vk_add(ll_vk_lowering *w, ll_vk_op op, const void *params, size_t size)
{
    ll_executor *e = w->e;
    if (e->n_ops == e->capacity_ops) {
        const size_t capacity = e->capacity_ops ? 2 * e->capacity_ops : 256;
        ll_vk_op *ops = ll_realloc(e->host, e->ops, e->capacity_ops, capacity, sizeof *ops);
        if (ops) {
            e->ops = ops;
            e->capacity_ops = capacity;
        }
    }
    if (e->n_params + size > e->capacity_params) {
        const size_t capacity = 2 * (e->n_params + size);
        uint8_t *bytes = ll_realloc(e->host, e->op_params, e->capacity_params, capacity, 1);
        if (bytes) {
            e->op_params = bytes;
            e->capacity_params = capacity;
        }
    }
    w->failed = w->failed || e->n_ops == e->capacity_ops || e->n_params + size > e->capacity_params;
    if (w->failed)
        return;
    memcpy(e->op_params + e->n_params, params, size);
    op.params = (uint32_t)e->n_params;
    op.phase = w->index;
    e->n_params += (size + 15) / 16 * 16;
    e->ops[e->n_ops++] = op;
}

/* Floats from one item of a column to the next: products read four at a time. */
uint32_t ll_vk_row_step(uint32_t n) { return (n + 3) / 4 * 4; }

uint64_t ll_vk_floats(ll_vk_lowering *w, const float *data, size_t n)
{
    return ll_vk_weight(w->e, data, n * sizeof *data);
}

uint64_t ll_vk_matrix(ll_vk_lowering *w, const ll_matrix *m)
{
    return ll_vk_weight(w->e, m->data, m->row_bytes * m->n_rows);
}

/* --- Norms -------------------------------------------------------------------------------------------------------- */

void ll_vk_add_norm(ll_vk_lowering *w, const ll_vk_norm_job *job)
{
    const size_t all = (size_t)job->n * job->n_groups;
    ll_vk_norm_params p = {.x = job->x.address,
                           .branch = job->branch.address,
                           .normed = job->out.address,
                           .n = job->n,
                           .x_stride = job->x.stride,
                           .branch_stride = job->branch.stride,
                           .normed_stride = job->out.stride,
                           .n_groups = job->n_groups,
                           .eps = w->m->norm_eps,
                           .residual_scale = w->m->residual_scale};
    if (job->add_norm) {
        p.add_weight = ll_vk_floats(w, job->add_norm->weight, job->n);
        p.add_bias = ll_vk_floats(w, job->add_norm->bias, job->n);
    }
    if (job->norm) {
        p.weight = ll_vk_floats(w, job->norm->weight, all);
        p.bias = ll_vk_floats(w, job->norm->bias, all);
    }
    ll_vk_op op = {.shader = LL_VK_NORM,
                   .tail = job->tail,
                   .span = LL_VK_EACH_COLUMN,
                   .groups = job->n_groups,
                   .reads = job->reads,
                   .writes = job->writes,
                   .flops = 8 * (uint64_t)all};
    ll_vk_set(&op.constants, 0, NORM_SIZE);
    ll_vk_set(&op.constants, 2, job->adds);
    ll_vk_set(&op.constants, 3, job->add_norm != NULL);
    ll_vk_set(&op.constants, 4, job->norm != NULL);
    ll_vk_set(&op.constants, 5, w->m->norm == LL_NORM_LAYER);
    ll_vk_set(&op.constants, 6, job->keeps);
    ll_vk_set(&op.constants, 7, job->compact);
    ll_vk_add(w, op, &p, sizeof p);
}

void ll_vk_prologue(ll_vk_lowering *w, ll_vk_rows out, uint32_t writes, bool compact)
{
    const ll_phase *p = w->phase;
    const ll_vk_scratch *s = &w->e->scratch;
    const bool adds = p->adds && !w->folded, changes = adds || p->keeps_norm;
    w->folded = false;
    ll_vk_add_norm(w, &(ll_vk_norm_job){.x = s->x,
                                        .branch = s->branch,
                                        .out = out,
                                        .add_norm = adds ? p->add_norm : NULL,
                                        .norm = p->norm,
                                        .n = w->m->n_embd,
                                        .n_groups = 1,
                                        .adds = adds,
                                        .keeps = p->keeps_norm,
                                        .tail = p->tail_only,
                                        .compact = compact,
                                        .reads = LL_VK_X | (adds ? (uint32_t)LL_VK_BRANCH : 0),
                                        .writes = writes | (changes ? (uint32_t)LL_VK_X : 0)});
}

/* A norm over the root mean square, alone, is a factor of each weight and one of the sum. */
ll_vk_input ll_vk_begin(ll_vk_lowering *w)
{
    const ll_phase *p = w->phase;
    const ll_vk_scratch *s = &w->e->scratch;
    const bool adds = p->adds && !w->folded;
    const bool alone = !w->e->options.importance; /* otherwise its result is wanted, too */
    const bool simple = !p->norm || (alone && w->m->norm != LL_NORM_LAYER && p->norm->weight && !p->norm->bias);
    if (adds || p->keeps_norm || !simple) {
        ll_vk_prologue(w, s->normed, LL_VK_NORMED, false);
        return (ll_vk_input){.rows = s->normed, .reads = LL_VK_NORMED};
    }
    w->folded = false;
    return (ll_vk_input){.rows = s->x, .reads = LL_VK_X, .norm = p->norm};
}

static bool has_prologue(ll_phase_kind kind)
{
    switch (kind) {
    case LL_PHASE_QKV:
    case LL_PHASE_LATENT:
    case LL_PHASE_CROSS_Q:
    case LL_PHASE_CROSS_KV:
    case LL_PHASE_MIX_IN:
    case LL_PHASE_GATE_UP:
    case LL_PHASE_ROUTE:
    case LL_PHASE_HIDDEN:
    case LL_PHASE_LOGITS:
        return true;
    default:
        return false;
    }
}

ll_vk_target ll_vk_branch(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_plan *plan = &w->e->plan;
    uint32_t i = w->index + 1;
    while (i < plan->n_phases && plan->phases[i].kind != LL_PHASE_EMBED && !has_prologue(plan->phases[i].kind))
        i++;
    w->folded = !w->phase->accumulates && i < plan->n_phases && plan->phases[i].adds && !plan->phases[i].add_norm;
    if (w->folded)
        return (ll_vk_target){s->x, LL_VK_X, true, w->m->residual_scale};
    return (ll_vk_target){s->branch, LL_VK_BRANCH, w->phase->accumulates, 1};
}

/* --- Products ----------------------------------------------------------------------------------------------------- */

static uint64_t stack(ll_vk_lowering *w, const ll_matrix *m, const ll_vk_product_job *job, size_t matrix_bytes)
{
    if (job->items == LL_VK_ITEMS_NONE)
        return ll_vk_matrix(w, m);
    return ll_vk_weight(w->e, m->data, matrix_bytes * (job->n_matrices - 1) + m->row_bytes * m->n_rows);
}

static ll_vk_product_params product_params(ll_vk_lowering *w, const ll_vk_product_job *job)
{
    const ll_matrix *m = &job->linear->weight, *up = job->up ? &job->up->weight : NULL;
    const uint32_t n = job->items == LL_VK_ITEMS_NONE ? 1 : job->n_matrices;
    const uint32_t n_items = job->items == LL_VK_ITEMS_NONE ? 1 : job->n_items;
    ll_vk_product_params p = {.weights = stack(w, m, job, job->matrix_bytes),
                              .x = job->x.address,
                              .out_ = job->out.address,
                              .scale = ll_vk_floats(w, job->linear->scale, n),
                              .bias = ll_vk_floats(w, job->linear->bias, (size_t)n * m->n_rows),
                              .choices = w->e->scratch.choices.address,
                              .norm = job->norm ? ll_vk_floats(w, job->norm->weight, m->n_k) : 0,
                              .expert_bytes = job->matrix_bytes,
                              .expert_bytes_2 = job->matrix_bytes_2,
                              .row_bytes = (uint32_t)m->row_bytes,
                              .n_rows = m->n_rows,
                              .n_k = m->n_k,
                              .x_stride = job->x.stride,
                              .out_stride = job->out.stride,
                              .x_item_stride = job->x_step,
                              .out_item_stride = job->out_step,
                              .n_items = n_items,
                              .choice_stride = w->e->scratch.choices.stride / 2,
                              .flags = (job->accumulates ? ACCUMULATES : 0u) | (job->logits ? LOGITS : 0u),
                              .factor = job->logits        ? w->m->logit_scale
                                        : job->factor != 0 ? job->factor
                                                           : 1,
                              .softcap = job->logits ? w->m->final_softcap : 0,
                              .eps = w->m->norm_eps};
    if (up) {
        p.weights_2 = stack(w, up, job, job->matrix_bytes_2);
        p.scale_2 = ll_vk_floats(w, job->up->scale, n);
        p.bias_2 = ll_vk_floats(w, job->up->bias, (size_t)n * up->n_rows);
        p.row_bytes_2 = (uint32_t)up->row_bytes;
    }
    return p;
}

static ll_vk_op product_op(const ll_vk_lowering *w, const ll_vk_product_job *job)
{
    const ll_matrix *m = &job->linear->weight, *up = job->up ? &job->up->weight : NULL;
    const uint32_t n_items = job->items == LL_VK_ITEMS_NONE ? 1 : job->n_items;
    ll_vk_op op = {.shader = LL_VK_MATVEC,
                   .tail = w->phase->tail_only,
                   .span = LL_VK_PRODUCT,
                   .n_rows = m->n_rows,
                   .n_items = n_items,
                   .chooses = job->items == LL_VK_ITEMS_CHOSEN,
                   .is_gated = up != NULL,
                   .reads = job->reads | (job->accumulates ? job->writes : 0),
                   .writes = job->writes,
                   .flops = 2 * (uint64_t)m->n_rows * m->n_k * (up ? 2 : 1) * n_items};
    ll_vk_set(&op.constants, 2, m->traits->type);
    ll_vk_set(&op.constants, 3, up ? up->traits->type : 0);
    ll_vk_set(&op.constants, 6, up != NULL);
    ll_vk_set(&op.constants, 7, job->activation ? job->activation - 1 : LL_VK_NO_ACTIVATION);
    ll_vk_set(&op.constants, 8, job->items);
    ll_vk_set(&op.constants, 11, job->norm != NULL);
    return op;
}

void ll_vk_add_product(ll_vk_lowering *w, const ll_vk_product_job *job)
{
    const ll_vk_product_params p = product_params(w, job);
    ll_vk_collect(w, job);
    ll_vk_add(w, product_op(w, job), &p, sizeof p);
}

void ll_vk_multiply_joined(ll_vk_lowering *w, ll_vk_input x, const ll_vk_joined_job *jobs, size_t n)
{
    ll_vk_product_params p[LL_VK_JOINED_MAX];
    ll_vk_product_job all[LL_VK_JOINED_MAX];
    ll_vk_op op = {0};
    uint32_t second = 0, type_2 = 0; /* no more than two formats, each of which is a part of the shader */
    for (size_t i = 0; i < n; i++) {
        const uint32_t type = jobs[i].linear->weight.traits->type, type_1 = jobs[0].linear->weight.traits->type;
        if (type != type_1 && second != 0 && type != type_2) {
            ll_vk_multiply_joined(w, x, jobs, i);
            ll_vk_multiply_joined(w, x, jobs + i, n - i);
            return;
        }
        if (type != type_1) {
            second |= 1u << i;
            type_2 = type;
        }
        const ll_vk_product_job job = {.linear = jobs[i].linear,
                                       .norm = x.norm,
                                       .x = x.rows,
                                       .out = jobs[i].out,
                                       .reads = x.reads,
                                       .writes = jobs[i].writes};
        const ll_vk_op of = product_op(w, &job);
        p[i] = product_params(w, &job);
        all[i] = job;
        if (i == 0) {
            op = of;
            continue;
        }
        op.n_more_rows[i - 1] = of.n_rows;
        op.writes |= of.writes;
        op.flops += of.flops;
    }
    if (n > 1) { /* in the order of their ids */
        op.constants.list[1].value = type_2;
        op.constants.n--;
        ll_vk_set(&op.constants, 9, (uint32_t)n);
        ll_vk_set(&op.constants, 10, second);
        ll_vk_set(&op.constants, 11, x.norm != NULL);
    }
    for (size_t i = 0; i < n; i++)
        ll_vk_collect(w, &all[i]);
    ll_vk_add(w, op, p, n * sizeof *p);
}

void ll_vk_multiply(ll_vk_lowering *w, const ll_linear *linear, ll_vk_input x, ll_vk_rows out, uint32_t writes)
{
    ll_vk_multiply_joined(w, x, &(ll_vk_joined_job){linear, out, writes}, 1);
}

/* branch = W x, or added to it, or to x itself. */
static void project(ll_vk_lowering *w, const ll_linear *linear, ll_vk_rows x, uint32_t reads)
{
    const ll_vk_target to = ll_vk_branch(w);
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = linear,
                                              .x = x,
                                              .out = to.rows,
                                              .accumulates = to.accumulates,
                                              .factor = to.factor,
                                              .reads = reads,
                                              .writes = to.writes});
}

void ll_vk_multiply_gated(ll_vk_lowering *w, ll_vk_input x)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_layer *l = w->layer;
    const bool has_gate = l->gate.weight.data;
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = has_gate ? &l->gate : &l->up,
                                              .up = has_gate ? &l->up : NULL,
                                              .norm = x.norm,
                                              .x = x.rows,
                                              .out = s->hidden,
                                              .activation = 1 + (uint32_t)w->m->activation,
                                              .reads = x.reads,
                                              .writes = LL_VK_HIDDEN});
}

/* --- Phases ------------------------------------------------------------------------------------------------------- */

static void embed(ll_vk_lowering *w)
{
    const ll_model *m = w->m;
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_matrix *positions = &m->position_embedding;
    ll_vk_embed_params p = {.weights = ll_vk_matrix(w, &m->embedding),
                            .positions = positions->data ? ll_vk_matrix(w, positions) : 0,
                            .token_types = ll_vk_floats(w, m->token_types, (size_t)m->n_token_types * m->n_embd),
                            .x = s->x.address,
                            .row_bytes = (uint32_t)m->embedding.row_bytes,
                            .position_row_bytes = (uint32_t)positions->row_bytes,
                            .n = m->n_embd,
                            .n_stride = s->x.stride,
                            .scale = m->embd_scale};
    ll_vk_op op = {.shader = LL_VK_EMBED,
                   .span = LL_VK_EACH_COLUMN,
                   .groups = (m->n_embd + 8 * EMBED_SIZE - 1) / (8 * EMBED_SIZE),
                   .writes = LL_VK_X,
                   .flops = 4 * (uint64_t)m->n_embd};
    ll_vk_set(&op.constants, 0, EMBED_SIZE);
    ll_vk_set(&op.constants, 2, m->embedding.traits->type);
    ll_vk_set(&op.constants, 3, positions->data ? positions->traits->type : 0);
    ll_vk_add(w, op, &p, sizeof p);
    if (m->embd_norm.weight)
        ll_vk_add_norm(w, &(ll_vk_norm_job){.x = s->x,
                                            .out = s->x,
                                            .norm = &m->embd_norm,
                                            .n = m->n_embd,
                                            .n_groups = 1,
                                            .reads = LL_VK_X,
                                            .writes = LL_VK_X});
}

/* x of the part before, or for the one behind. */
static ll_vk_rows between(const ll_executor *e) { return (ll_vk_rows){e->between.address, e->scratch.x.stride}; }

static void receive(ll_vk_lowering *w)
{
    ll_vk_add_norm(w, &(ll_vk_norm_job){.x = between(w->e),
                                        .out = w->e->scratch.x,
                                        .n = w->m->n_embd,
                                        .n_groups = 1,
                                        .reads = LL_VK_BETWEEN,
                                        .writes = LL_VK_X});
}

static void gate_up(ll_vk_lowering *w)
{
    const ll_vk_input x = ll_vk_begin(w);
    ll_vk_multiply_gated(w, x);
}

static void logits(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    ll_vk_prologue(w, s->normed, LL_VK_NORMED, false);
    ll_vk_add_product(w, &(ll_vk_product_job){.linear = &w->m->output,
                                              .x = s->normed,
                                              .out = {w->e->rows.address, w->e->row_stride},
                                              .logits = true,
                                              .reads = LL_VK_NORMED,
                                              .writes = LL_VK_ROWS});
}

static void lower_phase(ll_vk_lowering *w)
{
    const ll_vk_scratch *s = &w->e->scratch;
    const ll_phase *p = w->phase;
    switch (p->kind) {
    case LL_PHASE_EMBED:
        if (p->between)
            receive(w);
        else
            embed(w);
        break;
    case LL_PHASE_QKV:
        ll_vk_lower_qkv(w);
        break;
    case LL_PHASE_QK_NORM:
        ll_vk_lower_qk_norm(w);
        break;
    case LL_PHASE_ATTENTION:
        ll_vk_lower_attention(w);
        break;
    case LL_PHASE_LATENT:
        ll_vk_lower_latent(w);
        break;
    case LL_PHASE_LATENT_NORM:
        ll_vk_lower_latent_norm(w);
        break;
    case LL_PHASE_LATENT_Q:
        ll_vk_lower_latent_q(w);
        break;
    case LL_PHASE_LATENT_V:
        ll_vk_lower_latent_v(w);
        break;
    case LL_PHASE_CROSS_Q:
        ll_vk_lower_cross_q(w);
        break;
    case LL_PHASE_CROSS_KV:
        ll_vk_lower_cross_kv(w);
        break;
    case LL_PHASE_MIX_IN:
        ll_vk_lower_mix_in(w);
        break;
    case LL_PHASE_SELECT:
        ll_vk_multiply(w, &w->layer->recurrence.select, (ll_vk_input){s->mixed, LL_VK_MIXED, NULL}, s->steps,
                       LL_VK_STEPS);
        break;
    case LL_PHASE_SCAN:
        ll_vk_lower_scan(w);
        break;
    case LL_PHASE_PROJECT:
        if (w->layer->recurrence.norm.weight)
            ll_vk_lower_norm_groups(w);
        if (w->m->latent.n_kv)
            project(w, &w->layer->o, s->values, LL_VK_VALUES);
        else
            project(w, p->cross ? &w->layer->cross.o : &w->layer->o, s->attended, LL_VK_ATTENDED);
        break;
    case LL_PHASE_ROUTE:
        ll_vk_lower_route(w);
        break;
    case LL_PHASE_EXPERTS_UP:
        ll_vk_lower_experts_up(w);
        break;
    case LL_PHASE_EXPERTS_DOWN:
        ll_vk_lower_experts_down(w);
        break;
    case LL_PHASE_GATE_UP:
        gate_up(w);
        break;
    case LL_PHASE_DOWN:
        project(w, &w->layer->down, s->hidden, LL_VK_HIDDEN);
        break;
    case LL_PHASE_HIDDEN:
        if (p->between)
            ll_vk_prologue(w, between(w->e), LL_VK_BETWEEN, false);
        else
            ll_vk_prologue(w, (ll_vk_rows){w->e->rows.address, w->e->row_stride}, LL_VK_ROWS, true);
        break;
    case LL_PHASE_LOGITS:
        logits(w);
        break;
    }
}

libllm_status ll_vk_lower(ll_executor *e, libllm_error *error)
{
    ll_vk_lowering w = {.e = e, .m = e->model};
    e->n_ops = e->n_params = 0;
    e->weights.next = 0;
    e->sums.n = e->sums.bytes = 0;
    for (uint32_t i = 0; i < e->plan.n_phases; i++) {
        w.index = i;
        w.phase = &e->plan.phases[i];
        w.layer = &e->model->layers[w.phase->layer];
        lower_phase(&w);
    }
    return w.failed ? ll_fail_memory(error, "an engine") : LIBLLM_OK;
}
