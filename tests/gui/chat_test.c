/* SPDX-License-Identifier: MIT
 * The page Chat from the outside: what is sent is in the history and answered, versions stay, an answer is stopped and
 * goes on. Drafts are kept, and what a model is told is whole.
 */
#include "chat/chat_settings.h"
#include "chat/history.h"
#include "chat/parameters.h"
#include "chat/provider.h"
#include "chat/transcript.h"
#include "chat_fixture.h"
#include "store/store-private.h"

static void messages_are_answered(void)
{
    open_page(SCRIPTED);
    send("Weather?");
    WAIT(is_done(2));
    g_assert_cmpstr(message(0)->text, ==, "Weather?");
    g_assert_cmpstr(message(1)->text, ==, "It is sunny.");
    g_assert_cmpstr(message(1)->reasoning, ==, "hm, the weather");
    g_assert_cmpint(message(1)->state, ==, LG_MESSAGE_COMPLETE);
    g_assert_nonnull(strstr(message(1)->statistics, "\"finish\":\"stop\""));
    g_autoptr(LgChat) chat = lg_store_get_chat(store, message(0)->chat_id, NULL);
    g_assert_cmpstr(chat->title, ==, "Weather?");
    g_assert_cmpstr(chat->model, ==, SCRIPTED);
    send("And now?");
    WAIT(is_done(4));
    g_assert_cmpint(message(3)->parent_id, ==, message(2)->id);
    close_page();
}

static void versions_stay(void)
{
    open_page(SCRIPTED);
    send("One");
    WAIT(is_done(2));
    gint64 question = message(0)->id, answer = message(1)->id;
    act("chat.regenerate", answer);
    WAIT(is_done(2) && message(1)->id != answer);
    g_assert_cmpuint(message(1)->n_siblings, ==, 2);
    g_assert_cmpuint(message(1)->sibling_index, ==, 1);
    act("chat.edit", question);
    g_autofree char *text = lg_composer_get_text(LG_COMPOSER(widget_of(LG_TYPE_COMPOSER)));
    g_assert_cmpstr(text, ==, "One");
    send("Two");
    WAIT(is_done(2) && strcmp(message(0)->text, "Two") == 0);
    g_assert_cmpuint(message(0)->n_siblings, ==, 2);
    gtk_widget_activate_action(GTK_WIDGET(page), "chat.branch", "(xi)", message(0)->id, -1);
    WAIT(is_done(2) && strcmp(message(0)->text, "One") == 0);
    g_assert_cmpuint(message(1)->n_siblings, ==, 2);
    close_page();
}

static const char *streamed(void)
{
    g_autoptr(GPtrArray) views = g_ptr_array_new();
    find(GTK_WIDGET(page), GTK_TYPE_LABEL, views);
    for (guint i = 0; i < views->len; i++)
        if (gtk_label_get_selectable(views->pdata[i]) && strlen(gtk_label_get_text(views->pdata[i])) > 20)
            return gtk_label_get_text(views->pdata[i]);
    return NULL;
}

static void answers_stop_and_go_on(void)
{
    open_page(BABBLER);
    send("x");
    WAIT(n_messages() == 2 && streamed());
    g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "stop");
    WAIT(is_done(2));
    g_assert_cmpint(message(1)->state, ==, LG_MESSAGE_INTERRUPTED);
    g_autofree char *before = g_strdup(message(1)->text);
    gint64 id = message(1)->id;
    g_assert_cmpuint(strlen(before), >, 0);
    act("chat.continue", id);
    WAIT(message(1)->state == LG_MESSAGE_STREAMING);
    WAIT(is_done(2) || (g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "stop"), FALSE));
    g_assert_cmpint(message(1)->id, ==, id);
    g_assert_true(g_str_has_prefix(message(1)->text, before));
    close_page();
}

/* Another chat is shown while an answer is written: it is all there afterwards. */
static void answers_go_on_elsewhere(void)
{
    open_page(BABBLER);
    send("x");
    WAIT(n_messages() == 2 && streamed());
    gint64 chat_id = message(0)->chat_id;
    lg_chat_page_new_chat(page);
    g_assert_cmpuint(n_messages(), ==, 0);
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 2 && streamed());
    g_assert_cmpint(message(1)->state, ==, LG_MESSAGE_STREAMING);
    g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "stop");
    WAIT(is_done(2));
    g_assert_cmpuint(strlen(message(1)->text), >, 20);
    close_page();
}

