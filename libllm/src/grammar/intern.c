/* SPDX-License-Identifier: MIT
 * A hash table with chains, in which the newest list of a chain comes first: taking back is the reverse of adding.
 */
#include "grammar/intern.h"

#include "base/map.h"

#include <string.h>

bool ll_intern_init(ll_intern *t, const ll_host *host)
{
    *t = (ll_intern){.host = host, .n_buckets = 64, .capacity = 16, .words_capacity = 64};
    t->buckets = ll_calloc(host, t->n_buckets, sizeof *t->buckets);
    t->starts = ll_calloc(host, t->capacity + 1, sizeof *t->starts);
    t->next = ll_calloc(host, t->capacity, sizeof *t->next);
    t->words = ll_alloc(host, t->words_capacity, sizeof *t->words);
    return t->buckets && t->starts && t->next && t->words;
}

void ll_intern_free(ll_intern *t)
{
    if (!t->host)
        return;
    ll_free(t->host, t->buckets);
    ll_free(t->host, t->starts);
    ll_free(t->host, t->next);
    ll_free(t->host, t->words);
    *t = (ll_intern){0};
}

static size_t bucket_of(const ll_intern *t, const uint32_t *list, size_t size)
{
    return (size_t)ll_hash((const char *)list, size * sizeof *list) & (t->n_buckets - 1);
}

static bool grow_lists(ll_intern *t)
{
    size_t *starts = ll_realloc(t->host, t->starts, t->capacity + 1, 2 * t->capacity + 1, sizeof *starts);
    if (!starts)
        return false;
    t->starts = starts;
    uint32_t *next = ll_realloc(t->host, t->next, t->capacity, 2 * t->capacity, sizeof *next);
    if (!next)
        return false;
    t->next = next;
    t->capacity *= 2;
    return true;
}

static bool grow_buckets(ll_intern *t)
{
    uint32_t *buckets = ll_calloc(t->host, 2 * t->n_buckets, sizeof *buckets);
    if (!buckets)
        return false;
    ll_free(t->host, t->buckets);
    t->buckets = buckets;
    t->n_buckets *= 2;
    for (uint32_t id = 0; id < t->n; id++) {
        size_t size;
        const uint32_t *list = ll_intern_list(t, id, &size);
        size_t b = bucket_of(t, list, size);
        t->next[id] = buckets[b];
        buckets[b] = id + 1;
    }
    return true;
}

static bool grow_words(ll_intern *t, size_t n_more)
{
    size_t have = t->starts[t->n];
    if (t->words_capacity - have >= n_more)
        return true;
    size_t capacity = 2 * have + n_more + 64;
    uint32_t *words = ll_realloc(t->host, t->words, have, capacity, sizeof *words);
    if (!words)
        return false;
    t->words = words;
    t->words_capacity = capacity;
    return true;
}

uint32_t ll_intern_add(ll_intern *t, const uint32_t *list, size_t size)
{
    size_t b = bucket_of(t, list, size);
    for (uint32_t id = t->buckets[b]; id; id = t->next[id - 1]) {
        size_t other_size;
        const uint32_t *other = ll_intern_list(t, id - 1, &other_size);
        if (other_size == size && (size == 0 || memcmp(other, list, size * sizeof *list) == 0))
            return id - 1;
    }
    if (t->n >= UINT32_MAX - 1 || !grow_words(t, size) || (t->n == t->capacity && !grow_lists(t)))
        return LL_INTERN_NONE;
    if (t->n >= 2 * t->n_buckets) {
        if (!grow_buckets(t))
            return LL_INTERN_NONE;
        b = bucket_of(t, list, size);
    }
    uint32_t id = (uint32_t)t->n++;
    if (size)
        memcpy(t->words + t->starts[id], list, size * sizeof *list);
    t->starts[id + 1] = t->starts[id] + size;
    t->next[id] = t->buckets[b];
    t->buckets[b] = id + 1;
    return id;
}

void ll_intern_truncate(ll_intern *t, size_t n)
{
    while (t->n > n) {
        uint32_t id = (uint32_t)--t->n;
        size_t size;
        const uint32_t *list = t->words + t->starts[id];
        size = t->starts[id + 1] - t->starts[id];
        t->buckets[bucket_of(t, list, size)] = t->next[id];
    }
}
