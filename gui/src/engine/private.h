/* SPDX-License-Identifier: MIT
 * What the files of the engine share. Within engine/ only.
 */
#ifndef LG_ENGINE_PRIVATE_H
#define LG_ENGINE_PRIVATE_H

#include "engine/engine.h"
#include "engine/loaded.h"

G_BEGIN_DECLS

/* The model, opened when another one is. Any thread. */
LgLoaded *lg_engine_acquire(LgEngine *self, const char *model, guint64 n_positions, GError **error);

/* Its file or folder, or NULL with the error where there is none; the caller frees it. Any thread. */
char *lg_engine_locate(const char *model, GError **error);

/* The report of libllm_chat_fit(); the caller frees it. */
char *lg_loaded_fit(const LgLoaded *self, const char *request, guint64 max_tokens, gboolean drop_oldest, gsize *n_bytes,
                    GError **error);

/* Of that, the request that fits, and how many messages it leaves out; the caller frees it. */
char *lg_loaded_fit_request(const LgLoaded *self, const char *request, guint64 max_tokens, gboolean drop_oldest,
                            guint *n_left_out, GError **error);

/* The library's runtime, or NULL with the error. Any thread. */
libllm_runtime *lg_engine_runtime(LgEngine *self, GError **error);

/* Memory that programs may still take, in bytes; 0 where the system does not say. Any thread. */
guint64 lg_machine_available(const libllm_runtime *runtime);

G_END_DECLS

#endif
