/* SPDX-License-Identifier: MIT
 * One timeline: making it, appending to it, going back in it, drawing from its end.
 */
#include "session/session.h"

#include "base/status.h"

#include <string.h>

/* The root of its pages, and those for the encoder's text, which are the other half. */
static void take_shares(ll_session *s)
{
    ll_engine *e = s->engine;
    pthread_mutex_lock(&e->lock);
    if (e->reuses)
        s->root = ll_pages_root(&e->pages, NULL, 0);
    s->source_pages = e->has_source ? s->pages + s->n_pages / 2 : NULL;
    for (uint32_t i = 0; s->source_pages && i < s->n_pages / 2; i++)
        s->source_pages[i] = ll_pages_take(&e->pages);
    pthread_mutex_unlock(&e->lock);
}

static void give_shares(ll_session *s)
{
    ll_engine *e = s->engine;
    if (ll_team_forked(e->team)) /* nobody will take them, and the lock may be that of a thread left behind */
        return;
    pthread_mutex_lock(&e->lock);
    ll_session_give_behind(s, 0);
    for (uint32_t i = 0; s->source_pages && i < s->n_pages / 2; i++)
        ll_pages_give(&e->pages, s->source_pages[i]);
    if (s->root)
        ll_pages_drop_root(&e->pages, s->root);
    e->pages.n_free += s->n_pages;
    e->pages.n_free_windows += s->n_windows;
    pthread_mutex_unlock(&e->lock);
}

libllm_status ll_session_create(ll_engine *e, uint64_t n_positions, ll_session **out, libllm_error *error)
{
    *out = NULL;
    if (ll_team_forked(e->team))
        return ll_fail(error, LIBLLM_ERROR_FORKED, "the engine was made before fork() and is of no use in the child");
    bool any = n_positions == 0;
    if (any)
        n_positions = ll_context_default(e->model);
    if (any && n_positions > e->n_positions)
        n_positions = e->n_positions;
    if (e->model->position_embedding.data && n_positions > e->model->n_context_train)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "n_positions is %llu, but the model has learned %u positions only",
                       (unsigned long long)n_positions, e->model->n_context_train);
    if (n_positions > e->n_positions)
        return ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL, "the session asks for %llu positions, the engine has %llu",
                       (unsigned long long)n_positions, (unsigned long long)e->n_positions);
    ll_session *s = ll_calloc(e->host, 1, sizeof *s);
    if (!s)
        return ll_fail_memory(error, "a session");
    s->host = e->host;
    s->engine = e;
    s->capacity = n_positions;
    uint32_t n_pages = ll_engine_pages(e, n_positions), n_free;
    uint32_t n_windows = ll_engine_windows(e, n_positions);
    s->pages = ll_alloc(e->host, n_pages, sizeof *s->pages);
    s->windows = n_windows ? ll_alloc(e->host, n_pages, sizeof *s->windows) : NULL;
    s->tokens = ll_alloc(e->host, (size_t)n_positions, sizeof *s->tokens);
    s->logits = ll_alloc_aligned(e->host, e->n_row, sizeof *s->logits, 64);
    s->next_logits = ll_alloc_aligned(e->host, e->n_row, sizeof *s->next_logits, 64);
    libllm_status status = LIBLLM_OK;
    const uint64_t state_bytes = ll_state_bytes(e->model);
    bool made = s->pages && (s->windows || !n_windows) && s->tokens && s->logits && s->next_logits;
    for (uint32_t i = 0; made && state_bytes && i < LL_SESSION_STATES; i++) {
        s->states[i] = e->backend->state_create(e->executor);
        made = s->states[i] != NULL;
    }
    if (!made) {
        status = ll_fail_memory(error, "a session");
    } else {
        const uint32_t page_positions = e->has_source ? LL_PAGE_POSITIONS / 2 : LL_PAGE_POSITIONS;
        bool taken = ll_engine_promise_pages(e, n_pages, n_windows, &n_free);
        if (!taken && any && n_free > 0 && n_free < n_pages) {
            n_pages = n_free;
            s->capacity = (uint64_t)n_pages * page_positions;
            n_windows = ll_engine_windows(e, s->capacity);
            taken = ll_engine_promise_pages(e, n_pages, n_windows, &n_free);
        }
        s->n_pages = taken ? n_pages : 0;
        s->n_windows = taken ? n_windows : 0;
        if (taken)
            take_shares(s);
        else if (n_pages <= n_free)
            status =
                ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL,
                        "the engine was made for n_sessions, and has memory for no more in its layers with a window");
        else
            status = ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL,
                             "the session asks for %llu positions, the engine has %llu of %llu free",
                             (unsigned long long)n_positions, (unsigned long long)n_free * page_positions,
                             (unsigned long long)e->n_positions);
    }
    if (status) {
        ll_session_free(s);
        return status;
    }
    *out = s;
    return LIBLLM_OK;
}

