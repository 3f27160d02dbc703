/* SPDX-License-Identifier: MIT
 * A chart as a widget.
 */
#include "chart.h"

#include "chart_draw.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <limits.h>

struct _LgChart {
    GtkWidget parent_instance;
    LgChartData *data;
    LgChartFocus focus;
};

G_DEFINE_FINAL_TYPE(LgChart, lg_chart, GTK_TYPE_WIDGET)

enum { MIN_WIDTH = 220, NATURAL_WIDTH = 480 };

static LgChartTheme theme_of(GtkWidget *widget)
{
    AdwStyleManager *manager = adw_style_manager_get_default();
    const gboolean is_dark = adw_style_manager_get_dark(manager);
    LgChartTheme theme = {.is_dark = is_dark, .is_high_contrast = adw_style_manager_get_high_contrast(manager)};
    GdkRGBA ink;
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), &ink);
    theme.paper = is_dark ? (LgColour){0.14, 0.14, 0.14} : (LgColour){1, 1, 1};
    /* colours of the text may be translucent, which lines that cross would show */
    theme.ink = (LgColour){theme.paper.red + (ink.red - theme.paper.red) * ink.alpha,
                           theme.paper.green + (ink.green - theme.paper.green) * ink.alpha,
                           theme.paper.blue + (ink.blue - theme.paper.blue) * ink.alpha};
    return theme;
}

static void describe(LgChart *chart)
{
    GtkAccessible *accessible = GTK_ACCESSIBLE(chart);
    if (!chart->data)
        return;
    g_autofree char *words = lg_chart_words(chart);
    g_autofree char *name = words ? g_strdup_printf("%s. %s", chart->data->title, words) : g_strdup(chart->data->title);
    gtk_accessible_update_property(accessible, GTK_ACCESSIBLE_PROPERTY_LABEL, name, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   _("Chart. Left and right move over the points, up and down over the series."), -1);
}

static void set_focus(LgChart *chart, LgChartFocus focus)
{
    if (focus.series == chart->focus.series && focus.index == chart->focus.index)
        return;
    chart->focus = focus;
    describe(chart);
    gtk_widget_queue_draw(GTK_WIDGET(chart));
}

void lg_chart_move(LgChart *chart, int points, int series)
{
    if (!chart->data || lg_chart_data_is_empty(chart->data))
        return;
    const int n = (int)chart->data->series->len;
    LgChartFocus to = chart->focus;
    if (to.series < 0)
        to = (LgChartFocus){0, 0}, points = series = 0;
    to.series = CLAMP(to.series + series, 0, n - 1);
    while (!lg_chart_data_point(chart->data, (guint)to.series, 0)) /* series without points are passed over */
        to.series = (to.series + (series < 0 ? n - 1 : 1)) % n;
    const int last = (int)lg_chart_data_series(chart->data, (guint)to.series)->points->len - 1;
    to.index = (int)CLAMP((gint64)to.index + points, 0, last);
    set_focus(chart, to);
}

char *lg_chart_words(LgChart *chart)
{
    if (!chart->data || chart->focus.series < 0)
        return NULL;
    return lg_chart_data_describe(chart->data, (guint)chart->focus.series, (guint)chart->focus.index);
}

void lg_chart_set_data(LgChart *chart, LgChartData *data)
{
    if (data)
        lg_chart_data_ref(data);
    g_clear_pointer(&chart->data, lg_chart_data_unref);
    chart->data = data;
    if (!data || chart->focus.series < 0 ||
        !lg_chart_data_point(data, (guint)chart->focus.series, (guint)chart->focus.index))
        chart->focus = (LgChartFocus){-1, -1};
    describe(chart);
    gtk_widget_queue_resize(GTK_WIDGET(chart));
}

static GtkSizeRequestMode request_mode(GtkWidget *widget)
{
    (void)widget;
    return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
    LgChart *chart = LG_CHART(widget);
    *minimum_baseline = *natural_baseline = -1;
    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        *minimum = MIN_WIDTH;
        *natural = NATURAL_WIDTH;
        return;
    }
    const LgChartTheme theme = theme_of(widget);
    const double width = for_size > 0 ? for_size : MIN_WIDTH;
    *minimum = *natural =
        chart->data ? (int)lg_chart_height(chart->data, gtk_widget_get_pango_context(widget), &theme, width) : 0;
}

