/* SPDX-License-Identifier: MIT
 * The application: its windows, its actions, and what all windows share.
 */
#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>

#include "application.h"
#include "preferences.h"
#include "remote/network.h"
#include "search_provider.h"
#include "widgets/names.h"
#include "window.h"

#define START_SERVERS_MS 600

struct _LgApplication {
    AdwApplication parent_instance;
    GSettings *settings;
    LgEngine *engine;
    LgStore *store; /* NULL: it is being opened */
    LgSearchProvider *search;
    LgMcpServers *servers;
    LgLibrary *library; /* NULL: nobody has asked for it, as the next ones */
    LgDownloads *downloads;
    LgEndpoints *endpoints;
};

G_DEFINE_TYPE(LgApplication, lg_application, ADW_TYPE_APPLICATION)

LgApplication *lg_application_new(void)
{
    return g_object_new(LG_TYPE_APPLICATION, "application-id", LG_APPLICATION_ID, "flags", G_APPLICATION_HANDLES_OPEN,
                        "resource-base-path", "/io/github/libllm/Desktop", NULL);
}

LgApplication *lg_application_get_default(void) { return LG_APPLICATION(g_application_get_default()); }

GSettings *lg_application_get_settings(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    return self->settings;
}

LgEngine *lg_application_get_engine(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    return self->engine;
}

LgMcpServers *lg_application_get_servers(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    return self->servers;
}

LgLibrary *lg_application_get_library(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    if (!self->library) {
        self->library = lg_library_new(NULL, self->settings);
        if (self->store)
            lg_library_set_store(self->library, self->store);
    }
    return self->library;
}

LgDownloads *lg_application_get_downloads(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    if (!self->downloads)
        self->downloads = lg_downloads_new(lg_network_get_default(), self->settings);
    return self->downloads;
}

LgEndpoints *lg_application_get_endpoints(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    if (!self->endpoints)
        self->endpoints = lg_endpoints_new(self->settings);
    return self->endpoints;
}

LgStore *lg_application_get_store(LgApplication *self)
{
    g_return_val_if_fail(LG_IS_APPLICATION(self), NULL);
    return self->store;
}

/* Every window says what the history has to say, as nobody else waits for it. */
static void say_everywhere(LgApplication *self, const char *text)
{
    for (GList *at = gtk_application_get_windows(GTK_APPLICATION(self)); at; at = at->next)
        if (LG_IS_WINDOW(at->data))
            lg_window_say(at->data, text);
}

static void on_store_failed(LgApplication *self, GError *error) { say_everywhere(self, error->message); }

static void on_store_opened(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgApplication) self = data;
    g_autoptr(GError) error = NULL;
    self->store = lg_store_open_finish(result, &error);
    if (!self->store) {
        g_autofree char *text = g_strdup_printf(_("Chats will not be kept: %s"), error->message);
        self->store = lg_store_new_in_memory();
        say_everywhere(self, text);
    } else if (lg_store_get_notice(self->store)) {
        say_everywhere(self, lg_store_get_notice(self->store));
    }
    lg_search_provider_set_store(self->search, self->store);
    lg_network_set_store(lg_network_get_default(), self->store);
    if (self->library)
        lg_library_set_store(self->library, self->store);
    g_signal_connect_object(self->store, "failed", G_CALLBACK(on_store_failed), self, G_CONNECT_SWAPPED);
    for (GList *at = gtk_application_get_windows(GTK_APPLICATION(self)); at; at = at->next)
        if (LG_IS_WINDOW(at->data))
            lg_window_set_store(at->data, self->store);
}

static LgWindow *present_window(LgApplication *self)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(self));
    if (!window)
        window = GTK_WINDOW(lg_window_new(self));
    gtk_window_present(window);
    return LG_WINDOW(window);
}

static void on_new_window(GSimpleAction *action, GVariant *parameter, gpointer self)
{
    gtk_window_present(GTK_WINDOW(lg_window_new(self)));
}

static void on_preferences(GSimpleAction *action, GVariant *parameter, gpointer self)
{
    LgPreferences *preferences = lg_preferences_new(self);
    if (g_str_equal(g_action_get_name(G_ACTION(action)), "tools"))
        adw_preferences_window_set_visible_page_name(ADW_PREFERENCES_WINDOW(preferences), "tools");
    gtk_window_set_transient_for(GTK_WINDOW(preferences), gtk_application_get_active_window(self));
    gtk_window_present(GTK_WINDOW(preferences));
}

