/* SPDX-License-Identifier: MIT
 * Drop-downs of texts that give way where there is little room: the chosen text is cut off with dots, those of the list
 * wrap.
 */
#ifndef LG_DROP_DOWN_H
#define LG_DROP_DOWN_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Takes the list, which may be NULL. `name` is what screen readers call it; NULL: it is set elsewhere. */
GtkWidget *lg_drop_down_new(GtkStringList *texts, const char *name);

G_END_DECLS

#endif
