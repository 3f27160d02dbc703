/* SPDX-License-Identifier: MIT
 * The models that the server has by name, and their sessions.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "files.h"
#include "serve/server.h"
#include "terminal.h"

enum { PAGE = 64, CONTEXT_DEFAULT_MAX = 8192, WAIT_MS = 20 };

/* "name=path", or a path or name that is called as its file is without the ending. */
static bool find_one(struct models *m, struct served *s, const char *argument)
{
    const char *equals = strchr(argument, '='), *slash = strchr(argument, '/');
    bool named = equals && equals > argument && (!slash || equals < slash);
    const char *name = named ? argument : base_name(argument);
    size_t n = named ? (size_t)(equals - argument) : strlen(name);
    if (!named && n > 5 && strcmp(name + n - 5, ".gguf") == 0)
        n -= 5;
    s->id = allocate(n + 1, 1);
    memcpy(s->id, name, n);
    s->access.runtime = m->runtime;
    struct stat file;
    if (!access_locate(&s->access, named ? equals + 1 : argument))
        return false;
    if (stat(s->access.path, &file) == 0) {
        s->file_bytes = S_ISREG(file.st_mode) ? (uint64_t)file.st_size : 0;
        s->modified = file.st_mtime;
    }
    for (const struct served *other = m->items; other < s; other++)
        if (strcmp(other->id, s->id) == 0) {
            message("two models are called %s; give one another name: NAME=MODEL", s->id);
            return false;
        }
    return true;
}

bool models_open(struct models *m, const struct common *common, const struct serve_options *o)
{
    struct access runtime;
    *m = (struct models){.common = common, .options = o};
    if (!access_runtime(&runtime, common))
        return false;
    m->runtime = runtime.runtime;
    m->items = allocate(o->models.n, sizeof *m->items);
    for (; m->n < o->models.n; m->n++) {
        struct served *s = &m->items[m->n];
        pthread_mutex_init(&s->lock, NULL);
        pthread_mutex_init(&s->embedder_lock, NULL);
        if (!find_one(m, s, o->models.items[m->n])) {
            m->n++;
            return false;
        }
    }
    return true;
}

static void close_engine(struct models *m, struct served *s)
{
    for (uint32_t i = 0; s->slots && i < m->options->n_parallel; i++) {
        libllm_session_free(s->slots[i].session);
        libllm_session_free(s->slots[i].draft);
    }
    free(s->slots);
    libllm_engine_free(s->engine);
    libllm_engine_free(s->draft_engine);
    libllm_model_free(s->draft);
    s->slots = NULL;
    s->engine = s->draft_engine = NULL;
    s->draft = NULL;
}

/* With its lock held, and no users. */
static void unload(struct models *m, struct served *s)
{
    atomic_store(&s->loaded, false);
    close_engine(m, s);
    libllm_session_free(s->embedder);
    libllm_chat_free(s->chat);
    s->embedder = NULL;
    s->chat = NULL;
    access_close_model(&s->access);
#ifdef __GLIBC__
    malloc_trim(0); /* which keeps what was freed, for each thread that has ever asked for memory */
#endif
}

void models_close(struct models *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct served *s = &m->items[i];
        unload(m, s);
        pthread_mutex_destroy(&s->lock);
        pthread_mutex_destroy(&s->embedder_lock);
        free(s->access.path);
        free(s->id);
    }
    free(m->items);
    libllm_runtime_free(m->runtime);
}

uint32_t models_n_loaded(struct models *m)
{
    uint32_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        n += atomic_load(&m->items[i].loaded);
    return n;
}

void models_unload_idle(struct models *m, double now)
{
    for (size_t i = 0; i < m->n; i++) {
        struct served *s = &m->items[i];
        if (!atomic_load(&s->loaded) || pthread_mutex_trylock(&s->lock) != 0)
            continue;
        if (s->n_users == 0 && s->keep >= 0 && now - s->used >= s->keep)
            unload(m, s);
        pthread_mutex_unlock(&s->lock);
    }
}

struct served *models_find(struct models *m, const char *name, struct fault *fault)
{
    /* Ollama's names have a tag; ours is the one that it leaves out. */
    const char *colon = name ? strrchr(name, ':') : NULL;
    size_t n = colon && strcmp(colon, ":latest") == 0 ? (size_t)(colon - name) : name ? strlen(name) : 0;
    for (size_t i = 0; i < m->n; i++)
        if (n == 0 || (strlen(m->items[i].id) == n && memcmp(m->items[i].id, name, n) == 0))
            return &m->items[i];
    struct text names = {0};
    for (size_t i = 0; i < m->n && names.n_bytes < 300; i++)
        text_format(&names, "%s%.100s", i ? ", " : "", m->items[i].id);
    fault_request(fault, "model", "there is no model \"%.100s\"; this server has %s", name, names.bytes);
    fault->status = 404;
    fault->code = "model_not_found";
    text_free(&names);
    return NULL;
}

