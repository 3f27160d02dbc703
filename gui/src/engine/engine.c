/* SPDX-License-Identifier: MIT
 * The thread on which answers are made, and the models that are open.
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/error.h"
#include "engine/private.h"
#include "engine/shelf.h"

/* The main thread goes first: the threads of the library, which the worker starts, take over its niceness. */
#define WORKER_NICENESS 5
/* A call of cancel that comes between two calls of the worker has no effect, so it is repeated. */
#define CANCEL_MS 20

struct _LgEngine {
    GObject parent_instance;
    GThread *worker;
    GAsyncQueue *jobs;
    GMutex open_lock; /* held while a model is opened */
    GMutex lock;      /* of what follows, and held for moments only */
    libllm_runtime *runtime;
    LgShelf shelf;
    guint n_places;      /* of the shelf that may be taken */
    guint64 memory;      /* bytes that are taken to be free; 0: the system is asked */
    LgLoaded *answering; /* with what the worker computes; borrowed from it */
    char *device;
    const char *device_used; /* by the last answer; static */
    gboolean closing;
    gint closed;
};

G_DEFINE_TYPE(LgEngine, lg_engine, G_TYPE_OBJECT)

struct job {
    gboolean quit;
    LgEngine *engine; /* borrowed: the engine waits for its worker */
    LgReply *answer;
    GCancellable *cancellable;
    char *model, *request;
    guint64 n_positions;
    LgSampling sampling;
    gboolean drop_oldest;
};

static void free_job(struct job *job)
{
    g_clear_object(&job->answer);
    g_clear_object(&job->cancellable);
    g_free(job->model);
    g_free(job->request);
    g_free(job);
}

LgModelInfo *lg_model_info_new(void) { return g_atomic_rc_box_new0(LgModelInfo); }
LgModelInfo *lg_model_info_ref(LgModelInfo *self) { return g_atomic_rc_box_acquire(self); }

static void clear_info(gpointer data)
{
    LgModelInfo *self = data;
    g_free(self->path);
    g_free(self->name);
}

void lg_model_info_unref(LgModelInfo *self) { g_atomic_rc_box_release_full(self, clear_info); }

void lg_sampling_init(LgSampling *sampling)
{
    *sampling = (LgSampling){.temperature = -1, .top_p = -1, .min_p = -1, .repetition_penalty = -1, .top_k = -1};
}

/* --- The model ------------------------------------------------------------------------------------------------------
 */

libllm_runtime *lg_engine_runtime(LgEngine *self, GError **error)
{
    libllm_error reason = {0};
    g_mutex_lock(&self->lock);
    libllm_status status = LIBLLM_OK;
    if (!self->runtime) {
        /* What a driver has compiled is there at the next start: in the folder that the command has, too. */
        g_autofree char *cache = g_build_filename(g_get_user_cache_dir(), "libllm", NULL);
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.cache_dir = g_mkdir_with_parents(cache, 0700) == 0 ? cache : NULL;
        status = libllm_runtime_create(&options, &self->runtime, &reason);
    }
    libllm_runtime *runtime = self->runtime;
    g_mutex_unlock(&self->lock);
    if (status != LIBLLM_OK)
        lg_take_error(error, status, &reason);
    return runtime;
}

static libllm_status locate(gconstpointer name, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    libllm_status status = libllm_model_locate(name, g_get_user_data_dir(), buffer, capacity, needed, error);
    /* What packages of the system bring; without one, the error stays about the user's own. */
    for (const char *const *folder = g_get_system_data_dirs(); status == LIBLLM_ERROR_NOT_FOUND && *folder; folder++) {
        libllm_error other = {0};
        libllm_status found = libllm_model_locate(name, *folder, buffer, capacity, needed, &other);
        if (found == LIBLLM_OK || found == LIBLLM_ERROR_BUFFER_TOO_SMALL)
            return found;
    }
    return status;
}

char *lg_engine_locate(const char *model, GError **error) { return lg_write_text(locate, model, 512, NULL, error); }

/* Closes what has to go before the model at `path` is used: what is open, but not the last one used where two may be
 * and both fit. `is_open`: it is the last one used itself. */
