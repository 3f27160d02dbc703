/* SPDX-License-Identifier: MIT
 * The page of the preferences with the servers of tools.
 */
#include <glib/gi18n.h>

#include "mcp/log_window.h"
#include "mcp/server_edit.h"
#include "mcp/servers_page.h"

typedef struct {
    LgMcpServers *servers;
    GtkListBox *list;
    GtkWidget *empty;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_object_unref(parts->servers);
    g_free(parts);
}

static GtkWindow *window_of(GtkWidget *widget)
{
    GtkRoot *root = gtk_widget_get_root(widget);
    return GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL;
}

/* --- A row ----------------------------------------------------------------------------------------------------------
 */

typedef struct {
    LgMcpServers *servers;
    LgMcpServer *server;
    AdwExpanderRow *row; /* not held: it holds this */
    GtkLabel *state;
    GtkSwitch *toggle;
    GtkWidget *again;
    gboolean showing;
} Row;

static void free_row(gpointer data)
{
    Row *row = data;
    g_signal_handlers_disconnect_by_data(row->server, row);
    g_object_unref(row->servers);
    g_object_unref(row->server);
    g_free(row);
}

static char *describe(LgMcpServer *server)
{
    const guint n = lg_mcp_server_get_tools(server)->len;
    switch (lg_mcp_server_get_state(server)) {
    case LG_MCP_STARTING:
        return g_strdup(_("Starting"));
    case LG_MCP_READY:
        return g_strdup_printf(ngettext("Running · %u tool", "Running · %u tools", n), n);
    case LG_MCP_FAILED:
        return g_strdup(lg_mcp_server_get_problem(server));
    default:
        return g_strdup(_("Off"));
    }
}

static void show_row(Row *row)
{
    const LgMcpConfig *config = lg_mcp_server_get_config(row->server);
    g_autofree char *state = describe(row->server), *title = lg_plain_text(config->name, 100, FALSE);
    g_autofree char *what = lg_plain_text(*config->url ? config->url : config->command, 300, FALSE);
    g_autofree char *markup = g_markup_escape_text(title, -1), *below = g_markup_escape_text(what, -1);
    const gboolean failed = lg_mcp_server_get_state(row->server) == LG_MCP_FAILED;
    row->showing = TRUE;
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row->row), markup);
    adw_expander_row_set_subtitle(row->row, below);
    gtk_label_set_text(row->state, state);
    (failed ? gtk_widget_add_css_class : gtk_widget_remove_css_class)(GTK_WIDGET(row->state), "error");
    gtk_widget_set_visible(row->again, failed && config->enabled);
    gtk_switch_set_active(row->toggle, config->enabled);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row->row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    row->showing = FALSE;
}

static void on_toggled(Row *row)
{
    if (!row->showing)
        lg_mcp_servers_set_enabled(row->servers, row->server, gtk_switch_get_active(row->toggle));
}

static void on_again(Row *row) { lg_mcp_server_start(row->server); }
static void on_log(Row *row) { lg_mcp_log_window_present(row->server, window_of(GTK_WIDGET(row->row))); }
static void on_edit(Row *row) { lg_mcp_server_edit(row->servers, row->server, window_of(GTK_WIDGET(row->row))); }
static void on_remove(Row *row) { lg_mcp_servers_remove(row->servers, row->server); }

static GtkWidget *add_button(GtkWidget *box, const char *label, const char *server, GCallback callback, Row *row)
{
    GtkWidget *button = gtk_button_new_with_label(label);
    g_autofree char *name = g_strdup_printf("%s: %s", label, server);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_signal_connect_swapped(button, "clicked", callback, row);
    gtk_flow_box_append(GTK_FLOW_BOX(box), button);
    gtk_widget_set_focusable(gtk_widget_get_parent(button), FALSE);
    return button;
}

