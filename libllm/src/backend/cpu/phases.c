/* SPDX-License-Identifier: MIT
 * The phases of the plan on the CPU: what one thread does in each.
 */
#include "backend/cpu/executor.h"

#include <math.h>
#include <string.h>

ll_units ll_cpu_units(ll_worker *w, uint32_t n_units, bool fixed)
{
    /* Of few columns weights are read faster than they are multiplied: threads keep to rows that follow each other, as
     * those are asked for ahead. */
    if (fixed || w->executor->n_columns <= LL_COLUMNS_MAX)
        return (ll_units){.next = (uint32_t)((uint64_t)n_units * w->thread / w->n_threads),
                          .end = (uint32_t)((uint64_t)n_units * (w->thread + 1) / w->n_threads)};
    return (ll_units){.end = n_units, .shared = &w->executor->next_unit[w->phase % 2]};
}

bool ll_cpu_next_unit(ll_worker *w, ll_units *units, uint32_t *unit)
{
    ll_executor *e = w->executor;
    if (w->thread == 0 && e->batch->cancelled(e->batch->cancel_context))
        atomic_store_explicit(&e->skip, 1, memory_order_relaxed);
    if (atomic_load_explicit(&e->skip, memory_order_relaxed))
        return false;
    *unit = units->shared ? atomic_fetch_add_explicit(units->shared, 1, memory_order_relaxed) : units->next++;
    return *unit < units->end;
}

const uint32_t *ll_cpu_active(const ll_worker *w, const ll_phase *p, uint32_t *n)
{
    const ll_executor *e = w->executor;
    *n = p->tail_only ? e->n_tail : e->n_columns;
    return p->tail_only ? e->tail : e->all;
}

ll_takes ll_cpu_takes(const ll_executor *e, const ll_matrix *m, bool by_rows)
{
    uint32_t type = m->traits->type;
    if (by_rows)
        return e->kernels.row_kernel(type)->takes;
    return e->products.multiply ? LL_TAKES_FLOATS : e->panel_kernel(type)->takes;
}

void ll_cpu_norm(const ll_executor *e, const ll_norm *norm, const float *x, size_t n, float *out)
{
    if (e->model->norm == LL_NORM_RMS)
        e->kernels.rms_norm(x, norm->weight, n, e->model->norm_eps, out);
    else
        e->kernels.layer_norm(x, norm->weight, norm->bias, n, e->model->norm_eps, out);
}

/* The residual stream of a column after the prologue's addition, into row. */
static void add_branch(ll_worker *w, const ll_phase *p, uint32_t column, float *row)
{
    ll_executor *e = w->executor;
    size_t n = e->plan.n_embd, at = column * n;
    const float *x = e->x[e->x_of_phase[w->phase]] + at;
    if (!p->adds) {
        memcpy(row, x, n * sizeof *row);
        return;
    }
    const float *branch = e->branch + at;
    if (p->add_norm) {
        ll_cpu_norm(e, p->add_norm, branch, n, row);
        branch = row;
    }
    e->kernels.add_scaled(x, branch, e->model->residual_scale, n, row);
}