static void on_about(GSimpleAction *action, GVariant *parameter, gpointer self)
{
    adw_show_about_window(gtk_application_get_active_window(self), "application-name", _("libllm"), "application-icon",
                          LG_APPLICATION_ID, "version", LG_VERSION, "developer-name", _("The libllm authors"),
                          "license-type", GTK_LICENSE_MIT_X11, "copyright", "© 2026 The libllm authors", "comments",
                          _("Talk to language models on your own computer, and know beforehand what they take."),
                          "website", "https://github.com/libllm/libllm",
                          /* Translators: your names, one a line; they appear in the About window */
                          "translator-credits", _("translator-credits"), NULL);
}

static void on_quit(GSimpleAction *action, GVariant *parameter, gpointer self)
{
    GList *windows;
    /* Each window is asked to close, so that it saves what it has; the application ends with the last. */
    while ((windows = gtk_application_get_windows(self))) {
        GtkWindow *window = windows->data;
        gtk_window_close(window);
        windows = gtk_application_get_windows(self);
        if (windows && windows->data == window)
            break;
    }
}

static void lg_application_activate(GApplication *application) { present_window(LG_APPLICATION(application)); }

/* A model's file from the file manager: a new chat with it. */
static void lg_application_open(GApplication *application, GFile **files, int n_files, const char *hint)
{
    LgWindow *window = present_window(LG_APPLICATION(application));
    g_autofree char *path = g_file_get_path(files[0]);
    if (path)
        lg_window_set_model(window, path);
    else
        lg_window_say(window, _("Only files on this computer can be opened"));
}

static void on_chat_found(LgApplication *self, gint64 chat_id, gint64 message_id)
{
    lg_window_show_chat(present_window(self), chat_id, message_id);
}

static void on_search_wanted(LgApplication *self, const char *text) { lg_window_search(present_window(self), text); }

static gboolean lg_application_dbus_register(GApplication *application, GDBusConnection *connection, const char *path,
                                             GError **error)
{
    LgApplication *self = LG_APPLICATION(application);
    g_autofree char *provider = g_strconcat(path, "/SearchProvider", NULL);
    return G_APPLICATION_CLASS(lg_application_parent_class)->dbus_register(application, connection, path, error) &&
           lg_search_provider_export(self->search, connection, provider, error);
}

static void lg_application_dbus_unregister(GApplication *application, GDBusConnection *connection, const char *path)
{
    lg_search_provider_unexport(LG_APPLICATION(application)->search, connection);
    G_APPLICATION_CLASS(lg_application_parent_class)->dbus_unregister(application, connection, path);
}

static void apply_search_provider(LgApplication *self)
{
    lg_search_provider_set_enabled(self->search, g_settings_get_boolean(self->settings, "search-provider"));
}

static void apply_device(LgApplication *self)
{
    g_autofree char *device = g_settings_get_string(self->settings, "device");
    lg_engine_set_device(self->engine, device);
}

static void apply_color_scheme(LgApplication *self)
{
    static const AdwColorScheme schemes[] = {ADW_COLOR_SCHEME_DEFAULT, ADW_COLOR_SCHEME_FORCE_LIGHT,
                                             ADW_COLOR_SCHEME_FORCE_DARK};
    int choice = g_settings_get_enum(self->settings, "color-scheme");
    adw_style_manager_set_color_scheme(adw_style_manager_get_default(), schemes[choice]);
}

/* Those that the user has switched on; the window comes first. */
static gboolean start_servers(gpointer data)
{
    if (LG_APPLICATION(data)->servers)
        lg_mcp_servers_start(LG_APPLICATION(data)->servers);
    return G_SOURCE_REMOVE;
}

