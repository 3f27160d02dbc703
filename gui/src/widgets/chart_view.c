/* SPDX-License-Identifier: MIT
 * A chart with its heading, and its data as a table.
 */
#include "chart_view.h"

#include "chart.h"
#include "chart_draw.h"
#include "quantity.h"
#include "table.h"

#include <glib/gi18n.h>

struct _LgChartView {
    GtkBox parent_instance;
    GtkWidget *title, *toggle, *stack, *chart, *table;
    LgChartData *data;
};

G_DEFINE_FINAL_TYPE(LgChartView, lg_chart_view, GTK_TYPE_BOX)

/* A row for each x, a column for each series. */
static void fill_table(LgChartView *view)
{
    const LgChartData *data = view->data;
    const guint n = data->series->len;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_ptr_array_add(texts, g_strdup(data->x_title));
    for (guint s = 0; s < n; s++)
        g_ptr_array_add(texts, g_strdup(lg_chart_data_series(data, s)->name));
    g_ptr_array_add(texts, NULL);
    lg_table_begin(LG_TABLE(view->table), (const char *const *)texts->pdata);
    for (guint first = 0; first < n; first++) {
        const LgChartPoint *p, *q;
        for (guint i = 0; (p = lg_chart_data_point(data, first, i)); i++) {
            char *x = lg_chart_data_x_text(data, p);
            g_ptr_array_set_size(texts, 0);
            g_ptr_array_add(texts, g_strdup(x));
            if (!g_hash_table_add(seen, x))
                continue;
            for (guint s = 0; s < n; s++) {
                char *text = NULL;
                for (guint j = 0; !text && (q = lg_chart_data_point(data, s, j)); j++) {
                    if (q->x != p->x)
                        continue;
                    g_autofree char *y = lg_chart_data_y_text(data, q);
                    g_autofree char *range =
                        q->low == q->high ? NULL : lg_quantity_range(q->low, q->high, data->y_unit);
                    text = range ? g_strdup_printf("%s\n%s", y, range) : g_steal_pointer(&y);
                }
                g_ptr_array_add(texts, text);
            }
            lg_table_add(LG_TABLE(view->table), (const char *const *)texts->pdata, FALSE);
        }
    }
}

static void toggled(LgChartView *view)
{
    const gboolean is_table = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(view->toggle));
    if (is_table && view->data)
        fill_table(view);
    gtk_stack_set_visible_child(GTK_STACK(view->stack), is_table ? view->table : view->chart);
}

void lg_chart_view_show_table(LgChartView *view, gboolean shows)
{
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(view->toggle), shows);
}

LgChartData *lg_chart_view_get_data(LgChartView *view) { return view->data; }

void lg_chart_view_set_data(LgChartView *view, LgChartData *data)
{
    const gboolean is_there = data && !lg_chart_data_is_empty(data);
    if (data)
        lg_chart_data_ref(data);
    g_clear_pointer(&view->data, lg_chart_data_unref);
    view->data = data;
    gtk_widget_set_visible(GTK_WIDGET(view), is_there);
    if (!is_there)
        return;
    g_autofree char *name = g_strdup_printf(_("%s: show as a table"), data->title);
    gtk_label_set_text(GTK_LABEL(view->title), data->title);
    gtk_accessible_update_property(GTK_ACCESSIBLE(view->toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    lg_chart_set_data(LG_CHART(view->chart), data);
    toggled(view);
}

static void dispose(GObject *object)
{
    g_clear_pointer(&LG_CHART_VIEW(object)->data, lg_chart_data_unref);
    G_OBJECT_CLASS(lg_chart_view_parent_class)->dispose(object);
}

static void lg_chart_view_class_init(LgChartViewClass *class) { G_OBJECT_CLASS(class)->dispose = dispose; }

static void lg_chart_view_init(LgChartView *view)
{
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_orientable_set_orientation(GTK_ORIENTABLE(view), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(view), 6);
    view->title = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(view->title), 0);
    gtk_label_set_wrap(GTK_LABEL(view->title), TRUE);
    gtk_widget_set_hexpand(view->title, TRUE);
    gtk_widget_add_css_class(view->title, "heading");
    view->toggle = gtk_toggle_button_new_with_label(_("Table"));
    gtk_widget_add_css_class(view->toggle, "flat");
    gtk_widget_set_valign(view->toggle, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(view->toggle, _("Show the chart's data as a table"));
    g_signal_connect_swapped(view->toggle, "toggled", G_CALLBACK(toggled), view);
    view->chart = lg_chart_new();
    view->table = lg_table_new(_("Data of the chart"));
    view->stack = gtk_stack_new();
    gtk_stack_set_vhomogeneous(GTK_STACK(view->stack), FALSE);
    gtk_stack_add_child(GTK_STACK(view->stack), view->chart);
    gtk_stack_add_child(GTK_STACK(view->stack), view->table);
    gtk_box_append(GTK_BOX(head), view->title);
    gtk_box_append(GTK_BOX(head), view->toggle);
    gtk_box_append(GTK_BOX(view), head);
    gtk_box_append(GTK_BOX(view), view->stack);
    gtk_widget_set_visible(GTK_WIDGET(view), FALSE);
}

GtkWidget *lg_chart_view_new(void) { return g_object_new(LG_TYPE_CHART_VIEW, NULL); }
