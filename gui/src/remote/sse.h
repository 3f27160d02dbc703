/* SPDX-License-Identifier: MIT
 * Server-sent events, as models stream them: bytes go in as they come, what stands behind "data:" comes out, an event
 * at a time. Lines may end anywhere between two pieces of bytes.
 */
#ifndef LG_SSE_H
#define LG_SSE_H

#include <glib.h>

G_BEGIN_DECLS

/* The most that one event may be. */
#define LG_SSE_EVENT_MAX (4u << 20)

/* FALSE ends it. The text is NUL-terminated and valid UTF-8. */
typedef gboolean (*LgSseTake)(const char *data, gsize n_bytes, gpointer user_data);

typedef struct {
    GString *line, *data;
    gboolean has_data, after_return;
    LgSseTake take;
    gpointer user_data;
} LgSse;

void lg_sse_init(LgSse *sse, LgSseTake take, gpointer user_data);
void lg_sse_clear(LgSse *sse);

typedef enum { LG_SSE_MORE, LG_SSE_ENDED, LG_SSE_TOO_LONG } LgSseState;
LgSseState lg_sse_feed(LgSse *sse, const char *bytes, gsize n_bytes);

G_END_DECLS

#endif
