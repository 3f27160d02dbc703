/* SPDX-License-Identifier: MIT
 * The pages of a session: taking those that have its next tokens already, making room for others, handing on what has
 * been computed. A page that others know of is not written to but copied. All with the engine's lock held.
 */
#include "session/session.h"

#include <string.h>

/* Tokens that a copy of a page has to save: it is a matter of memory, and those of processors are dear. */
enum { COPY_MIN = 8 };

static ll_pages *pages_of(const ll_session *s) { return &s->engine->pages; }

/* All of the timeline is what others would compute as well. */
static bool shares(const ll_session *s) { return s->root && s->n_other == 0 && s->n_loaded == 0; }

static uint32_t parent_of(const ll_session *s) { return s->n_linked ? s->pages[s->n_linked - 1] : LL_NO_PAGE; }

/* The page that a session has in place i from here on; it counts as a user already. */
static void put(ll_session *s, uint32_t i, uint32_t page)
{
    if (i < s->n_held)
        ll_pages_give(pages_of(s), s->pages[i]);
    else
        s->n_held = i + 1;
    s->pages[i] = page;
}

static bool is_own(const ll_session *s, uint32_t i)
{
    const ll_page *page = &pages_of(s)->pages[s->pages[i]];
    return page->users == 1 && page->n_tokens == 0;
}

/* Page i for writing, with what `from` has. */
static bool copy(ll_session *s, uint32_t i, uint32_t from)
{
    ll_engine *e = s->engine;
    uint32_t to = i < s->n_held && is_own(s, i) ? s->pages[i] : ll_pages_take(&e->pages);
    if (to == LL_NO_PAGE)
        return false;
    e->backend->copy_page(e->executor, from, to);
    if (i >= s->n_held || to != s->pages[i])
        put(s, i, to);
    return true;
}

size_t ll_session_reuse(ll_session *s, const int32_t *tokens, size_t n_tokens)
{
    ll_pages *p = pages_of(s);
    size_t start = atomic_load(&s->position), position = start;
    while (shares(s) && n_tokens > 1 && s->n_linked == position / LL_PAGE_POSITIONS) {
        const uint32_t i = s->n_linked;
        const size_t behind = position % LL_PAGE_POSITIONS, left = n_tokens - 1 - (position - start);
        int32_t page_tokens[LL_PAGE_POSITIONS];
        size_t n = left < LL_PAGE_POSITIONS - behind ? left : LL_PAGE_POSITIONS - behind, n_same;
        memcpy(page_tokens, s->tokens + position - behind, behind * sizeof *tokens);
        memcpy(page_tokens + behind, tokens + (position - start), n * sizeof *tokens);
        uint32_t found = ll_pages_find(p, s->root, parent_of(s), page_tokens, behind + n, &n_same);
        const bool whole = n_same == LL_PAGE_POSITIONS;
        if (!whole && n_same < behind + COPY_MIN)
            break;
        ll_pages_share(p, found); /* so that it is not the one that is taken to copy it to */
        if (whole) {
            put(s, i, found);
            s->n_linked++;
        } else {
            bool copied = copy(s, i, found);
            ll_pages_give(p, found);
            if (!copied)
                break;
        }
        memcpy(s->tokens + position, tokens + (position - start), (n_same - behind) * sizeof *tokens);
        position += n_same - behind;
        if (!whole)
            break;
    }
    atomic_store(&s->position, position);
    return position - start;
}

void ll_session_make_room(ll_session *s, size_t n_tokens)
{
    ll_pages *p = pages_of(s);
    const size_t position = atomic_load(&s->position);
    const uint32_t i = (uint32_t)(position / LL_PAGE_POSITIONS);
    if (i < s->n_held && !is_own(s, i) && !copy(s, i, s->pages[i]))
        ll_pages_unlink(p, s->pages[i]); /* sessions have all pages there are, so nobody else has this, or one below */
    while (s->n_held * (size_t)LL_PAGE_POSITIONS < position + n_tokens) { /* it was promised them */
        s->pages[s->n_held] = ll_pages_take(p);
        s->n_held++;
    }
}

void ll_session_link(ll_session *s)
{
    const size_t position = atomic_load(&s->position);
    while (shares(s) && (s->n_linked + 1) * (size_t)LL_PAGE_POSITIONS <= position) {
        const int32_t *tokens = s->tokens + s->n_linked * (size_t)LL_PAGE_POSITIONS;
        s->pages[s->n_linked] =
            ll_pages_link(pages_of(s), s->root, parent_of(s), s->pages[s->n_linked], tokens, LL_PAGE_POSITIONS);
        s->n_linked++;
    }
}

void ll_session_give_behind(ll_session *s, size_t n_positions)
{
    const size_t position = atomic_load(&s->position), tail = position % LL_PAGE_POSITIONS;
    const uint32_t n_kept = (uint32_t)((n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS);
    const uint32_t last = (uint32_t)(position / LL_PAGE_POSITIONS);
    if (shares(s) && tail && last >= n_kept && last == s->n_linked && is_own(s, last))
        s->pages[last] = ll_pages_link(pages_of(s), s->root, parent_of(s), s->pages[last], s->tokens + position - tail,
                                       (uint32_t)tail);
    while (s->n_held > n_kept)
        ll_pages_give(pages_of(s), s->pages[--s->n_held]);
    if (s->n_linked > n_positions / LL_PAGE_POSITIONS)
        s->n_linked = (uint32_t)(n_positions / LL_PAGE_POSITIONS);
}
