/* SPDX-License-Identifier: MIT
 * Layers with a state of constant size for one thread: convolutions over the last tokens, and selective scans. A
 * thread has some channels or heads and takes the tokens of each run in order, from the state before the run to the
 * one after it. What is computed for a token and a channel depends on the tokens before and on nothing else, so
 * results do not depend on threads or on batches.
 */
#include "backend/cpu/executor.h"

#include "backend/cpu/ref/math.h"

#include <string.h>

bool ll_cpu_place_states(ll_executor *e)
{
    const ll_model *m = e->model;
    size_t n = 0;
    e->state_offset = ll_alloc(e->host, m->n_layers, sizeof *e->state_offset);
    if (!e->state_offset)
        return false;
    for (uint32_t i = e->plan.first_layer; i < e->plan.end_layer; i++) {
        e->state_offset[i] = n;
        n += (size_t)ll_layer_state(&m->layers[i]);
    }
    return true;
}

size_t ll_cpu_state_bytes(const ll_executor *e)
{
    return (size_t)ll_state_bytes_of(e->model, e->plan.first_layer, e->plan.end_layer);
}

/* What a layer knows before a run, NULL at the beginning of a timeline, and where that goes which it knows after it. */
static const float *state_before(const ll_executor *e, const ll_run *run, uint32_t layer)
{
    return run->position ? (const float *)(const void *)run->state + e->state_offset[layer] : NULL;
}

static float *state_after(const ll_executor *e, const ll_run *run, uint32_t layer)
{
    return (float *)(void *)run->next_state + e->state_offset[layer];
}

/* n values; zeros where `from` is NULL. */
static void copy(float *to, const float *from, size_t n)
{
    if (from)
        memcpy(to, from, n * sizeof *to);
    else
        memset(to, 0, n * sizeof *to);
}

/* Channels [row, row + n) of all columns in place; x[c] has them for column c. */
static void convolve(const ll_executor *e, uint32_t layer, uint32_t row, uint32_t n, float *const *x)
{
    const ll_conv *conv = &e->model->layers[layer].recurrence.conv;
    const uint32_t past = conv->n_taps - 1;
    const float *weight = conv->weight + row * (size_t)conv->n_taps;
    for (uint32_t r = 0; r < e->batch->n_runs; x += e->batch->runs[r++].n_tokens) {
        const ll_run *run = &e->batch->runs[r];
        const float *before = state_before(e, run, layer);
        float *after = state_after(e, run, layer);
        before = before ? before + row : NULL;
        for (uint32_t i = 0; i < past; i++) { /* the last ones of those before and the run's own */
            uint32_t from = run->n_tokens + i;
            const float *old = before ? before + from * (size_t)conv->n_channels : NULL;
            copy(after + i * (size_t)conv->n_channels + row, from < past ? old : x[from - past], n);
        }
        for (uint32_t t = run->n_tokens; t-- > 0;) { /* from the end, as earlier inputs are still to be read */
            float *out = x[t];
            for (uint32_t j = 0; j < n; j++)
                out[j] = weight[j * (size_t)conv->n_taps + past] * out[j] + (conv->bias ? conv->bias[row + j] : 0);
            for (uint32_t i = 0; i < past; i++) {
                const float *in = t + i >= past ? x[t + i - past]
                                  : before      ? before + (t + i) * (size_t)conv->n_channels
                                                : NULL;
                for (uint32_t j = 0; in && j < n; j++)
                    out[j] += weight[j * (size_t)conv->n_taps + i] * in[j];
            }
        }
    }
}

/* ln(1 + e^x). With s = z / (2 + z), ln(1 + z) = 2 (s + s^3 / 3 + ...), and s <= 1 / 3. */
static inline float softplus(float x)
{
    const float z = ll_ref_exp(x > 0 ? -x : x), s = z / (2 + z), q = s * s;
    float p = 1.0f / 13;
    p = p * q + 1.0f / 11;
    p = p * q + 1.0f / 9;
    p = p * q + 1.0f / 7;
    p = p * q + 1.0f / 5;
    p = p * q + 1.0f / 3;
    return (x > 0 ? x : 0) + 2 * (p * q * s + s);
}

static void softplus_all(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = softplus(x[i]);
}

