/* SPDX-License-Identifier: MIT
 * Asks what a server of tools is: a program or an address.
 */
#include <glib/gi18n.h>

#include "mcp/server_edit.h"
#include "remote/endpoints.h"

typedef struct {
    AdwMessageDialog *dialog; /* holds this */
    AdwEntryRow *name, *command, *environment, *url, *key;
    AdwComboRow *kind;
    GtkLabel *note;
    LgMcpServers *servers;
    LgMcpServer *server; /* NULL: a new one */
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_object_unref(parts->servers);
    g_clear_object(&parts->server);
    g_free(parts);
}

static const char *text_of(AdwEntryRow *row) { return gtk_editable_get_text(GTK_EDITABLE(row)); }

static gboolean is_program(const Parts *parts) { return adw_combo_row_get_selected(parts->kind) == 0; }

/* Variables stand on one line, as the shell has them: NAME=VALUE OTHER='with blanks'. */
static char *lines_of(const char *text)
{
    g_auto(GStrv) words = NULL;
    return g_shell_parse_argv(text, NULL, &words, NULL) ? g_strjoinv("\n", words) : g_strdup(text);
}

static char *line_of(const char *lines)
{
    g_auto(GStrv) words = g_strsplit(lines, "\n", -1);
    GString *text = g_string_new(NULL);
    for (guint i = 0; words[i]; i++) {
        g_autofree char *quoted = g_shell_quote(words[i]);
        if (*words[i])
            g_string_append_printf(text, "%s%s", text->len ? " " : "",
                                   strpbrk(words[i], " '\"\\$") ? quoted : words[i]);
    }
    return g_string_free(text, FALSE);
}

static LgMcpConfig *config_of(const Parts *parts)
{
    const LgMcpConfig *before = parts->server ? lg_mcp_server_get_config(parts->server) : NULL;
    LgMcpConfig *config = g_new0(LgMcpConfig, 1);
    config->id = g_strdup(before ? before->id : "");
    config->enabled = before && before->enabled;
    config->name = g_strstrip(g_strdup(text_of(parts->name)));
    config->command = g_strdup(is_program(parts) ? text_of(parts->command) : "");
    config->environment = is_program(parts) ? lines_of(text_of(parts->environment)) : g_strdup("");
    config->url = g_strdup(is_program(parts) ? "" : text_of(parts->url));
    return config;
}

static void check(Parts *parts)
{
    g_autoptr(LgMcpConfig) config = config_of(parts);
    g_autofree char *problem = NULL;
    const char *what = is_program(parts) ? text_of(parts->command) : text_of(parts->url);
    gtk_widget_set_visible(GTK_WIDGET(parts->command), is_program(parts));
    gtk_widget_set_visible(GTK_WIDGET(parts->environment), is_program(parts));
    gtk_widget_set_visible(GTK_WIDGET(parts->url), !is_program(parts));
    gtk_widget_set_visible(GTK_WIDGET(parts->key), !is_program(parts));
    if (!is_program(parts) && !*what)
        problem = g_strdup("");
    else
        problem = lg_mcp_config_check(config);
    adw_message_dialog_set_response_enabled(parts->dialog, "keep", problem == NULL);
    if (!problem && *config->url) {
        g_autoptr(LgEndpoint) endpoint = lg_endpoint_new("", "", config->url);
        if (lg_endpoint_is_open(endpoint))
            problem =
                g_strdup(_("This address is not encrypted: others on the way can read what you write, and the key."));
    }
    gtk_label_set_text(parts->note, problem && *what && *config->name ? problem : "");
}

static void on_kept(GObject *endpoint, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    if (!lg_endpoint_keep_key_finish(LG_ENDPOINT(endpoint), result, &error))
        g_warning("the key is not kept: %s", error->message);
}

static void on_response(Parts *parts, const char *response)
{
    g_autoptr(LgMcpConfig) config = config_of(parts);
    g_autofree char *problem = lg_mcp_config_check(config);
    if (g_strcmp0(response, "keep") != 0 || problem)
        return;
    if (parts->server)
        lg_mcp_servers_change(parts->servers, parts->server, config);
    const LgMcpConfig *kept =
        parts->server ? config : lg_mcp_server_get_config(lg_mcp_servers_add(parts->servers, config));
    if (!*kept->url || !*text_of(parts->key))
        return;
    g_autoptr(LgEndpoint) endpoint = lg_endpoint_new(kept->id, kept->name, kept->url);
    lg_endpoint_keep_key(endpoint, text_of(parts->key), NULL, on_kept, NULL);
}

