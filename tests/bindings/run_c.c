/* SPDX-License-Identifier: MIT
 * The C runner of the scenario; README.md beside this file describes what it reads and writes. A C program has no
 * object that was closed, but a pointer that it has set to NULL: what the library says of that is CLOSED here. It has
 * no exceptions either: a callback that refuses is CALLBACK.
 */
#include "run_c_line.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool was_refused; /* the step's callback refused */

/* Steps ------------------------------------------------------------------------------------------------ */

static libllm_engine_options engine_options(void)
{
    libllm_engine_options o;
    libllm_engine_options_init(&o, sizeof o);
    o.n_positions = number("n_positions");
    o.hidden_states = (uint32_t)number("hidden_states");
    return o;
}

static libllm_sampling_options sampling_options(void)
{
    libllm_sampling_options o;
    libllm_sampling_options_init(&o, sizeof o);
    o.temperature = real("temperature", "0");
    o.seed = number("seed");
    return o;
}

static void create_runtime(void)
{
    libllm_runtime_options o;
    libllm_runtime *made = NULL;
    libllm_runtime_options_init(&o, sizeof o);
    o.n_threads = (uint32_t)number("threads");
    status = libllm_runtime_create(&o, &made, &error);
    keep(RUNTIME, made);
}

static void create_session(bool has_engine)
{
    const libllm_engine_options of_engine = engine_options();
    libllm_session_options o;
    libllm_session *made = NULL;
    libllm_session_options_init(&o, sizeof o);
    o.n_positions = of_engine.n_positions;
    status = has_engine ? libllm_session_create(object("engine"), &o, &made, &error)
                        : libllm_session_open(object("model"), &of_engine, &made, &error);
    keep(SESSION, made);
}

static void create_stream(bool of_chat)
{
    const libllm_sampling_options sampling = sampling_options();
    libllm_stream_options o;
    libllm_stream *made = NULL;
    size_t n;
    int32_t *ids = tokens(&n);
    libllm_stream_options_init(&o, sizeof o);
    o.max_tokens = number("max_tokens");
    o.sampling = &sampling;
    o.constraint = object("constraint");
    const char *request = get("request", "");
    status = of_chat
                 ? libllm_chat_stream(object("chat"), object("session"), request, strlen(request), &o, &made, &error)
                 : libllm_stream_create(object("session"), ids, n, &o, &made, &error);
    free(ids);
    keep(STREAM, made);
}

static void create_chat(void)
{
    libllm_chat_options o;
    libllm_chat *made = NULL;
    libllm_chat_options_init(&o, sizeof o);
    o.template_text = get("template", NULL);
    o.template_bytes = o.template_text ? strlen(o.template_text) : 0;
    status = libllm_chat_create(object("model"), &o, &made, &error);
    keep(CHAT, made);
}

static bool create(const char *step)
{
    const libllm_engine_options o = engine_options();
    void *made = NULL;
    if (!strcmp(step, "runtime_create"))
        create_runtime();
    else if (!strcmp(step, "session_create") || !strcmp(step, "session_open"))
        create_session(!strcmp(step, "session_create"));
    else if (!strcmp(step, "stream_create") || !strcmp(step, "chat_stream"))
        create_stream(!strcmp(step, "chat_stream"));
    else if (!strcmp(step, "chat_create"))
        create_chat();
    else if (!strcmp(step, "model_open")) {
        status = libllm_model_open(object("runtime"), get("path", ""), NULL, (libllm_model **)&made, &error);
        keep(MODEL, made);
    } else if (!strcmp(step, "engine_create")) {
        status = libllm_engine_create(object("model"), &o, (libllm_engine **)&made, &error);
        keep(ENGINE, made);
    } else if (!strcmp(step, "adapter_open")) {
        status = libllm_adapter_open(object("model"), get("path", ""), NULL, (libllm_adapter **)&made, &error);
        keep(ADAPTER, made);
    } else if (!strcmp(step, "constraint_create")) {
        const char *text = get("text", "");
        status = libllm_constraint_create(object("model"), (libllm_constraint_kind)number("kind"), text, strlen(text),
                                          (libllm_constraint **)&made, &error);
        keep(CONSTRAINT, made);
    } else
        return false;
    return true;
}