void ll_session_free(ll_session *s)
{
    if (!s)
        return;
    ll_engine_expect_no_more(s->engine, s);
    if (s->n_pages)
        give_shares(s);
    for (uint32_t i = 0; i < LL_SESSION_STATES; i++)
        s->engine->backend->state_free(s->engine->executor, s->states[i]);
    s->engine->backend->adapters_free(s->engine->executor, s->adapters);
    ll_free(s->host, s->uses);
    ll_free(s->host, s->pages);
    ll_free(s->host, s->windows);
    ll_free(s->host, s->tokens);
    ll_free(s->host, s->logits);
    ll_free(s->host, s->next_logits);
    ll_free(s->host, s->candidates);
    ll_free(s->host, s);
}

libllm_status ll_session_enter(ll_session *s, bool for_stream, libllm_error *error)
{
    unsigned none = LL_CALL_NONE;
    if (!atomic_compare_exchange_strong(&s->call, &none, LL_CALL_RUNNING)) {
        if (ll_team_forked(s->engine->team)) /* the call was that of a thread left behind */
            return ll_fail(error, LIBLLM_ERROR_FORKED,
                           "the session was made before fork() and is of no use in the child");
        return ll_fail(error, LIBLLM_ERROR_BUSY, "the session is in use by another thread");
    }
    if (s->streaming && !for_stream) {
        ll_session_leave(s);
        return ll_fail(error, LIBLLM_ERROR_BUSY, "the session has an open stream");
    }
    return LIBLLM_OK;
}

void ll_session_leave(ll_session *s) { atomic_store(&s->call, LL_CALL_NONE); }

void ll_session_cancel(ll_session *s)
{
    unsigned running = LL_CALL_RUNNING;
    atomic_compare_exchange_strong(&s->call, &running, LL_CALL_CANCELLED);
}

libllm_status ll_session_check_ids(const ll_session *s, const int32_t *tokens, size_t n_tokens, libllm_error *error)
{
    uint32_t n_vocab = s->engine->model->n_vocab;
    for (size_t i = 0; i < n_tokens; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= n_vocab)
            return ll_fail(error, LIBLLM_ERROR_OUT_OF_RANGE, "token %zu is %d, the vocabulary has %u", i, tokens[i],
                           n_vocab);
    return LIBLLM_OK;
}

libllm_status ll_session_check_source(const ll_session *s, libllm_error *error)
{
    if (!s->engine->has_source || s->n_source)
        return LIBLLM_OK;
    return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                   "the session has no text for the model's encoder: libllm_session_encode() gives it one");
}

libllm_status ll_session_check(const ll_session *s, const int32_t *tokens, size_t n_tokens, libllm_error *error)
{
    size_t position = atomic_load(&s->position);
    libllm_status status = ll_session_check_source(s, error);
    if (status)
        return status;
    if (n_tokens > s->capacity - position)
        return ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL, "%zu tokens behind %zu do not fit into a context of %llu",
                       n_tokens, position, (unsigned long long)s->capacity);
    if (s->engine->reads_at_once && (position || n_tokens > s->engine->n_batch))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "an encoder reads a text at once: %zu tokens behind %zu, with a batch of at most %u", n_tokens,
                       position, s->engine->n_batch);
    return ll_session_check_ids(s, tokens, n_tokens, error);
}

