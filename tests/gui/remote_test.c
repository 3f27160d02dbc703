/* SPDX-License-Identifier: MIT
 * Servers with OpenAI's API, friendly and hostile (NW04, G29), and the offline switch. The server is one of our own in
 * this process: each case is what it answers.
 */
#include <string.h>

#include "http_request.h"
#include "remote/client.h"
#include "remote/sse.h"

/* --- A server
 * ---------------------------------------------------------------------------------------------------------
 */

static struct {
    GSocketService *service;
    guint16 port;
    void (*answer)(GOutputStream *out, const char *request);
    const char *text; /* what to answer, without `answer` */
    char *request;    /* the last one */
    gint n_requests;
} server;

static void put(GOutputStream *out, const char *text)
{
    g_output_stream_write_all(out, text, strlen(text), NULL, NULL, NULL);
}

static gboolean on_run(GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    char *request = read_request(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    g_atomic_int_inc(&server.n_requests);
    if (server.answer)
        server.answer(out, request);
    else
        put(out, server.text);
    g_free(server.request);
    server.request = request;
    g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
    return TRUE;
}

static void start_server(void)
{
    server.service = g_threaded_socket_service_new(16);
    server.port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(server.service), NULL, NULL);
    g_signal_connect(server.service, "run", G_CALLBACK(on_run), NULL);
}

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define EVENT(content)                                                                                                 \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" content "\"},\"finish_reason\":null}]}\n\n"
#define STOP "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

/* --- Asking
 * -----------------------------------------------------------------------------------------------------------
 */

static LgEndpoint *new_endpoint(void)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/v1", server.port);
    return lg_endpoint_new("one", "One", url);
}

static gboolean give_up(gpointer data)
{
    g_error("nothing came");
    return G_SOURCE_REMOVE;
}

static void wait_for(LgReply *reply)
{
    guint timeout = g_timeout_add_seconds(120, give_up, NULL);
    while (lg_reply_get_phase(reply) != LG_PHASE_FINISHED)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
}

static LgReply *ask(const char *text, guint timeout)
{
    g_autoptr(LgClient) client = lg_client_new(lg_network_get_default());
    g_autoptr(LgEndpoint) endpoint = new_endpoint();
    server.answer = NULL;
    server.text = text;
    lg_client_set_timeout(client, timeout);
    LgReply *reply = lg_client_answer(client, endpoint, "sk-secret", "a/model",
                                      "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}", NULL);
    wait_for(reply);
    return reply;
}

static void test_answer(void)
{
    g_autoptr(LgReply) reply = ask(
        OK
        ": a comment\n\nevent: x\ndata: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm\"}}]}\r\n\r\n" EVENT("Hel")
            EVENT("lo ") EVENT("\xe4\xbd\xa0") STOP,
        60);
    g_assert_cmpstr(lg_reply_get_text(reply), ==, "Hello 你");
    g_assert_cmpstr(lg_reply_get_reasoning(reply), ==, "Hm");
    g_assert_cmpint(lg_reply_get_finish(reply), ==, LG_FINISH_STOP);
    g_assert_nonnull(strstr(server.request, "Authorization: Bearer sk-secret"));
    g_assert_nonnull(strstr(server.request, "\"model\":\"a/model\""));
    g_assert_nonnull(strstr(server.request, "\"stream\":true"));
}

/* Servers send the same thoughts under two names, for clients old and new. */
static void test_thoughts(void)
{
    g_autoptr(LgReply) reply =
        ask(OK "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm\",\"reasoning\":\"Hm\"}}]}\n\n"
               "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"\",\"reasoning\":\", so\"}}]}\n\n" STOP,
            60);
    g_assert_cmpstr(lg_reply_get_reasoning(reply), ==, "Hm, so");
}

