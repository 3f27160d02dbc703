/* SPDX-License-Identifier: MIT
 * The log of a server of tools.
 */
#include <glib/gi18n.h>

#include "mcp/log_window.h"

#define LATER_MS 200 /* a server may write much */

typedef struct {
    LgMcpServer *server;
    GtkTextBuffer *buffer; /* the view's */
    guint later;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_signal_handlers_disconnect_by_data(parts->server, parts);
    if (parts->later)
        g_source_remove(parts->later);
    g_object_unref(parts->server);
    g_free(parts);
}

static gboolean show(gpointer data)
{
    Parts *parts = data;
    g_autofree char *log = lg_mcp_server_get_log(parts->server);
    parts->later = 0;
    gtk_text_buffer_set_text(parts->buffer, *log ? log : _("It has written nothing yet."), -1);
    return G_SOURCE_REMOVE;
}

static void show_later(Parts *parts)
{
    if (!parts->later)
        parts->later = g_timeout_add(LATER_MS, show, parts);
}

void lg_mcp_log_window_present(LgMcpServer *server, GtkWindow *parent)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *window = adw_window_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *scroller = gtk_scrolled_window_new(), *view = gtk_text_view_new();
    g_autofree char *title = g_strdup_printf(_("Log of %s"), lg_mcp_server_get_config(server)->name);
    parts->server = g_object_ref(server);
    parts->buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(view));
    gtk_window_set_title(GTK_WINDOW(window), title);
    gtk_window_set_default_size(GTK_WINDOW(window), 640, 420);
    gtk_window_set_transient_for(GTK_WINDOW(window), parent);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(window), TRUE);
    gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
    gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view), 12);
    gtk_text_view_set_right_margin(GTK_TEXT_VIEW(view), 12);
    gtk_text_view_set_top_margin(GTK_TEXT_VIEW(view), 9);
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), view);
    gtk_widget_set_vexpand(scroller, TRUE);
    gtk_box_append(GTK_BOX(box), adw_header_bar_new());
    gtk_box_append(GTK_BOX(box), scroller);
    adw_window_set_content(ADW_WINDOW(window), box);
    g_object_set_data_full(G_OBJECT(window), "parts", parts, free_parts);
    g_signal_connect_swapped(server, "logged", G_CALLBACK(show_later), parts);
    show(parts);
    gtk_window_present(GTK_WINDOW(window));
}
