/* SPDX-License-Identifier: MIT
 * What was said in a branch of a chat, in the form in which models are asked.
 */
#ifndef LG_TRANSCRIPT_H
#define LG_TRANSCRIPT_H

#include "store/store.h"

G_BEGIN_DECLS

typedef struct {
    GString *messages; /* JSON objects with commas between them */
    GArray *ids;       /* gint64: of each the message; 0 for the system prompt */
} LgTranscript;

/* Of LgMessage, the oldest first. Answers without a word are left out. `system_prompt` may be NULL. Images that
 * were attached are in it for a model that sees them. */
LgTranscript *lg_transcript_new(const char *system_prompt, const GPtrArray *messages, gboolean sees_images);
void lg_transcript_free(LgTranscript *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgTranscript, lg_transcript_free)

/* The request for libllm. `draft`, unless it is NULL, is one more message of the user; `reasoning` is "show", "hide" or
 * "off"; `goes_on` has the model go on with the last message; `tools`, unless NULL, is JSON as lg_toolbox_write() has
 * it. */
char *lg_transcript_request(const LgTranscript *self, const char *draft, const char *reasoning, gboolean goes_on,
                            const char *tools);

G_END_DECLS

#endif
