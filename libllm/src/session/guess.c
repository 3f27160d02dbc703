/* SPDX-License-Identifier: MIT
 * Evaluating guesses.
 */
#include "session/guess.h"

#include "base/clock.h"
#include "base/status.h"
#include "session/lookup.h"

libllm_status ll_guesser_init(ll_guesser *g, ll_session *s, uint32_t n_look_up, ll_session *draft,
                              const libllm_sampling_options *sampling, libllm_error *error)
{
    *g = (ll_guesser){.n_look_up = s->states[0] ? 0 : n_look_up};
    if (n_look_up > LL_GUESSES_MAX)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "n_guesses is %u, expected at most %d", n_look_up,
                       LL_GUESSES_MAX);
    libllm_status status = draft ? ll_draft_open(&g->draft, draft, s, sampling, error) : LIBLLM_OK;
    if (status || (!g->n_look_up && !draft))
        return status;
    g->rows = ll_alloc(s->host, (size_t)(LL_GUESSES_MAX + 1) * s->engine->n_row, sizeof *g->rows);
    return g->rows ? LIBLLM_OK : ll_fail_memory(error, "the rows of guesses");
}

void ll_guesser_free(ll_guesser *g, const ll_host *host)
{
    ll_draft_close(&g->draft);
    ll_free(host, g->rows);
}

bool ll_guesser_take(ll_guesser *g, ll_session *s, int32_t token)
{
    if (!g->n_waiting || !ll_session_take_ahead(s, token, g->rows + (g->row + 1) * (size_t)s->engine->n_row))
        return false;
    g->row++;
    g->n_waiting--;
    g->n_accepted++;
    ll_pace_count(g->pace, true);
    return true;
}

/* Guesses for the tokens behind the one that is due, which the timeline has behind its end. */
static libllm_status make(ll_guesser *g, const ll_session *s, size_t n_max, int32_t *guesses, size_t *n,
                          libllm_error *error)
{
    const size_t n_known = atomic_load(&s->position) + 1;
    *n = 0;
    size_t wanted = ll_pace_wanted(&g->look_up_pace, &g->cost, n_max < g->n_look_up ? n_max : g->n_look_up);
    if (wanted)
        *n = ll_look_up(s->tokens, n_known, wanted, guesses);
    g->pace = &g->look_up_pace;
    if (*n || !g->draft.session)
        return LIBLLM_OK;
    wanted = ll_pace_wanted(&g->draft_pace, &g->cost, n_max);
    if (!wanted)
        return LIBLLM_OK;
    const double start = ll_seconds();
    bool usual;
    libllm_status status = ll_draft_guess(&g->draft, n_known, wanted, guesses, n, &usual, error);
    if (*n && usual)
        ll_mean_add(&g->draft_pace.seconds, (ll_seconds() - start) / (double)*n);
    g->pace = &g->draft_pace;
    return status;
}

libllm_status ll_guesser_eval(ll_guesser *g, ll_session *s, int32_t token, uint64_t n_left, libllm_error *error)
{
    if (!g->rows)
        return ll_session_eval(s, &token, 1, NULL, error);
    if (g->n_waiting) {
        ll_pace_count(g->pace, false);
        g->n_waiting = 0;
    }
    const size_t position = atomic_load(&s->position), room = (size_t)s->capacity - position - 1;
    size_t n_max = n_left < LL_GUESSES_MAX ? (size_t)n_left : LL_GUESSES_MAX, n;
    int32_t tokens[LL_GUESSES_MAX + 1] = {token};
    s->tokens[position] = token; /* which is due there */
    libllm_status status = make(g, s, n_max < room ? n_max : room, tokens + 1, &n, error);
    if (status)
        return status;
    const double start = ll_seconds();
    status = n ? ll_session_eval_ahead(s, tokens, n + 1, g->rows, error) : ll_session_eval(s, &token, 1, NULL, error);
    if (status)
        return status;
    const double seconds = ll_seconds() - start;
    if (n) {
        const double plain = ll_mean_of(&g->cost.plain);
        ll_mean_add(&g->cost.column, seconds > plain ? (seconds - plain) / (double)n : 0);
        g->pace->n_steps++;
    }
    if (!n || seconds < ll_mean_of(&g->cost.plain)) /* without guesses it takes no longer than with them */
        ll_mean_add(&g->cost.plain, seconds);
    g->n_guessed += n;
    g->n_waiting = (uint32_t)n;
    g->row = 0;
    return LIBLLM_OK;
}
