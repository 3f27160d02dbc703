/* SPDX-License-Identifier: MIT
 * Calls of tools: who may make them, making them, and how they stand. What the history has decides: a call without a
 * result waits for the user's word as long as its answer is the last one, in a later run of the app, too. By itself the
 * app makes only the calls of an answer that has just been written, and of those only such as the user has allowed for
 * this chat.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "chat/chat_page-private.h"

/* --- Who may --------------------------------------------------------------------------------------------------------
 */

/* The tool that was offered, as it is now; NULL: it is not there. */
static LgMcpTool *tool_of(LgChatPage *self, const LgCallOf *call)
{
    return self->servers && *call->server_id ? lg_mcp_servers_find_tool(self->servers, call->server_id, call->tool)
                                             : NULL;
}

static gboolean may_unasked(LgChatPage *self, const LgToolChoice *choice, const LgCallOf *call)
{
    const LgMcpTool *tool = tool_of(self, call);
    return tool && strcmp(tool->hash, call->hash) == 0 && lg_tool_choice_is_always(choice, tool);
}

char *lg_chat_page_write_tools(LgChatPage *self)
{
    g_autoptr(GPtrArray) offers = lg_toolbox_offer(self->servers, self->tools);
    return lg_toolbox_write(offers);
}

char *lg_chat_page_write_settings(LgChatPage *self)
{
    g_autofree char *parameters = lg_parameters_to_json(&self->parameters);
    return lg_tool_choice_join(self->tools, parameters);
}

/* --- Making them ----------------------------------------------------------------------------------------------------
 */

LgToolCall *lg_chat_page_find_call(LgChatPage *self, gint64 message_id)
{
    for (guint i = 0; i < self->calls->len; i++)
        if (lg_tool_call_get_message_id(self->calls->pdata[i]) == message_id)
            return self->calls->pdata[i];
    return NULL;
}

static void on_call_finished(LgChatPage *self, LgToolCall *call)
{
    const gint64 chat_id = lg_tool_call_get_chat_id(call);
    LgStep *step = lg_step_new(lg_tool_call_is_stopped(call) ? LG_STEP_SHOW : LG_STEP_ANSWER, chat_id);
    step->is_quiet = TRUE;
    step->model = g_strdup(lg_tool_call_get_model(call));
    g_ptr_array_remove(self->calls, call);
    lg_chat_page_take_step(self, step);
    lg_chat_page_show_busy(self);
}

static const LgCallOf *find_call(const GPtrArray *calls, const char *id)
{
    for (guint i = 0; i < calls->len; i++)
        if (g_strcmp0(((const LgCallOf *)calls->pdata[i])->id, id) == 0)
            return calls->pdata[i];
    return NULL;
}

