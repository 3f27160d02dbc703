/* SPDX-License-Identifier: MIT
 * Text that grows, repaired text, numbers and lists of token ids.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "terminal.h"
#include "text.h"

static void *must(void *memory)
{
    if (!memory) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
    return memory;
}

void *allocate(size_t n_items, size_t item_bytes) { return must(calloc(n_items ? n_items : 1, item_bytes)); }

void *resize(void *memory, size_t n_items, size_t item_bytes)
{
    return must(reallocarray(memory, n_items ? n_items : 1, item_bytes));
}

void text_append(struct text *text, const char *bytes, size_t n_bytes)
{
    if (n_bytes >= text->capacity - text->n_bytes) {
        size_t capacity = (text->capacity + n_bytes) * 2 + 64;
        text->bytes = resize(text->bytes, capacity, 1);
        text->capacity = capacity;
    }
    if (n_bytes)
        memcpy(text->bytes + text->n_bytes, bytes, n_bytes);
    text->n_bytes += n_bytes;
    text->bytes[text->n_bytes] = 0;
}

void text_format(struct text *text, const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    text_append(text, line, length < (int)sizeof line ? (size_t)length : sizeof line - 1);
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

/* Table 3-7 of the Unicode standard: the length of the well-formed sequence that starts at `s`, or minus the
 * length of the part that cannot be completed to one. */
static ptrdiff_t sequence_length(const unsigned char *s, size_t n_bytes)
{
    if (s[0] < 0x80)
        return s[0] ? 1 : -1;
    ptrdiff_t length = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
                       : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                       : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                     : 0;
    if (length == 0)
        return -1;
    unsigned low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    for (ptrdiff_t i = 1; i < length; i++) {
        if ((size_t)i == n_bytes || s[i] < low || s[i] > high)
            return -i;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

void text_append_valid(struct text *text, const char *bytes, size_t n_bytes)
{
    size_t start = 0, i = 0;
    while (i < n_bytes) {
        ptrdiff_t length = sequence_length((const unsigned char *)bytes + i, n_bytes - i);
        if (length > 0) {
            i += (size_t)length;
            continue;
        }
        text_append(text, bytes + start, i - start);
        text_append(text, "\xef\xbf\xbd", 3);
        start = i += (size_t)-length;
    }
    text_append(text, bytes + start, n_bytes - start);
}

bool text_next_line(const struct text *text, bool by_line, size_t *at, struct text *line)
{
    while (*at < text->n_bytes) {
        char *start = text->bytes + *at;
        const char *end = by_line ? memchr(start, '\n', text->n_bytes - *at) : NULL;
        const size_t n = end ? (size_t)(end - start) : text->n_bytes - *at;
        *at += n + (end ? 1 : 0);
        *line = (struct text){.bytes = start, .n_bytes = n};
        if (n > 0)
            return true;
    }
    return false;
}

bool parse_count(const char *text, uint64_t *value)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits])
        return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

bool parse_number(const char *text, double *value)
{
    size_t sign = text[0] == '-' || text[0] == '+';
    bool infinite = strcmp(text + sign, "inf") == 0;
    if (!infinite && (text[0] == 0 || text[strspn(text, "0123456789+-.eE")]))
        return false;
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == 0 && (infinite || isfinite(*value));
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Moves over blanks and at most one comma; true when there was a comma. */
static bool skip_separator(const char *text, size_t n_bytes, size_t *at)
{
    bool comma = false;
    for (; *at < n_bytes && (is_blank(text[*at]) || (text[*at] == ',' && !comma)); ++*at)
        comma |= text[*at] == ',';
    return comma;
}

static void bad_token(const char *text, size_t n_bytes, size_t at, size_t index)
{
    size_t length = 0;
    while (at + length < n_bytes && length < 24 && !is_blank(text[at + length]) && text[at + length] != ',')
        length++;
    message("'%.*s' is not a token id (number %zu of the list)", (int)length, text + at, index + 1);
}

static bool give_up(struct token_list *list)
{
    free(list->ids);
    *list = (struct token_list){0};
    return false;
}

bool parse_tokens(const char *text, size_t n_bytes, struct token_list *list)
{
    size_t capacity = 0, at = 0;
    *list = (struct token_list){0};
    bool comma = skip_separator(text, n_bytes, &at);
    while (at < n_bytes && !(comma && list->n == 0)) {
        int64_t id = 0;
        size_t start = at;
        for (; at < n_bytes && text[at] >= '0' && text[at] <= '9' && id <= INT32_MAX; at++)
            id = id * 10 + (text[at] - '0');
        size_t end = at;
        comma = skip_separator(text, n_bytes, &at);
        if (end == start || id > INT32_MAX || (at == end && at < n_bytes)) {
            bad_token(text, n_bytes, start, list->n);
            return give_up(list);
        }
        if (list->n == capacity)
            list->ids = resize(list->ids, capacity = capacity * 2 + 256, sizeof *list->ids);
        list->ids[list->n++] = (int32_t)id;
    }
    if (!comma)
        return true;
    message("the list of token ids %s with a comma", list->n ? "ends" : "begins");
    return give_up(list);
}
