/* SPDX-License-Identifier: MIT
 * Pages, and the batching of sessions that evaluate at the same time.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/status.h"

#include <string.h>

enum { BATCH_DEFAULT = 256, BATCH_MAX = 8192, CONTEXT_DEFAULT_MAX = 8192, CANCEL_POLL_MS = 20 };

/* What sessions may take to come back with their next token: as long as the step that gave them the last, which is what
 * a step of their own would cost the others, and never so long that a person would notice. */
enum { GATHER_NS_MAX = 20 * 1000 * 1000 };

/* Tokens at the end of a prompt that the next turn may have otherwise, and of one that is long enough for a step more.
 */
enum { PROMPT_END = 8, PROMPT_LONG = 32 };

uint64_t ll_context_default(const ll_model *model)
{
    return model->n_context_train < CONTEXT_DEFAULT_MAX ? model->n_context_train : CONTEXT_DEFAULT_MAX;
}

uint32_t ll_engine_pages(const ll_engine *e, uint64_t n_positions)
{
    return (uint32_t)((n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS) * (e->has_source ? 2 : 1);
}

/* What a batch of tokens sees, and two pages while one is copied. */
uint32_t ll_engine_windows(const ll_engine *e, uint64_t n_positions)
{
    if (!e->window)
        return 0;
    const uint64_t n_pages = ll_engine_pages(e, n_positions);
    const uint64_t most = (e->window - 1 + (uint64_t)e->n_batch + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS + 3;
    return (uint32_t)(n_pages < most ? n_pages : most);
}

/* How many pages for layers with a window make do for the sessions that are expected, and for one more of which others
 * may take something up; 0: where that saves nothing. */
static uint32_t choose_windows(ll_engine *e, uint32_t n_sessions)
{
    if (n_sessions == 0 || !e->backend->has_window_pages || e->has_source || e->reads_at_once ||
        ll_state_bytes(e->model))
        return 0;
    for (uint32_t i = 0; i < e->model->n_layers; i++)
        if (e->model->layers[i].window > e->window)
            e->window = e->model->layers[i].window;
    const uint64_t n = ((uint64_t)n_sessions + 1) * ll_engine_windows(e, e->n_positions);
    if (n < ll_engine_pages(e, e->n_positions))
        return (uint32_t)n;
    e->window = 0;
    return 0;
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
    if (o->kv_type < LIBLLM_KV_AUTO || o->kv_type > LIBLLM_KV_Q4_0)
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
    if (o->no_reuse > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "no_reuse is %u, expected 0 or 1", o->no_reuse);
    if (o->hidden_states > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "hidden_states is %u, expected 0 or 1", o->hidden_states);
    return LIBLLM_OK;
}

libllm_status ll_engine_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_device_files *files,
                               const ll_model *model, const libllm_engine_options *options, ll_engine **out,
                               libllm_error *error)
{
    *out = NULL;
    if (!model->family)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the model cannot compute: %s", model->not_runnable.message);
    libllm_status status = check_options(options, error);
    if (!status && options->kv_type >= LIBLLM_KV_Q8_0 && (model->head_dim % 32 || model->value_dim % 32))
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                         "KV memory in %s needs heads of a multiple of 32 values; this model's have %u",
                         options->kv_type == LIBLLM_KV_Q8_0 ? "Q8_0" : "Q4_0", model->head_dim);
    if (status)
        return status;
    uint32_t device_index;
    const ll_backend *backend = ll_backend_find(options->device ? options->device : "cpu", &device_index, error);
    if (!backend)
        return LIBLLM_ERROR_NOT_FOUND;
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
    ll_cond_init(&e->changed);
    e->reuses = !options->no_reuse && !options->importance && !e->has_source && !e->reads_at_once;
    const uint32_t n_pages = ll_engine_pages(e, e->n_positions);
    const uint32_t n_window_pages = choose_windows(e, options->n_sessions);
    const bool has_pages = ll_pages_init(&e->pages, host, n_pages, n_window_pages);
    if (e->reuses && ll_state_bytes(model))
        ll_pages_keep_states(&e->pages, ll_state_bytes(model));
    e->runs = ll_alloc(host, e->n_batch, sizeof *e->runs);
    e->stepping = ll_alloc(host, e->n_batch, sizeof *e->stepping);
    e->sums = options->importance ? ll_input_sums_create(host, model) : NULL;
    if (!has_pages || !e->runs || !e->stepping || (options->importance && !e->sums)) {
        status = ll_fail_memory(error, "an engine");
    } else {
        ll_executor_options executor = {.n_batch = e->n_batch,
                                        .n_pages = n_pages,
                                        .n_window_pages = n_window_pages,
                                        .n_positions = e->n_positions,
                                        .kv_type = e->kv_type,
                                        .hidden_states = e->hidden_states,
                                        .deterministic = options->deterministic,
                                        .importance = options->importance,
                                        .device_index = device_index,
                                        .files = *files};
        ll_placed placed;
        status = ll_backend_place(e->backend, host, team, cpu_features, model, &executor, options->n_device_layers,
                                  &placed, error);
        if (!status) {
            e->backend = placed.backend;
            e->executor = placed.executor;
            e->n_device_layers = placed.n_device_layers;
        }
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
    ll_pages_free(&e->pages);
    ll_free(e->host, e->runs);
    ll_free(e->host, e->stepping);
    ll_input_sums_free(e->sums);
    ll_free(e->host, e);
}

bool ll_engine_promise_pages(ll_engine *e, uint32_t n, uint32_t n_windows, uint32_t *n_free)
{
    pthread_mutex_lock(&e->lock);
    *n_free = e->pages.n_free;
    bool enough = n <= e->pages.n_free && n_windows <= e->pages.n_free_windows;
    e->pages.n_free -= enough ? n : 0;
    e->pages.n_free_windows -= enough ? n_windows : 0;
    pthread_mutex_unlock(&e->lock);
    return enough;
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

/* The next step waits for a session that has just been served if it was quick to come back the time before. */
static void expect(ll_engine *e, ll_session *s)
{
    s->back_by = e->gather_until;
    s->expected_after = s->is_quick ? e->n_steps : 0;
    e->n_expected += s->is_quick;
}

static bool stop_expecting(ll_engine *e, ll_session *s)
{
    const bool expected = s->expected_after && s->expected_after == e->n_steps;
    e->n_expected -= expected;
    s->expected_after = 0;
    return expected;
}

static bool gathers(const ll_engine *e) { return e->n_expected && ll_nanoseconds() < e->gather_until; }

void ll_engine_expect_no_more(ll_engine *e, ll_session *s)
{
    if (ll_team_forked(e->team)) /* where the lock may be that of a thread left behind */
        return;
    pthread_mutex_lock(&e->lock);
    if (stop_expecting(e, s) && e->n_expected == 0)
        pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static bool call_cancelled(const ll_session *s)
{
    return atomic_load_explicit(&s->call, memory_order_relaxed) == LL_CALL_CANCELLED;
}

static bool cancelled(const ll_work *work)
{
    const ll_session *s = work->session;
    return call_cancelled(s) || (s->served && call_cancelled(s->served));
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
        ll_session_give_behind(s, atomic_load(&s->position));
        ll_session_settle(s, atomic_load(&s->position));
    } else {
        s->state = s->running;
        s->n_evaluated = atomic_load(&s->position);
        expect(e, s);
        if (!work->ahead)
            ll_session_link(s);
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
    ll_session_move_window(s, atomic_load(&s->position) - behind, n);
    work->n_step = (uint32_t)n;
    work->stepping = true;
    e->runs[e->n_stepping] = (ll_run){.tokens = behind ? s->tokens + s->n_evaluated : work->tokens + work->n_done,
                                      .n_tokens = (uint32_t)n,
                                      .n_second = e->reads_at_once ? (uint32_t)work->n_second : 0,
                                      .position = atomic_load(&s->position) - behind,
                                      .pages = work->encodes ? s->source_pages : s->pages,
                                      .window_pages = s->windows,
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

/* A text that is read at once is not split: as many as there is room for, oldest first. */
static void choose_texts(ll_engine *e, bool encodes)
{
    size_t room = e->n_batch;
    for (ll_work *work = e->queue; work; work = work->next)
        if (work->encodes == encodes && n_left(work) <= room) {
            room -= n_left(work);
            add_to_step(e, work, n_left(work));
        }
}

/* A token that somebody waits for, with what is guessed to come behind it. */
static bool decodes(const ll_work *work) { return n_left(work) == 1 || work->ahead; }

static ll_work *shortest_prompt(const ll_engine *e, const ll_work *other_than)
{
    ll_work *shortest = NULL;
    for (ll_work *work = e->queue; work; work = work->next)
        if (work != other_than && !work->stepping && !work->encodes && !decodes(work) &&
            (!shortest || n_left(work) < n_left(shortest)))
            shortest = work;
    return shortest;
}

/* A step ends short of where a long prompt does if a state is to be kept there: what the next turn has in place of this
 * one's answer may begin otherwise than the prompt ends. */
static uint32_t add_some(ll_engine *e, ll_work *work, uint32_t most)
{
    const size_t left = n_left(work);
    uint32_t n = left < most ? (uint32_t)left : most;
    if (e->pages.n_states && work->n_tokens > PROMPT_LONG && !n_behind(work) && left > PROMPT_END &&
        left - n < PROMPT_END)
        n = (uint32_t)left - PROMPT_END;
    add_to_step(e, work, n);
    return n;
}

/* Who decodes goes first, beside no more than a quarter of a batch of prompts, so that these delay nobody's next token
 * for long. Of prompts the shortest goes first, beside a quarter of the room that is the oldest one's: a short prompt
 * waits for no long one, and a long one for no number of short ones. */
static void choose_tokens(ll_engine *e)
{
    ll_work *oldest = e->queue;
    while (oldest && (oldest->encodes || decodes(oldest)))
        oldest = oldest->next;
    const uint32_t quarter = (e->n_batch + 3) / 4;
    uint32_t room = e->n_batch - (oldest ? quarter : 0);
    for (ll_work *work = e->queue; work && room; work = work->next)
        if (!work->encodes && decodes(work))
            room -= add_some(e, work, room);
    if (!oldest)
        return;
    room = e->n_stepping ? quarter : e->n_batch;
    const uint32_t kept = n_left(oldest) < (room + 3) / 4 ? (uint32_t)n_left(oldest) : (room + 3) / 4;
    room -= kept;
    for (ll_work *work; room && (work = shortest_prompt(e, oldest));)
        room -= add_some(e, work, room);
    add_some(e, oldest, kept + room);
}

/* What an encoder is to read and what a decoder is to, whose layers are others, take turns by age. */
static void choose_step(ll_engine *e)
{
    const bool encodes = e->queue->encodes;
    e->n_stepping = 0;
    if (encodes || e->reads_at_once)
        choose_texts(e, encodes);
    else
        choose_tokens(e);
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
            s->n_evaluated += work->n_step;
            continue;
        }
        size_t position = atomic_load(&s->position);
        memcpy(s->tokens + position, work->tokens + work->n_done, work->n_step * sizeof *s->tokens);
        work->n_done += work->n_step;
        atomic_store(&s->position, position + work->n_step);
        if (work->n_tokens > PROMPT_LONG && work->n_tokens - work->n_done == PROMPT_END)
            ll_session_keep_state(s, s->running, position + work->n_step);
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
    e->n_steps++;
    e->n_expected = 0;
    const uint64_t begin = ll_nanoseconds();
    pthread_mutex_unlock(&e->lock);
    libllm_status status = e->backend->run(e->executor, &batch, &error);
    pthread_mutex_lock(&e->lock);
    const uint64_t end = ll_nanoseconds(), took = end - begin;
    e->gather_until = end + (took < GATHER_NS_MAX ? took : GATHER_NS_MAX);
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

/* Find what is there of the tokens already, unless the rows of all of them are wanted, and make room for the others. */
static void prepare(ll_engine *e, ll_work *work)
{
    ll_session *s = work->session;
    stop_expecting(e, s);
    s->is_quick = ll_nanoseconds() < s->back_by;
    if (work->encodes)
        return;
    s->n_ahead = 0;
    s->n_reused = work->logits || !e->reuses ? 0 : ll_session_reuse(s, work->tokens, work->n_tokens);
    work->n_done = s->n_reused;
    ll_session_make_room(s, work->n_tokens - work->n_done);
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
        prepare(e, &works[i]);
        *tail = &works[i];
        tail = &works[i].next;
    }
    *tail = NULL;
    while (!all_finished(works, n_works)) {
        if (e->leading || gathers(e)) {
            const struct timespec until = e->leading ? ll_moment_after(CANCEL_POLL_MS) : ll_moment(e->gather_until);
            pthread_cond_timedwait(&e->changed, &e->lock, &until);
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
