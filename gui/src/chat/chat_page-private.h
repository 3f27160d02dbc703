/* SPDX-License-Identifier: MIT
 * What the files of the page Chat share: chat_page.c has the widget and what is asked of it from outside, page_steps.c
 * the steps through the history, page_rows.c the messages, page_composer.c what is written, page_attach.c the files
 * that go with it, page_runs.c the answers on their way, page_pair.c two of them beside each other, page_calls.c the
 * calls of tools, page_ledger.c what is in the window. Within chat/ only.
 */
#ifndef LG_CHAT_PAGE_PRIVATE_H
#define LG_CHAT_PAGE_PRIVATE_H

#include "chat/attachment_chips.h"
#include "chat/chat_page.h"
#include "chat/composer.h"
#include "chat/dialogue.h"
#include "chat/history.h"
#include "chat/ledger_bar.h"
#include "chat/message_row.h"
#include "chat/model_button.h"
#include "chat/pair.h"
#include "chat/run.h"
#include "chat/tool_call.h"
#include "chat/tool_choice.h"
#include "chat/tools_button.h"
#include "chat/welcome.h"

G_BEGIN_DECLS

/* Messages that are shown at once, so that a chat opens without delay; and how many come when older ones are asked for.
 */
#define LG_PAGE_FIRST 8
#define LG_PAGE_MORE 50

struct _LgChatPage {
    AdwBin parent_instance;
    AdwFlap *flap;
    LgHistory *history;
    LgModelButton *model_button;
    GtkToggleButton *compare_button;
    LgModelButton *other_button; /* the model that answers beside the other one, while they are compared */
    LgPair *pair;
    GtkStack *stack;
    LgWelcome *welcome;
    GtkScrolledWindow *scroller;
    GtkWidget *older;
    GtkBox *list;
    GtkRevealer *down, *edit_bar;
    LgComposer *composer;
    LgLedgerBar *ledger_bar;

    LgProvider provider;
    LgLibrary *library; /* NULL: none */
    GSettings *settings;
    LgStore *store;
    LgMcpServers *servers; /* NULL: there are no tools */
    GPtrArray *runs;
    GPtrArray *calls; /* LgToolCall */
    GPtrArray *rows;  /* LgMessageRow, the oldest first; borrowed from the list */

    LgDialogue *dialogue;     /* NULL: a new chat */
    LgTranscript *transcript; /* of all of its branch; NULL: it has to be read */
    LgParameters parameters;  /* of the chat that is shown */
    char *system_prompt;      /* NULL: none */
    LgToolChoice *tools;
    LgToolsButton *tools_button;
    LgAttachmentChips *chips;
    char *attach_problem;    /* what was said last; NULL: nothing */
    gint64 editing;          /* the message of which another version is written; 0: none */
    char *before_edit;       /* what was being written until then */
    guint n_shown, n_wanted; /* messages, counted from the end; the rest of what is wanted comes little by little */
    GCancellable *showing;   /* of the step that only looks */
    GCancellable *measuring;
    GCancellable *reading_files; /* that go with the draft */
    guint measure_timeout, draft_timeout, more_timeout;
    gint64 sought;     /* the message to which the view goes once it has its place; 0: none */
    guint seeking;     /* the tick in which that is done; 0: none */
    gint64 seek_frame; /* not before this one */
    gboolean at_end, filling;
    gboolean is_gone; /* its widgets are: what was asked for before is not shown any more */
    double from_end;  /* while messages come in front: where the view is, seen from its end; or -1 */
};

gint64 lg_chat_page_get_chat_id(const LgChatPage *self); /* 0: a new chat */
void lg_chat_page_say_error(LgChatPage *self, const GError *error);
void lg_chat_page_set_settings(LgChatPage *self, const char *parameters, const char *system_prompt);
void lg_chat_page_show_model(LgChatPage *self, const char *model);

/* Takes the step, which it frees, and shows how things stand then. */
void lg_chat_page_take_step(LgChatPage *self, LgStep *step);
void lg_chat_page_install_steps(GtkWidgetClass *class);