static void errors_are_shown_in_place(void)
{
    open_page("/nowhere/model.gguf");
    send("x");
    WAIT(is_done(2));
    g_assert_cmpint(message(1)->state, ==, LG_MESSAGE_INTERRUPTED);
    g_assert_nonnull(strstr(message(1)->statistics, "/nowhere/model.gguf"));
    close_page();
}

static void drafts_are_kept(void)
{
    open_page(SCRIPTED);
    LgComposer *composer = LG_COMPOSER(widget_of(LG_TYPE_COMPOSER));
    send("One");
    WAIT(is_done(2));
    gint64 chat_id = message(0)->chat_id;
    lg_composer_set_text(composer, "half a thought");
    lg_chat_page_new_chat(page);
    g_autofree char *none = lg_composer_get_text(composer);
    g_assert_cmpstr(none, ==, "");
    lg_composer_set_text(composer, "for a new chat");
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 2);
    g_autofree char *draft = lg_composer_get_text(composer);
    g_assert_cmpstr(draft, ==, "half a thought");
    lg_chat_page_new_chat(page);
    g_autofree char *other = lg_composer_get_text(composer);
    g_assert_cmpstr(other, ==, "for a new chat");
    lg_composer_clear(composer);
    close_page();
}

static gboolean is_written(const char *text)
{
    g_autofree char *now = lg_composer_get_text(LG_COMPOSER(widget_of(LG_TYPE_COMPOSER)));
    return strcmp(now, text) == 0;
}

static gboolean is_draft(gint64 chat_id, const char *text)
{
    g_autoptr(LgChat) chat = lg_store_get_chat(store, chat_id, NULL);
    return strcmp(chat->draft, text) == 0;
}

static void cancel_edit(void)
{
    g_autoptr(GPtrArray) buttons = g_ptr_array_new();
    find(GTK_WIDGET(page), GTK_TYPE_BUTTON, buttons);
    for (guint i = 0; i < buttons->len; i++)
        if (g_strcmp0(gtk_button_get_label(buttons->pdata[i]), "Cancel") == 0)
            g_signal_emit_by_name(buttons->pdata[i], "clicked");
}

/* What was being written comes back when another version of a message is given up, and when it is sent. */
static void drafts_outlive_edits(void)
{
    open_page(SCRIPTED);
    LgComposer *composer = LG_COMPOSER(widget_of(LG_TYPE_COMPOSER));
    send("One");
    WAIT(is_done(2));
    const gint64 chat_id = message(0)->chat_id;
    lg_composer_set_text(composer, "half a thought");
    WAIT(is_draft(chat_id, "half a thought"));
    act("chat.edit", message(0)->id);
    g_assert_true(is_written("One"));
    lg_composer_set_text(composer, "One and");
    cancel_edit();
    g_assert_true(is_written("half a thought"));
    act("chat.edit", message(0)->id);
    send("Two");
    WAIT(is_done(2) && strcmp(message(0)->text, "Two") == 0);
    g_assert_true(is_written("half a thought"));
    g_assert_true(is_draft(chat_id, "half a thought"));
    close_page();
}

/* Another new chat right after typing: nothing was saved by then. */
static void drafts_are_kept_at_once(void)
{
    open_page(SCRIPTED);
    LgComposer *composer = LG_COMPOSER(widget_of(LG_TYPE_COMPOSER));
    lg_composer_set_text(composer, "typed just now");
    lg_chat_page_new_chat(page);
    g_assert_true(is_written("typed just now"));
    lg_composer_clear(composer);
    close_page();
}

static void set_writable(gboolean is_writable)
{
    g_rec_mutex_lock(&store->lock);
    g_assert_cmpint(
        sqlite3_exec(store->db, is_writable ? "PRAGMA query_only = 0" : "PRAGMA query_only = 1", NULL, NULL, NULL), ==,
        SQLITE_OK);
    g_rec_mutex_unlock(&store->lock);
}