static void test_usage(void)
{
    g_autoptr(LgReply) reply = ask(
        OK EVENT("a") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n" STOP, 60);
    g_assert_cmpuint(lg_reply_get_statistics(reply)->n_prompt_tokens, ==, 7);
}

static void test_calls(void)
{
    g_autoptr(LgReply) reply =
        ask(OK "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\","
               "\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n"
               "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]},"
               "\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
            60);
    g_assert_cmpint(lg_reply_get_finish(reply), ==, LG_FINISH_CALLS);
    g_assert_cmpuint(lg_reply_get_n_calls(reply), ==, 1);
    g_assert_cmpstr(lg_reply_get_call(reply, 0)->name, ==, "f");
    g_assert_cmpstr(lg_reply_get_call(reply, 0)->arguments->str, ==, "{\"a\":1}");
}

/* An error that says this, with what had come before it. */
static void check_bad(const char *text, const char *says, const char *kept)
{
    g_autoptr(LgReply) reply = ask(text, 1);
    g_assert_cmpint(lg_reply_get_finish(reply), ==, LG_FINISH_ERROR);
    const char *message = lg_reply_get_error(reply)->message;
    if (!strstr(message, says))
        g_error("expected \"%s\" in \"%s\"", says, message);
    g_assert_cmpstr(lg_reply_get_text(reply), ==, kept);
}

static void test_errors(void)
{
    check_bad("HTTP/1.1 401 X\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"no such key here\"}}",
              "no such key", "");
    check_bad("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", "(500)", "");
    check_bad("HTTP/1.1 404 X\r\nConnection: close\r\n\r\n<html>", "(404)", "");
    check_bad("HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "elsewhere", "");
    check_bad(OK EVENT("ab"), "before the answer did", "ab");
    check_bad(OK EVENT("ab") "data: {\"error\":{\"message\":\"context is full\"}}\n\n", "context is full", "ab");
    check_bad(OK EVENT("ab") "data: {\"error\":\"plain\"}\n\n", "plain", "ab");
    check_bad(OK EVENT("ab") "data: nonsense\n\n", "no JSON", "ab");
    check_bad(OK EVENT("ab") "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":-1}]}}]}\n\n",
              "makes no sense", "ab");
    check_bad(OK "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1000000000}]}}]}\n\n", "makes no sense",
              "");
    /* json-glib descends by recursion: a million brackets were the end of the app. */
    g_autofree char *brackets = g_strnfill(1000000, '[');
    g_autofree char *deep = g_strconcat(OK EVENT("ab") "data: ", brackets, "\n\n", NULL);
    check_bad(deep, "no JSON", "ab");
    check_bad("", "", "");
    check_bad("SSH-2.0-x\r\n", "", "");
    check_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "", "");
    check_bad("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", "", "");
}

/* What is not understood is passed over. */
static void test_oddities(void)
{
    static const char *const odd[] = {"{}",
                                      "[]",
                                      "7",
                                      "null",
                                      "\"x\"",
                                      "{\"choices\":null}",
                                      "{\"choices\":{}}",
                                      "{\"choices\":[7]}",
                                      "{\"choices\":[{}]}",
                                      "{\"choices\":[{\"delta\":null}]}",
                                      "{\"choices\":[{\"delta\":[]}]}",
                                      "{\"choices\":[{\"delta\":{\"content\":7}}]}",
                                      "{\"choices\":[{\"delta\":{\"content\":null}}]}",
                                      "{\"choices\":[{\"delta\":{\"content\":{\"a\":1}}}]}",
                                      "{\"choices\":[{\"finish_reason\":7}]}",
                                      "{\"usage\":7}",
                                      "{\"usage\":{\"prompt_tokens\":\"x\"}}",
                                      "{\"usage\":{\"prompt_tokens\":-5}}",
                                      "{\"usage\":{\"prompt_tokens\":1e300}}",
                                      "{\"choices\":[{\"delta\":{\"tool_calls\":7}}]}",
                                      "{\"choices\":[{\"delta\":{\"tool_calls\":[7,null,[]]}}]}",
                                      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":7}]}}]}"};
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autofree char *text = g_strconcat(OK "data: ", odd[i], "\n\n" EVENT("ab") STOP, NULL);
        g_autoptr(LgReply) reply = ask(text, 60);
        if (lg_reply_get_finish(reply) == LG_FINISH_ERROR)
            g_error("%s: %s", odd[i], lg_reply_get_error(reply)->message);
        g_assert_cmpstr(lg_reply_get_text(reply), ==, "ab");
    }
}

static void answer_endless_line(GOutputStream *out, const char *request)
{
    char block[65536];
    memset(block, 'x', sizeof block);
    put(out, OK "data: ");
    for (int i = 0; i < 16384; i++)
        if (!g_output_stream_write_all(out, block, sizeof block, NULL, NULL, NULL))
            return;
}

