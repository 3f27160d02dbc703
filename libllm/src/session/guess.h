/* SPDX-License-Identifier: MIT
 * Tokens of a stream by guessing: what followed the same tokens before is evaluated together with the token that is
 * due. Guesses that the sampler then draws cost no step of their own; the others are overwritten. As rows of few tokens
 * are the same bits together and alone, so is what is generated.
 */
#ifndef LL_SESSION_GUESS_H
#define LL_SESSION_GUESS_H

#include "session/session.h"

enum { LL_GUESSES_MAX = 7 }; /* with the token that is due, what kernels take at a time */

typedef struct ll_guesser {
    uint32_t n_max; /* 0: nothing is guessed */
    float *rows;    /* [n_max + 1][n_vocab] that follow the token and its guesses */
    uint32_t row;   /* of the last token that was taken */
    /* Whether it pays: steps without and with guesses, and the tokens that the latter gave. While it does not, `pause`
     * tokens pass without guesses, twice as many every time. */
    double plain_seconds, guessed_seconds;
    uint32_t n_plain, n_steps, n_gained;
    uint32_t pause, next_pause;
    uint64_t n_guessed, n_accepted;
} ll_guesser;

/* False: out of memory. Models that cannot go back by a few tokens guess nothing. */
bool ll_guesser_init(ll_guesser *guesser, const ll_session *session, uint32_t n_max);
void ll_guesser_free(ll_guesser *guesser, const ll_host *host); /* a zeroed one is fine */

/* As ll_session_eval() of the token, with guesses for up to n_left further ones. */
libllm_status ll_guesser_eval(ll_guesser *guesser, ll_session *session, int32_t token, uint64_t n_left,
                              libllm_error *error);

#endif
