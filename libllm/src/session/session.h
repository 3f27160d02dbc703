/* SPDX-License-Identifier: MIT
 * A session: one timeline of tokens with its place in the KV memory of an engine, and the logits that follow it.
 */
#ifndef LL_SESSION_SESSION_H
#define LL_SESSION_SESSION_H

#include "sampling/sampling.h"
#include "session/engine.h"

/* One word for both, so that a request to end is for the call that is running or for none. */
typedef enum ll_call_state { LL_CALL_NONE, LL_CALL_RUNNING, LL_CALL_CANCELLED } ll_call_state;

struct ll_session {
    const ll_host *host;
    ll_engine *engine;
    uint32_t *pages;  /* [n_held], and room for all that the capacity asks for */
    uint32_t n_pages; /* promised, with those of a text */
    uint32_t n_held;  /* of the timeline; the first n_linked are in the tree of the root */
    uint32_t n_linked;
    /* Where layers with a window have pages of their own: those of the pages that the session needs, LL_NO_PAGE of the
     * others, all of which are before the first or behind n_held; and what it was promised. NULL: they have not. */
    uint32_t *windows;
    uint32_t first_window;
    uint32_t n_windows;
    ll_page_root *root;     /* NULL: nothing is shared with others */
    size_t n_reused;        /* tokens of the last call that were there already */
    uint32_t *source_pages; /* those of the encoder's text; NULL: the model has one side only */
    size_t n_source;        /* its length; 0: no text has been read */
    uint64_t capacity;      /* positions */
    int32_t *tokens;        /* [capacity] */
    atomic_size_t position; /* tokens in the timeline */
    /* What follows the first n_evaluated tokens, or the position if that is less, can be evaluated; tokens between them
     * are evaluated again by the next call. */
    size_t n_evaluated;
    /* Of models with layers that are not attention: what those know after the first n_evaluated tokens is in `state`,
     * and after the tokens of a running call so far in `running`; the same between calls. Steps write to the third, so
     * that a call that fails leaves the first. */
    ll_state *states[LL_SESSION_STATES];
    uint32_t state, running;
    ll_adapter_set *adapters; /* NULL: none */
    ll_adapter_use *uses;     /* [n_uses] what it was made of */
    size_t n_uses;
    size_t n_ahead;     /* tokens behind the position that have been evaluated already */
    size_t n_loaded;    /* tokens at the front that came from a file, which nobody else is to rely on */
    size_t n_other;     /* tokens at the front that were evaluated with others, which the rest has seen */
    float *logits;      /* [n_vocab] after the last token */
    float *next_logits; /* [n_vocab] those that a running call computes */
    bool has_logits;
    ll_candidate *candidates; /* [n_vocab], made with the first draw */
    atomic_uint call;         /* an ll_call_state */
    bool streaming;           /* a stream is open */
    /* The engine's, with its lock held. */
    uint64_t expected_after; /* the step that served it, if the next one waits for it */
    uint64_t back_by;        /* when it has to be back to count as quick */
    bool is_quick;           /* it was the last time */
    /* The one that this guesses for: a request to end its call ends the call on this one. NULL: none. */
    struct ll_session *served;
};

/* n_positions 0: the model's training context, at most 8192, at most what the engine has free. */
libllm_status ll_session_create(ll_engine *engine, uint64_t n_positions, ll_session **out, libllm_error *error);
void ll_session_free(ll_session *session); /* NULL is fine */

/* Mark the session as in use by a call, or fail with BUSY. for_stream: the call comes from the session's stream. */
libllm_status ll_session_enter(ll_session *session, bool for_stream, libllm_error *error);
void ll_session_leave(ll_session *session);

/* The following are called between enter and leave. */

/* Ids lie in the vocabulary; and, for the second, fit behind the position. */
libllm_status ll_session_check_ids(const ll_session *session, const int32_t *tokens, size_t n_tokens,
                                   libllm_error *error);
