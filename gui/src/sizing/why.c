/* SPDX-License-Identifier: MIT
 * Why a figure is what it is.
 */
#include "why.h"

#include <glib/gi18n.h>

typedef struct {
    LgReport *report;
    GtkWindow *window;
    GtkWidget *place, *back;
    GPtrArray *trail; /* char *: paths, the last is shown */
} Why;

static void show(Why *why);

static void free_why(gpointer pointer)
{
    Why *why = pointer;
    lg_report_unref(why->report);
    g_ptr_array_unref(why->trail);
    g_free(why);
}

static GtkWidget *text(const char *words, const char *class)
{
    GtkWidget *label = gtk_label_new(words);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(label, class);
    return label;
}

static void add_part(GtkWidget *box, const char *heading, const char *words, const char *class)
{
    if (!words || !*words)
        return;
    GtkWidget *head = gtk_label_new(heading);
    gtk_label_set_xalign(GTK_LABEL(head), 0);
    gtk_widget_add_css_class(head, "heading");
    gtk_box_append(GTK_BOX(box), head);
    gtk_box_append(GTK_BOX(box), text(words, class));
}

static void follow(Why *why, AdwActionRow *row)
{
    g_ptr_array_add(why->trail, g_strdup(g_object_get_data(G_OBJECT(row), "path")));
    show(why);
}

/* Labels that can be selected would take the focus; a button that copies is easier to reach, too. */
static void copy(Why *why)
{
    const LgFigure *figure = lg_report_find(why->report, g_ptr_array_index(why->trail, why->trail->len - 1));
    g_autofree char *value = lg_figure_text(figure);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "%s: %s\n", figure->label, value);
    if (figure->formula)
        g_string_append_printf(text, "%s = %s\n", figure->path, figure->formula);
    if (figure->substituted)
        g_string_append_printf(text, "= %s\n", figure->substituted);
    if (figure->source)
        g_string_append_printf(text, "%s: %s\n", _("Source"), figure->source);
    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(why->window)), text->str);
}

static void go_back(Why *why)
{
    if (why->trail->len < 2)
        return;
    g_ptr_array_set_size(why->trail, (gint)why->trail->len - 1);
    show(why);
}

static void add_inputs(Why *why, GtkWidget *box, const LgFigure *figure)
{
    GtkWidget *list = gtk_list_box_new();
    guint n = 0;
    gtk_widget_add_css_class(list, "boxed-list");
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Worked out from"), -1);
    for (guint i = 0; i < figure->inputs->len; i++) {
        const LgFigure *input = lg_report_find(why->report, g_ptr_array_index(figure->inputs, i));
        if (!input)
            continue;
        GtkWidget *row = adw_action_row_new(), *value;
        g_autofree char *words = lg_figure_text(input), *name = g_strdup_printf("%s: %s", input->label, words);
        adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), input->label);
        if (lg_figure_is_named(input))
            adw_action_row_set_subtitle(ADW_ACTION_ROW(row), input->path);
        value = gtk_label_new(words);
        gtk_widget_add_css_class(value, "numeric");
        adw_action_row_add_suffix(ADW_ACTION_ROW(row), value);
        gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
        gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        g_object_set_data_full(G_OBJECT(row), "path", g_strdup(input->path), g_free);
        g_signal_connect_swapped(row, "activated", G_CALLBACK(follow), why);
        gtk_list_box_append(GTK_LIST_BOX(list), row);
        n++;
    }
    if (!n) {
        g_object_ref_sink(list);
        g_object_unref(list);
        return;
    }
    GtkWidget *head = gtk_label_new(_("Worked out from"));
    gtk_label_set_xalign(GTK_LABEL(head), 0);
    gtk_widget_add_css_class(head, "heading");
    gtk_box_append(GTK_BOX(box), head);
    gtk_box_append(GTK_BOX(box), list);
}

