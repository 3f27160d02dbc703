/* SPDX-License-Identifier: MIT
 * A growing run of bytes. Appending to a buffer that has failed does nothing, so a caller checks `failed` once.
 */
#ifndef LL_BASE_BUFFER_H
#define LL_BASE_BUFFER_H

#include "base/host.h"

typedef struct ll_span {
    const char *data; /* not NUL-terminated */
    size_t size;
} ll_span;

typedef struct ll_buffer {
    const ll_host *host;
    char *data;
    size_t size;
    size_t capacity;
    bool failed; /* out of memory at some point */
} ll_buffer;

void ll_buffer_init(ll_buffer *buffer, const ll_host *host);
void ll_buffer_free(ll_buffer *buffer);
bool ll_buffer_reserve(ll_buffer *buffer, size_t n_more); /* room for n_more bytes behind size */
void ll_buffer_append(ll_buffer *buffer, const void *data, size_t n);
void ll_buffer_byte(ll_buffer *buffer, char c);
void ll_buffer_text(ll_buffer *buffer, const char *text); /* NUL-terminated */
void ll_buffer_format(ll_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool ll_span_equal(ll_span a, ll_span b);
bool ll_span_is(ll_span a, const char *text);
ll_span ll_span_of(const char *text);

/* The (buffer, capacity, needed) protocol of the public interface. */
libllm_status ll_give_text(const char *data, size_t size, char *out, size_t capacity, size_t *needed,
                           libllm_error *error);
libllm_status ll_give_tokens(const int32_t *data, size_t count, int32_t *out, size_t capacity, size_t *needed,
                             libllm_error *error);

/* A growing run of token ids, with the same rule about `failed`. */
typedef struct ll_tokens {
    const ll_host *host;
    int32_t *data;
    size_t size;
    size_t capacity;
    bool failed;
} ll_tokens;

void ll_tokens_init(ll_tokens *tokens, const ll_host *host);
void ll_tokens_free(ll_tokens *tokens);
bool ll_tokens_reserve(ll_tokens *tokens, size_t n_more);
void ll_tokens_push(ll_tokens *tokens, int32_t token);
void ll_tokens_append(ll_tokens *tokens, const int32_t *ids, size_t n);

#endif
