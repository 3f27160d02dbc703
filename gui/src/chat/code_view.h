/* SPDX-License-Identifier: MIT
 * A block of code: its language, a button that copies it, and the code in colours.
 */
#ifndef LG_CODE_VIEW_H
#define LG_CODE_VIEW_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_CODE_VIEW (lg_code_view_get_type())
G_DECLARE_FINAL_TYPE(LgCodeView, lg_code_view, LG, CODE_VIEW, GtkBox)

/* `language` is the word behind a fence; "" for none. */
GtkWidget *lg_code_view_new(const char *language);

/* Only what is new is inserted where the text begins with the one before. */
void lg_code_view_set_text(LgCodeView *self, const char *text, gsize n_bytes);

G_END_DECLS

#endif
