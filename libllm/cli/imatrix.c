/* SPDX-License-Identifier: MIT
 * `libllm imatrix`: which weights of a model matter most on a text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "files.h"
#include "model.h"
#include "terminal.h"

struct values {
    const char *file, *output;
    uint32_t window, batch, n_windows;
    bool force;
};

static const struct option options[] = {
    {"file", 'f', OPTION_TEXT, "FILE", "the file with the text; '-': standard input", offsetof(struct values, file), 0,
     0},
    {"output", 'o', OPTION_TEXT, "FILE", "the file to write (GGUF)", offsetof(struct values, output), 0, 0},
    {"context", 'c', OPTION_COUNT, "N", "tokens of a window (default 512)", offsetof(struct values, window), 1,
     1 << 20},
    {"windows", 0, OPTION_COUNT, "N", "windows at most (default: the whole text)", offsetof(struct values, n_windows),
     1, 1 << 30},
    {"batch", 0, OPTION_COUNT, "N", "tokens evaluated at once (default 256)", offsetof(struct values, batch), 1, 8192},
    {"force", 0, OPTION_FLAG, NULL, "replace the file where it exists", offsetof(struct values, force), 0, 0},
    {0},
};

/* A window from the start of a context; its rows are not looked at. */
static libllm_status take_window(libllm_session *session, const int32_t *tokens, size_t window, size_t batch,
                                 float *rows, size_t n_row, libllm_error *error)
{
    libllm_status status = libllm_session_rewind(session, 0, error);
    for (size_t at = 0; status == LIBLLM_OK && at < window; at += batch) {
        const size_t n = window - at < batch ? window - at : batch;
        status = libllm_session_eval_logits(session, tokens + at, n, rows, batch * n_row, error);
    }
    return status;
}

/* The encoder reads the window, and the decoder is made to repeat it. */
static libllm_status repeat_window(const struct access *access, libllm_session *session, const int32_t *tokens,
                                   size_t window, libllm_error *error)
{
    const int32_t start = libllm_model_special_token(access->model, LIBLLM_TOKEN_DECODER_START);
    libllm_status status = libllm_session_encode(session, tokens, window, error);
    if (status == LIBLLM_OK)
        status = libllm_session_eval(session, &start, 1, error);
    return status ? status : libllm_session_eval(session, tokens, window - 1, error);
}

static bool collect(const struct access *access, const struct values *values, const struct token_list *tokens)
{
    const size_t window = values->window, n_row = access->info.n_embd;
    const bool answers = access->info.has_encoder;
    /* An encoder reads a text at once. */
    const size_t batch = access->info.is_encoder || answers ? window : values->batch;
    size_t n_windows = tokens->n / window;
    if (values->n_windows && values->n_windows < n_windows)
        n_windows = values->n_windows;
    if (n_windows == 0) {
        message("the text has %zu tokens, a window needs %zu; choose a shorter one with -c", tokens->n, window);
        return false;
    }
    libllm_engine_options engine = access->engine;
    engine.n_positions = window;
    engine.n_batch = (uint32_t)batch;
    engine.hidden_states = !answers; /* the output matrix is none of those that are asked for */
    engine.importance = 1;
    libllm_session *session = NULL;
    libllm_error error;
    libllm_status status = libllm_session_open(access->model, &engine, &session, &error);
    float *rows = allocate(batch * n_row, sizeof *rows);
    progress_begin("evaluating %zu windows of %zu tokens", n_windows, window);
    for (size_t i = 0; status == LIBLLM_OK && i < n_windows; i++) {
        int32_t *of = tokens->ids + i * window;
        if (access->info.adds_bos) /* every window begins as a text does */
            of[0] = libllm_model_special_token(access->model, LIBLLM_TOKEN_BOS);
        status = answers ? repeat_window(access, session, of, window, &error)
                         : take_window(session, of, window, batch, rows, n_row, &error);
        progress_update("window %zu of %zu", i + 1, n_windows);
    }
    progress_end();
    if (status == LIBLLM_OK)
        status = libllm_session_save_importance(session, values->output, values->file, values->force, &error);
    if (status != LIBLLM_OK)
        failed(&error);
    free(rows);
    libllm_session_free(session);
    return status == LIBLLM_OK;
}

static bool open_and_collect(const struct common *common, const struct values *values, const struct text *text)
{
    struct access access = {0};
    struct token_list tokens = {0};
    bool good = access_open(&access, common) && access_tokenize(&access, text, LIBLLM_TOKENIZE_ADD_BOS, &tokens) &&
                collect(&access, values, &tokens);
    free(tokens.ids);
    access_close(&access);
    return good;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {.window = 512, .batch = 256};
    const struct option_group groups[] = {
        {"Options", options, &values}, {"Engine", engine_options, &common}, {"Model", common_options, &common}, {0}};
    int code = options_parse(&imatrix_command, groups, argc, argv, NULL);
    if (code != OPTIONS_GO)
        return code;
    if (!values.file || !values.output)
        return usage_error(&imatrix_command, "-f FILE and -o FILE are needed");
    struct text text = {0};
    bool good = read_file(values.file, &text) && open_and_collect(&common, &values, &text);
    text_free(&text);
    return good ? EXIT_OK : EXIT_FAILED;
}

const struct command imatrix_command = {
    .name = "imatrix",
    .summary = "find out which weights matter most on a text",
    .synopsis = "[-m MODEL] -f FILE -o FILE [-c N] [--windows N] [--force]",
    .details = "Runs the model on a text and writes an importance matrix: how large the inputs\n"
               "of each matrix are, column by column, of experts those of each. Give it to\n"
               "`libllm convert --imatrix`, or to llama.cpp, whose format it has. Some hundred\n"
               "windows of text like that the model is for are enough; take the unquantized one.\n",
    .run = run,
};