/* The history cannot be written, as on a full disk: what was sent is there to be sent again. */
static void what_is_not_kept_comes_back(void)
{
    open_page(SCRIPTED);
    set_writable(FALSE);
    send("One");
    g_assert_true(is_written(""));
    WAIT(is_written("One"));
    g_assert_cmpuint(n_messages(), ==, 0);
    set_writable(TRUE);
    attach("notes.txt", "It is sunny.");
    set_writable(FALSE);
    send("One");
    WAIT(is_written("One"));
    g_assert_cmpuint(lg_attachment_chips_get(composer_chips())->len, ==, 1);
    set_writable(TRUE);
    send("One");
    WAIT(is_done(2));
    g_assert_nonnull(strstr(message(0)->attachments, "notes.txt"));
    g_assert_true(is_written(""));
    act("chat.edit", message(0)->id);
    set_writable(FALSE);
    send("Two");
    WAIT(is_written("Two"));
    g_assert_cmpuint(lg_attachment_chips_get(composer_chips())->len, ==, 1);
    set_writable(TRUE);
    send("Two"); /* still another version of that message */
    WAIT(is_done(2) && strcmp(message(0)->text, "Two") == 0);
    close_page();
}

static gboolean is_stopped(gint64 message_id)
{
    sqlite3_stmt *query = NULL;
    g_rec_mutex_lock(&store->lock);
    sqlite3_prepare_v2(store->db, "SELECT state = 'interrupted' FROM messages WHERE id = ?", -1, &query, NULL);
    sqlite3_bind_int64(query, 1, message_id);
    const gboolean is = sqlite3_step(query) == SQLITE_ROW && sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    g_rec_mutex_unlock(&store->lock);
    return is;
}

/* Whichever chat is shown. */
static void deleted_chats_are_not_answered(void)
{
    open_page(BABBLER);
    send("x");
    WAIT(n_messages() == 2 && streamed());
    const gint64 chat_id = message(0)->chat_id, answer_id = message(1)->id;
    lg_chat_page_new_chat(page);
    g_assert_cmpint(lg_store_delete_chats(store, &chat_id, 1, NULL), !=, 0);
    WAIT(is_stopped(answer_id));
    close_page();
}

static gboolean shows_thoughts(void)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    find(GTK_WIDGET(page), GTK_TYPE_EXPANDER, found);
    return found->len > 0;
}

/* Through its settings, as the user does. */
static void choose_reasoning(LgReasoning reasoning)
{
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), "chat.settings", NULL));
    g_autoptr(GList) windows = gtk_window_list_toplevels();
    GtkWindow *settings = NULL;
    for (GList *at = windows; at && !settings; at = at->next)
        settings = LG_IS_CHAT_SETTINGS(at->data) ? at->data : NULL;
    g_assert_nonnull(settings);
    g_autoptr(GPtrArray) rows_found = g_ptr_array_new();
    find(GTK_WIDGET(settings), ADW_TYPE_COMBO_ROW, rows_found);
    adw_combo_row_set_selected(rows_found->pdata[rows_found->len - 1], reasoning);
    gtk_window_close(settings);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Each chat says what becomes of what its model thinks aloud, and one that says nothing is as Preferences say. */
static void reasoning_is_chosen_for_a_chat(void)
{
    open_page(SCRIPTED);
    send("Weather?");
    WAIT(is_done(2) && shows_thoughts());
    const gint64 chat_id = message(0)->chat_id;
    choose_reasoning(LG_REASONING_HIDDEN);
    WAIT(n_messages() == 2 && !shows_thoughts());
    g_assert_cmpstr(message(1)->reasoning, ==, "hm, the weather");
    choose_reasoning(LG_REASONING_OFF);
    send("And now?");
    WAIT(is_done(4));
    g_assert_null(message(3)->reasoning); /* it was kept from thinking */
    lg_chat_page_new_chat(page);
    send("Weather?");
    WAIT(is_done(2) && message(0)->chat_id != chat_id && shows_thoughts());
    lg_chat_page_show_chat(page, chat_id); /* which has kept its own */
    WAIT(n_messages() == 4 && !shows_thoughts());
    g_autoptr(LgChat) chat = lg_store_get_chat(store, chat_id, NULL);
    g_assert_nonnull(strstr(chat->parameters, "\"reasoning\":\"off\""));
    choose_reasoning(LG_REASONING_AS_SET);
    WAIT(n_messages() == 4 && shows_thoughts());
    close_page();
}