static libllm_status fit(char *text, size_t room, size_t *needed)
{
    libllm_fit_options o;
    const char *request = get("request", "");
    libllm_fit_options_init(&o, sizeof o);
    o.policy = (int32_t)number("policy");
    o.n_positions = number("n_positions");
    o.n_reserved = number("n_reserved");
    o.n_dropped_turns = number("n_dropped_turns");
    o.summary = get("summary", NULL);
    o.summary_bytes = o.summary ? strlen(o.summary) : 0;
    return libllm_chat_fit(object("chat"), request, strlen(request), &o, text, room, needed, &error);
}

/* Steps whose reply is a text of the library's. */
static bool texts(const char *step)
{
    char *text = NULL;
    size_t room = 0, needed = 0, n;
    const char *scenario = get("scenario", ""), *request = get("request", "");
    int32_t *ids = tokens(&n);
    bool known = true;
    if (!strcmp(step, "devices"))
        SIZED(text, libllm_runtime_devices(object("runtime"), text, room, &needed, &error));
    else if (!strcmp(step, "families"))
        SIZED(text, libllm_families(text, room, &needed, &error));
    else if (!strcmp(step, "estimate"))
        SIZED(text, libllm_estimate_run(object("runtime"), scenario, strlen(scenario), text, room, &needed, &error));
    else if (!strcmp(step, "locate"))
        SIZED(text, libllm_model_locate(get("name", ""), get("data_home", NULL), text, room, &needed, &error));
    else if (!strcmp(step, "describe"))
        SIZED(text, libllm_model_describe(object("model"), text, room, &needed, &error));
    else if (!strcmp(step, "detokenize"))
        SIZED(text,
              libllm_model_detokenize(object("model"), ids, n, (uint32_t)number("flags"), text, room, &needed, &error));
    else if (!strcmp(step, "chat_render"))
        SIZED(text, libllm_chat_render(object("chat"), request, strlen(request), text, room, &needed, &error));
    else if (!strcmp(step, "chat_fit"))
        SIZED(text, fit(text, room, &needed));
    else
        known = false;
    if (known && status == LIBLLM_OK)
        say(text, needed);
    free(text);
    free(ids);
    return known;
}

/* Steps whose reply is a list of tokens. */
static bool lists(const char *step)
{
    int32_t *ids = NULL;
    size_t room = 0, needed = 0;
    const char *text = get("text", ""), *request = get("request", "");
    if (!strcmp(step, "tokenize"))
        SIZED(ids, libllm_model_tokenize(object("model"), text, strlen(text), (uint32_t)number("flags"), ids, room,
                                         &needed, &error));
    else if (!strcmp(step, "chat_tokenize"))
        SIZED(ids, libllm_chat_tokenize(object("chat"), request, strlen(request), ids, room, &needed, &error));
    else if (!strcmp(step, "session_tokens"))
        SIZED(ids, libllm_session_tokens(object("session"), ids, room, &needed, &error));
    else
        return false;
    if (status == LIBLLM_OK)
        say_ids(ids, needed);
    free(ids);
    return true;
}

/* Numbers that no call fails to give; of what is closed the library says 0. */
static bool numbers(const char *step)
{
    int64_t found;
    if (!strcmp(step, "version"))
        found = libllm_version();
    else if (!strcmp(step, "special_token"))
        found = libllm_model_special_token(object("model"), (libllm_special_token)number("kind"));
    else if (!strcmp(step, "position"))
        found = (int64_t)libllm_session_position(object("session"));
    else if (!strcmp(step, "capacity"))
        found = (int64_t)libllm_session_capacity(object("session"));
    else if (!strcmp(step, "reused"))
        found = (int64_t)libllm_session_reused(object("session"));
    else
        return false;
    if (met_closed) {
        status = LIBLLM_ERROR_INVALID_ARGUMENT;
        snprintf(error.message, sizeof error.message, "there is no session");
    }
    say_number(found);
    return true;
}

static const char *const reasons[] = {"NONE", "STOP", "LENGTH", "CONTEXT", "TOOL_CALLS"};

