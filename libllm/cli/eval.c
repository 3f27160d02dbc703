/* SPDX-License-Identifier: MIT
 * `libllm eval`: the logits after every token, for comparison with other implementations.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "model.h"
#include "terminal.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || !defined(__STDC_IEC_559__)
#error "rows are written as they lie in memory, which must be little-endian IEEE floats"
#endif

struct values {
    const char *ids, *file, *decoder_ids, *logits;
    uint32_t batch;
};

static const struct option options[] = {
    {"ids", 0, OPTION_TEXT, "IDS", "the token ids, such as 1,2,3", offsetof(struct values, ids), 0, 0},
    {"file", 'f', OPTION_TEXT, "FILE", "the file with the ids; '-': standard input", offsetof(struct values, file), 0,
     0},
    {"decoder-ids", 0, OPTION_TEXT, "IDS", "the decoder's ids, where the others are for an encoder besides",
     offsetof(struct values, decoder_ids), 0, 0},
    {"logits", 0, OPTION_TEXT, "OUT", "the file to write; '-': standard output", offsetof(struct values, logits), 0, 0},
    {"batch", 0, OPTION_COUNT, "N", "tokens evaluated at once; 1: decode (default 256)", offsetof(struct values, batch),
     1, 8192},
    {0},
};

/* Evaluates the tokens in batches and writes the rows of each as they come. */
static bool write_rows(libllm_session *session, const struct token_list *tokens, size_t n_batch, size_t n_row,
                       FILE *stream)
{
    size_t largest = n_batch < tokens->n ? n_batch : tokens->n, n;
    float *rows = allocate(largest * n_row, sizeof *rows);
    libllm_error error;
    libllm_status status = LIBLLM_OK;
    progress_begin("evaluating %zu tokens", tokens->n);
    for (size_t i = 0; i < tokens->n && status == LIBLLM_OK; i += n) {
        n = tokens->n - i < n_batch ? tokens->n - i : n_batch;
        status = libllm_session_eval_logits(session, tokens->ids + i, n, rows, largest * n_row, &error);
        if (status == LIBLLM_OK)
            fwrite(rows, sizeof *rows, n * n_row, stream);
    }
    progress_end();
    free(rows);
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

/* What --decoder-ids is for, and what is missing without it. */
static bool decoder_fits(const struct access *access, const struct token_list *decoder)
{
    if (access->info.has_encoder && decoder->n == 0)
        message("%s has a decoder besides its encoder: give that one's ids with --decoder-ids", access->path);
    else if (!access->info.has_encoder && decoder->n)
        message("%s does not have both an encoder and a decoder, which --decoder-ids is for", access->path);
    else
        return true;
    return false;
}

static bool encode(libllm_session *session, const struct token_list *tokens)
{
    libllm_error error;
    progress_begin("reading %zu tokens", tokens->n);
    libllm_status status = libllm_session_encode(session, tokens->ids, tokens->n, &error);
    progress_end();
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

static bool evaluate(const struct access *access, const struct values *values, const struct token_list *tokens,
                     const struct token_list *decoder)
{
    const bool answers = access->info.has_encoder;
    libllm_engine_options engine = access->engine;
    engine.n_positions = tokens->n > decoder->n ? tokens->n : decoder->n;
    engine.n_batch = values->batch;
    const uint32_t at_once = (uint32_t)(tokens->n < 8192 ? tokens->n : 8192); /* for an encoder */
    if (access->info.is_encoder || (answers && engine.n_batch < at_once))
        engine.n_batch = at_once;
    libllm_session *session;
    libllm_error error;
    if (access_open_session(access, &engine, &session, &error) != LIBLLM_OK) {
        failed(&error);
        return false;
    }
    struct output output;
    bool good = (!answers || encode(session, tokens)) && output_open(&output, values->logits);
    if (good) {
        good = write_rows(session, answers ? decoder : tokens, answers ? values->batch : engine.n_batch,
                          access->info.is_encoder ? access->info.n_embd : access->info.n_vocab, output.stream);
        good = output_close(&output, good);
    }
    libllm_session_free(session);
    return good;
}

static int open_and_evaluate(const struct common *common, const struct values *values, const struct token_list *tokens,
                             const struct token_list *decoder)
{
    struct access access = {0};
    bool good =
        access_open(&access, common) && decoder_fits(&access, decoder) && evaluate(&access, values, tokens, decoder);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {.batch = 256};
    const struct option_group groups[] = {
        {"Options", options, &values}, {"Engine", engine_options, &common}, {"Model", common_options, &common}, {0}};
    struct text text = {0};
    struct token_list tokens = {0}, decoder = {0};
    int code = options_parse(&eval_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO && (!values.logits || !values.logits[0]))
        code = usage_error(&eval_command, "--logits OUT is missing");
    if (code == OPTIONS_GO && !values.ids == !values.file)
        code = usage_error(&eval_command,
                           values.ids ? "--ids and -f exclude each other" : "give the ids with --ids, or with -f FILE");
    if (code == OPTIONS_GO && values.file && !read_file(values.file, &text))
        code = EXIT_FAILED;
    else if (code == OPTIONS_GO && values.ids)
        text_append(&text, values.ids, strlen(values.ids));
    if (code == OPTIONS_GO && !parse_tokens(text.bytes, text.n_bytes, &tokens))
        code = values.file ? EXIT_FAILED : EXIT_USAGE;
    else if (code == OPTIONS_GO && tokens.n == 0)
        code = usage_error(&eval_command, "there are no ids to evaluate");
    if (code == OPTIONS_GO && values.decoder_ids &&
        !parse_tokens(values.decoder_ids, strlen(values.decoder_ids), &decoder))
        code = EXIT_USAGE;
    if (code == OPTIONS_GO)
        code = open_and_evaluate(&common, &values, &tokens, &decoder);
    free(tokens.ids);
    free(decoder.ids);
    text_free(&text);
    common_free(&common);
    return code;
}

const struct command eval_command = {
    .name = "eval",
    .summary = "write the logits after each of some tokens",
    .synopsis = "[-m MODEL] (--ids IDS | -f FILE) [--decoder-ids IDS] --logits OUT [--batch N]",
    .details = "Writes the logits that follow every one of the tokens: float32, little-endian,\n"
               "row by row, one row of the vocabulary's size for each token; of an encoder the\n"
               "last hidden states. Nothing is added to the ids. The file needs no tokenizer.\n"
               "A model of an encoder and a decoder reads the ids and writes the logits after\n"
               "each of the decoder's, which begin with the one that its decoder begins with.\n",
    .run = run,
};
