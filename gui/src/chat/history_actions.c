/* SPDX-License-Identifier: MIT
 * What can be done to the chats, folders and presets of the history.
 */
#include <adwaita.h>
#include <glib/gi18n.h>

#include "chat/history_actions.h"
#include "window.h"

/* One that is under way. */
struct change {
    GtkWidget *widget;
    LgStore *store;
    gint64 id;
    LgStoreJob job;   /* gets the text that was entered, or the id */
    const char *done; /* what a toast says that offers to take it back */
    GtkEditable *entry;
};

struct job {
    gint64 id;
    char *text;
};

static struct change *change_new(GtkWidget *widget, LgStore *store, gint64 id)
{
    struct change *self = g_new0(struct change, 1);
    self->widget = g_object_ref(widget);
    self->store = g_object_ref(store);
    self->id = id;
    return self;
}

static void change_free(struct change *self)
{
    g_object_unref(self->widget);
    g_object_unref(self->store);
    g_free(self);
}

/* In the window of the widget, which may be that of a chat's settings. */
static void add_toast(GtkWidget *widget, AdwToast *toast)
{
    GtkRoot *root = gtk_widget_get_root(widget);
    if (ADW_IS_PREFERENCES_WINDOW(root))
        adw_preferences_window_add_toast(ADW_PREFERENCES_WINDOW(root), toast);
    else
        lg_window_add_toast(lg_window_of(widget), toast);
}

static void say(GtkWidget *widget, const GError *error)
{
    g_autofree char *text = error ? g_markup_escape_text(error->message, -1) : NULL;
    if (ADW_IS_PREFERENCES_WINDOW(gtk_widget_get_root(widget)) && text)
        add_toast(widget, adw_toast_new(text));
    else if (error)
        lg_window_say(lg_window_of(widget), error->message);
}

static void free_job(gpointer data)
{
    struct job *job = data;
    g_free(job->text);
    g_free(job);
}

/* --- Taking back ----------------------------------------------------------------------------------------------------
 */

static void on_undone(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(GtkWidget) widget = data;
    g_autoptr(GError) error = NULL;
    lg_store_done_finish(LG_STORE(store), result, &error);
    say(widget, error);
}

static void undo(AdwToast *toast, struct change *change)
{
    lg_store_undo_async(change->store, change->id, NULL, on_undone, g_object_ref(change->widget));
}

static void free_with_toast(gpointer change, GClosure *closure) { change_free(change); }

static void offer_undo(struct change *change, gint64 deletion_id)
{
    AdwToast *toast = adw_toast_new(change->done);
    change->id = deletion_id;
    adw_toast_set_button_label(toast, _("_Undo"));
    g_signal_connect_data(toast, "button-clicked", G_CALLBACK(undo), change, free_with_toast, 0);
    add_toast(change->widget, toast);
}

static void on_deleted(GObject *store, GAsyncResult *result, gpointer data)
{
    struct change *change = data;
    g_autoptr(GError) error = NULL;
    gint64 deletion = lg_store_id_finish(LG_STORE(store), result, &error);
    if (deletion) {
        offer_undo(change, deletion);
    } else {
        say(change->widget, error);
        change_free(change);
    }
}

void lg_history_delete_chat(GtkWidget *widget, LgStore *store, gint64 chat_id)
{
    struct change *change = change_new(widget, store, chat_id);
    change->done = _("The chat is deleted");
    lg_store_delete_chats_async(store, &chat_id, 1, NULL, on_deleted, change);
}

static gpointer delete_folder(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct job *job = data;
    gint64 deletion = lg_store_delete_folder(store, job->id, FALSE, error);
    return deletion ? g_memdup2(&deletion, sizeof deletion) : NULL;
}

static void on_part_deleted(GObject *store, GAsyncResult *result, gpointer data)
{
    struct change *change = data;
    g_autoptr(GError) error = NULL;
    g_autofree gint64 *deletion = lg_store_run_finish(LG_STORE(store), result, &error);
    if (deletion) {
        offer_undo(change, *deletion);
    } else {
        say(change->widget, error);
        change_free(change);
    }
}

/* done: what is said beside "Undo". */
static void delete_part(GtkWidget *widget, LgStore *store, LgStoreJob part, gint64 id, const char *done)
{
    struct change *change = change_new(widget, store, id);
    struct job *job = g_new0(struct job, 1);
    change->done = done;
    job->id = id;
    lg_store_run_async(store, part, job, free_job, g_free, NULL, on_part_deleted, change);
}

void lg_history_delete_folder(GtkWidget *widget, LgStore *store, gint64 folder_id)
{
    delete_part(widget, store, delete_folder, folder_id, _("The folder is deleted; its chats are kept"));
}

static gpointer delete_preset(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct job *job = data;
    gint64 deletion = lg_store_delete_preset(store, job->id, error);
    return deletion ? g_memdup2(&deletion, sizeof deletion) : NULL;
}

void lg_history_delete_preset(GtkWidget *widget, LgStore *store, gint64 preset_id)
{
    delete_part(widget, store, delete_preset, preset_id, _("The preset is deleted"));
}

/* --- Changes without a question -------------------------------------------------------------------------------------
 */

static void on_changed(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(GtkWidget) widget = data;
    g_autoptr(GError) error = NULL;
    lg_store_done_finish(LG_STORE(store), result, &error);
    say(widget, error);
}

