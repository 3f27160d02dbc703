/* SPDX-License-Identifier: MIT
 * The option parser: --name VALUE, --name=VALUE, -x VALUE, -xVALUE; `--` ends the options. Numbers are checked
 * for form and range, and a wrong argument is a usage error that names it.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "terminal.h"
#include "text.h"

void texts_add(struct texts *texts, const char *item)
{
    texts->items = resize(texts->items, texts->n + 1, sizeof *texts->items);
    texts->items[texts->n++] = item;
}

void texts_free(struct texts *texts)
{
    free(texts->items);
    *texts = (struct texts){0};
}

int usage_error(const struct command *command, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    message("%s", text);
    fprintf(stderr, "Try 'libllm %s --help'.\n", command->name);
    return EXIT_USAGE;
}

static void print_option(const struct option *option)
{
    char left[96];
    char letter[] = {'-', option->letter, ',', ' ', 0};
    snprintf(left, sizeof left, "%s--%s %s", option->letter ? letter : "    ", option->name,
             option->value ? option->value : "");
    printf("  %-26s  %s\n", left, option->help);
}

static void print_help(const struct command *command, const struct option_group *groups)
{
    printf("usage: libllm %s %s\n\n%s", command->name, command->synopsis, command->details);
    for (; groups->title; groups++) {
        printf("\n%s:\n", groups->title);
        for (const struct option *option = groups->options; option->name; option++)
            print_option(option);
    }
    static const struct option help = {.name = "help", .letter = 'h', .help = "this text"};
    print_option(&help);
}

/* The row of `name` (length bytes long) or `letter`, and the struct of its group. */
static const struct option *find(const struct option_group *groups, const char *name, size_t length, char letter,
                                 void **values)
{
    for (; groups->title; groups++) {
        for (const struct option *option = groups->options; option->name; option++) {
            bool same_name = name && strlen(option->name) == length && memcmp(option->name, name, length) == 0;
            if (same_name || (letter && option->letter == letter)) {
                *values = groups->values;
                return option;
            }
        }
    }
    return NULL;
}

static int out_of_range(const struct command *command, const struct option *option, const char *text)
{
    /* A double cannot say 2^64 - 1, the highest seed. */
    char high[32] = "2^64-1";
    if (option->high < 0x1p64)
        snprintf(high, sizeof high, "%.15g", option->high);
    return usage_error(command, "--%s must be a%s number from %.15g to %s, not '%s'", option->name,
                       option->kind == OPTION_NUMBER ? "" : " whole", option->low, high, text);
}

static bool is_numbered(const char *word, size_t size)
{
    return size > 2 ? memcmp(word + size - 2, ":N", 2) == 0 : size == 1 && *word == 'N';
}

/* A choice "word:N" is the word with a number of up to three digits, "N" one alone. */
static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *word = choices; word; word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL) {
        const size_t size = strcspn(word, "|");
        if (length && size == length && memcmp(word, text, length) == 0 && !is_numbered(word, size))
            return true;
        if (!is_numbered(word, size) || length < size || memcmp(word, text, size - 1) != 0)
            continue;
        const size_t n_digits = strspn(text + size - 1, "0123456789");
        if (n_digits <= 3 && text[size - 1 + n_digits] == '\0')
            return true;
    }
    return false;
}

static int store(const struct command *command, const struct option *option, void *values, const char *text)
{
    void *target = (char *)values + option->offset;
    uint64_t count = 0;
    double number = 0;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        break;
    case OPTION_TEXT:
        *(const char **)target = text;
        break;
    case OPTION_CHOICE:
        if (!is_choice(option->value, text))
            return usage_error(command, "--%s must be one of %s, not '%s'", option->name, option->value, text);
        *(const char **)target = text;
        break;
    case OPTION_TEXTS:
        texts_add(target, text);
        break;
    case OPTION_COUNT:
    case OPTION_COUNT64:
        if (!parse_count(text, &count) || (double)count < option->low || (double)count > option->high)
            return out_of_range(command, option, text);
        if (option->kind == OPTION_COUNT)
            *(uint32_t *)target = (uint32_t)count;
        else
            *(uint64_t *)target = count;
        break;
    case OPTION_NUMBER:
        if (!parse_number(text, &number) || !(number >= option->low && number <= option->high))
            return out_of_range(command, option, text);
        *(float *)target = (float)number;
        break;
    }
    return OPTIONS_GO;
}

/* Reads the option at argv[*index]; moves on when its value is the next argument. */
static int parse_one(const struct command *command, const struct option_group *groups, int argc, char **argv,
                     int *index)
{
    const char *argument = argv[*index], *value = NULL;
    bool is_long = argument[1] == '-';
    size_t length = is_long ? strcspn(argument + 2, "=") : 0;
    void *values = NULL;
    const struct option *option =
        find(groups, is_long ? argument + 2 : NULL, length, is_long ? 0 : argument[1], &values);
    int shown = is_long ? (int)length + 2 : 2;
    if (!option)
        return usage_error(command, "unknown option '%.*s'", shown, argument);
    if (is_long && argument[2 + length] == '=')
        value = argument + 3 + length;
    else if (!is_long && argument[2])
        value = argument + 2;
    if (option->kind == OPTION_FLAG && value)
        return usage_error(command, "option '%.*s' takes no value", shown, argument);
    if (option->kind != OPTION_FLAG && !value) {
        if (*index + 1 == argc)
            return usage_error(command, "option '%s' needs a value (%s)", argument, option->value);
        value = argv[++*index];
    }
    return store(command, option, values, value);
}

int options_parse(const struct command *command, const struct option_group *groups, int argc, char **argv,
                  struct texts *operands)
{
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        bool is_option = !only_operands && argv[i][0] == '-' && argv[i][1];
        if (is_option && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            print_help(command, groups);
            return EXIT_OK;
        }
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (is_option) {
            int code = parse_one(command, groups, argc, argv, &i);
            if (code != OPTIONS_GO)
                return code;
        } else if (operands) {
            texts_add(operands, argv[i]);
        } else {
            return usage_error(command, "unexpected argument '%s'", argv[i]);
        }
    }
    return OPTIONS_GO;
}
