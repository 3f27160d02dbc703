/* SPDX-License-Identifier: MIT
 * Engines and sessions.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"
#include "estimate/choose.h"
#include "sampling/sampling.h"
#include "session/file.h"

#include <stdio.h>
#include <string.h>

libllm_engine *ll_use_engine(const libllm_engine *engine)
{
    libllm_engine *shared = (libllm_engine *)(uintptr_t)engine;
    atomic_fetch_add_explicit(&shared->users, 1, memory_order_relaxed);
    return shared;
}

libllm_session *ll_use_session(libllm_session *session)
{
    atomic_fetch_add_explicit(&session->users, 1, memory_order_relaxed);
    return session;
}

/* Names of devices, as static text; "" of none. */
static const char *device_name(const char *name)
{
    static const char *const names[] = {"cpu",       "blas",      "vulkan",    "vulkan:0",  "vulkan:1",
                                        "vulkan:2",  "vulkan:3",  "vulkan:4",  "vulkan:5",  "vulkan:6",
                                        "vulkan:7",  "vulkan:8",  "vulkan:9",  "vulkan:10", "vulkan:11",
                                        "vulkan:12", "vulkan:13", "vulkan:14", "vulkan:15"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return names[i];
    return "";
}

/* What "auto" stands for: a GPU for what GPUs do, where one is expected to be faster. */
static const char *choose_device(const libllm_model *model, const libllm_engine_options *o)
{
    libllm_runtime *r = model->runtime;
    const ll_model *m = model->model;
    const ll_tables tables = {.store = r->tables};
    ll_token_cost cost = {.n_layers = m->n_layers, .model_bytes = ll_gguf_file_bytes(&m->gguf)};
    uint64_t flops;
    uint32_t index;
    if (!m->family || o->deterministic || o->importance || o->profile)
        return "cpu";
    ll_model_token_cost(m, &cost.weight_bytes, &flops);
    const uint64_t n_positions = o->n_positions ? o->n_positions : ll_context_default(m);
    if (o->kv_type >= LIBLLM_KV_AUTO && o->kv_type <= LIBLLM_KV_Q4_0 && n_positions <= INT32_MAX)
        cost.model_bytes += n_positions * ll_kv_bytes_per_position(m, (libllm_kv_type)o->kv_type);
    if (!ll_choose_gpu(&r->host, &r->files, &tables, &cost, ll_team_size(r->team), &index))
        return "cpu";
    char name[16];
    snprintf(name, sizeof name, "vulkan:%u", index);
    return device_name(name);
}

libllm_status libllm_engine_create(const libllm_model *model, const libllm_engine_options *options,
                                   libllm_engine **engine, libllm_error *error)
{
    if (!engine)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "engine is NULL");
    *engine = NULL;
    if (!model)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "model is NULL");
    libllm_engine_options o = {.struct_size = sizeof o};
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_engine_options", error);
    if (status)
        return status;
    libllm_runtime *r = model->runtime;
    libllm_engine *e = ll_alloc(&r->host, 1, sizeof *e);
    if (!e)
        return ll_fail_memory(error, "an engine");
    *e = (libllm_engine){.users = 1, .model = ll_use_model(model)};
    const bool is_auto = o.device && strcmp(o.device, "auto") == 0;
    if (is_auto)
        o.device = choose_device(model, &o);
    e->device = device_name(o.device ? o.device : "cpu");
    status = ll_engine_create(&r->host, r->team, r->cpu_features, &r->files, model->model, &o, &e->engine, error);
    if (status && is_auto && strcmp(o.device, "cpu") != 0) { /* a choice of ours may not be the reason of an error */
        o.device = e->device = "cpu";
        status = ll_engine_create(&r->host, r->team, r->cpu_features, &r->files, model->model, &o, &e->engine, error);
    }
    if (status) {
        libllm_engine_free(e);
        return status;
    }
    *engine = e;
    return LIBLLM_OK;
}

void libllm_engine_free(libllm_engine *e)
{
    if (!e || !ll_was_last(&e->users))
        return;
    libllm_model *model = e->model;
    ll_engine_free(e->engine);
    ll_free(&model->runtime->host, e);
    libllm_model_free(model);
}

