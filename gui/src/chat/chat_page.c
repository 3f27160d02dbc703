/* SPDX-License-Identifier: MIT
 * The page Chat. What is shown is what the history has; every step goes through it (chat/dialogue.h) and is shown when
 * it is done. Answers that are on their way (chat/run.h) belong to the page, whichever chat it shows.
 */
#include "chat/chat_page-private.h"
#include "chat/chat_settings.h"
#include "engine/error.h"
#include "lateness.h"
#include "window.h"

G_DEFINE_TYPE(LgChatPage, lg_chat_page, ADW_TYPE_BIN)

gint64 lg_chat_page_get_chat_id(const LgChatPage *self) { return self->dialogue ? self->dialogue->chat->id : 0; }

void lg_chat_page_say_error(LgChatPage *self, const GError *error)
{
    LgWindow *window = lg_window_of(GTK_WIDGET(self));
    if (window && !lg_error_is_cancelled(error))
        lg_window_say(window, error->message);
}

static void stop_chat(LgChatPage *self, gint64 chat_id)
{
    for (guint i = 0; i < self->runs->len; i++)
        if (lg_run_get_chat_id(self->runs->pdata[i]) == chat_id)
            lg_run_stop(self->runs->pdata[i]);
    for (guint i = 0; i < self->calls->len; i++)
        if (lg_tool_call_get_chat_id(self->calls->pdata[i]) == chat_id)
            lg_tool_call_stop(self->calls->pdata[i]);
}

void lg_chat_page_stop(LgChatPage *self) { stop_chat(self, lg_chat_page_get_chat_id(self)); }

/* --- Settings of the chat -------------------------------------------------------------------------------------------
 */

static void on_settings_changed(LgChatPage *self, LgChatSettings *settings)
{
    g_autofree char *parameters = lg_parameters_to_json(lg_chat_settings_get_parameters(settings));
    g_autofree char *json = lg_tool_choice_join(self->tools, parameters);
    g_autofree char *system_prompt = g_strdup(lg_chat_settings_get_system_prompt(settings));
    const char *reasoning = lg_chat_page_get_reasoning(self);
    lg_chat_page_set_settings(self, json, system_prompt[0] ? system_prompt : NULL);
    if (!self->dialogue) {
        lg_chat_page_measure_soon(self);
        return;
    }
    LgChatChange change = {
        .fields = LG_CHAT_PARAMETERS | LG_CHAT_SYSTEM_PROMPT, .parameters = json, .system_prompt = self->system_prompt};
    lg_store_change_chat_async(self->store, lg_chat_page_get_chat_id(self), &change, NULL, NULL, NULL);
    if (strcmp(reasoning, lg_chat_page_get_reasoning(self)) != 0)
        lg_chat_page_remove_rows(self, 0); /* they come again with their thoughts, or without */
    lg_chat_page_take_step(self, lg_step_new(LG_STEP_SHOW, lg_chat_page_get_chat_id(self)));
}

static void show_settings(GtkWidget *widget, const char *action, GVariant *parameter)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    GtkRoot *root = gtk_widget_get_root(widget);
    LgChatSettings *settings = lg_chat_settings_new(self->store, &self->parameters, self->system_prompt);
    gtk_window_set_transient_for(GTK_WINDOW(settings), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL);
    g_signal_connect_object(settings, "changed", G_CALLBACK(on_settings_changed), self, G_CONNECT_SWAPPED);
    gtk_window_present(GTK_WINDOW(settings));
}

static void on_model_chosen(LgChatPage *self)
{
    const char *model = lg_model_button_get_model(self->model_button);
    if (self->filling || !self->provider.engine)
        return;
    if (self->dialogue)
        lg_store_change_chat_async(self->store, lg_chat_page_get_chat_id(self),
                                   &(LgChatChange){.fields = LG_CHAT_MODEL, .model = model}, NULL, NULL, NULL);
    else
        g_settings_set_string(self->settings, "default-model", model);
    lg_chat_page_measure_soon(self);
}

