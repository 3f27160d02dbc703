/* SPDX-License-Identifier: MIT
 * Figures of a report as rows.
 */
#include "figures.h"

#include "why.h"

#include <glib/gi18n.h>

typedef struct {
    GtkWidget *row, *value;
    const LgFigure *figure; /* of the report; NULL: the row is hidden */
} Row;

struct _LgFigures {
    AdwBin parent_instance;
    GtkWidget *list;
    LgReport *report;
    GArray *rows; /* Row */
};

G_DEFINE_FINAL_TYPE(LgFigures, lg_figures, ADW_TYPE_BIN)

static void activated(LgFigures *figures, GtkWidget *widget)
{
    for (guint i = 0; i < figures->rows->len; i++) {
        const Row *row = &g_array_index(figures->rows, Row, i);
        if (row->row == widget && row->figure)
            lg_why_show(GTK_WIDGET(figures), figures->report, row->figure->path);
    }
}

static Row *row_at(LgFigures *figures, guint i)
{
    if (i == figures->rows->len) {
        Row row = {.row = adw_action_row_new(), .value = gtk_label_new(NULL)};
        adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row.row), FALSE);
        gtk_widget_add_css_class(row.value, "numeric");
        gtk_label_set_xalign(GTK_LABEL(row.value), 1);
        gtk_label_set_ellipsize(GTK_LABEL(row.value), PANGO_ELLIPSIZE_END);
        adw_action_row_add_suffix(ADW_ACTION_ROW(row.row), row.value);
        gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row.row), TRUE);
        gtk_widget_set_tooltip_text(row.row, _("Why: formula, numbers and sources"));
        gtk_list_box_append(GTK_LIST_BOX(figures->list), row.row);
        g_array_append_val(figures->rows, row);
    }
    return &g_array_index(figures->rows, Row, i);
}

static void bind(LgFigures *figures, guint i, const LgFigure *figure)
{
    Row *row = row_at(figures, i);
    g_autofree char *value = lg_figure_text(figure), *range = lg_figure_range(figure);
    g_autofree char *name = range ? g_strdup_printf("%s: %s (%s)", figure->label, value, range)
                                  : g_strdup_printf("%s: %s", figure->label, value);
    row->figure = figure;
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row->row), figure->label);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row->row), range ? range : "");
    gtk_label_set_text(GTK_LABEL(row->value), value);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row->row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_widget_set_visible(row->row, TRUE);
}

static void begin(LgFigures *figures, LgReport *report)
{
    lg_report_ref(report);
    g_clear_pointer(&figures->report, lg_report_unref);
    figures->report = report;
}

static void hide_rest(LgFigures *figures, guint n)
{
    for (guint i = n; i < figures->rows->len; i++) {
        Row *row = &g_array_index(figures->rows, Row, i);
        row->figure = NULL;
        gtk_widget_set_visible(row->row, FALSE);
    }
    gtk_widget_set_visible(figures->list, n > 0);
}

void lg_figures_show(LgFigures *figures, LgReport *report, const char *const *paths)
{
    guint n = 0;
    begin(figures, report);
    for (guint i = 0; paths[i]; i++) {
        const LgFigure *figure = lg_report_find(report, paths[i]);
        if (figure)
            bind(figures, n++, figure);
    }
    hide_rest(figures, n);
}

void lg_figures_show_rest(LgFigures *figures, LgReport *report, const char *const *paths)
{
    guint n = 0;
    begin(figures, report);
    for (guint i = 0; i < report->figures->len; i++) {
        const LgFigure *figure = g_ptr_array_index(report->figures, i);
        if (lg_figure_is_named(figure) && !g_strv_contains(paths, figure->path))
            bind(figures, n++, figure);
    }
    hide_rest(figures, n);
}

static const Row *find(LgFigures *figures, const char *path)
{
    for (guint i = 0; i < figures->rows->len; i++) {
        const Row *row = &g_array_index(figures->rows, Row, i);
        if (row->figure && g_str_equal(row->figure->path, path))
            return row;
    }
    return NULL;
}

const char *lg_figures_text(LgFigures *figures, const char *path)
{
    const Row *row = find(figures, path);
    return row ? gtk_label_get_text(GTK_LABEL(row->value)) : NULL;
}

GtkWindow *lg_figures_why(LgFigures *figures, const char *path)
{
    return find(figures, path) ? lg_why_show(GTK_WIDGET(figures), figures->report, path) : NULL;
}

static void finalize(GObject *object)
{
    LgFigures *figures = LG_FIGURES(object);
    g_clear_pointer(&figures->report, lg_report_unref);
    g_array_unref(figures->rows);
    G_OBJECT_CLASS(lg_figures_parent_class)->finalize(object);
}

static void lg_figures_class_init(LgFiguresClass *class) { G_OBJECT_CLASS(class)->finalize = finalize; }

static void lg_figures_init(LgFigures *figures)
{
    figures->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    figures->list = gtk_list_box_new();
    gtk_widget_add_css_class(figures->list, "boxed-list");
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(figures->list), GTK_SELECTION_NONE);
    g_signal_connect_swapped(figures->list, "row-activated", G_CALLBACK(activated), figures);
    adw_bin_set_child(ADW_BIN(figures), figures->list);
}

GtkWidget *lg_figures_new(const char *name)
{
    LgFigures *figures = g_object_new(LG_TYPE_FIGURES, NULL);
    gtk_accessible_update_property(GTK_ACCESSIBLE(figures->list), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return GTK_WIDGET(figures);
}