libllm_status libllm_session_create(const libllm_engine *engine, const libllm_session_options *options,
                                    libllm_session **session, libllm_error *error)
{
    if (!session)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session is NULL");
    *session = NULL;
    if (!engine)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "engine is NULL");
    libllm_session_options o = {.struct_size = sizeof o};
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_session_options", error);
    if (status)
        return status;
    libllm_session *s = ll_alloc(&engine->model->runtime->host, 1, sizeof *s);
    if (!s)
        return ll_fail_memory(error, "a session");
    *s = (libllm_session){.users = 1, .engine = ll_use_engine(engine)};
    status = ll_session_create(engine->engine, o.n_positions, &s->session, error);
    if (status) {
        libllm_session_free(s);
        return status;
    }
    *session = s;
    return LIBLLM_OK;
}

libllm_status libllm_session_open(const libllm_model *model, const libllm_engine_options *engine_options,
                                  libllm_session **session, libllm_error *error)
{
    libllm_engine *engine;
    if (!session)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session is NULL");
    *session = NULL;
    libllm_engine_options of_one = {.struct_size = sizeof of_one};
    libllm_status status = ll_read_options(engine_options, &of_one, sizeof of_one, "libllm_engine_options", error);
    of_one.n_sessions = of_one.n_sessions ? of_one.n_sessions : 1;
    if (!status)
        status = libllm_engine_create(model, &of_one, &engine, error);
    if (status)
        return status;
    libllm_session_options o = {.struct_size = sizeof o, .n_positions = engine->engine->n_positions};
    status = libllm_session_create(engine, &o, session, error);
    libllm_engine_free(engine); /* the session keeps it */
    return status;
}

void libllm_session_free(libllm_session *s)
{
    if (!s || !ll_was_last(&s->users))
        return;
    libllm_engine *engine = s->engine;
    ll_session_free(s->session);
    ll_drop_adapters(&engine->model->runtime->host, s->adapters, s->n_adapters);
    ll_free(&engine->model->runtime->host, s);
    libllm_engine_free(engine);
}

static libllm_status eval(libllm_session *session, const int32_t *tokens, size_t n_tokens, float *logits,
                          libllm_error *error)
{
    ll_session *s = session->session;
    libllm_status status = ll_session_enter(s, false, error);
    if (status)
        return status;
    status = ll_session_eval(s, tokens, n_tokens, logits, error);
    ll_session_leave(s);
    return status;
}

libllm_status libllm_session_encode(libllm_session *session, const int32_t *tokens, size_t n_tokens,
                                    libllm_error *error)
{
    if (!session || (!tokens && n_tokens))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or tokens is NULL");
    libllm_status status = ll_session_enter(session->session, false, error);
    if (status)
        return status;
    status = ll_session_encode(session->session, tokens, n_tokens, error);
    ll_session_leave(session->session);
    return status;
}

libllm_status libllm_session_eval(libllm_session *session, const int32_t *tokens, size_t n_tokens, libllm_error *error)
{
    if (!session || (!tokens && n_tokens))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or tokens is NULL");
    return eval(session, tokens, n_tokens, NULL, error);
}

libllm_status libllm_session_eval_logits(libllm_session *session, const int32_t *tokens, size_t n_tokens, float *logits,
                                         size_t capacity, libllm_error *error)
{
    if (!session || !tokens || !logits || !n_tokens)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session, tokens or logits is NULL, or n_tokens is 0");
    size_t n_row = session->engine->engine->n_row;
    if (capacity / n_row < n_tokens)
        return ll_fail(error, LIBLLM_ERROR_BUFFER_TOO_SMALL,
                       "logits has room for %zu floats, %zu rows of %zu are needed", capacity, n_tokens, n_row);
    return eval(session, tokens, n_tokens, logits, error);
}

/* Enter and check one entry; its work starts finished when it cannot run. */
static void prepare_entry(const libllm_engine *engine, const libllm_batch_entry *entry, ll_work *work)
{
    *work = (ll_work){.finished = true};
    if (!entry->session || !entry->tokens || !entry->n_tokens) {
        work->status = ll_fail(&work->error, LIBLLM_ERROR_INVALID_ARGUMENT, "an entry lacks a session or tokens");
        return;
    }
    if (entry->session->engine != engine) {
        work->status = ll_fail(&work->error, LIBLLM_ERROR_INVALID_ARGUMENT, "a session belongs to another engine");
        return;
    }
    ll_session *s = entry->session->session;
    work->status = ll_session_enter(s, false, &work->error); /* BUSY as well when it is in the batch already */
    if (work->status)
        return;
    work->status = ll_session_check(s, entry->tokens, entry->n_tokens, &work->error);
    if (work->status) {
        ll_session_leave(s);
        return;
    }
    *work = (ll_work){.session = s, .tokens = entry->tokens, .n_tokens = entry->n_tokens};
}

