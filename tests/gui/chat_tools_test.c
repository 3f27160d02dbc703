/* SPDX-License-Identifier: MIT
 * Tools in the page Chat: consent, results, rounds, what goes wrong, and servers that call them.
 * The model calls get_weather where there are tools, and answers once the last message is a result.
 */
#include "chat/dialogue.h"
#include "chat/provider.h"
#include "chat/tools_button.h"
#include "chat/toolbox.h"
#include "chat_fixture.h"
#include "http_request.h"

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
    char *request = read_request(in);
    g_autofree char *answer = g_strdup_printf(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"%s\","
        "\"arguments\":\"{\\\"city\\\":\"}}]}}]}\n\n"
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"Bonn\\\"}\"}}]}}]}"
        "\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
        called);
    char *before = asked;
    g_atomic_pointer_set(&asked, request);
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
    WAIT(n_rounds(chat_id) == 2 * LG_ROUNDS_MAX && message(n_messages() - 1)->role == LG_ROLE_TOOL &&
         is_done(n_messages()));
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

static void add(void)
{
    g_test_add_func("/chat/tools/ask", tools_ask_first);
    g_test_add_func("/chat/tools/consent", consent_lasts_until_a_tool_changes);
    g_test_add_func("/chat/tools/interrupted", interrupted_calls_stay_so);
    g_test_add_func("/chat/tools/rounds", rounds_have_an_end);
    g_test_add_func("/chat/images", images_are_sent_where_they_are_seen);
    g_test_add_func("/chat/tools/stop", calls_are_stopped);
    g_test_add_func("/chat/tools/errors", errors_of_tools_are_results);
}

int main(int argc, char **argv) { return run_chat_tests(argc, argv, add); }
