/* SPDX-License-Identifier: MIT
 * Where a message is written. The key that sends it never does so while an input method composes.
 *
 * Signals: "send" (const char *text): the text is to be sent; it is taken out by lg_composer_clear().
 * "stop": the answer that is being written is to end. "edited": the text has changed. "files" (GdkFileList *): files
 * were pasted.
 */
#ifndef LG_COMPOSER_H
#define LG_COMPOSER_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_COMPOSER (lg_composer_get_type())
G_DECLARE_FINAL_TYPE(LgComposer, lg_composer, LG, COMPOSER, GtkBox)

GtkWidget *lg_composer_new(void);

char *lg_composer_get_text(LgComposer *self);
void lg_composer_set_text(LgComposer *self, const char *text);
void lg_composer_clear(LgComposer *self);
void lg_composer_focus(LgComposer *self);

/* TRUE: Enter sends, Shift+Enter begins a line; FALSE: Ctrl+Enter sends. */
void lg_composer_set_enter_sends(LgComposer *self, gboolean enter_sends);

/* A button in front of the text; what is there already stands before it. */
void lg_composer_add_button(LgComposer *self, GtkWidget *button);

/* While an answer is written the button stops it. */
void lg_composer_set_busy(LgComposer *self, gboolean busy);

G_END_DECLS

#endif
