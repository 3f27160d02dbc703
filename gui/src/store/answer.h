/* SPDX-License-Identifier: MIT
 * An answer while it is written: takes the text as it comes, in any thread, and has it written in parts, a quarter of a
 * second or a kilobyte at a time, whichever comes first, so that a kill loses little. When a part cannot be written it
 * stays in memory, the store says so once ("failed"), and the next part tries both.
 *
 *     LgAnswer *answer = lg_answer_new(store, message_id);   // a message added with LG_MESSAGE_STREAMING
 *     lg_answer_push(answer, text, n_bytes, FALSE);          // no disk, no waiting: the engine's thread may call it
 *     lg_answer_finish_async(answer, LG_MESSAGE_COMPLETE, &(LgMessageChange){...}, callback, data);
 *
 * When finishing fails, the text is still there: lg_answer_finish_async() again is "not saved, retry".
 */
#pragma once

#include "store.h"

G_BEGIN_DECLS

#define LG_TYPE_ANSWER (lg_answer_get_type())
G_DECLARE_FINAL_TYPE(LgAnswer, lg_answer, LG, ANSWER, GObject)

LgAnswer *lg_answer_new(LgStore *store, gint64 message_id);

/* What is not UTF-8 is replaced by U+FFFD, as is a NUL; a character may not be cut in two. */
void lg_answer_push(LgAnswer *answer, const char *text, gssize n_bytes, gboolean reasoning);

/* Writes what is left and the state, and of EXTRA (may be NULL) the fields that it names, such as tool calls and
 * statistics; a text there replaces what was pushed. lg_answer_finish() waits for the disk. */
gboolean lg_answer_finish(LgAnswer *answer, LgMessageState state, const LgMessageChange *extra, GError **error);
void lg_answer_finish_async(LgAnswer *answer, LgMessageState state, const LgMessageChange *extra,
                            GAsyncReadyCallback callback, gpointer data);
gboolean lg_answer_finish_finish(LgAnswer *answer, GAsyncResult *result, GError **error);

G_END_DECLS
