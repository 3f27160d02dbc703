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

static void give_page(ll_session *s, uint32_t i)
{
    if (s->windows && s->windows[i] != LL_NO_PAGE)
        ll_pages_give_window(pages_of(s), s->pages[i]);
    ll_pages_give(pages_of(s), s->pages[i]);
}

/* The page that a session has in place i from here on; it counts as a user already, of its window it is none. */
static void put(ll_session *s, uint32_t i, uint32_t page)
{
    if (i < s->n_held)
        give_page(s, i);
    else
        s->n_held = i + 1;
    s->pages[i] = page;
    if (s->windows)
        s->windows[i] = LL_NO_PAGE;
}

/* Put page i into the tree, behind those that are there. */
static void link_page(ll_session *s, uint32_t i, uint32_t n_tokens)
{
    ll_pages *p = pages_of(s);
    s->pages[i] =
        ll_pages_link(p, s->root, parent_of(s), s->pages[i], s->tokens + i * (size_t)LL_PAGE_POSITIONS, n_tokens);
    if (s->windows && s->windows[i] != LL_NO_PAGE)
        s->windows[i] = p->pages[s->pages[i]].window;
}

static bool is_own(const ll_session *s, uint32_t i)
{
    const ll_page *page = &pages_of(s)->pages[s->pages[i]];
    return page->users == 1 && page->n_tokens == 0;
}

static ll_page_place place_of(const ll_session *s, uint32_t page)
{
    return (ll_page_place){page, pages_of(s)->pages[page].window};
}

/* Page i for writing, with what `from` has. */
static bool copy(ll_session *s, uint32_t i, uint32_t from)
{
    ll_engine *e = s->engine;
    const bool is_there = i < s->n_held && is_own(s, i);
    uint32_t to = is_there ? s->pages[i] : ll_pages_take(&e->pages);
    if (to == LL_NO_PAGE)
        return false;
    if (s->windows && !(is_there && s->windows[i] != LL_NO_PAGE))
        ll_pages_take_window(&e->pages, to);
    e->backend->copy_page(e->executor, place_of(s, from), place_of(s, to));
    if (!is_there)
        put(s, i, to);
    if (s->windows)
        s->windows[i] = e->pages.pages[to].window;
    return true;
}

/* The page behind `parent` that has most of the tokens which follow the position, and the `behind` before it that are
 * in a page with it. LL_NO_PAGE: none is worth it. */
static uint32_t find_next(const ll_session *s, uint32_t parent, size_t position, const int32_t *tokens, size_t n_tokens,
                          size_t *n_same)
{
    const size_t behind = position % LL_PAGE_POSITIONS, room = LL_PAGE_POSITIONS - behind;
    const size_t n = n_tokens < room ? n_tokens : room;
    int32_t page_tokens[LL_PAGE_POSITIONS];
    memcpy(page_tokens, s->tokens + position - behind, behind * sizeof *tokens);
    memcpy(page_tokens + behind, tokens, n * sizeof *tokens);
    uint32_t found = ll_pages_find(pages_of(s), s->root, parent, page_tokens, behind + n, n_same);
    return *n_same == LL_PAGE_POSITIONS || *n_same >= behind + COPY_MIN ? found : LL_NO_PAGE;
}

/* How many of the n tokens behind a position pages know, so that what follows them can be evaluated: what layers with a
 * window need of them is there too, or what others know after them, which *state receives. */
static size_t count_known(const ll_session *s, size_t start, const int32_t *tokens, size_t n, const uint8_t **state)
{
    size_t position = start, known = start, n_same = LL_PAGE_POSITIONS;
    uint32_t parent = parent_of(s), found;
    uint32_t since =
        s->windows ? s->first_window : 0; /* the first page of those with a window that follow each other */
    while (position - start < n && n_same == LL_PAGE_POSITIONS &&
           (found = find_next(s, parent, position, tokens + (position - start), n - (position - start), &n_same)) !=
               LL_NO_PAGE) {
        const uint32_t i = (uint32_t)(position / LL_PAGE_POSITIONS);
        if (s->windows && pages_of(s)->pages[found].window == LL_NO_PAGE)
            since = i + 1;
        const size_t behind = position % LL_PAGE_POSITIONS;
        uint32_t n_seen = (uint32_t)n_same;
        position = i * (size_t)LL_PAGE_POSITIONS + n_same;
        if (s->states[0]) {
            const uint8_t *kept = ll_pages_find_state(pages_of(s), found, &n_seen);
            if (kept && (n_seen == LL_PAGE_POSITIONS || n_seen >= behind + COPY_MIN)) {
                known = i * (size_t)LL_PAGE_POSITIONS + n_seen;
                *state = kept;
            }
        } else if (ll_session_first_seen(s, position) >= since) {
            known = position;
        }
        parent = found;
    }
    return known - start;
}

