/* SPDX-License-Identifier: MIT
 * Several executors as one. A page or a state is that of every part, which has its own layers' of it; outside, the
 * layers follow each other as they do in the page or the state of one device.
 */
#include "backend/split/split.h"

#include "base/status.h"

#include <string.h>

struct ll_executor {
    const ll_host *host;
    ll_backend backend; /* what all parts can do */
    ll_split_part *parts;
    size_t n_parts;
    uint64_t *state_offsets; /* [n_parts], in a state of all layers */
    ll_run *runs;            /* [n_batch] those of the batch in hand, as a part has them */
    float *x;                /* [n_batch][n_embd] */
};

struct ll_state {
    ll_state *of[1]; /* [n_parts] */
};

struct ll_adapter_set {
    ll_adapter_set *of[1]; /* [n_parts] */
};

static void split_free(ll_executor *e)
{
    if (!e)
        return;
    const ll_host *host = e->host;
    for (size_t i = 0; e->parts && i < e->n_parts; i++)
        e->parts[i].backend->free(e->parts[i].executor);
    ll_free(host, e->parts);
    ll_free(host, e->state_offsets);
    ll_free(host, e->runs);
    ll_free(host, e->x);
    ll_free(host, e);
}

static void split_state_free(const ll_executor *e, ll_state *state)
{
    for (size_t i = 0; state && i < e->n_parts; i++)
        e->parts[i].backend->state_free(e->parts[i].executor, state->of[i]);
    ll_free(e->host, state);
}

static ll_state *split_state_create(const ll_executor *e)
{
    ll_state *state = ll_calloc(e->host, e->n_parts, sizeof *state);
    bool made = state != NULL;
    for (size_t i = 0; made && i < e->n_parts; i++)
        made = (state->of[i] = e->parts[i].backend->state_create(e->parts[i].executor)) != NULL;
    if (made)
        return state;
    split_state_free(e, state);
    return NULL;
}

static void split_adapters_free(const ll_executor *e, ll_adapter_set *set)
{
    for (size_t i = 0; set && i < e->n_parts; i++)
        e->parts[i].backend->adapters_free(e->parts[i].executor, set->of[i]);
    ll_free(e->host, set);
}

static ll_adapter_set *split_adapters_create(const ll_executor *e, const ll_adapter_use *uses, size_t n)
{
    ll_adapter_set *set = ll_calloc(e->host, e->n_parts, sizeof *set);
    bool made = set != NULL;
    for (size_t i = 0; made && i < e->n_parts; i++)
        made = (set->of[i] = e->parts[i].backend->adapters_create(e->parts[i].executor, uses, n)) != NULL;
    if (made)
        return set;
    split_adapters_free(e, set);
    return NULL;
}

static void split_copy_page(ll_executor *e, ll_page_place from, ll_page_place to)
{
    for (size_t i = 0; i < e->n_parts; i++)
        e->parts[i].backend->copy_page(e->parts[i].executor, from, to);
}

static size_t part_bytes(const ll_split_part *part) { return part->backend->page_bytes(part->executor); }

static size_t split_page_bytes(const ll_executor *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n_parts; i++)
        n += part_bytes(&e->parts[i]);
    return n;
}

static libllm_status split_read_page(const ll_executor *e, ll_page_place place, uint32_t n_positions, uint8_t *out,
                                     libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; !status && i < e->n_parts; out += part_bytes(&e->parts[i++]))
        status = e->parts[i].backend->read_page(e->parts[i].executor, place, n_positions, out, error);
    return status;
}

static void split_write_page(ll_executor *e, ll_page_place place, const uint8_t *data)
{
    for (size_t i = 0; i < e->n_parts; data += part_bytes(&e->parts[i++]))
        e->parts[i].backend->write_page(e->parts[i].executor, place, data);
}

static libllm_status split_read_state(const ll_executor *e, const ll_state *state, uint8_t *out, libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; !status && i < e->n_parts; i++)
        status = e->parts[i].backend->read_state(e->parts[i].executor, state->of[i], out + e->state_offsets[i], error);
    return status;
}

static void split_write_state(const ll_executor *e, ll_state *state, const uint8_t *data)
{
    for (size_t i = 0; i < e->n_parts; i++)
        e->parts[i].backend->write_state(e->parts[i].executor, state->of[i], data + e->state_offsets[i]);
}

/* The runs of a batch as part `index` has them: rows are for the last. */
static void tell_runs(ll_executor *e, const ll_batch *batch, size_t index)
{
    for (uint32_t i = 0; i < batch->n_runs; i++) {
        ll_run *run = &e->runs[i];
        *run = batch->runs[i];
        run->state = run->state ? run->state->of[index] : NULL;
        run->next_state = run->next_state ? run->next_state->of[index] : NULL;
        run->adapters = run->adapters ? run->adapters->of[index] : NULL;
        run->logits = index + 1 == e->n_parts ? run->logits : NULL;
    }
}

static libllm_status split_run(ll_executor *e, const ll_batch *batch, libllm_error *error)
{
    ll_batch own = *batch;
    own.runs = e->runs;
    own.x = e->x;
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; !status && i < e->n_parts; i++) {
        tell_runs(e, batch, i);
        status = e->parts[i].backend->run(e->parts[i].executor, &own, error);
    }
    return status;
}

static ll_backend backend_of(const ll_split_part *parts, size_t n_parts)
{
    ll_backend backend = {
        .kind = parts[n_parts - 1].backend->kind,
        .state_create = split_state_create,
        .state_free = split_state_free,
        .copy_page = split_copy_page,
        .page_bytes = split_page_bytes,
        .read_page = split_read_page,
        .write_page = split_write_page,
        .read_state = split_read_state,
        .write_state = split_write_state,
        .adapters_create = split_adapters_create,
        .adapters_free = split_adapters_free,
        .run = split_run,
        .free = split_free,
    };
    for (size_t i = 0; i < n_parts; i++)
        if (!parts[i].backend->adapters_create) {
            backend.adapters_create = NULL;
            backend.kind = parts[i].backend->kind; /* which errors name */
        }
    return backend;
}

libllm_status ll_split_create(const ll_host *host, const ll_model *model, uint32_t n_batch, const ll_split_part *parts,
                              size_t n_parts, const ll_backend **backend, ll_executor **out, libllm_error *error)
{
    *out = NULL;
    ll_executor *e = ll_calloc(host, 1, sizeof *e);
    if (e)
        *e = (ll_executor){.host = host,
                           .backend = backend_of(parts, n_parts),
                           .parts = ll_alloc(host, n_parts, sizeof *e->parts),
                           .n_parts = n_parts,
                           .state_offsets = ll_alloc(host, n_parts, sizeof *e->state_offsets),
                           .runs = ll_alloc(host, n_batch, sizeof *e->runs),
                           .x = ll_alloc_aligned(host, (size_t)n_batch * model->n_embd, sizeof *e->x, 64)};
    if (!e || !e->parts || !e->state_offsets || !e->runs || !e->x) {
        for (size_t i = 0; i < n_parts; i++)
            parts[i].backend->free(parts[i].executor);
        if (e)
            e->n_parts = 0;
        split_free(e);
        return ll_fail_memory(error, "an engine");
    }
    memcpy(e->parts, parts, n_parts * sizeof *parts);
    for (size_t i = 0; i < n_parts; i++)
        e->state_offsets[i] = ll_state_bytes_of(model, 0, parts[i].first_layer);
    *backend = &e->backend;
    *out = e;
    return LIBLLM_OK;
}
