/* SPDX-License-Identifier: MIT
 * What can be done to the chats, folders and presets of the history, each with what has to be asked and how it is taken
 * back.
 */
#ifndef LG_HISTORY_ACTIONS_H
#define LG_HISTORY_ACTIONS_H

#include <gtk/gtk.h>

#include "store/store.h"

G_BEGIN_DECLS

/* Each works for a widget in whose window questions and toasts appear. */
void lg_history_rename_chat(GtkWidget *widget, LgStore *store, gint64 chat_id, const char *title);
void lg_history_pin_chat(GtkWidget *widget, LgStore *store, gint64 chat_id, gboolean pinned);
void lg_history_move_chat(GtkWidget *widget, LgStore *store, gint64 chat_id, gint64 folder_id);
void lg_history_delete_chat(GtkWidget *widget, LgStore *store, gint64 chat_id);
void lg_history_add_folder(GtkWidget *widget, LgStore *store);
void lg_history_rename_folder(GtkWidget *widget, LgStore *store, gint64 folder_id, const char *name);
/* Its chats are in no folder then. */
void lg_history_delete_folder(GtkWidget *widget, LgStore *store, gint64 folder_id);
void lg_history_rename_preset(GtkWidget *widget, LgStore *store, gint64 preset_id, const char *name);
void lg_history_delete_preset(GtkWidget *widget, LgStore *store, gint64 preset_id);

G_END_DECLS

#endif