/* Escape, which nothing else wanted: the other version of a message is given up, or the answer. */
static gboolean on_escape(GtkWidget *widget, GVariant *parameter, gpointer data)
{
    LgChatPage *self = LG_CHAT_PAGE(widget);
    if (self->editing)
        lg_chat_page_cancel_edit(self);
    else if (lg_chat_page_is_answered(self, lg_chat_page_get_chat_id(self)))
        lg_chat_page_stop(self);
    else
        return GDK_EVENT_PROPAGATE;
    return GDK_EVENT_STOP;
}

/* --- From outside ---------------------------------------------------------------------------------------------------
 */

static void new_chat(GtkWidget *widget, const char *action, GVariant *parameter)
{
    lg_chat_page_new_chat(LG_CHAT_PAGE(widget));
}

void lg_chat_page_new_chat(LgChatPage *self)
{
    g_autofree char *model = g_settings_get_string(self->settings, "default-model");
    lg_chat_page_save_draft(self); /* it may be the one that is read next */
    g_autofree char *draft = g_settings_get_string(self->settings, "new-chat-draft");
    lg_chat_page_end_edit(self);
    g_cancellable_cancel(self->showing);
    g_clear_pointer(&self->dialogue, lg_dialogue_free);
    g_clear_pointer(&self->transcript, lg_transcript_free);
    lg_chat_page_remove_rows(self, 0);
    lg_chat_page_show_pair(self);
    self->n_shown = LG_PAGE_FIRST;
    self->n_wanted = LG_PAGE_MORE;
    lg_chat_page_set_settings(self, NULL, NULL);
    lg_chat_page_show_model(self, model);
    gtk_widget_set_visible(self->older, FALSE);
    gtk_stack_set_visible_child_name(self->stack, "welcome");
    lg_history_select(self->history, 0);
    lg_chat_page_fill_draft(self, draft);
    lg_chat_page_show_busy(self);
    lg_chat_page_measure_soon(self);
    lg_composer_focus(self->composer);
    if (adw_flap_get_folded(self->flap))
        adw_flap_set_reveal_flap(self->flap, FALSE);
}

void lg_chat_page_show_message(LgChatPage *self, gint64 chat_id, gint64 message_id)
{
    const gboolean is_other = chat_id != lg_chat_page_get_chat_id(self);
    if (!is_other && !message_id)
        return;
    g_clear_handle_id(&self->more_timeout, g_source_remove); /* it would show the chat of before instead */
    if (is_other) {
        lg_lateness_mark("chat chosen");
        lg_chat_page_save_draft(self);
        lg_chat_page_end_edit(self);
        self->n_shown = LG_PAGE_FIRST;
        self->n_wanted = LG_PAGE_MORE;
    }
    LgStep *step = lg_step_new(LG_STEP_SHOW, chat_id);
    step->message_id = message_id;
    step->keeps_branch = lg_chat_page_is_busy(self, chat_id);
    lg_chat_page_take_step(self, step);
}

void lg_chat_page_show_chat(LgChatPage *self, gint64 chat_id) { lg_chat_page_show_message(self, chat_id, 0); }

static void on_chat_chosen(LgChatPage *self, gint64 chat_id, gint64 message_id)
{
    lg_chat_page_show_message(self, chat_id, message_id);
    if (adw_flap_get_folded(self->flap))
        adw_flap_set_reveal_flap(self->flap, FALSE);
}

static void on_suggested(LgChatPage *self, const char *text)
{
    lg_composer_set_text(self->composer, text);
    lg_composer_focus(self->composer);
}

void lg_chat_page_set_draft(LgChatPage *self, const char *text) { on_suggested(self, text); }

void lg_chat_page_set_model(LgChatPage *self, const char *model)
{
    lg_model_button_set_model(self->model_button, model);
}

void lg_chat_page_toggle_sidebar(LgChatPage *self)
{
    adw_flap_set_reveal_flap(self->flap, !adw_flap_get_reveal_flap(self->flap));
}

void lg_chat_page_search(LgChatPage *self, const char *text)
{
    adw_flap_set_reveal_flap(self->flap, TRUE);
    lg_history_search(self->history, text);
}

typedef struct {
    LgChatPage *page;
    gint64 chat_id;
} Looking;