static void answer_endless_text(GOutputStream *out, const char *request)
{
    g_autofree char *long_text = g_strnfill(100000, 'y');
    g_autofree char *event = g_strdup_printf("data: {\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\n", long_text);
    put(out, OK);
    for (int i = 0; i < 10000; i++)
        if (!g_output_stream_write_all(out, event, strlen(event), NULL, NULL, NULL))
            return;
}

static void answer_slowly(GOutputStream *out, const char *request)
{
    put(out, OK EVENT("ab"));
    for (int i = 0; i < 100; i++) { /* until it is cut */
        g_usleep(100000);
        if (!g_output_stream_write_all(out, ":\n", 2, NULL, NULL, NULL))
            return;
    }
}

static void answer_never(GOutputStream *out, const char *request) { g_usleep(5 * G_USEC_PER_SEC); }

static LgReply *ask_with(void (*answer)(GOutputStream *, const char *), GCancellable *cancellable)
{
    g_autoptr(LgClient) client = lg_client_new(lg_network_get_default());
    g_autoptr(LgEndpoint) endpoint = new_endpoint();
    server.answer = answer;
    lg_client_set_timeout(client, 1);
    return lg_client_answer(client, endpoint, "", "m", "{\"messages\":[]}", cancellable);
}

static void test_without_end(void)
{
    g_autoptr(LgReply) line = ask_with(answer_endless_line, NULL);
    wait_for(line);
    g_assert_nonnull(strstr(lg_reply_get_error(line)->message, "no end"));
    g_autoptr(LgReply) text = ask_with(answer_endless_text, NULL);
    wait_for(text);
    g_assert_nonnull(strstr(lg_reply_get_error(text)->message, "no end"));
    g_assert_cmpuint(strlen(lg_reply_get_text(text)), <=, 16 << 20);
}

static void test_silence(void)
{
    g_autoptr(LgReply) reply = ask_with(answer_never, NULL);
    wait_for(reply);
    g_assert_cmpint(lg_reply_get_finish(reply), ==, LG_FINISH_ERROR);
}

