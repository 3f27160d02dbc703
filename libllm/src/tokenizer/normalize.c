/* SPDX-License-Identifier: MIT
 * Normalization form C in linear time, whatever the text: characters that neither change nor combine with what is in
 * front of them cut it into segments, and only segments of more than one character are worked on.
 */
#include "tokenizer/internal.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

/* No character below U+0300 changes in form C or combines with one before it; in UTF-8 they start below this byte. */
#define FIRST_BYTE 0xCC

static bool starts_segment(int32_t c)
{
    if (c < 0x300)
        return true;
    if (c >= 0x1160 && c <= 0x11FF) /* vowels and finals of Hangul, but not the filler in front of the finals */
        return c == 0x11A7;
    const utf8proc_property_t *property = utf8proc_get_property(c);
    bool mark = property->category == UTF8PROC_CATEGORY_MN || property->category == UTF8PROC_CATEGORY_MC;
    bool changes = property->decomp_seqindex != UINT16_MAX && property->decomp_type == 0;
    return property->combining_class == 0 && !mark && !changes;
}

/* Canonical order: marks by combining class, those of one class staying in order. */
static void order_marks(int32_t *marks, int32_t *other, size_t n)
{
    size_t start[256] = {0};
    for (size_t i = 0; i < n; i++) {
        unsigned class = (unsigned)utf8proc_get_property(marks[i])->combining_class;
        if (class < 255)
            start[class + 1]++;
    }
    for (unsigned class = 1; class < 256; class ++)
        start[class] += start[class - 1];
    for (size_t i = 0; i < n; i++)
        other[start[utf8proc_get_property(marks[i])->combining_class & 255]++] = marks[i];
    memcpy(marks, other, n * sizeof *marks);
}

/* Work on one segment of n_bytes. scratch has room for both copies of what it decomposes to: 4 characters for each. */
static void normalize_segment(const char *text, size_t n_bytes, int32_t *scratch, size_t room, ll_buffer *out)
{
    size_t n = 0, length;
    for (size_t i = 0; i < n_bytes; i += length) {
        int boundary = 0;
        utf8proc_ssize_t written = utf8proc_decompose_char(ll_valid_character(text + i, &length), scratch + n,
                                                           (utf8proc_ssize_t)(room - n), UTF8PROC_DECOMPOSE, &boundary);
        n += written > 0 ? (size_t)written : 0;
    }
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && utf8proc_get_property(scratch[j])->combining_class > 0)
            j++;
        if (j > i + 1)
            order_marks(scratch + i, scratch + room, j - i);
        i = j + 1;
    }
    utf8proc_ssize_t composed =
        utf8proc_normalize_utf32(scratch, (utf8proc_ssize_t)n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    for (utf8proc_ssize_t i = 0; i < composed; i++) {
        char bytes[4];
        ll_buffer_append(out, bytes, ll_utf8_encode((uint32_t)scratch[i], bytes));
    }
}

static size_t segment_end(ll_span text, size_t i, size_t *n_characters)
{
    size_t n;
    *n_characters = 0;
    do {
        ll_valid_character(text.data + i, &n);
        i += n;
        ++*n_characters;
    } while (i < text.size && !starts_segment(ll_valid_character(text.data + i, &n)));
    return i;
}

bool ll_normalize_nfc(ll_span text, ll_buffer *out)
{
    size_t i = 0, done = 0;
    bool changed = false;
    int32_t few[2 * 4 * 32], *scratch = few;
    size_t room = 4 * 32;
    while (i < text.size) {
        while (i < text.size && (unsigned char)text.data[i] < FIRST_BYTE)
            i++;
        if (i == text.size)
            break;
        size_t n, n_characters;
        int32_t c = ll_valid_character(text.data + i, &n);
        if (starts_segment(c)) {
            i += n;
            continue;
        }
        /* It belongs with the character in front of it, if there is one. */
        size_t begin = i;
        while (begin > done && ((unsigned char)text.data[--begin] & 0xC0) == 0x80)
            continue;
        size_t end = segment_end(text, begin, &n_characters);
        if (n_characters * 4 > room) {
            if (scratch != few)
                ll_free(out->host, scratch);
            room = n_characters * 4;
            scratch = ll_alloc(out->host, room * 2, sizeof *scratch);
            if (!scratch) {
                out->failed = true;
                return false;
            }
        }
        ll_buffer_append(out, text.data + done, begin - done);
        normalize_segment(text.data + begin, end - begin, scratch, room, out);
        changed = true;
        done = i = end;
    }
    if (scratch != few)
        ll_free(out->host, scratch);
    if (changed)
        ll_buffer_append(out, text.data + done, text.size - done);
    return changed;
}
