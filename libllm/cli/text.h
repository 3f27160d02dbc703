/* SPDX-License-Identifier: MIT
 * Text that grows, repaired text, and lists of token ids. Memory that cannot be had ends the program.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As calloc and realloc for n_items * item_bytes; on failure they say so and exit. Release with free(). */
void *allocate(size_t n_items, size_t item_bytes);
void *resize(void *memory, size_t n_items, size_t item_bytes);

/* Bytes, always followed by a NUL once something was appended. Starts as {0}; release with text_free(). */
struct text {
    char *bytes;
    size_t n_bytes, capacity;
};

void text_append(struct text *text, const char *bytes, size_t n_bytes);
/* At most 255 bytes at once. */
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

/* Appends `bytes` with each maximal part that is not valid UTF-8, and each NUL, replaced by U+FFFD. */
void text_append_valid(struct text *text, const char *bytes, size_t n_bytes);

/* The next of the texts that are lines of one, or with !by_line all of it, from *at on; empty ones are passed over.
 * False behind the last. The line points into the text. */
bool text_next_line(const struct text *text, bool by_line, size_t *at, struct text *line);

/* Decimal digits alone, up to UINT64_MAX. */
bool parse_count(const char *text, uint64_t *value);
/* A decimal number or +-inf, nothing around it. */
bool parse_number(const char *text, double *value);

struct token_list {
    int32_t *ids;
    size_t n;
};

/* Reads ids separated by blanks or by one comma, as `libllm tokenize` writes them or as 1,2,3. What is wrong is
 * said in a message, and the list is empty then. Release it with free(list.ids). */
bool parse_tokens(const char *text, size_t n_bytes, struct token_list *list);

#endif
