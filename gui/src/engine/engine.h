/* SPDX-License-Identifier: MIT
 * The one adapter between the app and the library. It has a thread of its own on which answers are made, one after the
 * other; questions about a model (how many tokens, which ones) run on others meanwhile. One model is open at a time, or
 * two that are compared: asking for another one opens that, and what is in use by an answer stays until it is done. Two
 * that are compared answer one after the other as well, as each would slow the other down: what is measured is a
 * model's own speed. Everything is called on the main thread and answers there.
 *
 * A model is named by a path or by a name such as "default"; n_positions is the number of tokens that its context
 * holds, 0 for the model's own, at most 8192. A request is JSON as in OpenAI's API; see libllm_chat_render().
 */
#ifndef LG_ENGINE_H
#define LG_ENGINE_H

#include <gio/gio.h>

#include "engine/reply.h"
#include "engine/ledger.h"

G_BEGIN_DECLS

/* What an open model is; counted by reference and not changed any more. */
typedef struct {
    char *path, *name;
    gboolean runnable; /* for chats: a decoder that the library computes */
    gboolean has_template;
    guint64 n_parameters, file_bytes, kv_bytes_per_token;
    guint64 n_context_train, n_window;
} LgModelInfo;

LgModelInfo *lg_model_info_new(void);
LgModelInfo *lg_model_info_ref(LgModelInfo *self);
void lg_model_info_unref(LgModelInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgModelInfo, lg_model_info_unref)

/* How tokens are chosen and when it is enough; see libllm_sampling_options. -1: as the model recommends. */
typedef struct {
    double temperature, top_p, min_p, repetition_penalty;
    int top_k;
    guint64 max_tokens; /* 0: no limit */
    gboolean has_seed;  /* else each answer draws its own */
    guint64 seed;
} LgSampling;

/* All is left to the model. */
void lg_sampling_init(LgSampling *sampling);

#define LG_TYPE_ENGINE (lg_engine_get_type())
G_DECLARE_FINAL_TYPE(LgEngine, lg_engine, LG, ENGINE, GObject)

LgEngine *lg_engine_new(void);

/* "cpu", or another id of the machine's devices; holds for what is opened from here on. */
void lg_engine_set_device(LgEngine *self, const char *device);
/* What computed the answer that was made last, where "auto" is what it stands for; static. NULL: there was none. */
const char *lg_engine_get_device_used(LgEngine *self);

/* The answer to a request. `drop_oldest` leaves out the oldest turns where the conversation is too long, and the
 * answer's statistics say how many messages that were; otherwise it is an error. Cancelling ends it within 100 ms. */
LgReply *lg_engine_answer(LgEngine *self, const char *model, guint64 n_positions, const char *request,
                          const LgSampling *sampling, gboolean drop_oldest, GCancellable *cancellable);

/* The file or folder of a model, or NULL where it is not there; the caller frees it. */
void lg_engine_find_async(LgEngine *self, const char *model, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
char *lg_engine_find_finish(LgEngine *self, GAsyncResult *result, GError **error);

/* Opens a model beforehand and says what it is. */
void lg_engine_load_async(LgEngine *self, const char *model, guint64 n_positions, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
LgModelInfo *lg_engine_load_finish(LgEngine *self, GAsyncResult *result, GError **error);

/* Closes the models as soon as nothing uses them. */
void lg_engine_unload(LgEngine *self);

/* How many models may be open, 1 or 2: a second one stays open only where the memory has room for both. 1 at first.
 * With the next use of a model the others close that are too many. */
void lg_engine_set_n_open(LgEngine *self, guint n);
/* How many are. */
guint lg_engine_get_n_open(LgEngine *self);
/* Bytes of memory that are taken to be free; 0: what the system says. For tests. */
void lg_engine_set_memory(LgEngine *self, guint64 n_bytes);

/* What is in the window of a conversation and what would go next; see LgLedger. */
void lg_engine_measure_async(LgEngine *self, const char *model, guint64 n_positions, const char *request,
                             guint64 max_tokens, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
LgLedger *lg_engine_measure_finish(LgEngine *self, GAsyncResult *result, GError **error);

/* How many tokens a text is, by itself. */
void lg_engine_count_async(LgEngine *self, const char *model, guint64 n_positions, const char *text,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gssize lg_engine_count_finish(LgEngine *self, GAsyncResult *result, GError **error);

/* One token of a prompt, for people. */
#define LG_TYPE_TOKEN (lg_token_get_type())
G_DECLARE_FINAL_TYPE(LgToken, lg_token, LG, TOKEN, GObject)
int lg_token_get_id(LgToken *self);
const char *lg_token_get_text(LgToken *self); /* what is no UTF-8 by itself as \xNN */
gboolean lg_token_is_special(LgToken *self);

/* The exact tokens that an answer to the request begins from, which leaves out what does not fit as that does: a list
 * of LgToken. */
void lg_engine_preview_async(LgEngine *self, const char *model, guint64 n_positions, const char *request,
                             guint64 max_tokens, gboolean drop_oldest, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
GListModel *lg_engine_preview_finish(LgEngine *self, GAsyncResult *result, GError **error);

G_END_DECLS

#endif
