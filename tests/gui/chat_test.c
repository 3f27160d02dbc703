/* SPDX-License-Identifier: MIT
 * The page Chat from the outside: what is sent is in the history and answered, versions stay, an answer is stopped and
 * goes on. With a model that says what its template decides, and one that never ends.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "chat/attachment_chips.h"
#include "chat/beside.h"
#include "chat/chat_page.h"
#include "chat/composer.h"
#include "chat/dialogue.h"
#include "chat/energy.h"
#include "chat/inspector.h"
#include "chat/ledger_bar.h"
#include "chat/message_row.h"
#include "chat/pair.h"
#include "chat/provider.h"
#include "chat/toolbox.h"
#include "chat/tools_button.h"
#include "chat/transcript.h"

#define SCRIPTED LIBLLM_TEST_DATA "/chat/scripted.gguf"
#define BABBLER LIBLLM_TEST_DATA "/chat/babbler.gguf"

static LgChatPage *page;
static GtkWidget *window;
static LgStore *store;

static gboolean give_up(gpointer data)
{
    g_error("waited in vain for %s", (const char *)data);
    return G_SOURCE_REMOVE;
}

#define WAIT(condition)                                                                                                \
    do {                                                                                                               \
        guint timeout = g_timeout_add_seconds(120, give_up, (gpointer) #condition);                                    \
        while (!(condition))                                                                                           \
            g_main_context_iteration(NULL, TRUE);                                                                      \
        g_source_remove(timeout);                                                                                      \
    } while (0)

/* The widgets of a type below another, in their order. */
static void find(GtkWidget *widget, GType type, GPtrArray *found)
{
    if (G_TYPE_CHECK_INSTANCE_TYPE(widget, type))
        g_ptr_array_add(found, widget);
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
        find(child, type, found);
}

static GtkWidget *widget_of(GType type)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    find(GTK_WIDGET(page), type, found);
    g_assert_cmpuint(found->len, ==, 1);
    return found->pdata[0];
}

static GPtrArray *rows(void)
{
    GPtrArray *found = g_ptr_array_new();
    find(GTK_WIDGET(page), LG_TYPE_MESSAGE_ROW, found);
    return found;
}

static const LgMessage *message(guint index)
{
    g_autoptr(GPtrArray) all = rows();
    return index < all->len ? lg_message_row_get_message(all->pdata[index]) : NULL;
}

static guint n_messages(void)
{
    g_autoptr(GPtrArray) all = rows();
    return all->len;
}

static gboolean is_done(guint n) { return n_messages() == n && message(n - 1)->state != LG_MESSAGE_STREAMING; }

static const char *device; /* NULL: the engine's own choice */

static void open_page(const char *model)
{
    GSettings *settings = g_settings_new("io.github.libllm.Desktop");
    LgEngine *engine = lg_engine_new();
    lg_engine_set_device(engine, device);
    store = lg_store_new_in_memory();
    page = g_object_new(LG_TYPE_CHAT_PAGE, NULL);
    window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 900, 700);
    gtk_window_set_child(GTK_WINDOW(window), GTK_WIDGET(page));
    lg_chat_page_set_engine(page, engine, settings);
    lg_chat_page_set_store(page, store);
    lg_chat_page_set_model(page, model);
    gtk_window_present(GTK_WINDOW(window));
    g_object_unref(engine);
    g_object_unref(settings);
}

static void close_page(void)
{
    gtk_window_destroy(GTK_WINDOW(window));
    while (g_main_context_iteration(NULL, FALSE))
        ;
    lg_store_close(store);
    g_clear_object(&store);
}

static void send(const char *text) { g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "send", text); }

static void act(const char *action, gint64 id)
{
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), action, "x", id));
}

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

static void servers_get_what_they_understand(void)
{
    LgParameters parameters;
    lg_parameters_parse(&parameters, "{\"temperature\":0.5,\"max_tokens\":7,\"seed\":9}");
    g_autofree char *request = lg_provider_remote_request(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"reasoning\":\"show\"}", &parameters.sampling);
    g_assert_cmpstr(request, ==,
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"temperature\":0.5,"
                    "\"max_tokens\":7,\"seed\":9}");
}

/* --- Attached files -------------------------------------------------------------------------------------------------
 */

/* Those of what is being written: they stand before the composer. */
static LgAttachmentChips *composer_chips(void)
{
    return LG_ATTACHMENT_CHIPS(gtk_widget_get_prev_sibling(widget_of(LG_TYPE_COMPOSER)));
}

