/* SPDX-License-Identifier: MIT
 * Multi-head latent attention for one thread: the latents, and what brings queries to the latent and values from it.
 * Attention itself is that of other models, with one KV head.
 */
#include "backend/cpu/executor.h"

#include <string.h>

/* Where the latent of keys and values of a column lies; behind it the key that all heads share. */
static float *kv_latent(const ll_executor *e, uint32_t column)
{
    return e->latent + column * (size_t)e->plan.max_latent + e->model->latent.n_query;
}

/* A unit is some rows of the matrices in turn. */
void ll_cpu_latent(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_latent *t = &e->model->latent;
    const ll_layer *l = &e->model->layers[p->layer];
    const ll_linear *const linears[] = {&l->latent.kv_a, t->n_query ? &l->latent.q_a : &l->q};
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, linears, 2);
    uint32_t n_rows[2], per_unit[2], n_units[2], unit;
    for (uint32_t i = 0; i < 2; i++) {
        n_rows[i] = linears[i]->weight.n_rows;
        per_unit[i] = ll_cpu_rows_per_unit(w, &in, n_rows[i], LL_TILE_ROWS);
        n_units[i] = (n_rows[i] + per_unit[i] - 1) / per_unit[i];
    }
    ll_units units = ll_cpu_units(w, n_units[0] + n_units[1], in.by_rows);
    while (ll_cpu_next_unit(w, &units, &unit)) {
        const uint32_t of = unit >= n_units[0], row = (unit - (of ? n_units[0] : 0)) * per_unit[of];
        const uint32_t rows = n_rows[of] - row < per_unit[of] ? n_rows[of] - row : per_unit[of];
        for (uint32_t c = 0; c < in.n; c++) {
            float *to = of == 0      ? kv_latent(e, c)
                        : t->n_query ? e->latent + c * (size_t)e->plan.max_latent
                                     : e->values + c * (size_t)e->plan.max_q;
            w->out[c] = to + row;
        }
        ll_cpu_product(w, linears[of], row, rows, &in, w->out);
    }
}

/* A unit is a column. */
void ll_cpu_latent_norm(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_latent *t = &e->model->latent;
    const ll_layer *l = &e->model->layers[p->layer];
    ll_units units = ll_cpu_units(w, e->n_columns, true);
    uint32_t c;
    while (ll_cpu_next_unit(w, &units, &c)) {
        float *query = e->latent + c * (size_t)e->plan.max_latent, *kv = kv_latent(e, c);
        if (t->n_query)
            ll_cpu_norm(e, &l->latent.q_a_norm, query, t->n_query, query);
        ll_cpu_norm(e, &l->latent.kv_a_norm, kv, t->n_kv, kv);
        ll_cpu_rotate(e, l, c, kv + t->n_kv);
        ll_cpu_store_kv(e, p->layer, c, 0, false, kv);
        ll_cpu_store_kv(e, p->layer, c, 0, true, kv);
    }
}

/* Inputs of one head's matrix, those of n columns at w->item_x. */
static ll_inputs head_inputs(ll_worker *w, const ll_linear *linear, const uint32_t *columns, uint32_t n, bool by_rows)
{
    ll_executor *e = w->executor;
    const size_t n_k = linear->weight.n_k;
    const ll_takes takes = ll_cpu_takes(e, &linear->weight, by_rows);
    for (uint32_t c = 0; c < n; c++) {
        if (takes == LL_TAKES_INTS) {
            w->item_acts[c] = ll_cpu_act_view(&w->head_act[c], by_rows);
            e->kernels.quantize(w->item_x[c], n_k, &w->item_acts[c]);
        } else if (takes == LL_TAKES_BF16) {
            e->kernels.round_bf16(w->item_x[c], n_k, w->item_bf16 + ll_bf16_column(n_k, c));
        }
        const ll_column *column = &e->columns[columns[c]];
        w->item_adapted[c] = (ll_adapted){.set = column->adapters, .reduced = column->reduced, .item = linear->expert};
    }
    const ll_inputs inputs = {.x = w->item_x,
                              .act = takes == LL_TAKES_INTS ? w->item_acts : NULL,
                              .bf16 = takes == LL_TAKES_BF16 ? w->item_bf16 : NULL,
                              .adapted = e->adapts ? w->item_adapted : NULL,
                              .n = n,
                              .by_rows = by_rows};
    if (inputs.adapted)
        ll_cpu_reduce_alone(w, linear, &inputs);
    return inputs;
}

