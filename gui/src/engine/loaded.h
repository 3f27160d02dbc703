/* SPDX-License-Identifier: MIT
 * A model that is open, counted by reference: its numbers, its chat template and its session. Within engine/ only.
 */
#ifndef LG_LOADED_H
#define LG_LOADED_H

#include <libllm/libllm.h>

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct {
    char *path, *device;
    guint64 n_positions; /* as asked for; 0: the default */
    LgModelInfo *info;
    libllm_model *model;
    libllm_chat *chat; /* NULL with the reason in chat_error */
    GError *chat_error;
    GMutex session_lock;     /* of the pointer: cancelling needs it while the worker uses the session */
    libllm_session *session; /* the worker's, made with the first answer */
} LgLoaded;

/* NULL with the error when it cannot be opened. */
LgLoaded *lg_loaded_new(const libllm_runtime *runtime, const char *path, guint64 n_positions, const char *device,
                        GError **error);
LgLoaded *lg_loaded_ref(LgLoaded *self);
void lg_loaded_unref(LgLoaded *self);

/* Whether it is what these words ask for. */
gboolean lg_loaded_is(const LgLoaded *self, const char *path, guint64 n_positions, const char *device);

/* The template, or NULL with the reason why there is none. */
const libllm_chat *lg_loaded_get_chat(const LgLoaded *self, GError **error);

/* For the worker: the session, made when there is none yet. */
libllm_session *lg_loaded_get_session(LgLoaded *self, GError **error);

/* Interrupts the call that runs on the session, if one does. Any thread. */
void lg_loaded_cancel(LgLoaded *self);

/* What the library says, as a GError. */
void lg_take_error(GError **error, libllm_status status, const libllm_error *reason);

/* Calls `call` until what it writes fits; the caller frees the text. */
typedef libllm_status (*LgWriter)(gconstpointer data, char *buffer, size_t capacity, size_t *needed,
                                  libllm_error *error);
char *lg_write_text(LgWriter call, gconstpointer data, size_t guess, gsize *n_bytes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgLoaded, lg_loaded_unref)

G_END_DECLS

#endif