ll_inputs ll_cpu_prepare(ll_worker *w, const ll_phase *p, const float *source, size_t stride,
                         const ll_linear *const *linears, size_t n_linears)
{
    ll_executor *e = w->executor;
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    size_t n_k = linears[0]->weight.n_k;
    bool private = n <= LL_COLUMNS_MAX && n * n_k <= LL_PRIVATE_INPUTS && p->kind != LL_PHASE_ROUTE;
    bool by_rows = ll_cpu_by_rows(e, p, n);
    bool act = false, bf16 = false;
    for (size_t i = 0; i < n_linears; i++) {
        act = act || ll_cpu_takes(e, &linears[i]->weight, by_rows) == LL_TAKES_INTS;
        bf16 = bf16 || ll_cpu_takes(e, &linears[i]->weight, by_rows) == LL_TAKES_BF16;
    }
    float *x_next = e->x[p->adds ? e->x_of_phase[w->phase] ^ 1 : e->x_of_phase[w->phase]];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = columns[i];
        bool mine = private || i % w->n_threads == w->thread;
        const float *input = source + c * stride;
        if (!source) {
            float *normed = private ? w->input + i * n_k : e->normed + c * (size_t)e->plan.n_embd;
            if (mine) {
                add_branch(w, p, c, w->row);
                if (p->norm)
                    ll_cpu_norm(e, p->norm, w->row, n_k, normed);
                else
                    memcpy(normed, w->row, n_k * sizeof *normed);
                if (p->adds) {
                    /* Where all threads have the row, each stores its share of it. */
                    size_t from = private ? n_k * w->thread / w->n_threads : 0;
                    size_t to = private ? n_k * (w->thread + 1) / w->n_threads : n_k;
                    memcpy(x_next + c * (size_t)e->plan.n_embd + from, (p->keeps_norm ? normed : w->row) + from,
                           (to - from) * sizeof(float));
                }
            }
            input = normed;
        }
        w->x[i] = input;
        if (act) {
            w->acts[i] = ll_cpu_act_view(private ? &w->act[i] : &e->shared_act[i], by_rows);
            if (mine)
                e->kernels.quantize(input, n_k, &w->acts[i]);
        }
        if (bf16 && mine) /* of many columns, which are never private */
            e->kernels.round_bf16(input, n_k, e->bf16 + ll_bf16_column(n_k, i));
    }
    if (!private && (!source || act || bf16))
        ll_cpu_meet(w);
    ll_inputs inputs = {
        .x = w->x, .act = act ? w->acts : NULL, .bf16 = bf16 ? e->bf16 : NULL, .n = n, .by_rows = by_rows};
    if (e->adapts)
        ll_cpu_reduce(w, columns, linears, n_linears, &inputs);
    if (e->batch->sums)
        ll_cpu_collect(w, p, linears, n_linears, &inputs);
    return inputs;
}

/* How a rope turns the heads of a column. */
static void make_angles(ll_executor *e, uint32_t r, uint32_t column)
{
    const ll_rope *rope = &e->model->ropes[r];
    bool is_long = rope->long_frequencies && e->options.n_positions > rope->short_context;
    const float *frequencies = is_long ? rope->long_frequencies : rope->frequencies;
    const size_t at = (r * (size_t)e->options.n_batch + column) * (e->model->head_dim / 2);
    for (uint32_t i = 0; i < rope->n_rot / 2; i++) {
        double angle = (double)((float)e->columns[column].position * frequencies[i]);
        e->cos[at + i] = (float)(cos(angle) * (double)rope->magnitude);
        e->sin[at + i] = (float)(sin(angle) * (double)rope->magnitude);
    }
}

/* The row of a token, in the form in which the layers take it. */
static void embed_column(ll_worker *w, uint32_t c, float *x)
{
    ll_executor *e = w->executor;
    const ll_model *m = e->model;
    size_t n = e->plan.n_embd;
    m->embedding.traits->decode(m->embedding.data + (size_t)e->columns[c].token * m->embedding.row_bytes, x, n);
    if (e->columns[c].adapters)
        ll_cpu_adapt_embedding(e, c, x);
    if (m->embd_scale != 1)
        for (size_t i = 0; i < n; i++)
            x[i] *= m->embd_scale;
    if (m->position_embedding.data) {
        const ll_matrix *positions = &m->position_embedding;
        positions->traits->decode(positions->data + e->columns[c].position * positions->row_bytes, w->row, n);
        for (size_t i = 0; i < n; i++)
            x[i] += w->row[i];
    }
    for (size_t i = 0; m->token_types && i < n; i++)
        x[i] += m->token_types[e->columns[c].token_type * n + i];
    if (m->embd_norm.weight)
        ll_cpu_norm(e, &m->embd_norm, x, n, x);
}