static void snapshot(GtkWidget *widget, GtkSnapshot *out)
{
    LgChart *chart = LG_CHART(widget);
    const int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    if (!chart->data || width <= 0 || height <= 0)
        return;
    const LgChartTheme theme = theme_of(widget);
    cairo_t *cr = gtk_snapshot_append_cairo(out, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    lg_chart_draw(cr, chart->data, gtk_widget_get_pango_context(widget), &theme, chart->focus, width, height);
    cairo_destroy(cr);
}

static gboolean key_pressed(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, LgChart *chart)
{
    (void)keys, (void)code;
    if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK) || !chart->data)
        return GDK_EVENT_PROPAGATE;
    switch (key) {
    case GDK_KEY_Left:
    case GDK_KEY_Right:
        /* bars have their categories below each other, and series beside */
        if (chart->data->kind == LG_CHART_BARS)
            lg_chart_move(chart, 0, key == GDK_KEY_Left ? -1 : 1);
        else
            lg_chart_move(chart, key == GDK_KEY_Left ? -1 : 1, 0);
        return GDK_EVENT_STOP;
    case GDK_KEY_Up:
    case GDK_KEY_Down:
        if (chart->data->kind == LG_CHART_BARS)
            lg_chart_move(chart, key == GDK_KEY_Up ? -1 : 1, 0);
        else
            lg_chart_move(chart, 0, key == GDK_KEY_Up ? -1 : 1);
        return GDK_EVENT_STOP;
    case GDK_KEY_Home:
        lg_chart_move(chart, INT_MIN / 2, 0);
        return GDK_EVENT_STOP;
    case GDK_KEY_End:
        lg_chart_move(chart, INT_MAX / 2, 0);
        return GDK_EVENT_STOP;
    default:
        return GDK_EVENT_PROPAGATE;
    }
}

static void pointer_moved(GtkEventControllerMotion *motion, double x, double y, LgChart *chart)
{
    GtkWidget *widget = GTK_WIDGET(chart);
    (void)motion;
    if (!chart->data)
        return;
    const LgChartTheme theme = theme_of(widget);
    set_focus(chart, lg_chart_find(chart->data, gtk_widget_get_pango_context(widget), &theme,
                                   gtk_widget_get_width(widget), gtk_widget_get_height(widget), x, y));
}

static void pointer_left(GtkEventControllerMotion *motion, LgChart *chart)
{
    (void)motion;
    if (!gtk_widget_has_focus(GTK_WIDGET(chart)))
        set_focus(chart, (LgChartFocus){-1, -1});
}

static void pressed(GtkGestureClick *click, int n, double x, double y, GtkWidget *chart)
{
    (void)click, (void)n, (void)x, (void)y;
    gtk_widget_grab_focus(chart);
}

static void focus_came(GtkEventControllerFocus *focus, LgChart *chart)
{
    (void)focus;
    if (chart->focus.series < 0)
        lg_chart_move(chart, 0, 0);
}

static void focus_went(GtkEventControllerFocus *focus, LgChart *chart)
{
    (void)focus;
    set_focus(chart, (LgChartFocus){-1, -1});
}

static void dispose(GObject *object)
{
    LgChart *chart = LG_CHART(object);
    g_clear_pointer(&chart->data, lg_chart_data_unref);
    G_OBJECT_CLASS(lg_chart_parent_class)->dispose(object);
}

static void lg_chart_class_init(LgChartClass *class)
{
    GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = dispose;
    widget->get_request_mode = request_mode;
    widget->measure = measure;
    widget->snapshot = snapshot;
    gtk_widget_class_set_css_name(widget, "chart");
    gtk_widget_class_set_accessible_role(widget, GTK_ACCESSIBLE_ROLE_IMG);
}

static void lg_chart_init(LgChart *chart)
{
    GtkWidget *widget = GTK_WIDGET(chart);
    AdwStyleManager *manager = adw_style_manager_get_default();
    GtkEventController *keys = gtk_event_controller_key_new(), *motion = gtk_event_controller_motion_new();
    GtkEventController *focus = gtk_event_controller_focus_new();
    GtkGesture *click = gtk_gesture_click_new();
    chart->focus = (LgChartFocus){-1, -1};
    gtk_widget_set_focusable(widget, TRUE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(key_pressed), chart);
    g_signal_connect(motion, "motion", G_CALLBACK(pointer_moved), chart);
    g_signal_connect(motion, "leave", G_CALLBACK(pointer_left), chart);
    g_signal_connect(click, "pressed", G_CALLBACK(pressed), chart);
    g_signal_connect(focus, "enter", G_CALLBACK(focus_came), chart);
    g_signal_connect(focus, "leave", G_CALLBACK(focus_went), chart);
    gtk_widget_add_controller(widget, keys);
    gtk_widget_add_controller(widget, motion);
    gtk_widget_add_controller(widget, focus);
    gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(click));
    g_signal_connect_object(manager, "notify::dark", G_CALLBACK(gtk_widget_queue_draw), chart, G_CONNECT_SWAPPED);
    g_signal_connect_object(manager, "notify::high-contrast", G_CALLBACK(gtk_widget_queue_draw), chart,
                            G_CONNECT_SWAPPED);
}

GtkWidget *lg_chart_new(void) { return g_object_new(LG_TYPE_CHART, NULL); }
