/* SPDX-License-Identifier: MIT
 * Figures of a report as rows: name, interval, value; a row opens why it is so. The rows stay and change their texts,
 * so that they can follow a slider.
 */
#ifndef LG_FIGURES_H
#define LG_FIGURES_H

#include "report.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define LG_TYPE_FIGURES (lg_figures_get_type())
G_DECLARE_FINAL_TYPE(LgFigures, lg_figures, LG, FIGURES, AdwBin)

/* `name` is what screen readers call the list. */
GtkWidget *lg_figures_new(const char *name);

/* Shows those of the paths that the report has, in order; NULL behind the last. */
void lg_figures_show(LgFigures *figures, LgReport *report, const char *const *paths);

/* Shows all figures that have names, except those of `paths`. */
void lg_figures_show_rest(LgFigures *figures, LgReport *report, const char *const *paths);

/* What the row of a path shows, "5.1 GiB"; NULL where there is none. Borrowed. */
const char *lg_figures_text(LgFigures *figures, const char *path);

/* The window that a click on the row opens. */
GtkWindow *lg_figures_why(LgFigures *figures, const char *path);

G_END_DECLS

#endif
