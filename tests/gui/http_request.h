/* SPDX-License-Identifier: MIT
 * What a server of a test reads from who asks it.
 */
#ifndef LG_TESTS_HTTP_REQUEST_H
#define LG_TESTS_HTTP_REQUEST_H

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

/* A request with its body; the caller frees it. */
static inline char *read_request(GInputStream *in)
{
    GString *text = g_string_new(NULL);
    char buffer[4096];
    gssize n;
    while ((n = g_input_stream_read(in, buffer, sizeof buffer, NULL, NULL)) > 0) {
        g_string_append_len(text, buffer, n);
        const char *end = strstr(text->str, "\r\n\r\n"), *length = strstr(text->str, "Content-Length: ");
        if (end && (gsize)(text->str + text->len - end - 4) >= (length ? (gsize)atol(length + 16) : 0))
            break;
    }
    return g_string_free(text, FALSE);
}

#endif
