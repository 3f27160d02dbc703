/* SPDX-License-Identifier: MIT
 * Byte-level BPE of characters beyond ASCII: those whose bytes always merge to one token before anything merges across
 * their borders. Merging begins with that token then, not with the bytes. What is known of the borders takes a look at
 * every merge, so it waits for the first word that asks.
 *
 * Why that changes nothing: all merges across a border that is not `crossed` have the whole characters on both sides,
 * and ranks behind those of the merges within them. So each of the two is one symbol when the first of these comes up,
 * whatever else has merged by then.
 */
#include "tokenizer/internal.h"

#include <string.h>

#define N_CHARACTERS 65536 /* code points; few beyond are single tokens */

struct ll_characters {
    uint64_t crossed[1024]; /* bit by (left << 8 | right) of the bytes at a border of characters */
    int32_t ids[N_CHARACTERS];
};

struct ll_characters_source {
    pthread_mutex_t lock;            /* held while the tables are filled */
    const ll_characters *characters; /* NULL: nobody has asked; read and written atomically */
};

ll_characters_source *ll_characters_open(const ll_host *host)
{
    ll_characters_source *source = ll_calloc(host, 1, sizeof *source);
    if (source && pthread_mutex_init(&source->lock, NULL) != 0) {
        ll_free(host, source);
        return NULL;
    }
    return source;
}

void ll_characters_close(const ll_host *host, ll_characters_source *source)
{
    if (!source)
        return;
    pthread_mutex_destroy(&source->lock);
    ll_free(host, (void *)(uintptr_t)source->characters);
    ll_free(host, source);
}

static bool goes_on(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

static size_t size_by(char first)
{
    const unsigned char byte = (unsigned char)first;
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/* The character of 2 or 3 bytes that the text starts with; 0: there is none. */
static uint32_t character_at(const char *text, size_t size, size_t *n)
{
    const unsigned char *p = (const unsigned char *)text;
    *n = size_by(*text);
    if (*n > size || *n < 2 || *n > 3 || !goes_on(text[1]) || (*n == 3 && !goes_on(text[2])))
        return 0;
    return *n == 2 ? (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu) : (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
}

static ll_pair pair_of(const ll_tokenizer *t, const char *text, size_t n_left, size_t n)
{
    return ll_bpe_pair(t, text, n_left, n, ll_lookup_hash(&t->vocabulary.lookup, text, n));
}

/* Whether merging the bytes gives this token; *rank: of the last of these merges in the order of the file. */
static bool merges_to(const ll_tokenizer *t, ll_span text, int32_t id, uint32_t *rank)
{
    for (size_t i = 0; i < text.size; i++)
        if (t->vocabulary.single[(unsigned char)text.data[i]] < 0)
            return false;
    ll_pair first = {0, LL_NO_TOKEN}, last;
    if (text.size == 2) {
        last = pair_of(t, text.data, 1, 2);
    } else {
        const ll_pair left = pair_of(t, text.data, 1, 2), right = pair_of(t, text.data + 1, 1, 2);
        first = left.key <= right.key ? left : right;
        if (first.key == UINT64_MAX)
            return false;
        last = pair_of(t, text.data, left.key <= right.key ? 2 : 1, 3);
    }
    *rank = (uint32_t)((first.key > last.key ? first.key : last.key) >> 32);
    return last.result == id;
}

/* Whether a merge of these two texts can come up while the characters at their border are not whole. */
static bool crosses(const uint32_t *ranks, ll_span text, size_t n_left, uint32_t rank)
{
    size_t begin = n_left - 1, n;
    while (begin > 0 && goes_on(text.data[begin]))
        begin--;
    if (goes_on(text.data[begin]) || size_by(text.data[begin]) != n_left - begin ||
        size_by(text.data[n_left]) > text.size - n_left)
        return true;
    const uint32_t left = character_at(text.data + begin, n_left - begin, &n);
    const uint32_t right = character_at(text.data + n_left, text.size - n_left, &n);
    return (left && ranks[left] >= rank) || (right && ranks[right] >= rank);
}

/* ranks: of the characters that are a token, otherwise 0 */
static void fill(ll_characters *c, const ll_tokenizer *t, uint32_t *ranks)
{
    const ll_vocabulary *v = &t->vocabulary;
    const ll_merges *m = &t->merges;
    memset(c->ids, 0xFF, sizeof c->ids);
    for (uint32_t i = 0; i < v->n; i++) {
        const ll_span text = ll_token_bytes(v, (int32_t)i);
        size_t n;
        const uint32_t character = text.size > 1 && text.size < 4 ? character_at(text.data, text.size, &n) : 0;
        if (character && n == text.size && m->of[i].n_left && merges_to(t, text, (int32_t)i, &ranks[character]))
            c->ids[character] = (int32_t)i;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        const ll_span text = ll_token_bytes(v, (int32_t)i);
        for (const ll_merge *way = &m->of[i]; way->n_left; way = &m->more[way->next - 1]) {
            const unsigned char left = (unsigned char)text.data[way->n_left - 1];
            const unsigned char right = (unsigned char)text.data[way->n_left];
            if ((left >= 0x80 || right >= 0xC0) && !goes_on((char)right) &&
                crosses(ranks, text, way->n_left, way->rank))
                c->crossed[left << 2 | right >> 6] |= 1ull << (right & 63);
            if (way->next == 0)
                break;
        }
    }
}

static const ll_characters *make(const ll_tokenizer *t)
{
    ll_characters *c = ll_calloc(t->host, 1, sizeof *c);
    uint32_t *ranks = ll_calloc(t->host, N_CHARACTERS, sizeof *ranks);
    if (c && ranks) {
        fill(c, t, ranks);
    } else {
        ll_free(t->host, c);
        c = NULL;
    }
    ll_free(t->host, ranks);
    return c;
}

bool ll_characters_of(const ll_tokenizer *t, const ll_characters **characters)
{
    ll_characters_source *source = t->merges.characters;
    *characters = source ? __atomic_load_n(&source->characters, __ATOMIC_ACQUIRE) : NULL;
    if (!source || *characters)
        return true;
    pthread_mutex_lock(&source->lock);
    if (!source->characters)
        __atomic_store_n(&source->characters, make(t), __ATOMIC_RELEASE);
    *characters = source->characters;
    pthread_mutex_unlock(&source->lock);
    return *characters;
}

static bool is_crossed(const ll_characters *c, const char *border)
{
    const unsigned char left = (unsigned char)border[-1], right = (unsigned char)border[0];
    return c->crossed[left << 2 | right >> 6] >> (right & 63) & 1;
}

int32_t ll_characters_symbol(const ll_characters *c, const char *text, size_t i, size_t size, size_t *n)
{
    const uint32_t character = character_at(text + i, size - i, n);
    if (!character || c->ids[character] < 0 || (i > 0 && is_crossed(c, text + i)) ||
        (i + *n < size && (goes_on(text[i + *n]) || is_crossed(c, text + i + *n))))
        return LL_NO_TOKEN;
    return c->ids[character];
}
