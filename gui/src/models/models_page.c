/* SPDX-License-Identifier: MIT
 * The page Models.
 */
#include <glib/gi18n.h>

#include "application.h"
#include "models/download_row.h"
#include "models/hub_page.h"
#include "models/model_row.h"
#include "models/models_page.h"
#include "remote/connections_window.h"
#include "remote/server_dialog.h"
#include "remote/server_row.h"
#include "window.h"

struct _LgModelsPage {
    AdwBin parent_instance;
    GtkStack *stack;
    GtkWidget *offline, *downloads_group, *empty, *servers_empty;
    GtkListBox *downloads_list, *list, *servers_list;
    LgHubPage *hub;
    LgNetwork *network;
    LgLibrary *library;
    LgDownloads *downloads;
    LgEndpoints *endpoints;
    LgClient *client;
    LgStore *store;
    GtkFileChooserNative *chooser;
};

G_DEFINE_TYPE(LgModelsPage, lg_models_page, ADW_TYPE_BIN)

enum { USE, SIZE, N_SIGNALS };
static guint signals[N_SIGNALS];

static LgWindow *window_of(LgModelsPage *self) { return lg_window_of(GTK_WIDGET(self)); }

void lg_models_page_set_store(LgModelsPage *self, LgStore *store) { g_set_object(&self->store, store); }

/* --- What can be done with a model
 * ------------------------------------------------------------------------------------ */

/* A toast with Undo. `undo` is called for that, `forget` (or NULL) when the toast goes without it; data is freed. */
typedef struct {
    LgModelsPage *page;
    char *text;
    GObject *object;
    void (*undo)(LgModelsPage *page, const char *text, GObject *object);
    void (*forget)(LgModelsPage *page, const char *text, GObject *object);
    gboolean is_undone;
} Regret;

static void on_undo(Regret *regret)
{
    regret->is_undone = TRUE;
    regret->undo(regret->page, regret->text, regret->object);
}

static void on_dismissed(Regret *regret)
{
    if (!regret->is_undone && regret->forget)
        regret->forget(regret->page, regret->text, regret->object);
}

static void free_regret(gpointer data, GClosure *closure)
{
    Regret *regret = data;
    g_object_unref(regret->page);
    g_clear_object(&regret->object);
    g_free(regret->text);
    g_free(regret);
}

static void offer_undo(LgModelsPage *self, const char *title, const char *text, GObject *object,
                       void (*undo)(LgModelsPage *, const char *, GObject *),
                       void (*forget)(LgModelsPage *, const char *, GObject *))
{
    Regret *regret = g_new0(Regret, 1);
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    AdwToast *toast = adw_toast_new(escaped);
    *regret = (Regret){.page = g_object_ref(self),
                       .text = g_strdup(text),
                       .object = object ? g_object_ref(object) : NULL,
                       .undo = undo,
                       .forget = forget};
    adw_toast_set_button_label(toast, _("_Undo"));
    adw_toast_set_timeout(toast, 10);
    g_signal_connect_swapped(toast, "button-clicked", G_CALLBACK(on_undo), regret);
    g_signal_connect_data(toast, "dismissed", G_CALLBACK(on_dismissed), regret, free_regret, G_CONNECT_SWAPPED);
    lg_window_add_toast(window_of(self), toast);
}

static void undo_remove(LgModelsPage *self, const char *path, GObject *object)
{
    lg_library_restore(self->library, path);
}

static void remove_model(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    const char *path = g_variant_get_string(parameter, NULL);
    LgModel *model = lg_library_find(self->library, path);
    if (!model)
        return;
    g_autofree char *title = g_strdup_printf(_("“%s” is no longer listed"), lg_model_get_name(model));
    g_autofree char *copy = g_strdup(path);
    lg_library_remove(self->library, copy);
    offer_undo(self, title, copy, NULL, undo_remove, NULL);
}

static void undo_delete(LgModelsPage *self, const char *token, GObject *object)
{
    g_autoptr(GError) error = NULL;
    if (!lg_library_undelete(self->library, token, &error))
        lg_window_say(window_of(self), error->message);
}

