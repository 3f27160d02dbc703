/* SPDX-License-Identifier: MIT
 * Walks over a header without keeping anything of it. Bytes come from a server, so each length is checked against what
 * is there before it is added to anything.
 */
#include <string.h>

#include "headers.h"

enum {
    MAGIC = 0x46554747, /* GGUF */
    STRING = 8,
    ARRAY = 9,
    TYPES = 13,
    PAIRS_MAX = 1 << 16,
    TENSORS_MAX = 1 << 20,
    NAME_MAX_BYTES = 1 << 16,
    WORD_BYTES = 24, /* a guess of an entry of a vocabulary, with its length */
};
static const uint64_t header_max = (uint64_t)1 << 30;

struct walk {
    const uint8_t *bytes;
    uint64_t n, at;
    uint64_t needed; /* beyond n */
    bool bad;
};

static bool more(struct walk *w, uint64_t n_bytes)
{
    if (w->bad || w->needed)
        return false;
    if (n_bytes > header_max) {
        w->bad = true;
        return false;
    }
    if (n_bytes <= w->n - w->at)
        return true;
    w->needed = w->at + n_bytes;
    return false;
}

static uint64_t take(struct walk *w, unsigned n_bytes)
{
    uint64_t x = 0;
    if (!more(w, n_bytes))
        return 0;
    for (unsigned i = 0; i < n_bytes; i++)
        x |= (uint64_t)w->bytes[w->at + i] << (8 * i);
    w->at += n_bytes;
    return x;
}

static void skip(struct walk *w, uint64_t n_bytes)
{
    if (more(w, n_bytes))
        w->at += n_bytes;
}

static void skip_string(struct walk *w) { skip(w, take(w, 8)); }

static void skip_array(struct walk *w, struct header *header)
{
    static const uint8_t sizes[TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    const uint64_t start = w->at, type = take(w, 4), n = take(w, 8);
    if (w->bad || w->needed)
        return;
    if (type >= TYPES || type == ARRAY || n > header_max) {
        w->bad = true;
        return;
    }
    if (type != STRING)
        skip(w, n * sizes[type]);
    for (uint64_t i = 0; type == STRING && i < n && !w->bad && !w->needed; i++) {
        skip_string(w);
        if (w->needed && header->needed < w->needed + (n - i) * WORD_BYTES)
            header->needed = w->needed + (n - i) * WORD_BYTES;
    }
    const bool is_long = w->at - start > LONG_ARRAY || (w->needed && (w->needed - start > LONG_ARRAY || n > 4096));
    if (is_long && !header->long_first)
        header->long_first = start;
    if (is_long && !w->needed)
        header->long_end = w->at;
}

static void skip_value(struct walk *w, uint64_t type, struct header *header)
{
    static const uint8_t sizes[TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (w->bad || w->needed)
        return;
    if (type >= TYPES)
        w->bad = true;
    else if (type == STRING)
        skip_string(w);
    else if (type == ARRAY)
        skip_array(w, header);
    else
        skip(w, sizes[type]);
}

static bool ends_with(const uint8_t *name, uint64_t n, const char *end)
{
    const size_t length = strlen(end);
    return n >= length && memcmp(name + n - length, end, length) == 0;
}

void gguf_measure(const uint8_t *bytes, size_t n_bytes, struct header *header)
{
    struct walk w = {.bytes = bytes, .n = n_bytes};
    *header = (struct header){0};
    const uint64_t magic = take(&w, 4), version = take(&w, 4), n_tensors = take(&w, 8), n_pairs = take(&w, 8);
    if (!w.needed && (magic != MAGIC || version < 2 || version > 3 || n_tensors > TENSORS_MAX || n_pairs > PAIRS_MAX))
        w.bad = true;
    for (uint64_t i = 0; i < n_pairs && !w.bad && !w.needed; i++) {
        const uint64_t length = take(&w, 8);
        if (length > NAME_MAX_BYTES)
            w.bad = true;
        const uint64_t name = w.at;
        skip(&w, length);
        const uint64_t type = take(&w, 4), value = w.at;
        skip_value(&w, type, header);
        if (!w.bad && !w.needed && ends_with(bytes + name, length, ".context_length") && (type == 4 || type == 10)) {
            w.at = value;
            header->context = take(&w, type == 4 ? 4 : 8);
        }
    }
    for (uint64_t i = 0; i < n_tensors && !w.bad && !w.needed; i++) {
        const uint64_t length = take(&w, 8);
        if (length > NAME_MAX_BYTES)
            w.bad = true;
        skip(&w, length);
        const uint64_t n_dims = take(&w, 4);
        if (n_dims > 8)
            w.bad = true;
        skip(&w, n_dims * 8 + 4 + 8);
    }
    header->state = w.bad ? HEADER_BAD : w.needed ? HEADER_MORE : HEADER_WHOLE;
    if (header->state == HEADER_WHOLE)
        header->needed = w.at;
    else if (header->needed < w.needed)
        header->needed = w.needed;
}

void safetensors_measure(const uint8_t *bytes, size_t n_bytes, struct header *header)
{
    struct walk w = {.bytes = bytes, .n = n_bytes};
    *header = (struct header){0};
    const uint64_t length = take(&w, 8);
    if (!w.needed && (length < 2 || length > (100 << 20)))
        w.bad = true;
    skip(&w, length);
    header->state = w.bad ? HEADER_BAD : w.needed ? HEADER_MORE : HEADER_WHOLE;
    header->needed = w.needed ? w.needed : w.at;
}
