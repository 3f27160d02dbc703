/* SPDX-License-Identifier: MIT
 * Server-sent events (WHATWG HTML, 9.2.6), in pieces of any size: the data of each.
 */
#ifndef CLI_ENDPOINT_SSE_H
#define CLI_ENDPOINT_SSE_H

#include <stdbool.h>

#include "../text.h"

/* Bytes of a line, and of the data of an event. */
enum { SSE_BYTES_MAX = 16 << 20 };

/* Starts as {0}; release with sse_free(). */
struct sse {
    struct text line, data;
    bool has_data, after_return, has_begun, is_too_long;
};

/* The data of an event, NUL-terminated. False: nothing more is wanted. */
typedef bool (*sse_event_fn)(void *context, const char *data, size_t n_bytes);

/* False when the function returned false, or a line is too long. */
bool sse_feed(struct sse *sse, const char *bytes, size_t n_bytes, sse_event_fn event, void *context);
/* The stream has ended: an event that no empty line followed is one all the same. */
bool sse_end(struct sse *sse, sse_event_fn event, void *context);
void sse_free(struct sse *sse);

#endif
