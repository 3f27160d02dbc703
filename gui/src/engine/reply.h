/* SPDX-License-Identifier: MIT
 * A reply as it comes in, from the model on this machine or from elsewhere. Whoever makes it pushes pieces from any
 * thread; whoever shows it hears of them on the main thread, at most once in a frame.
 *
 * Signals: "appended" (LgPart part, const char *text) has what is new of the text, of the reasoning, or of the calls;
 * "changed" says that statistics or the phase did; "finished" comes once, at the end.
 */
#ifndef LG_REPLY_H
#define LG_REPLY_H

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum { LG_PART_TEXT, LG_PART_REASONING, LG_PART_CALLS } LgPart;

typedef enum {
    LG_PHASE_WAITING, /* for the model that is busy */
    LG_PHASE_LOADING,
    LG_PHASE_READING, /* the model reads what was said */
    LG_PHASE_WRITING,
    LG_PHASE_FINISHED,
} LgPhase;

typedef enum {
    LG_FINISH_NONE,
    LG_FINISH_STOP,
    LG_FINISH_LENGTH,    /* max_tokens */
    LG_FINISH_CONTEXT,   /* no room is left */
    LG_FINISH_CALLS,     /* tools are to be called */
    LG_FINISH_CANCELLED, /* somebody stopped it */
    LG_FINISH_ERROR,
} LgFinish;

typedef struct {
    guint64 n_prompt_tokens, n_cached_tokens, n_tokens;
    double load_seconds;        /* until the model was there; 0 when it was */
    double first_token_seconds; /* from then to the first token */
    double decode_seconds;      /* for the tokens after the first */
    guint64 n_window;           /* tokens that the context holds; 0: unknown */
    guint64 seed;
    guint n_left_out; /* messages, the oldest, that the context had no room for */
} LgStatistics;

typedef struct {
    char *id, *name;
    GString *arguments; /* JSON */
} LgCall;

#define LG_TYPE_REPLY (lg_reply_get_type())
G_DECLARE_FINAL_TYPE(LgReply, lg_reply, LG, REPLY, GObject)

LgReply *lg_reply_new(void);

/* For whoever shows it, on the main thread. */
LgPhase lg_reply_get_phase(LgReply *self);
LgFinish lg_reply_get_finish(LgReply *self);
const char *lg_reply_get_text(LgReply *self);
const char *lg_reply_get_reasoning(LgReply *self);
guint lg_reply_get_n_calls(LgReply *self);
const LgCall *lg_reply_get_call(LgReply *self, guint index);
const LgStatistics *lg_reply_get_statistics(LgReply *self);
const GError *lg_reply_get_error(LgReply *self);

/* Tokens after the first by their time; 0 while that is unknown. */
double lg_statistics_tokens_per_second(const LgStatistics *statistics);

/* For whoever makes it, on any one thread. The text is whole UTF-8 characters. */
void lg_reply_set_phase(LgReply *self, LgPhase phase);
void lg_reply_push(LgReply *self, LgPart part, const char *text, gsize n_bytes);
/* id and name come with the first piece of a call. */
void lg_reply_push_call(LgReply *self, guint index, const char *id, const char *name, const char *arguments,
                        gsize n_bytes);
void lg_reply_push_statistics(LgReply *self, const LgStatistics *statistics);
/* Takes the error, which goes with LG_FINISH_ERROR. The last call. */
void lg_reply_push_finish(LgReply *self, LgFinish finish, GError *error);

G_END_DECLS

#endif
