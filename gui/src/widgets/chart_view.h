/* SPDX-License-Identifier: MIT
 * A chart with its heading, and a switch that shows its data as a table instead.
 */
#ifndef LG_CHART_VIEW_H
#define LG_CHART_VIEW_H

#include "chart_data.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LG_TYPE_CHART_VIEW (lg_chart_view_get_type())
G_DECLARE_FINAL_TYPE(LgChartView, lg_chart_view, LG, CHART_VIEW, GtkBox)

GtkWidget *lg_chart_view_new(void);

/* The view hides itself where there is nothing to show. */
void lg_chart_view_set_data(LgChartView *view, LgChartData *data);
LgChartData *lg_chart_view_get_data(LgChartView *view);

void lg_chart_view_show_table(LgChartView *view, gboolean shows);

G_END_DECLS

#endif