static void forget_delete(LgModelsPage *self, const char *token, GObject *object)
{
    lg_library_purge(self->library, token);
}

static void delete_model(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    g_autoptr(GError) error = NULL;
    const char *path = g_variant_get_string(parameter, NULL);
    LgModel *model = lg_library_find(self->library, path);
    if (!model)
        return;
    g_autofree char *title = g_strdup_printf(_("“%s” is deleted"), lg_model_get_name(model));
    g_autofree char *token = lg_library_delete(self->library, path, &error);
    if (token)
        offer_undo(self, title, token, NULL, undo_delete, forget_delete);
    else
        lg_window_say(window_of(self), error->message);
}

static void use_model(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    const char *path = g_variant_get_string(parameter, NULL);
    LgModel *model = lg_library_find(self->library, path);
    const LgFacts *facts = model ? lg_model_get_facts(model) : NULL;
    if (facts && facts->problem) {
        lg_window_say(window_of(self), facts->problem);
        return;
    }
    g_autofree char *title = g_path_get_basename(path);
    g_autofree char *text = g_strdup_printf(_("“%s” answers in new chats"), model ? lg_model_get_name(model) : title);
    g_settings_set_string(lg_application_get_settings(lg_application_get_default()), "default-model", path);
    lg_window_say(window_of(self), text);
    g_signal_emit(self, signals[USE], 0, path);
}

static void size_model(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    g_signal_emit(self, signals[SIZE], 0, g_variant_get_string(parameter, NULL));
    if (window_of(self))
        lg_window_show_page(window_of(self), "sizing");
}

static void show_model(GtkWidget *widget, const char *action, GVariant *parameter)
{
    g_autofree char *folder = g_path_get_dirname(g_variant_get_string(parameter, NULL));
    g_autofree char *uri = g_filename_to_uri(folder, NULL, NULL);
    if (uri)
        gtk_show_uri(GTK_WINDOW(gtk_widget_get_root(widget)), uri, GDK_CURRENT_TIME);
}

/* --- Adding
 * ----------------------------------------------------------------------------------------------------------- */

void lg_models_page_open(LgModelsPage *self, GFile *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_file_get_path(file);
    if (!path)
        lg_window_say(window_of(self), _("Only files on this computer can be listed."));
    else if (!lg_library_add(self->library, path, &error))
        lg_window_say(window_of(self), error->message);
    gtk_stack_set_visible_child_name(self->stack, "own");
}

static void on_response(LgModelsPage *self, int response)
{
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GListModel) files = gtk_file_chooser_get_files(GTK_FILE_CHOOSER(self->chooser));
        const guint n = g_list_model_get_n_items(files);
        for (guint i = 0; i < n; i++) {
            g_autoptr(GFile) file = g_list_model_get_item(files, i);
            lg_models_page_open(self, file);
        }
    }
    g_clear_object(&self->chooser);
}

static void add_models(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    GtkRoot *root = gtk_widget_get_root(widget);
    const gboolean is_folder = g_str_has_suffix(action, "folder");
    g_clear_object(&self->chooser);
    self->chooser = gtk_file_chooser_native_new(
        is_folder ? _("Add a folder of a model") : _("Add models"), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL,
        is_folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
    gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(self->chooser), !is_folder);
    if (!is_folder) {
        g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
        gtk_file_filter_set_name(filter, _("Models (GGUF)"));
        gtk_file_filter_add_suffix(filter, "gguf");
        gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(self->chooser), filter);
    }
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
    g_signal_connect_object(self->chooser, "response", G_CALLBACK(on_response), self, G_CONNECT_SWAPPED);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

static gboolean on_drop(LgModelsPage *self, const GValue *value)
{
    GSList *files = g_value_get_boxed(value);
    for (GSList *at = files; at; at = at->next)
        lg_models_page_open(self, at->data);
    return files != NULL;
}

void lg_models_page_download(LgModelsPage *self, const char *source, const char *name)
{
    lg_downloads_add(self->downloads, source, name);
    gtk_stack_set_visible_child_name(self->stack, "own");
}

