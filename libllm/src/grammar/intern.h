/* SPDX-License-Identifier: MIT
 * Lists of numbers that are kept once each: equal lists have the same id, and ids count up from 0.
 */
#ifndef LL_GRAMMAR_INTERN_H
#define LL_GRAMMAR_INTERN_H

#include "base/host.h"

typedef struct ll_intern {
    const ll_host *host;
    uint32_t *words; /* [starts[n]] */
    size_t words_capacity;
    size_t *starts; /* [n + 1] */
    uint32_t *next; /* [n] of the same bucket, id + 1 */
    size_t n, capacity;
    uint32_t *buckets; /* [n_buckets] id + 1 */
    size_t n_buckets;
} ll_intern;

enum { LL_INTERN_NONE = UINT32_MAX };

bool ll_intern_init(ll_intern *intern, const ll_host *host);
void ll_intern_free(ll_intern *intern);
/* The id of a list; LL_INTERN_NONE: out of memory. */
uint32_t ll_intern_add(ll_intern *intern, const uint32_t *list, size_t size);
/* Forget the lists from id n on. */
void ll_intern_truncate(ll_intern *intern, size_t n);

static inline const uint32_t *ll_intern_list(const ll_intern *intern, uint32_t id, size_t *size)
{
    *size = intern->starts[id + 1] - intern->starts[id];
    return intern->words + intern->starts[id];
}

#endif
