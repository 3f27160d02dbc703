/* SPDX-License-Identifier: MIT
 * Continues a text: generate MODEL "The capital of France is". Takes the most probable token each time, so that it
 * always writes the same.
 */
#include <libllm/libllm.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PROMPT = 4096, MAX_TOKENS = 32 };

/* Prints what follows the tokens. */
static libllm_status print_continuation(libllm_session *session, const int32_t *tokens, size_t n_tokens,
                                        libllm_error *error)
{
    libllm_sampling_options sampling;
    libllm_sampling_options_init(&sampling, sizeof sampling);
    sampling.temperature = 0;
    libllm_stream_options options;
    libllm_stream_options_init(&options, sizeof options);
    options.sampling = &sampling;
    options.max_tokens = MAX_TOKENS;

    libllm_stream *stream;
    libllm_stream_event event = {.struct_size = sizeof event};
    libllm_status status = libllm_stream_create(session, tokens, n_tokens, &options, &stream, error);
    while (status == LIBLLM_OK) {
        status = libllm_stream_next(stream, &event, error);
        if (status >= 0)
            fwrite(event.text, 1, event.n_bytes, stdout);
    }
    putchar('\n');
    libllm_stream_free(stream);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL TEXT\n", argv[0]);
        return 2;
    }
    libllm_runtime *runtime = NULL;
    libllm_model *model = NULL;
    libllm_session *session = NULL;
    libllm_error error;
    int32_t tokens[MAX_PROMPT];
    size_t n_tokens;

    libllm_status status = libllm_runtime_create(NULL, &runtime, &error);
    if (status == LIBLLM_OK)
        status = libllm_model_open(runtime, argv[1], NULL, &model, &error);
    if (status == LIBLLM_OK)
        status = libllm_model_tokenize(model, argv[2], strlen(argv[2]), LIBLLM_TOKENIZE_ADD_BOS, tokens, MAX_PROMPT,
                                       &n_tokens, &error);
    if (status == LIBLLM_OK)
        status = libllm_session_open(model, NULL, &session, &error);
    if (status == LIBLLM_OK)
        status = print_continuation(session, tokens, n_tokens, &error);
    if (status < 0)
        fprintf(stderr, "%s\n", error.message);

    /* Freeing NULL is fine, and the order does not matter. */
    libllm_session_free(session);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    return status < 0;
}