static void embed(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const size_t n = e->plan.n_embd;
    for (uint32_t c = w->thread; c < e->n_columns; c += w->n_threads) {
        if (p->between)
            memcpy(e->x[0] + c * n, e->batch->x + c * n, n * sizeof(float));
        else
            embed_column(w, c, e->x[0] + c * n);
        for (uint32_t r = 0; r < e->model->n_ropes; r++)
            make_angles(e, r, c);
    }
}

void ll_cpu_rotate(const ll_executor *e, const ll_layer *l, uint32_t column, float *head)
{
    const ll_rope *rope = &e->model->ropes[l->rope];
    size_t at = (l->rope * (size_t)e->options.n_batch + column) * (e->model->head_dim / 2);
    const float *cosine = e->cos + at, *sine = e->sin + at;
    (rope->kind == LL_ROPE_HALVES ? e->kernels.rotate_halves : e->kernels.rotate_pairs)(head, rope->n_rot / 2, cosine,
                                                                                        sine);
}

uint32_t ll_cpu_rows_per_unit(const ll_worker *w, const ll_inputs *in, uint32_t n_rows, uint32_t otherwise)
{
    const uint32_t line = 16; /* floats, which only one thread should write */
    if (in->n == 1)
        return (n_rows / w->n_threads + line) / line * line;
    /* Through panels each unit reads all inputs: fewer units, as long as there are enough to keep all threads busy.
     * What comes of a row does not depend on the others; a BLAS does not promise that. */
    while (!in->by_rows && !w->executor->products.multiply && 2 * otherwise <= LL_UNIT_ROWS &&
           n_rows / (2 * otherwise) >= LL_UNITS_PER_THREAD * w->n_threads)
        otherwise *= 2;
    return otherwise;
}

/* Queries of positions far out, where the model makes them larger. */
static float query_scale(const ll_model *m, uint64_t position)
{
    uint64_t periods = m->query_growth != 0 ? position / m->growth_period : 0;
    return periods ? 1 + m->query_growth * logf(1 + (float)periods) : 1;
}

/* Norm and rotation of one head of queries or keys. */
static void finish_head(ll_worker *w, const ll_layer *l, bool is_q, uint32_t column, uint32_t head, float *out)
{
    ll_executor *e = w->executor;
    const ll_model *m = e->model;
    ll_norm norm = is_q ? l->q_norm : l->k_norm;
    bool has_norm = norm.weight && m->head_norm != LL_HEAD_NORM_WHOLE;
    if (has_norm && m->head_norm == LL_HEAD_NORM_OWN) {
        norm.weight += head * (size_t)m->head_dim;
        norm.bias = norm.bias ? norm.bias + head * (size_t)m->head_dim : NULL;
    }
    if (has_norm && !m->head_norm_after_rope)
        ll_cpu_norm(e, &norm, out, m->head_dim, out);
    if (l->rope != LL_ROPE_NONE)
        ll_cpu_rotate(e, l, column, out);
    if (has_norm && m->head_norm_after_rope)
        ll_cpu_norm(e, &norm, out, m->head_dim, out);
    const float scale = is_q ? query_scale(m, e->columns[column].position) : 1;
    for (size_t i = 0; scale != 1 && i < m->head_dim; i++)
        out[i] *= scale;
}

static void clamp(float *x, size_t n, float bound)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > bound ? bound : x[i] < -bound ? -bound : x[i];
}

/* Through panels sums are read and written again for each piece of the inputs. Where they belong, all columns may be in
 * the same few sets of a cache; in a tile they are not. */
static bool sums_in_tile(const ll_inputs *in, const ll_linear *linear)
{
    return !in->by_rows && linear->weight.n_k > LL_K_CHUNK_BF16_LAST;
}

/* Heads of q, k or v that follow each other and are multiplied at once: for one column as many of a kind as the thread
 * has of those that are fixed, through panels as ll_cpu_rows_per_unit() says. */