static GtkWidget *button_named(GtkWidget *in, const char *name)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    find(in, GTK_TYPE_BUTTON, found);
    for (guint i = 0; i < found->len; i++)
        if (g_strcmp0(gtk_widget_get_tooltip_text(found->pdata[i]), name) == 0 ||
            g_strcmp0(gtk_button_get_label(found->pdata[i]), name) == 0)
            return found->pdata[i];
    return NULL;
}

static gboolean has_preset(AdwComboRow *row, const char *name)
{
    GListModel *names = adw_combo_row_get_model(row);
    for (guint i = 1; i < g_list_model_get_n_items(names); i++)
        if (strcmp(gtk_string_list_get_string(GTK_STRING_LIST(names), i), name) == 0) {
            adw_combo_row_set_selected(row, i);
            return TRUE;
        }
    return FALSE;
}

static void rename_preset(GtkWidget *settings, const char *name)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    g_signal_emit_by_name(button_named(settings, "Rename preset"), "clicked");
    g_autoptr(GList) windows = gtk_window_list_toplevels();
    AdwMessageDialog *dialog = NULL;
    for (GList *at = windows; at && !dialog; at = at->next)
        dialog = ADW_IS_MESSAGE_DIALOG(at->data) ? at->data : NULL;
    g_assert_nonnull(dialog);
    find(adw_message_dialog_get_extra_child(dialog), GTK_TYPE_ENTRY, entries);
    gtk_editable_set_text(entries->pdata[0], name);
    adw_message_dialog_response(dialog, "save");
    gtk_window_destroy(GTK_WINDOW(dialog));
}

static void presets_are_renamed_and_deleted(void)
{
    LgParameters parameters;
    open_page(SCRIPTED);
    lg_parameters_init(&parameters);
    g_assert_true(lg_store_save_preset(store, 0, "Poet", "Rhyme.", "{\"temperature\":0.5}", "m", NULL));
    g_assert_true(lg_store_save_preset(store, 0, "Clerk", NULL, NULL, NULL, NULL));
    GtkWidget *settings = GTK_WIDGET(lg_chat_settings_new(store, &parameters, NULL));
    gtk_window_present(GTK_WINDOW(settings));
    g_autoptr(GPtrArray) combos = g_ptr_array_new();
    find(settings, ADW_TYPE_COMBO_ROW, combos);
    AdwComboRow *row = combos->pdata[0];
    g_assert_false(gtk_widget_is_sensitive(button_named(settings, "Delete preset"))); /* none is chosen */
    WAIT(has_preset(row, "Poet"));
    rename_preset(settings, "Poets");
    WAIT(has_preset(row, "Poets"));
    g_assert_false(has_preset(row, "Poet"));
    rename_preset(settings, "Clerk"); /* which another one is called */
    WAIT(button_named(settings, "Delete preset") && gtk_widget_is_sensitive(button_named(settings, "Delete preset")));
    g_autoptr(GPtrArray) all = lg_store_list_presets(store, NULL);
    g_assert_cmpuint(all->len, ==, 2);
    const LgPreset *poets = all->pdata[strcmp(((LgPreset *)all->pdata[0])->name, "Poets") == 0 ? 0 : 1];
    g_assert_cmpstr(poets->name, ==, "Poets");
    g_assert_cmpstr(poets->system_prompt, ==, "Rhyme.");
    g_assert_cmpstr(poets->parameters, ==, "{\"temperature\":0.5}");
    g_assert_cmpstr(poets->model, ==, "m");
    g_assert_true(has_preset(row, "Clerk"));
    g_signal_emit_by_name(button_named(settings, "Delete preset"), "clicked");
    WAIT(!has_preset(row, "Clerk"));
    WAIT(button_named(settings, "_Undo"));
    g_signal_emit_by_name(button_named(settings, "_Undo"), "clicked");
    WAIT(has_preset(row, "Clerk"));
    gtk_window_destroy(GTK_WINDOW(settings));
    close_page();
}

