/* SPDX-License-Identifier: MIT
 * What of the chat that is shown is in the model's window, measured while somebody types.
 */
#include "chat/chat_page-private.h"
#include "engine/error.h"

#define MEASURE_MS 150

static const LgLedgerEntry *entry_of(const LgChatPage *self, const LgLedger *ledger, gint64 message_id)
{
    const GArray *ids = self->transcript ? self->transcript->ids : NULL;
    for (guint i = 0; ids && i < ids->len && i < ledger->entries->len; i++) {
        guint at = ids->len - 1 - i; /* those that are shown are at the end */
        if (at < ledger->entries->len && g_array_index(ids, gint64, at) == message_id)
            return &g_array_index(ledger->entries, LgLedgerEntry, at);
    }
    return NULL;
}

static char *draft_of(LgChatPage *self)
{
    g_autofree char *text = lg_composer_get_text(self->composer);
    const GPtrArray *attachments = lg_attachment_chips_get(self->chips);
    return (g_strstrip(text)[0] || attachments->len) && !self->editing ? lg_attachments_join(attachments, text) : NULL;
}

static void on_measured(GObject *engine, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgChatPage) self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(LgLedger) ledger = lg_engine_measure_finish(LG_ENGINE(engine), result, &error);
    if (lg_error_is_cancelled(error))
        return;
    g_autofree char *draft = draft_of(self);
    lg_ledger_bar_set(self->ledger_bar, ledger, draft != NULL);
    for (guint i = 0; i < self->rows->len && self->dialogue; i++) {
        LgMessageRow *row = self->rows->pdata[i];
        lg_message_row_set_entry(row, ledger ? entry_of(self, ledger, lg_message_row_get_message(row)->id) : NULL,
                                 ledger && lg_ledger_is_tight(ledger));
    }
}

static void on_read(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgChatPage) self = data;
    g_autoptr(GError) error = NULL;
    LgTranscript *transcript = lg_dialogue_read_finish(LG_STORE(store), result, &error);
    if (!transcript)
        return;
    g_clear_pointer(&self->transcript, lg_transcript_free);
    self->transcript = transcript;
    lg_chat_page_measure_soon(self);
}

char *lg_chat_page_request(LgChatPage *self)
{
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    g_autoptr(LgTranscript) fresh = self->dialogue ? NULL : lg_transcript_new(self->system_prompt, nothing, FALSE);
    const LgTranscript *transcript = self->dialogue ? self->transcript : fresh;
    g_autofree char *draft = draft_of(self);
    if (!transcript || (!draft && !transcript->ids->len))
        return NULL;
    g_autofree char *tools = lg_chat_page_get_other_model(self) ? NULL : lg_chat_page_write_tools(self);
    return lg_transcript_request(transcript, draft, lg_chat_page_get_reasoning(self), FALSE, tools);
}

static void measure_now(LgChatPage *self)
{
    g_autofree char *request = lg_chat_page_request(self);
    if (!request) {
        lg_ledger_bar_set(self->ledger_bar, NULL, FALSE);
        return;
    }
    lg_engine_measure_async(self->provider.engine, lg_model_button_get_model(self->model_button),
                            self->parameters.n_positions, request, self->parameters.sampling.max_tokens,
                            self->measuring, on_measured, g_object_ref(self));
}

static gboolean measure(gpointer data)
{
    LgChatPage *self = data;
    self->measure_timeout = 0;
    g_cancellable_cancel(self->measuring);
    g_clear_object(&self->measuring);
    self->measuring = g_cancellable_new();
    if (self->dialogue && !self->transcript)
        lg_dialogue_read_async(self->store, lg_chat_page_get_chat_id(self), self->measuring, on_read,
                               g_object_ref(self));
    else
        measure_now(self);
    return G_SOURCE_REMOVE;
}

void lg_chat_page_measure_soon(LgChatPage *self)
{
    if (!self->measure_timeout && self->provider.engine)
        self->measure_timeout = g_timeout_add(MEASURE_MS, measure, self);
}
