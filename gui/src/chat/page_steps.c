/* SPDX-License-Identifier: MIT
 * Steps through the history, and showing how things stand after each.
 */
#include <glib/gi18n.h>

#include "chat/chat_page-private.h"
#include "lateness.h"
#include "window.h"

/* So many messages come at once, so that input between them is not kept waiting, until all that are wanted are there.
 */
#define STEP 3
#define MORE_MS 30

void lg_chat_page_set_settings(LgChatPage *self, const char *parameters, const char *system_prompt)
{
    lg_parameters_parse(&self->parameters, parameters);
    lg_tool_choice_free(self->tools);
    self->tools = lg_tool_choice_parse(parameters);
    lg_tools_button_set_choice(self->tools_button, self->tools);
    g_free(self->system_prompt);
    self->system_prompt = g_strdup(system_prompt);
}

void lg_chat_page_show_model(LgChatPage *self, const char *model)
{
    self->filling = TRUE;
    lg_model_button_set_model(self->model_button, model);
    self->filling = FALSE;
}

static gboolean show_more(gpointer data)
{
    LgChatPage *self = data;
    self->more_timeout = 0;
    self->n_shown = MIN(self->n_shown + STEP, self->n_wanted);
    if (self->dialogue)
        lg_chat_page_take_step(self, lg_step_new(LG_STEP_SHOW, lg_chat_page_get_chat_id(self)));
    return G_SOURCE_REMOVE;
}

/* Whether the same branch ends in the same way. */
static gboolean is_same(const LgDialogue *before, const LgDialogue *now)
{
    if (!before || before->chat->id != now->chat->id || !before->messages->len || !now->messages->len ||
        g_strcmp0(before->chat->system_prompt, now->chat->system_prompt) != 0)
        return FALSE;
    const LgMessage *last_before = before->messages->pdata[before->messages->len - 1];
    const LgMessage *last = now->messages->pdata[now->messages->len - 1];
    return last->id == last_before->id && last->state == last_before->state &&
           g_strcmp0(last->text, last_before->text) == 0;
}

static void seek(LgChatPage *self, const LgDialogue *dialogue)
{
    const gint64 id = dialogue->sought_id;
    const gboolean is_beside = dialogue->beside && dialogue->messages->len &&
                               (dialogue->beside->id == id ||
                                ((const LgMessage *)dialogue->messages->pdata[dialogue->messages->len - 1])->id == id);
    LgWindow *window = lg_window_of(GTK_WIDGET(self));
    if (is_beside)
        lg_chat_page_scroll_to_end(self); /* where the two are */
    else if (!lg_chat_page_seek(self, id) && window)
        lg_window_say(window, _("It is in another version, which can be shown when nothing is being written here"));
}

static void show_dialogue(LgChatPage *self, LgDialogue *dialogue)
{
    gboolean is_other = lg_chat_page_get_chat_id(self) != dialogue->chat->id;
    if (!is_same(self->dialogue, dialogue))
        g_clear_pointer(&self->transcript, lg_transcript_free);
    g_clear_pointer(&self->dialogue, lg_dialogue_free);
    self->dialogue = dialogue;
    lg_chat_page_set_settings(self, dialogue->chat->parameters, dialogue->chat->system_prompt);
    if (dialogue->chat->model)
        lg_chat_page_show_model(self, dialogue->chat->model);
    if (is_other) {
        lg_chat_page_fill_draft(self, dialogue->chat->draft);
        lg_chat_page_remove_rows(self, 0);
        self->at_end = TRUE;
    }
    if (dialogue->sought_id) { /* older ones than it come when they are asked for */
        self->n_shown = MAX(self->n_shown, dialogue->messages->len);
        self->n_wanted = self->n_shown;
    }
    if (dialogue->answer_id)
        lg_chat_page_begin_run(self, dialogue);
    lg_chat_page_make_calls(self, dialogue);
    lg_chat_page_show_messages(self, dialogue->messages, dialogue->messages->len - (dialogue->beside ? 1 : 0));
    lg_chat_page_show_pair(self);
    if (dialogue->sought_id)
        seek(self, dialogue);
    if (is_other)
        lg_lateness_mark_frame(GTK_WIDGET(self), "chat shown");
    lg_chat_page_show_calls(self);
    lg_history_select(self->history, dialogue->chat->id);
    lg_chat_page_show_busy(self);
    lg_chat_page_measure_soon(self);
    if (gtk_widget_get_visible(self->older) && self->n_shown < self->n_wanted && !self->more_timeout)
        self->more_timeout = g_timeout_add(MORE_MS, show_more, self);
}

