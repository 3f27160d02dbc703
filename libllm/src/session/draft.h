/* SPDX-License-Identifier: MIT
 * Guesses of a smaller model: its session follows the timeline of another one and draws what it would go on with. It
 * draws with the options, the seed and at the positions of the other, so that models that agree draw the same.
 */
#ifndef LL_SESSION_DRAFT_H
#define LL_SESSION_DRAFT_H

#include "session/session.h"

typedef struct ll_draft {
    ll_session *session; /* NULL: there is none */
    const libllm_sampling_options *sampling;
    int32_t n_shared; /* tokens that both models have */
} ll_draft;

/* Take the session, which nobody else may use until it is closed. It fails where the session could not guess for the
 * other: one of them cannot go back, or their tokens are others. `sampling` has to live as long. */
libllm_status ll_draft_open(ll_draft *draft, ll_session *session, ll_session *served,
                            const libllm_sampling_options *sampling, libllm_error *error);
void ll_draft_close(ll_draft *draft); /* a zeroed one is fine */

/* Guess up to n_max tokens, at least 1, behind the first n_known of the session that is served. *usual: it took the
 * steps that it always takes, not those to catch up with what it has not seen. No guess is no failure: the text may be
 * too long for the draft's session, or have tokens that its model does not know. */
libllm_status ll_draft_guess(ll_draft *draft, size_t n_known, size_t n_max, int32_t *guesses, size_t *n, bool *usual,
                             libllm_error *error);

#endif
