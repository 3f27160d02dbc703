/* SPDX-License-Identifier: MIT
 * `libllm perplexity`: how well a model foresees a text, and how far it is from another one on it.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "model.h"
#include "terminal.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || !defined(__STDC_IEC_559__)
#error "a base is written as it lies in memory, which must be little-endian IEEE floats"
#endif

struct values {
    const char *file, *base, *save;
    uint32_t window, batch, n_windows;
    bool json;
};

static const struct option options[] = {
    {"file", 'f', OPTION_TEXT, "FILE", "the file with the text; '-': standard input", offsetof(struct values, file), 0,
     0},
    {"context", 'c', OPTION_COUNT, "N", "tokens of a window, of which the second half counts (default 512)",
     offsetof(struct values, window), 2, 1 << 20},
    {"windows", 0, OPTION_COUNT, "N", "windows at most (default: the whole text)", offsetof(struct values, n_windows),
     1, 1 << 30},
    {"batch", 0, OPTION_COUNT, "N", "tokens evaluated at once; 1: decode (default 256)", offsetof(struct values, batch),
     1, 8192},
    {"save-base", 0, OPTION_TEXT, "FILE", "write all log-probabilities, four bytes each", offsetof(struct values, save),
     0, 0},
    {"kl-base", 0, OPTION_TEXT, "FILE", "compare with those of another model or another way to compute",
     offsetof(struct values, base), 0, 0},
    {"json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct values, json), 0, 0},
    {0},
};

/* What a base begins with. Behind it, for each window: its tokens, then the rows of the tokens that count. */
struct base_header {
    char magic[8];
    uint32_t n_vocab, window, n_windows, reserved;
};
static const char base_magic[8] = "libllm\1";

/* Sums over the tokens that count. */
struct measures {
    size_t n;
    double loss, loss_squared; /* -ln p of the text */
    double kl, kl_most, agreeing;
};

/* A run over the text. */
struct evaluation {
    const struct access *access;
    const struct values *values;
    FILE *base;         /* NULL: none */
    struct output save; /* stream NULL: none */
    libllm_session *session;
    float *rows, *base_row;
    int32_t *base_tokens;
    struct measures measures;
};

/* Logits to log-probabilities, in place. */
static void log_softmax(float *x, size_t n)
{
    float most = x[0];
    for (size_t i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - (double)most);
    const float shift = most + (float)log(sum);
    for (size_t i = 0; i < n; i++)
        x[i] -= shift;
}

static size_t largest(const float *x, size_t n)
{
    size_t at = 0;
    for (size_t i = 1; i < n; i++)
        at = x[i] > x[at] ? i : at;
    return at;
}

static void compare(struct measures *m, const float *base, const float *ours, size_t n)
{
    double kl = 0;
    for (size_t i = 0; i < n; i++)
        kl += exp((double)base[i]) * ((double)base[i] - (double)ours[i]);
    m->kl += kl;
    m->kl_most = kl > m->kl_most ? kl : m->kl_most;
    m->agreeing += largest(base, n) == largest(ours, n);
}

/* One row, which foresees `token`. */
static bool take_row(struct evaluation *e, float *row, int32_t token)
{
    const size_t n = e->access->info.n_vocab;
    struct measures *m = &e->measures;
    log_softmax(row, n);
    const double loss = -(double)row[token];
    m->n++;
    m->loss += loss;
    m->loss_squared += loss * loss;
    if (e->save.stream)
        fwrite(row, sizeof *row, n, e->save.stream);
    if (!e->base)
        return true;
    if (fread(e->base_row, sizeof *row, n, e->base) != n) {
        message("%s: ends within a window", e->values->base);
        return false;
    }
    compare(m, e->base_row, row, n);
    return true;
}

