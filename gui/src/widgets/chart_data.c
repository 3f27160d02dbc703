/* SPDX-License-Identifier: MIT
 * What a chart shows.
 */
#include "chart_data.h"

#include "quantity.h"

#include <math.h>

static void free_series(gpointer pointer)
{
    LgChartSeries *series = pointer;
    g_free(series->name);
    g_array_unref(series->points);
    g_free(series);
}

LgChartData *lg_chart_data_new(LgChartKind kind, const char *title, const char *x_title, const char *x_unit,
                               const char *y_title, const char *y_unit)
{
    LgChartData *data = g_new0(LgChartData, 1);
    g_atomic_ref_count_init(&data->count);
    data->kind = kind;
    data->title = g_strdup(title);
    data->x_title = g_strdup(x_title);
    data->x_unit = g_strdup(x_unit);
    data->y_title = g_strdup(y_title);
    data->y_unit = g_strdup(y_unit);
    data->series = g_ptr_array_new_with_free_func(free_series);
    data->categories = g_ptr_array_new_with_free_func(g_free);
    data->limit = NAN;
    return data;
}

LgChartData *lg_chart_data_ref(LgChartData *data)
{
    g_atomic_ref_count_inc(&data->count);
    return data;
}

void lg_chart_data_unref(LgChartData *data)
{
    if (!g_atomic_ref_count_dec(&data->count))
        return;
    g_free(data->title);
    g_free(data->x_title);
    g_free(data->x_unit);
    g_free(data->y_title);
    g_free(data->y_unit);
    g_free(data->limit_name);
    g_ptr_array_unref(data->series);
    g_ptr_array_unref(data->categories);
    g_free(data);
}

guint lg_chart_data_add_series(LgChartData *data, const char *name)
{
    LgChartSeries *series = g_new0(LgChartSeries, 1);
    series->name = g_strdup(name);
    series->points = g_array_new(FALSE, FALSE, sizeof(LgChartPoint));
    g_ptr_array_add(data->series, series);
    return data->series->len - 1;
}

void lg_chart_data_add_category(LgChartData *data, const char *name)
{
    g_ptr_array_add(data->categories, g_strdup(name));
}

void lg_chart_data_add_interval(LgChartData *data, guint series, double x, double y, double low, double high)
{
    const LgChartPoint point = {x, y, low, high};
    LgChartSeries *to = g_ptr_array_index(data->series, series);
    if (isfinite(x) && isfinite(y))
        g_array_append_val(to->points, point);
}

void lg_chart_data_add(LgChartData *data, guint series, double x, double y)
{
    lg_chart_data_add_interval(data, series, x, y, y, y);
}

void lg_chart_data_set_limit(LgChartData *data, double value, const char *name)
{
    data->limit = value;
    g_free(data->limit_name);
    data->limit_name = g_strdup(name);
}

const LgChartSeries *lg_chart_data_series(const LgChartData *data, guint index)
{
    return index < data->series->len ? g_ptr_array_index(data->series, index) : NULL;
}

const LgChartPoint *lg_chart_data_point(const LgChartData *data, guint series, guint index)
{
    const LgChartSeries *from = lg_chart_data_series(data, series);
    return from && index < from->points->len ? &g_array_index(from->points, LgChartPoint, index) : NULL;
}

gboolean lg_chart_data_is_empty(const LgChartData *data)
{
    for (guint i = 0; i < data->series->len; i++)
        if (lg_chart_data_point(data, i, 0))
            return FALSE;
    return TRUE;
}

char *lg_chart_data_x_text(const LgChartData *data, const LgChartPoint *point)
{
    const guint category = (guint)point->x;
    if (data->kind == LG_CHART_BARS)
        return g_strdup(category < data->categories->len ? g_ptr_array_index(data->categories, category) : "");
    return lg_quantity_text(point->x, data->x_unit);
}

char *lg_chart_data_y_text(const LgChartData *data, const LgChartPoint *point)
{
    return lg_quantity_text(point->y, data->y_unit);
}

char *lg_chart_data_describe(const LgChartData *data, guint series, guint index)
{
    const LgChartSeries *from = lg_chart_data_series(data, series);
    const LgChartPoint *point = lg_chart_data_point(data, series, index);
    if (!point)
        return g_strdup("");
    g_autofree char *x = lg_chart_data_x_text(data, point), *y = lg_chart_data_y_text(data, point);
    const char *x_title = data->kind == LG_CHART_LINES ? data->x_title : "";
    g_autofree char *where = *x_title ? g_strdup_printf("%s %s", x_title, x) : g_strdup(x);
    if (point->low == point->high)
        return g_strdup_printf("%s, %s: %s", from->name, where, y);
    g_autofree char *range = lg_quantity_range(point->low, point->high, data->y_unit);
    return g_strdup_printf("%s, %s: %s (%s)", from->name, where, y, range);
}
