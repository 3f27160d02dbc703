/* SPDX-License-Identifier: MIT
 * What is written below the messages: drafts, sending, and another version of a message.
 */
#include <glib/gi18n.h>

#include "chat/chat_page-private.h"
#include "window.h"

#define DRAFT_MS 500

static gboolean save_draft(gpointer data)
{
    LgChatPage *self = data;
    self->draft_timeout = 0;
    g_autofree char *text = lg_composer_get_text(self->composer);
    if (self->editing || !self->store)
        return G_SOURCE_REMOVE;
    if (self->dialogue)
        lg_store_change_chat_async(self->store, lg_chat_page_get_chat_id(self),
                                   &(LgChatChange){.fields = LG_CHAT_DRAFT, .draft = text}, NULL, NULL, NULL);
    else
        g_settings_set_string(self->settings, "new-chat-draft", text);
    return G_SOURCE_REMOVE;
}

void lg_chat_page_save_draft(LgChatPage *self)
{
    if (!self->draft_timeout)
        return;
    g_source_remove(self->draft_timeout);
    save_draft(self);
}

void lg_chat_page_on_edited(LgChatPage *self)
{
    lg_chat_page_measure_soon(self);
    if (!self->filling && !self->draft_timeout)
        self->draft_timeout = g_timeout_add(DRAFT_MS, save_draft, self);
}

void lg_chat_page_fill_composer(LgChatPage *self, const char *text)
{
    self->filling = TRUE;
    lg_composer_set_text(self->composer, text);
    lg_attachment_chips_set(self->chips, NULL);
    self->filling = FALSE;
}

static void on_files_read(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgChatPage) self = data;
    g_autofree char *files = lg_store_get_draft_files_finish(LG_STORE(store), result, NULL);
    if (files && files[0] && !self->is_gone && !self->editing && !lg_attachment_chips_get(self->chips)->len)
        lg_attachment_chips_set(self->chips, files);
    lg_chat_page_measure_soon(self);
}

/* What comes for a chat that was shown before is not waited for. */
void lg_chat_page_read_files(LgChatPage *self)
{
    g_cancellable_cancel(self->reading_files);
    g_clear_object(&self->reading_files);
    self->reading_files = g_cancellable_new();
    if (self->store)
        lg_store_get_draft_files_async(self->store, lg_chat_page_get_chat_id(self), self->reading_files, on_files_read,
                                       g_object_ref(self));
}

void lg_chat_page_fill_draft(LgChatPage *self, const char *text)
{
    lg_chat_page_fill_composer(self, text);
    lg_chat_page_read_files(self);
}

void lg_chat_page_on_files_changed(LgChatPage *self)
{
    lg_chat_page_measure_soon(self);
    if (self->editing || !self->store)
        return;
    g_autofree char *files = lg_attachments_write(lg_attachment_chips_get(self->chips));
    lg_store_set_draft_files_async(self->store, lg_chat_page_get_chat_id(self), files);
}

void lg_chat_page_end_edit(LgChatPage *self)
{
    self->editing = 0;
    g_clear_pointer(&self->before_edit, g_free);
    gtk_revealer_set_reveal_child(self->edit_bar, FALSE);
}

static void go_back_to_draft(LgChatPage *self)
{
    g_autofree char *text = g_steal_pointer(&self->before_edit);
    lg_chat_page_end_edit(self);
    lg_chat_page_fill_draft(self, text);
}

void lg_chat_page_cancel_edit(LgChatPage *self)
{
    go_back_to_draft(self);
    lg_composer_focus(self->composer);
}

static void begin_edit(LgChatPage *self, gint64 message_id, const char *text, const char *attachments)
{
    lg_chat_page_save_draft(self);
    if (!self->editing)
        self->before_edit = lg_composer_get_text(self->composer);
    self->editing = message_id;
    g_cancellable_cancel(self->reading_files);
    lg_chat_page_fill_composer(self, text);
    lg_attachment_chips_set(self->chips, attachments);
    gtk_revealer_set_reveal_child(self->edit_bar, TRUE);
}

/* In front of what was written since. */
static char *join(const char *sent, const char *since)
{
    return since && since[0] ? g_strconcat(sent, "\n\n", since, NULL) : g_strdup(sent);
}

void lg_chat_page_give_back(LgChatPage *self, const LgStep *sent)
{
    const gboolean is_shown = sent->chat_id == lg_chat_page_get_chat_id(self);
    if (sent->kind == LG_STEP_EDIT) {
        if (is_shown && !self->editing)
            begin_edit(self, sent->message_id, sent->text, sent->attachments);
        return;
    }
    g_autofree char *since = is_shown && !self->editing ? lg_composer_get_text(self->composer) : NULL;
    g_autofree char *text = join(sent->text, is_shown && self->editing ? self->before_edit : since);
    if (is_shown && self->editing) {
        g_free(self->before_edit);
        self->before_edit = g_strdup(text);
    } else if (is_shown) {
        self->filling = TRUE; /* the draft is written below */
        lg_composer_set_text(self->composer, text);
        self->filling = FALSE;
        if (sent->attachments && !lg_attachment_chips_get(self->chips)->len)
            lg_attachment_chips_set(self->chips, sent->attachments);
    }
    if (sent->chat_id)
        lg_store_change_chat_async(self->store, sent->chat_id, &(LgChatChange){.fields = LG_CHAT_DRAFT, .draft = text},
                                   NULL, NULL, NULL);
    else
        g_settings_set_string(self->settings, "new-chat-draft", text);
}

void lg_chat_page_on_send(LgChatPage *self, const char *text)
{
    if (!self->store) {
        LgWindow *window = lg_window_of(GTK_WIDGET(self));
        if (window)
            lg_window_say(window, _("The history is still being opened"));
        return;
    }
    LgStep *step = lg_step_new(self->editing ? LG_STEP_EDIT : LG_STEP_SEND, lg_chat_page_get_chat_id(self));
    step->text = g_strstrip(g_strdup(text));
    step->message_id = self->editing;
    step->attachments = lg_attachments_write(lg_attachment_chips_get(self->chips));
    if (!self->dialogue) {
        step->parameters = lg_chat_page_write_settings(self);
        step->system_prompt = g_strdup(self->system_prompt);
        g_settings_reset(self->settings, "new-chat-draft");
    }
    if (self->draft_timeout)
        g_source_remove(self->draft_timeout);
    self->draft_timeout = 0;
    self->at_end = TRUE;
    g_cancellable_cancel(self->reading_files);
    if (self->editing)
        go_back_to_draft(self);
    else
        lg_chat_page_fill_composer(self, "");
    lg_chat_page_take_step(self, step);
}

void lg_chat_page_edit(GtkWidget *widget, const char *action, GVariant *id)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    const LgMessage *message = lg_chat_page_find_message(self, g_variant_get_int64(id));
    if (!message || lg_chat_page_is_busy(self, message->chat_id))
        return;
    begin_edit(self, message->id, message->text, message->attachments);
    lg_composer_focus(self->composer);
}
