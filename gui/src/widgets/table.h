/* SPDX-License-Identifier: MIT
 * A small table of texts that can be read with the keyboard and by screen readers: each row is an item of a list, and
 * its name says the headings as well.
 */
#ifndef LG_TABLE_H
#define LG_TABLE_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_TABLE (lg_table_get_type())
G_DECLARE_FINAL_TYPE(LgTable, lg_table, LG, TABLE, GtkWidget)

/* `name` is what screen readers call it. */
GtkWidget *lg_table_new(const char *name);

/* Takes away all rows and sets the headings, NULL behind the last; a table without headings has empty ones. */
void lg_table_begin(LgTable *table, const char *const *headings);

/* As many texts as there are headings; a text may be NULL. `is_strong`: the row stands out. */
void lg_table_add(LgTable *table, const char *const *texts, gboolean is_strong);

guint lg_table_n_rows(LgTable *table);

G_END_DECLS

#endif