static void lg_application_startup(GApplication *application)
{
    static const struct {
        const char *action;
        const char *keys[3]; /* NULL ends them */
    } shortcuts[] = {
        {"app.new-window", {"<Control><Shift>n"}},
        {"app.quit", {"<Control>q"}},
        {"app.preferences", {"<Control>comma"}},
        {"window.close", {"<Control>w"}},
        {"win.show-help-overlay", {"<Control>question", "F1"}},
        {"win.new-chat", {"<Control>n"}},
        {"win.search", {"<Control>f", "<Control>k"}},
        {"win.toggle-sidebar", {"F9"}},
        {"win.show-page::chat", {"<Alt>1"}},
        {"win.show-page::models", {"<Alt>2"}},
        {"win.show-page::sizing", {"<Alt>3"}},
    };
    LgApplication *self = LG_APPLICATION(application);
    G_APPLICATION_CLASS(lg_application_parent_class)->startup(application);
    gtk_source_init();
    lg_names_watch();
    self->settings = g_settings_new(LG_APPLICATION_ID);
    lg_network_set_settings(lg_network_get_default(), self->settings); /* before anything can be asked of it */
    self->engine = lg_engine_new();
    self->servers = lg_mcp_servers_new(self->settings, lg_network_get_default());
    g_timeout_add_full(G_PRIORITY_LOW, START_SERVERS_MS, start_servers, self, NULL);
    g_autofree char *folder = g_build_filename(g_get_user_data_dir(), LG_APPLICATION_ID, NULL);
    lg_store_open_async(folder, NULL, on_store_opened, g_object_ref(self));
    g_signal_connect_swapped(self->settings, "changed::color-scheme", G_CALLBACK(apply_color_scheme), self);
    apply_color_scheme(self);
    g_signal_connect_swapped(self->settings, "changed::device", G_CALLBACK(apply_device), self);
    apply_device(self);
    g_signal_connect_swapped(self->settings, "changed::search-provider", G_CALLBACK(apply_search_provider), self);
    apply_search_provider(self);
    for (size_t i = 0; i < G_N_ELEMENTS(shortcuts); i++)
        gtk_application_set_accels_for_action(GTK_APPLICATION(self), shortcuts[i].action,
                                              (const char *const *)shortcuts[i].keys);
    gtk_window_set_default_icon_name(LG_APPLICATION_ID);
}

static void lg_application_shutdown(GApplication *application)
{
    LgApplication *self = LG_APPLICATION(application);
    /* Windows have stopped what was being written; it has to arrive in the history before that is closed. */
    G_APPLICATION_CLASS(lg_application_parent_class)->shutdown(application);
    if (self->servers)
        lg_mcp_servers_end_now(self->servers);
    for (guint i = 0; self->downloads && i < g_list_model_get_n_items(G_LIST_MODEL(self->downloads)); i++) {
        g_autoptr(LgDownload) download = g_list_model_get_item(G_LIST_MODEL(self->downloads), i);
        lg_download_pause(download); /* they go on with the next start */
    }
    if (self->store)
        lg_store_close(self->store);
}

static void lg_application_finalize(GObject *object)
{
    LgApplication *self = LG_APPLICATION(object);
    g_clear_object(&self->settings);
    g_clear_object(&self->search);
    g_clear_object(&self->servers);
    g_clear_object(&self->downloads);
    g_clear_object(&self->endpoints);
    g_clear_object(&self->library);
    g_clear_object(&self->engine);
    g_clear_object(&self->store);
    G_OBJECT_CLASS(lg_application_parent_class)->finalize(object);
}

static void lg_application_class_init(LgApplicationClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_application_finalize;
    G_APPLICATION_CLASS(class)->activate = lg_application_activate;
    G_APPLICATION_CLASS(class)->open = lg_application_open;
    G_APPLICATION_CLASS(class)->dbus_register = lg_application_dbus_register;
    G_APPLICATION_CLASS(class)->dbus_unregister = lg_application_dbus_unregister;
    G_APPLICATION_CLASS(class)->startup = lg_application_startup;
    G_APPLICATION_CLASS(class)->shutdown = lg_application_shutdown;
}

static void lg_application_init(LgApplication *self)
{
    static const GActionEntry actions[] = {
        {.name = "new-window", .activate = on_new_window},
        {.name = "preferences", .activate = on_preferences},
        {.name = "tools", .activate = on_preferences},
        {.name = "about", .activate = on_about},
        {.name = "quit", .activate = on_quit},
    };
    self->search = lg_search_provider_new();
    g_signal_connect_object(self->search, "chosen", G_CALLBACK(on_chat_found), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->search, "search", G_CALLBACK(on_search_wanted), self, G_CONNECT_SWAPPED);
    g_action_map_add_action_entries(G_ACTION_MAP(self), actions, G_N_ELEMENTS(actions), self);
}
