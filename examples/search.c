/* SPDX-License-Identifier: MIT
 * Finds the texts that are closest to a question in meaning: search MODEL QUESTION TEXT... The model is one for
 * embeddings; others work less well. Embeddings have length 1, so that their product is their similarity.
 */
#include <libllm/libllm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOKENS = 512 };

struct found {
    const char *text;
    double similarity;
};

static libllm_status embed(const libllm_model *model, libllm_session *session, const char *text, float *embedding,
                           size_t n_embd, libllm_error *error)
{
    int32_t tokens[MAX_TOKENS];
    size_t n_tokens;
    libllm_status status =
        libllm_model_tokenize(model, text, strlen(text), LIBLLM_TOKENIZE_ADD_BOS, tokens, MAX_TOKENS, &n_tokens, error);
    if (status == LIBLLM_OK)
        status = libllm_session_embed(session, tokens, n_tokens, LIBLLM_POOLING_AUTO, embedding, n_embd, error);
    return status;
}

static int by_similarity(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return (x->similarity < y->similarity) - (x->similarity > y->similarity);
}

/* Sorts the texts. vectors has room for two. */
static libllm_status search(const libllm_model *model, libllm_session *session, const char *question,
                            struct found *texts, int n_texts, float *vectors, size_t n_embd, libllm_error *error)
{
    float *asked = vectors, *vector = vectors + n_embd;
    libllm_status status = embed(model, session, question, asked, n_embd, error);
    for (int i = 0; i < n_texts && status == LIBLLM_OK; i++) {
        status = embed(model, session, texts[i].text, vector, n_embd, error);
        texts[i].similarity = 0;
        for (size_t k = 0; k < n_embd && status == LIBLLM_OK; k++)
            texts[i].similarity += (double)asked[k] * (double)vector[k];
    }
    if (status == LIBLLM_OK)
        qsort(texts, (size_t)n_texts, sizeof *texts, by_similarity);
    return status;
}

static libllm_status run(const libllm_model *model, libllm_session *session, char **arguments, int n_texts,
                         libllm_error *error)
{
    libllm_model_info info = {.struct_size = sizeof info};
    libllm_status status = libllm_model_get_info(model, &info, error);
    if (status != LIBLLM_OK)
        return status;
    float *vectors = calloc(2 * (size_t)info.n_embd, sizeof *vectors);
    struct found *texts = calloc((size_t)n_texts, sizeof *texts);
    if (vectors && texts) {
        for (int i = 0; i < n_texts; i++)
            texts[i].text = arguments[1 + i];
        status = search(model, session, arguments[0], texts, n_texts, vectors, info.n_embd, error);
    } else {
        *error = (libllm_error){LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory"};
        status = LIBLLM_ERROR_OUT_OF_MEMORY;
    }
    for (int i = 0; i < n_texts && status == LIBLLM_OK; i++)
        printf("%.4f  %s\n", texts[i].similarity, texts[i].text);
    free(texts);
    free(vectors);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s MODEL QUESTION TEXT...\n", argv[0]);
        return 2;
    }
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.hidden_states = 1;

    libllm_runtime *runtime = NULL;
    libllm_model *model = NULL;
    libllm_session *session = NULL;
    libllm_error error;
    libllm_status status = libllm_runtime_create(NULL, &runtime, &error);
    if (status == LIBLLM_OK)
        status = libllm_model_open(runtime, argv[1], NULL, &model, &error);
    if (status == LIBLLM_OK)
        status = libllm_session_open(model, &options, &session, &error);
    if (status == LIBLLM_OK)
        status = run(model, session, argv + 2, argc - 3, &error);
    if (status != LIBLLM_OK)
        fprintf(stderr, "%s\n", error.message);
    libllm_session_free(session);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    return status != LIBLLM_OK;
}
