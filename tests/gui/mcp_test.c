/* SPDX-License-Identifier: MIT
 * Servers of tools, friendly and hostile (NW05, G29), over pipes and over HTTP. They are mcp_server.py, whose modes and
 * tools say what it does.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "mcp/http.h"
#include "mcp/server.h"
#include "mcp/servers.h"
#include "mcp/stdio.h"

#define SERVER LIBLLM_TEST_DATA "/../gui/mcp_server.py"

static gboolean give_up(gpointer data)
{
    g_error("waited in vain for %s", (const char *)data);
    return G_SOURCE_REMOVE;
}

#define WAIT(condition)                                                                                                \
    do {                                                                                                               \
        guint timeout = g_timeout_add_seconds(20, give_up, (gpointer) #condition);                                     \
        while (!(condition))                                                                                           \
            g_main_context_iteration(NULL, TRUE);                                                                      \
        g_source_remove(timeout);                                                                                      \
    } while (0)

/* --- A session ------------------------------------------------------------------------------------------------------
 */

static LgMcpTransport *transport;
static LgMcpSession *session;
static GError *problem;
static char *closed;
static GString *logged;
static guint n_changes;
static gboolean opened;
static GSubprocess *http_server;

static void on_log(gpointer data, const char *line) { g_string_append_printf(logged, "%s\n", line); }

static void on_closed(gpointer data, const char *reason)
{
    g_assert_null(closed);
    closed = g_strdup(reason);
}

static void on_changed(void) { n_changes++; }

static void on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
    opened = TRUE;
    lg_mcp_session_open_finish(LG_MCP_SESSION(source), result, &problem);
}

static void begin(LgMcpTransport *with)
{
    transport = with;
    session = lg_mcp_session_new(transport, "id");
    logged = g_string_new(NULL);
    n_changes = 0;
    opened = FALSE;
    g_signal_connect_swapped(transport, "log", G_CALLBACK(on_log), NULL);
    g_signal_connect_swapped(session, "log", G_CALLBACK(on_log), NULL);
    g_signal_connect_swapped(session, "closed", G_CALLBACK(on_closed), NULL);
    g_signal_connect_swapped(session, "tools-changed", G_CALLBACK(on_changed), NULL);
    lg_mcp_session_open_async(session, on_opened, NULL);
}

static void open_program(const char *mode)
{
    g_autoptr(GError) error = NULL;
    const char *const argv[] = {"python3", SERVER, mode, NULL}, *const environment[] = {"FRUIT=apple=red", NULL};
    LgMcpTransport *with = lg_mcp_stdio_new(argv, environment, &error);
    g_assert_no_error(error);
    begin(with);
}

static char *start_http(const char *mode)
{
    g_autoptr(GError) error = NULL;
    http_server = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "python3",
                                   SERVER, "--http", mode, NULL);
    g_assert_no_error(error);
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(http_server));
    g_autofree char *port = g_data_input_stream_read_line(lines, NULL, NULL, NULL);
    g_assert_nonnull(port);
    return g_strdup_printf("http://127.0.0.1:%s/mcp", port);
}

static void open_http(const char *mode, const char *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *url = start_http(mode);
    LgMcpTransport *with = lg_mcp_http_new(lg_network_get_default(), url, key, &error);
    g_assert_no_error(error);
    begin(with);
}

static void is_open(void)
{
    WAIT(opened);
    g_assert_no_error(problem);
}

static void close_session(void)
{
    lg_mcp_transport_close(transport);
    WAIT(closed && opened);
    if (LG_IS_MCP_STDIO(transport))
        WAIT(!lg_mcp_stdio_get_pid(LG_MCP_STDIO(transport)));
    g_clear_object(&session);
    g_clear_object(&transport);
    g_clear_error(&problem);
    g_clear_pointer(&closed, g_free);
    g_string_free(logged, TRUE);
    if (http_server)
        g_subprocess_force_exit(http_server);
    g_clear_object(&http_server);
}

