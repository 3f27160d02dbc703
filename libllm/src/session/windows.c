/* SPDX-License-Identifier: MIT
 * Layers with a window see so many positions only. Where their keys and values have pages of their own, a session uses
 * those of what its next token sees, and of what its last step saw: so far back it may go at any time. Others stay as
 * long as nobody needs the memory. Going back to where they are gone means evaluating again. All with the engine's lock
 * held.
 */
#include "session/session.h"

static ll_pages *pages_of(const ll_session *s) { return &s->engine->pages; }

uint32_t ll_session_first_seen(const ll_session *s, size_t position)
{
    const size_t before = s->windows ? s->engine->window - 1 : position;
    return position > before ? (uint32_t)((position - before) / LL_PAGE_POSITIONS) : 0;
}

static uint32_t pages_for(size_t n_positions)
{
    return (uint32_t)((n_positions + LL_PAGE_POSITIONS - 1) / LL_PAGE_POSITIONS);
}

/* Give up those before page `first`. */
static void give_before(ll_session *s, uint32_t first)
{
    for (uint32_t i = s->first_window; i < first && i < s->n_held; i++) {
        if (s->windows[i] != LL_NO_PAGE)
            ll_pages_give_window(pages_of(s), s->pages[i]);
        s->windows[i] = LL_NO_PAGE;
    }
    s->first_window = first;
}

/* Pages [first, end) are to be written to. */
static void take(ll_session *s, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++)
        if (s->windows[i] == LL_NO_PAGE) {
            ll_pages_take_window(pages_of(s), s->pages[i]);
            s->windows[i] = pages_of(s)->pages[s->pages[i]].window;
        }
}

void ll_session_move_window(ll_session *s, size_t position, size_t n_tokens)
{
    if (!s->windows)
        return;
    give_before(s, ll_session_first_seen(s, position));
    take(s, (uint32_t)(position / LL_PAGE_POSITIONS), pages_for(position + n_tokens));
}

void ll_session_enter_window(ll_session *s, size_t n_positions)
{
    if (!s->windows)
        return;
    s->first_window = ll_session_first_seen(s, n_positions);
    take(s, s->first_window, pages_for(n_positions));
}

bool ll_session_cover(ll_session *s, size_t n_positions)
{
    if (!s->windows)
        return true;
    const uint32_t first = ll_session_first_seen(s, n_positions);
    if (first > s->first_window)
        give_before(s, first);
    const uint32_t end = pages_for(n_positions) < s->n_held ? pages_for(n_positions) : s->n_held;
    for (uint32_t i = first; i < end; i++) {
        if (s->windows[i] == LL_NO_PAGE && !ll_pages_use_window(pages_of(s), s->pages[i]))
            return false;
        s->windows[i] = pages_of(s)->pages[s->pages[i]].window;
        s->first_window = i < s->first_window ? i : s->first_window;
    }
    s->first_window = first;
    return true;
}

/* All is evaluated again, but for what pages know. */
static void begin_anew(ll_session *s, size_t n_positions)
{
    ll_session_give_behind(s, 0);
    s->first_window = 0;
    s->n_other = s->n_loaded = 0;
    s->n_evaluated = 0;
    s->n_evaluated = ll_session_take_up(s, 0, s->tokens, n_positions);
    if (ll_session_cover(s, s->n_evaluated))
        return;
    s->n_evaluated = 0;
    ll_session_give_behind(s, 0);
    s->first_window = 0;
}

void ll_session_settle(ll_session *s, size_t n_positions)
{
    ll_session_go_back(s, n_positions);
    if (!s->windows)
        return;
    if (n_positions < s->n_evaluated)
        s->n_evaluated = n_positions;
    if (!ll_session_cover(s, s->n_evaluated))
        begin_anew(s, n_positions);
}
