/* SPDX-License-Identifier: MIT
 * Files that are attached to what is written: by the button, dropped, or pasted. A text that is longer than the window
 * of the model is not taken.
 */
#include <glib/gi18n.h>

#include "chat/chat_page-private.h"
#include "chat/number.h"
#include "window.h"

static void say(LgChatPage *self, const char *text)
{
    LgWindow *window = lg_window_of(GTK_WIDGET(self));
    if (window)
        lg_window_say(window, text);
    else
        g_debug("%s", text);
    g_free(self->attach_problem);
    self->attach_problem = g_strdup(text);
}

const char *lg_chat_page_get_attach_problem(LgChatPage *self) { return self->attach_problem; }

/* A file whose tokens are counted. */
typedef struct {
    LgChatPage *page;
    LgAttachment *attachment;
    char *model;
} Counting;

static void free_counting(Counting *counting)
{
    g_object_unref(counting->page);
    g_clear_pointer(&counting->attachment, lg_attachment_free);
    g_free(counting->model);
    g_free(counting);
}

static void on_window_known(GObject *engine, GAsyncResult *result, gpointer data)
{
    Counting *counting = data;
    LgAttachment *attachment = counting->attachment;
    g_autoptr(LgModelInfo) info = lg_engine_load_finish(LG_ENGINE(engine), result, NULL);
    if (counting->page->is_gone) {
        free_counting(counting);
        return;
    }
    if (info && attachment->n_tokens > info->n_window) {
        g_autofree char *n = lg_tokens(attachment->n_tokens), *most = lg_number(info->n_window);
        /* Translators: a file, how many tokens it has (with the word), and how many at most */
        g_autofree char *text = g_strdup_printf(_("“%s” has %s; this model reads %s at most, with all that was said."),
                                                attachment->name, n, most);
        say(counting->page, text);
    } else {
        lg_attachment_chips_add(counting->page->chips, g_steal_pointer(&counting->attachment));
    }
    free_counting(counting);
}

/* What cannot be counted, as without a model, is taken as it is. */
static void on_counted(GObject *engine, GAsyncResult *result, gpointer data)
{
    Counting *counting = data;
    const gssize n = lg_engine_count_finish(LG_ENGINE(engine), result, NULL);
    counting->attachment->n_tokens = n > 0 ? (guint64)n : 0;
    if (counting->page->is_gone) {
        free_counting(counting);
        return;
    }
    if (n > 0) {
        lg_engine_load_async(LG_ENGINE(engine), counting->model, counting->page->parameters.n_positions, NULL,
                             on_window_known, counting);
        return;
    }
    lg_attachment_chips_add(counting->page->chips, g_steal_pointer(&counting->attachment));
    free_counting(counting);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgChatPage) self = data;
    g_autoptr(GError) error = NULL;
    LgAttachment *attachment = lg_attachment_read_finish(result, &error);
    if (self->is_gone) {
        g_clear_pointer(&attachment, lg_attachment_free);
        return;
    }
    const char *model = lg_model_button_get_model(self->model_button);
    if (!attachment) {
        say(self, error->message);
        return;
    }
    if (attachment->kind == LG_ATTACHMENT_IMAGE || lg_remote_is_name(model) || !self->provider.engine) {
        lg_attachment_chips_add(self->chips, attachment);
        return;
    }
    Counting *counting = g_new0(Counting, 1);
    *counting = (Counting){.page = g_object_ref(self), .attachment = attachment, .model = g_strdup(model)};
    lg_engine_count_async(self->provider.engine, model, self->parameters.n_positions, attachment->text, NULL,
                          on_counted, counting);
}

void lg_chat_page_attach(LgChatPage *self, GFile *file)
{
    if (lg_attachment_chips_get(self->chips)->len >= LG_ATTACHMENTS_MAX) {
        say(self, _("No more files can be attached to one message."));
        return;
    }
    lg_attachment_read_async(file,
                             lg_provider_sees_images(&self->provider, lg_model_button_get_model(self->model_button)),
                             NULL, on_read, g_object_ref(self));
}

static void attach_all(LgChatPage *self, GdkFileList *list)
{
    g_autoptr(GSList) files = gdk_file_list_get_files(list);
    for (GSList *at = files; at; at = at->next)
        lg_chat_page_attach(self, at->data);
}

static gboolean on_drop(GtkDropTarget *target, const GValue *value, double x, double y, LgChatPage *self)
{
    if (!G_VALUE_HOLDS(value, GDK_TYPE_FILE_LIST))
        return FALSE;
    attach_all(self, g_value_get_boxed(value));
    return TRUE;
}

static void on_chosen(LgChatPage *self, int response, GtkNativeDialog *dialog)
{
    g_autoptr(GListModel) files =
        response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_files(GTK_FILE_CHOOSER(dialog)) : NULL;
    for (guint i = 0; files && i < g_list_model_get_n_items(files); i++) {
        g_autoptr(GFile) file = g_list_model_get_item(files, i);
        lg_chat_page_attach(self, file);
    }
    g_object_unref(dialog);
}

static void choose_files(LgChatPage *self)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Attach files"), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL,
                                    GTK_FILE_CHOOSER_ACTION_OPEN, _("_Attach"), _("_Cancel"));
    gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(dialog), TRUE);
    g_signal_connect_object(dialog, "response", G_CALLBACK(on_chosen), self, G_CONNECT_SWAPPED);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

void lg_chat_page_init_attaching(LgChatPage *self)
{
    GtkWidget *button = gtk_button_new_from_icon_name("mail-attachment-symbolic");
    GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
    self->chips = LG_ATTACHMENT_CHIPS(lg_attachment_chips_new(TRUE));
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, _("Attach files"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Attach files"), -1);
    lg_composer_add_button(self->composer, button);
    gtk_widget_insert_before(GTK_WIDGET(self->chips), gtk_widget_get_parent(GTK_WIDGET(self->composer)),
                             GTK_WIDGET(self->composer));
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(target));
    g_signal_connect_object(target, "drop", G_CALLBACK(on_drop), self, 0);
    g_signal_connect_object(button, "clicked", G_CALLBACK(choose_files), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->composer, "files", G_CALLBACK(attach_all), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->chips, "changed", G_CALLBACK(lg_chat_page_on_files_changed), self, G_CONNECT_SWAPPED);
}
