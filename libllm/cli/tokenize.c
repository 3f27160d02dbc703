/* SPDX-License-Identifier: MIT
 * `libllm tokenize`: text to token ids.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"
#include "terminal.h"

struct values {
    const char *text, *file;
    bool special;
};

static const struct option options[] = {
    {"prompt", 'p', OPTION_TEXT, "TEXT", "the text", offsetof(struct values, text), 0, 0},
    {"file", 'f', OPTION_TEXT, "FILE", "the file with the text; '-': standard input", offsetof(struct values, file), 0,
     0},
    {"special", 0, OPTION_FLAG, NULL, "parse special tokens such as <|im_end|>", offsetof(struct values, special), 0,
     0},
    {0},
};

static int print_tokens(const struct common *common, const struct text *text, bool special)
{
    struct access access = {0};
    struct token_list tokens = {0};
    bool good = access_open(&access, common) &&
                access_tokenize(&access, text, special ? LIBLLM_TOKENIZE_PARSE_SPECIAL : 0, &tokens);
    for (size_t i = 0; good && i < tokens.n; i++)
        printf("%s%d", i ? " " : "", tokens.ids[i]);
    if (good)
        putchar('\n');
    free(tokens.ids);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Model", common_options, &common}, {0}};
    struct text text = {0};
    int code = options_parse(&tokenize_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO)
        code = read_text_argument(&tokenize_command, values.text, values.file, &text);
    if (code == OPTIONS_GO)
        code = print_tokens(&common, &text, values.special);
    text_free(&text);
    return code;
}

const struct command tokenize_command = {
    .name = "tokenize",
    .summary = "turn text into token ids",
    .synopsis = "[-m MODEL] (-p TEXT | -f FILE) [--special]",
    .details = "Prints the ids of the tokens on one line, separated by blanks, without beginning\n"
               "and end tokens. Works on files that only have a vocabulary, too. Text is UTF-8;\n"
               "each maximal invalid sequence counts as U+FFFD.\n",
    .run = run,
};