static void attach(const char *name, const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("libllm-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    LgAttachmentChips *chips = composer_chips();
    const guint before = lg_attachment_chips_get(chips)->len;
    g_autofree char *problem = g_strdup(lg_chat_page_get_attach_problem(page));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    lg_chat_page_attach(page, file);
    WAIT(lg_attachment_chips_get(chips)->len > before ||
         g_strcmp0(problem, lg_chat_page_get_attach_problem(page)) != 0);
    g_file_delete(file, NULL, NULL);
    g_rmdir(folder);
}

static guint n_attached(void) { return lg_attachment_chips_get(composer_chips())->len; }

static void cancel_edit(void)
{
    g_autoptr(GPtrArray) buttons = g_ptr_array_new();
    find(GTK_WIDGET(page), GTK_TYPE_BUTTON, buttons);
    for (guint i = 0; i < buttons->len; i++)
        if (g_strcmp0(gtk_button_get_label(buttons->pdata[i]), "Cancel") == 0)
            g_signal_emit_by_name(buttons->pdata[i], "clicked");
}

/* Each chat has its own, and a new one as well, until they are sent or taken off. */
static void files_are_kept_in_drafts(void)
{
    open_page(SCRIPTED);
    send("One");
    WAIT(is_done(2));
    const gint64 chat_id = message(0)->chat_id;
    attach("notes.txt", "It is sunny.");
    lg_chat_page_new_chat(page);
    g_assert_cmpuint(n_attached(), ==, 0);
    attach("other.txt", "It is sunny.");
    attach("third.txt", "It is sunny.");
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 2 && n_attached() == 1);
    g_assert_cmpstr(((const LgAttachment *)lg_attachment_chips_get(composer_chips())->pdata[0])->name, ==, "notes.txt");
    lg_chat_page_new_chat(page);
    WAIT(n_attached() == 2);
    send("Two");
    WAIT(is_done(2) && message(0)->chat_id != chat_id);
    lg_chat_page_new_chat(page);
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_attached() == 1);
    g_assert_null(lg_store_get_draft_files(store, 0, NULL)); /* sent */
    /* Another version of a message has the files of the message, and those of the draft come back. */
    act("chat.edit", message(0)->id);
    g_assert_cmpuint(n_attached(), ==, 0);
    cancel_edit();
    WAIT(n_attached() == 1);
    /* They go for good with their chat. */
    g_autofree char *kept = lg_store_get_draft_files(store, chat_id, NULL);
    g_assert_nonnull(kept);
    g_assert_cmpint(lg_store_delete_chats(store, &chat_id, 1, NULL), !=, 0);
    g_assert_true(lg_store_purge(store, G_MAXINT64, NULL));
    g_assert_null(lg_store_get_draft_files(store, chat_id, NULL));
    close_page();
}

static void files_go_with_messages(void)
{
    open_page(SCRIPTED);
    LgAttachmentChips *chips = composer_chips();
    attach("notes.txt", "It is sunny.");
    const LgAttachment *attached = lg_attachment_chips_get(chips)->pdata[0];
    g_assert_cmpuint(attached->n_tokens, >, 0);
    g_autoptr(GString) much = g_string_new(NULL);
    for (guint i = 0; i < 400; i++)
        g_string_append(much, "<think></think>"); /* two tokens; of other words it knows none */
    attach("much.txt", much->str);                /* the window of the model holds 512 tokens */
    g_assert_nonnull(strstr(lg_chat_page_get_attach_problem(page), "much.txt"));
    g_assert_nonnull(strstr(lg_chat_page_get_attach_problem(page), "512"));
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 1);
    WAIT(strstr(lg_ledger_bar_get_text(LG_LEDGER_BAR(widget_of(LG_TYPE_LEDGER_BAR))), "of 512")); /* without a word */
    send("What does it say?");
    WAIT(is_done(2));
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 0);
    g_assert_nonnull(strstr(message(0)->attachments, "notes.txt"));
    g_assert_null(strstr(message(0)->attachments, "/tmp"));
    g_assert_cmpstr(message(0)->text, ==, "What does it say?");
    act("chat.edit", message(0)->id); /* another version has it, too, unless it is taken off */
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 1);
    send("And what not?");
    WAIT(is_done(2) && strcmp(message(0)->text, "And what not?") == 0);
    g_assert_nonnull(strstr(message(0)->attachments, "notes.txt"));
    lg_chat_page_new_chat(page);
    g_assert_cmpuint(lg_attachment_chips_get(chips)->len, ==, 0);
    close_page();
}

/* --- Tools ----------------------------------------------------------------------------------------------------------
 * The model calls get_weather where there are tools, and answers once the last message is a result.
 */

static LgMcpServers *servers;

