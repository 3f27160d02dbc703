/* SPDX-License-Identifier: MIT
 * Draws a chart with cairo: on the screen, and into PDF, SVG and PNG files.
 */
#ifndef LG_CHART_DRAW_H
#define LG_CHART_DRAW_H

#include "chart_data.h"
#include "palette.h"

#include <pango/pango.h>

G_BEGIN_DECLS

typedef struct {
    LgColour paper, ink;
    gboolean is_dark, is_high_contrast;
    gboolean has_title; /* written above; a widget that has a heading beside it needs none */
} LgChartTheme;

/* What is marked; series is -1 where nothing is. */
typedef struct {
    int series, index;
} LgChartFocus;

extern const LgChartTheme lg_chart_theme_print;

/* How high a chart of this width wants to be. */
double lg_chart_height(const LgChartData *data, PangoContext *pango, const LgChartTheme *theme, double width);

void lg_chart_draw(cairo_t *cr, const LgChartData *data, PangoContext *pango, const LgChartTheme *theme,
                   LgChartFocus focus, double width, double height);

/* The point next to a place on a drawing of this size. */
LgChartFocus lg_chart_find(const LgChartData *data, PangoContext *pango, const LgChartTheme *theme, double width,
                           double height, double x, double y);

/* Writes a file; its format goes by the ending: .pdf, .svg, .png. */
gboolean lg_chart_write(const LgChartData *data, const char *path, double width, double height, GError **error);

G_END_DECLS

#endif
