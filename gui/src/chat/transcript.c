/* SPDX-License-Identifier: MIT
 * What was said, in the form in which models are asked.
 */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "chat/attachment.h"
#include "chat/toolbox.h"
#include "chat/transcript.h"

static void append(LgTranscript *self, JsonObject *message, gint64 id)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(root, message);
    g_autofree char *text = json_to_string(root, FALSE);
    if (self->messages->len)
        g_string_append_c(self->messages, ',');
    g_string_append(self->messages, text);
    g_array_append_val(self->ids, id);
}

static JsonObject *new_message(const char *role, const char *content)
{
    JsonObject *message = json_object_new();
    json_object_set_string_member(message, "role", role);
    json_object_set_string_member(message, "content", content);
    return message;
}

/* What a model is told of a call that was interrupted. */
static char *content_of(const LgMessage *from)
{
    if (from->role == LG_ROLE_TOOL && from->state != LG_MESSAGE_COMPLETE)
        return g_strconcat(from->text, from->text[0] ? "\n" : "", _("[the call was interrupted]"), NULL);
    return g_strdup(from->text);
}

static void append_message(LgTranscript *self, const LgMessage *from, gboolean sees_images)
{
    g_autoptr(JsonNode) calls = lg_calls_for_model(from->tool_calls);
    g_autofree char *content = content_of(from);
    if (!content[0] && !calls && from->role == LG_ROLE_ASSISTANT)
        return;
    JsonObject *message = new_message(lg_role_name(from->role), content);
    if (from->attachments) {
        g_autoptr(GPtrArray) attachments = lg_attachments_read(from->attachments);
        json_object_set_member(message, "content", lg_attachments_content(attachments, from->text, sees_images));
    }
    if (from->reasoning)
        json_object_set_string_member(message, "reasoning_content", from->reasoning);
    if (from->tool_call_id)
        json_object_set_string_member(message, "tool_call_id", from->tool_call_id);
    if (calls)
        json_object_set_member(message, "tool_calls", g_steal_pointer(&calls));
    append(self, message, from->id);
}

static gboolean is_answered(const LgCallOf *call, const GPtrArray *messages, guint from)
{
    for (guint i = from; i < messages->len; i++) {
        const LgMessage *message = messages->pdata[i];
        if (message->role != LG_ROLE_TOOL)
            return FALSE;
        if (g_strcmp0(message->tool_call_id, call->id) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Models and servers want a result for each call: those that were not made get one that says so. */
static void append_missing(LgTranscript *self, const GPtrArray *messages, guint index)
{
    g_autoptr(GPtrArray) calls = lg_calls_read(((const LgMessage *)messages->pdata[index])->tool_calls);
    for (guint i = 0; i < calls->len; i++) {
        const LgCallOf *call = calls->pdata[i];
        if (is_answered(call, messages, index + 1))
            continue;
        JsonObject *message = new_message("tool", _("[the call was not made]"));
        json_object_set_string_member(message, "tool_call_id", call->id);
        append(self, message, 0);
    }
}

LgTranscript *lg_transcript_new(const char *system_prompt, const GPtrArray *messages, gboolean sees_images)
{
    LgTranscript *self = g_new0(LgTranscript, 1);
    self->messages = g_string_new(NULL);
    self->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (system_prompt && system_prompt[0])
        append(self, new_message("system", system_prompt), 0);
    for (guint i = 0; i < messages->len; i++) {
        append_message(self, messages->pdata[i], sees_images);
        append_missing(self, messages, i);
    }
    return self;
}

void lg_transcript_free(LgTranscript *self)
{
    g_string_free(self->messages, TRUE);
    g_array_unref(self->ids);
    g_free(self);
}

char *lg_transcript_request(const LgTranscript *self, const char *draft, const char *reasoning, gboolean goes_on,
                            const char *tools)
{
    GString *request = g_string_new("{\"messages\":[");
    g_string_append(request, self->messages->str);
    if (draft) {
        g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
        json_node_take_object(root, new_message("user", draft));
        g_autofree char *text = json_to_string(root, FALSE);
        g_string_append_printf(request, "%s%s", self->messages->len ? "," : "", text);
    }
    g_string_append_printf(request, "],\"reasoning\":\"%s\"%s%s%s}", reasoning,
                           goes_on ? ",\"continue_final_message\":true" : "", tools ? ",\"tools\":" : "",
                           tools ? tools : "");
    return g_string_free(request, FALSE);
}
