/* SPDX-License-Identifier: MIT
 * Growing runs of bytes and of token ids.
 */
#include "base/buffer.h"

#include "base/checked.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* New capacity for at least `size + n_more` elements, or 0 when that cannot be. */
static size_t grown_capacity(size_t size, size_t capacity, size_t n_more)
{
    size_t need, doubled;
    if (!ll_add_size(size, n_more, &need))
        return 0;
    if (!ll_mul_size(capacity, 2, &doubled))
        return need;
    size_t least = need < 64 ? 64 : need;
    return doubled > least ? doubled : least;
}

void ll_buffer_init(ll_buffer *buffer, const ll_host *host) { *buffer = (ll_buffer){.host = host}; }

void ll_buffer_free(ll_buffer *buffer)
{
    if (buffer->host)
        ll_free(buffer->host, buffer->data);
    *buffer = (ll_buffer){.host = buffer->host};
}

bool ll_buffer_reserve(ll_buffer *buffer, size_t n_more)
{
    if (buffer->failed)
        return false;
    if (buffer->capacity - buffer->size >= n_more)
        return true;
    size_t capacity = grown_capacity(buffer->size, buffer->capacity, n_more);
    char *data = capacity ? ll_realloc(buffer->host, buffer->data, buffer->size, capacity, 1) : NULL;
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void ll_buffer_append(ll_buffer *buffer, const void *data, size_t n)
{
    if (n == 0 || !ll_buffer_reserve(buffer, n))
        return;
    memcpy(buffer->data + buffer->size, data, n);
    buffer->size += n;
}

void ll_buffer_byte(ll_buffer *buffer, char c)
{
    if (ll_buffer_reserve(buffer, 1))
        buffer->data[buffer->size++] = c;
}

void ll_buffer_text(ll_buffer *buffer, const char *text) { ll_buffer_append(buffer, text, strlen(text)); }

void ll_buffer_format(ll_buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !ll_buffer_reserve(buffer, (size_t)n + 1))
        return;
    va_start(args, format);
    vsnprintf(buffer->data + buffer->size, (size_t)n + 1, format, args);
    va_end(args);
    buffer->size += (size_t)n;
}

bool ll_span_equal(ll_span a, ll_span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool ll_span_is(ll_span a, const char *text) { return ll_span_equal(a, ll_span_of(text)); }

ll_span ll_span_of(const char *text) { return (ll_span){text, strlen(text)}; }

static libllm_status give(const void *data, size_t count, size_t size, void *out, size_t capacity, size_t *needed,
                          libllm_error *error)
{
    *needed = count;
    if (count > capacity)
        return ll_fail(error, LIBLLM_ERROR_BUFFER_TOO_SMALL, "the buffer holds %zu elements, %zu are needed", capacity,
                       count);
    if (count)
        memcpy(out, data, count * size);
    return LIBLLM_OK;
}

libllm_status ll_give_text(const char *data, size_t size, char *out, size_t capacity, size_t *needed,
                           libllm_error *error)
{
    return give(data, size, 1, out, capacity, needed, error);
}

libllm_status ll_give_tokens(const int32_t *data, size_t count, int32_t *out, size_t capacity, size_t *needed,
                             libllm_error *error)
{
    return give(data, count, sizeof *data, out, capacity, needed, error);
}

void ll_tokens_init(ll_tokens *tokens, const ll_host *host) { *tokens = (ll_tokens){.host = host}; }

void ll_tokens_free(ll_tokens *tokens)
{
    if (tokens->host)
        ll_free(tokens->host, tokens->data);
    *tokens = (ll_tokens){.host = tokens->host};
}

bool ll_tokens_reserve(ll_tokens *tokens, size_t n_more)
{
    if (tokens->failed)
        return false;
    if (tokens->capacity - tokens->size >= n_more)
        return true;
    size_t capacity = grown_capacity(tokens->size, tokens->capacity, n_more);
    int32_t *data =
        capacity ? ll_realloc(tokens->host, tokens->data, tokens->size, capacity, sizeof *tokens->data) : NULL;
    if (!data) {
        tokens->failed = true;
        return false;
    }
    tokens->data = data;
    tokens->capacity = capacity;
    return true;
}

void ll_tokens_push(ll_tokens *tokens, int32_t token)
{
    if (ll_tokens_reserve(tokens, 1))
        tokens->data[tokens->size++] = token;
}

void ll_tokens_append(ll_tokens *tokens, const int32_t *ids, size_t n)
{
    if (n == 0 || !ll_tokens_reserve(tokens, n))
        return;
    memcpy(tokens->data + tokens->size, ids, n * sizeof *ids);
    tokens->size += n;
}