libllm_status ll_session_check(const ll_session *session, const int32_t *tokens, size_t n_tokens, libllm_error *error);
/* Have the encoder read a text; the timeline begins anew. */
libllm_status ll_session_encode(ll_session *session, const int32_t *tokens, size_t n_tokens, libllm_error *error);
/* The decoder has a text to attend to, or the model none that reads one. */
libllm_status ll_session_check_source(const ll_session *session, libllm_error *error);
libllm_status ll_session_eval(ll_session *session, const int32_t *tokens, size_t n_tokens, float *logits,
                              libllm_error *error);
/* The same of which the last n_second tokens, at most all, are the second text of a pair. */
libllm_status ll_session_eval_pair(ll_session *session, const int32_t *tokens, size_t n_tokens, size_t n_second,
                                   float *logits, libllm_error *error);
/* Evaluate a token and guesses of those behind it: the position goes on by one, the logits are those of the first row
 * of n_tokens. The next token, if it is the one that was guessed, goes there without an evaluation; its row is then
 * what the logits become. */
libllm_status ll_session_eval_ahead(ll_session *session, const int32_t *tokens, size_t n_tokens, float *rows,
                                    libllm_error *error);
bool ll_session_take_ahead(ll_session *session, int32_t token, const float *row);
libllm_status ll_session_rewind(ll_session *session, size_t n_positions, libllm_error *error);
/* allowed: as ll_sample() has it. */
libllm_status ll_session_sample(ll_session *session, const libllm_sampling_options *options, const uint32_t *allowed,
                                int32_t *token, libllm_error *error);
/* How probable a token of the vocabulary is behind what was evaluated; n_top: ll_logprobs(). */
float ll_session_logprobs(const ll_session *session, int32_t token, libllm_token_logprob *top, uint32_t n_top);

/* What is evaluated from here on has these adapters; a failure leaves those that were. */
libllm_status ll_session_set_adapters(ll_session *session, const ll_adapter_use *uses, size_t n, libllm_error *error);

void ll_session_cancel(ll_session *session);

/* The first tokens of the timeline that need not be evaluated again before what follows them. */
size_t ll_session_evaluated(const ll_session *session);
/* Where a step may write the state. */
uint32_t ll_session_next_state(const ll_session *session);

/* prefix.c, called by the engine with its lock held. */

/* Take up what pages know of n tokens behind a position, which stays. Returns how many. */
size_t ll_session_take_up(ll_session *session, size_t position, const int32_t *tokens, size_t n);
/* Append what pages know of tokens, never the last one. Returns how many. */
size_t ll_session_reuse(ll_session *session, const int32_t *tokens, size_t n_tokens);
/* Pages to write n_tokens to. */
void ll_session_make_room(ll_session *session, size_t n_tokens);
/* Let others know of the pages that are full. */
void ll_session_link(ll_session *session);
/* Give up what is not needed for the first n_positions, before the position becomes that. */
void ll_session_give_behind(ll_session *session, size_t n_positions);

/* states.c, with the engine's lock held; where there are no states, or none are kept, they do nothing. */

/* Keep one of the session's states, which is that after its first n_positions. */
void ll_session_keep_state(ll_session *session, uint32_t state, size_t n_positions);
/* After ll_session_give_behind(n_positions): the state is the last that is kept of before, or all is evaluated again.
 */
void ll_session_go_back(ll_session *session, size_t n_positions);

/* windows.c, with the engine's lock held; where windows are not apart they do nothing, and all is there. */

/* The first page that a token at a position sees something of in layers with a window. */
uint32_t ll_session_first_seen(const ll_session *session, size_t position);
/* Before a step that evaluates n_tokens at a position: it has where to write, and what it does not see is given up. */
void ll_session_move_window(ll_session *session, size_t position, size_t n_tokens);
/* After ll_session_make_room() of an empty session: where to write what is needed behind n_positions. */
void ll_session_enter_window(ll_session *session, size_t n_positions);
/* What is needed behind n_positions is used, the rest given up. false: it is not there any more. */
bool ll_session_cover(ll_session *session, size_t n_positions);
/* After ll_session_give_behind(n_positions): what has to be evaluated again, as it is needed and not there any more. */
void ll_session_settle(ll_session *session, size_t n_positions);

#endif