static void servers_get_what_they_understand(void)
{
    LgParameters parameters;
    lg_parameters_parse(&parameters, "{\"temperature\":0.5,\"max_tokens\":7,\"seed\":9}");
    g_autofree char *request = lg_provider_remote_request(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"reasoning\":\"show\"}", &parameters.sampling);
    g_assert_cmpstr(request, ==,
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"temperature\":0.5,"
                    "\"max_tokens\":7,\"seed\":9}");
    /* What OpenAI's API has no word for goes by that of ours and of vLLM, and only where somebody has set it. */
    lg_parameters_parse(&parameters, "{\"top_k\":40,\"min_p\":0.25,\"repetition_penalty\":1.5}");
    g_autofree char *more = lg_provider_remote_request("{\"messages\":[]}", &parameters.sampling);
    g_assert_cmpstr(more, ==, "{\"messages\":[],\"top_k\":40,\"min_p\":0.25,\"repetition_penalty\":1.5}");
}

/* What has no result, or had no end, is told to the model as such, and what is ours stays here. */
static void transcripts_are_whole(void)
{
    g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(g_object_unref);
    LgMessage *all[4];
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_add(messages, all[i] = g_object_new(LG_TYPE_MESSAGE, NULL));
    const LgRole order[] = {LG_ROLE_USER, LG_ROLE_ASSISTANT, LG_ROLE_TOOL, LG_ROLE_USER};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        all[i]->role = order[i];
        all[i]->text = g_strdup(i == 2 ? "" : "t");
    }
    all[1]->tool_calls = g_strdup("[{\"id\":\"a\",\"tool\":{\"server\":\"s\"}},{\"id\":\"b\"}]");
    all[2]->tool_call_id = g_strdup("a");
    all[2]->state = LG_MESSAGE_INTERRUPTED;
    g_autoptr(LgTranscript) transcript = lg_transcript_new(NULL, messages, FALSE);
    g_assert_nonnull(strstr(transcript->messages->str, "\"tool_calls\":[{\"id\":\"a\"},{\"id\":\"b\"}]"));
    g_assert_null(strstr(transcript->messages->str, "server"));
    g_assert_nonnull(strstr(transcript->messages->str, "[the call was interrupted]"));
    g_assert_nonnull(strstr(transcript->messages->str, "[the call was not made]\",\"tool_call_id\":\"b\""));
    g_assert_cmpuint(transcript->ids->len, ==, 5);
}

static void parameters_are_kept(void)
{
    LgParameters parameters, again;
    lg_parameters_init(&parameters);
    g_assert_null(lg_parameters_to_json(&parameters)); /* all is left to the model */
    parameters.sampling.temperature = 0.3;
    parameters.sampling.has_seed = TRUE;
    parameters.sampling.seed = 0;
    parameters.n_positions = 2048;
    parameters.drop_oldest = FALSE;
    parameters.reasoning = LG_REASONING_OFF;
    g_autofree char *json = lg_parameters_to_json(&parameters);
    lg_parameters_parse(&again, json);
    g_assert_cmpfloat(again.sampling.temperature, ==, 0.3);
    g_assert_true(again.sampling.has_seed && again.sampling.seed == 0);
    g_assert_cmpuint(again.n_positions, ==, 2048);
    g_assert_false(again.drop_oldest);
    g_assert_cmpint(again.reasoning, ==, LG_REASONING_OFF);
    /* What is no number, or out of its range, is as by default or within it. */
    lg_parameters_parse(&again, "{\"temperature\":\"hot\",\"top_p\":7,\"context\":-1,\"reasoning\":\"loud\"}");
    g_assert_cmpfloat(again.sampling.temperature, ==, -1);
    g_assert_cmpfloat(again.sampling.top_p, ==, 1);
    g_assert_cmpuint(again.n_positions, ==, 0);
    g_assert_cmpint(again.reasoning, ==, LG_REASONING_AS_SET);
}

/* --- What is found --- */

static gint64 add_message(gint64 chat_id, gint64 parent_id, LgRole role, const char *text)
{
    g_autoptr(GError) error = NULL;
    const gint64 id =
        lg_store_add_message(store, chat_id, parent_id, &(LgMessageChange){.role = role, .text = text}, &error);
    g_assert_no_error(error);
    return id;
}

/* Messages below this one, in turns, and the last of them. */
static gint64 add_messages(gint64 chat_id, gint64 parent_id, guint n)
{
    for (guint i = 0; i < n; i++)
        parent_id = add_message(chat_id, parent_id, i % 2 ? LG_ROLE_USER : LG_ROLE_ASSISTANT, "Line\n\nafter\n\nline.");
    return parent_id;
}