static AdwEntryRow *add_entry(GtkWidget *list, GtkWidget *row, const char *title, const char *text)
{
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    gtk_editable_set_text(GTK_EDITABLE(row), text);
    gtk_list_box_append(GTK_LIST_BOX(list), row);
    return ADW_ENTRY_ROW(row);
}

static GtkWidget *new_fields(Parts *parts)
{
    const LgMcpConfig *before = parts->server ? lg_mcp_server_get_config(parts->server) : NULL;
    const char *const kinds[] = {_("A program of this computer"), _("A server at an address"), NULL};
    g_autoptr(GtkStringList) names = gtk_string_list_new(kinds);
    g_autofree char *environment = line_of(before ? before->environment : "");
    GtkWidget *list = gtk_list_box_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
    gtk_widget_add_css_class(list, "boxed-list");
    parts->kind = ADW_COMBO_ROW(adw_combo_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(parts->kind), _("Kind"));
    adw_combo_row_set_model(parts->kind, G_LIST_MODEL(names));
    adw_combo_row_set_selected(parts->kind, before && *before->url ? 1 : 0);
    parts->name = add_entry(list, adw_entry_row_new(), _("Name"), before ? before->name : "");
    gtk_list_box_append(GTK_LIST_BOX(list), GTK_WIDGET(parts->kind));
    parts->command =
        add_entry(list, adw_entry_row_new(), _("Command, such as uvx mcp-server-time"), before ? before->command : "");
    parts->environment =
        add_entry(list, adw_entry_row_new(), _("Environment, such as LEVEL=3 NAME='a b'"), environment);
    parts->url = add_entry(list, adw_entry_row_new(), _("Address, such as https://tools.example.org/mcp"),
                           before ? before->url : "");
    parts->key = add_entry(list, adw_password_entry_row_new(), _("Key (kept in the keyring)"), "");
    return list;
}

void lg_mcp_server_edit(LgMcpServers *servers, LgMcpServer *server, GtkWindow *parent)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *dialog =
        adw_message_dialog_new(parent, server ? _("Edit a server of tools") : _("Add a server of tools"), NULL);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    parts->dialog = ADW_MESSAGE_DIALOG(dialog);
    parts->servers = g_object_ref(servers);
    parts->server = server ? g_object_ref(server) : NULL;
    parts->note = GTK_LABEL(gtk_label_new(""));
    gtk_label_set_wrap(parts->note, TRUE);
    gtk_label_set_xalign(parts->note, 0);
    gtk_widget_add_css_class(GTK_WIDGET(parts->note), "error");
    gtk_box_append(GTK_BOX(box), new_fields(parts));
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(parts->note));
    adw_message_dialog_set_body(
        parts->dialog, _("Only take programs and servers that you trust. What a tool is given is sent to them."));
    adw_message_dialog_set_extra_child(parts->dialog, box);
    adw_message_dialog_add_responses(parts->dialog, "cancel", _("_Cancel"), "keep", server ? _("_Save") : _("_Add"),
                                     NULL);
    adw_message_dialog_set_response_appearance(parts->dialog, "keep", ADW_RESPONSE_SUGGESTED);
    adw_message_dialog_set_default_response(parts->dialog, "keep");
    g_object_set_data_full(G_OBJECT(dialog), "parts", parts, free_parts);
    AdwEntryRow *const entries[] = {parts->name, parts->command, parts->environment, parts->url};
    for (guint i = 0; i < G_N_ELEMENTS(entries); i++)
        g_signal_connect_swapped(entries[i], "changed", G_CALLBACK(check), parts);
    g_signal_connect_swapped(parts->kind, "notify::selected", G_CALLBACK(check), parts);
    g_signal_connect_swapped(dialog, "response", G_CALLBACK(on_response), parts);
    check(parts);
    gtk_window_present(GTK_WINDOW(dialog));
}