static void on_chat_looked_up(GObject *store, GAsyncResult *result, gpointer data)
{
    Looking *looking = data;
    g_autoptr(LgChatPage) self = looking->page;
    const gint64 chat_id = looking->chat_id;
    g_autoptr(GError) error = NULL;
    g_autoptr(LgChat) chat = lg_store_get_chat_finish(LG_STORE(store), result, &error);
    g_free(looking);
    if (self->is_gone || !g_error_matches(error, LG_STORE_ERROR, LG_STORE_ERROR_NOT_FOUND))
        return;
    stop_chat(self, chat_id);
    if (self->dialogue && chat_id == lg_chat_page_get_chat_id(self))
        lg_chat_page_new_chat(self);
}

/* It may have been deleted: what is computed for it is of no use then, and it cannot be shown. */
static void on_chat_changed(LgChatPage *self, gint64 chat_id)
{
    if (chat_id != lg_chat_page_get_chat_id(self) && !lg_chat_page_is_busy(self, chat_id))
        return;
    Looking *looking = g_new(Looking, 1);
    *looking = (Looking){g_object_ref(self), chat_id};
    lg_store_get_chat_async(self->store, chat_id, NULL, on_chat_looked_up, looking);
}

static void apply_send_key(LgChatPage *self)
{
    lg_composer_set_enter_sends(self->composer, g_settings_get_enum(self->settings, "send-key") == 0);
}

void lg_chat_page_set_engine(LgChatPage *self, LgEngine *engine, GSettings *settings)
{
    g_set_object(&self->provider.engine, engine);
    g_set_object(&self->settings, settings);
    g_signal_connect_object(settings, "changed::send-key", G_CALLBACK(apply_send_key), self, G_CONNECT_SWAPPED);
    apply_send_key(self);
    lg_welcome_set_engine(self->welcome, engine);
    lg_chat_page_new_chat(self);
}

void lg_chat_page_set_models(LgChatPage *self, LgLibrary *library, LgEndpoints *endpoints)
{
    g_set_object(&self->library, library);
    g_set_object(&self->provider.endpoints, endpoints);
    if (library)
        lg_welcome_set_library(self->welcome, G_LIST_MODEL(library));
    lg_model_button_set_library(self->model_button, library);
    lg_model_button_set_library(self->other_button, library);
    lg_model_button_set_endpoints(self->model_button, endpoints);
    lg_model_button_set_endpoints(self->other_button, endpoints);
}

void lg_chat_page_set_servers(LgChatPage *self, LgMcpServers *servers)
{
    g_set_object(&self->servers, servers);
    lg_tools_button_set_servers(self->tools_button, servers);
    g_signal_connect_object(servers, "changed", G_CALLBACK(lg_chat_page_show_calls), self, G_CONNECT_SWAPPED);
    lg_chat_page_show_calls(self);
}

void lg_chat_page_set_store(LgChatPage *self, LgStore *store)
{
    g_set_object(&self->store, store);
    lg_history_set_store(self->history, store);
    lg_chat_page_read_files(self); /* those of a new chat can be had only now */
    g_signal_connect_object(store, "chat-changed", G_CALLBACK(on_chat_changed), self, G_CONNECT_SWAPPED);
}

/* --- The widget -----------------------------------------------------------------------------------------------------
 */

static void lg_chat_page_dispose(GObject *object)
{
    LgChatPage *self = LG_CHAT_PAGE(object);
    if (self->composer && !self->is_gone)
        lg_chat_page_save_draft(self);
    self->is_gone = TRUE;
    if (self->measure_timeout)
        g_source_remove(self->measure_timeout);
    if (self->more_timeout)
        g_source_remove(self->more_timeout);
    self->measure_timeout = self->more_timeout = 0;
    lg_chat_page_seek(self, 0);
    g_cancellable_cancel(self->measuring);
    g_cancellable_cancel(self->showing);
    g_cancellable_cancel(self->reading_files);
    for (guint i = 0; i < self->runs->len; i++)
        lg_run_stop(self->runs->pdata[i]);
    g_ptr_array_set_size(self->runs, 0);
    for (guint i = 0; i < self->calls->len; i++)
        lg_tool_call_stop(self->calls->pdata[i]);
    g_ptr_array_set_size(self->calls, 0);
    g_ptr_array_set_size(self->rows, 0);
    G_OBJECT_CLASS(lg_chat_page_parent_class)->dispose(object);
}

