/* SPDX-License-Identifier: MIT
 * Evaluating guesses, and giving it up while it does not pay.
 */
#include "session/guess.h"

#include "base/clock.h"
#include "session/lookup.h"

enum { TRIED = 4, MEASURED = 32, PAUSE_MIN = 16, PAUSE_MAX = 1024 };

bool ll_guesser_init(ll_guesser *g, const ll_session *s, uint32_t n_max)
{
    *g = (ll_guesser){.n_max = s->states[0] ? 0 : n_max, .next_pause = PAUSE_MIN};
    if (g->n_max)
        g->rows = ll_alloc(s->host, (size_t)(g->n_max + 1) * s->engine->n_row, sizeof *g->rows);
    return !g->n_max || g->rows;
}

void ll_guesser_free(ll_guesser *g, const ll_host *host) { ll_free(host, g->rows); }

/* Steps with guesses give tokens more slowly than those without. */
static bool loses(const ll_guesser *g)
{
    return g->n_steps >= TRIED && g->guessed_seconds * g->n_plain > g->plain_seconds * g->n_gained;
}

static void measure_plain(ll_guesser *g, double seconds)
{
    g->plain_seconds += seconds;
    if (++g->n_plain >= MEASURED) { /* as the context grows, steps take longer */
        g->plain_seconds /= 2;
        g->n_plain /= 2;
    }
}

static void measure_guessed(ll_guesser *g, double seconds)
{
    if (g->n_steps >= MEASURED) {
        g->guessed_seconds /= 2;
        g->n_gained /= 2;
        g->n_steps /= 2;
        g->next_pause = PAUSE_MIN;
    }
    g->guessed_seconds += seconds;
    g->n_steps++;
    g->n_gained++;
}

/* How many guesses are to be made; after what was lost none for a while. */
static size_t choose(ll_guesser *g, const ll_session *s, int32_t token, uint64_t n_left, int32_t *tokens)
{
    const size_t position = atomic_load(&s->position), room = (size_t)s->capacity - position - 1;
    size_t n_max = g->n_max < n_left ? g->n_max : (size_t)n_left;
    n_max = n_max < room ? n_max : room;
    if (loses(g)) {
        g->pause = g->next_pause;
        g->next_pause = 2 * g->next_pause < PAUSE_MAX ? 2 * g->next_pause : PAUSE_MAX;
        g->guessed_seconds = 0;
        g->n_steps = g->n_gained = 0;
    }
    if (g->pause || n_max == 0 || g->n_plain < 2) {
        g->pause -= g->pause > 0;
        return 0;
    }
    s->tokens[position] = token; /* which is due there */
    return ll_look_up(s->tokens, position + 1, n_max, tokens);
}

libllm_status ll_guesser_eval(ll_guesser *g, ll_session *s, int32_t token, uint64_t n_left, libllm_error *error)
{
    const size_t n_row = s->engine->n_row;
    if (ll_session_take_ahead(s, token, g->rows ? g->rows + (g->row + 1) * n_row : NULL)) {
        g->row++;
        g->n_gained++;
        g->n_accepted++;
        return LIBLLM_OK;
    }
    int32_t tokens[LL_GUESSES_MAX + 1] = {token};
    const size_t n = g->n_max ? choose(g, s, token, n_left, tokens + 1) : 0;
    const double start = ll_seconds();
    libllm_status status =
        n ? ll_session_eval_ahead(s, tokens, n + 1, g->rows, error) : ll_session_eval(s, &token, 1, NULL, error);
    if (status || !g->n_max)
        return status;
    if (n)
        measure_guessed(g, ll_seconds() - start);
    else
        measure_plain(g, ll_seconds() - start);
    g->n_guessed += n;
    g->row = 0;
    return LIBLLM_OK;
}
