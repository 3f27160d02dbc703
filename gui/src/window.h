/* SPDX-License-Identifier: MIT
 * A window with the pages Chat, Models and Sizing.
 */
#ifndef LG_WINDOW_H
#define LG_WINDOW_H

#include "application.h"

G_BEGIN_DECLS

#define LG_TYPE_WINDOW (lg_window_get_type())
G_DECLARE_FINAL_TYPE(LgWindow, lg_window, LG, WINDOW, AdwApplicationWindow)

LgWindow *lg_window_new(LgApplication *application);

/* The history, once it is open. */
void lg_window_set_store(LgWindow *self, LgStore *store);

/* The window that a widget is in; NULL where it is in none, as in a test. */
LgWindow *lg_window_of(GtkWidget *widget);

/* Talks to this model, a path or a name, in the chat that is shown. */
void lg_window_set_model(LgWindow *self, const char *model);

/* Shows a chat of the history, or what is found in it. */
/* message_id 0: none of its messages in particular. */
void lg_window_show_chat(LgWindow *self, gint64 chat_id, gint64 message_id);
void lg_window_search(LgWindow *self, const char *text);

/* Shows "chat", "models" or "sizing". */
void lg_window_show_page(LgWindow *self, const char *name);

/* Takes the toast. A widget that is in no LgWindow may call it too; nothing is shown then. */
void lg_window_add_toast(LgWindow *self, AdwToast *toast);

/* The same with a text, for what went wrong; the text is no markup. */
void lg_window_say(LgWindow *self, const char *text);

G_END_DECLS

#endif