static void fails_to_open(const char *words)
{
    WAIT(opened);
    g_assert_nonnull(problem);
    if (!strstr(problem->message, words))
        g_error("“%s” is not in: %s", words, problem->message);
    close_session();
}

/* --- A call ---------------------------------------------------------------------------------------------------------
 */

static LgMcpResult *got;
static GError *refused;
static GString *progress_said;

static void on_called(GObject *source, GAsyncResult *result, gpointer data)
{
    got = lg_mcp_session_call_finish(LG_MCP_SESSION(source), result, &refused);
}

static void on_progress(double progress, double total, const char *message, gpointer data)
{
    g_string_append_printf(progress_said, "%g/%g %s;", progress, total, message);
}

static void call(const char *tool, const char *arguments)
{
    g_clear_pointer(&got, lg_mcp_result_free);
    g_clear_error(&refused);
    lg_mcp_session_call_async(session, tool, arguments, on_progress, NULL, NULL, on_called, NULL);
    WAIT(got || refused);
}

static void gives(const char *tool, const char *arguments, const char *text)
{
    call(tool, arguments);
    g_assert_no_error(refused);
    g_assert_cmpstr(got->text, ==, text);
}

static void refuses(const char *tool, const char *arguments, const char *words)
{
    call(tool, arguments);
    g_assert_nonnull(refused);
    g_assert_nonnull(strstr(refused->message, words));
}

/* --- Friendly ones --------------------------------------------------------------------------------------------------
 */

static void tools_are_listed_and_called(void)
{
    open_program("friendly");
    is_open();
    g_assert_cmpstr(lg_mcp_session_get_version(session), ==, "2025-06-18");
    const LgMcpTool *tool = lg_mcp_session_get_tools(session)->pdata[0];
    g_assert_cmpstr(tool->name, ==, "get_weather");
    g_assert_cmpstr(tool->title, ==, "Weather");
    g_assert_cmpuint(strlen(tool->hash), ==, 64);
    gives("get_weather", "{\"city\":\"Ulm\"}", "sun in Ulm");
    gives("structured", "", "{\"degrees\":21}");
    gives("image", "{}",
          "[an image (image/png) that this model does not see]\nseen\n"
          "[a sound (audio/wav) that this model does not hear]\n[a part of a kind that is not known]");
    gives("link", "{}",
          "a.txt: file:///a.txt\na file\nfile:///b.txt\nin b\n[file:///c.bin: data that this model does not read]");
    g_assert_false(got->is_error);
    gives("fails", "{}", "it broke");
    g_assert_true(got->is_error);
    refuses("error", "{}", "no such city");
    refuses("get_weather", "{\"city\": ", "no JSON object");
    refuses("get_weather", "[]", "no JSON object");
    WAIT(strstr(logged->str, "hello from the log"));
    close_session();
}

static void progress_is_told(void)
{
    open_program("friendly");
    is_open();
    lg_mcp_session_set_timeout(session, 0.45); /* less than it takes, more than between two words */
    gives("slow", "{}", "done");
    g_assert_nonnull(strstr(progress_said->str, "1/4 step 1;2/4 step 2;3/4 step 3;4/4 step 4;"));
    close_session();
}

/* The environment has what programs need and what was given, and no secrets of the app. */
static void environment_is_its_own(void)
{
    g_setenv("LIBLLM_TEST_SECRET", "pssst", TRUE);
    open_program("friendly");
    is_open();
    call("environment", "{}");
    g_assert_nonnull(strstr(got->text, "\"FRUIT\": \"apple=red\""));
    g_assert_nonnull(strstr(got->text, "\"PATH\""));
    g_assert_null(strstr(got->text, "pssst"));
    close_session();
}