static LgMcpServer *start_tools(const char *mode)
{
    g_autoptr(GSettings) settings = g_settings_new("io.github.libllm.Desktop");
    g_autofree char *command = g_strdup_printf("python3 '%s' %s", LIBLLM_TEST_DATA "/../gui/mcp_server.py", mode);
    const LgMcpConfig config = {
        .name = (char *)"Sky", .command = command, .environment = (char *)"", .url = (char *)""};
    servers = lg_mcp_servers_new(settings, lg_network_get_default());
    LgMcpServer *server = lg_mcp_servers_add(servers, &config);
    lg_mcp_servers_set_enabled(servers, server, TRUE);
    WAIT(lg_mcp_server_get_state(server) == LG_MCP_READY);
    return server;
}

static void end_tools(void)
{
    g_autoptr(LgMcpServer) server = g_list_model_get_item(G_LIST_MODEL(servers), 0);
    lg_mcp_servers_end_now(servers);
    lg_mcp_servers_remove(servers, server);
    g_clear_object(&servers);
}

/* By the button, as the user does. */
static void switch_on(const char *name)
{
    g_autoptr(GPtrArray) checks = g_ptr_array_new();
    GtkWidget *button = widget_of(LG_TYPE_TOOLS_BUTTON);
    gtk_menu_button_popup(GTK_MENU_BUTTON(gtk_widget_get_first_child(button)));
    find(button, GTK_TYPE_CHECK_BUTTON, checks);
    g_assert_cmpuint(checks->len, >, 0);
    for (guint i = 0; i < checks->len; i++) {
        const LgMcpTool *tool = g_object_get_data(checks->pdata[i], "tool");
        if (strcmp(tool->name, name) == 0)
            gtk_check_button_set_active(checks->pdata[i], TRUE);
    }
    gtk_menu_button_popdown(GTK_MENU_BUTTON(gtk_widget_get_first_child(button)));
}

static void open_with_tools(const char *model, const char *mode)
{
    start_tools(mode);
    open_page(model);
    lg_chat_page_set_servers(page, servers);
    switch_on("get_weather");
}

static char *call_id(guint index)
{
    g_autoptr(GPtrArray) calls = lg_calls_read(message(index)->tool_calls);
    return calls->len ? g_strdup(((const LgCallOf *)calls->pdata[0])->id) : NULL;
}

/* The button of the card. */
static gboolean is_asked(void)
{
    g_autoptr(GPtrArray) buttons = g_ptr_array_new();
    find(GTK_WIDGET(page), GTK_TYPE_BUTTON, buttons);
    for (guint i = 0; i < buttons->len; i++)
        if (g_strcmp0(gtk_actionable_get_action_name(buttons->pdata[i]), "chat.allow") == 0)
            return TRUE;
    return FALSE;
}

static void say_of_call(const char *action, guint index)
{
    g_autofree char *id = call_id(index);
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), action, "(xs)", message(index)->id, id));
}

static void tools_ask_first(void)
{
    open_with_tools(SCRIPTED, "friendly");
    send("Weather?");
    WAIT(is_done(2) && is_asked());
    g_assert_cmpstr(message(1)->text, ==, "I look.");
    g_assert_nonnull(strstr(message(1)->tool_calls, "get_weather"));
    for (guint i = 0; i < 20; i++) /* nothing comes by itself */
        g_main_context_iteration(NULL, FALSE), g_usleep(5000);
    g_assert_cmpuint(n_messages(), ==, 2);
    say_of_call("chat.allow", 1);
    say_of_call("chat.allow", 1); /* a second click does not call it again */
    WAIT(is_done(4));
    g_assert_cmpint(message(2)->role, ==, LG_ROLE_TOOL);
    g_assert_cmpstr(message(2)->text, ==, "sun in Ulm");
    g_assert_cmpstr(message(3)->text, ==, "It is sunny.");
    g_assert_false(is_asked());
    /* Another version of the answer to the result, and of the call. */
    act("chat.regenerate", message(3)->id);
    WAIT(is_done(4) && message(3)->n_siblings == 2);
    g_assert_cmpstr(message(3)->text, ==, "It is sunny.");
    act("chat.regenerate", message(1)->id);
    WAIT(is_done(2) && message(1)->n_siblings == 2 && is_asked());
    say_of_call("chat.deny", 1);
    WAIT(is_done(4));
    g_assert_nonnull(strstr(message(2)->statistics, "denied"));
    g_assert_cmpstr(message(3)->text, ==, "It is sunny.");
    close_page();
    end_tools();
}

