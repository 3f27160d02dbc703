/* SPDX-License-Identifier: MIT
 * libFuzzer target: parse a safetensors file, and use whatever is accepted. A refusal that does not say where, tensors
 * that are not where they say, and memory out of proportion to the file, are findings too.
 */
#include "format/safetensors.h"
#include "meter.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read must depend on every byte, so that no read is optimized away. */
static volatile uint64_t sink;

static void use(const ll_safetensors *st, const uint8_t *data, size_t size)
{
    uint64_t n_bytes = 0;
    for (size_t i = 0; i < st->n_tensors; i++) {
        const ll_safetensors_tensor *t = &st->tensors[i];
        if (ll_safetensors_find(st, t->name) != t || !ll_safetensors_type_name(t->type))
            __builtin_trap();
        if (t->data != data + t->offset || t->n_bytes > size || t->offset > size - t->n_bytes)
            __builtin_trap();
        for (uint64_t k = 0; k < t->n_bytes; k++)
            sink = sink + t->data[k];
        n_bytes += t->n_bytes;
    }
    if (n_bytes > size) /* they overlap */
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ll_host host;
    meter_host(&host);
    libllm_error error = {0};
    ll_safetensors st;
    if (ll_safetensors_parse(&host, data, size, "input", &st, &error) == LIBLLM_OK)
        use(&st, data, size);
    else if (!strstr(error.message, "offset ") && !strstr(error.message, "tensor") && !strstr(error.message, "header"))
        __builtin_trap();
    ll_safetensors_close(&st);
    if (meter.now != 0 || meter.peak > 16 * size + (1 << 20))
        __builtin_trap();
    return 0;
}
