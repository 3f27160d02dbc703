/* SPDX-License-Identifier: MIT
 * libFuzzer target: parse a GGUF file, and use whatever is accepted through every accessor. A refusal that does not
 * say where, and memory out of proportion to the file, are findings too.
 */
#include "format/gguf.h"
#include "quant/quant.h"
#include "meter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read must depend on every byte, so that no read is optimized away. */
static volatile uint64_t sink;

static void add(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sink = sink + ((const uint8_t *)data)[i];
}

static void use_value(const ll_gguf *gguf, const ll_gguf_value *value)
{
    char *key = malloc(value->key.size + 1);
    if (!key)
        return;
    memcpy(key, value->key.data, value->key.size);
    key[value->key.size] = 0;
    if (ll_gguf_find(gguf, key) != value)
        __builtin_trap();
    uint32_t u[4] = {0};
    float f = 0;
    bool b = false;
    ll_span s = {"", 0};
    libllm_error error;
    sink = sink + (uint64_t)ll_gguf_get_u32(gguf, key, &u[0], &error) +
           (uint64_t)ll_gguf_get_f32(gguf, key, &f, &error) + (uint64_t)ll_gguf_get_bool(gguf, key, &b, &error) +
           (uint64_t)ll_gguf_get_string(gguf, key, &s, &error) +
           (uint64_t)ll_gguf_get_u32_each(gguf, key, u, 4, &error);
    free(key);
    add(s.data, s.size);
    add(value->data, value->n_bytes);
    if (value->type == LL_GGUF_ARRAY)
        return;
    ll_gguf_strings strings = {.next = value->data};
    for (uint64_t i = 0; i < value->count; i++) {
        if (value->type == LL_GGUF_STRING)
            ll_gguf_next_string(&strings);
        else
            sink = sink + (uint64_t)ll_gguf_element_i64(value, i) + (ll_gguf_element_f64(value, i) > 0);
    }
    if (value->type == LL_GGUF_STRING && strings.next != value->data + value->n_bytes)
        __builtin_trap();
}

static void use(const ll_gguf *gguf)
{
    for (size_t i = 0; i < gguf->n_values; i++)
        use_value(gguf, &gguf->values[i]);
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const ll_gguf_tensor *tensor = &gguf->tensors[i];
        if (ll_gguf_find_tensor(gguf, tensor->name) != tensor)
            __builtin_trap();
        add(tensor->data, (size_t)tensor->n_bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ll_host host;
    meter_host(&host);
    libllm_error error = {0};
    ll_gguf gguf;
    if (ll_gguf_parse(&host, data, size, "input", ll_type_block_size, &gguf, &error) == LIBLLM_OK)
        use(&gguf);
    else if (!strstr(error.message, "offset ") && !strstr(error.message, "key \"") &&
             !strstr(error.message, "tensor \""))
        __builtin_trap();
    ll_gguf_close(&gguf);
    if (meter.now != 0 || meter.peak > 8 * size + (1 << 20))
        __builtin_trap();
    return 0;
}
