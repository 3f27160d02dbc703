/* SPDX-License-Identifier: MIT
 * The engine: pages of KV memory, and steps that evaluate the tokens of several sessions in one batch. Threads that
 * evaluate on sessions of one engine at the same time are served together: one of them leads and computes batches
 * for all, the others wait. Before a step, those that the last one served are given a moment to come back with their
 * next token, so that clients who generate at the same time go on in one step and not in several small ones.
 */
#ifndef LL_SESSION_ENGINE_H
#define LL_SESSION_ENGINE_H

#include "backend/backend.h"
#include "format/read_ahead.h"
#include "session/pages.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct ll_session ll_session;

/* Tokens to append to a session, and how far that has come. */
typedef struct ll_work {
    ll_session *session;
    const int32_t *tokens;
    size_t n_tokens;
    size_t n_second; /* tokens at the end that are the second text of a pair, of an encoder */
    size_t n_done;
    float *logits; /* rows for all tokens; NULL: the session's own, for the last */
    bool ahead;    /* tokens behind the first are guesses */
    bool encodes;  /* the tokens are the whole text that the session's encoder reads */
    libllm_status status;
    libllm_error error; /* valid when status is negative */
    bool finished;
    bool stepping;        /* part of the step that is running */
    uint32_t n_step;      /* tokens of this work in the step that is running */
    struct ll_work *next; /* in the engine's queue */
} ll_work;

typedef struct ll_engine {
    const ll_host *host;
    const ll_model *model;
    const ll_backend *backend;
    ll_executor *executor;
    uint32_t n_device_layers; /* the processor has the others */
    ll_read_ahead read_ahead;
    const ll_team *team;
    libllm_kv_type kv_type;
    uint32_t n_batch;
    uint64_t n_positions;
    bool hidden_states; /* what rows are, n_row wide */
    uint32_t n_row;
    bool reads_at_once; /* a text is one batch, as all its tokens see each other */
    bool has_source;    /* sessions are of a decoder that attends to a text which its encoder has read */
    bool reuses;        /* sessions share pages */
    uint32_t window;    /* widest of the layers whose pages are apart; 0: none are */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bool leading;       /* a thread is computing for all */
    const ll_work *own; /* [n_own] what the leader came for */
    size_t n_own;
    ll_work *queue; /* unfinished work, oldest first */
    ll_pages pages;
    uint64_t n_steps;
    uint32_t n_expected;   /* sessions that the last step served, and that are to come back before the next one */
    uint64_t gather_until; /* when nobody waits for them any longer, in nanoseconds */
    ll_run *runs;          /* [n_batch] of the step that is running */
    ll_work **stepping;    /* [n_batch] */
    uint32_t n_stepping;
    bool profiles;
    ll_profile profile;  /* of the steps since it was last reported */
    ll_input_sums *sums; /* of all steps; NULL: nobody wants them */
} ll_engine;

libllm_status ll_engine_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_device_files *files,
                               const ll_model *model, const libllm_engine_options *options, ll_engine **out,
                               libllm_error *error);
void ll_engine_free(ll_engine *engine); /* after its sessions; NULL is fine */

/* Pages for so many positions of a session: of its timeline, and with an encoder of as long a text. */
uint32_t ll_engine_pages(const ll_engine *engine, uint64_t n_positions);

/* Pages for layers with a window that a session of so many positions needs at a time; 0: these are not apart. */
uint32_t ll_engine_windows(const ll_engine *engine, uint64_t n_positions);

/* What a context is long when nobody says: as the model was trained, but at most 8192. */
uint64_t ll_context_default(const ll_model *model);

/* Evaluate several works; returns when all are finished (some may be from the start). Sessions are distinct and not in
 * use by others. The tokens have been checked and fit. In a forked child all fail with FORKED. */
void ll_engine_eval(ll_engine *engine, ll_work *works, size_t n_works);

/* The session is not coming back for what is next: nobody is to wait for it. */
void ll_engine_expect_no_more(ll_engine *engine, ll_session *session);

/* Promise pages, all or none; n_free is of the first. */
bool ll_engine_promise_pages(ll_engine *engine, uint32_t n, uint32_t n_windows, uint32_t *n_free);

/* What was collected so far, as the file of an importance matrix. */
libllm_status ll_engine_save_importance(ll_engine *engine, const char *path, bool replaces, ll_span dataset,
                                        libllm_error *error);
/* The profile since it was last taken. One that could not be handed on goes back. */
void ll_engine_take_profile(ll_engine *engine, ll_profile *profile);
void ll_engine_return_profile(ll_engine *engine, const ll_profile *profile);

#endif