static void download_default(GtkWidget *widget, const char *action, GVariant *parameter)
{
    lg_models_page_download(LG_MODELS_PAGE(widget), "default", "SmolLM2-135M-Instruct.Q4_1");
}

static void on_chosen(LgModelsPage *self, const char *source, const char *name)
{
    g_autofree char *text = g_strdup_printf(_("Downloading “%s”"), name);
    lg_downloads_add(self->downloads, source, name);
    lg_window_say(window_of(self), text);
}

static void on_finished(LgModelsPage *self, LgDownload *download)
{
    g_autofree char *text = g_strdup_printf(_("“%s” is here"), lg_download_get_name(download));
    lg_window_say(window_of(self), text);
}

static void find_models(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    gtk_stack_set_visible_child_name(self->stack, "hub");
    lg_hub_page_begin(self->hub);
}

static void on_hub_closed(LgModelsPage *self) { gtk_stack_set_visible_child_name(self->stack, "own"); }

/* --- Servers
 * ---------------------------------------------------------------------------------------------------------- */

static void add_server(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    GtkRoot *root = gtk_widget_get_root(widget);
    lg_server_dialog_present(self->endpoints, self->client, GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL);
}

static void undo_server(LgModelsPage *self, const char *text, GObject *endpoint)
{
    lg_endpoints_restore(self->endpoints, LG_ENDPOINT(endpoint));
}

static void forget_server(LgModelsPage *self, const char *text, GObject *endpoint)
{
    lg_endpoint_forget_key(LG_ENDPOINT(endpoint));
}

static void remove_server(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    LgEndpoint *endpoint = lg_endpoints_find(self->endpoints, g_variant_get_string(parameter, NULL));
    if (!endpoint)
        return;
    g_autofree char *title = g_strdup_printf(_("“%s” is removed"), lg_endpoint_get_name(endpoint));
    g_object_ref(endpoint);
    lg_endpoints_remove(self->endpoints, endpoint);
    offer_undo(self, title, "", G_OBJECT(endpoint), undo_server, forget_server);
    g_object_unref(endpoint);
}

static void use_remote(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    g_autofree char *id = NULL, *model = NULL;
    const char *name = g_variant_get_string(parameter, NULL);
    if (!lg_remote_split(name, &id, &model))
        return;
    LgEndpoint *endpoint = lg_endpoints_find(self->endpoints, id);
    g_autofree char *text = g_strdup_printf(_("“%s” of %s answers in new chats; what you write is sent there"), model,
                                            endpoint ? lg_endpoint_get_name(endpoint) : id);
    g_settings_set_string(lg_application_get_settings(lg_application_get_default()), "default-model", name);
    lg_window_say(window_of(self), text);
    g_signal_emit(self, signals[USE], 0, name);
}

static void show_connections(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgModelsPage *self = LG_MODELS_PAGE(widget);
    GtkRoot *root = gtk_widget_get_root(widget);
    lg_connections_window_present(self->network, self->store, GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL);
}

/* --- Rows
 * ------------------------------------------------------------------------------------------------------------- */

static GtkWidget *new_model_row(gpointer model, gpointer self)
{
    return lg_model_row_new(model, lg_application_get_settings(lg_application_get_default()));
}

static GtkWidget *new_download_row(gpointer download, gpointer self)
{
    return lg_download_row_new(download, LG_MODELS_PAGE(self)->downloads);
}

static GtkWidget *new_server_row(gpointer endpoint, gpointer self)
{
    return lg_server_row_new(LG_MODELS_PAGE(self)->endpoints, endpoint, LG_MODELS_PAGE(self)->client);
}