uint64_t served_context(const struct models *m, const struct served *s)
{
    uint64_t trained = s->access.info.n_context_train;
    uint64_t usual = trained < CONTEXT_DEFAULT_MAX ? trained : CONTEXT_DEFAULT_MAX;
    return m->options->n_context ? m->options->n_context : usual;
}

/* Gives up the open model that nobody uses and that was not used for longest; false: there is none but this one. */
static bool unload_another(struct models *m, const struct served *wants)
{
    struct served *oldest = NULL;
    for (struct served *s = m->items; s < m->items + m->n; s++) {
        if (s == wants || !atomic_load(&s->loaded) || pthread_mutex_trylock(&s->lock) != 0)
            continue;
        if (s->n_users || (oldest && oldest->used <= s->used)) {
            pthread_mutex_unlock(&s->lock);
            continue;
        }
        if (oldest)
            pthread_mutex_unlock(&oldest->lock);
        oldest = s;
    }
    if (!oldest)
        return false;
    message("%s is given up to make room for %s", oldest->id, wants->id);
    unload(m, oldest);
    pthread_mutex_unlock(&oldest->lock);
    return true;
}

static libllm_status load(struct models *m, struct served *s, libllm_error *error)
{
    s->access.engine = common_engine_options(m->common);
    libllm_status status = access_open_model(&s->access, m->common, error);
    s->access.info.struct_size = sizeof s->access.info;
    if (!status)
        status = libllm_model_get_info(s->access.model, &s->access.info, error);
    if (status)
        unload(m, s);
    else if (libllm_chat_create(s->access.model, NULL, &s->chat, &s->no_chat) != LIBLLM_OK)
        s->chat = NULL;
    return status;
}

static libllm_status open_draft(struct models *m, struct served *s, const libllm_engine_options *engine,
                                libllm_error *error)
{
    char *path = find_model(m->options->draft, error);
    if (!path)
        return error->status;
    libllm_status status = libllm_model_open(m->runtime, path, NULL, &s->draft, error);
    free(path);
    return status ? status : libllm_engine_create(s->draft, engine, &s->draft_engine, error);
}

static libllm_status open_engine(struct models *m, struct served *s, libllm_error *error)
{
    libllm_engine_options engine = s->access.engine;
    engine.n_positions = (served_context(m, s) + PAGE - 1) / PAGE * PAGE * m->options->n_parallel;
    engine.n_sessions = m->options->n_parallel;
    s->slots = allocate(m->options->n_parallel, sizeof *s->slots);
    libllm_status status = libllm_engine_create(s->access.model, &engine, &s->engine, error);
    if (!status && m->options->draft)
        status = open_draft(m, s, &engine, error);
    if (status)
        close_engine(m, s);
    return status;
}

/* Where memory is short, models that nobody uses make room. */
static libllm_status with_room(struct models *m, struct served *s,
                               libllm_status (*open)(struct models *, struct served *, libllm_error *),
                               libllm_error *error)
{
    libllm_status status;
    do
        status = open(m, s, error);
    while (status == LIBLLM_ERROR_OUT_OF_MEMORY && unload_another(m, s));
    return status;
}

/* What others hold for long, while a model is opened or texts are embedded. False: nobody waits any more. */
static bool lock_for(const struct request *r, pthread_mutex_t *lock)
{
    struct timespec until;
    do {
        if (r && atomic_load(&r->cancelled))
            return false;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WAIT_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
    } while (pthread_mutex_timedlock(lock, &until) != 0);
    return true;
}

bool served_enter(struct models *m, struct served *s, const struct request *r, struct fault *fault)
{
    libllm_error error;
    libllm_status status = LIBLLM_OK;
    if (!lock_for(r, &s->lock))
        return false;
    if (!atomic_load(&s->loaded)) {
        atomic_fetch_add(&m->n_loading, 1);
        status = with_room(m, s, load, &error);
        atomic_store(&s->loaded, !status);
        atomic_fetch_sub(&m->n_loading, 1);
    }
    if (!status)
        s->n_users++;
    s->used = seconds_now();
    s->keep = m->options->idle_seconds ? (double)m->options->idle_seconds : -1;
    pthread_mutex_unlock(&s->lock);
    if (!status)
        return true;
    fault_library(fault, &error);
    fault->status = 503; /* the request is not to blame */
    fault->type = "server_error";
    return false;
}

void served_leave(struct served *s)
{
    pthread_mutex_lock(&s->lock);
    s->n_users--;
    s->used = seconds_now();
    pthread_mutex_unlock(&s->lock);
}

void served_keep(struct served *s, double seconds)
{
    pthread_mutex_lock(&s->lock);
    s->keep = seconds;
    pthread_mutex_unlock(&s->lock);
}

/* How many tokens the timeline shares with the prompt; *n receives how many it has. */
static size_t shared_with(libllm_session *session, int32_t *memory, size_t capacity, const int32_t *tokens,
                          size_t n_tokens, size_t *n)
{
    if (libllm_session_tokens(session, memory, capacity, n, NULL) != LIBLLM_OK)
        *n = 0;
    size_t shared = 0;
    while (shared < *n && shared < n_tokens && memory[shared] == tokens[shared])
        shared++;
    return shared;
}

