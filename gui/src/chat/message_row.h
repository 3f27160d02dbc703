/* SPDX-License-Identifier: MIT
 * One message of a chat with all that can be done to it. What is done are actions of whoever shows the row, with the id
 * of the message: "chat.edit", "chat.regenerate", "chat.continue" (x), and "chat.branch" ((xi), the second being how
 * many versions further on).
 */
#ifndef LG_MESSAGE_ROW_H
#define LG_MESSAGE_ROW_H

#include <gtk/gtk.h>

#include "chat/tool_cards.h"
#include "engine/ledger.h"
#include "engine/reply.h"
#include "store/rows.h"

G_BEGIN_DECLS

#define LG_TYPE_MESSAGE_ROW (lg_message_row_get_type())
G_DECLARE_FINAL_TYPE(LgMessageRow, lg_message_row, LG, MESSAGE_ROW, GtkBox)

/* `hides_reasoning` leaves out what the model thought. `beginning`, unless it is NULL, is shown in place of the text:
 * what the message had before the reply that the row is going to follow. */
GtkWidget *lg_message_row_new(LgMessage *message, gboolean hides_reasoning, const char *beginning);

LgMessage *lg_message_row_get_message(LgMessageRow *self);

/* Follows a reply that is on its way; what of it has come before is shown too. */
void lg_message_row_follow(LgMessageRow *self, LgReply *reply);

/* The same message with other siblings, or with what is known at its end. */
void lg_message_row_update(LgMessageRow *self, LgMessage *message);

/* It stands beside another answer: what makes more versions of it, and what chooses among them, is not offered. */
void lg_message_row_set_beside(LgMessageRow *self);

/* What the window has of it; NULL: it is not known. `is_tight`: it matters what goes next. */
void lg_message_row_set_entry(LgMessageRow *self, const LgLedgerEntry *entry, gboolean is_tight);

/* The calls of tools of an answer: LgCallCard. */
void lg_message_row_set_calls(LgMessageRow *self, const GPtrArray *cards);

/* Of a tool's result: words on how far the call is, and whether the model waits for somebody to let it go on. */
void lg_message_row_set_result(LgMessageRow *self, const char *progress, gboolean offers_answer);

/* Only the last message offers to go on. */
void lg_message_row_set_last(LgMessageRow *self, gboolean is_last);

G_END_DECLS

#endif
