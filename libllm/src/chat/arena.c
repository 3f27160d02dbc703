/* SPDX-License-Identifier: MIT
 * Bump allocation in blocks that double in size.
 */
#include "chat/arena.h"

#include "base/checked.h"

enum { FIRST_BLOCK = 16 << 10, LARGEST_BLOCK = 1 << 20 };

typedef struct ll_arena_block {
    struct ll_arena_block *older;
    size_t size; /* of the memory behind this header */
} arena_block;

void ll_arena_init(ll_arena *arena, const ll_host *host, size_t cap) { *arena = (ll_arena){.host = host, .cap = cap}; }

void ll_arena_free(ll_arena *arena)
{
    while (arena->block) {
        arena_block *older = arena->block->older;
        ll_free(arena->host, arena->block);
        arena->block = older;
    }
}

bool ll_arena_is_full(const ll_arena *arena, size_t n) { return n > arena->cap || arena->total > arena->cap - n; }

static bool add_block(ll_arena *arena, size_t n)
{
    size_t size = arena->block ? arena->block->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < n)
        size = n;
    size_t bytes;
    arena_block *block = ll_add_size(size, sizeof(arena_block), &bytes) ? ll_alloc(arena->host, bytes, 1) : NULL;
    if (!block)
        return false;
    *block = (arena_block){arena->block, size};
    arena->block = block;
    arena->used = 0;
    return true;
}

void *ll_arena_alloc(ll_arena *arena, size_t n)
{
    if (n > SIZE_MAX - 8 || ll_arena_is_full(arena, n))
        return NULL;
    n = ll_round_up(n ? n : 1, 8);
    if ((!arena->block || arena->block->size - arena->used < n) && !add_block(arena, n))
        return NULL;
    void *memory = (char *)(arena->block + 1) + arena->used;
    arena->used += n;
    arena->total += n;
    return memory;
}
