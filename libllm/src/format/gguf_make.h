/* SPDX-License-Identifier: MIT
 * Putting the structure of a GGUF file together in memory, for a model that lies in files of another format, or one
 * that is to be written: what reads GGUF files reads it the same way.
 */
#ifndef LL_FORMAT_GGUF_MAKE_H
#define LL_FORMAT_GGUF_MAKE_H

#include "format/gguf.h"

/* Everything below does nothing once memory has run out, so that `failed` is checked at the end. */
typedef struct ll_gguf_maker {
    ll_gguf *gguf;
    bool failed; /* out of memory */
} ll_gguf_maker;

/* An empty structure of version 0, to be released with ll_gguf_close() in any case. */
void ll_gguf_make(ll_gguf_maker *maker, const ll_host *host, ll_gguf *gguf);

/* Add a key and its value, both copied. A key that is there keeps its value. */
void ll_gguf_put_u32(ll_gguf_maker *maker, const char *key, uint32_t value);
void ll_gguf_put_f32(ll_gguf_maker *maker, const char *key, float value);
void ll_gguf_put_bool(ll_gguf_maker *maker, const char *key, bool value);
void ll_gguf_put_string(ll_gguf_maker *maker, const char *key, ll_span value);
/* n numbers or bools */
void ll_gguf_put_array(ll_gguf_maker *maker, const char *key, ll_gguf_type type, const void *values, size_t n);
void ll_gguf_put_strings(ll_gguf_maker *maker, const char *key, const ll_span *values, size_t n);
/* A key and its value as another structure has them. */
void ll_gguf_put_value(ll_gguf_maker *maker, const ll_gguf_value *value);

/* Add a tensor; its name is copied. False when there is one of this name. */
bool ll_gguf_put_tensor(ll_gguf_maker *maker, const ll_gguf_tensor *tensor);

/* Memory that lives as long as the gguf, aligned for kernels; NULL when there is none. */
void *ll_gguf_own(ll_gguf_maker *maker, size_t count, size_t size);

#endif
