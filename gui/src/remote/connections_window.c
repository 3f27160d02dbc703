/* SPDX-License-Identifier: MIT
 * The switch for working offline, and every connection that was ever made or refused, a page of them at a time.
 */
#include <glib/gi18n.h>

#include "remote/connections_window.h"

#define PAGE 200

typedef struct {
    LgNetwork *network;
    LgStore *store;
    GtkListBox *list;
    GtkWidget *empty, *more;
    gint64 oldest; /* id of the last row */
    GCancellable *cancellable;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_signal_handlers_disconnect_by_data(parts->network, parts);
    g_cancellable_cancel(parts->cancellable);
    g_object_unref(parts->cancellable);
    g_object_unref(parts->network);
    g_clear_object(&parts->store);
    g_free(parts);
}

/* How the history calls purposes, and outcomes that are no message of an error, in the language of the interface. */
static const char *text_of(const char *word)
{
    static const struct {
        const char *word, *text;
    } texts[] = {{"chat", N_("Answer")},
                 {"models", N_("Models of a server")},
                 {"search", N_("Search for models")},
                 {"list", N_("Headers of models")},
                 {"download", N_("Download")},
                 {"tools", N_("Tools")},
                 {"offline switch", N_("refused, as the app works offline")},
                 {"no answer", N_("no answer")}};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_strcmp0(word, texts[i].word) == 0)
            return _(texts[i].text);
    return word;
}

static void add_row(Parts *parts, const LgConnection *c)
{
    GtkWidget *row = adw_action_row_new();
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(c->started / G_USEC_PER_SEC);
    g_autofree char *when = g_date_time_format(time, "%x %X");
    const char *purpose = text_of(c->purpose), *outcome = text_of(c->outcome);
    g_autofree char *bytes = c->received >= 0 ? g_format_size((guint64)c->received) : g_strdup("?");
    g_autofree char *sent = c->sent >= 0 ? g_format_size((guint64)c->sent) : g_strdup("?");
    g_autofree char *status = c->status ? g_strdup_printf("%d", c->status) : g_strdup("–");
    g_autofree char *below =
        outcome ? g_strdup_printf("%s · %s · %s", when, purpose, outcome)
                /* Translators: time, purpose, status of HTTP, bytes sent, bytes received */
                : g_strdup_printf(_("%s · %s · status %s · %s sent, %s received"), when, purpose, status, sent, bytes);
    g_autofree char *title = g_markup_escape_text(c->url, -1), *subtitle = g_markup_escape_text(below, -1);
    g_autofree char *label = g_strdup_printf("%s, %s", c->url, below);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    adw_action_row_set_title_lines(ADW_ACTION_ROW(row), 3);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    if (outcome) {
        GtkWidget *image = gtk_image_new_from_icon_name("action-unavailable-symbolic");
        gtk_widget_set_tooltip_text(image, outcome);
        adw_action_row_add_suffix(ADW_ACTION_ROW(row), image);
    }
    gtk_list_box_append(parts->list, row);
    parts->oldest = c->id;
}

static void show_rows(Parts *parts, gboolean may_have_more)
{
    const gboolean has_rows = gtk_list_box_get_row_at_index(parts->list, 0) != NULL;
    gtk_widget_set_visible(GTK_WIDGET(parts->list), has_rows);
    gtk_widget_set_visible(parts->empty, !has_rows);
    gtk_widget_set_visible(parts->more, may_have_more);
}

static gpointer list_connections(LgStore *store, gpointer before, GCancellable *cancellable, GError **error)
{
    return lg_store_list_connections(store, *(gint64 *)before, PAGE, error);
}

static void on_listed(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(GObject) window = data;
    Parts *parts = g_object_get_data(window, "parts");
    g_autoptr(GPtrArray) rows = lg_store_array_finish(LG_STORE(store), result, NULL);
    for (guint i = 0; parts && rows && i < rows->len; i++)
        add_row(parts, rows->pdata[i]);
    if (parts)
        show_rows(parts, rows && rows->len == PAGE);
}

