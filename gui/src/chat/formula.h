/* SPDX-License-Identifier: MIT
 * The one place that shows formulas: on lines of their own, and within a text. What cannot be laid out is shown as its
 * source; the source is also what is copied. Screen readers read it, too, and then what the formulas of a text are
 * aloud.
 */
#ifndef LG_FORMULA_H
#define LG_FORMULA_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* `source` is LaTeX without the marks around it. */
GtkWidget *lg_formula_new(const char *source);

/* Lays out the formulas that stand in the text of a label between their marks, which is no Markdown. */
void lg_formula_show_plain(GtkLabel *label);

/* Lays out the formulas in the text of a label, LgFormulaSpan each; none takes away what was laid out. */
void lg_formula_show_in(GtkLabel *label, const GArray *spans);

/* About how many characters wide the text of a label is with its formulas laid out. */
glong lg_formula_count_characters(GtkLabel *label, const GArray *spans);

G_END_DECLS

#endif
