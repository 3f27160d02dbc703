/* SPDX-License-Identifier: MIT
 * What people see: messages, text of models, and signs of progress.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <libllm/libllm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

bool is_terminal(FILE *stream);

/* Writes text that came from a model or a file. On a terminal, control characters other than line feed and tab
 * become U+FFFD, so that such text cannot move the cursor, set a title or retype a line. */
void put_text(FILE *stream, const char *text, size_t n_bytes);

/* A line on standard error: "libllm: ...". */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The message of a failed library call; returns EXIT_FAILED. */
int failed(const libllm_error *error);

/* A dimmed line on standard error, only when that is a terminal. */
void quiet_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is printed to standard output in between is dimmed, only when that is a terminal. */
void dim_begin(void);
void dim_end(void);

/* Flushes standard output; false when something could not be written, which is said once. */
bool flush_output(void);

/* Between the two, a line on standard error says what takes so long: only on a terminal, and only after a second.
 * They do not nest; a second progress_end() does nothing. */
void progress_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);
/* In between: another text for the line. */
void progress_update(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

#endif