static void consent_lasts_until_a_tool_changes(void)
{
    open_with_tools(SCRIPTED, "friendly");
    g_autoptr(LgMcpServer) server = g_list_model_get_item(G_LIST_MODEL(servers), 0);
    send("Weather?");
    WAIT(is_done(2) && is_asked());
    say_of_call("chat.allow-always", 1);
    WAIT(is_done(4));
    send("Again?");
    WAIT(is_done(8)); /* unasked */
    g_assert_cmpstr(message(6)->text, ==, "sun in Ulm");
    /* A chat that is not shown goes on as well. */
    const gint64 chat_id = message(0)->chat_id;
    send("And again?");
    WAIT(n_messages() >= 9);
    lg_chat_page_new_chat(page);
    g_autoptr(LgChat) chat = NULL;
    for (guint n = 0; n < 12;) {
        g_main_context_iteration(NULL, TRUE);
        g_clear_object(&chat);
        chat = lg_store_get_chat(store, chat_id, NULL);
        g_autoptr(GPtrArray) path = lg_store_load_path(store, chat->leaf_id, 0, NULL);
        const LgMessage *last = path->pdata[path->len - 1];
        n = last->state == LG_MESSAGE_COMPLETE ? path->len : 0;
    }
    lg_chat_page_show_chat(page, chat_id);
    WAIT(is_done(12) || (n_messages() >= 8 && message(n_messages() - 1)->state == LG_MESSAGE_COMPLETE));
    /* The tool changes: it is off, and consent is gone. */
    lg_mcp_session_call_async(lg_mcp_server_get_session(server), "change", "{}", NULL, NULL, NULL, NULL, NULL);
    LgMcpTool *before = g_object_ref(lg_mcp_server_find_tool(server, "get_weather"));
    WAIT(strcmp(lg_mcp_server_find_tool(server, "get_weather")->hash, before->hash) != 0);
    g_object_unref(before);
    const gint64 last_id = message(n_messages() - 1)->id;
    send("Once more?");
    WAIT(message(n_messages() - 1)->id > last_id + 1 && is_done(n_messages()));
    g_assert_null(message(n_messages() - 1)->tool_calls); /* it was not offered */
    switch_on("get_weather");
    send("And now?");
    WAIT(message(n_messages() - 1)->tool_calls && is_asked()); /* asked again */
    close_page();
    end_tools();
}

/* A call that was being made when the app was killed is shown as interrupted, and is not made again. */
static void interrupted_calls_stay_so(void)
{
    open_with_tools(SCRIPTED, "friendly");
    send("Weather?");
    WAIT(is_done(2) && is_asked());
    const gint64 chat_id = message(0)->chat_id;
    g_autofree char *id = call_id(1);
    const LgMessageChange result = {
        .role = LG_ROLE_TOOL, .state = LG_MESSAGE_INTERRUPTED, .text = "", .tool_call_id = id, .model = "get_weather"};
    g_assert_cmpint(lg_store_add_message(store, chat_id, message(1)->id, &result, NULL), !=, 0);
    lg_chat_page_new_chat(page);
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 3);
    for (guint i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE), g_usleep(5000);
    g_assert_cmpuint(n_messages(), ==, 3);
    g_assert_false(is_asked());
    act("chat.answer", message(2)->id);
    WAIT(is_done(4));
    g_assert_cmpstr(message(3)->text, ==, "It is sunny.");
    close_page();
    end_tools();
}

/* --- A server whose model never stops to call tools --- */

static GSocketService *service;
static char *asked; /* what it was asked last */
static guint n_asked;
static char *called; /* the tool that it calls */

static gboolean on_run(GThreadedSocketService *self, GSocketConnection *connection, GObject *source, gpointer data)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    GString *text = g_string_new(NULL);
    char buffer[4096];
    gssize n;
    while ((n = g_input_stream_read(in, buffer, sizeof buffer, NULL, NULL)) > 0) {
        g_string_append_len(text, buffer, n);
        const char *end = strstr(text->str, "\r\n\r\n"), *length = strstr(text->str, "Content-Length: ");
        if (end && length && text->str + text->len - end - 4 >= atol(length + 16))
            break;
    }
    g_autofree char *answer = g_strdup_printf(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"%s\","
        "\"arguments\":\"{\\\"city\\\":\"}}]}}]}\n\n"
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"Bonn\\\"}\"}}]}}]}"
        "\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
        called);
    char *before = asked;
    g_atomic_pointer_set(&asked, g_string_free(text, FALSE));
    g_free(before);
    g_atomic_int_inc(&n_asked);
    g_output_stream_write_all(out, answer, strlen(answer), NULL, NULL, NULL);
    g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
    return TRUE;
}

/* A page whose model is that server's; the tool is on. */
static LgEndpoints *open_remote(const char *tool)
{
    g_autoptr(GSettings) settings = g_settings_new("io.github.libllm.Desktop");
    LgEndpoints *endpoints = lg_endpoints_new(settings);
    service = g_threaded_socket_service_new(4);
    const guint16 port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service), NULL, NULL);
    g_signal_connect(service, "run", G_CALLBACK(on_run), NULL);
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/v1", port);
    LgEndpoint *endpoint = lg_endpoints_add(endpoints, "Far", url);
    g_autofree char *model = lg_remote_name(endpoint, "caller");
    called = g_strdup(tool);
    n_asked = 0;
    start_tools("friendly");
    open_page(model);
    lg_chat_page_set_models(page, NULL, endpoints);
    lg_chat_page_set_servers(page, servers);
    switch_on(tool);
    return endpoints;
}