/* The history has a place for the result: now the tool is asked. */
static void begin_call(LgChatPage *self, LgDialogue *dialogue)
{
    g_autoptr(GPtrArray) calls = lg_calls_read(dialogue->calling->tool_calls);
    const LgCallOf *call = find_call(calls, dialogue->call_id);
    LgMcpTool *tool = call ? tool_of(self, call) : NULL;
    LgMcpServer *server = tool ? lg_mcp_servers_find(self->servers, tool->server_id) : NULL;
    LgToolCall *made =
        lg_tool_call_new(self->store, server ? lg_mcp_server_get_session(server) : NULL, tool ? tool->name : "",
                         call ? call->arguments : "{}", dialogue->chat->id, dialogue->result_id, dialogue->model);
    g_ptr_array_add(self->calls, made);
    g_signal_connect_object(made, "changed", G_CALLBACK(lg_chat_page_show_calls), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(made, "finished", G_CALLBACK(on_call_finished), self, G_CONNECT_SWAPPED);
}

static LgStep *new_step(LgStepKind kind, gint64 chat_id, gint64 message_id, const LgCallOf *call, const char *model)
{
    LgStep *step = lg_step_new(kind, chat_id);
    step->message_id = message_id;
    step->call_id = g_strdup(call->id);
    step->tool = g_strdup(call->name);
    step->model = g_strdup(model);
    step->is_quiet = TRUE;
    return step;
}

void lg_chat_page_make_calls(LgChatPage *self, LgDialogue *dialogue)
{
    if (dialogue->result_id)
        begin_call(self, dialogue);
    const LgMessage *last = dialogue->messages->len ? dialogue->messages->pdata[dialogue->messages->len - 1] : NULL;
    if (!dialogue->may_call || !last || !last->tool_calls || last->state != LG_MESSAGE_COMPLETE)
        return;
    g_autoptr(GPtrArray) calls = lg_calls_read(last->tool_calls);
    g_autoptr(LgToolChoice) choice = lg_tool_choice_parse(dialogue->chat->parameters);
    for (guint i = 0; i < calls->len; i++)
        if (may_unasked(self, choice, calls->pdata[i]))
            lg_chat_page_take_step(
                self, new_step(LG_STEP_CALL, dialogue->chat->id, last->id, calls->pdata[i], dialogue->model));
}

/* --- The user's word ------------------------------------------------------------------------------------------------
 */

static void save_choice(LgChatPage *self)
{
    g_autofree char *json = lg_chat_page_write_settings(self);
    LgChatChange change = {.fields = LG_CHAT_PARAMETERS, .parameters = json};
    if (self->dialogue)
        lg_store_change_chat_async(self->store, lg_chat_page_get_chat_id(self), &change, NULL, NULL, NULL);
    lg_tools_button_set_choice(self->tools_button, self->tools);
}

void lg_chat_page_on_tools_chosen(LgChatPage *self)
{
    save_choice(self);
    lg_chat_page_show_calls(self);
    lg_chat_page_measure_soon(self);
}

static void decide(LgChatPage *self, GVariant *parameter, LgStepKind kind, gboolean always)
{
    gint64 message_id;
    const char *call_id;
    g_variant_get(parameter, "(x&s)", &message_id, &call_id);
    const LgMessage *message = lg_chat_page_find_message(self, message_id);
    g_autoptr(GPtrArray) calls = lg_calls_read(message ? message->tool_calls : NULL);
    const LgCallOf *call = find_call(calls, call_id);
    if (!call)
        return;
    lg_composer_focus(self->composer); /* the button that was pressed goes */
    LgMcpTool *tool = tool_of(self, call);
    if (always && tool) {
        lg_tool_choice_set_always(self->tools, tool);
        save_choice(self);
    }
    LgStep *step = new_step(kind, message->chat_id, message_id, call, lg_model_button_get_model(self->model_button));
    if (kind == LG_STEP_DENY)
        step->text = g_strdup(_("The user did not allow this call."));
    lg_chat_page_take_step(self, step);
    if (kind != LG_STEP_DENY)
        return;
    step = lg_step_new(LG_STEP_ANSWER, message->chat_id);
    step->is_quiet = TRUE;
    lg_chat_page_take_step(self, step);
}

static void allow(GtkWidget *widget, const char *action, GVariant *parameter)
{
    decide(LG_CHAT_PAGE(widget), parameter, LG_STEP_CALL, FALSE);
}

static void allow_always(GtkWidget *widget, const char *action, GVariant *parameter)
{
    decide(LG_CHAT_PAGE(widget), parameter, LG_STEP_CALL, TRUE);
}

static void deny(GtkWidget *widget, const char *action, GVariant *parameter)
{
    decide(LG_CHAT_PAGE(widget), parameter, LG_STEP_DENY, FALSE);
}

static void answer(GtkWidget *widget, const char *action, GVariant *id)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    if (!self->dialogue || lg_chat_page_is_busy(self, lg_chat_page_get_chat_id(self)))
        return;
    lg_composer_focus(self->composer);
    LgStep *step = lg_step_new(LG_STEP_ANSWER, lg_chat_page_get_chat_id(self));
    step->by_user = TRUE;
    lg_chat_page_take_step(self, step);
}

