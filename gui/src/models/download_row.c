/* SPDX-License-Identifier: MIT
 * A row for a download.
 */
#include <glib/gi18n.h>

#include "models/download_row.h"

typedef struct {
    GtkLabel *text;
    GtkProgressBar *bar;
    GtkButton *toggle;
    LgDownload *download;
    LgDownloads *downloads;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_signal_handlers_disconnect_by_data(parts->download, parts);
    g_object_unref(parts->download);
    g_object_unref(parts->downloads);
    g_free(parts);
}

static void name_button(GtkButton *button, const char *icon, const char *format, const char *name)
{
    g_autofree char *label = g_strdup_printf(format, name);
    gtk_button_set_icon_name(button, icon);
    gtk_widget_set_tooltip_text(GTK_WIDGET(button), label);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void show(gpointer data)
{
    const Parts *parts = data;
    LgDownload *download = parts->download;
    g_autofree char *text = lg_download_describe(download);
    const double share = lg_download_get_share(download);
    const gboolean runs = lg_download_get_state(download) == LG_DOWNLOAD_RUNNING;
    const gboolean failed = lg_download_get_state(download) == LG_DOWNLOAD_FAILED;
    gtk_label_set_text(parts->text, text);
    if (failed)
        gtk_widget_add_css_class(GTK_WIDGET(parts->text), "error");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(parts->text), "error");
    gtk_progress_bar_set_fraction(parts->bar, share > 0 ? share : 0);
    gtk_widget_set_visible(GTK_WIDGET(parts->bar), share >= 0 && !failed);
    if (runs)
        name_button(parts->toggle, "media-playback-pause-symbolic", _("Pause the download of %s"),
                    lg_download_get_name(download));
    else
        name_button(parts->toggle, failed ? "view-refresh-symbolic" : "media-playback-start-symbolic",
                    _("Go on with the download of %s"), lg_download_get_name(download));
}

static void on_toggle(gpointer data)
{
    const Parts *parts = data;
    if (lg_download_get_state(parts->download) == LG_DOWNLOAD_RUNNING)
        lg_download_pause(parts->download);
    else
        lg_download_start(parts->download);
}

static void on_cancel(gpointer data)
{
    const Parts *parts = data;
    lg_downloads_remove(parts->downloads, parts->download);
}

GtkWidget *lg_download_row_new(LgDownload *download, LgDownloads *downloads)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *row = gtk_list_box_row_new(), *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4),
              *title = gtk_label_new(lg_download_get_name(download));
    GtkWidget *cancel = gtk_button_new();
    parts->download = g_object_ref(download);
    parts->downloads = g_object_ref(downloads);
    parts->text = GTK_LABEL(gtk_label_new(NULL));
    parts->bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
    parts->toggle = GTK_BUTTON(gtk_button_new());
    name_button(GTK_BUTTON(cancel), "window-close-symbolic", _("Cancel the download of %s"),
                lg_download_get_name(download));
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_xalign(parts->text, 0);
    gtk_label_set_wrap(parts->text, TRUE);
    gtk_widget_add_css_class(GTK_WIDGET(parts->text), "caption");
    gtk_accessible_update_property(GTK_ACCESSIBLE(parts->bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   lg_download_get_name(download), -1);
    gtk_widget_set_hexpand(column, TRUE);
    gtk_box_append(GTK_BOX(column), title);
    gtk_box_append(GTK_BOX(column), GTK_WIDGET(parts->bar));
    gtk_box_append(GTK_BOX(column), GTK_WIDGET(parts->text));
    gtk_box_append(GTK_BOX(line), column);
    gtk_box_append(GTK_BOX(line), GTK_WIDGET(parts->toggle));
    gtk_box_append(GTK_BOX(line), cancel);
    GtkWidget *const buttons[] = {GTK_WIDGET(parts->toggle), cancel};
    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        gtk_widget_set_valign(buttons[i], GTK_ALIGN_CENTER);
        gtk_widget_add_css_class(buttons[i], "flat");
    }
    gtk_widget_set_margin_start(line, 12);
    gtk_widget_set_margin_end(line, 6);
    gtk_widget_set_margin_top(line, 8);
    gtk_widget_set_margin_bottom(line, 8);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), line);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, lg_download_get_name(download),
                                   -1);
    g_object_set_data_full(G_OBJECT(row), "parts", parts, free_parts);
    g_signal_connect_data(download, "changed", G_CALLBACK(show), parts, NULL, G_CONNECT_SWAPPED);
    g_signal_connect_data(parts->toggle, "clicked", G_CALLBACK(on_toggle), parts, NULL, G_CONNECT_SWAPPED);
    g_signal_connect_data(cancel, "clicked", G_CALLBACK(on_cancel), parts, NULL, G_CONNECT_SWAPPED);
    show(parts);
    return row;
}
