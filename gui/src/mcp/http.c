/* SPDX-License-Identifier: MIT
 * A server over HTTP. Redirects are not followed, and bodies have a limit.
 */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <libsoup/soup.h>
#include <string.h>

#include "mcp/http.h"
#include "remote/sse.h"

#define PIECE 16384
#define LISTEN_AGAIN_S 5
#define SESSION_ID_MAX 1024

struct _LgMcpHttp {
    LgMcpTransport parent_instance;
    SoupSession *session;
    LgNetwork *network;
    char *url, *key, *session_id, *version;
    GCancellable *cancellable;
    guint listen_again;
};

G_DEFINE_FINAL_TYPE(LgMcpHttp, lg_mcp_http, LG_TYPE_MCP_TRANSPORT)

/* One connection. */
typedef struct {
    LgMcpHttp *http;
    gint64 id; /* of the request that it carries; 0: none */
    SoupMessage *message;
    GInputStream *stream;
    GString *body; /* of what is no stream of events */
    LgSse sse;
    gsize n_sent, n_received;
    gboolean is_events, answered;
} Exchange;

static void free_exchange(Exchange *e)
{
    if (e->stream)
        g_input_stream_close_async(e->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    g_clear_object(&e->stream);
    g_clear_object(&e->message);
    g_string_free(e->body, TRUE);
    lg_sse_clear(&e->sse);
    g_object_unref(e->http);
    g_free(e);
}

static void listen_to(LgMcpHttp *self);

static gboolean listen_again(gpointer data)
{
    LgMcpHttp *self = data;
    self->listen_again = 0;
    listen_to(self);
    return G_SOURCE_REMOVE;
}

static char *problem_of(Exchange *e, const GError *error)
{
    const guint status = e->message ? soup_message_get_status(e->message) : 0;
    if (error)
        return g_strdup(error->message);
    if (status == 401 || status == 403)
        return g_strdup_printf(_("The server wants another key (%u)."), status);
    if (status == 404 && e->http->session_id)
        return g_strdup(_("The server has forgotten the conversation; switch it off and on again."));
    if (SOUP_STATUS_IS_REDIRECTION(status))
        return g_strdup_printf(_("The server says that it is elsewhere (%u); please give the address where it is."),
                               status);
    if (!SOUP_STATUS_IS_SUCCESSFUL(status))
        return g_strdup_printf(_("The server answers with an error (%u)."), status);
    return g_strdup(_("The connection ended before the answer did."));
}

/* The connection has ended. */
static void end_exchange(Exchange *e, const GError *error)
{
    LgMcpHttp *self = e->http;
    const guint status = e->message ? soup_message_get_status(e->message) : 0;
    const gboolean is_listening = e->message && strcmp(soup_message_get_method(e->message), "GET") == 0;
    if (e->message)
        lg_network_note(self->network, "tools", soup_message_get_method(e->message), self->url, (int)status,
                        (gint64)e->n_sent, (gint64)e->n_received, error ? error->message : NULL);
    if (is_listening && !error && SOUP_STATUS_IS_SUCCESSFUL(status) &&
        !lg_mcp_transport_is_closed(LG_MCP_TRANSPORT(self)))
        self->listen_again = g_timeout_add_seconds(LISTEN_AGAIN_S, listen_again, self);
    if (!is_listening && !e->answered && (e->id || !SOUP_STATUS_IS_SUCCESSFUL(status))) {
        g_autofree char *problem = problem_of(e, error);
        lg_mcp_transport_log(LG_MCP_TRANSPORT(self), problem);
        if (e->id)
            lg_mcp_transport_fail(LG_MCP_TRANSPORT(self), e->id, problem);
        if (status == 404 && self->session_id)
            lg_mcp_transport_end(LG_MCP_TRANSPORT(self), problem);
    }
    free_exchange(e);
}

/* --- Reading --------------------------------------------------------------------------------------------------------
 */

static void take(Exchange *e, const char *text, gsize n_bytes)
{
    if (n_bytes == 0)
        return;
    e->answered = TRUE; /* whether it was the answer is for the session to see, which waits only so long */
    lg_mcp_transport_take(LG_MCP_TRANSPORT(e->http), text, n_bytes);
}

static gboolean take_event(const char *data, gsize n_bytes, gpointer user_data)
{
    take(user_data, data, n_bytes);
    return !lg_mcp_transport_is_closed(LG_MCP_TRANSPORT(((Exchange *)user_data)->http));
}

/* FALSE when no more is wanted. */
static gboolean take_bytes(Exchange *e, const char *bytes, gsize n, GError **error)
{
    e->n_received += n;
    if (e->is_events) {
        const LgSseState state = lg_sse_feed(&e->sse, bytes, n);
        if (state == LG_SSE_TOO_LONG)
            g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                                _("The server’s answer is larger than 4 MiB."));
        return state == LG_SSE_MORE;
    }
    if (e->body->len + n > LG_MCP_MESSAGE_MAX) {
        g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                            _("The server’s answer is larger than 4 MiB."));
        return FALSE;
    }
    g_string_append_len(e->body, bytes, (gssize)n);
    return TRUE;
}

