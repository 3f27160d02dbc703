/* SPDX-License-Identifier: MIT
 * From bytes to token: a hash table with the first bytes of every text in its slots, so that most look-ups touch one
 * line of memory.
 */
#include "tokenizer/internal.h"

#include <string.h>

static uint64_t load_u64(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

static uint32_t load_u32(const char *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Different for different texts of the same size up to 8. size > 0 */
static uint64_t head_of(const char *text, size_t size)
{
    if (size >= 8)
        return load_u64(text);
    if (size >= 4)
        return load_u32(text) | (uint64_t)load_u32(text + size - 4) << 32;
    const unsigned char *p = (const unsigned char *)text;
    return p[0] | (uint64_t)p[size / 2] << 8 | (uint64_t)p[size - 1] << 16;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t m = (__uint128_t)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t ll_lookup_hash(const ll_lookup *l, const char *text, size_t size)
{
    uint64_t h = mix(head_of(text, size) ^ l->seed, 0x9E3779B97F4A7C15u ^ size);
    for (size_t i = 8; i < size; i += 8)
        h = mix(h ^ load_u64(text + (i + 8 <= size ? i : size - 8)), 0xA0761D6478BD642Fu);
    return h;
}

static uint32_t tag_of(uint64_t hash, size_t size)
{
    return (uint32_t)(hash >> 40) | (uint32_t)(size < 255 ? size : 255) << 24;
}

static ll_lookup_slot *probe(const ll_vocabulary *v, const char *text, size_t size, uint64_t hash)
{
    const ll_lookup *l = &v->lookup;
    uint32_t tag = tag_of(hash, size);
    uint64_t head = head_of(text, size);
    for (size_t i = hash & (l->n_slots - 1);; i = (i + 1) & (l->n_slots - 1)) {
        ll_lookup_slot *slot = &l->slots[i];
        if (slot->id == 0)
            return slot;
        if (slot->tag != tag || slot->head != head)
            continue;
        if (size <= 8 || ll_span_equal(ll_token_bytes(v, (int32_t)slot->id - 1), (ll_span){text, size}))
            return slot;
    }
}

int32_t ll_vocabulary_find_hashed(const ll_vocabulary *v, const char *text, size_t size, uint64_t hash)
{
    if (size == 2 && v->pairs)
        return (int32_t)v->pairs[(unsigned)(unsigned char)text[0] << 8 | (unsigned char)text[1]] - 1;
    return (int32_t)probe(v, text, size, hash)->id - 1;
}

int32_t ll_vocabulary_find(const ll_vocabulary *v, const char *text, size_t size)
{
    return ll_vocabulary_find_hashed(v, text, size, ll_lookup_hash(&v->lookup, text, size));
}

int32_t ll_lookup_enter(ll_vocabulary *v, int32_t id, uint64_t hash, bool replace)
{
    ll_span text = ll_token_bytes(v, id);
    ll_lookup_slot *slot = probe(v, text.data, text.size, hash);
    int32_t before = (int32_t)slot->id - 1;
    const size_t bit = ll_lookup_bit(&v->lookup, hash);
    v->lookup.present[bit / 64] |= 1ull << (bit & 63);
    if (before < 0 || replace)
        *slot = (ll_lookup_slot){head_of(text.data, text.size), tag_of(hash, text.size), (uint32_t)id + 1};
    return before;
}

bool ll_lookup_open(const ll_host *host, uint32_t n, ll_lookup *l)
{
    size_t n_slots = 1024;
    while (n_slots / 3 * 2 < n)
        n_slots *= 2;
    *l = (ll_lookup){.slots = ll_calloc(host, n_slots, sizeof *l->slots),
                     .n_slots = n_slots,
                     .present = ll_calloc(host, n_slots / 64, LL_LOOKUP_BITS * sizeof *l->present)};
    /* Texts come from files; an address is something that the author of a file cannot know. */
    l->seed = mix((uintptr_t)l->slots, 0xD6E8FEB86659FD93u);
    return l->slots && l->present;
}
