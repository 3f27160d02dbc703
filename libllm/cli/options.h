/* SPDX-License-Identifier: MIT
 * The one option parser of all commands. Options are rows of tables; the same rows print --help, so that the two
 * cannot differ.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "command.h"

enum option_kind {
    OPTION_FLAG,    /* bool: given or not */
    OPTION_TEXT,    /* const char *: the last one given */
    OPTION_CHOICE,  /* const char *: one of the words in `value`, which bars separate */
    OPTION_TEXTS,   /* struct texts: all of them */
    OPTION_COUNT,   /* uint32_t within low..high */
    OPTION_COUNT64, /* uint64_t within low..high */
    OPTION_NUMBER,  /* float within low..high */
};

struct texts {
    const char **items;
    size_t n;
};

struct option {
    /* Without the dashes. */
    const char *name;
    /* The short form, or 0. */
    char letter;
    enum option_kind kind;
    /* Stands for the value in --help; NULL for flags. */
    const char *value;
    const char *help;
    /* Where the value goes within the struct of the group. */
    size_t offset;
    double low, high;
};

/* Options that belong together and the struct that holds their values (with the defaults in it). */
struct option_group {
    const char *title;
    /* Ends with a row without a name. */
    const struct option *options;
    void *values;
};

/* What options_parse() returns when the command should go on. */
#define OPTIONS_GO (-1)

/* Reads the arguments into the groups, the last of which has no title. Handles --help. What is no option goes to
 * `operands`, or is an error when that is NULL. Returns OPTIONS_GO or an exit code. */
int options_parse(const struct command *command, const struct option_group *groups, int argc, char **argv,
                  struct texts *operands);

/* Says what is wrong with the arguments and where to read more; returns EXIT_USAGE. */
int usage_error(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

void texts_add(struct texts *texts, const char *item);
void texts_free(struct texts *texts);

#endif
