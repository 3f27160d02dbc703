/* SPDX-License-Identifier: MIT
 * A window in which one of many is found by typing.
 */
#include "chooser.h"

#include "estimator.h"

#include <glib/gi18n.h>

typedef struct {
    GtkWindow *window;
    GtkWidget *search, *list, *parent;
    LgChosen chosen;
    gpointer data;
} Chooser;

static void free_item(gpointer pointer)
{
    LgChooserItem *item = pointer;
    g_free(item->title);
    g_free(item->subtitle);
    g_free(item->value);
    g_free(item);
}

static void add_item(GPtrArray *items, char *title, char *subtitle)
{
    LgChooserItem *item = g_new0(LgChooserItem, 1);
    item->title = title;
    item->subtitle = subtitle;
    item->value = g_strdup(title);
    g_ptr_array_add(items, item);
}

GPtrArray *lg_chooser_devices(void)
{
    enum { VENDOR, NAME, KIND, SPEED, MEMORY, BANDWIDTH, POWER };
    GPtrArray *items = g_ptr_array_new_with_free_func(free_item), *rows = lg_estimator_devices();
    for (guint i = 0; i < rows->len; i++) {
        char **cells = (char **)((GPtrArray *)g_ptr_array_index(rows, i))->pdata;
        add_item(items, g_strdup_printf("%s %s", cells[VENDOR], cells[NAME]),
                 g_strdup_printf("%s TFLOP/s, %s GB, %s GB/s, %s W", *cells[SPEED] ? cells[SPEED] : "–",
                                 *cells[MEMORY] ? cells[MEMORY] : "–", *cells[BANDWIDTH] ? cells[BANDWIDTH] : "–",
                                 *cells[POWER] ? cells[POWER] : "–"));
    }
    return items;
}

GPtrArray *lg_chooser_models(void)
{
    GPtrArray *items = g_ptr_array_new_with_free_func(free_item), *rows = lg_estimator_models();
    for (guint i = 0; i < rows->len; i++) {
        char **cells = (char **)((GPtrArray *)g_ptr_array_index(rows, i))->pdata;
        add_item(items, g_strdup(cells[0]), g_strdup(cells[1]));
    }
    return items;
}

/* Every word that was typed is in the row's. */
static gboolean matches(GtkListBoxRow *row, gpointer pointer)
{
    Chooser *chooser = pointer;
    g_autofree char *typed = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(chooser->search)), -1);
    g_auto(GStrv) words = g_strsplit_set(typed, " -", -1);
    const char *text = g_object_get_data(G_OBJECT(row), "words");
    for (guint i = 0; words[i]; i++)
        if (!strstr(text, words[i]))
            return FALSE;
    return TRUE;
}

static void activated(Chooser *chooser, GtkListBoxRow *row)
{
    g_autofree char *value = g_strdup(g_object_get_data(G_OBJECT(row), "value"));
    GtkWindow *window = chooser->window;
    chooser->chosen(value, chooser->data);
    gtk_window_destroy(window);
}

/* Return in the search takes the first that is shown. */
static void take_first(Chooser *chooser)
{
    for (GtkWidget *row = gtk_widget_get_first_child(chooser->list); row; row = gtk_widget_get_next_sibling(row))
        if (gtk_widget_get_child_visible(row)) {
            activated(chooser, GTK_LIST_BOX_ROW(row));
            return;
        }
}

static void parent_gone(Chooser *chooser) { gtk_window_destroy(chooser->window); }

static void free_chooser(Chooser *chooser)
{
    g_signal_handlers_disconnect_by_data(chooser->parent, chooser);
    g_object_unref(chooser->parent);
    g_free(chooser);
}

