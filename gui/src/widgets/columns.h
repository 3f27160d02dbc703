/* SPDX-License-Identifier: MIT
 * Two widgets beside each other where there is room, and below each other where there is not.
 */
#ifndef LG_COLUMNS_H
#define LG_COLUMNS_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_COLUMNS (lg_columns_get_type())
G_DECLARE_FINAL_TYPE(LgColumns, lg_columns, LG, COLUMNS, GtkWidget)

/* `side` is as wide as `side_width` where both are beside each other, which is from `from` on. */
GtkWidget *lg_columns_new(GtkWidget *side, GtkWidget *main, int side_width, int from);

G_END_DECLS

#endif