static void versions_are_agreed_on(void)
{
    static const char *const modes[][2] = {{"old", "2024-11-05"}, {"middle", "2025-03-26"}};
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        open_program(modes[i][0]);
        is_open();
        g_assert_cmpstr(lg_mcp_session_get_version(session), ==, modes[i][1]);
        gives("get_weather", "{\"city\":\"Ulm\"}", "sun in Ulm");
        close_session();
    }
    open_program("alien");
    fails_to_open("1999-01-01");
}

static void pages_are_read(void)
{
    open_program("friendly");
    is_open();
    const guint n = lg_mcp_session_get_tools(session)->len;
    g_assert_cmpuint(n, >, 10);
    close_session();
    open_program("pages");
    is_open();
    g_assert_cmpuint(lg_mcp_session_get_tools(session)->len, ==, n);
    close_session();
}

/* --- Hostile ones ---------------------------------------------------------------------------------------------------
 */

static void lists_have_limits(void)
{
    static const struct {
        const char *mode;
        guint n;
    } cases[] = {{"many", LG_MCP_TOOLS_MAX}, {"loop", 1}, {"endless", 0}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        open_program(cases[i].mode);
        is_open();
        g_assert_cmpuint(lg_mcp_session_get_tools(session)->len, ==, cases[i].n);
        close_session();
    }
}

static void bad_tools_are_left_out(void)
{
    open_program("bad");
    is_open();
    const GPtrArray *tools = lg_mcp_session_get_tools(session);
    const LgMcpTool *first = tools->pdata[0];
    g_assert_cmpstr(first->name, ==, "markup"); /* kept as it is: it is shown as plain text */
    g_autofree char *plain = lg_plain_text(first->title, 100, FALSE);
    g_assert_cmpstr(plain, ==, "<b>bold</b>\357\277\275[0m\357\277\275");
    g_assert_nonnull(strstr(logged->str, "16 KiB"));
    g_assert_nonnull(strstr(logged->str, "64 KiB"));
    g_assert_nonnull(strstr(logged->str, "inputSchema"));
    g_assert_null(strchr(logged->str, '\x1b'));
    close_session();
}

static void never_is_not_waited_for(void)
{
    open_program("friendly");
    is_open();
    lg_mcp_session_set_timeout(session, 0.2);
    refuses("never", "{}", "not answered");
    g_assert_error(refused, LG_MCP_ERROR, LG_MCP_ERROR_TIMEOUT);
    WAIT(strstr(logged->str, "cancelled ")); /* the server was told */
    close_session();
    open_program("silent");
    lg_mcp_session_set_timeout(session, 0.2);
    close_session();
}