static void mix_short_conv(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_recurrence *r = &e->model->layers[p->layer].recurrence;
    const ll_linear *const linears[] = {&r->before, &r->in, &r->gate};
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, linears, 3);
    const uint32_t per_unit = ll_cpu_rows_per_unit(w, &in, r->n_inner, LL_TILE_ROWS);
    ll_units units = ll_cpu_units(w, (r->n_inner + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        const uint32_t row = unit * per_unit, rows = r->n_inner - row < per_unit ? r->n_inner - row : per_unit;
        for (uint32_t t = 0; t < 3; t++) { /* before and in give the convolution's inputs, gate is for its outputs */
            for (uint32_t c = 0; c < in.n; c++)
                w->out[c] = w->tiles[t > 0] + c * e->tile_rows;
            ll_cpu_product(w, linears[t], row, rows, &in, w->out);
            for (uint32_t c = 0; t > 0 && c < in.n; c++) {
                float *to = t == 1 ? w->tiles[0] + c * e->tile_rows : e->attended + c * (size_t)e->plan.max_q + row;
                const float *conv = w->tiles[0] + c * e->tile_rows, *factor = w->tiles[1] + c * e->tile_rows;
                for (uint32_t j = 0; j < rows; j++)
                    to[j] = conv[j] * factor[j];
                w->out[c] = to;
            }
            if (t == 1)
                convolve(e, p->layer, row, rows, w->out);
        }
    }
}

/* A unit is some rows of one of the matrices. */
static void mix_scan(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_layer *l = &e->model->layers[p->layer];
    const ll_recurrence *r = &l->recurrence;
    const ll_linear *const linears[] = {&r->in, &r->gate, &r->dt};
    float *const to[] = {e->mixed, e->gate, e->steps};
    const size_t strides[] = {e->plan.max_channels, e->plan.max_channels, e->plan.max_steps};
    const uint32_t n_linears = l->mixer == LL_MIXER_MAMBA2 ? 3 : 2;
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, linears, n_linears);
    uint32_t per_unit[3], end[3], n_units = 0;
    for (uint32_t i = 0; i < n_linears; i++) {
        const uint32_t n_rows = linears[i]->weight.n_rows;
        per_unit[i] = ll_cpu_rows_per_unit(w, &in, n_rows, LL_TILE_ROWS);
        end[i] = n_units += (n_rows + per_unit[i] - 1) / per_unit[i];
    }
    ll_units units = ll_cpu_units(w, n_units, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        const uint32_t i = unit < end[0] ? 0 : unit < end[1] ? 1 : 2;
        const uint32_t n_rows = linears[i]->weight.n_rows, row = (unit - (i ? end[i - 1] : 0)) * per_unit[i];
        const uint32_t rows = n_rows - row < per_unit[i] ? n_rows - row : per_unit[i];
        for (uint32_t c = 0; c < in.n; c++)
            w->out[c] = to[i] + c * strides[i] + row;
        ll_cpu_product(w, linears[i], row, rows, &in, w->out);
        if (i == 0)
            convolve(e, p->layer, row, rows, w->out);
        for (uint32_t c = 0; c < in.n; c++) {
            if (i < 2)
                e->kernels.silu_mul(w->out[c], NULL, rows, w->out[c]);
            else
                softplus_all(w->out[c], rows);
        }
    }
}

void ll_cpu_mix_in(ll_worker *w, const ll_phase *p)
{
    if (w->executor->model->layers[p->layer].mixer == LL_MIXER_SHORT_CONV)
        mix_short_conv(w, p);
    else
        mix_scan(w, p);
}

