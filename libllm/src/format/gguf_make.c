/* SPDX-License-Identifier: MIT
 * Growing arrays of keys and tensors. They double when their length is a power of two, which needs no capacity beside
 * it.
 */
#include "format/gguf_make.h"

#include "base/checked.h"

#include <string.h>

enum { CACHE_LINE = 64 };

void ll_gguf_make(ll_gguf_maker *m, const ll_host *host, ll_gguf *gguf)
{
    *gguf = (ll_gguf){.host = host, .alignment = 1};
    *m = (ll_gguf_maker){.gguf = gguf};
    m->failed = !ll_map_init(&gguf->value_index, host, 0) || !ll_map_init(&gguf->tensor_index, host, 0);
}

/* The array with room for one more; NULL when memory has run out, and then the old one stays. */
static void *with_room(ll_gguf_maker *m, void *array, size_t n, size_t size)
{
    size_t capacity;
    if (m->failed)
        return NULL;
    if ((n & (n - 1)) != 0)
        return array;
    void *grown =
        ll_mul_size(n, 2, &capacity) ? ll_realloc(m->gguf->host, array, n, capacity ? capacity : 1, size) : NULL;
    m->failed = !grown;
    return grown;
}

void *ll_gguf_own(ll_gguf_maker *m, size_t count, size_t size)
{
    ll_gguf *g = m->gguf;
    void **owned = with_room(m, g->owned, g->n_owned, sizeof *owned);
    if (!owned)
        return NULL;
    g->owned = owned;
    void *memory = ll_alloc_aligned(g->host, count, size, CACHE_LINE);
    m->failed = !memory;
    if (memory)
        g->owned[g->n_owned++] = memory;
    return memory;
}

static ll_span copy_name(ll_gguf_maker *m, ll_span name)
{
    char *copy = ll_gguf_own(m, name.size, 1);
    if (copy)
        memcpy(copy, name.data, name.size);
    return (ll_span){copy, name.size};
}

/* A value whose n_bytes, uninitialized, are to be filled in; NULL when the key is there or memory has run out. */
static uint8_t *add_value(ll_gguf_maker *m, ll_span key, ll_gguf_value value)
{
    ll_gguf *g = m->gguf;
    uint32_t index;
    if (m->failed || ll_map_find(&g->value_index, key, &index))
        return NULL;
    ll_gguf_value *values = with_room(m, g->values, g->n_values, sizeof *values);
    if (!values)
        return NULL;
    g->values = values;
    uint8_t *data = ll_gguf_own(m, value.n_bytes, 1);
    value.key = copy_name(m, key);
    value.data = data;
    if (!m->failed)
        m->failed = !ll_map_insert(&g->value_index, value.key, (uint32_t)g->n_values, NULL);
    if (m->failed)
        return NULL;
    g->values[g->n_values++] = value;
    return data;
}

static void put_scalar(ll_gguf_maker *m, const char *key, ll_gguf_type type, const void *value)
{
    size_t size = ll_gguf_type_size(type);
    uint8_t *data = add_value(m, ll_span_of(key), (ll_gguf_value){.type = type, .count = 1, .n_bytes = size});
    if (data)
        memcpy(data, value, size);
}

void ll_gguf_put_u32(ll_gguf_maker *m, const char *key, uint32_t value) { put_scalar(m, key, LL_GGUF_U32, &value); }

void ll_gguf_put_f32(ll_gguf_maker *m, const char *key, float value) { put_scalar(m, key, LL_GGUF_F32, &value); }

void ll_gguf_put_bool(ll_gguf_maker *m, const char *key, bool value)
{
    put_scalar(m, key, LL_GGUF_BOOL, &(uint8_t){value});
}

void ll_gguf_put_string(ll_gguf_maker *m, const char *key, ll_span value)
{
    uint64_t size = value.size;
    uint8_t *data = add_value(m, ll_span_of(key),
                              (ll_gguf_value){.type = LL_GGUF_STRING, .count = 1, .n_bytes = sizeof size + value.size});
    if (!data)
        return;
    memcpy(data, &size, sizeof size);
    if (value.size)
        memcpy(data + sizeof size, value.data, value.size);
}

void ll_gguf_put_array(ll_gguf_maker *m, const char *key, ll_gguf_type type, const void *values, size_t n)
{
    size_t n_bytes = n * ll_gguf_type_size(type); /* fits: the values are in memory */
    uint8_t *data =
        add_value(m, ll_span_of(key), (ll_gguf_value){.type = type, .is_array = true, .count = n, .n_bytes = n_bytes});
    if (data && n_bytes)
        memcpy(data, values, n_bytes);
}

void ll_gguf_put_strings(ll_gguf_maker *m, const char *key, const ll_span *values, size_t n)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < n; i++)
        n_bytes += sizeof(uint64_t) + values[i].size; /* fits: the values are in memory */
    uint8_t *data = add_value(
        m, ll_span_of(key), (ll_gguf_value){.type = LL_GGUF_STRING, .is_array = true, .count = n, .n_bytes = n_bytes});
    for (size_t i = 0; data && i < n; i++) {
        const uint64_t size = values[i].size;
        memcpy(data, &size, sizeof size);
        if (size)
            memcpy(data + sizeof size, values[i].data, size);
        data += sizeof size + size;
    }
}

void ll_gguf_put_value(ll_gguf_maker *m, const ll_gguf_value *value)
{
    uint8_t *data = add_value(m, value->key, *value);
    if (data && value->n_bytes)
        memcpy(data, value->data, value->n_bytes);
}

bool ll_gguf_put_tensor(ll_gguf_maker *m, const ll_gguf_tensor *tensor)
{
    ll_gguf *g = m->gguf;
    if (ll_gguf_find_tensor(g, tensor->name))
        return false;
    ll_gguf_tensor *tensors = with_room(m, g->tensors, g->n_tensors, sizeof *tensors);
    if (!tensors)
        return true;
    g->tensors = tensors;
    ll_gguf_tensor *added = &g->tensors[g->n_tensors];
    *added = *tensor;
    added->name = copy_name(m, tensor->name);
    if (!m->failed)
        m->failed = !ll_map_insert(&g->tensor_index, added->name, (uint32_t)g->n_tensors, NULL);
    g->n_tensors += !m->failed;
    return true;
}