static void show(Why *why)
{
    const LgFigure *figure = lg_report_find(why->report, g_ptr_array_index(why->trail, why->trail->len - 1));
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 9);
    g_autofree char *value = lg_figure_text(figure), *range = lg_figure_range(figure);
    gtk_widget_set_margin_start(box, 18);
    gtk_widget_set_margin_end(box, 18);
    gtk_widget_set_margin_top(box, 6);
    gtk_widget_set_margin_bottom(box, 18);
    gtk_box_append(GTK_BOX(box), text(figure->label, "title-3"));
    gtk_box_append(GTK_BOX(box), text(value, "title-1"));
    if (range) {
        g_autofree char *words = g_strdup_printf(_("%s in eight of ten cases"), range);
        gtk_box_append(GTK_BOX(box), text(words, "dim-label"));
    }
    add_part(box, _("Formula"), figure->formula, "monospace");
    if (g_strcmp0(figure->formula, figure->substituted) != 0)
        add_part(box, _("With numbers"), figure->substituted, "monospace");
    add_part(box, _("Source"), figure->source, "body");
    if (!figure->formula && !figure->source)
        gtk_box_append(GTK_BOX(box), text(_("Taken as given."), "body"));
    add_inputs(why, box, figure);
    add_part(box, _("In the report"), figure->path, "monospace");
    adw_bin_set_child(ADW_BIN(why->place), box);
    gtk_widget_set_visible(why->back, why->trail->len > 1);
}

static gboolean key_pressed(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, Why *why)
{
    if (key == GDK_KEY_Escape)
        gtk_window_close(why->window);
    else if (key == GDK_KEY_Left && (state & GDK_ALT_MASK))
        go_back(why);
    else
        return GDK_EVENT_PROPAGATE;
    return GDK_EVENT_STOP;
}

GtkWindow *lg_why_show(GtkWidget *parent, LgReport *report, const char *path)
{
    enum { WIDTH = 460, HEIGHT = 560 };
    if (!lg_report_find(report, path))
        return NULL;
    Why *why = g_new0(Why, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *header = adw_header_bar_new();
    GtkWidget *scrolled = gtk_scrolled_window_new();
    GtkEventController *keys = gtk_event_controller_key_new();
    why->report = lg_report_ref(report);
    why->window = GTK_WINDOW(adw_window_new());
    why->trail = g_ptr_array_new_with_free_func(g_free);
    why->place = adw_bin_new();
    why->back = gtk_button_new_from_icon_name("go-previous-symbolic");
    gtk_widget_set_tooltip_text(why->back, _("Back"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(why->back), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Back"), -1);
    g_signal_connect_swapped(why->back, "clicked", G_CALLBACK(go_back), why);
    GtkWidget *copier = gtk_button_new_from_icon_name("edit-copy-symbolic");
    gtk_widget_set_tooltip_text(copier, _("Copy"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(copier), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Copy"), -1);
    g_signal_connect_swapped(copier, "clicked", G_CALLBACK(copy), why);
    g_object_set_data_full(G_OBJECT(why->window), "why", why, free_why);
    gtk_window_set_title(why->window, _("Why"));
    gtk_window_set_modal(why->window, TRUE);
    gtk_window_set_default_size(why->window, WIDTH, HEIGHT);
    gtk_widget_set_size_request(GTK_WIDGET(why->window), 340, -1);
    if (GTK_IS_WINDOW(gtk_widget_get_root(parent)))
        gtk_window_set_transient_for(why->window, GTK_WINDOW(gtk_widget_get_root(parent)));
    g_signal_connect(keys, "key-pressed", G_CALLBACK(key_pressed), why);
    gtk_widget_add_controller(GTK_WIDGET(why->window), keys);
    adw_header_bar_pack_start(ADW_HEADER_BAR(header), why->back);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), copier);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), why->place);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Why"), -1);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), header);
    gtk_box_append(GTK_BOX(box), scrolled);
    adw_window_set_content(ADW_WINDOW(why->window), box);
    g_ptr_array_add(why->trail, g_strdup(path));
    show(why);
    gtk_window_present(why->window);
    return why->window;
}