void ll_cpu_select(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_linear *select = &e->model->layers[p->layer].recurrence.select;
    ll_inputs in = ll_cpu_prepare(w, p, e->mixed, e->plan.max_channels, &select, 1);
    const uint32_t n_rows = select->weight.n_rows, per_unit = ll_cpu_rows_per_unit(w, &in, n_rows, LL_TILE_ROWS / 4);
    ll_units units = ll_cpu_units(w, (n_rows + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        const uint32_t row = unit * per_unit, rows = n_rows - row < per_unit ? n_rows - row : per_unit;
        for (uint32_t c = 0; c < in.n; c++)
            w->out[c] = e->steps + c * (size_t)e->plan.max_steps + row;
        ll_cpu_product(w, select, row, rows, &in, w->out);
    }
}

static void normalize_selection(ll_worker *w, const ll_recurrence *r)
{
    ll_executor *e = w->executor;
    const ll_norm none = {0};
    for (uint32_t c = w->thread; c < e->n_columns; c += w->n_threads) {
        float *steps = e->steps + c * (size_t)e->plan.max_steps, *b = steps + r->n_steps;
        ll_cpu_norm(e, &none, steps, r->n_steps, steps);
        ll_cpu_norm(e, &none, b, r->n_states, b);
        ll_cpu_norm(e, &none, b + r->n_states, r->n_states, b + r->n_states);
    }
    ll_cpu_meet(w);
}

/* Channels [row, row + n); delta[c] has theirs for column c. */
static void scan_channels(ll_worker *w, uint32_t layer, uint32_t row, uint32_t n, float *const *delta)
{
    ll_executor *e = w->executor;
    const ll_recurrence *r = &e->model->layers[layer].recurrence;
    const size_t n_states = r->n_states, at = (size_t)(r->conv.n_taps - 1) * r->conv.n_channels + row * n_states;
    for (uint32_t i = 0, column = 0; i < e->batch->n_runs; i++) {
        const ll_run *run = &e->batch->runs[i];
        const float *before = state_before(e, run, layer);
        float *state = state_after(e, run, layer) + at;
        copy(state, before ? before + at : NULL, n * n_states);
        for (uint32_t t = 0; t < run->n_tokens; t++, column++) {
            const float *u = e->mixed + column * (size_t)e->plan.max_channels + row;
            const float *gate = e->gate + column * (size_t)e->plan.max_channels + row;
            const float *b = e->steps + column * (size_t)e->plan.max_steps + r->n_steps;
            float *out = e->attended + column * (size_t)e->plan.max_q + row;
            softplus_all(delta[column], n);
            for (uint32_t j = 0; j < n; j++)
                out[j] = delta[column][j] * u[j];
            e->kernels.scan(&(ll_scan_job){.state = state,
                                           .n = n,
                                           .n_states = n_states,
                                           .a = r->a + row * n_states,
                                           .delta = delta[column],
                                           .input = out,
                                           .b = b,
                                           .c = b + n_states,
                                           .out = out});
            for (uint32_t j = 0; j < n; j++)
                out[j] = (out[j] + r->d[row + j] * u[j]) * gate[j];
        }
    }
}

static void scan_mamba(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_recurrence *r = &e->model->layers[p->layer].recurrence;
    const ll_linear *dt = &r->dt;
    if (r->normalizes_selection)
        normalize_selection(w, r);
    ll_inputs in = ll_cpu_prepare(w, p, e->steps, e->plan.max_steps, &dt, 1);
    const uint32_t per_unit = ll_cpu_rows_per_unit(w, &in, r->n_inner, LL_TILE_ROWS / 2);
    ll_units units = ll_cpu_units(w, (r->n_inner + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        const uint32_t row = unit * per_unit, rows = r->n_inner - row < per_unit ? r->n_inner - row : per_unit;
        for (uint32_t c = 0; c < in.n; c++)
            w->out[c] = w->tiles[0] + c * e->tile_rows;
        ll_cpu_product(w, dt, row, rows, &in, w->out);
        scan_channels(w, p->layer, row, rows, w->out);
    }
}

/* A unit is a head. */
static void scan_mamba2(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_recurrence *r = &e->model->layers[p->layer].recurrence;
    const size_t n_states = r->n_states, n_channels = r->n_inner / r->n_heads;
    ll_units units = ll_cpu_units(w, r->n_heads, false);
    uint32_t head;
    while (ll_cpu_next_unit(w, &units, &head)) {
        const size_t row = head * n_channels, group = head / (r->n_heads / r->n_groups);
        const size_t at = (size_t)(r->conv.n_taps - 1) * r->conv.n_channels + row * n_states;
        for (uint32_t i = 0, column = 0; i < e->batch->n_runs; i++) {
            const ll_run *run = &e->batch->runs[i];
            const float *before = state_before(e, run, p->layer);
            float *state = state_after(e, run, p->layer) + at;
            copy(state, before ? before + at : NULL, n_channels * n_states);
            for (uint32_t t = 0; t < run->n_tokens; t++, column++) {
                const float *mixed = e->mixed + column * (size_t)e->plan.max_channels, *u = mixed + row;
                const float *gate = e->gate + column * (size_t)e->plan.max_channels + row;
                const float *b = mixed + r->n_inner + group * n_states;
                const float step = e->steps[column * (size_t)e->plan.max_steps + head];
                float *out = e->attended + column * (size_t)e->plan.max_q + row;
                for (size_t j = 0; j < n_channels; j++)
                    out[j] = step * u[j];
                e->kernels.scan(&(ll_scan_job){.state = state,
                                               .n = n_channels,
                                               .n_states = n_states,
                                               .decay = ll_ref_exp(step * r->a[head]),
                                               .input = out,
                                               .b = b,
                                               .c = b + r->n_groups * n_states,
                                               .out = out});
                for (size_t j = 0; j < n_channels; j++)
                    out[j] = (out[j] + r->d[head] * u[j]) * gate[j];
            }
        }
    }
}

void ll_cpu_scan(ll_worker *w, const ll_phase *p)
{
    if (w->executor->model->layers[p->layer].mixer == LL_MIXER_MAMBA)
        scan_mamba(w, p);
    else
        scan_mamba2(w, p);
}

void ll_cpu_norm_groups(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_recurrence *r = &e->model->layers[p->layer].recurrence;
    const size_t size = r->n_inner / r->n_groups;
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    for (uint32_t i = w->thread; i < n; i += w->n_threads)
        for (uint32_t g = 0; g < r->n_groups; g++) {
            const ll_norm norm = {.weight = r->norm.weight + g * size};
            float *x = e->attended + columns[i] * (size_t)e->plan.max_q + g * size;
            ll_cpu_norm(e, &norm, x, size, x);
        }
    ll_cpu_meet(w);
}