static gboolean cancel(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void test_cancel(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(LgReply) reply = ask_with(answer_slowly, cancellable);
    g_timeout_add(300, cancel, cancellable);
    wait_for(reply);
    g_assert_cmpint(lg_reply_get_finish(reply), ==, LG_FINISH_CANCELLED);
    g_assert_cmpstr(lg_reply_get_text(reply), ==, "ab");
}

static gint n_together;

/* Nobody is answered before all have asked, or it has taken too long. */
static void answer_together(GOutputStream *out, const char *request)
{
    g_atomic_int_inc(&n_together);
    for (int i = 0; i < 200 && g_atomic_int_get(&n_together) < 6; i++)
        g_usleep(10000);
    put(out, g_atomic_int_get(&n_together) >= 6 ? OK EVENT("ab") STOP : OK EVENT("alone") STOP);
}

static void test_together(void)
{
    g_autoptr(LgClient) client = lg_client_new(lg_network_get_default());
    g_autoptr(LgEndpoint) endpoint = new_endpoint();
    LgReply *replies[6];
    server.answer = answer_together;
    for (guint i = 0; i < G_N_ELEMENTS(replies); i++)
        replies[i] = lg_client_answer(client, endpoint, "", "m", "{\"messages\":[]}", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(replies); i++) {
        wait_for(replies[i]);
        g_assert_cmpstr(lg_reply_get_text(replies[i]), ==, "ab");
        g_object_unref(replies[i]);
    }
}

static gboolean go_offline(gpointer network)
{
    lg_network_set_offline(network, TRUE);
    return G_SOURCE_REMOVE;
}

/* An answer that is on its way ends with the switch, and keeps what has come. */
static void test_offline_meanwhile(void)
{
    LgNetwork *network = lg_network_get_default();
    g_autoptr(LgReply) reply = ask_with(answer_slowly, NULL);
    g_timeout_add(300, go_offline, network);
    wait_for(reply);
    lg_network_set_offline(network, FALSE);
    g_assert_error((GError *)lg_reply_get_error(reply), LG_NETWORK_ERROR, LG_NETWORK_ERROR_OFFLINE);
    g_assert_cmpstr(lg_reply_get_text(reply), ==, "ab");
}

/* --- Models, the switch, pieces
 * ---------------------------------------------------------------------------------------
 */

static void keep(GObject *source, GAsyncResult *result, gpointer data)
{
    *(GAsyncResult **)data = g_object_ref(result);
}

static GPtrArray *list(const char *text, GError **error)
{
    g_autoptr(LgClient) client = lg_client_new(lg_network_get_default());
    g_autoptr(LgEndpoint) endpoint = new_endpoint();
    g_autoptr(GAsyncResult) result = NULL;
    server.answer = NULL;
    server.text = text;
    guint timeout = g_timeout_add_seconds(120, give_up, NULL);
    lg_client_list_models(client, endpoint, "k", NULL, keep, &result);
    while (!result)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
    return lg_client_list_models_finish(client, result, error);
}

static void test_list(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = list(OK "{\"data\":[{\"id\":\"a\"},{\"id\":7},7,{},{\"id\":\"b/c\"}]}", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(names->len, ==, 2);
    g_assert_cmpstr(names->pdata[1], ==, "b/c");
    static const char *const bad[] = {OK "", OK "[]", OK "{\"data\":7}", OK "{",
                                      "HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) problem = NULL;
        g_assert_null(list(bad[i], &problem));
        g_assert_error(problem, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER);
    }
}

static void test_offline(void)
{
    LgNetwork *network = lg_network_get_default();
    g_autoptr(GError) error = NULL;
    lg_network_set_offline(network, TRUE);
    const int before = g_atomic_int_get(&server.n_requests);
    g_assert_null(list(OK "{\"data\":[]}", &error));
    g_assert_error(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_OFFLINE);
    g_autoptr(LgReply) reply = ask(OK STOP, 60);
    g_assert_cmpint(lg_reply_get_finish(reply), ==, LG_FINISH_ERROR);
    g_assert_cmpint(g_atomic_int_get(&server.n_requests), ==, before);
    lg_network_set_offline(network, FALSE);
    GListModel *notes = lg_network_get_notes(network);
    g_autoptr(LgConnection) last = g_list_model_get_item(notes, g_list_model_get_n_items(notes) - 1);
    g_assert_cmpstr(last->outcome, ==, "offline switch");
}

/* Each connection is noted, and what could be a secret is not. */
static void test_notes(void)
{
    LgNetwork *network = lg_network_get_default();
    GListModel *notes = lg_network_get_notes(network);
    const guint before = g_list_model_get_n_items(notes);
    g_autoptr(LgReply) reply = ask(OK EVENT("x") STOP, 60);
    g_assert_cmpuint(g_list_model_get_n_items(notes), ==, before + 1);
    g_autoptr(LgConnection) note = g_list_model_get_item(notes, before);
    g_assert_cmpstr(note->purpose, ==, "chat");
    g_assert_cmpint(note->status, ==, 200);
    g_assert_true(g_str_has_suffix(note->url, "/v1/chat/completions"));
    g_assert_cmpint(note->received, >, 10);
    lg_network_note(network, "x", "GET", "https://user:pass@host/path?token=secret#f", 200, 1, 1, NULL);
    g_autoptr(LgConnection) stripped = g_list_model_get_item(notes, before + 1);
    g_assert_cmpstr(stripped->url, ==, "https://host/path");
}

struct seen {
    GString *text;
};

static gboolean take(const char *data, gsize n_bytes, gpointer seen)
{
    g_string_append(((struct seen *)seen)->text, data);
    g_string_append_c(((struct seen *)seen)->text, '|');
    return TRUE;
}

/* However the bytes are cut into pieces, the events are the same. */
static void test_pieces(void)
{
    static const char stream[] =
        "data: a\n\ndata:b\r\ndata: c\r\n\r\n: no\rdata: \xe4\xbd\xa0\r\rid: 7\n\ndata\n\ndata: \n\n";
    for (gsize size = 1; size < sizeof stream; size++) {
        LgSse sse;
        struct seen seen = {g_string_new(NULL)};
        lg_sse_init(&sse, take, &seen);
        for (gsize at = 0; at < sizeof stream - 1; at += size)
            g_assert_cmpint(lg_sse_feed(&sse, stream + at, MIN(size, sizeof stream - 1 - at)), ==, LG_SSE_MORE);
        g_assert_cmpstr(seen.text->str, ==, "a|b\nc|你||");
        g_string_free(seen.text, TRUE);
        lg_sse_clear(&sse);
    }
}

static void test_addresses(void)
{
    static const char *const good[][2] = {{"api.example.org/v1", "https://api.example.org/v1"},
                                          {" http://localhost:8080/v1/ ", "http://localhost:8080/v1"},
                                          {"https://[::1]:1/", "https://[::1]:1"}};
    static const char *const bad[] = {"",   "ftp://x", "file:///etc", "https://", "https://a:b@c", "https://a?b=c",
                                      "a b"};
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *url = lg_endpoint_clean_url(good[i][0], NULL);
        g_assert_cmpstr(url, ==, good[i][1]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpstr(lg_endpoint_clean_url(bad[i], NULL), ==, NULL);
    g_autoptr(LgEndpoint) open = lg_endpoint_new("i", "n", "http://10.0.0.1/v1");
    g_autoptr(LgEndpoint) near = lg_endpoint_new("i", "n", "http://127.0.0.1:8/v1");
    g_assert_true(lg_endpoint_is_open(open));
    g_assert_false(lg_endpoint_is_open(near));
}

static void test_names(void)
{
    g_autofree char *id = NULL, *model = NULL;
    g_autoptr(LgEndpoint) endpoint = lg_endpoint_new("u-1", "n", "https://x");
    g_autofree char *name = lg_remote_name(endpoint, "org/model:7b");
    g_assert_true(lg_remote_split(name, &id, &model));
    g_assert_cmpstr(id, ==, "u-1");
    g_assert_cmpstr(model, ==, "org/model:7b");
    g_assert_false(lg_remote_is_name("/home/x/remote:y"));
    g_assert_false(lg_remote_split("remote:x", &id, &model));
}

static void test_endpoints(void)
{
    g_autoptr(GSettings) settings = g_settings_new(LG_APPLICATION_ID);
    g_autoptr(LgEndpoints) one = lg_endpoints_new(settings);
    LgEndpoint *added = lg_endpoints_add(one, "Name", "https://x/v1");
    g_autofree char *id = g_strdup(lg_endpoint_get_id(added));
    g_autoptr(LgEndpoints) two = lg_endpoints_new(settings);
    g_assert_cmpstr(lg_endpoint_get_url(lg_endpoints_find(two, id)), ==, "https://x/v1");
    g_object_ref(added);
    lg_endpoints_remove(one, added);
    g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(one)), ==, 0);
    lg_endpoints_restore(one, added);
    g_object_unref(added);
    g_assert_nonnull(lg_endpoints_find(one, id));
    /* Models are remembered for each, and of those that are gone no longer. */
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_ptr_array_add(names, (char *)"org/large");
    g_ptr_array_add(names, (char *)"small");
    lg_endpoints_set_models(one, id, names);
    LgEndpoint *other = lg_endpoints_add(one, "Other", "https://y/v1");
    g_ptr_array_set_size(names, 1);
    lg_endpoints_set_models(one, lg_endpoint_get_id(other), names);
    g_autoptr(LgEndpoints) later = lg_endpoints_new(settings);
    g_auto(GStrv) kept = lg_endpoints_get_models(later, id), none = lg_endpoints_get_models(later, "another");
    g_assert_true(g_strv_equal((const char *const *)kept, (const char *const[]){"org/large", "small", NULL}));
    g_assert_cmpuint(g_strv_length(none), ==, 0);
    lg_endpoints_remove(one, lg_endpoints_find(one, id));
    lg_endpoints_set_models(one, lg_endpoint_get_id(other), names);
    g_auto(GStrv) gone = lg_endpoints_get_models(later, id);
    g_assert_cmpuint(g_strv_length(gone), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    start_server();
    g_test_add_func("/remote/answer", test_answer);
    g_test_add_func("/remote/thoughts", test_thoughts);
    g_test_add_func("/remote/usage", test_usage);
    g_test_add_func("/remote/calls", test_calls);
    g_test_add_func("/remote/errors", test_errors);
    g_test_add_func("/remote/oddities", test_oddities);
    g_test_add_func("/remote/without-end", test_without_end);
    g_test_add_func("/remote/silence", test_silence);
    g_test_add_func("/remote/cancel", test_cancel);
    g_test_add_func("/remote/together", test_together);
    g_test_add_func("/remote/offline-meanwhile", test_offline_meanwhile);
    g_test_add_func("/remote/list", test_list);
    g_test_add_func("/remote/offline", test_offline);
    g_test_add_func("/remote/notes", test_notes);
    g_test_add_func("/remote/pieces", test_pieces);
    g_test_add_func("/remote/addresses", test_addresses);
    g_test_add_func("/remote/names", test_names);
    g_test_add_func("/remote/endpoints", test_endpoints);
    return g_test_run();
}