/* A text that could not be read leaves none: its pages may have something of both. */
libllm_status ll_session_encode(ll_session *s, const int32_t *tokens, size_t n_tokens, libllm_error *error)
{
    const ll_engine *e = s->engine;
    if (!e->has_source)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       e->hidden_states ? "the engine makes hidden states, and has no decoder that a text is read for"
                                        : "the model has no encoder besides a decoder");
    if (n_tokens == 0)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the text is empty");
    if (n_tokens > s->capacity)
        return ll_fail(error, LIBLLM_ERROR_CONTEXT_FULL, "a text of %zu tokens does not fit into a context of %llu",
                       n_tokens, (unsigned long long)s->capacity);
    if (n_tokens > e->n_batch)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "an encoder reads a text at once: %zu tokens, with a batch of at most %u", n_tokens, e->n_batch);
    libllm_status status = ll_session_check_ids(s, tokens, n_tokens, error);
    if (status)
        return status;
    atomic_store(&s->position, 0);
    s->has_logits = false;
    s->n_other = 0;
    s->n_source = 0;
    ll_work work = {.session = s, .tokens = tokens, .n_tokens = n_tokens, .encodes = true};
    ll_engine_eval(s->engine, &work, 1);
    if (work.status < 0 && error)
        *error = work.error;
    return work.status;
}

libllm_status ll_session_eval_pair(ll_session *s, const int32_t *tokens, size_t n_tokens, size_t n_second,
                                   float *logits, libllm_error *error)
{
    libllm_status status = ll_session_check(s, tokens, n_tokens, error);
    if (status || n_tokens == 0)
        return status;
    ll_work work = {.session = s, .tokens = tokens, .n_tokens = n_tokens, .n_second = n_second, .logits = logits};
    ll_engine_eval(s->engine, &work, 1);
    if (work.status < 0 && error)
        *error = work.error;
    return work.status;
}

libllm_status ll_session_eval(ll_session *s, const int32_t *tokens, size_t n_tokens, float *logits, libllm_error *error)
{
    return ll_session_eval_pair(s, tokens, n_tokens, 0, logits, error);
}

static void show_logits(ll_session *s, const float *row)
{
    memcpy(s->logits, row, s->engine->n_row * sizeof *row);
    s->has_logits = true;
}

libllm_status ll_session_eval_ahead(ll_session *s, const int32_t *tokens, size_t n_tokens, float *rows,
                                    libllm_error *error)
{
    libllm_status status = ll_session_check(s, tokens, n_tokens, error);
    if (status)
        return status;
    ll_work work = {.session = s, .tokens = tokens, .n_tokens = n_tokens, .logits = rows, .ahead = true};
    ll_engine_eval(s->engine, &work, 1);
    if (work.status < 0) {
        if (error)
            *error = work.error;
        return work.status;
    }
    s->n_ahead = n_tokens - 1;
    atomic_fetch_sub(&s->position, s->n_ahead);
    show_logits(s, rows);
    return LIBLLM_OK;
}

bool ll_session_take_ahead(ll_session *s, int32_t token, const float *row)
{
    if (s->n_ahead == 0 || s->tokens[atomic_load(&s->position)] != token)
        return false;
    s->n_ahead--;
    s->n_reused = 0;
    atomic_fetch_add(&s->position, 1);
    show_logits(s, row);
    return true;
}

