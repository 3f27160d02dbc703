/* SPDX-License-Identifier: MIT
 * `libllm embed --pooling rank`: scores of documents for a query.
 */
#include "rank.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_view.h"
#include "terminal.h"

/* The scores of one pair; the session has to be long enough for it. */
static bool rank(const struct access *access, libllm_session *session, const char *query, const struct text *document,
                 float *scores)
{
    const size_t n_query = strlen(query);
    size_t capacity = (n_query + document->n_bytes) / 2 + 256, n_tokens = 0, n_second = 0;
    int32_t *tokens = NULL;
    libllm_error error;
    libllm_status status;
    do {
        tokens = resize(tokens, capacity, sizeof *tokens);
        status = libllm_model_tokenize_pair(access->model, query, n_query, document->bytes, document->n_bytes, tokens,
                                            capacity, &n_tokens, &n_second, &error);
    } while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL && n_tokens > capacity && (capacity = n_tokens));
    if (status == LIBLLM_OK && n_tokens == 0) {
        message("a pair of texts has no tokens");
        status = LIBLLM_ERROR_INVALID_ARGUMENT;
    } else if (status != LIBLLM_OK || (status = libllm_session_rank(session, tokens, n_tokens, n_second, scores,
                                                                    access->info.n_labels, &error)) != LIBLLM_OK) {
        failed(&error);
    }
    free(tokens);
    return status == LIBLLM_OK;
}

/* What a JSON document begins with: the names of the scores. */
static bool print_labels(const struct access *access)
{
    json_t *description = fetch_document(describe_model, access->model);
    char *labels = json_dumps(json_object_get(description, "labels"), JSON_COMPACT);
    if (labels)
        printf("{\"labels\":%s,\"scores\":[", labels);
    else if (description)
        message("out of memory");
    free(labels);
    json_decref(description);
    return labels != NULL;
}

bool rank_documents(const struct access *access, const char *query, const struct text *documents, bool by_line,
                    bool json)
{
    libllm_engine_options engine = access->engine;
    engine.hidden_states = 1;
    engine.n_positions = access->info.n_context_train < 8192 ? access->info.n_context_train : 8192;
    libllm_session *session;
    libllm_error error;
    if (!access->info.n_labels) {
        message("%s has no classifier: it is no reranker", access->path);
        return false;
    }
    if (access_open_session(access, &engine, &session, &error) != LIBLLM_OK) {
        failed(&error);
        return false;
    }
    float *scores = allocate(access->info.n_labels, sizeof *scores);
    bool good = !json || print_labels(access), first = true;
    struct text document;
    for (size_t at = 0; good && text_next_line(documents, by_line, &at, &document);) {
        good = rank(access, session, query, &document, scores);
        if (good)
            print_numbers(scores, access->info.n_labels, json, first ? "" : ",\n");
        first = false;
    }
    if (good && json)
        fputs("]}\n", stdout);
    free(scores);
    libllm_session_free(session);
    return good;
}