static void close_remote(LgEndpoints *endpoints)
{
    g_autoptr(LgEndpoint) endpoint = g_list_model_get_item(G_LIST_MODEL(endpoints), 0);
    close_page();
    end_tools();
    lg_endpoints_remove(endpoints, endpoint);
    g_object_unref(endpoints);
    g_socket_service_stop(service);
    g_clear_object(&service);
    g_clear_pointer(&called, g_free);
}

static guint n_rounds(gint64 chat_id)
{
    g_autoptr(LgChat) chat = lg_store_get_chat(store, chat_id, NULL);
    g_autoptr(GPtrArray) path = lg_store_load_path(store, chat->leaf_id, 0, NULL);
    return path->len / 2;
}

/* Servers are asked with tools, their calls come in pieces, results go back; and rounds have an end. */
static void rounds_have_an_end(void)
{
    LgEndpoints *endpoints = open_remote("get_weather");
    send("Weather?");
    WAIT(is_done(2) && is_asked());
    g_assert_nonnull(strstr(asked, "\"tools\":[{"));
    g_assert_nonnull(strstr(asked, "\"parameters\":{\"type\":\"object\""));
    g_assert_nonnull(strstr(message(1)->tool_calls, "{\\\"city\\\":\\\"Bonn\\\"}"));
    const gint64 chat_id = message(0)->chat_id;
    say_of_call("chat.allow-always", 1);
    WAIT(n_rounds(chat_id) == LG_ROUNDS_MAX && message(n_messages() - 1)->role == LG_ROLE_TOOL &&
         is_done(n_messages()));
    for (guint i = 0; i < 40; i++)
        g_main_context_iteration(NULL, FALSE), g_usleep(5000);
    g_assert_cmpuint(n_rounds(chat_id), ==, LG_ROUNDS_MAX);
    g_assert_cmpuint(n_asked, ==, LG_ROUNDS_MAX);
    g_assert_nonnull(strstr(asked, "\"tool_call_id\":\"c\""));
    g_assert_nonnull(strstr(asked, "sun in Bonn"));
    g_assert_null(strstr(asked, "\"hash\"")); /* what is ours stays here */
    act("chat.answer", message(n_messages() - 1)->id);
    WAIT(n_rounds(chat_id) == 2 * LG_ROUNDS_MAX && message(n_messages() - 1)->role == LG_ROLE_TOOL);
    close_remote(endpoints);
}

/* Images go to a server of which the user has said that its models see them, and nowhere else. */
static void images_are_sent_where_they_are_seen(void)
{
    LgEndpoints *endpoints = open_remote("get_weather");
    g_autoptr(LgEndpoint) endpoint = g_list_model_get_item(G_LIST_MODEL(endpoints), 0);
    attach("a.png", "\x89PNG\r\n\x1a\n....");
    g_assert_nonnull(strstr(lg_chat_page_get_attach_problem(page), "does not see"));
    lg_endpoints_set_sees(endpoints, lg_endpoint_get_id(endpoint), TRUE);
    attach("a.png", "\x89PNG\r\n\x1a\n....");
    attach("b.txt", "words");
    send("Look");
    WAIT(is_done(2));
    g_assert_nonnull(strstr(asked, "\"url\":\"data:image/png;base64,iVBORw0KGgouLi4u\""));
    g_assert_nonnull(strstr(asked, "```b.txt\\nwords\\n```\\n\\nLook"));
    lg_endpoints_set_sees(endpoints, lg_endpoint_get_id(endpoint), FALSE);
    act("chat.regenerate", message(1)->id);
    WAIT(is_done(2) && message(1)->n_siblings == 2);
    g_assert_null(strstr(asked, "base64"));
    g_assert_nonnull(strstr(asked, "the image a.png, which this model does not see"));
    close_remote(endpoints);
}

/* A call that has no end is stopped, and nothing follows it. */
static void calls_are_stopped(void)
{
    LgEndpoints *endpoints = open_remote("never");
    send("Wait");
    WAIT(is_done(2) && is_asked());
    say_of_call("chat.allow", 1);
    WAIT(n_messages() == 3 && message(2)->state == LG_MESSAGE_STREAMING);
    g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "stop");
    WAIT(is_done(3));
    g_assert_cmpint(message(2)->state, ==, LG_MESSAGE_INTERRUPTED);
    for (guint i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE), g_usleep(5000);
    g_assert_cmpuint(n_messages(), ==, 3);
    g_assert_cmpuint(n_asked, ==, 1);
    close_remote(endpoints);
}

