/* SPDX-License-Identifier: MIT
 * Steps of a dialogue in the history, each done as a whole in the thread of the store: what is said is on the disk
 * before anything is asked, and so is the place for the answer.
 */
#ifndef LG_DIALOGUE_H
#define LG_DIALOGUE_H

#include "chat/transcript.h"

G_BEGIN_DECLS

/* Rounds of tools after one message of the user until somebody has to say that it may go on. */
#define LG_ROUNDS_MAX 12

typedef enum {
    LG_STEP_SHOW,       /* nothing but look: where a message is named, at the branch that has it */
    LG_STEP_SEND,       /* the text, at the end; with chat 0 a new one begins */
    LG_STEP_EDIT,       /* the text as another version of the message, which is the user's */
    LG_STEP_REGENERATE, /* another version of the message, which is an answer */
    LG_STEP_CONTINUE,   /* the message, which is an answer, goes on */
    LG_STEP_BRANCH,     /* the version `offset` further on than the message */
    LG_STEP_CALL,       /* a place for the result of the call of the message, which is the last answer */
    LG_STEP_DENY,       /* the text as the result of that call, which is not made */
    LG_STEP_ANSWER,     /* another answer, where the last one's calls all have results */
    LG_STEP_CHOOSE,     /* the chat goes on with the message, which is one of two answers beside each other */
} LgStepKind;

typedef struct {
    LgStepKind kind;
    gint64 chat_id, message_id;
    int offset;
    char *text;
    char *call_id, *tool;  /* of LG_STEP_CALL and LG_STEP_DENY: which call, and the name of its tool */
    gboolean by_user;      /* of LG_STEP_ANSWER: no matter how many rounds of tools there were */
    gboolean keeps_branch; /* of LG_STEP_SHOW: the message is looked for in the branch that is shown only */
    gboolean is_quiet;     /* the chat is not to be shown unless it is already */
    gboolean may_call;     /* calls that need no consent may be made */
    char *attachments;     /* that go with the text; NULL: none */
    char *model;           /* that will answer */
    char *other_model;     /* that will answer as well, beside it; NULL: none */
    gboolean sees_images;  /* both do */
    char *parameters;      /* of a new chat, as are the next ones */
    char *system_prompt;
    gint64 folder_id;
    guint n_shown; /* messages that are shown, counted from the end; more where the one that is named needs it */
} LgStep;

LgStep *lg_step_new(LgStepKind kind, gint64 chat_id);
void lg_step_free(LgStep *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgStep, lg_step_free)

/* How things stand afterwards. */
typedef struct {
    LgChat *chat;
    GPtrArray *messages;      /* of LgMessage: the end of the branch */
    LgTranscript *transcript; /* of all that the answer is to; NULL where none is to be written */
    gint64 answer_id;         /* the message that is to be written; 0: none */
    gint64 other_id;          /* the one that is to be written beside it; 0: none */
    gboolean goes_on;         /* it has a beginning */
    gint64 sought_id;         /* of LG_STEP_SHOW: the message that is to be seen; 0: none */
    gint64 result_id;         /* of LG_STEP_CALL: the message that waits for the result; 0: none */
    char *model;              /* of the step, as are the next ones */
    char *other_model, *call_id;
    LgMessage *beside;  /* the answer that stands beside the last message; NULL: none */
    LgMessage *calling; /* of LG_STEP_CALL: the answer that has the call; else NULL */
    gboolean is_quiet, may_call;
} LgDialogue;

void lg_dialogue_free(LgDialogue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgDialogue, lg_dialogue_free)

/* Takes the step. */
void lg_dialogue_step_async(LgStore *store, LgStep *step, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer data);
LgDialogue *lg_dialogue_step_finish(LgStore *store, GAsyncResult *result, GError **error);

/* All of the branch that is shown, which may be long. */
void lg_dialogue_read_async(LgStore *store, gint64 chat_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer data);
LgTranscript *lg_dialogue_read_finish(LgStore *store, GAsyncResult *result, GError **error);

/* The beginning of a text as a title. */
char *lg_title_of(const char *text);

G_END_DECLS

#endif