static void read_more(Exchange *e);

static void on_piece(GObject *stream, GAsyncResult *result, gpointer data)
{
    Exchange *e = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, &error);
    gsize n = 0;
    const char *start = bytes ? g_bytes_get_data(bytes, &n) : NULL;
    if (n && take_bytes(e, start, n, &error)) {
        read_more(e);
        return;
    }
    if (!error && !e->is_events && SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(e->message)))
        take(e, e->body->str, e->body->len);
    end_exchange(e, error);
}

static void read_more(Exchange *e)
{
    g_input_stream_read_bytes_async(e->stream, PIECE, G_PRIORITY_LOW, e->http->cancellable, on_piece, e);
}

/* The id of the conversation: visible ASCII, as the protocol has it. */
static void note_session(LgMcpHttp *self, SoupMessageHeaders *headers)
{
    const char *id = soup_message_headers_get_one(headers, "Mcp-Session-Id");
    if (!id || self->session_id || strlen(id) > SESSION_ID_MAX)
        return;
    for (const char *at = id; *at; at++)
        if (*at < 0x21 || *at > 0x7e)
            return;
    self->session_id = g_strdup(id);
}

static void on_response(GObject *session, GAsyncResult *result, gpointer data)
{
    Exchange *e = data;
    g_autoptr(GError) error = NULL;
    e->stream = soup_session_send_finish(SOUP_SESSION(session), result, &error);
    if (!e->stream) {
        end_exchange(e, error);
        return;
    }
    SoupMessageHeaders *headers = soup_message_get_response_headers(e->message);
    const char *type = soup_message_headers_get_content_type(headers, NULL);
    if (SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(e->message)))
        note_session(e->http, headers);
    e->is_events = g_strcmp0(type, "text/event-stream") == 0;
    read_more(e);
}

/* --- Asking ---------------------------------------------------------------------------------------------------------
 */

static void begin(LgMcpHttp *self, const char *method, const char *body, gint64 id)
{
    g_autoptr(GError) error = NULL;
    Exchange *e = g_new0(Exchange, 1);
    e->http = g_object_ref(self);
    e->id = id;
    e->body = g_string_new(NULL);
    lg_sse_init(&e->sse, take_event, e);
    if (!lg_network_allows(self->network, "tools", self->url, &error)) {
        end_exchange(e, error);
        return;
    }
    e->message = soup_message_new(method, self->url);
    soup_message_add_flags(e->message, SOUP_MESSAGE_NO_REDIRECT);
    SoupMessageHeaders *headers = soup_message_get_request_headers(e->message);
    soup_message_headers_replace(headers, "Accept", body ? "application/json, text/event-stream" : "text/event-stream");
    if (self->session_id)
        soup_message_headers_replace(headers, "Mcp-Session-Id", self->session_id);
    if (self->version)
        soup_message_headers_replace(headers, "MCP-Protocol-Version", self->version);
    if (self->key && *self->key) {
        g_autofree char *bearer = g_strdup_printf("Bearer %s", self->key);
        soup_message_headers_replace(headers, "Authorization", bearer);
    }
    if (body) {
        g_autoptr(GBytes) bytes = g_bytes_new(body, strlen(body));
        e->n_sent = strlen(body);
        soup_message_set_request_body_from_bytes(e->message, "application/json", bytes);
    }
    soup_session_send_async(self->session, e->message, G_PRIORITY_DEFAULT, self->cancellable, on_response, e);
}

