/* SPDX-License-Identifier: MIT
 * Lines that the user enters: with editing and history at a terminal, plainly otherwise.
 */
#ifndef CLI_EDITOR_H
#define CLI_EDITOR_H

#include <stdbool.h>

#include "text.h"

struct editor;

enum line_kind {
    LINE_TEXT,
    /* End of input. */
    LINE_END,
    /* It cannot be read, and a message has said so. */
    LINE_FAILED,
    /* Ctrl-C at the prompt: what was typed is dropped. */
    LINE_DROPPED,
};

/* Never NULL. While an interactive editor is open, SIGINT is ignored outside of editor_read(). */
struct editor *editor_open(bool interactive);
/* Replaces `line` with the next line, without its end. */
enum line_kind editor_read(struct editor *editor, const char *prompt, struct text *line);
/* Keeps a line for the arrow keys and for the next conversation. */
void editor_remember(struct editor *editor, const char *line);
void editor_close(struct editor *editor);

#endif