/* A window from the start of a context. The rows of its second half count. */
static bool take_window(struct evaluation *e, const int32_t *tokens)
{
    const size_t window = e->values->window, n_vocab = e->access->info.n_vocab, batch = e->values->batch;
    libllm_error error;
    if (e->save.stream)
        fwrite(tokens, sizeof *tokens, window, e->save.stream);
    if (e->base && (fread(e->base_tokens, sizeof *tokens, window, e->base) != window ||
                    memcmp(e->base_tokens, tokens, window * sizeof *tokens) != 0)) {
        message("%s: was made of another text or with another tokenizer", e->values->base);
        return false;
    }
    libllm_status status = libllm_session_rewind(e->session, 0, &error);
    for (size_t at = 0; status == LIBLLM_OK && at < window; at += batch) {
        size_t n = window - at < batch ? window - at : batch;
        status = libllm_session_eval_logits(e->session, tokens + at, n, e->rows, batch * n_vocab, &error);
        for (size_t i = 0; status == LIBLLM_OK && i < n; i++)
            if (at + i >= window / 2 && at + i + 1 < window && !take_row(e, e->rows + i * n_vocab, tokens[at + i + 1]))
                return false;
    }
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

static bool open_base(struct evaluation *e, size_t n_windows)
{
    struct base_header header;
    e->base = fopen(e->values->base, "rb");
    if (!e->base || fread(&header, sizeof header, 1, e->base) != 1 ||
        memcmp(header.magic, base_magic, sizeof base_magic) != 0) {
        message("%s: is no base that --save-base has written", e->values->base);
        return false;
    }
    if (header.n_vocab != e->access->info.n_vocab || header.window != e->values->window ||
        header.n_windows < n_windows) {
        message("%s: has %u windows of %u tokens and a vocabulary of %u, needed are %zu, %u and %u", e->values->base,
                header.n_windows, header.window, header.n_vocab, n_windows, e->values->window, e->access->info.n_vocab);
        return false;
    }
    return true;
}

static bool open_save(struct evaluation *e, size_t n_windows)
{
    struct base_header header = {
        .n_vocab = e->access->info.n_vocab, .window = e->values->window, .n_windows = (uint32_t)n_windows};
    memcpy(header.magic, base_magic, sizeof base_magic);
    if (!output_open(&e->save, e->values->save))
        return false;
    fwrite(&header, sizeof header, 1, e->save.stream);
    return true;
}

static void report(const struct evaluation *e, size_t n_windows)
{
    const struct measures *m = &e->measures;
    const double n = (double)m->n, mean = m->loss / n, variance = m->loss_squared / n - mean * mean;
    const double perplexity = exp(mean), error = perplexity * sqrt(variance > 0 ? variance / n : 0);
    if (e->values->json) {
        printf("{\"windows\":%zu,\"tokens\":%zu,\"perplexity\":%.9g,\"standard_error\":%.3g", n_windows, m->n,
               perplexity, error);
        if (e->base)
            printf(",\"mean_kl\":%.9g,\"largest_kl\":%.9g,\"top1_agreement\":%.9g", m->kl / n, m->kl_most,
                   m->agreeing / n);
        fputs("}\n", stdout);
        return;
    }
    printf("perplexity      %.4f +- %.4f over %zu tokens in %zu windows\n", perplexity, error, m->n, n_windows);
    if (e->base)
        printf("mean KL         %.3g (largest %.3g)\ntop-1 agreement %.2f %%\n", m->kl / n, m->kl_most,
               100 * m->agreeing / n);
}

static bool evaluate(struct evaluation *e, const struct token_list *tokens)
{
    const size_t window = e->values->window, n_vocab = e->access->info.n_vocab;
    size_t n_windows = tokens->n / window;
    if (e->values->n_windows && e->values->n_windows < n_windows)
        n_windows = e->values->n_windows;
    if (n_windows == 0) {
        message("the text has %zu tokens, a window needs %zu; choose a shorter one with -c", tokens->n, window);
        return false;
    }
    libllm_engine_options engine = e->access->engine;
    libllm_error error;
    engine.n_positions = window;
    engine.n_batch = e->values->batch;
    if (access_open_session(e->access, &engine, &e->session, &error) != LIBLLM_OK) {
        failed(&error);
        return false;
    }
    e->rows = allocate(e->values->batch * n_vocab, sizeof *e->rows);
    e->base_row = allocate(n_vocab, sizeof *e->base_row);
    e->base_tokens = allocate(window, sizeof *e->base_tokens);
    bool good = (!e->values->base || open_base(e, n_windows)) && (!e->values->save || open_save(e, n_windows));
    progress_begin("evaluating %zu windows of %zu tokens", n_windows, window);
    for (size_t i = 0; good && i < n_windows; i++) {
        int32_t *of = tokens->ids + i * window;
        if (e->access->info.adds_bos) /* every window begins as a text does */
            of[0] = libllm_model_special_token(e->access->model, LIBLLM_TOKEN_BOS);
        good = take_window(e, of);
    }
    progress_end();
    if (e->save.stream)
        good = output_close(&e->save, good) && good;
    if (good)
        report(e, n_windows);
    if (e->base)
        fclose(e->base);
    free(e->rows);
    free(e->base_row);
    free(e->base_tokens);
    libllm_session_free(e->session);
    return good;
}

static bool open_and_evaluate(const struct common *common, const struct values *values, const struct text *text)
{
    struct access access = {0};
    struct token_list tokens = {0};
    bool good = access_open(&access, common);
    if (good && access.info.is_encoder) {
        message("%s is an encoder, which foresees nothing", access.path);
        good = false;
    }
    if (good && access.info.has_encoder) {
        message("%s answers a text with another; it does not go on with one", access.path);
        good = false;
    }
    good = good && access_tokenize(&access, text, LIBLLM_TOKENIZE_ADD_BOS, &tokens);
    if (good) {
        struct evaluation e = {.access = &access, .values = values};
        good = evaluate(&e, &tokens);
    }
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
    struct text text = {0};
    int code = options_parse(&perplexity_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO && !values.file)
        code = usage_error(&perplexity_command, "-f FILE is missing");
    if (code == OPTIONS_GO)
        code = read_file(values.file, &text) && open_and_evaluate(&common, &values, &text) ? EXIT_OK : EXIT_FAILED;
    text_free(&text);
    common_free(&common);
    return code;
}

const struct command perplexity_command = {
    .name = "perplexity",
    .summary = "measure how well a model foresees a text",
    .synopsis = "[-m MODEL] -f FILE [-c N] [--save-base FILE | --kl-base FILE] [--json]",
    .details = "Cuts the text into windows and prints the perplexity of the second half of each,\n"
               "which has the first as its context. Against a base, which another run has saved\n"
               "(of the unquantized model, say), also the mean Kullback-Leibler divergence from\n"
               "it and how often both find the same token the likeliest.\n",
    .run = run,
};