/* What goes wrong with a tool is told to the model, which goes on. */
static void errors_of_tools_are_results(void)
{
    LgEndpoints *endpoints = open_remote("dies");
    send("Die");
    WAIT(is_done(2) && is_asked());
    say_of_call("chat.allow", 1);
    WAIT(is_done(4));
    g_assert_nonnull(strstr(message(2)->statistics, "error"));
    g_assert_nonnull(strstr(message(2)->text, "status 3"));
    g_assert_nonnull(strstr(asked, "status 3"));
    close_remote(endpoints);
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

/* --- Two models compared --- */

static GtkWidget *pair(void) { return widget_of(LG_TYPE_PAIR); }

static gboolean stands_beside(guint n)
{
    return gtk_widget_get_visible(pair()) && is_done(n) && message(n - 2)->state != LG_MESSAGE_STREAMING;
}

/* One question, two answers, each with its model and its figures; the second is chosen, and the first stays a version.
 */
static void two_models_are_compared(void)
{
    open_page(BABBLER);
    lg_chat_page_compare(page, SCRIPTED);
    send("Weather?");
    WAIT(stands_beside(3));
    g_assert_cmpstr(message(1)->model, ==, BABBLER);
    g_assert_cmpstr(message(2)->model, ==, SCRIPTED);
    g_assert_cmpstr(message(2)->text, ==, "It is sunny.");
    g_assert_cmpint(message(2)->parent_id, ==, message(0)->id);
    g_assert_cmpint(message(1)->parent_id, ==, message(0)->id);
    for (guint i = 1; i < 3; i++)
        g_assert_nonnull(strstr(message(i)->statistics, "\"first_token_seconds\":"));
    const gint64 chat_id = message(0)->chat_id, first = message(1)->id, second = message(2)->id;
    g_autoptr(LgChat) before = lg_store_get_chat(store, chat_id, NULL);
    g_assert_cmpint(before->leaf_id, ==, first);
    /* It stands so when the chat is opened again. */
    lg_chat_page_new_chat(page);
    g_assert_false(gtk_widget_get_visible(pair()));
    lg_chat_page_show_chat(page, chat_id);
    WAIT(n_messages() == 3 && stands_beside(3));
    act("chat.choose", second);
    WAIT(n_messages() == 2 && !gtk_widget_get_visible(pair()));
    g_assert_cmpint(message(1)->id, ==, second);
    g_assert_cmpuint(message(1)->n_siblings, ==, 2);
    g_assert_null(strstr(message(1)->statistics, "beside"));
    g_autoptr(LgChat) after = lg_store_get_chat(store, chat_id, NULL);
    g_assert_cmpstr(after->model, ==, SCRIPTED);
    /* The other one is a version like any other, and does not come to stand beside it again. */
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), "chat.branch", "(xi)", second, -1));
    WAIT(n_messages() == 2 && message(1)->id == first);
    g_assert_false(gtk_widget_get_visible(pair()));
    close_page();
}

/* Who writes on without a choice goes on with the first one. */
static void the_first_one_is_the_choice_of_who_makes_none(void)
{
    open_page(SCRIPTED);
    lg_chat_page_compare(page, SCRIPTED);
    send("Weather?");
    WAIT(stands_beside(3));
    const gint64 first = message(1)->id;
    lg_chat_page_compare(page, NULL);
    send("And now?");
    WAIT(is_done(4) && !gtk_widget_get_visible(pair()));
    g_assert_cmpint(message(1)->id, ==, first);
    g_assert_cmpint(message(2)->parent_id, ==, first);
    g_autoptr(GPtrArray) versions = lg_store_list_siblings(store, first, NULL);
    g_assert_cmpuint(versions->len, ==, 2);
    g_assert_null(strstr(((const LgMessage *)versions->pdata[1])->statistics, "beside"));
    close_page();
}

/* Both are stopped at once; what there is of them is kept, and none can be chosen before. */
static void compared_answers_are_stopped(void)
{
    open_page(BABBLER);
    lg_chat_page_compare(page, BABBLER);
    send("Go on and on");
    WAIT(n_messages() == 3);
    act("chat.choose", message(2)->id); /* too early */
    g_signal_emit_by_name(widget_of(LG_TYPE_COMPOSER), "stop");
    WAIT(stands_beside(3));
    g_assert_cmpint(message(1)->state, ==, LG_MESSAGE_INTERRUPTED);
    g_assert_cmpint(message(2)->state, ==, LG_MESSAGE_INTERRUPTED);
    close_page();
}

