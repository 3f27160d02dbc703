/* SPDX-License-Identifier: MIT
 * The models that the server has by name: opened by the first request that wants them, closed when nobody has for a
 * while. The sessions of a model live in one engine, which computes what they all want at the same time together; a
 * request gets the one that shares the most with its prompt from the start.
 */
#ifndef CLI_SERVE_MODELS_H
#define CLI_SERVE_MODELS_H

#include <jansson.h>
#include <libllm/libllm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "model.h"

struct fault;
struct request;
struct serve_options;

/* The requests for one model that are worked on, and those that wait until one of them has ended, oldest first. The
 * lock of the queue guards it. */
struct lane {
    uint32_t n;
    struct request *first, **last;
};

struct slot {
    libllm_session *session; /* NULL: not made yet */
    libllm_session *draft;   /* which guesses for it; NULL: none does */
    bool busy;
    double used;
};

struct served {
    char *id;
    struct access access; /* with the runtime of all models; the model is NULL while it is not loaded */
    uint64_t file_bytes;
    time_t modified;
    atomic_bool loaded;

    pthread_mutex_t lock;  /* of what follows; held while the model is opened */
    libllm_chat *chat;     /* NULL: the model has no template */
    libllm_error no_chat;  /* why */
    libllm_engine *engine; /* NULL until somebody wants text */
    libllm_model *draft;   /* NULL: none was given */
    libllm_engine *draft_engine;
    struct slot *slots;
    uint32_t n_users;
    double used;
    double keep; /* seconds that it stays after that; below zero: for ever */

    pthread_mutex_t embedder_lock;
    libllm_session *embedder; /* with an engine of its own, of hidden states */

    struct lane lanes[2]; /* of what is short, and of what generates */
};

struct models {
    const struct common *common;
    const struct serve_options *options;
    libllm_runtime *runtime;
    struct served *items;
    size_t n;
    atomic_uint n_loading;
};

/* Finds the files; opens none. False, with a message, when one is not there. */
bool models_open(struct models *models, const struct common *common, const struct serve_options *options);
void models_close(struct models *models);
uint32_t models_n_loaded(struct models *models);
void models_unload_idle(struct models *models, double now);

/* The model of that name, the first one without a name; NULL with a fault. */
struct served *models_find(struct models *models, const char *name, struct fault *fault);
/* Opens the model unless it is open, without what generates, which the first session makes, and keeps it so until it is
 * left. False with a fault, which has the status 0 when nobody waits for the request any more (NULL: somebody always
 * does). */
bool served_enter(struct models *models, struct served *served, const struct request *request, struct fault *fault);
void served_leave(struct served *served);
/* Of a model that was entered: how long it stays when nobody uses it, until somebody enters it again. */
void served_keep(struct served *served, double seconds);

/* Of a model that was entered. A session for a prompt; there is one for each worker. NULL with a fault, as that of
 * served_enter(). *draft: what guesses for it, or NULL. */
libllm_session *served_take_session(struct models *models, struct served *served, const struct request *request,
                                    const int32_t *tokens, size_t n_tokens, libllm_session **draft,
                                    struct fault *fault);
void served_give_session(struct models *models, struct served *served, libllm_session *session);
/* The session for embeddings, held until served_give_embedder(). NULL with a fault, as that of served_enter(). */
libllm_session *served_take_embedder(struct served *served, const struct request *request, struct fault *fault);
void served_give_embedder(struct served *served);

/* What libllm_model_describe() says, as JSON; NULL with a fault. */
json_t *served_describe(const struct served *served, struct fault *fault);
/* Tokens of a prompt and its answer at most. */
uint64_t served_context(const struct models *models, const struct served *served);

#endif