static void lg_chat_page_finalize(GObject *object)
{
    LgChatPage *self = LG_CHAT_PAGE(object);
    g_clear_object(&self->provider.engine);
    g_clear_object(&self->provider.endpoints);
    g_clear_object(&self->provider.client);
    g_clear_object(&self->library);
    g_clear_object(&self->settings);
    g_clear_object(&self->store);
    g_clear_object(&self->measuring);
    g_clear_object(&self->showing);
    g_clear_object(&self->reading_files);
    g_free(self->before_edit);
    g_clear_pointer(&self->dialogue, lg_dialogue_free);
    g_clear_pointer(&self->transcript, lg_transcript_free);
    g_clear_object(&self->servers);
    lg_tool_choice_free(self->tools);
    g_free(self->attach_problem);
    g_ptr_array_unref(self->runs);
    g_ptr_array_unref(self->calls);
    g_ptr_array_unref(self->rows);
    g_free(self->system_prompt);
    G_OBJECT_CLASS(lg_chat_page_parent_class)->finalize(object);
}

static void lg_chat_page_class_init(LgChatPageClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_chat_page_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_chat_page_finalize;
    g_type_ensure(LG_TYPE_COMPOSER);
    g_type_ensure(LG_TYPE_HISTORY);
    g_type_ensure(LG_TYPE_LEDGER_BAR);
    g_type_ensure(LG_TYPE_MODEL_BUTTON);
    g_type_ensure(LG_TYPE_PAIR);
    g_type_ensure(LG_TYPE_WELCOME);
    gtk_widget_class_set_template_from_resource(widget_class, "/io/github/libllm/Desktop/chat/chat_page.ui");
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, flap);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, history);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, model_button);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, compare_button);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, other_button);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, pair);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, stack);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, welcome);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, scroller);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, older);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, list);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, down);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, edit_bar);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, composer);
    gtk_widget_class_bind_template_child(widget_class, LgChatPage, ledger_bar);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_on_send);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_stop);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_on_edited);
    gtk_widget_class_bind_template_callback(widget_class, on_suggested);
    gtk_widget_class_bind_template_callback(widget_class, on_chat_chosen);
    gtk_widget_class_bind_template_callback(widget_class, on_model_chosen);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_on_compare);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_show_older);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_scroll_to_end);
    gtk_widget_class_bind_template_callback(widget_class, lg_chat_page_cancel_edit);
    gtk_widget_class_add_binding(widget_class, GDK_KEY_Escape, 0, on_escape, NULL);
    gtk_widget_class_install_action(widget_class, "chat.new", NULL, new_chat);
    gtk_widget_class_install_action(widget_class, "chat.settings", NULL, show_settings);
    gtk_widget_class_install_action(widget_class, "chat.inspect", NULL, lg_chat_page_inspect);
    lg_chat_page_install_steps(widget_class);
    lg_chat_page_install_calls(widget_class);
    gtk_widget_class_install_action(widget_class, "chat.edit", "x", lg_chat_page_edit);
}

static void lg_chat_page_init(LgChatPage *self)
{
    self->runs = g_ptr_array_new_with_free_func(g_object_unref);
    self->calls = g_ptr_array_new_with_free_func(g_object_unref);
    self->tools = lg_tool_choice_parse(NULL);
    self->rows = g_ptr_array_new();
    self->n_shown = LG_PAGE_FIRST;
    self->n_wanted = LG_PAGE_MORE;
    self->at_end = TRUE;
    self->from_end = -1;
    self->provider.client = lg_client_new(lg_network_get_default());
    lg_parameters_init(&self->parameters);
    gtk_widget_init_template(GTK_WIDGET(self));
    lg_chat_page_init_attaching(self);
    lg_model_button_set_second(self->other_button);
    self->tools_button = LG_TOOLS_BUTTON(lg_tools_button_new());
    lg_tools_button_set_choice(self->tools_button, self->tools);
    g_signal_connect_object(self->tools_button, "chosen", G_CALLBACK(lg_chat_page_on_tools_chosen), self,
                            G_CONNECT_SWAPPED);
    lg_composer_add_button(self->composer, GTK_WIDGET(self->tools_button));
    lg_chat_page_watch_view(self);
}
