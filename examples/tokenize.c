/* SPDX-License-Identifier: MIT
 * Shows the tokens of a text, one in each line: tokenize MODEL TEXT. Works with vocabulary-only files, too. Shows how
 * a result of unknown size is fetched: ask for the size, then for the result.
 */
#include <libllm/libllm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static libllm_status print_token(const libllm_model *model, int32_t token, libllm_error *error)
{
    char text[256];
    size_t n_bytes;
    libllm_status status =
        libllm_model_detokenize(model, &token, 1, LIBLLM_DETOKENIZE_SPECIAL, text, sizeof text, &n_bytes, error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL)
        printf("%8d  (%zu bytes)\n", token, n_bytes);
    else if (status == LIBLLM_OK)
        printf("%8d  \"%.*s\"\n", token, (int)n_bytes, text);
    return status == LIBLLM_ERROR_BUFFER_TOO_SMALL ? LIBLLM_OK : status;
}

static libllm_status print_tokens(const libllm_model *model, const char *text, libllm_error *error)
{
    size_t n_tokens = 0;
    libllm_status status = libllm_model_tokenize(model, text, strlen(text), 0, NULL, 0, &n_tokens, error);
    if (status != LIBLLM_ERROR_BUFFER_TOO_SMALL)
        return status;
    int32_t *tokens = calloc(n_tokens, sizeof *tokens);
    if (!tokens) {
        *error = (libllm_error){LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory"};
        return LIBLLM_ERROR_OUT_OF_MEMORY;
    }
    status = libllm_model_tokenize(model, text, strlen(text), 0, tokens, n_tokens, &n_tokens, error);
    for (size_t i = 0; i < n_tokens && status == LIBLLM_OK; i++)
        status = print_token(model, tokens[i], error);
    free(tokens);
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
    libllm_error error;
    libllm_status status = libllm_runtime_create(NULL, &runtime, &error);
    if (status == LIBLLM_OK)
        status = libllm_model_open(runtime, argv[1], NULL, &model, &error);
    if (status == LIBLLM_OK)
        status = print_tokens(model, argv[2], &error);
    if (status != LIBLLM_OK)
        fprintf(stderr, "%s\n", error.message);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    return status != LIBLLM_OK;
}