size_t ll_session_take_up(ll_session *s, size_t start, const int32_t *tokens, size_t n)
{
    ll_pages *p = pages_of(s);
    size_t position = start, end = start;
    const uint8_t *state = NULL;
    if (shares(s) && s->n_linked == start / LL_PAGE_POSITIONS)
        end += count_known(s, start, tokens, n, &state);
    if (state) /* before it makes way for a page */
        s->engine->backend->write_state(s->engine->executor, s->states[ll_session_next_state(s)], state);
    while (position < end) {
        const uint32_t i = s->n_linked;
        size_t n_same;
        const int32_t *next = tokens + (position - start);
        uint32_t found = find_next(s, parent_of(s), position, next, end - position, &n_same);
        ll_pages_share(p, found); /* so that it is not the one that is taken to copy it to */
        if (n_same == LL_PAGE_POSITIONS) {
            put(s, i, found);
            s->n_linked++;
        } else {
            ll_session_cover(s, i * (size_t)LL_PAGE_POSITIONS + n_same);
            const bool pinned = s->windows && ll_pages_use_window(p, found);
            const bool copied = copy(s, i, found);
            if (pinned)
                ll_pages_give_window(p, found);
            ll_pages_give(p, found);
            if (!copied && state) { /* there is none between */
                ll_session_give_behind(s, start);
                return 0;
            }
            if (!copied)
                break;
        }
        const size_t reached = i * (size_t)LL_PAGE_POSITIONS + n_same;
        memmove(s->tokens + position, next, (reached - position) * sizeof *tokens);
        position = reached;
    }
    return position - start;
}

size_t ll_session_reuse(ll_session *s, const int32_t *tokens, size_t n_tokens)
{
    const size_t start = atomic_load(&s->position);
    if (ll_session_evaluated(s) < start || n_tokens < 2)
        return 0;
    const size_t n = ll_session_take_up(s, start, tokens, n_tokens - 1);
    if (n && !ll_session_cover(s, start + n)) {
        ll_session_settle(s, start);
        return 0;
    }
    if (n) {
        s->n_evaluated = start + n;
        s->state = s->running = s->states[0] ? ll_session_next_state(s) : s->state;
    }
    atomic_store(&s->position, start + n);
    return n;
}

void ll_session_make_room(ll_session *s, size_t n_tokens)
{
    ll_pages *p = pages_of(s);
    const size_t position = atomic_load(&s->position);
    const uint32_t i = (uint32_t)(ll_session_evaluated(s) / LL_PAGE_POSITIONS);
    if (i < s->n_held && !is_own(s, i) && !copy(s, i, s->pages[i]))
        ll_pages_unlink(p, s->pages[i]); /* sessions have all pages there are, so nobody else has this, or one below */
    if (i < s->n_held)
        ll_pages_drop_states(p, s->pages[i], (uint32_t)(ll_session_evaluated(s) % LL_PAGE_POSITIONS));
    while (s->n_held * (size_t)LL_PAGE_POSITIONS < position + n_tokens) /* it was promised them */
        put(s, s->n_held, ll_pages_take(p));
}

void ll_session_link(ll_session *s)
{
    const size_t position = atomic_load(&s->position);
    while (shares(s) && (s->n_linked + 1) * (size_t)LL_PAGE_POSITIONS <= position) {
        link_page(s, s->n_linked, LL_PAGE_POSITIONS);
        s->n_linked++;
    }
}

void ll_session_give_behind(ll_session *s, size_t n_positions)
{
    const size_t evaluated = ll_session_evaluated(s), tail = evaluated % LL_PAGE_POSITIONS;
    const uint32_t n_kept = (uint32_t)((n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS);
    const uint32_t last = (uint32_t)(evaluated / LL_PAGE_POSITIONS);
    if (shares(s) && tail && last >= n_kept && last == s->n_linked && is_own(s, last))
        link_page(s, last, (uint32_t)tail);
    if (evaluated > n_positions && evaluated == s->n_evaluated && (evaluated - 1) / LL_PAGE_POSITIONS >= n_kept &&
        pages_of(s)->pages[s->pages[(evaluated - 1) / LL_PAGE_POSITIONS]].n_tokens)
        ll_session_keep_state(s, s->state, evaluated);
    while (s->n_held > n_kept)
        give_page(s, --s->n_held);
    if (s->n_linked > n_positions / LL_PAGE_POSITIONS)
        s->n_linked = (uint32_t)(n_positions / LL_PAGE_POSITIONS);
}