/* Marks that were damaged, or are of a message that is not there, are none. */
static void marks_of_pairs_are_checked(void)
{
    static const char *const damaged[] = {NULL, "", "[]", "{\"beside\":\"x\"}", "{\"beside\":{}}", "{"};
    g_autoptr(LgMessage) one = g_object_new(LG_TYPE_MESSAGE, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(damaged); i++) {
        one->statistics = g_strdup(damaged[i]);
        g_assert_cmpint(lg_beside_of(one), ==, 0);
        g_clear_pointer(&one->statistics, g_free);
    }
    g_autofree char *marked = lg_beside_mark("{\"tokens\":3}", 7), *bare = lg_beside_mark(marked, 0);
    one->statistics = g_strdup(marked);
    g_assert_cmpint(lg_beside_of(one), ==, 7);
    g_assert_cmpstr(bare, ==, "{\"tokens\":3}");
    g_assert_null(lg_beside_mark("{\"beside\":1}", 0));
}

/* --- Energy --- */

/* An answer of this machine has it, with its interval; the figure is worked out from what can be looked up. */
static void energy_is_estimated(void)
{
    device = "auto"; /* as the app has it */
    open_page(BABBLER);
    device = NULL;
    send("Say something");
    WAIT(is_done(2));
    g_autoptr(JsonNode) root = json_from_string(message(1)->statistics, NULL);
    LgEnergyUse use;
    double joules, low, high;
    g_assert_true(lg_energy_read(json_node_get_object(root), &use, &joules, &low, &high));
    g_assert_true(low < joules && joules < high && use.seconds > 0);
    g_autoptr(LgReport) report = lg_energy_estimate(&use, NULL);
    const LgFigure *figure = lg_report_find(report, LG_ENERGY_PATH), *power = lg_report_find(report, "power.total");
    g_assert_cmpfloat_with_epsilon(figure->value, joules, 1e-9 * joules);
    g_assert_cmpfloat_with_epsilon(figure->value, power->value * use.seconds, 1e-9 * joules);
    g_assert_cmpfloat(power->value, >, 0);
    for (guint i = 0; i < figure->inputs->len; i++)
        g_assert_nonnull(lg_report_find(report, figure->inputs->pdata[i]));
    close_page();
}

static void powers_are_of_the_tables(void)
{
    const char *found = NULL;
    g_assert_cmpfloat(lg_energy_watts("13th Gen Intel(R) Core(TM) i9-13900K", &found), ==, 253);
    g_assert_cmpstr(found, ==, "Core i9-13900K");
    g_assert_cmpfloat(lg_energy_watts("AMD Ryzen 9 7950X 16-Core Processor", &found), ==, 170);
    g_assert_cmpfloat(lg_energy_watts("Intel(R) Xeon(R) Processor", &found), ==, 0);
    g_assert_cmpfloat(lg_energy_watts("", &found), ==, 0);
    /* A processor that no table has is reckoned by its threads; a card is not. */
    LgEnergyUse use = {.name = "Some Processor", .n_threads = 4, .seconds = 2};
    g_autoptr(LgReport) report = lg_energy_estimate(&use, NULL);
    g_assert_cmpfloat(lg_report_value(report, "device.power", 0), ==, 20);
    g_autoptr(GError) error = NULL;
    use.is_card = TRUE;
    g_assert_null(lg_energy_estimate(&use, &error));
    g_assert_nonnull(error);
}

/* --- What is sent --- */

static LgInspector *find_inspector(void)
{
    g_autoptr(GList) windows = gtk_window_list_toplevels();
    for (GList *at = windows; at; at = at->next)
        if (LG_IS_INSPECTOR(at->data))
            return at->data;
    return NULL;
}

static gboolean is_inspected(void)
{
    LgInspector *inspector = find_inspector();
    return inspector && lg_inspector_get_summary(inspector)[0];
}

static void inspect(void) { g_assert_true(gtk_widget_activate_action(GTK_WIDGET(page), "chat.inspect", NULL)); }

static void close_inspector(void)
{
    gtk_window_destroy(GTK_WINDOW(find_inspector()));
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_null(find_inspector());
}

/* The window shows what is sent, with what is being written, and counts each message. */
static void what_is_sent_can_be_seen(void)
{
    open_page(BABBLER);
    inspect(); /* nothing is written yet */
    g_assert_null(find_inspector());
    lg_chat_page_set_draft(page, "sunny <b>");
    inspect();
    WAIT(is_inspected());
    g_autofree char *text = lg_inspector_get_text(find_inspector()), *ids = lg_inspector_get_ids(find_inspector());
    g_assert_nonnull(strstr(text, "sunny <b>"));
    g_autoptr(JsonNode) numbers = json_from_string(ids, NULL);
    g_autofree char *count = g_strdup_printf("%u tokens", json_array_get_length(json_node_get_array(numbers)));
    g_assert_nonnull(strstr(lg_inspector_get_summary(find_inspector()), count));
    g_autoptr(GPtrArray) counts = g_ptr_array_new(), expanders = g_ptr_array_new();
    find(GTK_WIDGET(find_inspector()), GTK_TYPE_EXPANDER, expanders);
    gtk_expander_set_expanded(expanders->pdata[0], TRUE); /* which has its child only then */
    WAIT((find(GTK_WIDGET(find_inspector()), ADW_TYPE_ACTION_ROW, counts), counts->len) == 2);
    g_assert_cmpstr(adw_action_row_get_subtitle(counts->pdata[0]), ==, "sunny &lt;b&gt;");
    close_inspector();
    /* One that is closed at once is not waited for. */
    inspect();
    close_inspector();
    for (guint i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE), g_usleep(5000);
    close_page();
}