static void load_more(GtkWidget *window)
{
    Parts *parts = g_object_get_data(G_OBJECT(window), "parts");
    if (parts->store) {
        lg_store_run_async(parts->store, list_connections, g_memdup2(&parts->oldest, sizeof parts->oldest), g_free,
                           (GDestroyNotify)g_ptr_array_unref, parts->cancellable, on_listed, g_object_ref(window));
        return;
    }
    GListModel *notes = lg_network_get_notes(parts->network);
    for (guint i = g_list_model_get_n_items(notes); i-- > 0;) {
        g_autoptr(LgConnection) note = g_list_model_get_item(notes, i);
        add_row(parts, note);
    }
    show_rows(parts, FALSE);
}

static void reload(GtkWidget *window)
{
    Parts *parts = g_object_get_data(G_OBJECT(window), "parts");
    GtkWidget *row;
    while ((row = gtk_widget_get_first_child(GTK_WIDGET(parts->list))))
        gtk_list_box_remove(parts->list, row);
    parts->oldest = 0;
    load_more(window);
}

static GtkWidget *new_switch_row(LgNetwork *network)
{
    GtkWidget *row = adw_action_row_new(), *toggle = gtk_switch_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), _("Work offline"));
    adw_action_row_set_subtitle(
        ADW_ACTION_ROW(row),
        _("No connection is opened and no helper program started, whatever is asked for. Only servers "
          "of tools that run as programs on this computer are left alone."));
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
    gtk_widget_set_valign(toggle, GTK_ALIGN_CENTER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Work offline"), -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Work offline"), -1);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), toggle);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), toggle);
    g_object_bind_property(network, "offline", toggle, "active", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
    return row;
}

static GtkWidget *new_list(const char *label)
{
    GtkWidget *list = gtk_list_box_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
    gtk_widget_add_css_class(list, "boxed-list");
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    return list;
}

static void close_with_escape(GtkWidget *window)
{
    GtkEventController *keys = gtk_shortcut_controller_new();
    gtk_shortcut_controller_add_shortcut(
        GTK_SHORTCUT_CONTROLLER(keys),
        gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0), gtk_named_action_new("window.close")));
    gtk_widget_add_controller(window, keys);
}

void lg_connections_window_present(LgNetwork *network, LgStore *store, GtkWindow *parent)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *window = adw_window_new(), *outer = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *page = adw_preferences_page_new(), *group = adw_preferences_group_new();
    GtkWidget *first = adw_preferences_group_new();
    *parts = (Parts){.network = g_object_ref(network),
                     .store = store ? g_object_ref(store) : NULL,
                     .list = GTK_LIST_BOX(new_list(_("Connections"))),
                     .empty = adw_status_page_new(),
                     .more = gtk_button_new_with_mnemonic(_("Show _older ones")),
                     .cancellable = g_cancellable_new()};
    gtk_window_set_title(GTK_WINDOW(window), _("Connections"));
    gtk_window_set_default_size(GTK_WINDOW(window), 640, 560);
    gtk_window_set_transient_for(GTK_WINDOW(window), parent);
    gtk_window_set_modal(GTK_WINDOW(window), parent != NULL);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(window), TRUE);
    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), _("Every connection that was ever made"));
    adw_status_page_set_title(ADW_STATUS_PAGE(parts->empty), _("None"));
    adw_status_page_set_icon_name(ADW_STATUS_PAGE(parts->empty), "network-offline-symbolic");
    adw_status_page_set_description(ADW_STATUS_PAGE(parts->empty), _("Nothing has left this computer."));
    gtk_widget_set_halign(parts->more, GTK_ALIGN_CENTER);
    gtk_widget_set_margin_top(parts->more, 12);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(first), new_switch_row(network));
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), GTK_WIDGET(parts->list));
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), parts->empty);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), parts->more);
    adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(first));
    adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(group));
    gtk_box_append(GTK_BOX(outer), adw_header_bar_new());
    gtk_widget_set_vexpand(page, TRUE);
    gtk_box_append(GTK_BOX(outer), page);
    adw_window_set_content(ADW_WINDOW(window), outer);
    g_object_set_data_full(G_OBJECT(window), "parts", parts, free_parts);
    g_signal_connect_swapped(parts->more, "clicked", G_CALLBACK(load_more), window);
    if (store)
        g_signal_connect_object(store, "connections-changed", G_CALLBACK(reload), window, G_CONNECT_SWAPPED);
    else
        g_signal_connect_object(network, "noted", G_CALLBACK(reload), window, G_CONNECT_SWAPPED);
    load_more(window);
    close_with_escape(window);
    gtk_window_present(GTK_WINDOW(window));
}