static void make_room(LgEngine *self, const libllm_runtime *runtime, const char *path, gboolean is_open)
{
    g_mutex_lock(&self->lock);
    const guint n_places = self->n_places;
    const guint64 memory = self->memory;
    LgLoaded *last = self->shelf.places[0] ? lg_loaded_ref(self->shelf.places[0]) : NULL;
    g_mutex_unlock(&self->lock);
    guint n_kept = n_places;
    if (!is_open)
        n_kept = n_places > 1 && last && lg_shelf_fits(last, path, memory ? memory : lg_machine_available(runtime));
    g_clear_pointer(&last, lg_loaded_unref);
    g_mutex_lock(&self->lock);
    LgShelf gone = lg_shelf_take(&self->shelf, n_kept);
    g_mutex_unlock(&self->lock);
    lg_shelf_clear(&gone);
}

LgLoaded *lg_engine_acquire(LgEngine *self, const char *model, guint64 n_positions, GError **error)
{
    libllm_runtime *runtime = lg_engine_runtime(self, error);
    g_autofree char *path = runtime ? lg_engine_locate(model, error) : NULL;
    if (!path)
        return NULL;
    g_mutex_lock(&self->open_lock);
    g_mutex_lock(&self->lock);
    g_autofree char *device = g_strdup(self->device);
    LgLoaded *loaded = lg_shelf_find(&self->shelf, path, n_positions, device);
    g_mutex_unlock(&self->lock);
    make_room(self, runtime, path, loaded != NULL);
    if (!loaded && (loaded = lg_loaded_new(runtime, path, n_positions, device, error))) {
        g_mutex_lock(&self->lock);
        lg_shelf_put(&self->shelf, loaded);
        g_mutex_unlock(&self->lock);
    }
    g_mutex_unlock(&self->open_lock);
    return loaded;
}

void lg_engine_unload(LgEngine *self)
{
    g_mutex_lock(&self->lock);
    LgShelf gone = lg_shelf_take(&self->shelf, 0);
    g_mutex_unlock(&self->lock);
    lg_shelf_clear(&gone);
}

void lg_engine_set_n_open(LgEngine *self, guint n)
{
    g_mutex_lock(&self->lock);
    self->n_places = CLAMP(n, 1, LG_SHELF_PLACES);
    g_mutex_unlock(&self->lock);
}

guint lg_engine_get_n_open(LgEngine *self)
{
    guint n = 0;
    g_mutex_lock(&self->lock);
    while (n < LG_SHELF_PLACES && self->shelf.places[n])
        n++;
    g_mutex_unlock(&self->lock);
    return n;
}

void lg_engine_set_memory(LgEngine *self, guint64 n_bytes)
{
    g_mutex_lock(&self->lock);
    self->memory = n_bytes;
    g_mutex_unlock(&self->lock);
}

void lg_engine_set_device(LgEngine *self, const char *device)
{
    g_mutex_lock(&self->lock);
    g_free(self->device);
    self->device = g_strdup(device);
    g_mutex_unlock(&self->lock);
}

const char *lg_engine_get_device_used(LgEngine *self)
{
    g_mutex_lock(&self->lock);
    const char *device = self->device_used;
    g_mutex_unlock(&self->lock);
    return device;
}

/* --- Answers --------------------------------------------------------------------------------------------------------
 */

/* One answer that is being made. The main thread cancels it again and again until the worker is done with it. */
struct run {
    gint references;
    LgLoaded *loaded;
    gint done;
};

static void run_unref(gpointer data)
{
    struct run *run = data;
    if (g_atomic_int_dec_and_test(&run->references)) {
        lg_loaded_unref(run->loaded);
        g_free(run);
    }
}

static gboolean cancel_again(gpointer data)
{
    struct run *run = data;
    if (g_atomic_int_get(&run->done))
        return G_SOURCE_REMOVE;
    lg_loaded_cancel(run->loaded);
    return G_SOURCE_CONTINUE;
}

static void on_cancelled(GCancellable *cancellable, gpointer data)
{
    struct run *run = data;
    g_atomic_int_inc(&run->references);
    lg_loaded_cancel(run->loaded);
    g_timeout_add_full(G_PRIORITY_HIGH, CANCEL_MS, cancel_again, run, run_unref);
}

static void set_answering(LgEngine *self, LgLoaded *loaded)
{
    g_mutex_lock(&self->lock);
    self->answering = loaded;
    g_mutex_unlock(&self->lock);
}