static GtkWidget *new_details(Row *row)
{
    const char *name = lg_mcp_server_get_config(row->server)->name;
    GtkWidget *details = gtk_box_new(GTK_ORIENTATION_VERTICAL, 9), *box = gtk_flow_box_new();
    row->state = GTK_LABEL(gtk_label_new(NULL));
    gtk_label_set_wrap(row->state, TRUE);
    gtk_label_set_wrap_mode(row->state, PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(row->state, 0);
    gtk_label_set_selectable(row->state, TRUE);
    gtk_flow_box_set_selection_mode(GTK_FLOW_BOX(box), GTK_SELECTION_NONE);
    gtk_flow_box_set_max_children_per_line(GTK_FLOW_BOX(box), 4);
    gtk_accessible_update_property(GTK_ACCESSIBLE(box), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    row->again = add_button(box, _("Start again"), name, G_CALLBACK(on_again), row);
    add_button(box, _("Log"), name, G_CALLBACK(on_log), row);
    add_button(box, _("Edit"), name, G_CALLBACK(on_edit), row);
    add_button(box, _("Remove"), name, G_CALLBACK(on_remove), row);
    gtk_widget_set_margin_start(details, 12);
    gtk_widget_set_margin_end(details, 12);
    gtk_widget_set_margin_top(details, 9);
    gtk_widget_set_margin_bottom(details, 9);
    gtk_box_append(GTK_BOX(details), GTK_WIDGET(row->state));
    gtk_box_append(GTK_BOX(details), box);
    return details;
}

static GtkWidget *new_row(LgMcpServers *servers, LgMcpServer *server)
{
    Row *row = g_new0(Row, 1);
    GtkWidget *widget = adw_expander_row_new(), *below = gtk_list_box_row_new();
    const char *name = lg_mcp_server_get_config(server)->name;
    *row = (Row){.servers = g_object_ref(servers), .server = g_object_ref(server), .row = ADW_EXPANDER_ROW(widget)};
    row->toggle = GTK_SWITCH(gtk_switch_new());
    gtk_widget_set_valign(GTK_WIDGET(row->toggle), GTK_ALIGN_CENTER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row->toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    adw_expander_row_add_action(row->row, GTK_WIDGET(row->toggle));
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(below), new_details(row));
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(below), FALSE);
    gtk_widget_set_focusable(below, FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(below), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    adw_expander_row_add_row(row->row, below);
    adw_expander_row_set_expanded(row->row, lg_mcp_server_get_state(server) == LG_MCP_FAILED);
    show_row(row);
    g_signal_connect_swapped(row->toggle, "notify::active", G_CALLBACK(on_toggled), row);
    g_signal_connect_swapped(server, "changed", G_CALLBACK(show_row), row);
    g_object_set_data_full(G_OBJECT(widget), "row", row, free_row);
    return widget;
}

/* --- The page -------------------------------------------------------------------------------------------------------
 */

static void fill(GtkWidget *page)
{
    Parts *parts = g_object_get_data(G_OBJECT(page), "parts");
    const guint n = g_list_model_get_n_items(G_LIST_MODEL(parts->servers));
    GtkWidget *row;
    while ((row = gtk_widget_get_first_child(GTK_WIDGET(parts->list))))
        gtk_list_box_remove(parts->list, row);
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgMcpServer) server = g_list_model_get_item(G_LIST_MODEL(parts->servers), i);
        gtk_list_box_append(parts->list, new_row(parts->servers, server));
    }
    gtk_widget_set_visible(GTK_WIDGET(parts->list), n > 0);
    gtk_widget_set_visible(parts->empty, n == 0);
}

static void add(GtkWidget *page)
{
    Parts *parts = g_object_get_data(G_OBJECT(page), "parts");
    lg_mcp_server_edit(parts->servers, NULL, window_of(page));
}

static GtkWidget *new_empty(void)
{
    GtkWidget *label = gtk_label_new(_("There are none yet."));
    gtk_widget_add_css_class(label, "dim-label");
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    return label;
}

GtkWidget *lg_mcp_servers_page_new(LgMcpServers *servers)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *page = adw_preferences_page_new(), *group = adw_preferences_group_new();
    GtkWidget *button = gtk_button_new_from_icon_name("list-add-symbolic");
    *parts = (Parts){.servers = g_object_ref(servers), .list = GTK_LIST_BOX(gtk_list_box_new()), .empty = new_empty()};
    adw_preferences_page_set_title(ADW_PREFERENCES_PAGE(page), _("Tools"));
    adw_preferences_page_set_icon_name(ADW_PREFERENCES_PAGE(page), "applications-utilities-symbolic");
    adw_preferences_page_set_name(ADW_PREFERENCES_PAGE(page), "tools");
    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), _("Servers of tools"));
    adw_preferences_group_set_description(
        ADW_PREFERENCES_GROUP(group),
        _("Programs and servers that speak the Model Context Protocol. None runs before it is switched on here, and no "
          "tool is used before you have allowed it in the chat. A program runs with your rights: it may read your "
          "files "
          "and use the network, also while the app works offline."));
    gtk_list_box_set_selection_mode(parts->list, GTK_SELECTION_NONE);
    gtk_widget_add_css_class(GTK_WIDGET(parts->list), "boxed-list");
    gtk_accessible_update_property(GTK_ACCESSIBLE(parts->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Servers of tools"),
                                   -1);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(button, _("Add a server of tools"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Add a server of tools"),
                                   -1);
    adw_preferences_group_set_header_suffix(ADW_PREFERENCES_GROUP(group), button);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), GTK_WIDGET(parts->list));
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), parts->empty);
    adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(group));
    g_object_set_data_full(G_OBJECT(page), "parts", parts, free_parts);
    g_signal_connect_object(button, "clicked", G_CALLBACK(add), page, G_CONNECT_SWAPPED);
    g_signal_connect_object(servers, "items-changed", G_CALLBACK(fill), page, G_CONNECT_SWAPPED);
    fill(page);
    return page;
}
