/* SPDX-License-Identifier: MIT
 * The stream of a C program, for python_stream.py to compare with: bench-stream MODEL THREADS. Each line of its input,
 * "chat N" or "generate N", has a prompt continued for N tokens; it prints the microseconds that a token behind the
 * first took, of the clock and of the processor.
 */
#include "bench.h"

#include <libllm/libllm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static libllm_error error;

static void measure(libllm_stream *stream)
{
    libllm_stream_event event = {.struct_size = sizeof event};
    check(libllm_stream_next(stream, &event, &error), &error);
    double wall = wall_seconds(), processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t first = event.n_tokens;
    libllm_status status;
    while ((status = libllm_stream_next(stream, &event, &error)) == LIBLLM_OK)
        ;
    check(status, &error);
    double n = (double)(event.n_tokens - first);
    printf("%.3f %.3f\n", 1e6 * (wall_seconds() - wall) / n,
           1e6 * (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - processor) / n);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench-stream MODEL THREADS\n");
        return 2;
    }
    static const char prompt[] = "Once upon a time";
    static const char request[] = "[{\"role\": \"user\", \"content\": \"Once upon a time\"}]";
    static const char template[] = "{{ messages[0].content }}"; /* the small model has none */
    libllm_runtime_options runtime_options;
    libllm_runtime_options_init(&runtime_options, sizeof runtime_options);
    runtime_options.n_threads = (uint32_t)strtoul(argv[2], NULL, 10);
    libllm_runtime *runtime;
    libllm_model *model;
    libllm_chat *chat;
    libllm_session *session;
    check(libllm_runtime_create(&runtime_options, &runtime, &error), &error);
    check(libllm_model_open(runtime, argv[1], NULL, &model, &error), &error);
    libllm_chat_options chat_options;
    libllm_chat_options_init(&chat_options, sizeof chat_options);
    chat_options.template_text = template;
    chat_options.template_bytes = sizeof template - 1;
    check(libllm_chat_create(model, &chat_options, &chat, &error), &error);
    check(libllm_session_open(model, NULL, &session, &error), &error);
    int32_t tokens[64];
    size_t n_tokens;
    check(
        libllm_model_tokenize(model, prompt, sizeof prompt - 1, LIBLLM_TOKENIZE_ADD_BOS, tokens, 64, &n_tokens, &error),
        &error);
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 0;
    libllm_logit_bias letter = {.token = 97,
                                .bias = 100}; /* so that each token of the small model is a piece of text */
    sampling.logit_bias = &letter;
    sampling.n_logit_bias = 1;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.ignore_end = 1;
    char what[16];
    unsigned n;
    while (scanf("%15s %u", what, &n) == 2) {
        options.max_tokens = n;
        libllm_stream *stream;
        if (!strcmp(what, "chat"))
            check(libllm_chat_stream(chat, session, request, sizeof request - 1, &options, &stream, &error), &error);
        else
            check(libllm_stream_create(session, tokens, n_tokens, &options, &stream, &error), &error);
        measure(stream);
        libllm_stream_free(stream);
    }
    libllm_session_free(session);
    libllm_chat_free(chat);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
}
