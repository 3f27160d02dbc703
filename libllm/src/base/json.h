/* SPDX-License-Identifier: MIT
 * The one door to the JSON library (jansson). Parsing is strict: duplicate members are rejected, nesting is
 * checked before anything is built, numbers are 64-bit. jansson allocates with the C library.
 */
#ifndef LL_BASE_JSON_H
#define LL_BASE_JSON_H

#include "base/buffer.h"

#include <jansson.h>

/* Parse a whole text. Any value may stand at the top. On failure *out is NULL and the error has line and column. */
libllm_status ll_json_parse(const ll_host *host, const char *text, size_t n_bytes, json_t **out, libllm_error *error);

/* Serialize behind what the buffer holds; members keep their order. flags are jansson's (JSON_INDENT(2), ...). */
bool ll_json_write(const json_t *value, size_t flags, ll_buffer *out);

/* For writing without building values first: a text with its quotes, in which invalid UTF-8 becomes U+FFFD; a finite
 * number with 17 digits, whole ones up to 9e15 without a point. As jansson writes them. */
void ll_json_put_text(ll_buffer *out, const char *text, size_t n_bytes);
void ll_json_put_number(ll_buffer *out, double x);

#endif
