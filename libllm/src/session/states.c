/* SPDX-License-Identifier: MIT
 * Layers that are not attention know the tokens only in sum: what they knew before some of them is known no more. So
 * that a session can go back, and others can go on from where it was, states are kept near the end of prompts and where
 * sessions leave off.
 */
#include "session/session.h"

static ll_pages *pages_of(const ll_session *s) { return &s->engine->pages; }

void ll_session_keep_state(ll_session *s, uint32_t state, size_t n_positions)
{
    const size_t last = n_positions - 1;
    uint8_t *data = NULL;
    if (pages_of(s)->n_states && s->root && s->n_other == 0 && s->n_loaded == 0)
        data = ll_pages_keep_state(pages_of(s), s->pages[last / LL_PAGE_POSITIONS],
                                   (uint32_t)(last % LL_PAGE_POSITIONS) + 1);
    if (data && s->engine->backend->read_state(s->engine->executor, s->states[state], data, NULL))
        ll_pages_drop_states(pages_of(s), s->pages[last / LL_PAGE_POSITIONS],
                             (uint32_t)(last % LL_PAGE_POSITIONS)); /* what is not known is not kept */
}

void ll_session_go_back(ll_session *s, size_t n_positions)
{
    if (!s->states[0] || n_positions >= s->n_evaluated)
        return;
    const uint8_t *data = NULL;
    uint32_t n = 0;
    while (n_positions && !data) {
        const size_t page = (n_positions - 1) / LL_PAGE_POSITIONS;
        n = (uint32_t)(n_positions - page * LL_PAGE_POSITIONS);
        data = page < s->n_held ? ll_pages_find_state(pages_of(s), s->pages[page], &n) : NULL;
        n_positions = page * LL_PAGE_POSITIONS;
    }
    if (data)
        s->engine->backend->write_state(s->engine->executor, s->states[s->state], data);
    s->n_evaluated = data ? n_positions + n : 0;
    ll_session_give_behind(s, s->n_evaluated); /* others may have the pages that are to be written to again */
}