libllm_status ll_session_rewind(ll_session *s, size_t n_positions, libllm_error *error)
{
    size_t position = atomic_load(&s->position);
    if (n_positions > position)
        return ll_fail(error, LIBLLM_ERROR_OUT_OF_RANGE, "cannot go back to %zu tokens, the session has %zu",
                       n_positions, position);
    const bool gives = (n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS < s->n_held;
    if ((gives || s->windows || s->states[0]) && !ll_team_forked(s->engine->team)) {
        pthread_mutex_lock(&s->engine->lock);
        ll_session_give_behind(s, n_positions);
        ll_session_settle(s, n_positions);
        pthread_mutex_unlock(&s->engine->lock);
    }
    if (n_positions < position)
        s->has_logits = false;
    if (n_positions < s->n_evaluated)
        s->n_evaluated = n_positions;
    s->n_ahead = 0;
    if (n_positions < s->n_loaded)
        s->n_loaded = n_positions;
    if (n_positions < s->n_other)
        s->n_other = n_positions;
    if (s->n_evaluated == 0) /* all are evaluated again */
        s->n_other = 0;
    if (n_positions < s->n_linked * (size_t)LL_PAGE_POSITIONS)
        s->n_linked = (uint32_t)(n_positions / LL_PAGE_POSITIONS);
    atomic_store(&s->position, n_positions);
    return LIBLLM_OK;
}

size_t ll_session_evaluated(const ll_session *s)
{
    const size_t position = atomic_load(&s->position);
    return s->n_evaluated < position ? s->n_evaluated : position;
}

uint32_t ll_session_next_state(const ll_session *s)
{
    uint32_t next = 0;
    while (next == s->state || next == s->running)
        next++;
    return next;
}

static bool change_root(ll_session *s, const ll_adapter_use *uses, size_t n)
{
    ll_engine *e = s->engine;
    pthread_mutex_lock(&e->lock);
    ll_page_root *root = ll_pages_root(&e->pages, uses, n);
    if (root) {
        ll_pages_drop_root(&e->pages, s->root);
        s->root = root;
    }
    pthread_mutex_unlock(&e->lock);
    return root != NULL;
}

libllm_status ll_session_set_adapters(ll_session *s, const ll_adapter_use *uses, size_t n, libllm_error *error)
{
    bool same = n == s->n_uses;
    for (size_t i = 0; same && i < n; i++)
        same = uses[i].adapter == s->uses[i].adapter && uses[i].scale == s->uses[i].scale;
    if (same)
        return LIBLLM_OK;
    if (ll_team_forked(s->engine->team))
        return ll_fail(error, LIBLLM_ERROR_FORKED, "the session was made before fork() and is of no use in the child");
    const ll_backend *backend = s->engine->backend;
    if (n && !backend->adapters_create)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the device %s does not compute with adapters", backend->kind);
    ll_adapter_use *copy = n ? ll_alloc(s->host, n, sizeof *copy) : NULL;
    ll_adapter_set *set = copy ? backend->adapters_create(s->engine->executor, uses, n) : NULL;
    if (n && !set) {
        ll_free(s->host, copy);
        return ll_fail_memory(error, "the adapters of a session");
    }
    if (n)
        memcpy(copy, uses, n * sizeof *copy);
    if (s->root && !change_root(s, uses, n)) {
        backend->adapters_free(s->engine->executor, set);
        ll_free(s->host, copy);
        return ll_fail_memory(error, "the adapters of a session");
    }
    backend->adapters_free(s->engine->executor, s->adapters);
    ll_free(s->host, s->uses);
    s->adapters = set;
    s->uses = copy;
    s->n_uses = n;
    s->n_other = atomic_load(&s->position);
    s->n_linked = 0;
    s->n_ahead = 0;
    return LIBLLM_OK;
}

/* Rows behind the tokenizer's tokens fill the matrix up and stand for nothing. */
static uint32_t n_choices(const ll_session *s)
{
    const ll_model *model = s->engine->model;
    const size_t n = model->tokenizer ? ll_tokenizer_size(model->tokenizer) : model->n_vocab;
    return n < model->n_vocab ? (uint32_t)n : model->n_vocab;
}

libllm_status ll_session_sample(ll_session *s, const libllm_sampling_options *options, const uint32_t *allowed,
                                int32_t *token, libllm_error *error)
{
    uint32_t n_vocab = s->engine->model->n_vocab;
    if (s->engine->hidden_states)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the engine makes hidden states, no logits to choose from");
    if (!s->has_logits)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the session has no logits: evaluate a token first");
    libllm_status status = ll_sampling_check(options, n_vocab, error);
    if (status)
        return status;
    if (!s->candidates) {
        s->candidates = ll_alloc(s->host, n_vocab, sizeof *s->candidates);
        if (!s->candidates)
            return ll_fail_memory(error, "the candidates of a draw");
    }
    size_t position = atomic_load(&s->position);
    return ll_sample(options, s->logits, n_choices(s), allowed, s->tokens, position, position, s->candidates, token,
                     error);
}

float ll_session_logprobs(const ll_session *s, int32_t token, libllm_token_logprob *top, uint32_t n_top)
{
    return ll_logprobs(s->logits, n_choices(s), token, top, n_top);
}
