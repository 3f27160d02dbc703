/* SPDX-License-Identifier: MIT
 * The table of statuses and the formatting of error messages.
 */
#include "base/status.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define STATUSES(X)                                                                                                    \
    X(OK, LIBLLM_OK, "success")                                                                                        \
    X(DONE, LIBLLM_DONE, "no further item")                                                                            \
    X(INVALID_ARGUMENT, LIBLLM_ERROR_INVALID_ARGUMENT, "invalid argument")                                             \
    X(OUT_OF_MEMORY, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory")                                                      \
    X(NOT_FOUND, LIBLLM_ERROR_NOT_FOUND, "not found")                                                                  \
    X(IO, LIBLLM_ERROR_IO, "input or output failed")                                                                   \
    X(CORRUPT_FILE, LIBLLM_ERROR_CORRUPT_FILE, "the file is damaged")                                                  \
    X(UNSUPPORTED, LIBLLM_ERROR_UNSUPPORTED, "not supported")                                                          \
    X(LIMIT, LIBLLM_ERROR_LIMIT, "a limit was exceeded")                                                               \
    X(OUT_OF_RANGE, LIBLLM_ERROR_OUT_OF_RANGE, "out of range")                                                         \
    X(BUFFER_TOO_SMALL, LIBLLM_ERROR_BUFFER_TOO_SMALL, "the buffer is too small")                                      \
    X(CONTEXT_FULL, LIBLLM_ERROR_CONTEXT_FULL, "the context is full")                                                  \
    X(CANCELLED, LIBLLM_ERROR_CANCELLED, "cancelled")                                                                  \
    X(BUSY, LIBLLM_ERROR_BUSY, "in use")                                                                               \
    X(NUMERIC, LIBLLM_ERROR_NUMERIC, "the model produced values that are not numbers")                                 \
    X(TEMPLATE, LIBLLM_ERROR_TEMPLATE, "the chat template failed")                                                     \
    X(NO_TEMPLATE, LIBLLM_ERROR_NO_TEMPLATE, "the model has no chat template")                                         \
    X(JSON, LIBLLM_ERROR_JSON, "invalid JSON")                                                                         \
    X(DEVICE_LOST, LIBLLM_ERROR_DEVICE_LOST, "the device was lost")                                                    \
    X(FORKED, LIBLLM_ERROR_FORKED, "used in a forked child")                                                           \
    X(INTERNAL, LIBLLM_ERROR_INTERNAL, "defect in libllm")                                                             \
    X(CONSTRAINT, LIBLLM_ERROR_CONSTRAINT, "wrong constraint, or one that cannot be kept")

const char *libllm_status_name(libllm_status status)
{
    switch (status) {
#define X(name, value, text)                                                                                           \
    case value:                                                                                                        \
        return #name;
        STATUSES(X)
#undef X
    default:
        return "UNKNOWN";
    }
}

const char *libllm_status_text(libllm_status status)
{
    switch (status) {
#define X(name, value, text)                                                                                           \
    case value:                                                                                                        \
        return text;
        STATUSES(X)
#undef X
    default:
        return "unknown status";
    }
}

static bool is_shown(int32_t c)
{
    bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    bool reorders = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069); /* what a line seems to say */
    return !control && !reorders;
}

/* Copy text into the message: what must not be shown and what is not UTF-8 (a path may be anything) become '?', and
 * the cut lies between characters. */
static void store_message(libllm_error *error, const char *text, size_t n)
{
    size_t size = 0;
    for (size_t i = 0, length; i < n; i += length) {
        int32_t c;
        length = ll_utf8_decode(text + i, n - i, &c);
        bool shown = is_shown(c);
        size_t needed = shown ? length : 1;
        if (size + needed > sizeof error->message - 1)
            break;
        memcpy(error->message + size, shown ? text + i : "?", needed);
        size += needed;
    }
    error->message[size] = 0;
}

libllm_status ll_fail(libllm_error *error, libllm_status status, const char *format, ...)
{
    if (error) {
        char text[1024];
        va_list args;
        va_start(args, format);
        int n = vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (n < 0)
            n = 0;
        error->status = status;
        store_message(error, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    }
    return status;
}

libllm_status ll_fail_memory(libllm_error *error, const char *what)
{
    return ll_fail(error, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for %s", what);
}

libllm_status ll_fail_context(libllm_error *error, libllm_status status, const char *format, ...)
{
    if (error) {
        char text[1024 + sizeof error->message];
        va_list args;
        va_start(args, format);
        int n = vsnprintf(text, 1024, format, args);
        va_end(args);
        size_t used = n < 0 ? 0 : (size_t)n < 1024 ? (size_t)n : 1023;
        size_t old = strnlen(error->message, sizeof error->message - 1);
        memcpy(text + used, ": ", 2);
        memcpy(text + used + 2, error->message, old);
        error->status = status;
        store_message(error, text, used + 2 + old);
    }
    return status;
}