static void show_what_is_there(LgModelsPage *self)
{
    const gboolean has_models = g_list_model_get_n_items(G_LIST_MODEL(self->library)) > 0;
    const gboolean has_downloads = g_list_model_get_n_items(G_LIST_MODEL(self->downloads)) > 0;
    const gboolean has_servers = g_list_model_get_n_items(G_LIST_MODEL(self->endpoints)) > 0;
    gtk_widget_set_visible(GTK_WIDGET(self->list), has_models);
    gtk_widget_set_visible(self->empty, !has_models);
    gtk_widget_set_visible(self->downloads_group, has_downloads);
    gtk_widget_set_visible(GTK_WIDGET(self->servers_list), has_servers);
    gtk_widget_set_visible(self->servers_empty, !has_servers);
    gtk_widget_set_visible(self->offline, lg_network_is_offline(self->network));
}

static void bind(LgModelsPage *self, GtkListBox *list, gpointer model, GtkListBoxCreateWidgetFunc create)
{
    gtk_list_box_bind_model(list, G_LIST_MODEL(model), create, self, NULL);
    g_signal_connect_object(model, "items-changed", G_CALLBACK(show_what_is_there), self, G_CONNECT_SWAPPED);
}

static void lg_models_page_dispose(GObject *object)
{
    LgModelsPage *self = LG_MODELS_PAGE(object);
    g_clear_object(&self->chooser);
    g_clear_object(&self->downloads);
    g_clear_object(&self->library);
    g_clear_object(&self->endpoints);
    g_clear_object(&self->client);
    g_clear_object(&self->network);
    g_clear_object(&self->store);
    G_OBJECT_CLASS(lg_models_page_parent_class)->dispose(object);
}

static void lg_models_page_class_init(LgModelsPageClass *class)
{
    static const struct {
        const char *name, *type;
        GtkWidgetActionActivateFunc call;
    } actions[] = {{"models.use", "s", use_model},
                   {"models.size", "s", size_model},
                   {"models.show", "s", show_model},
                   {"models.remove", "s", remove_model},
                   {"models.delete", "s", delete_model},
                   {"models.add-file", NULL, add_models},
                   {"models.add-folder", NULL, add_models},
                   {"models.download-default", NULL, download_default},
                   {"models.find", NULL, find_models},
                   {"models.add-server", NULL, add_server},
                   {"models.remove-server", "s", remove_server},
                   {"models.use-remote", "s", use_remote},
                   {"models.connections", NULL, show_connections}};
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_models_page_dispose;
    signals[USE] =
        g_signal_new("use", LG_TYPE_MODELS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[SIZE] = g_signal_new("size", LG_TYPE_MODELS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                 G_TYPE_STRING);
    g_type_ensure(LG_TYPE_HUB_PAGE);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/models/models_page.ui");
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, stack);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, offline);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, downloads_group);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, downloads_list);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, list);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, empty);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, servers_list);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, servers_empty);
    gtk_widget_class_bind_template_child(widget_class, LgModelsPage, hub);
    gtk_widget_class_bind_template_callback(widget_class, on_hub_closed);
    gtk_widget_class_bind_template_callback(widget_class, on_chosen);
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
        gtk_widget_class_install_action(widget_class, actions[i].name, actions[i].type, actions[i].call);
}

static void lg_models_page_init(LgModelsPage *self)
{
    LgApplication *application = lg_application_get_default();
    self->network = g_object_ref(lg_network_get_default());
    self->library = g_object_ref(lg_application_get_library(application));
    self->downloads = g_object_ref(lg_application_get_downloads(application));
    self->endpoints = g_object_ref(lg_application_get_endpoints(application));
    self->client = lg_client_new(self->network);
    gtk_widget_init_template(GTK_WIDGET(self));
    lg_hub_page_set_library(self->hub, self->library);
    bind(self, self->list, self->library, new_model_row);
    bind(self, self->downloads_list, self->downloads, new_download_row);
    bind(self, self->servers_list, self->endpoints, new_server_row);
    g_signal_connect_object(self->downloads, "finished", G_CALLBACK(on_finished), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->network, "notify::offline", G_CALLBACK(show_what_is_there), self, G_CONNECT_SWAPPED);
    GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
    g_signal_connect_object(target, "drop", G_CALLBACK(on_drop), self, G_CONNECT_SWAPPED);
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(target));
    show_what_is_there(self);
}
