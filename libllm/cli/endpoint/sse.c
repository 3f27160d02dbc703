/* SPDX-License-Identifier: MIT
 * Server-sent events. Lines end with LF, CR or CRLF; whatever is no data is passed over.
 */
#include <string.h>

#include "sse.h"

static bool dispatch(struct sse *sse, sse_event_fn event, void *context)
{
    const bool has_data = sse->has_data;
    sse->has_data = false;
    if (!has_data)
        return true;
    text_append(&sse->data, "", 0);
    const bool good = event(context, sse->data.bytes, sse->data.n_bytes);
    sse->data.n_bytes = 0;
    return good;
}

/* "data: x" or "data:x"; further lines of the same event are joined by line feeds. */
static bool take_data(struct sse *sse)
{
    static const char name[] = "data";
    const struct text *line = &sse->line;
    const size_t length = sizeof name - 1;
    if (line->n_bytes < length || memcmp(line->bytes, name, length) != 0 ||
        (line->n_bytes > length && line->bytes[length] != ':'))
        return true;
    size_t at = length + (line->n_bytes > length);
    at += at < line->n_bytes && line->bytes[at] == ' ';
    if (sse->data.n_bytes + line->n_bytes > SSE_BYTES_MAX)
        return false;
    if (sse->has_data)
        text_append(&sse->data, "\n", 1);
    text_append(&sse->data, line->bytes + at, line->n_bytes - at);
    sse->has_data = true;
    return true;
}

static bool end_line(struct sse *sse, sse_event_fn event, void *context)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, at the start of some streams */
    if (!sse->has_begun && sse->line.n_bytes >= 3 && memcmp(sse->line.bytes, mark, 3) == 0) {
        sse->line.n_bytes -= 3;
        memmove(sse->line.bytes, sse->line.bytes + 3, sse->line.n_bytes);
    }
    sse->has_begun = true;
    if (sse->line.n_bytes == 0)
        return dispatch(sse, event, context);
    sse->is_too_long = !take_data(sse);
    sse->line.n_bytes = 0;
    return !sse->is_too_long;
}

bool sse_feed(struct sse *sse, const char *bytes, size_t n_bytes, sse_event_fn event, void *context)
{
    for (const char *end = bytes + n_bytes; bytes < end;) {
        if (sse->after_return && *bytes == '\n') { /* the second half of CRLF */
            sse->after_return = false;
            bytes++;
            continue;
        }
        sse->after_return = false;
        const char *at = bytes;
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        text_append(&sse->line, bytes, (size_t)(at - bytes));
        sse->is_too_long = sse->line.n_bytes > SSE_BYTES_MAX;
        if (sse->is_too_long)
            return false;
        if (at == end)
            return true;
        sse->after_return = *at == '\r';
        bytes = at + 1;
        if (!end_line(sse, event, context))
            return false;
    }
    return true;
}

bool sse_end(struct sse *sse, sse_event_fn event, void *context)
{
    return (sse->line.n_bytes == 0 || end_line(sse, event, context)) && dispatch(sse, event, context);
}

void sse_free(struct sse *sse)
{
    text_free(&sse->line);
    text_free(&sse->data);
}