libllm_status libllm_engine_eval(const libllm_engine *engine, libllm_batch_entry *entries, size_t n_entries,
                                 libllm_error *error)
{
    if (!engine || (!entries && n_entries))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "engine or entries is NULL");
    const ll_host *host = &engine->model->runtime->host;
    ll_work *works = ll_alloc(host, n_entries, sizeof *works);
    if (!works) {
        for (size_t i = 0; i < n_entries; i++)
            entries[i].status = LIBLLM_ERROR_OUT_OF_MEMORY;
        return ll_fail_memory(error, "a batch");
    }
    for (size_t i = 0; i < n_entries; i++)
        prepare_entry(engine, &entries[i], &works[i]);
    ll_engine_eval(engine->engine, works, n_entries);
    libllm_status first = LIBLLM_OK;
    for (size_t i = 0; i < n_entries; i++) {
        if (works[i].session)
            ll_session_leave(works[i].session);
        entries[i].status = works[i].status;
        if (works[i].status < 0 && !first) {
            first = works[i].status;
            if (error)
                *error = works[i].error;
        }
    }
    ll_free(host, works);
    return first;
}

libllm_status libllm_session_logits(libllm_session *session, const float **logits, size_t *n_logits,
                                    libllm_error *error)
{
    if (logits)
        *logits = NULL;
    if (n_logits)
        *n_logits = 0;
    if (!session || !logits || !n_logits)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session, logits or n_logits is NULL");
    if (!session->session->has_logits)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the session has no logits: evaluate a token first");
    *logits = session->session->logits;
    *n_logits = session->engine->engine->n_row;
    return LIBLLM_OK;
}

libllm_status libllm_session_rewind(libllm_session *session, size_t n_positions, libllm_error *error)
{
    if (!session)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session is NULL");
    libllm_status status = ll_session_enter(session->session, false, error);
    if (status)
        return status;
    status = ll_session_rewind(session->session, n_positions, error);
    ll_session_leave(session->session);
    return status;
}

libllm_status libllm_session_save(libllm_session *session, const char *path, libllm_error *error)
{
    if (!session || !path)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or path is NULL");
    libllm_status status = ll_session_enter(session->session, false, error);
    if (status)
        return status;
    status = ll_session_save(session->session, path, error);
    ll_session_leave(session->session);
    return status;
}

libllm_status libllm_session_load(libllm_session *session, const char *path, libllm_error *error)
{
    if (!session || !path)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or path is NULL");
    libllm_status status = ll_session_enter(session->session, false, error);
    if (status)
        return status;
    status = ll_session_load(session->session, path, error);
    ll_session_leave(session->session);
    return status;
}

size_t libllm_session_position(const libllm_session *session)
{
    return session ? atomic_load(&session->session->position) : 0;
}

size_t libllm_session_capacity(const libllm_session *session)
{
    return session ? (size_t)session->session->capacity : 0;
}

const char *libllm_session_device(const libllm_session *session) { return session ? session->engine->device : ""; }

uint32_t libllm_session_device_layers(const libllm_session *session)
{
    return session ? session->session->engine->n_device_layers : 0;
}

size_t libllm_session_reused(libllm_session *session) { return session ? session->session->n_reused : 0; }

libllm_status libllm_session_tokens(const libllm_session *session, int32_t *tokens, size_t capacity, size_t *n_tokens,
                                    libllm_error *error)
{
    if (n_tokens)
        *n_tokens = 0;
    if (!session || !n_tokens || (!tokens && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session, n_tokens or tokens is NULL");
    return ll_give_tokens(session->session->tokens, atomic_load(&session->session->position), tokens, capacity,
                          n_tokens, error);
}

void libllm_session_cancel(libllm_session *session)
{
    if (session)
        ll_session_cancel(session->session);
}

libllm_status libllm_session_sample(libllm_session *session, const libllm_sampling_options *options, int32_t *token,
                                    libllm_error *error)
{
    if (token)
        *token = -1;
    if (!session || !token)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "session or token is NULL");
    libllm_sampling_options o;
    libllm_sampling_options_init(&o, sizeof o);
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_sampling_options", error);
    if (!status)
        status = ll_session_enter(session->session, false, error);
    if (status)
        return status;
    ll_sampling_settle(&o, &session->engine->model->model->recommended);
    status = ll_session_sample(session->session, &o, NULL, token, error);
    ll_session_leave(session->session);
    return status;
}