LgRun *lg_chat_page_find_run(LgChatPage *self, gint64 message_id);
/* Whether an answer is written in the chat; or a tool is called as well. */
gboolean lg_chat_page_is_answered(LgChatPage *self, gint64 chat_id);
gboolean lg_chat_page_is_busy(LgChatPage *self, gint64 chat_id);
void lg_chat_page_begin_run(LgChatPage *self, LgDialogue *dialogue);
void lg_chat_page_show_busy(LgChatPage *self);
const char *lg_chat_page_get_reasoning(LgChatPage *self);

/* The model that is asked as well; NULL: none is. */
const char *lg_chat_page_get_other_model(LgChatPage *self);
/* The two answers at the end, where two stand beside each other. */
void lg_chat_page_show_pair(LgChatPage *self);
/* The chat goes on with this one of them: the model of the other one is the second from now on. */
void lg_chat_page_swap_models(LgChatPage *self, gint64 message_id);
void lg_chat_page_on_compare(LgChatPage *self);

/* Makes the calls of the last answer that need no consent, and begins the one that the step was for. */
void lg_chat_page_make_calls(LgChatPage *self, LgDialogue *dialogue);
LgToolCall *lg_chat_page_find_call(LgChatPage *self, gint64 message_id);
void lg_chat_page_show_calls(LgChatPage *self);
void lg_chat_page_install_calls(GtkWidgetClass *class);
void lg_chat_page_on_tools_chosen(LgChatPage *self);
/* The tools that are offered, as JSON; NULL: none. */
char *lg_chat_page_write_tools(LgChatPage *self);
/* The parameters with the choice of tools, as the history has them; NULL: all by default. */
char *lg_chat_page_write_settings(LgChatPage *self);

/* The first `n` of the messages. */
void lg_chat_page_show_messages(LgChatPage *self, const GPtrArray *messages, guint n);
GtkWidget *lg_chat_page_new_row(LgChatPage *self, LgMessage *message);
/* Whether a row may stay where the message is to be shown. */
gboolean lg_chat_page_row_fits(LgMessageRow *row, const LgMessage *message);
void lg_chat_page_remove_rows(LgChatPage *self, guint from);
LgMessage *lg_chat_page_find_message(LgChatPage *self, gint64 id);
void lg_chat_page_show_older(LgChatPage *self);
void lg_chat_page_scroll_to_end(LgChatPage *self);
/* Moves the view to the message as soon as its row has a place; 0: no longer. FALSE: it is not shown. */
gboolean lg_chat_page_seek(LgChatPage *self, gint64 message_id);
void lg_chat_page_watch_view(LgChatPage *self);

void lg_chat_page_measure_soon(LgChatPage *self);
/* What a model would be asked now, with what is being written; NULL: nothing, or it is not known yet. */
char *lg_chat_page_request(LgChatPage *self);
void lg_chat_page_inspect(GtkWidget *widget, const char *action, GVariant *parameter);

/* The button, and what is dropped and pasted. */
void lg_chat_page_init_attaching(LgChatPage *self);

/* Files that were attached are off then. */
void lg_chat_page_fill_composer(LgChatPage *self, const char *text);
/* What was being written in the chat that is shown, with its files, which come when they are read. */
void lg_chat_page_fill_draft(LgChatPage *self, const char *text);
void lg_chat_page_read_files(LgChatPage *self);
void lg_chat_page_on_files_changed(LgChatPage *self);
void lg_chat_page_save_draft(LgChatPage *self);
void lg_chat_page_on_send(LgChatPage *self, const char *text);
/* What was sent by this step, which failed: its text and files are to be sent again. */
void lg_chat_page_give_back(LgChatPage *self, const LgStep *sent);
void lg_chat_page_on_edited(LgChatPage *self);
void lg_chat_page_edit(GtkWidget *widget, const char *action, GVariant *id);
void lg_chat_page_end_edit(LgChatPage *self);
void lg_chat_page_cancel_edit(LgChatPage *self);

G_END_DECLS

#endif
