/* SPDX-License-Identifier: MIT
 * One chunk of a streamed answer in OpenAI's form, put into a reply. Within remote/ only.
 */
#ifndef LG_CHUNK_H
#define LG_CHUNK_H

#include "engine/reply.h"

G_BEGIN_DECLS

typedef struct {
    LgReply *reply; /* borrowed */
    LgFinish finish;
    LgStatistics statistics;
    gint64 started, first; /* g_get_monotonic_time(); first 0: nothing yet */
    guint64 n_pieces;
    gsize n_bytes; /* of text so far */
} LgChunks;

void lg_chunks_init(LgChunks *chunks, LgReply *reply);

/* FALSE when the stream has ended, with [DONE], or with the error. */
gboolean lg_chunks_take(LgChunks *chunks, const char *data, gsize n_bytes, GError **error);

/* "error": {"message"} of a body, or NULL; the caller frees it. */
char *lg_chunk_error(const char *body, gssize n_bytes);

G_END_DECLS

#endif