void lg_chat_page_install_calls(GtkWidgetClass *class)
{
    gtk_widget_class_install_action(class, "chat.allow", "(xs)", allow);
    gtk_widget_class_install_action(class, "chat.allow-always", "(xs)", allow_always);
    gtk_widget_class_install_action(class, "chat.deny", "(xs)", deny);
    gtk_widget_class_install_action(class, "chat.answer", "x", answer);
}

/* --- How they stand -------------------------------------------------------------------------------------------------
 */

static const LgMessage *message_at(LgChatPage *self, guint i)
{
    return i < self->rows->len ? lg_message_row_get_message(self->rows->pdata[i]) : NULL;
}

/* Whether one of the results that stand below row `i` is that of the call; *is_last: nothing else stands there. */
static gboolean has_result(LgChatPage *self, guint i, const char *id, gboolean *is_last)
{
    gboolean found = FALSE;
    const LgMessage *message;
    while ((message = message_at(self, ++i)) && message->role == LG_ROLE_TOOL)
        found |= g_strcmp0(message->tool_call_id, id) == 0;
    *is_last = message == NULL;
    return found;
}

static LgCallCard *new_card(LgChatPage *self, guint i, const LgCallOf *call)
{
    const LgMessage *message = message_at(self, i);
    LgMcpTool *tool = tool_of(self, call);
    LgMcpServer *server = tool ? lg_mcp_servers_find(self->servers, tool->server_id) : NULL;
    LgCallCard *card = g_new0(LgCallCard, 1);
    gboolean is_last;
    const gboolean done = has_result(self, i, call->id, &is_last);
    card->message_id = message->id;
    card->id = g_strdup(call->id);
    card->name = g_strdup(*call->tool ? call->tool : call->name);
    card->arguments = g_strdup(call->arguments);
    card->server = server ? g_strdup(lg_mcp_server_get_config(server)->name) : NULL;
    card->description = g_strdup(tool ? tool->description : "");
    card->is_asked = !done && is_last && message->state == LG_MESSAGE_COMPLETE;
    card->is_lost = !done && !card->is_asked && message->state != LG_MESSAGE_STREAMING;
    card->has_changed =
        tool && (strcmp(tool->hash, call->hash) != 0 || lg_tool_choice_get(self->tools, tool) == LG_TOOL_CHANGED);
    return card;
}

/* Whether the model would go on, if somebody let it: it was stopped after so many rounds, or the app ended meanwhile.
 */
static gboolean offers_answer(LgChatPage *self, guint i)
{
    if (i + 1 != self->rows->len || self->dialogue->beside ||
        lg_chat_page_is_busy(self, lg_chat_page_get_chat_id(self)))
        return FALSE;
    guint at = i;
    while (at > 0 && message_at(self, at)->role == LG_ROLE_TOOL)
        at--;
    g_autoptr(GPtrArray) calls = lg_calls_read(message_at(self, at)->tool_calls);
    for (guint j = 0; j < calls->len; j++) {
        gboolean is_last;
        if (!has_result(self, at, ((const LgCallOf *)calls->pdata[j])->id, &is_last))
            return FALSE;
    }
    return calls->len > 0;
}

void lg_chat_page_show_calls(LgChatPage *self)
{
    for (guint i = 0; i < self->rows->len; i++) {
        LgMessageRow *row = self->rows->pdata[i];
        const LgMessage *message = message_at(self, i);
        LgToolCall *made = lg_chat_page_find_call(self, message->id);
        if (message->role == LG_ROLE_TOOL)
            lg_message_row_set_result(row, made ? lg_tool_call_get_progress(made) : NULL, offers_answer(self, i));
        if (!message->tool_calls)
            continue;
        g_autoptr(GPtrArray) calls = lg_calls_read(message->tool_calls);
        g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func((GDestroyNotify)lg_call_card_free);
        for (guint j = 0; j < calls->len; j++)
            g_ptr_array_add(cards, new_card(self, i, calls->pdata[j]));
        lg_message_row_set_calls(row, cards);
    }
}
