/* SPDX-License-Identifier: MIT
 * Stops a generation from another thread and goes on afterwards: cancel MODEL. The thread that generates gets
 * LIBLLM_ERROR_CANCELLED; what it had until then stays.
 */
#include <libllm/libllm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

struct watcher {
    libllm_session *session;
    atomic_bool stopped;
};

/* Cancels until told that it worked: a call of cancel between two calls of the other thread has no effect. */
static void *cancel_soon(void *data)
{
    struct watcher *watcher = data;
    while (!atomic_load(&watcher->stopped)) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        libllm_session_cancel(watcher->session);
    }
    return NULL;
}

/* Generates, over and over when the context is full, until it is cancelled. */
static libllm_status generate_until_cancelled(libllm_session *session, libllm_error *error)
{
    static const int32_t prompt[] = {1, 2, 3};
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.ignore_end = 1;
    libllm_status status = LIBLLM_OK;
    while (status >= 0) {
        libllm_stream *stream;
        libllm_stream_event event = {.struct_size = sizeof event};
        status = libllm_stream_create(session, prompt, 3, &options, &stream, error);
        while (status == LIBLLM_OK)
            status = libllm_stream_next(stream, &event, error);
        libllm_stream_free(stream);
    }
    return status;
}

static libllm_status run(libllm_session *session, libllm_error *error)
{
    struct watcher watcher = {.session = session};
    pthread_t thread;
    if (pthread_create(&thread, NULL, cancel_soon, &watcher) != 0) {
        *error = (libllm_error){LIBLLM_ERROR_INTERNAL, "no thread"};
        return LIBLLM_ERROR_INTERNAL;
    }
    libllm_status status = generate_until_cancelled(session, error);
    atomic_store(&watcher.stopped, 1);
    pthread_join(thread, NULL);
    if (status != LIBLLM_ERROR_CANCELLED)
        return status;
    printf("cancelled at %zu tokens\n", libllm_session_position(session));

    /* The session is as good as before. */
    status = libllm_session_rewind(session, 0, error);
    if (status == LIBLLM_OK)
        status = libllm_session_eval(session, (const int32_t[]){4, 5}, 2, error);
    if (status == LIBLLM_OK)
        printf("went on with %zu tokens\n", libllm_session_position(session));
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s MODEL\n", argv[0]);
        return 2;
    }
    libllm_runtime *runtime = NULL;
    libllm_model *model = NULL;
    libllm_session *session = NULL;
    libllm_error error;
    libllm_status status = libllm_runtime_create(NULL, &runtime, &error);
    if (status == LIBLLM_OK)
        status = libllm_model_open(runtime, argv[1], NULL, &model, &error);
    if (status == LIBLLM_OK)
        status = libllm_session_open(model, NULL, &session, &error);
    if (status == LIBLLM_OK)
        status = run(session, &error);
    if (status != LIBLLM_OK)
        fprintf(stderr, "%s\n", error.message);
    libllm_session_free(session);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    return status != LIBLLM_OK;
}