void lg_history_pin_chat(GtkWidget *widget, LgStore *store, gint64 chat_id, gboolean pinned)
{
    LgChatChange change = {.fields = LG_CHAT_PINNED, .pinned = pinned};
    lg_store_change_chat_async(store, chat_id, &change, NULL, on_changed, g_object_ref(widget));
}

void lg_history_move_chat(GtkWidget *widget, LgStore *store, gint64 chat_id, gint64 folder_id)
{
    LgChatChange change = {.fields = LG_CHAT_FOLDER, .folder_id = folder_id};
    lg_store_change_chat_async(store, chat_id, &change, NULL, on_changed, g_object_ref(widget));
}

/* --- Names ----------------------------------------------------------------------------------------------------------
 */

static gpointer done(gboolean good) { return good ? g_malloc0(1) : NULL; }

static gpointer rename_chat(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct job *job = data;
    LgChatChange change = {.fields = LG_CHAT_TITLE, .title = job->text};
    return done(lg_store_change_chat(store, job->id, &change, error));
}

static gpointer rename_folder(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct job *job = data;
    return done(lg_store_rename_folder(store, job->id, job->text, error));
}

static gpointer add_folder(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct job *job = data;
    return done(lg_store_add_folder(store, job->text, error) != 0);
}

static gpointer rename_preset(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct job *job = data;
    g_autoptr(GPtrArray) all = lg_store_list_presets(store, error);
    const LgPreset *preset = NULL;
    for (guint i = 0; all && i < all->len; i++) {
        const LgPreset *other = all->pdata[i];
        if (other->id == job->id) {
            preset = other;
        } else if (strcmp(other->name, job->text) == 0) {
            g_set_error(error, LG_STORE_ERROR, LG_STORE_ERROR_INVALID, _("There is a preset “%s” already"), job->text);
            return NULL;
        }
    }
    if (all && !preset)
        g_set_error_literal(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND,
                            _("The preset is no longer in the history"));
    return done(preset && lg_store_save_preset(store, preset->id, job->text, preset->system_prompt, preset->parameters,
                                               preset->model, error));
}

static void on_named(GObject *store, GAsyncResult *result, gpointer data)
{
    struct change *change = data;
    g_autoptr(GError) error = NULL;
    g_free(lg_store_run_finish(LG_STORE(store), result, &error));
    say(change->widget, error);
    change_free(change);
}

static void on_name_response(AdwMessageDialog *dialog, const char *response, struct change *change)
{
    g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(change->entry)));
    if (strcmp(response, "save") != 0 || !text[0]) {
        change_free(change);
        return;
    }
    struct job *job = g_new0(struct job, 1);
    job->id = change->id;
    job->text = g_steal_pointer(&text);
    lg_store_run_async(change->store, change->job, job, free_job, g_free, NULL, on_named, change);
}

static void on_name_edited(GtkEditable *entry, AdwMessageDialog *dialog)
{
    g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(entry)));
    adw_message_dialog_set_response_enabled(dialog, "save", text[0] != 0);
}

static void ask_name(struct change *change, const char *heading, const char *name)
{
    GtkRoot *root = gtk_widget_get_root(change->widget);
    AdwMessageDialog *dialog =
        ADW_MESSAGE_DIALOG(adw_message_dialog_new(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, heading, NULL));
    GtkWidget *entry = gtk_entry_new();
    gtk_window_set_title(GTK_WINDOW(dialog), heading); /* what screen readers call it */
    change->entry = GTK_EDITABLE(entry);
    adw_message_dialog_add_responses(dialog, "cancel", _("_Cancel"), "save", _("_Save"), NULL);
    adw_message_dialog_set_response_appearance(dialog, "save", ADW_RESPONSE_SUGGESTED);
    adw_message_dialog_set_default_response(dialog, "save");
    adw_message_dialog_set_close_response(dialog, "cancel");
    adw_message_dialog_set_extra_child(dialog, entry);
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Name"), -1);
    g_signal_connect(entry, "changed", G_CALLBACK(on_name_edited), dialog);
    gtk_editable_set_text(GTK_EDITABLE(entry), name);
    on_name_edited(GTK_EDITABLE(entry), dialog);
    g_signal_connect(dialog, "response", G_CALLBACK(on_name_response), change);
    gtk_window_present(GTK_WINDOW(dialog));
    gtk_widget_grab_focus(entry);
}

void lg_history_rename_chat(GtkWidget *widget, LgStore *store, gint64 chat_id, const char *title)
{
    struct change *change = change_new(widget, store, chat_id);
    change->job = rename_chat;
    ask_name(change, _("Rename chat"), title);
}

void lg_history_rename_folder(GtkWidget *widget, LgStore *store, gint64 folder_id, const char *name)
{
    struct change *change = change_new(widget, store, folder_id);
    change->job = rename_folder;
    ask_name(change, _("Rename folder"), name);
}

void lg_history_rename_preset(GtkWidget *widget, LgStore *store, gint64 preset_id, const char *name)
{
    struct change *change = change_new(widget, store, preset_id);
    change->job = rename_preset;
    ask_name(change, _("Rename preset"), name);
}

void lg_history_add_folder(GtkWidget *widget, LgStore *store)
{
    struct change *change = change_new(widget, store, 0);
    change->job = add_folder;
    ask_name(change, _("New folder"), "");
}