static void calls_are_stopped(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    open_program("friendly");
    is_open();
    g_clear_pointer(&got, lg_mcp_result_free);
    g_clear_error(&refused);
    lg_mcp_session_call_async(session, "never", "{}", NULL, NULL, cancellable, on_called, NULL);
    g_cancellable_cancel(cancellable);
    WAIT(refused);
    g_assert_error(refused, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    WAIT(strstr(logged->str, "cancelled "));
    gives("get_weather", "{\"city\":\"Ulm\"}", "sun in Ulm");
    close_session();
}

static void death_is_seen(void)
{
    open_program("friendly");
    is_open();
    refuses("dies", "{}", "status 3");
    WAIT(closed);
    WAIT(strstr(logged->str, "I am dying"));
    refuses("get_weather", "{}", "ended");
    close_session();
    open_program("exits");
    fails_to_open("status 4");
}

static void noise_is_logged(void)
{
    open_program("noise");
    is_open();
    gives("garbage", "{}", "after garbage");
    g_assert_nonnull(strstr(logged->str, "Starting the server"));
    g_assert_nonnull(strstr(logged->str, "this is a log line"));
    g_assert_null(strchr(logged->str, '\x1b'));
    close_session();
    open_program("babble");
    fails_to_open("no messages of the protocol");
    open_program("endless-line");
    fails_to_open("no end");
}

static void floods_are_survived(void)
{
    open_program("friendly");
    is_open();
    gives("flood", "{}", "flooded");
    refuses("huge", "{}", "4 MiB");
    gives("get_weather", "{\"city\":\"Ulm\"}", "sun in Ulm");
    call("large", "{}"); /* 400 KiB of characters of two bytes */
    g_assert_cmpuint(strlen(got->text), <=, LG_MCP_RESULT_MAX + 100);
    g_assert_true(g_utf8_validate(got->text, -1, NULL));
    g_assert_nonnull(strstr(got->text, "cut off"));
    close_session();
}

/* What a server asks for is not there: -32601. A ping is answered. */
static void servers_get_nothing(void)
{
    open_program("friendly");
    is_open();
    gives("asks", "{}", "-32601,-32601,-32601,{}");
    close_session();
}

static void changes_are_listed_once(void)
{
    open_program("friendly");
    is_open();
    const LgMcpTool *tool = lg_mcp_session_get_tools(session)->pdata[0];
    g_autofree char *before = g_strdup(tool->hash);
    WAIT(n_changes == 1);
    gives("change", "{}", "changed"); /* it says so fifty times */
    WAIT(n_changes == 2);
    tool = lg_mcp_session_get_tools(session)->pdata[0];
    g_assert_cmpstr(tool->hash, !=, before);
    close_session();
    g_assert_cmpuint(n_changes, ==, 2);
}

static LgMcpTool *tool_of(const char *json)
{
    g_autoptr(JsonNode) node = lg_json_parse(json, -1, NULL);
    LgMcpTool *tool = lg_mcp_tool_new("s", node, NULL);
    g_assert_nonnull(tool);
    return tool;
}

/* The same in another order is the same tool; moving a letter from one part to the next is not. */
static void hashes_are_of_what_is_said(void)
{
    g_autoptr(LgMcpTool) a = tool_of("{\"name\":\"n\",\"description\":\"d\",\"inputSchema\":{\"a\":1,\"b\":[{}]}}");
    g_autoptr(LgMcpTool) b = tool_of("{\"inputSchema\":{\"b\":[{}],\"a\":1},\"description\":\"d\",\"name\":\"n\"}");
    g_autoptr(LgMcpTool) c = tool_of("{\"name\":\"nd\",\"description\":\"\",\"inputSchema\":{\"a\":1,\"b\":[{}]}}");
    g_autoptr(LgMcpTool) d = tool_of("{\"name\":\"n\",\"description\":\"d\",\"inputSchema\":{\"a\":2,\"b\":[{}]}}");
    g_assert_cmpstr(a->hash, ==, b->hash);
    g_assert_cmpstr(a->hash, !=, c->hash);
    g_assert_cmpstr(a->hash, !=, d->hash);
}

static gboolean group_lives(int pid) { return kill(-pid, 0) == 0 || errno != ESRCH; }

/* Neither one that ignores what it is told nor its children outlive the app. */
static void processes_end(void)
{
    open_program("stubborn");
    is_open();
    const int pid = lg_mcp_stdio_get_pid(LG_MCP_STDIO(transport));
    g_assert_true(group_lives(pid));
    lg_mcp_stdio_end_now(LG_MCP_STDIO(transport));
    WAIT(!group_lives(pid) || (g_usleep(1000), g_main_context_wakeup(NULL), FALSE));
    close_session();
}

/* --- HTTP -----------------------------------------------------------------------------------------------------------
 */

static guint n_notes(void) { return g_list_model_get_n_items(lg_network_get_notes(lg_network_get_default())); }

static void http_is_spoken(void)
{
    const guint before = n_notes();
    open_http("friendly", NULL);
    is_open();
    gives("get_weather", "{\"city\":\"Ulm\"}", "sun in Ulm");
    gives("fails", "{}", "it broke");
    refuses("error", "{}", "no such city");
    refuses("huge", "{}", "4 MiB");
    g_assert_cmpuint(n_notes(), >=, before + 7); /* each connection is noted */
    close_session();
}

static void events_are_read(void)
{
    open_http("events", NULL);
    is_open();
    g_string_truncate(progress_said, 0);
    gives("slow", "{}", "done");
    g_assert_nonnull(strstr(progress_said->str, "4/4 step 4;"));
    WAIT(n_changes == 1);
    g_usleep(300000); /* so that it listens, by when it has been greeted */
    for (guint i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE), g_usleep(20000);
    gives("change", "{}", "changed");
    WAIT(n_changes == 2); /* by the stream of what the server says by itself */
    close_session();
}

static void http_problems_are_told(void)
{
    open_http("key", "sesame");
    is_open();
    close_session();
    open_http("key", "wrong");
    fails_to_open("another key (401)");
    open_http("elsewhere", NULL);
    fails_to_open("elsewhere (302)");
    open_http("html", NULL);
    lg_mcp_session_set_timeout(session, 0.3);
    WAIT(strstr(logged->str, "<html>hello</html>"));
    close_session();
    open_http("forgets", NULL);
    fails_to_open("forgotten");
}

static void offline_is_offline(void)
{
    g_autoptr(GError) error = NULL;
    LgNetwork *network = lg_network_get_default();
    open_http("events", NULL);
    is_open();
    lg_network_set_offline(network, TRUE);
    WAIT(closed);
    g_assert_nonnull(strstr(closed, "offline"));
    g_assert_null(lg_mcp_http_new(network, "http://127.0.0.1:1/", NULL, &error));
    g_assert_error(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_OFFLINE);
    close_session();
    lg_network_set_offline(network, FALSE);
}

/* --- Servers in the settings ----------------------------------------------------------------------------------------
 */

static gboolean has_logged(LgMcpServer *server, const char *words)
{
    g_autofree char *log = lg_mcp_server_get_log(server);
    return strstr(log, words) != NULL;
}

static void servers_are_kept(void)
{
    g_autoptr(GSettings) settings = g_settings_new(LG_APPLICATION_ID);
    g_autoptr(LgMcpServers) servers = lg_mcp_servers_new(settings, lg_network_get_default());
    g_autofree char *command = g_strdup_printf("python3 '%s' friendly", SERVER);
    LgMcpConfig config = {
        .name = (char *)"Weather", .command = command, .environment = (char *)"", .url = (char *)"", .enabled = TRUE};
    LgMcpServer *server = lg_mcp_servers_add(servers, &config);
    lg_mcp_servers_start(servers);
    g_assert_cmpint(lg_mcp_server_get_state(server), ==, LG_MCP_OFF); /* nobody has switched it on */
    lg_mcp_servers_set_enabled(servers, server, TRUE);
    WAIT(lg_mcp_server_get_state(server) == LG_MCP_READY);
    g_assert_nonnull(lg_mcp_servers_find_tool(servers, lg_mcp_server_get_config(server)->id, "get_weather"));
    lg_mcp_session_call_async(lg_mcp_server_get_session(server), "dies", "{}", NULL, NULL, NULL, NULL, NULL);
    WAIT(lg_mcp_server_get_state(server) == LG_MCP_FAILED);
    g_assert_nonnull(strstr(lg_mcp_server_get_problem(server), "status 3"));
    lg_mcp_server_start(server);
    WAIT(lg_mcp_server_get_state(server) == LG_MCP_READY);
    WAIT(has_logged(server, "I am dying"));
    g_autoptr(LgMcpServers) again = lg_mcp_servers_new(settings, lg_network_get_default());
    g_autoptr(LgMcpServer) same = g_list_model_get_item(G_LIST_MODEL(again), 0);
    g_assert_cmpstr(lg_mcp_server_get_config(same)->command, ==, command);
    g_assert_true(lg_mcp_server_get_config(same)->enabled);
    lg_mcp_servers_remove(servers, server);
    g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(servers)), ==, 0);
}