static gboolean is_found(GListModel *found, const char *text)
{
    g_autoptr(LgSearchHit) hit = g_list_model_get_item(found, 0);
    g_autofree char *line = hit ? g_utf8_casefold(hit->snippet, -1) : NULL;
    return line && strstr(line, text);
}

/* Chooses the first thing that is found. */
static void choose_hit(const char *text)
{
    g_autoptr(GPtrArray) lists = g_ptr_array_new();
    lg_chat_page_search(page, text);
    find(widget_of(LG_TYPE_HISTORY), GTK_TYPE_LIST_VIEW, lists);
    GtkListView *hits = lists->pdata[lists->len - 1];
    GListModel *found = G_LIST_MODEL(gtk_list_view_get_model(hits));
    WAIT(is_found(found, text));
    g_signal_emit_by_name(hits, "activate", 0);
}

/* Whether the beginning of a message is in the view. */
static gboolean is_seen(gint64 id)
{
    g_autoptr(GPtrArray) all = rows();
    for (guint i = 0; i < all->len; i++) {
        graphene_point_t place;
        GtkWidget *view = gtk_widget_get_ancestor(all->pdata[i], GTK_TYPE_SCROLLED_WINDOW);
        if (lg_message_row_get_message(all->pdata[i])->id == id &&
            gtk_widget_compute_point(all->pdata[i], view, &GRAPHENE_POINT_INIT(0, 0), &place))
            return place.y > -1 && place.y < (float)gtk_widget_get_height(view) / 2;
    }
    return FALSE;
}

static void hits_lead_to_messages(void)
{
    open_page(SCRIPTED);
    const gint64 chat_id = lg_store_add_chat(store, &(LgChatChange){.fields = LG_CHAT_TITLE, .title = "Beasts"}, NULL);
    const gint64 first = add_message(chat_id, 0, LG_ROLE_USER, "On dragons.");
    const gint64 wyverns = add_message(chat_id, first, LG_ROLE_ASSISTANT, "Of wyverns.");
    const gint64 basilisks = add_message(chat_id, add_messages(chat_id, wyverns, 35), LG_ROLE_USER, "And basilisks?");
    const gint64 end = add_messages(chat_id, basilisks, 36);
    const gint64 griffins = add_message(chat_id, first, LG_ROLE_ASSISTANT, "Of griffins.");
    const gint64 other_end = add_messages(chat_id, griffins, 20);
    choose_hit("wyverns"); /* another branch, in a chat that is not shown */
    WAIT(n_messages() && message(n_messages() - 1)->id == end && is_seen(wyverns));
    choose_hit("basilisks"); /* further down */
    WAIT(is_seen(basilisks));
    choose_hit("griffins"); /* and in the one that is */
    WAIT(message(n_messages() - 1)->id == other_end && is_seen(griffins));
    choose_hit("dragons"); /* of both branches, of which one is shown */
    WAIT(is_seen(first));
    g_assert_cmpint(message(n_messages() - 1)->id, ==, other_end);
    choose_hit("beasts"); /* its title: it stays as it is */
    g_assert_true(is_seen(first));
    close_page();
}

static void add(void)
{
    g_test_add_func("/chat/answered", messages_are_answered);
    g_test_add_func("/chat/versions", versions_stay);
    g_test_add_func("/chat/stop-and-go-on", answers_stop_and_go_on);
    g_test_add_func("/chat/elsewhere", answers_go_on_elsewhere);
    g_test_add_func("/chat/errors", errors_are_shown_in_place);
    g_test_add_func("/chat/drafts", drafts_are_kept);
    g_test_add_func("/chat/drafts-and-edits", drafts_outlive_edits);
    g_test_add_func("/chat/drafts-at-once", drafts_are_kept_at_once);
    g_test_add_func("/chat/not-kept", what_is_not_kept_comes_back);
    g_test_add_func("/chat/deleted", deleted_chats_are_not_answered);
    g_test_add_func("/chat/reasoning", reasoning_is_chosen_for_a_chat);
    g_test_add_func("/chat/presets", presets_are_renamed_and_deleted);
    g_test_add_func("/chat/servers", servers_get_what_they_understand);
    g_test_add_func("/chat/hits", hits_lead_to_messages);
    g_test_add_func("/chat/parameters", parameters_are_kept);
    g_test_add_func("/chat/transcripts", transcripts_are_whole);
}

int main(int argc, char **argv) { return run_chat_tests(argc, argv, add); }
