/* SPDX-License-Identifier: MIT
 * Server-sent events. Of the fields only "data" means something here; comments and the others are passed over.
 */
#include <string.h>

#include "remote/sse.h"

void lg_sse_init(LgSse *sse, LgSseTake take, gpointer user_data)
{
    *sse = (LgSse){.line = g_string_new(NULL), .data = g_string_new(NULL), .take = take, .user_data = user_data};
}

void lg_sse_clear(LgSse *sse)
{
    if (sse->line)
        g_string_free(sse->line, TRUE);
    if (sse->data)
        g_string_free(sse->data, TRUE);
    *sse = (LgSse){0};
}

static gboolean give(LgSse *sse)
{
    if (!sse->has_data)
        return TRUE;
    g_autofree char *valid = g_utf8_make_valid(sse->data->str, (gssize)sse->data->len);
    g_string_truncate(sse->data, 0);
    sse->has_data = FALSE;
    return sse->take(valid, strlen(valid), sse->user_data);
}

/* A whole line; an empty one ends the event. */
static gboolean take_line(LgSse *sse)
{
    gboolean goes_on = TRUE;
    if (sse->line->len == 0) {
        goes_on = give(sse);
    } else if (g_str_has_prefix(sse->line->str, "data:")) {
        const char *value = sse->line->str + strlen("data:");
        if (sse->has_data)
            g_string_append_c(sse->data, '\n');
        g_string_append(sse->data, *value == ' ' ? value + 1 : value);
        sse->has_data = TRUE;
    }
    g_string_truncate(sse->line, 0);
    return goes_on;
}

LgSseState lg_sse_feed(LgSse *sse, const char *bytes, gsize n_bytes)
{
    const char *end = bytes + n_bytes;
    while (bytes < end) {
        gsize n = 0;
        while (bytes + n < end && bytes[n] != '\n' && bytes[n] != '\r')
            n++;
        if (sse->line->len + n + sse->data->len > LG_SSE_EVENT_MAX)
            return LG_SSE_TOO_LONG;
        if (n)
            sse->after_return = FALSE;
        g_string_append_len(sse->line, bytes, (gssize)n);
        bytes += n;
        if (bytes == end)
            break;
        const char c = *bytes++;
        const gboolean is_second = c == '\n' && sse->after_return; /* of CR LF */
        sse->after_return = c == '\r';
        if (!is_second && !take_line(sse))
            return LG_SSE_ENDED;
    }
    return LG_SSE_MORE;
}