static struct run *run_begin(LgLoaded *loaded)
{
    struct run *run = g_new0(struct run, 1);
    run->references = 1;
    run->loaded = lg_loaded_ref(loaded);
    return run;
}

static LgFinish finish_of(int32_t reason)
{
    switch (reason) {
    case LIBLLM_FINISH_LENGTH:
        return LG_FINISH_LENGTH;
    case LIBLLM_FINISH_CONTEXT:
        return LG_FINISH_CONTEXT;
    case LIBLLM_FINISH_TOOL_CALLS:
        return LG_FINISH_CALLS;
    default:
        return LG_FINISH_STOP;
    }
}

static libllm_stream *open_stream(const struct job *job, LgLoaded *loaded, LgStatistics *statistics, GError **error)
{
    const libllm_chat *chat = lg_loaded_get_chat(loaded, error);
    libllm_session *session = chat ? lg_loaded_get_session(loaded, error) : NULL;
    g_autofree char *request = session ? lg_loaded_fit_request(loaded, job->request, job->sampling.max_tokens,
                                                               job->drop_oldest, &statistics->n_left_out, error)
                                       : NULL;
    if (!request)
        return NULL;
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = (float)job->sampling.temperature;
    sampling.top_p = (float)job->sampling.top_p;
    sampling.min_p = (float)job->sampling.min_p;
    sampling.top_k = (uint32_t)job->sampling.top_k;
    sampling.repetition_penalty = (float)job->sampling.repetition_penalty;
    sampling.seed = job->sampling.seed;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.max_tokens = job->sampling.max_tokens;
    libllm_stream *stream = NULL;
    libllm_error reason = {0};
    libllm_status status = libllm_chat_stream(chat, session, request, strlen(request), &options, &stream, &reason);
    if (status != LIBLLM_OK)
        lg_take_error(error, status, &reason);
    g_mutex_lock(&job->engine->lock);
    job->engine->device_used = libllm_session_device(session);
    g_mutex_unlock(&job->engine->lock);
    statistics->n_window = libllm_session_capacity(session);
    statistics->seed = job->sampling.seed;
    return stream;
}

static void take_event(LgReply *answer, const libllm_stream_event *event)
{
    if (event->kind == LIBLLM_STREAM_TOOL_CALL)
        lg_reply_push_call(answer, event->call_index, event->call_id, event->call_name, event->text, event->n_bytes);
    else
        lg_reply_push(answer, event->kind == LIBLLM_STREAM_REASONING ? LG_PART_REASONING : LG_PART_TEXT, event->text,
                      event->n_bytes);
}

static void read_statistics(LgStatistics *statistics, const libllm_stream_event *event, gint64 began)
{
    if (statistics->n_tokens == 0 && event->n_tokens)
        statistics->first_token_seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    statistics->n_prompt_tokens = event->n_prompt_tokens;
    statistics->n_cached_tokens = event->n_cached_tokens;
    statistics->n_tokens = event->n_tokens;
    statistics->decode_seconds = event->decode_seconds;
}

static gboolean is_cancelled(const struct job *job)
{
    g_mutex_lock(&job->engine->lock);
    gboolean closing = job->engine->closing;
    g_mutex_unlock(&job->engine->lock);
    return closing || g_cancellable_is_cancelled(job->cancellable);
}

static LgFinish write_answer(const struct job *job, libllm_stream *stream, LgStatistics *statistics, gint64 began,
                             GError **error)
{
    libllm_stream_event event = {.struct_size = sizeof event};
    libllm_error reason = {0};
    libllm_status status = LIBLLM_OK;
    while (status == LIBLLM_OK) {
        if (is_cancelled(job))
            return LG_FINISH_CANCELLED;
        status = libllm_stream_next(stream, &event, &reason);
        if (status < 0)
            break;
        take_event(job->answer, &event);
        read_statistics(statistics, &event, began);
        lg_reply_push_statistics(job->answer, statistics);
    }
    if (status == LIBLLM_DONE)
        return finish_of(event.finish_reason);
    if (status == LIBLLM_ERROR_CANCELLED)
        return LG_FINISH_CANCELLED;
    lg_take_error(error, status, &reason);
    return LG_FINISH_ERROR;
}