/* The free session that most of the prompt is in already, unless it would forget more than half of what it knows for a
 * prompt that goes another way; then a new one, and when there is none, the one that was not used for longest. */
static struct slot *choose(const struct models *m, const struct served *s, const int32_t *tokens, size_t n_tokens)
{
    const size_t capacity = served_context(m, s) + PAGE;
    int32_t *memory = allocate(capacity, sizeof *memory);
    struct slot *best = NULL, *unused = NULL, *oldest = NULL;
    size_t most = 0, n;
    for (struct slot *slot = s->slots; slot < s->slots + m->options->n_parallel; slot++) {
        if (slot->busy)
            continue;
        if (!slot->session) {
            unused = unused ? unused : slot;
            continue;
        }
        oldest = !oldest || slot->used < oldest->used ? slot : oldest;
        size_t shared = shared_with(slot->session, memory, capacity, tokens, n_tokens, &n);
        if (shared > most && (shared == n_tokens || shared * 2 >= n)) {
            best = slot;
            most = shared;
        }
    }
    free(memory);
    return best ? best : unused ? unused : oldest;
}

static libllm_status open_slot(struct models *m, struct served *s, struct slot *slot, libllm_error *error)
{
    libllm_session_options options;
    libllm_session_options_init(&options, sizeof options);
    options.n_positions = served_context(m, s);
    libllm_status status = libllm_session_create(s->engine, &options, &slot->session, error);
    if (!status)
        status = adapters_set(&s->access.adapters, slot->session, error);
    if (!status && s->draft)
        status = libllm_session_create(s->draft_engine, &options, &slot->draft, error);
    if (status) {
        libllm_session_free(slot->session);
        slot->session = NULL;
    } else if (slot == s->slots) {
        access_tell_layers(&s->access, &s->access.engine, slot->session);
    }
    return status;
}

libllm_session *served_take_session(struct models *m, struct served *s, const struct request *r, const int32_t *tokens,
                                    size_t n_tokens, libllm_session **draft, struct fault *fault)
{
    libllm_error error;
    libllm_status status = LIBLLM_OK;
    struct slot *slot = NULL;
    if (s->access.info.is_encoder || s->access.info.has_encoder) {
        fault_request(fault, "model", "this model generates no text here: it is %s",
                      s->access.info.is_encoder ? "an encoder" : "one of an encoder and a decoder");
        return NULL;
    }
    if (!lock_for(r, &s->lock))
        return NULL;
    if (!s->engine)
        status = with_room(m, s, open_engine, &error);
    if (!status)
        slot = choose(m, s, tokens, n_tokens);
    if (slot && !slot->session)
        status = open_slot(m, s, slot, &error);
    libllm_session *session = status ? NULL : slot->session;
    if (session) {
        slot->busy = true;
        *draft = slot->draft;
    }
    pthread_mutex_unlock(&s->lock);
    if (status)
        fault_library(fault, &error);
    return session;
}

void served_give_session(struct models *m, struct served *s, libllm_session *session)
{
    pthread_mutex_lock(&s->lock);
    for (struct slot *slot = s->slots; slot < s->slots + m->options->n_parallel; slot++)
        if (slot->session == session) {
            slot->busy = false;
            slot->used = seconds_now();
        }
    pthread_mutex_unlock(&s->lock);
}

libllm_session *served_take_embedder(struct served *s, const struct request *r, struct fault *fault)
{
    libllm_error error;
    if (!lock_for(r, &s->embedder_lock))
        return NULL;
    if (s->embedder)
        return s->embedder;
    libllm_engine_options engine = s->access.engine;
    engine.hidden_states = 1;
    engine.n_positions =
        s->access.info.n_context_train < CONTEXT_DEFAULT_MAX ? s->access.info.n_context_train : CONTEXT_DEFAULT_MAX;
    if (access_open_session(&s->access, &engine, &s->embedder, &error) == LIBLLM_OK)
        return s->embedder;
    pthread_mutex_unlock(&s->embedder_lock);
    fault_library(fault, &error);
    return NULL;
}

void served_give_embedder(struct served *s) { pthread_mutex_unlock(&s->embedder_lock); }

json_t *served_describe(const struct served *s, struct fault *fault)
{
    size_t needed = 0;
    libllm_error error;
    json_t *value = NULL;
    libllm_status status = libllm_model_describe(s->access.model, NULL, 0, &needed, &error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        char *text = allocate(needed, 1);
        status = libllm_model_describe(s->access.model, text, needed, &needed, &error);
        value = status ? NULL : json_loadb(text, needed, JSON_ALLOW_NUL, NULL);
        free(text);
    }
    if (status)
        fault_library(fault, &error);
    else if (!value)
        fault_request(fault, NULL, "the description of the model cannot be read");
    return value;
}
