/* SPDX-License-Identifier: MIT
 * Files: read whole, written so that they are either complete or not there, and the user's folders.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <stdio.h>

#include "text.h"

/* Appends a whole file, "-" being standard input. False, with a message, when it cannot be read. */
bool read_file(const char *path, struct text *text);

/* A file being written under a temporary name next to its own. "-" and what is no regular file (a pipe, a
 * terminal) are written directly. */
struct output {
    FILE *stream;
    char *path;
    /* NULL when written directly. */
    char *temporary;
    /* Written directly to what did not exist before. */
    bool is_new;
};

/* False, with a message, on failure. */
bool output_open(struct output *output, const char *path);
/* Puts the file in place when `complete`, or else removes it. False, with a message, when it is not in place. */
bool output_close(struct output *output, bool complete);

/* The folder of an XDG variable: its value when that is an absolute path, else $HOME/`below_home`, else NULL.
 * Release with free(). */
char *user_folder(const char *variable, const char *below_home);

/* The path of a file in it, such as "/libllm/history", whose folders have been made; NULL when there is no place for
 * it. */
char *user_file(const char *variable, const char *below_home, const char *name);

/* `path` with a leading "~/" replaced by the home folder. Release with free(). */
char *expand_home(const char *path);

/* The last part of a path. */
const char *base_name(const char *path);

#endif