static bool streams(const char *step)
{
    libllm_stream_event event = {.struct_size = sizeof event};
    if (!strcmp(step, "stream_next")) {
        status = libllm_stream_next(object("stream"), &event, &error);
        if (status == LIBLLM_OK)
            say(event.text, event.n_bytes);
        else if (status == LIBLLM_DONE)
            fprintf(reply, "\t%s", reasons[event.finish_reason]);
        return true;
    }
    if (strcmp(step, "stream_all") != 0)
        return false;
    char *parts[3] = {NULL};
    size_t sizes[3];
    FILE *files[3]; /* text, reasoning, calls: in the order of libllm_stream_kind */
    for (int i = 0; i < 3; i++)
        if (!(files[i] = open_memstream(&parts[i], &sizes[i])))
            abort();
    do {
        status = libllm_stream_next(object("stream"), &event, &error);
        if (status < 0)
            break;
        if (event.call_name)
            fprintf(files[LIBLLM_STREAM_TOOL_CALL], "%s%s ", event.call_index ? "\n" : "", event.call_name);
        fwrite(event.text, 1, event.n_bytes, files[event.kind]);
    } while (status == LIBLLM_OK);
    for (int i = 0; i < 3; i++) {
        fclose(files[i]);
        say(parts[i], sizes[i]);
        free(parts[i]);
    }
    if (status == LIBLLM_DONE) {
        say(reasons[event.finish_reason], strlen(reasons[event.finish_reason]));
        status = LIBLLM_OK;
    }
    return true;
}

/* Steps with threads and processes ----------------------------------------------------------------------- */

struct evaluation {
    libllm_session *session;
    int32_t *ids;
    size_t n;
    libllm_status status;
    libllm_error error;
    atomic_bool over;
};

static void *evaluate(void *argument)
{
    struct evaluation *e = argument;
    e->status = libllm_session_eval(e->session, e->ids, e->n, &e->error);
    atomic_store(&e->over, true);
    return NULL;
}

/* Another thread cancels, or wants to use the session as well, until the first one is over or it is told off. */
static void evaluate_beside(bool cancels)
{
    struct evaluation e = {.session = object("session")};
    pthread_t thread;
    e.ids = tokens(&e.n);
    if (pthread_create(&thread, NULL, evaluate, &e))
        abort();
    while (!atomic_load(&e.over) && status == LIBLLM_OK) {
        if (cancels)
            libllm_session_cancel(e.session);
        else
            status = libllm_session_rewind(e.session, 0, &error);
    }
    pthread_join(thread, NULL);
    free(e.ids);
    if (e.status != LIBLLM_OK) {
        status = e.status;
        error = e.error;
    }
}

static void evaluate_in_child(void)
{
    size_t n;
    int result = 0;
    int32_t *ids = tokens(&n);
    const pid_t child = fork();
    if (child == 0)
        _exit(-libllm_session_eval(object("session"), ids, n, &error));
    waitpid(child, &result, 0);
    free(ids);
    status = WIFEXITED(result) ? -WEXITSTATUS(result) : LIBLLM_ERROR_INTERNAL;
    snprintf(error.message, sizeof error.message, "in the child");
}

static void open_close(void)
{
    libllm_engine_options o;
    libllm_engine_options_init(&o, sizeof o);
    o.n_positions = 64;
    o.n_batch = 1;
    for (uint64_t i = number("count"); i > 0 && status == LIBLLM_OK; i--) {
        libllm_model *model = NULL;
        libllm_session *session = NULL;
        status = libllm_model_open(object("runtime"), get("path", ""), NULL, &model, &error);
        if (status == LIBLLM_OK)
            status = libllm_session_open(model, &o, &session, &error);
        libllm_model_free(model);
        libllm_session_free(session);
    }
}

struct progress {
    bool called, refuses;
};

static int32_t progress(void *user_data, const libllm_convert_event *event)
{
    struct progress *p = user_data;
    (void)event;
    p->called = true;
    return p->refuses;
}

static void convert(void)
{
    struct progress p = {.refuses = number("throw") == 1};
    libllm_convert_options o;
    libllm_convert_options_init(&o, sizeof o);
    o.progress = progress;
    o.user_data = &p;
    status = libllm_model_convert(object("runtime"), get("source", ""), get("destination", ""), &o, &error);
    was_refused = p.called && p.refuses;
    say_number(p.called);
}

/* Of a session ------------------------------------------------------------------------------------------- */

