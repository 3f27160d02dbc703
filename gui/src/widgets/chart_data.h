/* SPDX-License-Identifier: MIT
 * What a chart shows: stacked bars by category, or lines with intervals.
 */
#ifndef LG_CHART_DATA_H
#define LG_CHART_DATA_H

#include <glib.h>

G_BEGIN_DECLS

typedef enum { LG_CHART_BARS, LG_CHART_LINES } LgChartKind;

/* low and high are y where a value has no interval. Bars: x counts the categories from 0. */
typedef struct {
    double x, y, low, high;
} LgChartPoint;

typedef struct {
    char *name;
    GArray *points; /* LgChartPoint */
} LgChartSeries;

typedef struct {
    gatomicrefcount count;
    LgChartKind kind;
    char *title, *x_title, *y_title; /* y: of the values, which bars have along the horizontal axis */
    char *x_unit, *y_unit;           /* units of the estimator; may be NULL */
    gboolean x_log, y_log;           /* lines only */
    GPtrArray *series;               /* LgChartSeries */
    GPtrArray *categories;           /* char *, bars only */
    double limit;                    /* a value that is marked; NAN: none */
    char *limit_name;
} LgChartData;

LgChartData *lg_chart_data_new(LgChartKind kind, const char *title, const char *x_title, const char *x_unit,
                               const char *y_title, const char *y_unit);
LgChartData *lg_chart_data_ref(LgChartData *data);
void lg_chart_data_unref(LgChartData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgChartData, lg_chart_data_unref)

/* Returns the series' index. */
guint lg_chart_data_add_series(LgChartData *data, const char *name);
void lg_chart_data_add_category(LgChartData *data, const char *name);
void lg_chart_data_add(LgChartData *data, guint series, double x, double y);
void lg_chart_data_add_interval(LgChartData *data, guint series, double x, double y, double low, double high);
void lg_chart_data_set_limit(LgChartData *data, double value, const char *name);

const LgChartSeries *lg_chart_data_series(const LgChartData *data, guint index);
const LgChartPoint *lg_chart_data_point(const LgChartData *data, guint series, guint index);

/* Whether no series has a point. */
gboolean lg_chart_data_is_empty(const LgChartData *data);

/* "KV memory, 32: 5.2 GiB (4.9 – 5.6 GiB)": what a point says, in words. */
char *lg_chart_data_describe(const LgChartData *data, guint series, guint index);

/* A point's x, a category's name or a number with its unit; and its y. */
char *lg_chart_data_x_text(const LgChartData *data, const LgChartPoint *point);
char *lg_chart_data_y_text(const LgChartData *data, const LgChartPoint *point);

G_END_DECLS

#endif