static uint32_t heads_per_unit(const ll_worker *w, const ll_inputs *in, uint32_t n_heads, uint32_t head_dim)
{
    return in->by_rows || in->n == 1 ? 1 : ll_cpu_rows_per_unit(w, in, n_heads * head_dim, head_dim) / head_dim;
}

/* A unit is some heads of q, k or v. Attention to an encoder's text has its queries and its keys and values in
 * different phases, and no positions. */
static void qkv(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_model *m = e->model;
    const ll_layer *l = &m->layers[p->layer];
    const bool own = p->kind == LL_PHASE_QKV;
    const uint32_t n_q = p->kind == LL_PHASE_CROSS_KV ? 0 : l->n_heads;
    const uint32_t n_kv = p->kind == LL_PHASE_CROSS_Q ? 0 : l->n_kv_heads;
    const ll_linear *const linears[] = {own ? &l->q : &l->cross.q, own ? &l->k : &l->cross.k,
                                        own ? &l->v : &l->cross.v};
    bool norm_follows = own && l->q_norm.weight && m->head_norm == LL_HEAD_NORM_WHOLE;
    const size_t from = n_q ? 0 : 1, to = n_kv ? 3 : 1;
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, linears + from, to - from);
    const uint32_t per_unit =
        heads_per_unit(w, &in, n_q + 2 * n_kv, m->head_dim > m->value_dim ? m->head_dim : m->value_dim);
    const uint32_t q_units = (n_q + per_unit - 1) / per_unit, kv_units = (n_kv + per_unit - 1) / per_unit;
    ll_units units = ll_cpu_units(w, q_units + 2 * kv_units, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        bool is_q = unit < q_units, is_k = !is_q && unit < q_units + kv_units;
        const size_t head_dim = is_q || is_k ? m->head_dim : m->value_dim;
        uint32_t head = (is_q ? unit : is_k ? unit - q_units : unit - q_units - kv_units) * per_unit;
        uint32_t left = (is_q ? n_q : n_kv) - head, n_heads = left < per_unit ? left : per_unit;
        if (in.n == 1 && in.by_rows) {
            n_heads = left < units.end - unit ? left : units.end - unit;
            units.next = unit + n_heads;
        }
        const ll_linear *linear = linears[is_q ? 0 : is_k ? 1 : 2];
        const bool kept = is_q || (is_k && norm_follows), in_tile = !kept || sums_in_tile(&in, linear);
        float *const rows = is_q ? e->q : e->k;
        const size_t stride = is_q ? e->plan.max_q : e->plan.max_kv;
        for (uint32_t c = 0; c < in.n; c++)
            w->out[c] = in_tile ? w->tiles[0] + c * e->tile_rows : rows + c * stride + head * head_dim;
        ll_cpu_product(w, linear, head * head_dim, n_heads * head_dim, &in, w->out);
        for (uint32_t c = 0; c < in.n; c++) {
            if (m->qkv_clamp > 0)
                clamp(w->out[c], n_heads * head_dim, m->qkv_clamp);
            for (uint32_t i = 0; i < n_heads; i++) {
                float *out = w->out[c] + i * head_dim;
                if (own && (is_q || is_k) && !norm_follows)
                    finish_head(w, l, is_q, c, head + i, out);
                if (!kept)
                    ll_cpu_store_kv(e, p->layer, c, head + i, !is_k, out);
            }
            if (kept && in_tile)
                memcpy(rows + c * stride + head * head_dim, w->out[c], n_heads * head_dim * sizeof *rows);
        }
    }
}

/* A unit is a column. */
static void qk_norm(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_layer *l = &e->model->layers[p->layer];
    const size_t head_dim = e->model->head_dim;
    ll_units units = ll_cpu_units(w, e->n_columns, true);
    uint32_t c;
    while (ll_cpu_next_unit(w, &units, &c)) {
        float *q = e->q + c * (size_t)e->plan.max_q, *k = e->k + c * (size_t)e->plan.max_kv;
        ll_cpu_norm(e, &l->q_norm, q, l->n_heads * head_dim, q);
        ll_cpu_norm(e, &l->k_norm, k, l->n_kv_heads * head_dim, k);
        for (uint32_t head = 0; head < l->n_heads; head++)
            finish_head(w, l, true, c, head, q + head * head_dim);
        for (uint32_t head = 0; head < l->n_kv_heads; head++) {
            finish_head(w, l, false, c, head, k + head * head_dim);
            ll_cpu_store_kv(e, p->layer, c, head, false, k + head * head_dim);
        }
    }
}

