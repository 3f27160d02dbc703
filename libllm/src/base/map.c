/* SPDX-License-Identifier: MIT
 * Open addressing with linear probing; the stored hash avoids most comparisons of keys.
 */
#include "base/map.h"

#include "base/checked.h"

#include <string.h>

struct ll_map_slot {
    const char *data; /* NULL: empty */
    uint32_t size;
    uint32_t value;
    uint64_t hash;
};

/* Multiply-fold over 8-byte words. Keys that all collide are easy to make for a seed that is known. */
static uint64_t hash_seeded(uint64_t seed, const char *data, size_t size)
{
    uint64_t h = seed ^ size;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        __uint128_t m = (__uint128_t)(h ^ word) * 0xD6E8FEB86659FD93u;
        h = (uint64_t)m ^ (uint64_t)(m >> 64);
        data += 8;
        size -= 8;
    }
    uint64_t tail = 0;
    memcpy(&tail, data, size);
    __uint128_t m = (__uint128_t)(h ^ tail ^ ((uint64_t)size << 56)) * 0xA0761D6478BD642Fu;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

uint64_t ll_hash(const char *data, size_t size) { return hash_seeded(0x9E3779B97F4A7C15u, data, size); }

static uint64_t hash_key(const ll_map *map, ll_span key) { return hash_seeded(map->seed, key.data, key.size); }

static bool allocate_slots(ll_map *map, size_t n_slots)
{
    map->slots = ll_calloc(map->host, n_slots, sizeof *map->slots);
    map->n_slots = map->slots ? n_slots : 0;
    return map->slots != NULL;
}

bool ll_map_init(ll_map *map, const ll_host *host, size_t n)
{
    *map = (ll_map){.host = host};
    size_t n_slots = 16;
    while (n_slots / 4 * 3 < n)
        if (!ll_mul_size(n_slots, 2, &n_slots))
            return false;
    if (!allocate_slots(map, n_slots))
        return false;
    /* Keys come from files; an address is something that the author of a file cannot know. */
    uint64_t address = (uintptr_t)map->slots;
    map->seed = hash_seeded(0x9E3779B97F4A7C15u, (const char *)&address, sizeof address);
    return true;
}

void ll_map_free(ll_map *map)
{
    if (map->host)
        ll_free(map->host, map->slots);
    *map = (ll_map){0};
}

static struct ll_map_slot *probe(const ll_map *map, ll_span key, uint64_t hash)
{
    for (size_t i = hash & (map->n_slots - 1);; i = (i + 1) & (map->n_slots - 1)) {
        struct ll_map_slot *slot = &map->slots[i];
        if (!slot->data || (slot->hash == hash && slot->size == key.size &&
                            (key.size == 0 || memcmp(slot->data, key.data, key.size) == 0)))
            return slot;
    }
}

/* The slot of a key, after adding it with this value where it was not there; NULL: out of memory. */
static struct ll_map_slot *insert(ll_map *map, ll_span key, uint32_t value, bool *existed)
{
    *existed = false;
    if (key.size > UINT32_MAX)
        return NULL;
    if (map->count >= map->n_slots / 4 * 3) {
        struct ll_map_slot *old = map->slots;
        size_t n_old = map->n_slots;
        if (!allocate_slots(map, n_old * 2)) {
            map->slots = old;
            map->n_slots = n_old;
            return NULL;
        }
        for (size_t i = 0; i < n_old; i++)
            if (old[i].data)
                *probe(map, (ll_span){old[i].data, old[i].size}, old[i].hash) = old[i];
        ll_free(map->host, old);
    }
    uint64_t hash = hash_key(map, key);
    struct ll_map_slot *slot = probe(map, key, hash);
    if (slot->data) {
        *existed = true;
        return slot;
    }
    *slot = (struct ll_map_slot){key.data ? key.data : "", (uint32_t)key.size, value, hash};
    map->count++;
    return slot;
}

bool ll_map_insert(ll_map *map, ll_span key, uint32_t value, bool *existed)
{
    bool ignored;
    return insert(map, key, value, existed ? existed : &ignored) != NULL;
}

bool ll_map_set(ll_map *map, ll_span key, uint32_t value)
{
    bool existed;
    struct ll_map_slot *slot = insert(map, key, value, &existed);
    if (!slot)
        return false;
    slot->data = key.data ? key.data : "";
    slot->value = value;
    return true;
}

bool ll_map_find(const ll_map *map, ll_span key, uint32_t *value)
{
    if (map->n_slots == 0)
        return false;
    const struct ll_map_slot *slot = probe(map, key, hash_key(map, key));
    if (!slot->data)
        return false;
    *value = slot->value;
    return true;
}

uint32_t *ll_map_at(const ll_map *map, ll_span key, const char **stored)
{
    if (map->n_slots == 0)
        return NULL;
    struct ll_map_slot *slot = probe(map, key, hash_key(map, key));
    *stored = slot->data;
    return slot->data ? &slot->value : NULL;
}
