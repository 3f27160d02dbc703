/* SPDX-License-Identifier: MIT
 * A window with the pages Chat, Models and Sizing. It opens with the first one. Models is made when nothing else is to
 * be done, as its lists are those of all pages; Sizing when it is asked for.
 */
#include <glib/gi18n.h>

#include "chat/chat_page.h"
#include "lateness.h"
#include "models/models_page.h"
#include "sizing/page.h"
#include "window.h"

#define MAKE_MODELS_MS 400
#define LEAST_SECONDS 5    /* that a toast stays */
#define READ_PER_SECOND 10 /* characters, by slow readers */

struct _LgWindow {
    AdwApplicationWindow parent_instance;
    AdwToastOverlay *toasts;
    AdwViewStack *pages;
    AdwViewSwitcherTitle *switcher;
    LgChatPage *chat;
    AdwBin *models_place, *sizing_place;
    LgModelsPage *models; /* NULL: it is not made yet, as the next one */
    LgSizingPage *sizing;
    guint making;
};

G_DEFINE_TYPE(LgWindow, lg_window, ADW_TYPE_APPLICATION_WINDOW)

static void restore_size(LgWindow *self, GSettings *settings)
{
    gtk_window_set_default_size(GTK_WINDOW(self), g_settings_get_int(settings, "window-width"),
                                g_settings_get_int(settings, "window-height"));
    if (g_settings_get_boolean(settings, "window-maximized"))
        gtk_window_maximize(GTK_WINDOW(self));
}

static void make_sizing(LgWindow *self)
{
    if (self->sizing)
        return;
    self->sizing = LG_SIZING_PAGE(lg_sizing_page_new());
    adw_bin_set_child(self->sizing_place, GTK_WIDGET(self->sizing));
}

static void on_size(LgWindow *self, const char *path)
{
    make_sizing(self);
    lg_sizing_page_set_model(self->sizing, path);
    lg_window_show_page(self, "sizing");
}

static void make_models(LgWindow *self)
{
    LgApplication *application = LG_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
    if (self->models || !application)
        return;
    self->models = g_object_new(LG_TYPE_MODELS_PAGE, NULL);
    adw_bin_set_child(self->models_place, GTK_WIDGET(self->models));
    lg_chat_page_set_models(self->chat, lg_application_get_library(application),
                            lg_application_get_endpoints(application));
    g_signal_connect_object(self->models, "use", G_CALLBACK(lg_window_set_model), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->models, "size", G_CALLBACK(on_size), self, G_CONNECT_SWAPPED);
    if (lg_application_get_store(application))
        lg_models_page_set_store(self->models, lg_application_get_store(application));
}

static gboolean make_models_later(gpointer data)
{
    LgWindow *self = data;
    self->making = 0;
    make_models(self);
    return G_SOURCE_REMOVE;
}

static void on_page_shown(LgWindow *self)
{
    const char *name = self->pages ? adw_view_stack_get_visible_child_name(self->pages) : NULL;
    if (g_strcmp0(name, "models") == 0)
        make_models(self);
    else if (g_strcmp0(name, "sizing") == 0)
        make_sizing(self);
}

static void on_realized(GtkWidget *widget) { lg_lateness_mark_frame(widget, "first frame"); }

LgWindow *lg_window_new(LgApplication *application)
{
    LgWindow *self = g_object_new(LG_TYPE_WINDOW, "application", application, NULL);
    restore_size(self, lg_application_get_settings(application));
    lg_chat_page_set_engine(self->chat, lg_application_get_engine(application),
                            lg_application_get_settings(application));
    lg_chat_page_set_servers(self->chat, lg_application_get_servers(application));
    if (lg_application_get_store(application))
        lg_window_set_store(self, lg_application_get_store(application));
    self->making = g_timeout_add_full(G_PRIORITY_LOW, MAKE_MODELS_MS, make_models_later, self, NULL);
    return self;
}

void lg_window_set_model(LgWindow *self, const char *model)
{
    lg_window_show_page(self, "chat");
    lg_chat_page_set_model(self->chat, model);
    if (self->models && g_path_is_absolute(model)) /* listed from now on; the chat says what is wrong with it */
        lg_library_add(lg_application_get_library(lg_application_get_default()), model, NULL);
}

void lg_window_show_chat(LgWindow *self, gint64 chat_id, gint64 message_id)
{
    lg_window_show_page(self, "chat");
    lg_chat_page_show_message(self->chat, chat_id, message_id);
}

void lg_window_search(LgWindow *self, const char *text)
{
    lg_window_show_page(self, "chat");
    lg_chat_page_search(self->chat, text);
}

void lg_window_set_store(LgWindow *self, LgStore *store)
{
    lg_chat_page_set_store(self->chat, store);
    if (self->models)
        lg_models_page_set_store(self->models, store);
}

LgWindow *lg_window_of(GtkWidget *widget)
{
    GtkRoot *root = gtk_widget_get_root(widget);
    return LG_IS_WINDOW(root) ? LG_WINDOW(root) : NULL;
}

