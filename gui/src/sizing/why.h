/* SPDX-License-Identifier: MIT
 * Why a figure is what it is: its formula, the numbers put in, its source; and the same for what it was worked out
 * from.
 */
#ifndef LG_WHY_H
#define LG_WHY_H

#include "report.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A window above the one that `parent` is in. The report is kept as long as the window is there. */
GtkWindow *lg_why_show(GtkWidget *parent, LgReport *report, const char *path);

G_END_DECLS

#endif
