/* SPDX-License-Identifier: MIT
 * Memory that is given back all at once: what a compiled template, or one rendering of it, is made of.
 */
#ifndef LL_CHAT_ARENA_H
#define LL_CHAT_ARENA_H

#include "base/host.h"

typedef struct ll_arena {
    const ll_host *host;
    struct ll_arena_block *block; /* the newest; the older ones hang behind it */
    size_t used;                  /* bytes handed out of the newest block */
    size_t total;                 /* bytes handed out of all blocks */
    size_t cap;                   /* total never exceeds this */
} ll_arena;

void ll_arena_init(ll_arena *arena, const ll_host *host, size_t cap);
void ll_arena_free(ll_arena *arena);
/* Memory for n bytes, aligned to 8, or NULL: out of memory, or (then ll_arena_is_full) the cap would be passed. */
void *ll_arena_alloc(ll_arena *arena, size_t n);
bool ll_arena_is_full(const ll_arena *arena, size_t n);

#endif
