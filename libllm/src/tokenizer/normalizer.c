/* SPDX-License-Identifier: MIT
 * The steps by which text is normalized before it is cut, other than the normalization forms: each takes valid UTF-8
 * and appends what it becomes, in one pass.
 */
#include "tokenizer/internal.h"

#include "base/utf8.h"

#include <string.h>

bool ll_is_visible_blank(const char *text, size_t size) { return size >= 3 && memcmp(text, "\xE2\x96\x81", 3) == 0; }

void ll_append_blanks(ll_buffer *out, ll_span text, bool shown)
{
    while (text.size > 0) {
        const char *blank = shown ? memchr(text.data, 0xE2, text.size) : NULL;
        size_t n = blank ? (size_t)(blank - text.data) : text.size;
        ll_buffer_append(out, text.data, n);
        if (blank) {
            bool visible = ll_is_visible_blank(blank, text.size - n);
            ll_buffer_append(out, visible ? " " : blank, 1);
            n += visible ? 3 : 1;
        }
        text = (ll_span){text.data + n, text.size - n};
    }
}

static void append_character(ll_buffer *out, int32_t c)
{
    char bytes[4];
    ll_buffer_append(out, bytes, ll_utf8_encode((uint32_t)c, bytes));
}

static void lower_case(ll_span text, ll_buffer *out)
{
    for (size_t i = 0, n; i < text.size; i += n) {
        int32_t c = ll_valid_character(text.data + i, &n);
        if (c == 0x130)
            ll_buffer_append(out, "i\xCC\x87", 3);
        else
            append_character(out, ll_lower_case(c));
    }
}

static void drop(ll_span text, uint32_t flags, ll_buffer *out)
{
    for (size_t i = 0, n; i < text.size; i += n)
        if (!(ll_flags_of(ll_valid_character(text.data + i, &n)) & flags))
            ll_buffer_append(out, text.data + i, n);
}

/* Drop some characters and make blanks of others. */
static void clean(ll_span text, uint32_t dropped, uint32_t blanked, ll_buffer *out)
{
    for (size_t i = 0, n; i < text.size; i += n) {
        uint32_t flags = ll_flags_of(ll_valid_character(text.data + i, &n));
        if (flags & blanked)
            ll_buffer_byte(out, ' ');
        else if (!(flags & dropped))
            ll_buffer_append(out, text.data + i, n);
    }
}

static ll_span strip(const ll_normalizer *step, ll_span text)
{
    size_t n;
    while (step->left && text.size > 0 && ll_flags_of(ll_valid_character(text.data, &n)) & LL_WHITE)
        text = (ll_span){text.data + n, text.size - n};
    while (step->right && text.size > 0) {
        size_t last = text.size - 1;
        while (((unsigned char)text.data[last] & 0xC0) == 0x80)
            last--;
        if (!(ll_flags_of(ll_valid_character(text.data + last, &n)) & LL_WHITE))
            break;
        text.size = last;
    }
    return text;
}

static void replace(const ll_normalizer *step, ll_span text, ll_buffer *out)
{
    ll_step find = {.dfa = step->dfa, .literal = step->text};
    ll_cutting c = {.text = text.data, .size = text.size};
    while (c.at < c.size) {
        ll_find(&find, &c);
        ll_buffer_append(out, c.text + c.at, c.match_begin - c.at);
        if (c.match_end > c.match_begin)
            ll_buffer_text(out, step->with);
        c.at = c.match_end;
    }
}

/* What BERT calls Chinese characters; the gap behind U+2B81F is in the original, too. */
static bool is_han(int32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) ||
           (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

static void blanks_around_han(ll_span text, ll_buffer *out)
{
    for (size_t i = 0, n; i < text.size; i += n) {
        bool han = is_han(ll_valid_character(text.data + i, &n));
        if (han)
            ll_buffer_byte(out, ' ');
        ll_buffer_append(out, text.data + i, n);
        if (han)
            ll_buffer_byte(out, ' ');
    }
}

typedef struct turn { /* two buffers that text goes to and from */
    ll_buffer *buffers;
    unsigned next;
} turn;

static ll_buffer *other(turn *t)
{
    ll_buffer *out = &t->buffers[t->next];
    t->next ^= 1;
    out->size = 0;
    return out;
}

static ll_span written(const ll_buffer *out) { return (ll_span){out->size ? out->data : "", out->size}; }

static ll_span form(turn *t, ll_normalizer_kind kind, ll_span text)
{
    ll_buffer *out = other(t);
    if (ll_normalize_form(text, kind, out))
        return written(out);
    t->next ^= 1;
    return text;
}

static ll_span bert(turn *t, const ll_normalizer *step, ll_span text)
{
    ll_buffer *out;
    if (step->clean) {
        clean(text, LL_BERT_DROPS, LL_BERT_BLANKS, out = other(t));
        text = written(out);
    }
    if (step->han) {
        blanks_around_han(text, out = other(t));
        text = written(out);
    }
    if (step->accents) {
        text = form(t, LL_NORMALIZE_NFD, text);
        drop(text, LL_BERT_ACCENT, out = other(t));
        text = written(out);
    }
    if (step->lowercase) {
        lower_case(text, out = other(t));
        text = written(out);
    }
    return text;
}

static ll_span normalize_step(const ll_tokenizer *tokenizer, turn *t, const ll_normalizer *step, ll_span text)
{
    switch (step->kind) {
    case LL_NORMALIZE_NFC:
    case LL_NORMALIZE_NFD:
    case LL_NORMALIZE_NFKC:
    case LL_NORMALIZE_NFKD:
        return form(t, step->kind, text);
    case LL_NORMALIZE_STRIP:
        return strip(step, text);
    case LL_NORMALIZE_BERT:
        return bert(t, step, text);
    default:
        break;
    }
    ll_buffer *out = other(t);
    if (step->kind == LL_NORMALIZE_LOWERCASE)
        lower_case(text, out);
    else if (step->kind == LL_NORMALIZE_STRIP_ACCENTS)
        drop(text, LL_ACCENT, out);
    else if (step->kind == LL_NORMALIZE_REPLACE)
        replace(step, text, out);
    else if (step->kind == LL_NORMALIZE_BLANKS)
        ll_append_blanks(out, text, true);
    else if (step->kind == LL_NORMALIZE_NMT)
        clean(text, LL_NMT_DROPS, LL_NMT_BLANKS, out);
    else if (step->kind == LL_NORMALIZE_CHARSMAP)
        ll_charsmap_apply(&tokenizer->charsmap, text, out);
    else if (text.size > 0) { /* LL_NORMALIZE_PREPEND */
        ll_buffer_text(out, step->with);
        ll_buffer_append(out, text.data, text.size);
    }
    return written(out);
}

ll_span ll_normalize(const ll_tokenizer *tokenizer, ll_buffer buffers[2], ll_span text)
{
    turn t = {buffers, 0};
    const ll_pipeline *pipeline = &tokenizer->pipeline;
    for (size_t i = 0; i < pipeline->n_normalizers && !buffers[0].failed && !buffers[1].failed; i++)
        text = normalize_step(tokenizer, &t, &pipeline->normalizers[i], text);
    return text;
}
