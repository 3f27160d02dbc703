/* SPDX-License-Identifier: MIT
 * Takes Markdown as it comes in and cuts it into chunks that are read each by itself: a closed one never changes again,
 * so that of a long answer only the end is read and shown anew. No chunk is so long that reading or showing it takes
 * noticeable time, whatever comes in.
 */
#ifndef LG_SPLITTER_H
#define LG_SPLITTER_H

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    LG_CHUNK_MARKDOWN,
    LG_CHUNK_CODE,  /* between fences */
    LG_CHUNK_MATH,  /* between $$ or \[ \] on lines of their own */
    LG_CHUNK_PLAIN, /* to be shown as it is: the text has had more blocks than people write */
} LgChunkKind;

typedef struct {
    LgChunkKind kind;
    GString *text;  /* without fences and marks */
    char *language; /* of code; NULL otherwise */
    gboolean closed;
} LgChunk;

typedef struct LgSplitter LgSplitter;

LgSplitter *lg_splitter_new(void);
void lg_splitter_free(LgSplitter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgSplitter, lg_splitter_free)

/* Whole UTF-8 characters. */
void lg_splitter_push(LgSplitter *self, const char *text, gsize n_bytes);
/* Nothing more comes. */
void lg_splitter_end(LgSplitter *self);

guint lg_splitter_get_n_chunks(const LgSplitter *self);
const LgChunk *lg_splitter_get_chunk(const LgSplitter *self, guint index);

G_END_DECLS

#endif
