/* SPDX-License-Identifier: MIT
 * Tokens that a text begins with, and the two models that take the longest one again and again: WordPiece and the
 * vocabulary of RWKV. What lengths can occur is known from the first bytes, so that few are looked up.
 */
#include "tokenizer/internal.h"

#include <string.h>

#define N_MANY 65536

static uint64_t *many_of(const ll_lengths *l, const char *text)
{
    uint32_t head;
    memcpy(&head, text, sizeof head);
    return &l->many[(head * 0x9E3779B1u) >> 16];
}

bool ll_lengths_open(const ll_host *host, ll_lengths *l)
{
    *l = (ll_lengths){.many = ll_calloc(host, N_MANY, sizeof *l->many)};
    return l->many != NULL;
}

void ll_lengths_enter(ll_lengths *l, ll_span text)
{
    if (text.size > l->longest)
        l->longest = (uint32_t)text.size;
    if (text.size < 4)
        l->few[(unsigned char)text.data[0]] |= (uint8_t)(1u << text.size);
    else
        *many_of(l, text.data) |= 1ull << (text.size < 63 ? text.size : 63);
}

uint64_t ll_lengths_at(const ll_lengths *l, const char *text, size_t size)
{
    uint64_t lengths = l->few[(unsigned char)text[0]];
    if (size >= 4)
        lengths |= *many_of(l, text);
    return size < 63 ? lengths & ((2ull << size) - 1) : lengths;
}

int32_t ll_longest_prefix(const ll_vocabulary *v, const char *text, size_t below, size_t *size)
{
    uint64_t lengths = below > 1 ? ll_lengths_at(&v->lengths, text, below - 1) : 0;
    if (lengths >> 63) {
        for (size_t n = v->lengths.longest < below ? v->lengths.longest : below - 1; n >= 63; n--) {
            int32_t id = ll_vocabulary_find(v, text, n);
            if (id >= 0) {
                *size = n;
                return id;
            }
        }
        lengths &= UINT64_MAX >> 1;
    }
    while (lengths) {
        unsigned n = 63 - (unsigned)__builtin_clzll(lengths);
        int32_t id = ll_vocabulary_find(v, text, n);
        if (id >= 0) {
            *size = n;
            return id;
        }
        lengths ^= 1ull << n;
    }
    *size = 0;
    return LL_NO_TOKEN;
}

/* A word is one unknown token if any of its pieces is not in the vocabulary. */
void ll_wordpiece_encode(ll_encoder *e, const char *word, size_t size)
{
    const ll_tokenizer *t = e->tokenizer;
    size_t n_before = e->out->size, n, n_characters = 0;
    for (size_t i = 0; i < size; i++)
        n_characters += ((unsigned char)word[i] & 0xC0) != 0x80;
    e->word.size = 0;
    ll_buffer_byte(&e->word, ' '); /* what starts a word */
    ll_buffer_append(&e->word, word, size);
    if (e->word.failed) {
        e->out->failed = true;
        return;
    }
    bool known = n_characters <= t->longest_word;
    for (size_t i = 0; known && i <= size; i += n) {
        int32_t id = ll_longest_prefix(&t->vocabulary, e->word.data + i, size + 2 - i, &n);
        known = id >= 0 && !(i == 0 && n == 1);
        if (known)
            ll_tokens_push(e->out, id);
    }
    if (!known) {
        e->out->size = n_before;
        ll_encoder_emit(e, LL_NO_TOKEN);
    }
}

void ll_rwkv_encode(ll_encoder *e, const char *text, size_t size)
{
    for (size_t i = 0, n; i < size && !e->out->failed; i += n) {
        int32_t id = ll_longest_prefix(&e->tokenizer->vocabulary, text + i, size - i + 1, &n);
        ll_encoder_emit(e, id);
        if (id < 0)
            n = 1;
    }
}
