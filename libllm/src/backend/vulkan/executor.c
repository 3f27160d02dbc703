/* SPDX-License-Identifier: MIT
 * The Vulkan executor: all memory that a batch needs, made once, and the run of a batch.
 */
#include "backend/vulkan/executor.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

static uint32_t row_stride(uint32_t n) { return (n + 3) / 4 * 4; }

static ll_vk_rows take(const ll_executor *e, uint32_t n, uint64_t *at)
{
    const ll_vk_rows rows = {*at, row_stride(n)};
    *at += ((uint64_t)e->options.n_batch * rows.stride * sizeof(float) + 255) / 256 * 256;
    return rows;
}

uint64_t ll_vk_place_scratch(ll_executor *e, uint64_t base)
{
    ll_vk_scratch *s = &e->scratch;
    const ll_plan *p = &e->plan;
    uint64_t at = base;
    s->x = take(e, p->n_embd, &at);
    s->branch = take(e, p->n_embd, &at);
    s->normed = take(e, p->n_embd, &at);
    s->q = take(e, p->max_q, &at);
    s->k = take(e, p->max_kv, &at);
    s->v = take(e, p->max_kv, &at);
    s->attended = take(e, p->max_q, &at);
    s->hidden = take(e, p->max_ff, &at);
    s->latent = take(e, p->max_latent, &at);
    s->values = take(e, p->max_latent ? p->max_q : 0, &at);
    /* Items follow each other, each a multiple of four floats: that is how products read. */
    s->scores = take(e, p->max_experts, &at);
    s->choices = take(e, 2 * p->max_experts_used, &at);
    s->items = take(e, p->max_experts_used * row_stride(p->max_expert_ff), &at);
    s->given = take(e, p->max_experts_used * row_stride(p->n_embd), &at);
    s->shared = take(e, p->max_experts ? p->n_embd : 0, &at);
    s->shared_weight = take(e, p->max_experts ? 1 : 0, &at);
    uint32_t inner = 0;
    for (uint32_t i = e->plan.first_layer; i < e->plan.end_layer; i++) {
        const ll_recurrence *r = &e->model->layers[i].recurrence;
        inner = inner > r->n_inner ? inner : r->n_inner;
        inner = inner > r->conv.n_channels ? inner : r->conv.n_channels;
    }
    s->mixed = take(e, inner, &at);
    s->gate = take(e, inner, &at);
    s->delta = take(e, inner, &at);
    s->steps = take(e, p->max_steps, &at);
    s->parts = at;
    at += (uint64_t)LL_VK_FEW_COLUMNS * LL_VK_SPLITS_MAX * p->max_heads * (e->model->value_dim + 2u) * sizeof(float);
    return at - base;
}

static uint32_t n_row(const ll_executor *e) { return e->options.hidden_states ? e->model->n_embd : e->model->n_vocab; }

static uint64_t slice_bytes(const ll_executor *e)
{
    return (uint64_t)LL_VK_SLICE_ROWS * row_stride(n_row(e)) * sizeof(float);
}

static uint64_t between_bytes(const ll_executor *e)
{
    const ll_plan_part *part = &e->options.part;
    return part->receives || part->hands_on ? (uint64_t)e->options.n_batch * e->scratch.x.stride * sizeof(float) : 0;
}

uint64_t ll_vk_rows_bytes(const ll_executor *e)
{
    return between_bytes(e) + (e->options.part.hands_on ? 0 : slice_bytes(e));
}

static libllm_status make_scratch(ll_executor *e, libllm_error *error)
{
    libllm_status status = ll_vk_buffer_create(e->device, LL_VK_OWN, ll_vk_place_scratch(e, 0), "scratch memory",
                                               &e->scratch.buffer, error);
    if (status)
        return status;
    ll_vk_place_scratch(e, e->scratch.buffer.address);
    if (between_bytes(e))
        status = ll_vk_buffer_create(e->device, LL_VK_FETCH, between_bytes(e), "what goes from device to device",
                                     &e->between, error);
    if (!status && e->sums.bytes)
        status = ll_vk_buffer_create(e->device, LL_VK_FETCH, e->sums.bytes, "the importance of inputs", &e->sums.buffer,
                                     error);
    e->row_stride = row_stride(n_row(e));
    if (!status && !e->options.part.hands_on)
        status = ll_vk_buffer_create(e->device, LL_VK_FETCH, slice_bytes(e), "the results", &e->rows, error);
    return status;
}

