/* SPDX-License-Identifier: MIT
 * `libllm serve`: models for other programs, over HTTP. Here are the options, and the server's beginning and end.
 */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "serve/server.h"
#include "terminal.h"

enum { SHORT_PLACES = 2, DRAIN_MS = 5000, TICK_MS = 10, MAX_COUNT32 = 0x7fffffff };

#define VALUE(field) offsetof(struct serve_options, field)

static const struct option options[] = {
    {"model", 'm', OPTION_TEXTS, "[NAME=]MODEL", "file, folder or name (repeatable; default: default)", VALUE(models),
     0, 0},
    {"host", 0, OPTION_TEXT, "ADDRESS", "listen there (default: 127.0.0.1)", VALUE(host), 0, 0},
    {"port", 0, OPTION_COUNT, "N", "listen there; 0: any that is free (default: 8080)", VALUE(port), 0, 65535},
    {"socket", 0, OPTION_TEXT, "PATH", "listen on a Unix socket instead", VALUE(socket), 0, 0},
    {"api-key-file", 0, OPTION_TEXT, "FILE", "ask for one of the keys in its lines", VALUE(key_file), 0, 0},
    {"allow-host", 0, OPTION_TEXTS, "NAME", "a name of this machine in Host (repeatable)", VALUE(allowed_hosts), 0, 0},
    {"allow-origin", 0, OPTION_TEXTS, "ORIGIN", "let pages of this origin ask (repeatable)", VALUE(allowed_origins), 0,
     0},
    {"parallel", 0, OPTION_COUNT, "N", "answers at the same time, for each model (default: 4)", VALUE(n_parallel), 1,
     64},
    {"context", 'c', OPTION_COUNT, "N", "tokens of a prompt with its answer (default: the model's, at most 8192)",
     VALUE(n_context), 16, MAX_COUNT32},
    {"context-policy", 0, OPTION_CHOICE, "error|drop",
     "a chat that is too long is an error (default), or loses its oldest turns, which the answer names",
     VALUE(context_policy), 0, 0},
    {"max-tokens", 0, OPTION_COUNT, "N", "tokens of an answer at most, whatever is asked for (default: no limit)",
     VALUE(n_tokens), 1, MAX_COUNT32},
    {"guesses", 0, OPTION_COUNT, "N", "tokens a step to guess from the text before, up to 7; same text (default: 0)",
     VALUE(n_guesses), 0, 7},
    {"draft", 0, OPTION_TEXT, "MODEL", "a smaller model with the same tokens that guesses, too; same text, sooner",
     VALUE(draft), 0, 0},
    {"queue", 0, OPTION_COUNT, "N", "requests that may wait (default: 64)", VALUE(n_queue), 1, 1024},
    {"max-body", 0, OPTION_COUNT, "MIB", "size of a request (default: 8)", VALUE(body_mib), 1, 1024},
    {"unload-after", 0, OPTION_COUNT, "SECONDS", "give up a model that nobody uses; 0: never (default: 600)",
     VALUE(idle_seconds), 0, MAX_COUNT32},
    {0},
};

/* Waits for SIGINT or SIGTERM, which all threads have blocked. */
static void wait_for_signal(const sigset_t *signals)
{
    int number;
    while (sigwait(signals, &number) != 0)
        ;
}

static void pause_ms(long ms) { nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL); }

/* What runs may end; what still runs after some seconds is cancelled. */
static void drain(struct server *server)
{
    atomic_store(&server->stops, true);
    for (long waited = 0; watch_n_active(&server->watch) && waited < DRAIN_MS; waited += TICK_MS)
        pause_ms(TICK_MS);
    while (watch_n_active(&server->watch)) {
        watch_cancel_all(&server->watch);
        pause_ms(TICK_MS);
    }
    /* The last pieces are on their way. */
    pause_ms(10 * TICK_MS);
}

/* The first model is opened at once, so that one that cannot be is known before anybody asks. */
static bool open_first(struct server *server)
{
    struct fault fault = {0};
    struct served *first = server->models.items;
    if (served_enter(&server->models, first, NULL, &fault)) {
        const bool generates = !first->access.info.is_encoder && !first->access.info.has_encoder;
        libllm_session *draft,
            *session = generates ? served_take_session(&server->models, first, NULL, NULL, 0, &draft, &fault) : NULL;
        if (session)
            served_give_session(&server->models, first, session);
        served_leave(first);
    }
    if (fault.status)
        message("%s", fault.message);
    return !fault.status;
}

static int serve(struct server *server, const sigset_t *signals)
{
    struct text address = {0};
    int listener = listen_open(&server->options, &address);
    if (listener < 0)
        return EXIT_FAILED;
    server->body_max = (size_t)server->options.body_mib << 20;
    watch_open(server);
    queue_open(&server->short_queue, SHORT_PLACES, server->models.n, server->options.n_queue);
    queue_open(&server->long_queue, server->options.n_parallel, server->models.n, server->options.n_queue);
    atomic_store(&server->opens, true);
    bool good = http_start(server, listener) && open_first(server);
    atomic_store(&server->opens, false);
    if (good) {
        message("listening on %s", address.bytes);
        wait_for_signal(signals);
        message("stopping");
    }
    drain(server);
    http_stop(server);
    queue_close(&server->long_queue);
    queue_close(&server->short_queue);
    watch_close(server);
    listen_close(&server->options);
    text_free(&address);
    return good ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct server server = {.options = {.host = "127.0.0.1",
                                        .context_policy = "error",
                                        .port = 8080,
                                        .n_parallel = 4,
                                        .n_queue = 64,
                                        .body_mib = 8,
                                        .idle_seconds = 600}};
    struct serve_options *o = &server.options;
    /* All but the first of the common options, --model, which here may be several. */
    const struct option_group groups[] = {
        {"Options", options, o}, {"Engine", engine_options, &common}, {"Machine", common_options + 1, &common}, {0}};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    int code = options_parse(&serve_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO && o->models.n == 0)
        texts_add(&o->models, "default");
    if (code == OPTIONS_GO && common.adapters.n && o->models.n > 1)
        code = usage_error(&serve_command, "--lora goes with one model only");
    if (code == OPTIONS_GO && o->draft && o->models.n > 1)
        code = usage_error(&serve_command, "--draft goes with one model only");
    if (code == OPTIONS_GO) {
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        code = guard_open(&server.guard, o)                    ? OPTIONS_GO
               : o->key_file && server.guard.keys.n_bytes == 0 ? EXIT_FAILED
                                                               : EXIT_USAGE;
    }
    if (code == OPTIONS_GO) {
        code = models_open(&server.models, &common, o) ? serve(&server, &signals) : EXIT_FAILED;
        models_close(&server.models);
    }
    guard_close(&server.guard);
    texts_free(&o->models);
    texts_free(&o->allowed_hosts);
    texts_free(&o->allowed_origins);
    common_free(&common);
    return code;
}

const struct command serve_command = {
    .name = "serve",
    .summary = "answer other programs over HTTP, as OpenAI's API and Ollama do",
    .synopsis = "[-m [NAME=]MODEL]... [--port N | --socket PATH] [OPTIONS]",
    .details = "Listens on this machine alone unless --host says otherwise, which takes a key.\n"
               "Models are opened when they are first asked for, the first one at once. Ends\n"
               "with Ctrl-C or SIGTERM, after what runs is answered or five seconds.\n"
               "docs/serve.md lists the paths.\n",
    .run = run,
};
