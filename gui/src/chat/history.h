/* SPDX-License-Identifier: MIT
 * The chats at the side: in folders, pinned ones first, searched by title and text.
 *
 * Signal: "chosen" (gint64 chat, gint64 message); message 0: none of its messages in particular.
 */
#ifndef LG_HISTORY_H
#define LG_HISTORY_H

#include <gtk/gtk.h>

#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_HISTORY (lg_history_get_type())
G_DECLARE_FINAL_TYPE(LgHistory, lg_history, LG, HISTORY, GtkBox)

void lg_history_set_store(LgHistory *self, LgStore *store);

/* Marks the chat that is shown; 0: none. */
void lg_history_select(LgHistory *self, gint64 chat_id);

/* Moves the keyboard to the search, and looks for the text unless it is NULL. */
void lg_history_search(LgHistory *self, const char *text);

G_END_DECLS

#endif
