/* SPDX-License-Identifier: MIT
 * Pages, and the batching of sessions that evaluate at the same time.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/status.h"

#include <string.h>

enum { BATCH_DEFAULT = 256, BATCH_MAX = 4096, CONTEXT_DEFAULT_MAX = 8192, CANCEL_POLL_MS = 20 };

uint64_t ll_context_default(const ll_model *model)
{
    return model->n_context_train < CONTEXT_DEFAULT_MAX ? model->n_context_train : CONTEXT_DEFAULT_MAX;
}

uint32_t ll_engine_pages(const ll_engine *e, uint64_t n_positions)
{
    return (uint32_t)((n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS) * (e->has_source ? 2 : 1);
}

/* A text that is read at once has to fit. */
static uint32_t batch_default(const ll_engine *e)
{
    if (!e->reads_at_once && !e->has_source)
        return BATCH_DEFAULT;
    return e->n_positions < BATCH_MAX ? (uint32_t)e->n_positions : BATCH_MAX;
}

static libllm_status check_options(const libllm_engine_options *o, libllm_error *error)
{
    if (o->kv_type < LIBLLM_KV_AUTO || o->kv_type > LIBLLM_KV_Q8_0)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "kv_type is %d, which is no libllm_kv_type", o->kv_type);
    if (o->n_batch > BATCH_MAX)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "n_batch is %u, expected 1 to %d", o->n_batch, BATCH_MAX);
    if (o->deterministic > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "deterministic is %u, expected 0 or 1", o->deterministic);
    if (o->n_positions > (uint64_t)INT32_MAX)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "n_positions is %llu, expected at most %d",
                       (unsigned long long)o->n_positions, INT32_MAX);
    if (o->profile > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "profile is %u, expected 0 or 1", o->profile);
    if (o->importance > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "importance is %u, expected 0 or 1", o->importance);
    if (o->hidden_states > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "hidden_states is %u, expected 0 or 1", o->hidden_states);
    return LIBLLM_OK;
}

libllm_status ll_engine_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const char *blas_library,
                               const ll_model *model, const libllm_engine_options *options, ll_engine **out,
                               libllm_error *error)
{
    *out = NULL;
    if (!model->family)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the model cannot compute: %s", model->not_runnable.message);
    libllm_status status = check_options(options, error);
    if (!status && options->kv_type == LIBLLM_KV_Q8_0 && (model->head_dim % 32 || model->value_dim % 32))
        status =
            ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                    "KV memory in Q8_0 needs heads of a multiple of 32 values; this model's have %u", model->head_dim);
    if (status)
        return status;
    const ll_backend *backend = ll_backend_find(options->device ? options->device : "cpu");
    if (!backend)
        return ll_fail(error, LIBLLM_ERROR_NOT_FOUND, "there is no device \"%.32s\", expected \"cpu\" or \"blas\"",
                       options->device);
    ll_engine *e = ll_calloc(host, 1, sizeof *e);
    if (!e)
        return ll_fail_memory(error, "an engine");
    e->host = host;
    e->team = team;
    e->model = model;
    e->backend = backend;
    e->profiles = options->profile;
    e->hidden_states = options->hidden_states || model->is_encoder;
    e->n_row = e->hidden_states ? model->n_embd : model->n_vocab;
    e->has_source = model->n_encoder_layers && !e->hidden_states;
    e->reads_at_once = model->is_encoder || (model->n_encoder_layers && e->hidden_states);
    e->kv_type = ll_kv_type_resolve(model, options->kv_type);
    e->n_positions = options->n_positions ? options->n_positions : ll_context_default(model);
    e->n_batch = options->n_batch ? options->n_batch : batch_default(e);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->changed, NULL);
    e->n_free_pages = ll_engine_pages(e, e->n_positions);
    e->free_pages = ll_alloc(host, e->n_free_pages, sizeof *e->free_pages);
    e->runs = ll_alloc(host, e->n_batch, sizeof *e->runs);
    e->stepping = ll_alloc(host, e->n_batch, sizeof *e->stepping);
    e->sums = options->importance ? ll_input_sums_create(host, model) : NULL;
    if (!e->free_pages || !e->runs || !e->stepping || (options->importance && !e->sums)) {
        status = ll_fail_memory(error, "an engine");
    } else {
        for (uint32_t i = 0; i < e->n_free_pages; i++)
            e->free_pages[i] = e->n_free_pages - 1 - i; /* low pages first */
        ll_executor_options executor = {.n_batch = e->n_batch,
                                        .n_pages = e->n_free_pages,
                                        .n_positions = e->n_positions,
                                        .kv_type = e->kv_type,
                                        .hidden_states = e->hidden_states,
                                        .deterministic = options->deterministic,
                                        .blas_library = blas_library};
        status = e->backend->create(host, team, cpu_features, model, &executor, &e->executor, error);
    }
    if (status) {
        ll_engine_free(e);
        return status;
    }
    ll_read_ahead_start(&e->read_ahead, model->gguf.files, model->gguf.n_files);
    *out = e;
    return LIBLLM_OK;
}

