/* SPDX-License-Identifier: MIT
 * What is shown before anything was said.
 */
#include <glib/gi18n.h>

#include "chat/welcome.h"
#include "engine/error.h"
#include "engine/machine.h"

/* Of the memory that is free, so much goes to a model's file; the rest is for its context and other programs. */
#define MODEL_SHARE 0.7
#define LIST_DEVICES_MS 200

struct _LgWelcome {
    AdwBin parent_instance;
    AdwStatusPage *status;
    GtkFlowBox *suggestions;
    AdwActionRow *processor, *memory, *graphics;
    GtkWidget *get_model;
    LgEngine *engine;
    GCancellable *cancellable;
    guint listing;
};

G_DEFINE_TYPE(LgWelcome, lg_welcome, ADW_TYPE_BIN)

static guint suggested_signal;

static void on_suggestion(LgWelcome *self, GtkButton *button)
{
    g_signal_emit(self, suggested_signal, 0, gtk_button_get_label(button));
}

static void show_processor(LgWelcome *self, const LgDevice *device)
{
    g_autofree char *text =
        g_strdup_printf(ngettext("%s · %u thread computes · %s", "%s · %u threads compute · %s", device->n_threads),
                        device->name ? device->name : _("unknown"), device->n_threads,
                        device->instruction_set ? device->instruction_set : "");
    adw_action_row_set_subtitle(self->processor, text);
    g_autofree char *all = g_format_size_full(device->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *available = g_format_size_full(device->available_bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *model =
        g_format_size_full((guint64)((double)device->available_bytes * MODEL_SHARE), G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *memory =
        g_strdup_printf(_("%s, of which %s are free: room for models of up to about %s"), all, available, model);
    adw_action_row_set_subtitle(self->memory, memory);
}

static gboolean is_graphics(const LgDevice *device)
{
    return strcmp(device->kind, "cpu") != 0 && strcmp(device->kind, "blas") != 0;
}

static void on_devices(GObject *engine, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) devices = lg_engine_list_devices_finish(LG_ENGINE(engine), result, &error);
    if (lg_error_is_cancelled(error))
        return;
    LgWelcome *self = data;
    g_autoptr(GString) graphics = g_string_new(NULL);
    for (guint i = 0; devices && i < devices->len; i++) {
        const LgDevice *device = devices->pdata[i];
        if (strcmp(device->kind, "cpu") == 0)
            show_processor(self, device);
        else if (is_graphics(device))
            g_string_append_printf(graphics, "%s%s", graphics->len ? "\n" : "",
                                   device->available && device->name ? device->name
                                   : device->reason                  ? device->reason
                                                                     : device->id);
    }
    adw_action_row_set_subtitle(self->graphics,
                                graphics->len ? graphics->str : _("None that can be used; the processor does it all"));
}

/* Whether the default model is there. It is opened when it is needed: nobody may want to talk. */
static void on_found(GObject *engine, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = lg_engine_find_finish(LG_ENGINE(engine), result, &error);
    if (lg_error_is_cancelled(error))
        return;
    LgWelcome *self = data;
    gtk_widget_set_visible(self->get_model, path == NULL);
    gtk_widget_set_visible(GTK_WIDGET(self->suggestions), path != NULL);
    adw_status_page_set_description(self->status,
                                    path ? _("No account and no connection: what you write stays here.")
                                         : _("A small model to begin with is not there yet. Get one, or open "
                                             "a model file that you have, by the button above."));
}

static void look_for_model(LgWelcome *self)
{
    if (self->engine)
        lg_engine_find_async(self->engine, "default", self->cancellable, on_found, self);
}

void lg_welcome_set_library(LgWelcome *self, GListModel *library)
{
    g_signal_connect_object(library, "items-changed", G_CALLBACK(look_for_model), self, G_CONNECT_SWAPPED);
    look_for_model(self);
}

/* The drivers of GPUs take their time and keep both cores of a small machine busy: the window is drawn first. */
static gboolean list_devices(gpointer data)
{
    LgWelcome *self = data;
    self->listing = 0;
    lg_engine_list_devices_async(self->engine, self->cancellable, on_devices, self);
    return G_SOURCE_REMOVE;
}

void lg_welcome_set_engine(LgWelcome *self, LgEngine *engine)
{
    g_set_object(&self->engine, engine);
    look_for_model(self);
    if (!self->listing)
        self->listing = g_timeout_add_full(G_PRIORITY_LOW, LIST_DEVICES_MS, list_devices, self, NULL);
}

static void lg_welcome_dispose(GObject *object)
{
    LgWelcome *self = LG_WELCOME(object);
    g_clear_handle_id(&self->listing, g_source_remove);
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    g_clear_object(&self->engine);
    G_OBJECT_CLASS(lg_welcome_parent_class)->dispose(object);
}

static void lg_welcome_class_init(LgWelcomeClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_welcome_dispose;
    suggested_signal = g_signal_new("suggested", LG_TYPE_WELCOME, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                    1, G_TYPE_STRING);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/chat/welcome.ui");
    gtk_widget_class_bind_template_child(widget_class, LgWelcome, status);
    gtk_widget_class_bind_template_child(widget_class, LgWelcome, suggestions);
    gtk_widget_class_bind_template_child(widget_class, LgWelcome, processor);
    gtk_widget_class_bind_template_child(widget_class, LgWelcome, memory);
    gtk_widget_class_bind_template_child(widget_class, LgWelcome, graphics);
    gtk_widget_class_bind_template_child(widget_class, LgWelcome, get_model);
}

/* The status page makes it and does not name it. */
static void name_scroller(GtkWidget *widget, const char *name)
{
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child)) {
        if (GTK_IS_SCROLLED_WINDOW(child))
            gtk_accessible_update_property(GTK_ACCESSIBLE(child), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        else
            name_scroller(child, name);
    }
}

static void lg_welcome_init(LgWelcome *self)
{
    static const char *const texts[] = {N_("Explain why the sky is blue"), N_("Write a short poem about autumn"),
                                        N_("What can you help me with?")};
    self->cancellable = g_cancellable_new();
    gtk_widget_init_template(GTK_WIDGET(self));
    name_scroller(GTK_WIDGET(self->status), _("Welcome"));
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        GtkWidget *button = gtk_button_new_with_label(_(texts[i]));
        gtk_widget_add_css_class(button, "lg-suggestion");
        gtk_label_set_wrap(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button))), TRUE);
        g_signal_connect_object(button, "clicked", G_CALLBACK(on_suggestion), self, G_CONNECT_SWAPPED);
        gtk_flow_box_append(self->suggestions, button);
        gtk_widget_set_focusable(gtk_widget_get_parent(button), FALSE);
    }
}
