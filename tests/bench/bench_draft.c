/* SPDX-License-Identifier: MIT
 * What a draft gives: bench-draft MODEL DRAFT [TOKENS]. Three prompts are continued greedily without and with the
 * draft, in turn; prints the speeds, the guesses that were right, and whether the tokens are the same, which they are
 * to be.
 */
#include "bench.h"

#include <libllm/libllm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 1024, ROUNDS = 3 };

static libllm_error error;

/* Tokens a second behind the first token. */
static double go_on(libllm_session *session, libllm_session *draft, const int32_t *prompt, size_t n_prompt, size_t n,
                    int32_t *tokens, libllm_stream_event *event)
{
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 0;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.max_tokens = n;
    options.ignore_end = 1;
    options.draft = draft;
    libllm_stream *stream;
    check(libllm_stream_create(session, prompt, n_prompt, &options, &stream, &error), &error);
    size_t count = 0;
    libllm_status status;
    event->struct_size = sizeof *event;
    while ((status = libllm_stream_next(stream, event, &error)) == LIBLLM_OK)
        if (event->token >= 0)
            tokens[count++] = event->token;
    check(status, &error);
    libllm_stream_free(stream);
    return (double)(count - 1) / event->decode_seconds;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    const char *const prompts[] = {"The history of the steam engine begins",
                                   "def fibonacci(n):\n    \"\"\"Return the n-th number.\"\"\"\n",
                                   "Q: Name the planets of the solar system in order.\nA: Mercury, Venus,"};
    const unsigned long n = argc > 3 ? strtoul(argv[3], NULL, 10) : 128;
    if (argc < 3 || n < 2 || n > TOKENS_MAX) {
        fprintf(stderr, "usage: bench-draft MODEL DRAFT [TOKENS]\n");
        return 2;
    }
    libllm_runtime *runtime;
    libllm_model *models[2];
    libllm_session *sessions[2];
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_positions = TOKENS_MAX + 64;
    check(libllm_runtime_create(NULL, &runtime, &error), &error);
    for (int i = 0; i < 2; i++) {
        check(libllm_model_open(runtime, argv[1 + i], NULL, &models[i], &error), &error);
        check(libllm_session_open(models[i], &options, &sessions[i], &error), &error);
    }
    int all_same = 1;
    for (size_t p = 0; p < sizeof prompts / sizeof *prompts; p++) {
        int32_t prompt[64], tokens[2][TOKENS_MAX];
        double speeds[2][ROUNDS];
        size_t n_prompt;
        libllm_stream_event event;
        check(libllm_model_tokenize(models[0], prompts[p], strlen(prompts[p]), LIBLLM_TOKENIZE_ADD_BOS, prompt, 64,
                                    &n_prompt, &error),
              &error);
        for (int round = 0; round < 2 * ROUNDS; round++) {
            const int with = round % 2;
            speeds[with][round / 2] =
                go_on(sessions[0], with ? sessions[1] : NULL, prompt, n_prompt, n, tokens[with], &event);
        }
        const int same = memcmp(tokens[0], tokens[1], n * sizeof **tokens) == 0;
        all_same &= same;
        for (int with = 0; with < 2; with++)
            qsort(speeds[with], ROUNDS, sizeof **speeds, compare);
        printf("prompt %zu  without %6.1f tokens/s  with the draft %6.1f (%.2f x)  %llu of %llu guesses right  tokens "
               "%s\n",
               p + 1, speeds[0][ROUNDS / 2], speeds[1][ROUNDS / 2], speeds[1][ROUNDS / 2] / speeds[0][ROUNDS / 2],
               (unsigned long long)event.n_accepted_tokens, (unsigned long long)event.n_guessed_tokens,
               same ? "the same" : "DIFFER");
    }
    for (int i = 0; i < 2; i++) {
        libllm_session_free(sessions[i]);
        libllm_model_free(models[i]);
    }
    libllm_runtime_free(runtime);
    return !all_same;
}
