/* SPDX-License-Identifier: MIT
 * A chart as a widget. It can have the focus: left and right go over the points of a series, up and down over series;
 * what the point says is written beside it and is the accessible name.
 */
#ifndef LG_CHART_H
#define LG_CHART_H

#include "chart_data.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_CHART (lg_chart_get_type())
G_DECLARE_FINAL_TYPE(LgChart, lg_chart, LG, CHART, GtkWidget)

GtkWidget *lg_chart_new(void);

/* NULL: nothing is shown. Points that have the place of the marked one stay marked. */
void lg_chart_set_data(LgChart *chart, LgChartData *data);

/* Moves the mark by points and by series; used by the keys. */
void lg_chart_move(LgChart *chart, int points, int series);

/* What the marked point says; NULL where none is marked. Owned by the caller. */
char *lg_chart_words(LgChart *chart);

G_END_DECLS

#endif