/* Rows of a head's matrix in pieces that products take. */
static void multiply_head(ll_worker *w, const ll_linear *linear, const ll_inputs *in, float *const *out)
{
    const uint32_t n_rows = linear->weight.n_rows, most = in->n == 1 ? n_rows : (uint32_t)w->executor->tile_rows;
    for (uint32_t row = 0; row < n_rows; row += most) {
        for (uint32_t c = 0; c < in->n; c++)
            w->out[c] = out[c] + row;
        ll_cpu_product(w, linear, row, n_rows - row < most ? n_rows - row : most, in, w->out);
    }
}

/* A unit is a head. */
void ll_cpu_latent_q(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_latent *t = &e->model->latent;
    const ll_layer *l = &e->model->layers[p->layer];
    const uint32_t n = e->n_columns, raw_dim = t->n_nope + t->n_rot;
    const ll_linear *const linears[] = {&l->q};
    const bool by_rows = ll_cpu_by_rows(e, p, n);
    ll_inputs in = {0};
    if (t->n_query)
        in = ll_cpu_prepare(w, p, e->latent, e->plan.max_latent, linears, 1);
    ll_units units = ll_cpu_units(w, l->n_heads, by_rows);
    uint32_t head;
    while (ll_cpu_next_unit(w, &units, &head)) {
        const ll_linear k_b = ll_expert(&l->latent.k_b, head);
        for (uint32_t c = 0; c < n; c++)
            w->hidden[c] = e->values + c * (size_t)e->plan.max_q + head * (size_t)raw_dim;
        if (t->n_query)
            ll_cpu_product(w, &l->q, head * (size_t)raw_dim, raw_dim, &in, w->hidden);
        for (uint32_t c = 0; c < n; c++) {
            float *raw = w->hidden[c], *q = e->q + c * (size_t)e->plan.max_q + head * (size_t)e->model->head_dim;
            ll_cpu_rotate(e, l, c, raw + t->n_nope);
            memcpy(q + t->n_kv, raw + t->n_nope, t->n_rot * sizeof *q);
            w->item_x[c] = raw;
            w->hidden[c] = q;
        }
        ll_inputs nope = head_inputs(w, &k_b, e->all, n, by_rows);
        if (e->batch->sums)
            ll_cpu_collect_head(w, &k_b, &nope);
        multiply_head(w, &k_b, &nope, w->hidden);
    }
}

/* A unit is a head. */
void ll_cpu_latent_v(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_latent *t = &e->model->latent;
    const ll_layer *l = &e->model->layers[p->layer];
    uint32_t n, head;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    const bool by_rows = ll_cpu_by_rows(e, p, n);
    ll_units units = ll_cpu_units(w, l->n_heads, by_rows);
    while (ll_cpu_next_unit(w, &units, &head)) {
        const ll_linear v_b = ll_expert(&l->latent.v_b, head);
        for (uint32_t i = 0; i < n; i++) {
            w->item_x[i] = e->attended + columns[i] * (size_t)e->plan.max_q + head * (size_t)e->model->value_dim;
            w->hidden[i] = e->values + columns[i] * (size_t)e->plan.max_q + head * (size_t)t->n_value;
        }
        ll_inputs in = head_inputs(w, &v_b, columns, n, by_rows);
        if (e->batch->sums)
            ll_cpu_collect_head(w, &v_b, &in);
        multiply_head(w, &v_b, &in, w->hidden);
    }
}
