/* SPDX-License-Identifier: MIT
 * Asks for a server with OpenAI's API.
 */
#include <glib/gi18n.h>

#include "remote/server_dialog.h"
#include "window.h"

typedef struct {
    AdwMessageDialog *dialog; /* holds this */
    AdwEntryRow *name, *url, *key;
    GtkLabel *note;
    LgEndpoints *endpoints;
    LgClient *client;
    GCancellable *cancellable;
    char *tried; /* the address that was asked last, and its models; NULL: none */
    GPtrArray *models;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_cancellable_cancel(parts->cancellable);
    g_object_unref(parts->cancellable);
    g_object_unref(parts->endpoints);
    g_object_unref(parts->client);
    g_free(parts->tried);
    g_clear_pointer(&parts->models, g_ptr_array_unref);
    g_free(parts);
}

static const char *text_of(AdwEntryRow *row) { return gtk_editable_get_text(GTK_EDITABLE(row)); }

static void say(Parts *parts, const char *text, gboolean is_error)
{
    gtk_label_set_text(parts->note, text);
    if (is_error)
        gtk_widget_add_css_class(GTK_WIDGET(parts->note), "error");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(parts->note), "error");
}

static LgEndpoint *endpoint_of(Parts *parts, GError **error)
{
    g_autofree char *url = lg_endpoint_clean_url(text_of(parts->url), error);
    g_autoptr(GUri) uri = url ? g_uri_parse(url, G_URI_FLAGS_NONE, NULL) : NULL;
    return url ? lg_endpoint_new("", *text_of(parts->name) ? text_of(parts->name) : g_uri_get_host(uri), url) : NULL;
}

static void check(Parts *parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LgEndpoint) endpoint = endpoint_of(parts, &error);
    adw_message_dialog_set_response_enabled(parts->dialog, "add", endpoint != NULL);
    if (!*text_of(parts->url))
        say(parts, "", FALSE);
    else if (!endpoint)
        say(parts, error->message, TRUE);
    else if (lg_endpoint_is_open(endpoint))
        say(parts, _("This address is not encrypted: others on the way can read what you write, and the key."), TRUE);
    else
        say(parts, "", FALSE);
}

static void on_tried(GObject *client, GAsyncResult *result, gpointer data)
{
    g_autoptr(GObject) dialog = data;
    Parts *parts = g_object_get_data(dialog, "parts");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = lg_client_list_models_finish(LG_CLIENT(client), result, &error);
    if (!parts || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (!names) {
        say(parts, error->message, TRUE);
        return;
    }
    g_autofree char *text =
        g_strdup_printf(g_dngettext(NULL, "It works: %u model.", "It works: %u models.", names->len), names->len);
    say(parts, text, FALSE);
    g_clear_pointer(&parts->models, g_ptr_array_unref);
    parts->models = g_steal_pointer(&names);
}

static void on_try(Parts *parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LgEndpoint) endpoint = endpoint_of(parts, &error);
    if (!endpoint) {
        say(parts, error->message, TRUE);
        return;
    }
    say(parts, _("Asking …"), FALSE);
    g_clear_pointer(&parts->models, g_ptr_array_unref);
    g_free(parts->tried);
    parts->tried = g_strdup(lg_endpoint_get_url(endpoint));
    lg_client_list_models(parts->client, endpoint, text_of(parts->key), parts->cancellable, on_tried,
                          g_object_ref(parts->dialog));
}

static void on_kept(GObject *endpoint, GAsyncResult *result, gpointer data)
{
    g_autoptr(GtkWidget) window = data; /* NULL: nobody to say it to */
    g_autoptr(GError) error = NULL;
    if (lg_endpoint_keep_key_finish(LG_ENDPOINT(endpoint), result, &error))
        return;
    g_autofree char *text = g_strdup_printf(_("The key could not be kept: %s"), error->message);
    lg_window_say(window ? lg_window_of(window) : NULL, text);
}

static void on_response(Parts *parts, const char *response)
{
    g_autoptr(LgEndpoint) endpoint = g_strcmp0(response, "add") == 0 ? endpoint_of(parts, NULL) : NULL;
    if (!endpoint)
        return;
    GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(parts->dialog));
    LgEndpoint *kept =
        lg_endpoints_add(parts->endpoints, lg_endpoint_get_name(endpoint), lg_endpoint_get_url(endpoint));
    if (parts->models && strcmp(parts->tried, lg_endpoint_get_url(endpoint)) == 0)
        lg_endpoints_set_models(parts->endpoints, lg_endpoint_get_id(kept), parts->models);
    if (*text_of(parts->key))
        lg_endpoint_keep_key(kept, text_of(parts->key), NULL, on_kept, parent ? g_object_ref(parent) : NULL);
}

static AdwEntryRow *add_entry(GtkWidget *list, GtkWidget *row, const char *title)
{
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    gtk_list_box_append(GTK_LIST_BOX(list), row);
    return ADW_ENTRY_ROW(row);
}

void lg_server_dialog_present(LgEndpoints *endpoints, LgClient *client, GtkWindow *parent)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *dialog = adw_message_dialog_new(parent, _("Add a server"), NULL);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *list = gtk_list_box_new();
    GtkWidget *try = gtk_button_new_with_mnemonic(_("_Try it"));
    parts->dialog = ADW_MESSAGE_DIALOG(dialog);
    parts->endpoints = g_object_ref(endpoints);
    parts->client = g_object_ref(client);
    parts->cancellable = g_cancellable_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
    gtk_widget_add_css_class(list, "boxed-list");
    parts->url = add_entry(list, adw_entry_row_new(), _("Address, such as https://api.example.org/v1"));
    parts->key = add_entry(list, adw_password_entry_row_new(), _("Key (kept in the keyring)"));
    parts->name = add_entry(list, adw_entry_row_new(), _("What to call it"));
    parts->note = GTK_LABEL(gtk_label_new(""));
    gtk_label_set_wrap(parts->note, TRUE);
    gtk_label_set_xalign(parts->note, 0);
    gtk_widget_set_halign(try, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(box), list);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(parts->note));
    gtk_box_append(GTK_BOX(box), try);
    adw_message_dialog_set_body(parts->dialog, _("Chats with its models are sent to it, and to nobody else."));
    adw_message_dialog_set_extra_child(parts->dialog, box);
    adw_message_dialog_add_responses(parts->dialog, "cancel", _("_Cancel"), "add", _("_Add"), NULL);
    adw_message_dialog_set_response_appearance(parts->dialog, "add", ADW_RESPONSE_SUGGESTED);
    adw_message_dialog_set_default_response(parts->dialog, "add");
    adw_message_dialog_set_response_enabled(parts->dialog, "add", FALSE);
    g_object_set_data_full(G_OBJECT(dialog), "parts", parts, free_parts);
    g_signal_connect_swapped(parts->url, "changed", G_CALLBACK(check), parts);
    g_signal_connect_swapped(try, "clicked", G_CALLBACK(on_try), parts);
    g_signal_connect_swapped(dialog, "response", G_CALLBACK(on_response), parts);
    gtk_window_present(GTK_WINDOW(dialog));
}
