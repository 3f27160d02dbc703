/* SPDX-License-Identifier: MIT
 * `libllm detokenize`: token ids to text.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "terminal.h"

struct values {
    const char *ids, *file;
    bool special;
};

static const struct option options[] = {
    {"ids", 'p', OPTION_TEXT, "IDS", "the ids", offsetof(struct values, ids), 0, 0},
    {"file", 'f', OPTION_TEXT, "FILE", "the file with the ids; '-': standard input", offsetof(struct values, file), 0,
     0},
    {"special", 0, OPTION_FLAG, NULL, "write special tokens as their text", offsetof(struct values, special), 0, 0},
    {0},
};

/* Exactly the bytes of the tokens; for a person, a line feed behind them. */
static void print_text(const char *text, size_t n_bytes)
{
    put_text(stdout, text, n_bytes);
    if (is_terminal(stdout))
        putchar('\n');
}

static int detokenize(const struct common *common, const struct token_list *tokens, bool special)
{
    struct access access = {0};
    if (!access_open(&access, common)) {
        access_close(&access);
        return EXIT_FAILED;
    }
    uint32_t flags = special ? LIBLLM_DETOKENIZE_SPECIAL : 0;
    size_t capacity = 0, needed = tokens->n * 8 + 64;
    char *text = NULL;
    libllm_error error;
    libllm_status status;
    do {
        capacity = needed;
        text = resize(text, capacity, 1);
        status = libllm_model_detokenize(access.model, tokens->ids, tokens->n, flags, text, capacity, &needed, &error);
    } while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL && needed > capacity);
    if (status == LIBLLM_OK)
        print_text(text, needed);
    free(text);
    access_close(&access);
    return status == LIBLLM_OK ? EXIT_OK : failed(&error);
}

/* The ids come from one of three places: operands, --ids, or a file. */
static int read_ids(const struct values *values, const struct texts *operands, struct text *text)
{
    if (operands->n == 0)
        return read_text_argument(&detokenize_command, values->ids, values->file, text);
    if (values->ids || values->file)
        return usage_error(&detokenize_command, "ids as arguments exclude --ids and -f");
    for (size_t i = 0; i < operands->n; i++) {
        text_append(text, operands->items[i], strlen(operands->items[i]));
        text_append(text, " ", 1);
    }
    return OPTIONS_GO;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Model", common_options, &common}, {0}};
    struct texts operands = {0};
    struct text text = {0};
    struct token_list tokens = {0};
    int code = options_parse(&detokenize_command, groups, argc, argv, &operands);
    if (code == OPTIONS_GO)
        code = read_ids(&values, &operands, &text);
    if (code == OPTIONS_GO && !parse_tokens(text.bytes, text.n_bytes, &tokens))
        code = values.file ? EXIT_FAILED : EXIT_USAGE;
    if (code == OPTIONS_GO)
        code = detokenize(&common, &tokens, values.special);
    free(tokens.ids);
    text_free(&text);
    texts_free(&operands);
    return code;
}

const struct command detokenize_command = {
    .name = "detokenize",
    .summary = "turn token ids into text",
    .synopsis = "[-m MODEL] (IDS... | --ids IDS | -f FILE) [--special]",
    .details = "Prints the text of the tokens and nothing else; on a terminal, a line feed\n"
               "follows. Ids are separated by blanks or commas:\n"
               "  libllm tokenize -p \"Hello\" | libllm detokenize -f -\n",
    .run = run,
};