static void fill(Chooser *chooser, GPtrArray *items)
{
    for (guint i = 0; i < items->len; i++) {
        const LgChooserItem *item = g_ptr_array_index(items, i);
        GtkWidget *row = adw_action_row_new();
        g_autofree char *both = g_strdup_printf("%s %s", item->title, item->subtitle);
        g_autofree char *name = g_strdup_printf("%s, %s", item->title, item->subtitle);
        adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), item->title);
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), item->subtitle);
        gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
        g_object_set_data_full(G_OBJECT(row), "value", g_strdup(item->value), g_free);
        g_object_set_data_full(G_OBJECT(row), "words", g_utf8_casefold(both, -1), g_free);
        gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        gtk_list_box_append(GTK_LIST_BOX(chooser->list), row);
    }
}

static GtkWidget *nothing(void)
{
    GtkWidget *label = gtk_label_new(_("Nothing has these words"));
    gtk_widget_add_css_class(label, "dim-label");
    gtk_widget_set_margin_top(label, 24);
    gtk_widget_set_margin_bottom(label, 24);
    return label;
}

GtkWindow *lg_chooser_show(GtkWidget *parent, const char *title, GPtrArray *items, GtkWidget *extra, LgChosen chosen,
                           gpointer data)
{
    enum { WIDTH = 460, HEIGHT = 620 };
    Chooser *chooser = g_new0(Chooser, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *inside = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    GtkWidget *header = adw_header_bar_new(), *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();
    chooser->window = GTK_WINDOW(adw_window_new());
    chooser->parent = g_object_ref(parent);
    chooser->chosen = chosen;
    chooser->data = data;
    chooser->search = gtk_search_entry_new();
    chooser->list = gtk_list_box_new();
    g_object_set_data_full(G_OBJECT(chooser->window), "chooser", chooser, (GDestroyNotify)free_chooser);
    gtk_window_set_title(chooser->window, title);
    gtk_window_set_modal(chooser->window, TRUE);
    gtk_window_set_default_size(chooser->window, WIDTH, HEIGHT);
    gtk_widget_set_size_request(GTK_WIDGET(chooser->window), 340, -1);
    if (GTK_IS_WINDOW(gtk_widget_get_root(parent)))
        gtk_window_set_transient_for(chooser->window, GTK_WINDOW(gtk_widget_get_root(parent)));
    g_autofree char *name = g_strdup_printf(_("Search: %s"), title);
    gtk_accessible_update_property(GTK_ACCESSIBLE(chooser->search), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(chooser->list), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    gtk_widget_set_margin_start(inside, 12);
    gtk_widget_set_margin_end(inside, 12);
    gtk_widget_set_margin_top(inside, 12);
    gtk_widget_set_margin_bottom(inside, 12);
    gtk_widget_add_css_class(chooser->list, "boxed-list");
    gtk_widget_set_valign(chooser->list, GTK_ALIGN_START);
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(chooser->list), GTK_SELECTION_NONE);
    gtk_list_box_set_filter_func(GTK_LIST_BOX(chooser->list), matches, chooser, NULL);
    gtk_list_box_set_placeholder(GTK_LIST_BOX(chooser->list), nothing());
    fill(chooser, items);
    gtk_box_append(GTK_BOX(inside), chooser->search);
    if (extra)
        gtk_box_append(GTK_BOX(inside), extra);
    gtk_box_append(GTK_BOX(inside), chooser->list);
    adw_clamp_set_child(ADW_CLAMP(clamp), inside);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), header);
    gtk_box_append(GTK_BOX(box), scrolled);
    adw_window_set_content(ADW_WINDOW(chooser->window), box);
    g_signal_connect_swapped(chooser->search, "search-changed", G_CALLBACK(gtk_list_box_invalidate_filter),
                             chooser->list);
    g_signal_connect_swapped(chooser->search, "activate", G_CALLBACK(take_first), chooser);
    g_signal_connect_swapped(chooser->search, "stop-search", G_CALLBACK(gtk_window_close), chooser->window);
    g_signal_connect_swapped(chooser->list, "row-activated", G_CALLBACK(activated), chooser);
    g_signal_connect_swapped(parent, "destroy", G_CALLBACK(parent_gone), chooser);
    gtk_window_present(chooser->window);
    gtk_widget_grab_focus(chooser->search);
    return chooser->window;
}
