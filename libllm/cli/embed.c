/* SPDX-License-Identifier: MIT
 * `libllm embed`: texts as vectors.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/remote.h"
#include "json_view.h"
#include "model.h"
#include "rank.h"
#include "terminal.h"

struct values {
    const char *text, *file, *pooling, *pair;
    bool json, whole;
};

static const struct option options[] = {
    {"prompt", 'p', OPTION_TEXT, "TEXT", "the text", offsetof(struct values, text), 0, 0},
    {"file", 'f', OPTION_TEXT, "FILE", "the file with a text on each line; '-': standard input",
     offsetof(struct values, file), 0, 0},
    {"pooling", 0, OPTION_CHOICE, "auto|mean|cls|last|rank",
     "how tokens become one vector (default: as the file says), or scores", offsetof(struct values, pooling), 0, 0},
    {"pair", 0, OPTION_TEXT, "TEXT", "with rank: the document that is scored for -p, instead of those of -f",
     offsetof(struct values, pair), 0, 0},
    {"no-truncate", 0, OPTION_FLAG, NULL,
     "fail on a text that is longer than the model takes, instead of cutting it off", offsetof(struct values, whole), 0,
     0},
    {"json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct values, json), 0, 0},
    {0},
};

static int32_t pooling_named(const char *name)
{
    static const char *const names[] = {"auto", "mean", "cls", "last"}; /* in the order of libllm_pooling */
    for (int32_t i = 0; name && i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return LIBLLM_POOLING_AUTO;
}

/* Leaves out the end of a text, but not the token that the tokenizer puts behind every text. */
static bool shorten(const struct access *access, size_t n, struct token_list *tokens)
{
    struct token_list around = {0};
    char nothing[] = "";
    const struct text empty = {.bytes = nothing};
    if (!access_tokenize(access, &empty, LIBLLM_TOKENIZE_ADD_BOS, &around))
        return false;
    if (around.n > 0 && around.ids[around.n - 1] == tokens->ids[tokens->n - 1])
        tokens->ids[n - 1] = tokens->ids[tokens->n - 1];
    tokens->n = n;
    free(around.ids);
    return true;
}

/* The text's number in the file; 1 for an argument. */
static size_t line_number(const struct text *all, const struct text *line)
{
    size_t n = 1;
    for (const char *at = all->bytes; at < line->bytes; at++)
        n += *at == '\n';
    return n;
}

/* One text of all. */
static bool embed(const struct access *access, libllm_session *session, const struct values *values,
                  const struct text *all, const struct text *text, float *vector)
{
    struct token_list tokens = {0};
    if (!access_tokenize(access, text, LIBLLM_TOKENIZE_ADD_BOS, &tokens))
        return false;
    const size_t room = libllm_session_capacity(session), trained = access->info.n_context_train;
    const size_t most = room < trained ? room : trained;
    const int32_t pooling = pooling_named(values->pooling);
    libllm_error error;
    if (tokens.n > most) {
        message("the text in line %zu has %zu tokens, the model takes %zu%s", line_number(all, text), tokens.n, most,
                values->whole ? "" : ": its end is left out");
        if (values->whole || !shorten(access, most, &tokens)) {
            free(tokens.ids);
            return false;
        }
    }
    libllm_status status = LIBLLM_OK;
    if (tokens.n == 0) {
        message("a text has no tokens");
        status = LIBLLM_ERROR_INVALID_ARGUMENT;
    } else if ((status = libllm_session_embed(session, tokens.ids, tokens.n, pooling, vector, access->info.n_embd,
                                              &error)) != LIBLLM_OK) {
        failed(&error);
    }
    free(tokens.ids);
    return status == LIBLLM_OK;
}

