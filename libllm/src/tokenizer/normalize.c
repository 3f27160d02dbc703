/* SPDX-License-Identifier: MIT
 * Normalization forms in linear time, whatever the text: characters that neither change nor combine with what is in
 * front of them cut it into segments, and only segments that are more than such a character are worked on. Characters
 * that Unicode 9.0 did not have are left alone: the forms of Hugging Face `tokenizers` are of that version.
 */
#include "tokenizer/internal.h"

#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define MOST 18 /* characters that one decomposes to */

static unsigned combining_class(int32_t c)
{
    unsigned class = (unsigned)utf8proc_get_property(c)->combining_class;
    return class == 0 || ll_in_unicode9(c) ? class : 0;
}

static bool is_compatible(ll_normalizer_kind form) { return form == LL_NORMALIZE_NFKC || form == LL_NORMALIZE_NFKD; }

static bool composes(ll_normalizer_kind form) { return form == LL_NORMALIZE_NFC || form == LL_NORMALIZE_NFKC; }

/* No character that starts with a lower byte changes in the form or combines with one before it. */
static unsigned char first_byte(ll_normalizer_kind form)
{
    return form == LL_NORMALIZE_NFC ? 0xCC : is_compatible(form) ? 0xC2 : 0xC3;
}

static bool starts_segment(ll_normalizer_kind form, int32_t c)
{
    if (c < 0x300 && form == LL_NORMALIZE_NFC)
        return true;
    if (c < 0xA0)
        return true;
    if (c >= 0x1160 && c <= 0x11FF) /* vowels and finals of Hangul, but not the filler in front of the finals */
        return !composes(form) || c == 0x11A7;
    if (c >= 0xAC00 && c <= 0xD7A3)
        return composes(form);
    const utf8proc_property_t *property = utf8proc_get_property(c);
    bool mark = property->category == UTF8PROC_CATEGORY_MN || property->category == UTF8PROC_CATEGORY_MC;
    bool changes = property->decomp_seqindex != UINT16_MAX && (property->decomp_type == 0 || is_compatible(form));
    return (property->combining_class == 0 && !mark && !changes) || !ll_in_unicode9(c);
}

/* Canonical order: marks by combining class, those of one class staying in order. */
static void order_marks(int32_t *marks, int32_t *other, size_t n)
{
    size_t start[256] = {0};
    for (size_t i = 0; i < n; i++) {
        unsigned class = combining_class(marks[i]);
        if (class < 255)
            start[class + 1]++;
    }
    for (unsigned class = 1; class < 256; class ++)
        start[class] += start[class - 1];
    for (size_t i = 0; i < n; i++)
        other[start[combining_class(marks[i]) & 255]++] = marks[i];
    memcpy(marks, other, n * sizeof *marks);
}

/* Work on one segment of n_bytes. scratch has room for both copies of what it decomposes to. */
static void normalize_segment(ll_normalizer_kind form, const char *text, size_t n_bytes, int32_t *scratch, size_t room,
                              ll_buffer *out)
{
    size_t n = 0, length;
    for (size_t i = 0; i < n_bytes; i += length) {
        int boundary = 0;
        int32_t c = ll_valid_character(text + i, &length);
        if (!ll_in_unicode9(c)) {
            scratch[n++] = c;
            continue;
        }
        utf8proc_option_t how = is_compatible(form) ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT : UTF8PROC_DECOMPOSE;
        utf8proc_ssize_t written =
            utf8proc_decompose_char(c, scratch + n, (utf8proc_ssize_t)(room - n), how, &boundary);
        n += written > 0 ? (size_t)written : 0;
    }
    for (size_t i = 0; i < n;) {
        size_t j = i;
        while (j < n && combining_class(scratch[j]) > 0)
            j++;
        if (j > i + 1)
            order_marks(scratch + i, scratch + room, j - i);
        i = j + 1;
    }
    if (composes(form)) {
        utf8proc_ssize_t composed =
            utf8proc_normalize_utf32(scratch, (utf8proc_ssize_t)n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
        n = composed > 0 ? (size_t)composed : 0;
    }
    for (size_t i = 0; i < n; i++) {
        char bytes[4];
        ll_buffer_append(out, bytes, ll_utf8_encode((uint32_t)scratch[i], bytes));
    }
}

static size_t segment_end(ll_normalizer_kind form, ll_span text, size_t i, size_t *n_characters)
{
    size_t n;
    *n_characters = 0;
    do {
        ll_valid_character(text.data + i, &n);
        i += n;
        ++*n_characters;
    } while (i < text.size && !starts_segment(form, ll_valid_character(text.data + i, &n)));
    return i;
}

bool ll_normalize_form(ll_span text, ll_normalizer_kind form, ll_buffer *out)
{
    size_t i = 0, done = 0;
    bool changed = false;
    unsigned char first = first_byte(form);
    size_t most = is_compatible(form) ? MOST : 4;
    int32_t few[2 * MOST * 8], *scratch = few;
    size_t room = MOST * 8;
    while (i < text.size) {
        while (i < text.size && (unsigned char)text.data[i] < first)
            i++;
        if (i == text.size)
            break;
        size_t n, n_characters;
        int32_t c = ll_valid_character(text.data + i, &n);
        if (starts_segment(form, c)) {
            i += n;
            continue;
        }
        /* It belongs with the character in front of it, if there is one. */
        size_t begin = i;
        while (begin > done && ((unsigned char)text.data[--begin] & 0xC0) == 0x80)
            continue;
        size_t end = segment_end(form, text, begin, &n_characters);
        if (n_characters * most > room) {
            if (scratch != few)
                ll_free(out->host, scratch);
            room = n_characters * most;
            scratch = ll_alloc(out->host, room * 2, sizeof *scratch);
            if (!scratch) {
                out->failed = true;
                return false;
            }
        }
        ll_buffer_append(out, text.data + done, begin - done);
        normalize_segment(form, text.data + begin, end - begin, scratch, room, out);
        changed = true;
        done = i = end;
    }
    if (scratch != few)
        ll_free(out->host, scratch);
    if (changed)
        ll_buffer_append(out, text.data + done, text.size - done);
    return changed;
}