static LgFinish make_answer(const struct job *job, GError **error)
{
    LgStatistics statistics = {0};
    gint64 began = g_get_monotonic_time();
    if (is_cancelled(job))
        return LG_FINISH_CANCELLED;
    lg_reply_set_phase(job->answer, LG_PHASE_LOADING);
    g_autoptr(LgLoaded) loaded = lg_engine_acquire(job->engine, job->model, job->n_positions, error);
    if (!loaded)
        return LG_FINISH_ERROR;
    gint64 loaded_at = g_get_monotonic_time();
    statistics.load_seconds = (double)(loaded_at - began) / G_USEC_PER_SEC;
    lg_reply_set_phase(job->answer, LG_PHASE_READING);
    struct run *run = run_begin(loaded);
    set_answering(job->engine, loaded);
    gulong handler = g_cancellable_connect(job->cancellable, G_CALLBACK(on_cancelled), run, NULL);
    libllm_stream *stream = open_stream(job, loaded, &statistics, error);
    LgFinish finish = stream ? write_answer(job, stream, &statistics, loaded_at, error) : LG_FINISH_ERROR;
    libllm_stream_free(stream);
    g_atomic_int_set(&run->done, 1);
    set_answering(job->engine, NULL);
    g_cancellable_disconnect(job->cancellable, handler);
    run_unref(run);
    lg_reply_push_statistics(job->answer, &statistics);
    return finish;
}

static gpointer work(gpointer data)
{
    LgEngine *self = data; /* borrowed: it waits for this thread */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), WORKER_NICENESS);
    for (struct job *job; !(job = g_async_queue_pop(self->jobs))->quit; free_job(job)) {
        GError *error = NULL;
        LgFinish finish = make_answer(job, &error);
        lg_reply_push_finish(job->answer, finish, error);
    }
    g_atomic_int_set(&self->closed, 1);
    return NULL;
}

LgReply *lg_engine_answer(LgEngine *self, const char *model, guint64 n_positions, const char *request,
                          const LgSampling *sampling, gboolean drop_oldest, GCancellable *cancellable)
{
    g_return_val_if_fail(LG_IS_ENGINE(self), NULL);
    struct job *job = g_new0(struct job, 1);
    LgReply *answer = lg_reply_new();
    job->engine = self;
    job->answer = g_object_ref(answer);
    job->cancellable = cancellable ? g_object_ref(cancellable) : g_cancellable_new();
    job->model = g_strdup(model);
    job->request = g_strdup(request);
    job->n_positions = n_positions;
    job->sampling = *sampling;
    if (!sampling->has_seed)
        job->sampling.seed = g_random_int();
    job->drop_oldest = drop_oldest;
    g_async_queue_push(self->jobs, job);
    return answer;
}

LgEngine *lg_engine_new(void) { return g_object_new(LG_TYPE_ENGINE, NULL); }

static void lg_engine_finalize(GObject *object)
{
    LgEngine *self = LG_ENGINE(object);
    static struct job quit = {.quit = TRUE};
    struct job *job;
    while ((job = g_async_queue_try_pop(self->jobs))) {
        lg_reply_push_finish(job->answer, LG_FINISH_CANCELLED, NULL);
        free_job(job);
    }
    g_async_queue_push(self->jobs, &quit);
    g_mutex_lock(&self->lock);
    self->closing = TRUE;
    while (!g_atomic_int_get(&self->closed)) {
        if (self->answering)
            lg_loaded_cancel(self->answering);
        g_mutex_unlock(&self->lock);
        g_usleep(1000);
        g_mutex_lock(&self->lock);
    }
    g_mutex_unlock(&self->lock);
    g_thread_join(self->worker);
    g_async_queue_unref(self->jobs);
    lg_shelf_clear(&self->shelf);
    libllm_runtime_free(self->runtime);
    g_mutex_clear(&self->lock);
    g_mutex_clear(&self->open_lock);
    g_free(self->device);
    G_OBJECT_CLASS(lg_engine_parent_class)->finalize(object);
}

static void lg_engine_class_init(LgEngineClass *class) { G_OBJECT_CLASS(class)->finalize = lg_engine_finalize; }

static void lg_engine_init(LgEngine *self)
{
    g_mutex_init(&self->lock);
    g_mutex_init(&self->open_lock);
    self->n_places = 1;
    self->jobs = g_async_queue_new();
    self->worker = g_thread_new("answers", work, self);
}
