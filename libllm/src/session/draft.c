/* SPDX-License-Identifier: MIT
 * Guesses of a smaller model.
 */
#include "session/draft.h"

#include "base/status.h"

/* Tokens that a draft has not seen after a step of which all guesses were taken. */
enum { LL_USUALLY_BEHIND = 2 };

static const ll_tokenizer *tokenizer_of(const ll_session *s) { return s->engine->model->tokenizer; }

/* The vocabulary of one model is that of the other, or the beginning of it: rows that fill a matrix up differ. */
static libllm_status check_tokens(const ll_session *own, const ll_session *served, int32_t *n_shared,
                                  libllm_error *error)
{
    const ll_tokenizer *a = tokenizer_of(own), *b = tokenizer_of(served);
    const uint32_t n_own = own->engine->model->n_vocab, n_served = served->engine->model->n_vocab;
    *n_shared = (int32_t)(n_own < n_served ? n_own : n_served);
    if (own->engine->model == served->engine->model)
        return LIBLLM_OK;
    if (!a != !b || (!a && n_own != n_served))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the draft's model has %u tokens and %s tokenizer, the session's %u and %s", n_own,
                       a ? "a" : "no", n_served, b ? "a" : "none");
    if (!a)
        return LIBLLM_OK;
    const size_t n_a = ll_tokenizer_size(a), n_b = ll_tokenizer_size(b), n = n_a < n_b ? n_a : n_b;
    const size_t other = ll_tokenizer_first_other(a, b);
    *n_shared = (int32_t)n;
    if (other < n)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the draft's model has another vocabulary than the session's: token %zu is not the same", other);
    return LIBLLM_OK;
}

libllm_status ll_draft_open(ll_draft *d, ll_session *own, ll_session *served, const libllm_sampling_options *sampling,
                            libllm_error *error)
{
    if (own == served)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the draft is the session itself, expected another one");
    if (own->engine->hidden_states)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the draft's engine makes hidden states, no logits");
    if (own->states[0] || served->states[0])
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "%s model has layers that know the tokens only in sum: it cannot go back behind wrong guesses",
                       own->states[0] ? "the draft's" : "the session's");
    libllm_status status = check_tokens(own, served, &d->n_shared, error);
    if (!status)
        status = ll_sampling_check(sampling, own->engine->model->n_vocab, error);
    if (!status)
        status = ll_session_check_source(own, error);
    if (!status)
        status = ll_session_enter(own, false, error);
    if (status)
        return status;
    own->streaming = true;
    own->served = served;
    ll_session_leave(own);
    d->session = own;
    d->sampling = sampling;
    return LIBLLM_OK;
}

void ll_draft_close(ll_draft *d)
{
    if (!d->session)
        return;
    d->session->streaming = false;
    d->session->served = NULL;
    d->session = NULL;
}

static libllm_status guess(ll_draft *d, size_t n_known, size_t n_max, int32_t *guesses, size_t *n, bool *usual,
                           libllm_error *error)
{
    ll_session *own = d->session;
    const ll_session *served = own->served;
    size_t same = 0, most = atomic_load(&own->position);
    most = most < n_known ? most : n_known - 1; /* the last token is evaluated again, for its logits */
    while (same < most && own->tokens[same] == served->tokens[same])
        same++;
    const size_t behind = n_known - same;
    libllm_status status = ll_session_rewind(own, same, error);
    if (status)
        return status;
    if (ll_session_check(own, served->tokens + same, behind, NULL))
        return LIBLLM_OK;
    *usual = behind <= LL_USUALLY_BEHIND;
    const size_t room = (size_t)own->capacity - n_known + 1;
    n_max = n_max < room ? n_max : room;
    status = ll_session_eval(own, served->tokens + same, behind, NULL, error);
    while (!status && *n < n_max) {
        int32_t token;
        status = ll_session_sample(own, d->sampling, NULL, &token, error);
        if (status || token >= d->n_shared)
            break;
        guesses[(*n)++] = token;
        if (*n < n_max)
            status = ll_session_eval(own, &token, 1, NULL, error);
    }
    return status == LIBLLM_ERROR_NUMERIC ? LIBLLM_OK : status;
}

/* While one of both computes, no step of its engine is to wait for the other. */
libllm_status ll_draft_guess(ll_draft *d, size_t n_known, size_t n_max, int32_t *guesses, size_t *n, bool *usual,
                             libllm_error *error)
{
    ll_session *own = d->session;
    *n = 0;
    *usual = false;
    libllm_status status = ll_session_enter(own, true, error);
    if (status)
        return status;
    ll_engine_expect_no_more(own->served->engine, own->served);
    status = guess(d, n_known, n_max, guesses, n, usual, error);
    ll_engine_expect_no_more(own->engine, own);
    ll_session_leave(own);
    return status;
}