static bool embed_all(const struct access *access, const struct values *values, const struct text *text)
{
    libllm_engine_options engine = access->engine;
    engine.hidden_states = 1;
    engine.n_positions = access->info.n_context_train < 8192 ? access->info.n_context_train : 8192;
    libllm_session *session;
    libllm_error error;
    if (access_open_session(access, &engine, &session, &error) != LIBLLM_OK) {
        failed(&error);
        return false;
    }
    float *vector = allocate(access->info.n_embd, sizeof *vector);
    bool good = true, first = true;
    struct text line;
    /* A file has a text on each line, an argument is one. */
    for (size_t at = 0; good && text_next_line(text, values->file, &at, &line);) {
        good = embed(access, session, values, text, &line, vector);
        if (good)
            print_numbers(vector, access->info.n_embd, values->json, first ? "{\"embeddings\":[" : ",\n");
        first = false;
    }
    if (good && values->json)
        fputs(first ? "{\"embeddings\":[]}\n" : "]}\n", stdout);
    free(vector);
    libllm_session_free(session);
    return good;
}

/* What is read: texts, or the documents for a query. */
static int read_input(const struct values *values, bool ranks, struct text *text)
{
    if (!ranks && values->pair)
        return usage_error(&embed_command, "--pair goes with --pooling rank");
    if (!ranks)
        return read_text_argument(&embed_command, values->text, values->file, text);
    if (!values->text || !values->pair == !values->file)
        return usage_error(&embed_command, "--pooling rank needs the query as -p, and --pair or -f with documents");
    return read_text_argument(&embed_command, values->pair, values->file, text);
}

static int embed_there(const struct common *common, const struct values *values, struct endpoint *endpoint,
                       const struct text *text)
{
    int code = remote_check(&embed_command, common, NULL);
    if (code != OPTIONS_GO)
        return code;
    if (values->pooling || values->whole)
        return usage_error(&embed_command, "--%s is about a model on this machine",
                           values->pooling ? "pooling" : "no-truncate");
    code = endpoint_open(endpoint) && endpoint_choose(endpoint, common->model) &&
                   remote_embed(endpoint, text, values->file, values->json)
               ? EXIT_OK
               : EXIT_FAILED;
    endpoint_close(endpoint);
    return code;
}

static int embed_here(const struct common *common, const struct values *values, const struct text *text)
{
    struct access access = {0};
    const bool ranks = values->pooling && strcmp(values->pooling, "rank") == 0;
    bool good = access_open(&access, common);
    if (good)
        good = ranks ? rank_documents(&access, values->text, text, values->file, values->json)
                     : embed_all(&access, values, text);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct endpoint endpoint = ENDPOINT_DEFAULTS;
    struct values values = {0};
    const struct option_group groups[] = {{"Options", options, &values},
                                          {"Engine", engine_options, &common},
                                          {"Model", common_options, &common},
                                          {"Endpoint", endpoint_options, &endpoint},
                                          {0}};
    struct text text = {0};
    int code = options_parse(&embed_command, groups, argc, argv, NULL);
    const bool ranks = values.pooling && strcmp(values.pooling, "rank") == 0;
    if (code == OPTIONS_GO)
        code = read_input(&values, ranks, &text);
    if (code == OPTIONS_GO)
        code = endpoint.url ? embed_there(&common, &values, &endpoint, &text) : embed_here(&common, &values, &text);
    text_free(&text);
    common_free(&common);
    return code;
}

const struct command embed_command = {
    .name = "embed",
    .summary = "turn texts into vectors that can be compared",
    .synopsis = "[-m MODEL] (-p TEXT | -f FILE) [--pooling HOW] [--no-truncate] [--json]\n"
                "       libllm embed [-m MODEL] --pooling rank -p QUERY (--pair TEXT | -f FILE) [--json]\n"
                "       libllm embed --endpoint URL [--api-key-file FILE] [-m NAME] (-p TEXT | -f FILE) [--json]",
    .details = "Prints the embedding of each text on a line: the hidden states behind the last\n"
               "layer, pooled, of length 1, so that the product of two is how much they are\n"
               "alike. Meant for embedding models; others give vectors, too. Of a text that is\n"
               "longer than the model takes the end is left out, and a message names its line.\n"
               "With --pooling rank, of a reranker, the scores of each document for a query.\n",
    .run = run,
};