/* A model without a template has no tokens, and the window says why; of a server the request is shown. */
static void what_cannot_be_seen_is_said(void)
{
    open_page(LIBLLM_TEST_DATA "/tiny/llama.gguf");
    lg_chat_page_set_draft(page, "sunny");
    inspect();
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    WAIT((g_ptr_array_set_size(problems, 0), find(GTK_WIDGET(find_inspector()), ADW_TYPE_STATUS_PAGE, problems),
          problems->len == 1 && gtk_widget_get_child_visible(problems->pdata[0])));
    g_assert_nonnull(strstr(adw_status_page_get_description(problems->pdata[0]), "template"));
    close_inspector();
    lg_chat_page_set_model(page, "remote:none/m");
    if (lg_remote_is_name("remote:none/m")) {
        inspect();
        g_autofree char *text = lg_inspector_get_text(find_inspector());
        g_assert_nonnull(strstr(text, "\"content\" : \"sunny\""));
        g_assert_null(strstr(text, "reasoning"));
        close_inspector();
    }
    close_page();
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
    g_autofree char *json = lg_parameters_to_json(&parameters);
    lg_parameters_parse(&again, json);
    g_assert_cmpfloat(again.sampling.temperature, ==, 0.3);
    g_assert_true(again.sampling.has_seed && again.sampling.seed == 0);
    g_assert_cmpuint(again.n_positions, ==, 2048);
    g_assert_false(again.drop_oldest);
    /* What is no number, or out of its range, is as by default or within it. */
    lg_parameters_parse(&again, "{\"temperature\":\"hot\",\"top_p\":7,\"context\":-1}");
    g_assert_cmpfloat(again.sampling.temperature, ==, -1);
    g_assert_cmpfloat(again.sampling.top_p, ==, 1);
    g_assert_cmpuint(again.n_positions, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!gtk_init_check()) {
        g_print("1..0 # SKIP there is no display\n");
        return 0;
    }
    adw_init();
    g_test_add_func("/chat/answered", messages_are_answered);
    g_test_add_func("/chat/versions", versions_stay);
    g_test_add_func("/chat/stop-and-go-on", answers_stop_and_go_on);
    g_test_add_func("/chat/elsewhere", answers_go_on_elsewhere);
    g_test_add_func("/chat/errors", errors_are_shown_in_place);
    g_test_add_func("/chat/drafts", drafts_are_kept);
    g_test_add_func("/chat/servers", servers_get_what_they_understand);
    g_test_add_func("/chat/parameters", parameters_are_kept);
    g_test_add_func("/chat/transcripts", transcripts_are_whole);
    g_test_add_func("/chat/compare/choose", two_models_are_compared);
    g_test_add_func("/chat/compare/go-on", the_first_one_is_the_choice_of_who_makes_none);
    g_test_add_func("/chat/compare/stop", compared_answers_are_stopped);
    g_test_add_func("/chat/compare/marks", marks_of_pairs_are_checked);
    g_test_add_func("/chat/energy/answer", energy_is_estimated);
    g_test_add_func("/chat/energy/tables", powers_are_of_the_tables);
    g_test_add_func("/chat/inspect/tokens", what_is_sent_can_be_seen);
    g_test_add_func("/chat/inspect/problems", what_cannot_be_seen_is_said);
    g_test_add_func("/chat/files-of-drafts", files_are_kept_in_drafts);
    g_test_add_func("/chat/files", files_go_with_messages);
    g_test_add_func("/chat/tools/ask", tools_ask_first);
    g_test_add_func("/chat/tools/consent", consent_lasts_until_a_tool_changes);
    g_test_add_func("/chat/tools/interrupted", interrupted_calls_stay_so);
    g_test_add_func("/chat/tools/rounds", rounds_have_an_end);
    g_test_add_func("/chat/images", images_are_sent_where_they_are_seen);
    g_test_add_func("/chat/tools/stop", calls_are_stopped);
    g_test_add_func("/chat/tools/errors", errors_of_tools_are_results);
    return g_test_run();
}
