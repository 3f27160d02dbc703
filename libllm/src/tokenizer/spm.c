/* SPDX-License-Identifier: MIT
 * SentencePiece-style BPE: symbols are characters, two neighbours merge when their text together is a token, better
 * scores first. Characters that are not in the vocabulary become their bytes.
 */
#include "tokenizer/internal.h"

#include <string.h>

/* Hugging Face's lists of merges are sorted by score. Pairs that give the same token differ in where they cut it: the
 * older lists, those of vocabularies that want a blank in front, have the lower left id first, newer ones the
 * longer left half. */
ll_pair ll_spm_pair(const ll_tokenizer *t, const char *text, size_t n_left, size_t n, int32_t left, uint64_t hash)
{
    const ll_vocabulary *v = &t->vocabulary;
    int32_t id = ll_vocabulary_find_hashed(v, text, n, hash);
    if (id < 0)
        return (ll_pair){UINT64_MAX, LL_NO_TOKEN};
    uint32_t rank = (uint32_t)id;
    if (v->order)
        rank = v->order[id];
    else if (v->types[id] != LL_TOKEN_USER_DEFINED)
        rank += v->n;
    uint32_t cut = t->adds_blank ? (uint32_t)left : UINT32_MAX - (uint32_t)n_left;
    return (ll_pair){(uint64_t)rank << 32 | cut, id};
}

int32_t ll_spm_symbol(const ll_tokenizer *t, const char *text, size_t size, size_t *n)
{
    const ll_vocabulary *v = &t->vocabulary;
    unsigned char first = (unsigned char)text[0];
    *n = 1;
    if (first == ' ' && v->longest_blanks) {
        size_t run = 1;
        while (run < size && run < v->longest_blanks && text[run] == ' ')
            run++;
        while (run > 1 && v->blanks[run] < 0)
            run--;
        *n = run;
        return run > 1 ? v->blanks[run] : v->single[first];
    }
    if (first < 0x80)
        return v->single[first] >= 0 ? v->single[first] : v->fallback[first];
    if ((first & 0xC0) == 0x80) /* within a character whose bytes all have tokens */
        return v->fallback[first];
    size_t length;
    ll_valid_character(text, &length);
    int32_t id = ll_vocabulary_find(v, text, length);
    if (id < 0) {
        id = v->fallback[first];
        for (size_t i = 1; i < length && id >= 0; i++)
            if (v->fallback[(unsigned char)text[i]] < 0)
                id = LL_NO_TOKEN;
        if (id >= 0)
            return id;
    }
    *n = length;
    return id;
}

/* Bytes stand side by side in some token, or nothing merges across. */
static size_t segment_end(const uint8_t *joins, ll_span text, size_t i)
{
    do {
        i++;
    } while (i < text.size && ((text.data[i] & 0xC0) == 0x80 || text.data[i] == LL_SUFFIX_BYTE ||
                               ll_join(joins, text.data[i - 1], text.data[i])));
    return i;
}

static void encode_segment(ll_encoder *e, const char *text, size_t size)
{
    const ll_vocabulary *v = &e->tokenizer->vocabulary;
    int32_t id = ll_vocabulary_find(v, text, size);
    uint8_t whole = id >= 0 ? __atomic_load_n(&v->whole[id], __ATOMIC_RELAXED) : LL_WHOLE_NO;
    if (whole == LL_WHOLE_YES) {
        ll_tokens_push(e->out, id);
        e->after_unknown = false;
        return;
    }
    size_t before = e->out->size;
    ll_merge_word(e, text, size);
    if (whole == LL_WHOLE_NOT_KNOWN && !e->out->failed) {
        bool yes = e->out->size == before + 1 && e->out->data[before] == id;
        __atomic_store_n(&v->whole[id], yes ? LL_WHOLE_YES : LL_WHOLE_NO, __ATOMIC_RELAXED);
    }
}

/* Blanks instead of visible blanks, which count as the same, and one in front where the vocabulary wants it. */
static ll_span prepare(ll_encoder *e, ll_span text)
{
    ll_buffer *out = &e->text[0];
    out->size = 0;
    if (e->tokenizer->adds_blank)
        ll_buffer_byte(out, ' ');
    ll_append_blanks(out, text, true);
    return (ll_span){out->data, out->size};
}

void ll_spm_encode(ll_encoder *e, ll_span text)
{
    text = prepare(e, text);
    if (!e->text[0].failed)
        ll_characters_encode(e, text.data, text.size);
}

void ll_characters_encode(ll_encoder *e, const char *word, size_t size)
{
    ll_span text = {word, size};
    if (e->tokenizer->vocabulary.has_suffix)
        text = ll_with_suffix(e, text);
    const uint8_t *joins = ll_joins_table(&e->tokenizer->vocabulary);
    e->after_unknown = false;
    for (size_t i = 0; i < text.size && !e->out->failed;) {
        size_t end = segment_end(joins, text, i);
        encode_segment(e, text.data + i, end - i);
        i = end;
    }
}
