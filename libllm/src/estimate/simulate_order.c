/* SPDX-License-Identifier: MIT
 * The heap of events and the tournament of replicas.
 */
#include "estimate/simulate_order.h"

bool ll_agenda_init(ll_agenda *a, const ll_host *host, uint32_t slots)
{
    *a = (ll_agenda){.time = ll_calloc(host, slots, sizeof *a->time),
                     .heap = ll_calloc(host, slots, sizeof *a->heap),
                     .place = ll_calloc(host, slots, sizeof *a->place)};
    return a->time && a->heap && a->place;
}

void ll_agenda_free(ll_agenda *a, const ll_host *host)
{
    ll_free(host, a->time);
    ll_free(host, a->heap);
    ll_free(host, a->place);
}

static bool is_before(const ll_agenda *a, uint32_t x, uint32_t y)
{
    return a->time[x] < a->time[y] || (a->time[x] == a->time[y] && x < y);
}

static void put(ll_agenda *a, uint32_t at, uint32_t slot)
{
    a->heap[at] = slot;
    a->place[slot] = at + 1;
}

/* From this place to where the slot belongs. */
static void settle(ll_agenda *a, uint32_t at, uint32_t slot)
{
    for (; at > 0 && is_before(a, slot, a->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(a, at, a->heap[(at - 1) / 2]);
    for (uint32_t child; (child = 2 * at + 1) < a->n; at = child) {
        child += child + 1 < a->n && is_before(a, a->heap[child + 1], a->heap[child]);
        if (!is_before(a, a->heap[child], slot))
            break;
        put(a, at, a->heap[child]);
    }
    put(a, at, slot);
}

void ll_agenda_set(ll_agenda *a, uint32_t slot, double time)
{
    a->time[slot] = time;
    settle(a, a->place[slot] ? a->place[slot] - 1 : a->n++, slot);
}

void ll_agenda_remove(ll_agenda *a, uint32_t slot)
{
    const uint32_t at = a->place[slot];
    if (at == 0)
        return;
    a->place[slot] = 0;
    a->n--;
    if (at - 1 < a->n)
        settle(a, at - 1, a->heap[a->n]);
}

bool ll_tournament_init(ll_tournament *t, const ll_host *host, uint32_t n)
{
    t->leaves = 1;
    while (t->leaves < n)
        t->leaves *= 2;
    t->keys = ll_alloc(host, (size_t)2 * t->leaves, sizeof *t->keys);
    for (uint32_t i = 0; t->keys && i < 2 * t->leaves; i++)
        t->keys[i] = UINT32_MAX;
    return t->keys != NULL;
}

void ll_tournament_free(ll_tournament *t, const ll_host *host) { ll_free(host, t->keys); }

void ll_tournament_set(ll_tournament *t, uint32_t i, uint32_t key)
{
    uint32_t at = t->leaves + i;
    t->keys[at] = key;
    for (at /= 2; at > 0; at /= 2) {
        const uint32_t left = t->keys[2 * at], right = t->keys[2 * at + 1];
        const uint32_t least = left < right ? left : right;
        if (t->keys[at] == least)
            break;
        t->keys[at] = least;
    }
}

uint32_t ll_tournament_first(const ll_tournament *t)
{
    uint32_t at = 1;
    if (t->keys[1] == UINT32_MAX)
        return UINT32_MAX;
    while (at < t->leaves)
        at = 2 * at + (t->keys[2 * at] != t->keys[at]);
    return at - t->leaves;
}