static void lg_mcp_http_send(LgMcpTransport *transport, const char *message, gint64 id)
{
    begin(LG_MCP_HTTP(transport), "POST", message, id);
}

/* Servers that have nothing to say by themselves answer with an error, which is as well. */
static void listen_to(LgMcpHttp *self)
{
    if (!lg_mcp_transport_is_closed(LG_MCP_TRANSPORT(self)))
        begin(self, "GET", NULL, 0);
}

static void lg_mcp_http_set_version(LgMcpTransport *transport, const char *version)
{
    LgMcpHttp *self = LG_MCP_HTTP(transport);
    self->version = g_strdup(version);
    if (!self->listen_again)
        self->listen_again = g_timeout_add(200, listen_again, self); /* after the greeting has ended */
}

static void lg_mcp_http_close(LgMcpTransport *transport)
{
    LgMcpHttp *self = LG_MCP_HTTP(transport);
    if (g_cancellable_is_cancelled(self->cancellable))
        return;
    if (self->listen_again)
        g_source_remove(self->listen_again);
    self->listen_again = 0;
    g_cancellable_cancel(self->cancellable);
    g_object_unref(self->cancellable);
    self->cancellable = g_cancellable_new(); /* of the word of farewell alone */
    if (self->session_id && !lg_network_is_offline(self->network))
        begin(self, "DELETE", NULL, 0);
    g_clear_pointer(&self->session_id, g_free);
}

static void on_offline(LgMcpHttp *self)
{
    if (!lg_network_is_offline(self->network) || lg_mcp_transport_is_closed(LG_MCP_TRANSPORT(self)))
        return;
    g_object_ref(self);
    lg_mcp_http_close(LG_MCP_TRANSPORT(self));
    lg_mcp_transport_end(LG_MCP_TRANSPORT(self), _("The app is set to work offline."));
    g_object_unref(self);
}

LgMcpTransport *lg_mcp_http_new(LgNetwork *network, const char *url, const char *key, GError **error)
{
    if (!lg_network_allows(network, "tools", url, error))
        return NULL;
    g_autoptr(SoupMessage) probe = soup_message_new("POST", url);
    if (!probe) {
        g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER, _("The address cannot be used."));
        return NULL;
    }
    LgMcpHttp *self = g_object_new(LG_TYPE_MCP_HTTP, NULL);
    self->network = g_object_ref(network);
    self->url = g_strdup(url);
    self->key = g_strdup(key);
    g_signal_connect_object(network, "notify::offline", G_CALLBACK(on_offline), self, G_CONNECT_SWAPPED);
    return LG_MCP_TRANSPORT(self);
}

static void lg_mcp_http_dispose(GObject *object)
{
    LgMcpHttp *self = LG_MCP_HTTP(object);
    if (self->listen_again)
        g_source_remove(self->listen_again);
    self->listen_again = 0;
    G_OBJECT_CLASS(lg_mcp_http_parent_class)->dispose(object);
}

static void lg_mcp_http_finalize(GObject *object)
{
    LgMcpHttp *self = LG_MCP_HTTP(object);
    g_clear_object(&self->session);
    g_clear_object(&self->network);
    g_object_unref(self->cancellable);
    g_free(self->url);
    g_free(self->key);
    g_free(self->session_id);
    g_free(self->version);
    G_OBJECT_CLASS(lg_mcp_http_parent_class)->finalize(object);
}

static void lg_mcp_http_class_init(LgMcpHttpClass *class)
{
    LgMcpTransportClass *transport = LG_MCP_TRANSPORT_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = lg_mcp_http_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_mcp_http_finalize;
    transport->send = lg_mcp_http_send;
    transport->set_version = lg_mcp_http_set_version;
    transport->close = lg_mcp_http_close;
}

static void lg_mcp_http_init(LgMcpHttp *self)
{
    self->cancellable = g_cancellable_new();
    /* One is held by the server's events, and each call of a tool takes one. */
    self->session = soup_session_new_with_options("max-conns-per-host", 16, "max-conns", 16, NULL);
    soup_session_set_user_agent(self->session, "libllm-gui/" LG_VERSION);
    soup_session_set_timeout(self->session, 0); /* who asks waits only so long */
    soup_session_remove_feature_by_type(self->session, SOUP_TYPE_CONTENT_DECODER);
}
