/* SPDX-License-Identifier: MIT
 * What the turns of a conversation cost: bench-turns MODEL [TURNS]. Every turn is a request of its own, in a session of
 * its own, as a server has it; with and without what the engine keeps of the turns before. Prints the share of the
 * turns before that was not computed again, and the time to the first token of the answer.
 */
#include "bench.h"

#include <libllm/libllm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST = 400, FURTHER = 60, ANSWER = 80, POSITIONS = 8192 };

static libllm_error error;

/* Answers the tokens, and appends the answer to them. */
static void answer(const libllm_engine *engine, int32_t *tokens, size_t *n, double *first, uint64_t *n_cached)
{
    libllm_session *session;
    libllm_stream *stream;
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 0;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.max_tokens = ANSWER;
    options.ignore_end = 1;
    libllm_stream_event event = {.struct_size = sizeof event};
    double start = wall_seconds();
    check(libllm_session_create(engine, NULL, &session, &error), &error);
    check(libllm_stream_create(session, tokens, *n, &options, &stream, &error), &error);
    *first = 0;
    libllm_status status;
    while ((status = libllm_stream_next(stream, &event, &error)) == LIBLLM_OK) {
        if (*first == 0)
            *first = wall_seconds() - start;
        if (event.token >= 0)
            tokens[(*n)++] = event.token;
    }
    check(status, &error);
    *n_cached = event.n_cached_tokens;
    libllm_stream_free(stream);
    libllm_session_free(session);
}

int main(int argc, char **argv)
{
    unsigned long n_turns = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
    if (argc < 2 || n_turns < 2 || FIRST + n_turns * (FURTHER + ANSWER) > POSITIONS) {
        fprintf(stderr, "usage: bench-turns MODEL [TURNS]\n");
        return 2;
    }
    libllm_runtime *runtime;
    libllm_model *model;
    check(libllm_runtime_create(NULL, &runtime, &error), &error);
    check(libllm_model_open(runtime, argv[1], NULL, &model, &error), &error);
    libllm_model_info info = {.struct_size = sizeof info};
    check(libllm_model_get_info(model, &info, &error), &error);
    static int32_t tokens[POSITIONS];
    for (uint32_t no_reuse = 0; no_reuse < 2; no_reuse++) {
        libllm_engine_options options;
        libllm_engine_options_init(&options, sizeof options);
        options.no_reuse = no_reuse;
        libllm_engine *engine;
        check(libllm_engine_create(model, &options, &engine, &error), &error);
        size_t n = 0, before = 0;
        for (unsigned long turn = 1; turn <= n_turns; turn++) {
            for (size_t end = n + (turn == 1 ? FIRST : FURTHER); n < end; n++)
                tokens[n] = (int32_t)((n * 2654435761u >> 7) % info.n_vocab);
            double first;
            uint64_t n_cached;
            size_t n_prompt = n;
            answer(engine, tokens, &n, &first, &n_cached);
            printf("%s  turn %lu  prompt %5zu  cached %5llu", no_reuse ? "without reuse" : "with reuse   ", turn,
                   n_prompt, (unsigned long long)n_cached);
            if (before)
                printf("  %5.1f %% of the turns before", 100 * (double)n_cached / (double)before);
            printf("  first token after %.0f ms\n", 1000 * first);
            before = n;
        }
        libllm_engine_free(engine);
    }
    libllm_model_free(model);
    libllm_runtime_free(runtime);
}