static void embed(const int32_t *ids, size_t n)
{
    const size_t count = number("n");
    float *vector = allocated(count * sizeof *vector);
    status = libllm_session_embed(object("session"), ids, n, LIBLLM_POOLING_AUTO, vector, count, &error);
    if (status == LIBLLM_OK)
        say_floats(vector, count);
    free(vector);
}

static void logits(void)
{
    const float *values = NULL;
    size_t n = 0;
    status = libllm_session_logits(object("session"), &values, &n, &error);
    if (status == LIBLLM_OK)
        say_floats(values, number("count") < n ? number("count") : n);
}

static void sample(void)
{
    const libllm_sampling_options o = sampling_options();
    int32_t token = -1;
    status = libllm_session_sample(object("session"), &o, &token, &error);
    say_number(token);
}

static void set_adapters(void)
{
    const libllm_scaled_adapter one = {.adapter = object("adapter"), .scale = real("scale", "1")};
    status = libllm_session_set_adapters(object("session"), &one, get("adapter", NULL) ? 1 : 0, &error);
}

static bool of_session(const char *step)
{
    size_t n;
    int32_t *ids = tokens(&n);
    bool known = true;
    if (!strcmp(step, "eval"))
        status = libllm_session_eval(object("session"), ids, n, &error);
    else if (!strcmp(step, "rewind"))
        status = libllm_session_rewind(object("session"), number("n"), &error);
    else if (!strcmp(step, "save"))
        status = libllm_session_save(object("session"), get("path", ""), &error);
    else if (!strcmp(step, "load"))
        status = libllm_session_load(object("session"), get("path", ""), &error);
    else if (!strcmp(step, "embed"))
        embed(ids, n);
    else if (!strcmp(step, "logits"))
        logits();
    else if (!strcmp(step, "sample"))
        sample();
    else if (!strcmp(step, "set_adapters"))
        set_adapters();
    else if (!strcmp(step, "cancel_during") || !strcmp(step, "two_threads"))
        evaluate_beside(!strcmp(step, "cancel_during"));
    else if (!strcmp(step, "fork"))
        evaluate_in_child();
    else
        known = false;
    free(ids);
    return known;
}

static bool other(const char *step)
{
    libllm_model_info info = {.struct_size = sizeof info};
    struct object *named = get("name", NULL) ? find(get("name", NULL)) : NULL;
    if (!strcmp(step, "status_name")) {
        const char *name = libllm_status_name((libllm_status)strtol(get("code", "0"), NULL, 10));
        say(name, strlen(name));
    } else if (!strcmp(step, "model_info")) {
        status = libllm_model_get_info(object("model"), &info, &error);
        say_ids((const int32_t[]){(int32_t)info.n_vocab, (int32_t)info.n_embd, (int32_t)info.n_layers,
                                  (int32_t)info.n_context_train},
                4);
    } else if ((!strcmp(step, "close") || !strcmp(step, "drop")) && named) {
        close_object(named);
        if (!strcmp(step, "drop"))
            named->name[0] = '\0';
    } else if (!strcmp(step, "convert"))
        convert();
    else if (!strcmp(step, "open_close"))
        open_close();
    else
        return false;
    return true;
}

/* Lines ------------------------------------------------------------------------------------------------ */

static void answer(const char *step)
{
    char *fields = NULL;
    size_t n_fields = 0;
    if (!(reply = open_memstream(&fields, &n_fields)))
        abort();
    status = LIBLLM_OK;
    met_closed = was_refused = false;
    const bool known =
        create(step) || texts(step) || lists(step) || numbers(step) || streams(step) || of_session(step) || other(step);
    fclose(reply);
    if (!known)
        printf("skip\tno such operation: %s", step);
    else if (status == LIBLLM_OK || status == LIBLLM_DONE)
        printf("%s%s", status == LIBLLM_OK ? "ok" : "done", fields);
    else {
        const bool is_closed = met_closed && status == LIBLLM_ERROR_INVALID_ARGUMENT;
        const bool is_refused = was_refused && status == LIBLLM_ERROR_CANCELLED;
        printf("error\t%s\t", is_closed ? "CLOSED" : is_refused ? "CALLBACK" : libllm_status_name(status));
        put(stdout, error.message, strlen(error.message));
    }
    putchar('\n');
    fflush(stdout);
    free(fields);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        line[n - 1] = '\0';
        answer(read_step(line));
    }
    free(line);
    close_all();
    return 0;
}