void lg_window_show_page(LgWindow *self, const char *name)
{
    g_return_if_fail(LG_IS_WINDOW(self));
    adw_view_stack_set_visible_child_name(self->pages, name);
}

void lg_window_add_toast(LgWindow *self, AdwToast *toast)
{
    if (self)
        adw_toast_overlay_add_toast(self->toasts, toast);
    else
        g_object_unref(g_object_ref_sink(toast));
}

void lg_window_say(LgWindow *self, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    AdwToast *toast = adw_toast_new(escaped);
    adw_toast_set_timeout(toast, LEAST_SECONDS + (guint)g_utf8_strlen(text, -1) / READ_PER_SECOND);
    lg_window_add_toast(self, toast);
}

static void new_chat(GtkWidget *widget, const char *action, GVariant *parameter)
{
    lg_window_show_page(LG_WINDOW(widget), "chat");
    lg_chat_page_new_chat(LG_WINDOW(widget)->chat);
}

static void toggle_sidebar(GtkWidget *widget, const char *action, GVariant *parameter)
{
    lg_chat_page_toggle_sidebar(LG_WINDOW(widget)->chat);
}

static void search(GtkWidget *widget, const char *action, GVariant *parameter)
{
    lg_window_search(LG_WINDOW(widget), NULL);
}

static void stop(GtkWidget *widget, const char *action, GVariant *parameter)
{
    lg_chat_page_stop(LG_WINDOW(widget)->chat);
}

static void show_page(GtkWidget *widget, const char *action, GVariant *name)
{
    lg_window_show_page(LG_WINDOW(widget), g_variant_get_string(name, NULL));
}

static void size_model(GtkWidget *widget, const char *action, GVariant *path)
{
    on_size(LG_WINDOW(widget), g_variant_get_string(path, NULL));
}

/* The small one to begin with, and where its download is seen. */
static void get_model(GtkWidget *widget, const char *action, GVariant *parameter)
{
    make_models(LG_WINDOW(widget));
    lg_window_show_page(LG_WINDOW(widget), "models");
    gtk_widget_activate_action(GTK_WIDGET(LG_WINDOW(widget)->models), "models.download-default", NULL);
}

static void show_connections(GtkWidget *widget, const char *action, GVariant *parameter)
{
    make_models(LG_WINDOW(widget));
    gtk_widget_activate_action(GTK_WIDGET(LG_WINDOW(widget)->models), "models.connections", NULL);
}

static gboolean lg_window_close_request(GtkWindow *window)
{
    GtkApplication *application = gtk_window_get_application(window);
    if (LG_IS_APPLICATION(application)) {
        GSettings *settings = lg_application_get_settings(LG_APPLICATION(application));
        int width, height;
        gtk_window_get_default_size(window, &width, &height);
        g_settings_set_int(settings, "window-width", width);
        g_settings_set_int(settings, "window-height", height);
        g_settings_set_boolean(settings, "window-maximized", gtk_window_is_maximized(window));
    }
    return GTK_WINDOW_CLASS(lg_window_parent_class)->close_request(window);
}

static void lg_window_dispose(GObject *object)
{
    LgWindow *self = LG_WINDOW(object);
    if (self->making)
        g_source_remove(self->making);
    self->making = 0;
    G_OBJECT_CLASS(lg_window_parent_class)->dispose(object);
}

static void lg_window_class_init(LgWindowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_window_dispose;
    GTK_WINDOW_CLASS(class)->close_request = lg_window_close_request;
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/window.ui");
    gtk_widget_class_bind_template_child(widget_class, LgWindow, toasts);
    gtk_widget_class_bind_template_child(widget_class, LgWindow, pages);
    gtk_widget_class_bind_template_child(widget_class, LgWindow, switcher);
    gtk_widget_class_bind_template_child(widget_class, LgWindow, chat);
    gtk_widget_class_install_action(widget_class, "win.show-page", "s", show_page);
    gtk_widget_class_install_action(widget_class, "win.new-chat", NULL, new_chat);
    gtk_widget_class_install_action(widget_class, "win.toggle-sidebar", NULL, toggle_sidebar);
    gtk_widget_class_install_action(widget_class, "win.search", NULL, search);
    gtk_widget_class_install_action(widget_class, "win.stop", NULL, stop);
    gtk_widget_class_install_action(widget_class, "win.size", "s", size_model);
    gtk_widget_class_bind_template_child(widget_class, LgWindow, models_place);
    gtk_widget_class_bind_template_child(widget_class, LgWindow, sizing_place);
    gtk_widget_class_bind_template_callback(widget_class, on_page_shown);
    gtk_widget_class_install_action(widget_class, "win.get-model", NULL, get_model);
    gtk_widget_class_install_action(widget_class, "win.connections", NULL, show_connections);
}

static void lg_window_init(LgWindow *self)
{
    g_type_ensure(LG_TYPE_CHAT_PAGE);
    gtk_widget_init_template(GTK_WIDGET(self));
    g_signal_connect(self, "realize", G_CALLBACK(on_realized), NULL);
}