static libllm_status upload(ll_executor *e, libllm_error *error)
{
    libllm_status status = ll_vk_weights_upload(e, error);
    if (!status)
        status = ll_vk_lower(e, error);
    if (!status)
        status = ll_vk_buffer_create(e->device, LL_VK_OWN, e->n_params, "parameters", &e->params, error);
    return status ? status : ll_vk_write(&e->transfer, &e->params, 0, e->op_params, e->n_params, error);
}

void ll_vk_free(ll_executor *e)
{
    if (!e)
        return;
    const ll_host *host = e->host;
    if (e->device) {
        ll_vk_recorder_free(e);
        for (size_t i = 0; i < e->n_kv; i++)
            ll_vk_buffer_free(e->device, &e->kv[i]);
        ll_vk_buffer_free(e->device, &e->batch);
        ll_vk_buffer_free(e->device, &e->rows);
        ll_vk_buffer_free(e->device, &e->between);
        ll_vk_buffer_free(e->device, &e->params);
        ll_vk_buffer_free(e->device, &e->sums.buffer);
        ll_vk_buffer_free(e->device, &e->tables);
        ll_vk_buffer_free(e->device, &e->scratch.buffer);
        ll_vk_weights_free(e);
        ll_vk_transfer_free(&e->transfer);
    }
    ll_vk_shared_put(&e->options.files, e->shared);
    ll_free(host, e->kv);
    ll_free(host, e->kv_layer_offset);
    ll_free(host, e->ops);
    ll_free(host, e->op_params);
    ll_free(host, e->sums.list);
    ll_free(host, e->tail);
    ll_free(host, (void *)e->results);
    ll_plan_free(&e->plan);
    ll_free(host, e);
}

static libllm_status create(const ll_host *host, const ll_model *model, const ll_executor_options *options,
                            ll_executor **out, libllm_error *error)
{
    ll_executor *e = ll_calloc(host, 1, sizeof *e);
    *out = NULL;
    if (!e)
        return ll_fail_memory(error, "an engine");
    e->host = host;
    e->model = model;
    e->options = *options;
    e->tail = ll_alloc(host, options->n_batch, sizeof *e->tail);
    e->results = ll_alloc(host, options->n_batch, sizeof *e->results);
    libllm_status status = e->tail && e->results ? LIBLLM_OK : ll_fail_memory(error, "an engine");
    if (!status)
        status = ll_vk_shared_get(host, &options->files, options->device_index, &e->shared, error);
    if (!status) {
        e->device = &e->shared->device;
        e->pipelines = &e->shared->pipelines;
        status = ll_vk_fit(e, error);
    }
    if (!status)
        status = ll_vk_transfer_create(e->device, &e->transfer, error);
    if (!status)
        status = ll_vk_recorder_create(e, error);
    if (!status)
        status = ll_vk_tables_create(e, error);
    if (!status)
        status = ll_vk_kv_create(e, error);
    if (!status)
        status = make_scratch(e, error);
    if (!status)
        status = upload(e, error);
    if (status == LIBLLM_ERROR_DEVICE_LOST)
        ll_vk_note(e, status);
    *out = e;
    return status;
}

/* A driver may have less than it says: then with fewer layers, down to the least. */
libllm_status ll_vk_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                           const ll_executor_options *options, ll_executor **out, libllm_error *error)
{
    (void)team, (void)cpu_features;
    ll_executor_options tried = *options;
    for (;;) {
        ll_executor *e;
        const libllm_status status = create(host, model, &tried, &e, error);
        const uint32_t n = e ? e->plan.end_layer - e->plan.first_layer : 0;
        if (!status) {
            *out = e;
            return LIBLLM_OK;
        }
        if (e)
            tried.part = e->options.part;
        ll_vk_free(e);
        *out = NULL;
        if (status != LIBLLM_ERROR_OUT_OF_MEMORY || options->n_least == 0 || n <= options->n_least)
            return status;
        const uint32_t step = n > 8 ? n / 8 : 1, most = n - options->n_least;
        tried.part.receives = true;
        tried.part.n_before += step < most ? step : most;
    }
}

/* The first operation of a phase, or behind the last. */
static size_t first_op(const ll_executor *e, uint32_t phase)
{
    size_t i = 0;
    while (i < e->n_ops && e->ops[i].phase < phase)
        i++;
    return i;
}