/* branch = W inputs, for the projections back to the width of the model. */
static void project(ll_worker *w, const ll_phase *p, const ll_linear *linear, const float *source, size_t stride)
{
    ll_executor *e = w->executor;
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    ll_inputs in = ll_cpu_prepare(w, p, source, stride, &linear, 1);
    uint32_t n_rows = linear->weight.n_rows, per_unit = ll_cpu_rows_per_unit(w, &in, n_rows, LL_TILE_ROWS / 2);
    ll_units units = ll_cpu_units(w, (n_rows + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        uint32_t row = unit * per_unit, rows = n_rows - row < per_unit ? n_rows - row : per_unit;
        const bool in_tile = p->accumulates || sums_in_tile(&in, linear);
        for (uint32_t i = 0; i < n; i++)
            w->out[i] =
                in_tile ? w->tiles[0] + i * e->tile_rows : e->branch + columns[i] * (size_t)e->plan.n_embd + row;
        ll_cpu_product(w, linear, row, rows, &in, w->out);
        for (uint32_t i = 0; in_tile && i < n; i++) {
            float *to = e->branch + columns[i] * (size_t)e->plan.n_embd + row;
            if (p->accumulates)
                e->kernels.add_scaled(w->out[i], to, 1, rows, to);
            else
                memcpy(to, w->out[i], rows * sizeof *to);
        }
    }
}

ll_activation_kernel ll_cpu_activation(const ll_executor *e)
{
    switch (e->model->activation) {
    case LL_ACTIVATION_GELU_TANH:
        return e->kernels.gelu_tanh_mul;
    case LL_ACTIVATION_GELU_ERF:
        return e->kernels.gelu_erf_mul;
    case LL_ACTIVATION_RELU:
        return e->kernels.relu_mul;
    case LL_ACTIVATION_RELU_SQUARED:
        return e->kernels.relu_squared_mul;
    case LL_ACTIVATION_SWIGLU_LIMITED:
        return e->kernels.swiglu_limited;
    default:
        return e->kernels.silu_mul;
    }
}

static void gate_up(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_layer *l = &e->model->layers[p->layer];
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    const bool has_gate = l->gate.weight.data;
    const ll_linear *const linears[] = {&l->up, &l->gate};
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, linears, has_gate ? 2 : 1);
    ll_activation_kernel activate = ll_cpu_activation(e);
    uint32_t per_unit = ll_cpu_rows_per_unit(w, &in, l->n_ff, LL_TILE_ROWS);
    ll_units units = ll_cpu_units(w, (l->n_ff + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        uint32_t row = unit * per_unit, rows = l->n_ff - row < per_unit ? l->n_ff - row : per_unit;
        for (uint32_t i = 0; i < n; i++)
            w->out[i] = w->tiles[0] + i * e->tile_rows;
        ll_cpu_product(w, has_gate ? &l->gate : &l->up, row, rows, &in, w->out);
        for (uint32_t i = 0; i < n; i++)
            w->out[i] = w->tiles[1] + i * e->tile_rows;
        if (has_gate)
            ll_cpu_product(w, &l->up, row, rows, &in, w->out);
        for (uint32_t i = 0; i < n; i++)
            activate(w->tiles[0] + i * e->tile_rows, has_gate ? w->out[i] : NULL, rows,
                     e->hidden + columns[i] * (size_t)e->plan.max_ff + row);
    }
}

static void logits(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_linear *output = &e->model->output;
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, &output, 1);
    uint32_t n_rows = output->weight.n_rows, per_unit = ll_cpu_rows_per_unit(w, &in, n_rows, LL_TILE_ROWS);
    ll_units units = ll_cpu_units(w, (n_rows + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        uint32_t row = unit * per_unit, rows = n_rows - row < per_unit ? n_rows - row : per_unit;
        for (uint32_t i = 0; i < n; i++)
            w->out[i] = e->columns[columns[i]].logits + row;
        ll_cpu_product(w, output, row, rows, &in, w->out);
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t r = 0; e->model->logit_scale != 1 && r < rows; r++)
                w->out[i][r] *= e->model->logit_scale;
            if (e->model->final_softcap > 0)
                e->kernels.softcap(w->out[i], rows, e->model->final_softcap);
        }
    }
}