void ll_engine_free(ll_engine *e)
{
    if (!e)
        return;
    ll_read_ahead_stop(&e->read_ahead);
    e->backend->free(e->executor);
    if (!ll_team_forked(e->team)) { /* a child has these as they were: locked, waited for */
        pthread_mutex_destroy(&e->lock);
        pthread_cond_destroy(&e->changed);
    }
    ll_free(e->host, e->free_pages);
    ll_free(e->host, e->runs);
    ll_free(e->host, e->stepping);
    ll_input_sums_free(e->sums);
    ll_free(e->host, e);
}

bool ll_engine_take_pages(ll_engine *e, uint32_t *pages, uint32_t n, uint32_t *n_free)
{
    pthread_mutex_lock(&e->lock);
    *n_free = e->n_free_pages;
    bool enough = n <= e->n_free_pages;
    for (uint32_t i = 0; enough && i < n; i++)
        pages[i] = e->free_pages[--e->n_free_pages];
    pthread_mutex_unlock(&e->lock);
    return enough;
}

void ll_engine_give_pages(ll_engine *e, const uint32_t *pages, uint32_t n)
{
    if (ll_team_forked(e->team)) /* nobody will take them, and the lock may be that of a thread left behind */
        return;
    pthread_mutex_lock(&e->lock);
    for (uint32_t i = n; i-- > 0;)
        e->free_pages[e->n_free_pages++] = pages[i];
    pthread_mutex_unlock(&e->lock);
}

void ll_engine_take_profile(ll_engine *e, ll_profile *profile)
{
    pthread_mutex_lock(&e->lock);
    *profile = e->profile;
    e->profile = (ll_profile){0};
    pthread_mutex_unlock(&e->lock);
}

void ll_engine_return_profile(ll_engine *e, const ll_profile *profile)
{
    pthread_mutex_lock(&e->lock);
    ll_profile_add(&e->profile, profile);
    pthread_mutex_unlock(&e->lock);
}

libllm_status ll_engine_save_importance(ll_engine *e, const char *path, bool replaces, ll_span dataset,
                                        libllm_error *error)
{
    pthread_mutex_lock(&e->lock);
    while (e->leading) /* a step adds to the sums */
        pthread_cond_wait(&e->changed, &e->lock);
    libllm_status status = ll_input_sums_write(e->sums, path, replaces, dataset, error);
    pthread_mutex_unlock(&e->lock);
    return status;
}

static bool cancelled(const ll_work *work)
{
    return atomic_load_explicit(&work->session->call, memory_order_relaxed) == LL_CALL_CANCELLED;
}

static bool waits_cancelled(const ll_work *work) { return !work->finished && !work->stepping && cancelled(work); }

/* Asked during a step: any session that wants out ends it, be it in the step or one that the leader is to serve; the
 * others run again in the next. */
static bool step_cancelled(void *context)
{
    const ll_engine *e = context;
    for (size_t i = 0; i < e->n_own; i++)
        if (waits_cancelled(&e->own[i]))
            return true;
    for (uint32_t i = 0; i < e->n_stepping; i++)
        if (cancelled(e->stepping[i]))
            return true;
    return false;
}

