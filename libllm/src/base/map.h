/* SPDX-License-Identifier: MIT
 * A hash map from byte strings to 32-bit numbers. Keys are not copied: they must outlive the map.
 */
#ifndef LL_BASE_MAP_H
#define LL_BASE_MAP_H

#include "base/buffer.h"

typedef struct ll_map {
    const ll_host *host;
    struct ll_map_slot *slots;
    size_t n_slots; /* a power of two */
    size_t count;
    uint64_t seed;
} ll_map;

/* Room for n keys without rehashing. */
bool ll_map_init(ll_map *map, const ll_host *host, size_t n);
void ll_map_free(ll_map *map);
/* false: out of memory. A key that exists keeps its value and *existed (nullable) is set. */
bool ll_map_insert(ll_map *map, ll_span key, uint32_t value, bool *existed);
/* A key that exists takes this value, and its bytes are read from `key` from then on. */
bool ll_map_set(ll_map *map, ll_span key, uint32_t value);
bool ll_map_find(const ll_map *map, ll_span key, uint32_t *value);
/* Where the value of a key is, and the key's bytes as the map has them; NULL when there is no such key. Up to the next
 * insertion. */
uint32_t *ll_map_at(const ll_map *map, ll_span key, const char **stored);
uint64_t ll_hash(const char *data, size_t size);

#endif