/* A unit is a column. */
static void hidden(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    uint32_t n, unit;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    const size_t n_embd = e->plan.n_embd;
    ll_units units = ll_cpu_units(w, n, true);
    while (ll_cpu_next_unit(w, &units, &unit)) {
        const uint32_t c = columns[unit];
        float *out = p->between ? e->batch->x + c * n_embd : e->columns[c].logits;
        add_branch(w, p, c, w->row);
        if (p->norm)
            ll_cpu_norm(e, p->norm, w->row, n_embd, out);
        else
            memcpy(out, w->row, n_embd * sizeof *out);
    }
}

void ll_cpu_phase(ll_worker *w, uint32_t index)
{
    ll_executor *e = w->executor;
    const ll_phase *p = &e->plan.phases[index];
    const ll_layer *l = &e->model->layers[p->layer];
    w->phase = index;
    if (w->thread == 0) /* nobody uses the other counter before the next phase */
        atomic_store_explicit(&e->next_unit[(index + 1) % 2], 0, memory_order_relaxed);
    if (p->tail_only && e->n_tail == 0)
        return;
    switch (p->kind) {
    case LL_PHASE_EMBED:
        embed(w, p);
        break;
    case LL_PHASE_QKV:
    case LL_PHASE_CROSS_Q:
    case LL_PHASE_CROSS_KV:
        qkv(w, p);
        break;
    case LL_PHASE_QK_NORM:
        qk_norm(w, p);
        break;
    case LL_PHASE_LATENT:
        ll_cpu_latent(w, p);
        break;
    case LL_PHASE_LATENT_NORM:
        ll_cpu_latent_norm(w, p);
        break;
    case LL_PHASE_LATENT_Q:
        ll_cpu_latent_q(w, p);
        break;
    case LL_PHASE_LATENT_V:
        ll_cpu_latent_v(w, p);
        break;
    case LL_PHASE_ATTENTION:
        ll_cpu_attention(w, p);
        break;
    case LL_PHASE_MIX_IN:
        ll_cpu_mix_in(w, p);
        break;
    case LL_PHASE_SELECT:
        ll_cpu_select(w, p);
        break;
    case LL_PHASE_SCAN:
        ll_cpu_scan(w, p);
        break;
    case LL_PHASE_PROJECT:
        if (l->recurrence.norm.weight)
            ll_cpu_norm_groups(w, p);
        project(w, p, p->cross ? &l->cross.o : &l->o, e->model->latent.n_kv ? e->values : e->attended, e->plan.max_q);
        break;
    case LL_PHASE_GATE_UP:
        gate_up(w, p);
        break;
    case LL_PHASE_DOWN:
        project(w, p, &l->down, e->hidden, e->plan.max_ff);
        break;
    case LL_PHASE_ROUTE:
        ll_cpu_route(w, p);
        break;
    case LL_PHASE_EXPERTS_UP:
        ll_cpu_experts_up(w, p);
        break;
    case LL_PHASE_EXPERTS_DOWN:
        ll_cpu_experts_down(w, p);
        break;
    case LL_PHASE_HIDDEN:
        hidden(w, p);
        break;
    case LL_PHASE_LOGITS:
        logits(w, p);
        break;
    }
}
