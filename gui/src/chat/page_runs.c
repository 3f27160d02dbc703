/* SPDX-License-Identifier: MIT
 * What runs of a page: answers on their way, whichever chat is shown.
 */
#include "chat/chat_page-private.h"

LgRun *lg_chat_page_find_run(LgChatPage *self, gint64 message_id)
{
    for (guint i = 0; i < self->runs->len; i++)
        if (lg_run_get_message_id(self->runs->pdata[i]) == message_id)
            return self->runs->pdata[i];
    return NULL;
}

gboolean lg_chat_page_is_answered(LgChatPage *self, gint64 chat_id)
{
    for (guint i = 0; i < self->runs->len; i++)
        if (lg_run_get_chat_id(self->runs->pdata[i]) == chat_id)
            return TRUE;
    return FALSE;
}

gboolean lg_chat_page_is_busy(LgChatPage *self, gint64 chat_id)
{
    for (guint i = 0; i < self->calls->len; i++)
        if (lg_tool_call_get_chat_id(self->calls->pdata[i]) == chat_id)
            return TRUE;
    return lg_chat_page_is_answered(self, chat_id);
}

void lg_chat_page_show_busy(LgChatPage *self)
{
    lg_composer_set_busy(self->composer, self->dialogue && lg_chat_page_is_busy(self, lg_chat_page_get_chat_id(self)));
}

static void on_run_finished(LgChatPage *self, LgRun *run)
{
    if (self->library)
        lg_run_note_speed(run, self->provider.engine, self->library);
    gint64 chat_id = lg_run_get_chat_id(run);
    const gboolean calls = lg_reply_get_n_calls(lg_run_get_reply(run)) > 0;
    LgStep *step = lg_step_new(LG_STEP_SHOW, chat_id);
    step->is_quiet = TRUE;
    step->may_call = calls && lg_reply_get_finish(lg_run_get_reply(run)) == LG_FINISH_CALLS;
    step->model = g_strdup(lg_run_get_model(run));
    g_ptr_array_remove(self->runs, run);
    if (calls || chat_id == lg_chat_page_get_chat_id(self))
        lg_chat_page_take_step(self, step);
    else
        lg_step_free(step);
    lg_chat_page_show_busy(self);
}

/* Of a chat with these parameters. */
static const char *reasoning_of(LgChatPage *self, const LgParameters *parameters)
{
    const int set = g_settings_get_enum(self->settings, "reasoning");
    return lg_reasoning_word(parameters->reasoning ? parameters->reasoning : LG_REASONING_SHOWN + (LgReasoning)set);
}

const char *lg_chat_page_get_reasoning(LgChatPage *self) { return reasoning_of(self, &self->parameters); }

static LgRun *begin(LgChatPage *self, LgDialogue *dialogue, gint64 message_id, const char *model, GPtrArray *offers)
{
    LgParameters parameters;
    const LgMessage *message = dialogue->messages->pdata[dialogue->messages->len - 1];
    g_autofree char *tools = lg_toolbox_write(offers);
    lg_parameters_parse(&parameters, dialogue->chat->parameters);
    g_autofree char *request =
        lg_transcript_request(dialogue->transcript, NULL, reasoning_of(self, &parameters), dialogue->goes_on, tools);
    LgRun *run = lg_run_new(&self->provider, self->store, dialogue->chat->id, message_id,
                            dialogue->goes_on ? message->text : "", model, request, &parameters, offers);
    g_ptr_array_add(self->runs, run);
    g_signal_connect_object(run, "finished", G_CALLBACK(on_run_finished), self, G_CONNECT_SWAPPED);
    return run;
}

/* By the settings of its chat, which may not be the one that is shown. Two answers beside each other are to the same
 * words, without tools, whose results would make them differ. */
void lg_chat_page_begin_run(LgChatPage *self, LgDialogue *dialogue)
{
    const gboolean has_tools = !dialogue->goes_on && !dialogue->other_id;
    g_autoptr(LgToolChoice) choice = lg_tool_choice_parse(dialogue->chat->parameters);
    g_autoptr(GPtrArray) offers = lg_toolbox_offer(has_tools ? self->servers : NULL, choice);
    begin(self, dialogue, dialogue->answer_id, dialogue->model, offers);
    if (dialogue->other_id)
        lg_run_set_beside(begin(self, dialogue, dialogue->other_id, dialogue->other_model, offers),
                          dialogue->answer_id);
}
