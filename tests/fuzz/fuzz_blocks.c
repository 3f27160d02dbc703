/* SPDX-License-Identifier: MIT
 * libFuzzer target: decode the input as blocks of the format that its first byte names, encode what comes out, and
 * encode the bytes taken as floats. Memory has no byte too many, so that a sanitizer sees each one beyond; what is
 * encoded in blocks must come out finite, and twice the same.
 */
#include "quant/quant.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *memory(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);
    if (!p)
        abort();
    return p;
}

static void encode(const ll_type_traits *traits, const float *x, const float *importance, size_t n)
{
    const size_t bytes = ll_type_row_bytes(traits, n);
    void *blocks = memory(bytes), *again = memory(bytes);
    float *values = memory(n * sizeof *values);
    traits->encode(x, importance, blocks, n);
    traits->encode(x, importance, again, n);
    traits->decode(blocks, values, n);
    for (size_t i = 0; i < n && traits->block.elements > 1; i++)
        if (!(values[i] - values[i] == 0))
            __builtin_trap();
    if (memcmp(blocks, again, bytes) != 0)
        __builtin_trap();
    free(values);
    free(again);
    free(blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const ll_type_traits *traits = size ? ll_type_find(data[0] % 64) : NULL;
    if (!traits || !traits->decode)
        return 0;
    data++;
    size--;
    size_t n = size / traits->block.bytes * traits->block.elements, bytes = ll_type_row_bytes(traits, n);
    void *blocks = memory(bytes);
    float *values = memory(n * sizeof *values);
    memcpy(blocks, data, bytes);
    traits->decode(blocks, values, n);
    if (traits->encode)
        encode(traits, values, NULL, n);
    free(values);
    free(blocks);
    if (!traits->encode)
        return 0;
    /* The bytes over and over, so that a few of them fill a block. */
    n = (size / sizeof(float) + traits->block.elements) / traits->block.elements * traits->block.elements;
    values = memory(2 * n * sizeof *values);
    for (size_t i = 0; i < 2 * n * sizeof *values; i++)
        ((uint8_t *)values)[i] = size ? data[i % size] : 0;
    float *x = memory(n * sizeof *x), *importance = memory(n * sizeof *importance);
    memcpy(x, values, n * sizeof *x);
    memcpy(importance, values + n, n * sizeof *importance);
    encode(traits, x, importance, n);
    free(importance);
    free(x);
    free(values);
    return 0;
}