static void finish(ll_engine *e, ll_work *work, libllm_status status)
{
    ll_work **link = &e->queue;
    while (*link != work)
        link = &(*link)->next;
    *link = work->next;
    work->status = status;
    work->finished = true;
    ll_session *s = work->session;
    if (status < 0) { /* the whole call is undone; what it wrote behind the position is overwritten later */
        atomic_fetch_sub(&s->position, work->n_done);
        s->running = s->state;
    } else {
        s->state = s->running;
        s->n_in_state = atomic_load(&s->position);
    }
}

/* What comes first: tokens of the timeline that its state has yet to see again, then those of the work. */
static size_t n_behind(const ll_work *work)
{
    const ll_session *s = work->session;
    return work->n_done ? 0 : atomic_load(&s->position) - ll_session_evaluated(s);
}

static size_t n_left(const ll_work *work)
{
    size_t behind = n_behind(work);
    return behind ? behind : work->n_tokens - work->n_done;
}

/* Waiting works of one caller: what is cancelled need not wait for a step of others to end. */
static void finish_waiting(ll_engine *e, ll_work *works, size_t n_works)
{
    for (size_t i = 0; i < n_works; i++)
        if (waits_cancelled(&works[i]))
            finish(e, &works[i], ll_fail(&works[i].error, LIBLLM_ERROR_CANCELLED, "cancelled"));
}

static void finish_cancelled(ll_engine *e)
{
    for (ll_work *work = e->queue, *next; work; work = next) {
        next = work->next;
        if (cancelled(work))
            finish(e, work, ll_fail(&work->error, LIBLLM_ERROR_CANCELLED, "cancelled"));
    }
}

static void add_to_step(ll_engine *e, ll_work *work, size_t n)
{
    ll_session *s = work->session;
    size_t n_row = e->n_row, behind = n_behind(work);
    bool last = work->n_done + n == work->n_tokens;
    work->n_step = (uint32_t)n;
    work->stepping = true;
    e->runs[e->n_stepping] = (ll_run){.tokens = behind ? s->tokens + s->n_in_state : work->tokens + work->n_done,
                                      .n_tokens = (uint32_t)n,
                                      .n_second = e->reads_at_once ? (uint32_t)work->n_second : 0,
                                      .position = atomic_load(&s->position) - behind,
                                      .pages = work->encodes ? s->source_pages : s->pages,
                                      .source_pages = s->source_pages,
                                      .n_source = s->n_source,
                                      .state = s->states[s->running],
                                      .next_state = s->states[ll_session_next_state(s)],
                                      .adapters = s->adapters,
                                      .logits = behind || work->encodes ? NULL
                                                : work->logits          ? work->logits + work->n_done * n_row
                                                : last                  ? s->next_logits
                                                                        : NULL,
                                      .all_logits = work->logits != NULL};
    e->stepping[e->n_stepping++] = work;
}

/* Single tokens (decoding) go first, so that a long prompt delays nobody by more than a step; then prompts, oldest
 * first, as far as the batch reaches. What an encoder is to read and what a decoder is to, whose layers are others,
 * take turns by age. */
static void choose_step(ll_engine *e)
{
    uint32_t room = e->n_batch;
    const bool encodes = e->queue->encodes;
    e->n_stepping = 0;
    for (ll_work *work = e->queue; work && room; work = work->next)
        if (n_left(work) == 1 && work->encodes == encodes) {
            add_to_step(e, work, 1);
            room--;
        }
    for (ll_work *work = e->queue; work && room; work = work->next) {
        size_t left = n_left(work);
        if (left == 1 || work->encodes != encodes)
            continue;
        uint32_t n = left < room ? (uint32_t)left : room;
        if ((e->reads_at_once || encodes) && n < left)
            continue; /* a text is not split */
        add_to_step(e, work, n);
        room -= n;
    }
}

