/* SPDX-License-Identifier: MIT
 * Tokens of a stream by guessing: what followed the same tokens before, or what a smaller model makes of them, is
 * evaluated together with the token that is due. Guesses that the sampler then draws cost no step of their own; the
 * others are overwritten. As rows of few tokens are the same bits together and alone, so is what is generated.
 */
#ifndef LL_SESSION_GUESS_H
#define LL_SESSION_GUESS_H

#include "session/draft.h"
#include "session/pace.h"

enum { LL_GUESSES_MAX = 7 }; /* with the token that is due, what kernels take at a time */

typedef struct ll_guesser {
    uint32_t n_look_up; /* guesses from the timeline at most */
    ll_draft draft;
    float *rows;  /* [LL_GUESSES_MAX + 1][n_vocab] that follow the token and its guesses; NULL: nothing is guessed */
    uint32_t row; /* of the last token that was taken */
    ll_step_cost cost;
    ll_pace look_up_pace, draft_pace;
    ll_pace *pace;      /* of the last guesses */
    uint32_t n_waiting; /* of those neither taken nor given up */
    uint64_t n_guessed, n_accepted;
} ll_guesser;

/* n_look_up: guesses from the timeline at most; models that cannot go back by a few tokens make none. draft: a session
 * that guesses, or NULL. `sampling` has to live as long. */
libllm_status ll_guesser_init(ll_guesser *guesser, ll_session *session, uint32_t n_look_up, ll_session *draft,
                              const libllm_sampling_options *sampling, libllm_error *error);
void ll_guesser_free(ll_guesser *guesser, const ll_host *host); /* a zeroed one is fine */

/* The token was guessed right: the timeline has it, and its row are the logits. */
bool ll_guesser_take(ll_guesser *guesser, ll_session *session, int32_t token);
/* As ll_session_eval() of the token, with guesses for up to n_left further ones. */
libllm_status ll_guesser_eval(ll_guesser *guesser, ll_session *session, int32_t token, uint64_t n_left,
                              libllm_error *error);

#endif
