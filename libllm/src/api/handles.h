/* SPDX-License-Identifier: MIT
 * The handles of the public interface: an object of a room below, a count of who uses it, and the parent that it
 * keeps alive.
 */
#ifndef LL_API_HANDLES_H
#define LL_API_HANDLES_H

#include "base/team.h"
#include "chat/answer.h"
#include "estimate/data.h"
#include "grammar/guide.h"
#include "grammar/recall.h"
#include "session/stream.h"

#include <stdatomic.h>

struct libllm_runtime {
    atomic_size_t users;
    ll_host host;
    ll_team *team;
    uint32_t cpu_features;
    ll_device_files files; /* copies */
    ll_open_devices open_devices;
    ll_table_store *tables;
};

struct libllm_model {
    atomic_size_t users;
    libllm_runtime *runtime;
    ll_model *model;
    _Atomic(ll_trie *) trie; /* of the vocabulary; made with the first constraint */
    ll_recall *recall;
};

struct libllm_constraint {
    libllm_model *model;
    ll_grammar *grammar;
};

struct libllm_adapter {
    atomic_size_t users;
    libllm_model *model;
    ll_adapter *adapter;
};

struct libllm_engine {
    atomic_size_t users;
    libllm_model *model;
    ll_engine *engine;
    const char *device; /* static; what "auto" stands for, otherwise as it was named */
};

struct libllm_session {
    atomic_size_t users;
    libllm_engine *engine;
    ll_session *session;
    libllm_adapter **adapters; /* [n_adapters] that the session uses */
    size_t n_adapters;
};

struct libllm_stream {
    libllm_session *session;
    libllm_session *draft; /* NULL: none */
    ll_stream *stream;
    ll_answer *answer;         /* of a chat; NULL: its text is handed out as it comes */
    libllm_stream_event event; /* the last from `stream`, and what has been done with it */
    bool given, text_fed, fed;
    ll_buffer piece; /* text of a control token */
};

/* Count another user of a parent. The handle is const for callers, who may share it between threads; the count is
 * what they share. */
libllm_runtime *ll_use_runtime(const libllm_runtime *runtime);
libllm_model *ll_use_model(const libllm_model *model);
libllm_engine *ll_use_engine(const libllm_engine *engine);
libllm_session *ll_use_session(libllm_session *session);

/* Give up n adapters and the memory of the array, which may be NULL. */
void ll_drop_adapters(const ll_host *host, libllm_adapter **adapters, size_t n);

/* The vocabulary as a tree, which all constraints of a model share. */
libllm_status ll_model_trie(const libllm_model *model, const ll_trie **trie, libllm_error *error);

/* libllm_stream_create() under a constraint, which is NULL for none. */
libllm_status ll_open_stream(libllm_session *session, const int32_t *tokens, size_t n_tokens,
                             const libllm_stream_options *options, ll_grammar *grammar, libllm_stream **stream,
                             libllm_error *error);

/* One user less; true when it was the last. */
bool ll_was_last(atomic_size_t *users);

#endif
