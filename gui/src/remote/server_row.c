/* SPDX-License-Identifier: MIT
 * A row for a server. It is asked for its models when the row is opened, not before.
 */
#include <glib/gi18n.h>

#include "remote/server_row.h"

typedef struct {
    AdwExpanderRow *row; /* not held: it holds this */
    LgEndpoints *endpoints;
    LgEndpoint *endpoint;
    LgClient *client;
    GCancellable *cancellable;
    GPtrArray *rows;
    gboolean is_filled;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_cancellable_cancel(parts->cancellable);
    g_object_unref(parts->cancellable);
    g_object_unref(parts->endpoints);
    g_object_unref(parts->endpoint);
    g_object_unref(parts->client);
    g_ptr_array_unref(parts->rows);
    g_free(parts);
}

static void clear(Parts *parts)
{
    for (guint i = 0; i < parts->rows->len; i++)
        adw_expander_row_remove(parts->row, parts->rows->pdata[i]);
    g_ptr_array_set_size(parts->rows, 0);
}

static GtkWidget *add(Parts *parts, const char *title)
{
    GtkWidget *row = adw_action_row_new();
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), escaped);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    adw_expander_row_add_row(parts->row, row);
    g_ptr_array_add(parts->rows, row);
    return row;
}

static void on_models(GObject *client, GAsyncResult *result, gpointer data)
{
    g_autoptr(GtkWidget) widget = data;
    Parts *parts = g_object_get_data(G_OBJECT(widget), "parts");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = lg_client_list_models_finish(LG_CLIENT(client), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !parts)
        return;
    clear(parts);
    parts->is_filled = names != NULL;
    if (names)
        lg_endpoints_set_models(parts->endpoints, lg_endpoint_get_id(parts->endpoint), names);
    if (!names || names->len == 0)
        add(parts, error ? error->message : _("The server has no models."));
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *name = lg_remote_name(parts->endpoint, names->pdata[i]);
        GtkWidget *row = add(parts, names->pdata[i]);
        gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(row), "s", name);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(row), "models.use-remote");
        adw_action_row_add_suffix(ADW_ACTION_ROW(row), gtk_image_new_from_icon_name("go-next-symbolic"));
    }
}

static void on_expanded(AdwExpanderRow *row)
{
    Parts *parts = g_object_get_data(G_OBJECT(row), "parts");
    if (!adw_expander_row_get_expanded(row) || parts->is_filled)
        return;
    clear(parts);
    add(parts, _("Asking for its models …"));
    lg_client_list_models(parts->client, parts->endpoint, NULL, parts->cancellable, on_models, g_object_ref(row));
}

static void on_sees_changed(AdwExpanderRow *row, GParamSpec *property, GtkSwitch *control)
{
    Parts *parts = g_object_get_data(G_OBJECT(row), "parts");
    lg_endpoints_set_sees(parts->endpoints, lg_endpoint_get_id(parts->endpoint), gtk_switch_get_active(control));
}

/* Nobody can ask a server for it. */
static GtkWidget *new_sees_row(Parts *parts)
{
    GtkWidget *row = adw_action_row_new(), *control = gtk_switch_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), _("Its models see images"));
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), _("Images that are attached are sent to it"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Its models see images"),
                                   -1);
    gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
    gtk_switch_set_active(GTK_SWITCH(control),
                          lg_endpoints_get_sees(parts->endpoints, lg_endpoint_get_id(parts->endpoint)));
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), control);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), control);
    g_signal_connect_object(control, "notify::active", G_CALLBACK(on_sees_changed), parts->row, G_CONNECT_SWAPPED);
    return row;
}

GtkWidget *lg_server_row_new(LgEndpoints *endpoints, LgEndpoint *endpoint, LgClient *client)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *row = adw_expander_row_new(), *remove = gtk_button_new_from_icon_name("user-trash-symbolic");
    g_autofree char *title = g_markup_escape_text(lg_endpoint_get_name(endpoint), -1);
    g_autofree char *url = g_markup_escape_text(lg_endpoint_get_url(endpoint), -1);
    g_autofree char *below =
        lg_endpoint_is_open(endpoint) ? g_strdup_printf(_("%s · not encrypted"), url) : g_strdup(url);
    g_autofree char *label = g_strdup_printf(_("Remove %s"), lg_endpoint_get_name(endpoint));
    *parts = (Parts){.row = ADW_EXPANDER_ROW(row),
                     .endpoints = g_object_ref(endpoints),
                     .endpoint = g_object_ref(endpoint),
                     .client = g_object_ref(client),
                     .cancellable = g_cancellable_new(),
                     .rows = g_ptr_array_new()};
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(row), below);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, lg_endpoint_get_name(endpoint),
                                   -1);
    gtk_widget_set_valign(remove, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(remove, "flat");
    gtk_widget_set_tooltip_text(remove, label);
    gtk_accessible_update_property(GTK_ACCESSIBLE(remove), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    gtk_actionable_set_action_target(GTK_ACTIONABLE(remove), "s", lg_endpoint_get_id(endpoint));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(remove), "models.remove-server");
    adw_expander_row_add_action(ADW_EXPANDER_ROW(row), remove);
    g_object_set_data_full(G_OBJECT(row), "parts", parts, free_parts);
    adw_expander_row_add_row(ADW_EXPANDER_ROW(row), new_sees_row(parts));
    g_signal_connect(row, "notify::expanded", G_CALLBACK(on_expanded), NULL);
    return row;
}