static void configs_are_checked(void)
{
    static const struct {
        const char *name, *command, *environment, *url, *problem;
    } cases[] = {{"", "x", "", "", "name"},
                 {"x", "", "", "", "command"},
                 {"x", "a 'b", "", "", "command"},
                 {"x", "a", "NOTHING", "", "NAME=VALUE"},
                 {"x", "a", "A=1\n\nB=2", "", NULL},
                 {"x", "", "", "ftp://h/", "address"},
                 {"x", "", "", "https://h/mcp?token=1", "address"},
                 {"x", "", "", "https://h/mcp/", NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const LgMcpConfig given = {.id = (char *)"",
                                   .name = (char *)cases[i].name,
                                   .command = (char *)cases[i].command,
                                   .environment = (char *)cases[i].environment,
                                   .url = (char *)cases[i].url};
        g_autoptr(LgMcpConfig) config = lg_mcp_config_copy(&given);
        g_autofree char *words = lg_mcp_config_check(config);
        if (cases[i].problem)
            g_assert_nonnull(strstr(words, cases[i].problem));
        else
            g_assert_null(words);
        g_assert_cmpstr(config->url, ==, cases[i].url);
    }
}

static void json_is_not_trusted(void)
{
    g_autofree char *deep = g_strnfill(1000000, '[');
    g_autofree char *brackets_in_text = g_strdup_printf("\"%.*s\"", 1000, deep);
    g_autoptr(GError) error = NULL;
    g_assert_null(lg_json_parse(deep, -1, &error));
    g_assert_nonnull(strstr(error->message, "64"));
    g_autoptr(JsonNode) node = lg_json_parse(brackets_in_text, -1, NULL);
    g_assert_nonnull(node);
    g_assert_null(lg_json_parse("", -1, NULL));
    g_assert_null(lg_json_parse("\xff", -1, NULL));
    g_autofree char *pretty = lg_json_pretty("{\"a\":1}");
    g_assert_cmpstr(pretty, ==, "{\n  \"a\" : 1\n}");
    g_autofree char *as_it_is = lg_json_pretty("no JSON");
    g_assert_cmpstr(as_it_is, ==, "no JSON");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *python = g_find_program_in_path("python3");
    if (!python) {
        g_print("1..0 # SKIP there is no python3\n");
        return 0;
    }
    progress_said = g_string_new(NULL);
    g_test_add_func("/mcp/json", json_is_not_trusted);
    g_test_add_func("/mcp/hashes", hashes_are_of_what_is_said);
    g_test_add_func("/mcp/configs", configs_are_checked);
    g_test_add_func("/mcp/calls", tools_are_listed_and_called);
    g_test_add_func("/mcp/progress", progress_is_told);
    g_test_add_func("/mcp/environment", environment_is_its_own);
    g_test_add_func("/mcp/versions", versions_are_agreed_on);
    g_test_add_func("/mcp/pages", pages_are_read);
    g_test_add_func("/mcp/limits", lists_have_limits);
    g_test_add_func("/mcp/bad-tools", bad_tools_are_left_out);
    g_test_add_func("/mcp/never", never_is_not_waited_for);
    g_test_add_func("/mcp/stopped", calls_are_stopped);
    g_test_add_func("/mcp/death", death_is_seen);
    g_test_add_func("/mcp/noise", noise_is_logged);
    g_test_add_func("/mcp/floods", floods_are_survived);
    g_test_add_func("/mcp/asks", servers_get_nothing);
    g_test_add_func("/mcp/changes", changes_are_listed_once);
    g_test_add_func("/mcp/processes", processes_end);
    g_test_add_func("/mcp/http", http_is_spoken);
    g_test_add_func("/mcp/events", events_are_read);
    g_test_add_func("/mcp/http-problems", http_problems_are_told);
    g_test_add_func("/mcp/offline", offline_is_offline);
    g_test_add_func("/mcp/servers", servers_are_kept);
    return g_test_run();
}