/* Take note of what a step has done. */
static void commit_step(ll_engine *e, libllm_status status, const libllm_error *error)
{
    for (uint32_t i = 0; i < e->n_stepping; i++) {
        ll_work *work = e->stepping[i];
        ll_session *s = work->session;
        work->stepping = false;
        if (status == LIBLLM_ERROR_CANCELLED)
            continue;
        if (status) {
            work->error = *error;
            finish(e, work, status);
            continue;
        }
        if (work->encodes) {
            s->n_source = work->n_tokens;
            finish(e, work, LIBLLM_OK);
            continue;
        }
        s->running = ll_session_next_state(s);
        if (n_behind(work)) {
            s->state = s->running;
            s->n_in_state += work->n_step;
            continue;
        }
        size_t position = atomic_load(&s->position);
        memcpy(s->tokens + position, work->tokens + work->n_done, work->n_step * sizeof *s->tokens);
        work->n_done += work->n_step;
        atomic_store(&s->position, position + work->n_step);
        if (work->n_done == work->n_tokens) {
            if (work->logits)
                memcpy(s->next_logits, work->logits + (work->n_tokens - 1) * (size_t)e->n_row,
                       e->n_row * sizeof *s->next_logits);
            float *logits = s->logits; /* which stay as they were when a call fails */
            s->logits = s->next_logits;
            s->next_logits = logits;
            s->has_logits = true;
            finish(e, work, LIBLLM_OK);
        }
    }
    e->n_stepping = 0;
}

static void count_texts(ll_engine *e)
{
    for (uint32_t i = 0; i < e->n_stepping; i++) {
        e->sums->n_texts += e->runs[i].position == 0;
        e->sums->n_tokens += e->runs[i].n_tokens;
    }
}

/* One step for all; called with the lock held and leading set, gives the lock up while it computes. */
static void step(ll_engine *e)
{
    finish_cancelled(e);
    if (!e->queue)
        return;
    choose_step(e);
    ll_batch batch = {.runs = e->runs,
                      .n_runs = e->n_stepping,
                      .encodes = e->stepping[0]->encodes,
                      .cancelled = step_cancelled,
                      .cancel_context = e};
    libllm_error error;
    batch.sums = e->sums;
    ll_profile profile = {0}; /* the engine's may be taken meanwhile */
    if (e->profiles)
        batch.profile = &profile;
    pthread_mutex_unlock(&e->lock);
    libllm_status status = e->backend->run(e->executor, &batch, &error);
    pthread_mutex_lock(&e->lock);
    if (e->profiles)
        ll_profile_add(&e->profile, &profile);
    if (e->sums && !status && !batch.encodes)
        count_texts(e);
    commit_step(e, status, &error);
}

static bool all_finished(const ll_work *works, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!works[i].finished)
            return false;
    return true;
}

void ll_engine_eval(ll_engine *e, ll_work *works, size_t n_works)
{
    if (ll_team_forked(e->team)) {
        for (size_t i = 0; i < n_works; i++)
            if (!works[i].finished)
                works[i].status = ll_fail(&works[i].error, LIBLLM_ERROR_FORKED,
                                          "the engine was made before fork() and cannot compute in the child");
        return;
    }
    pthread_mutex_lock(&e->lock);
    ll_work **tail = &e->queue;
    while (*tail)
        tail = &(*tail)->next;
    for (size_t i = 0; i < n_works; i++) {
        if (works[i].finished)
            continue;
        *tail = &works[i];
        tail = &works[i].next;
    }
    *tail = NULL;
    while (!all_finished(works, n_works)) {
        if (e->leading) {
            struct timespec until = ll_moment_after(CANCEL_POLL_MS);
            pthread_cond_clockwait(&e->changed, &e->lock, CLOCK_MONOTONIC, &until);
            finish_waiting(e, works, n_works);
            continue;
        }
        e->leading = true;
        e->own = works;
        e->n_own = n_works;
        step(e);
        e->n_own = 0;
        e->leading = false;
        pthread_cond_broadcast(&e->changed);
    }
    pthread_mutex_unlock(&e->lock);
}