/* Wanted rows, some at a time: there is room for few of them. */
static libllm_status compute_rows(ll_executor *e, const ll_batch *batch, size_t from, size_t to, libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    for (uint32_t first = 0; !status && first < e->n_tail; first += LL_VK_SLICE_ROWS) {
        const uint32_t left = e->n_tail - first, n = left < LL_VK_SLICE_ROWS ? left : LL_VK_SLICE_ROWS;
        ll_vk_tell_slice(e, first, n);
        status = ll_vk_run_ops(e, batch, from, to, n, error);
        for (uint32_t i = 0; !status && i < n; i++)
            memcpy(e->results[first + i], e->rows.mapped + (size_t)i * e->row_stride * sizeof(float),
                   n_row(e) * sizeof(float));
    }
    return status;
}

/* Rows of the columns, from the part before or, back, for the one behind. */
static void copy_between(const ll_executor *e, float *x, bool back)
{
    const size_t n = e->plan.n_embd;
    for (size_t c = 0; c < e->n_columns; c++) {
        float *row = (float *)(void *)e->between.mapped + c * e->scratch.x.stride;
        memcpy(back ? x + c * n : row, back ? row : x + c * n, n * sizeof *x);
    }
}

static libllm_status run_phases(ll_executor *e, const ll_batch *batch, libllm_error *error)
{
    const uint32_t first = batch->encodes ? 0 : e->plan.n_encode;
    const uint32_t end = batch->encodes ? e->plan.n_encode : e->plan.n_phases;
    if (first == end)
        return LIBLLM_OK;
    const bool hands_on = e->plan.phases[end - 1].between, has_rows = !hands_on && !batch->encodes;
    const size_t from = first_op(e, first), last = first_op(e, end - 1), to = first_op(e, end);
    const bool at_once = !has_rows || e->n_tail <= LL_VK_SLICE_ROWS; /* all in one go */
    if (e->plan.phases[first].between)
        copy_between(e, batch->x, false);
    libllm_status status = ll_vk_run_ops(e, batch, from, at_once ? to : last, e->n_tail, error);
    if (!status && !at_once)
        status = compute_rows(e, batch, last, to, error);
    if (!status)
        ll_vk_add_sums(e, batch, first, end);
    if (!status && hands_on)
        copy_between(e, batch->x, true);
    for (uint32_t i = 0; !status && has_rows && at_once && i < e->n_tail; i++)
        memcpy(e->results[i], e->rows.mapped + (size_t)i * e->row_stride * sizeof(float), n_row(e) * sizeof(float));
    return status;
}

libllm_status ll_vk_run(ll_executor *e, const ll_batch *batch, libllm_error *error)
{
    libllm_status status = (libllm_status)atomic_load(&e->failed);
    if (status)
        return ll_fail(error, status, "%s before: the engine is of no use any more",
                       status == LIBLLM_ERROR_DEVICE_LOST ? "the Vulkan device was lost"
                                                          : "a copy on the Vulkan device has failed");
    status = ll_vk_tell_batch(e, batch, error);
    if (!status)
        status = run_phases(e, batch, error);
    if (status == LIBLLM_ERROR_DEVICE_LOST)
        ll_vk_note(e, status);
    return status;
}

/* Floats of all layers, one after the other. */
struct ll_state {
    ll_vk_buffer buffer;
};

static uint64_t state_bytes(const ll_executor *e)
{
    return ll_state_bytes_of(e->model, e->plan.first_layer, e->plan.end_layer);
}

ll_state *ll_vk_state_create(const ll_executor *e)
{
    ll_state *state = ll_calloc(e->host, 1, sizeof *state);
    if (state && ll_vk_buffer_create(e->device, LL_VK_OWN, state_bytes(e), "a state", &state->buffer, NULL)) {
        ll_free(e->host, state);
        return NULL;
    }
    return state;
}

void ll_vk_state_free(const ll_executor *e, ll_state *state)
{
    if (!state)
        return;
    ll_vk_buffer_free(e->device, &state->buffer);
    ll_free(e->host, state);
}

uint64_t ll_vk_state(const ll_state *state) { return state ? state->buffer.address : 0; }

libllm_status ll_vk_read_state(const ll_executor *e, const ll_state *state, uint8_t *out, libllm_error *error)
{
    return ll_vk_read_back(e, &state->buffer, 0, out, state_bytes(e), error);
}

void ll_vk_write_state(const ll_executor *e, ll_state *state, const uint8_t *data)
{
    ll_vk_note(e,
               ll_vk_write((ll_vk_transfer *)(uintptr_t)&e->transfer, &state->buffer, 0, data, state_bytes(e), NULL));
}