/* A step that is on its way. */
typedef struct {
    LgChatPage *page;
    LgStep *sent; /* what the user wrote; NULL: nothing */
} Taken;

static Taken *take(LgChatPage *self, const LgStep *step)
{
    Taken *taken = g_new0(Taken, 1);
    taken->page = g_object_ref(self);
    if (step->kind == LG_STEP_SEND || step->kind == LG_STEP_EDIT) {
        taken->sent = lg_step_new(step->kind, step->chat_id);
        taken->sent->message_id = step->message_id;
        taken->sent->text = g_strdup(step->text);
        taken->sent->attachments = g_strdup(step->attachments);
    }
    return taken;
}

static void on_step(GObject *store, GAsyncResult *result, gpointer data)
{
    Taken *taken = data;
    g_autoptr(LgChatPage) self = taken->page;
    g_autoptr(LgStep) sent = taken->sent;
    g_autoptr(GError) error = NULL;
    g_free(taken);
    LgDialogue *dialogue = lg_dialogue_step_finish(LG_STORE(store), result, &error);
    if (self->is_gone) {
        g_clear_pointer(&dialogue, lg_dialogue_free);
    } else if (!dialogue) {
        lg_chat_page_say_error(self, error);
        if (sent)
            lg_chat_page_give_back(self, sent);
    } else if (!dialogue->is_quiet || dialogue->chat->id == lg_chat_page_get_chat_id(self)) {
        show_dialogue(self, dialogue);
    } else {
        if (dialogue->answer_id)
            lg_chat_page_begin_run(self, dialogue);
        lg_chat_page_make_calls(self, dialogue);
        lg_dialogue_free(dialogue);
    }
}

void lg_chat_page_take_step(LgChatPage *self, LgStep *step)
{
    if (!self->store) {
        lg_step_free(step);
        return;
    }
    step->n_shown = self->n_shown;
    if (!step->model)
        step->model = g_strdup(lg_model_button_get_model(self->model_button));
    if (step->kind == LG_STEP_SEND || step->kind == LG_STEP_EDIT || step->kind == LG_STEP_REGENERATE)
        step->other_model = g_strdup(lg_chat_page_get_other_model(self));
    step->sees_images = lg_provider_sees_images(&self->provider, step->model) &&
                        (!step->other_model || lg_provider_sees_images(&self->provider, step->other_model));
    if (!step->is_quiet) {
        g_cancellable_cancel(self->showing);
        g_clear_object(&self->showing);
    }
    if (step->kind == LG_STEP_SHOW && !step->is_quiet)
        self->showing = g_cancellable_new();
    lg_dialogue_step_async(self->store, step, step->is_quiet ? NULL : self->showing, on_step, take(self, step));
}

static void step_with(GtkWidget *widget, LgStepKind kind, gint64 id, int offset)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    if (!self->dialogue || lg_chat_page_is_busy(self, lg_chat_page_get_chat_id(self)))
        return;
    LgStep *step = lg_step_new(kind, lg_chat_page_get_chat_id(self));
    step->message_id = id;
    step->offset = offset;
    lg_chat_page_take_step(self, step);
}

static void regenerate(GtkWidget *widget, const char *action, GVariant *id)
{
    step_with(widget, LG_STEP_REGENERATE, g_variant_get_int64(id), 0);
}

static void go_on(GtkWidget *widget, const char *action, GVariant *id)
{
    step_with(widget, LG_STEP_CONTINUE, g_variant_get_int64(id), 0);
}

static void choose_branch(GtkWidget *widget, const char *action, GVariant *parameter)
{
    gint64 id;
    gint32 offset;
    g_variant_get(parameter, "(xi)", &id, &offset);
    step_with(widget, LG_STEP_BRANCH, id, offset);
}

/* The one of two answers that the chat goes on with. */
static void choose(GtkWidget *widget, const char *action, GVariant *id)
{
    lg_chat_page_swap_models(LG_CHAT_PAGE(widget), g_variant_get_int64(id));
    step_with(widget, LG_STEP_CHOOSE, g_variant_get_int64(id), 0);
}

void lg_chat_page_install_steps(GtkWidgetClass *class)
{
    gtk_widget_class_install_action(class, "chat.regenerate", "x", regenerate);
    gtk_widget_class_install_action(class, "chat.continue", "x", go_on);
    gtk_widget_class_install_action(class, "chat.branch", "(xi)", choose_branch);
    gtk_widget_class_install_action(class, "chat.choose", "x", choose);
}
