/* SPDX-License-Identifier: MIT
 * Asks a server with OpenAI's API, by libsoup. Bodies are read in pieces with a limit, redirects are not followed, and
 * nothing is unpacked that was not asked for.
 */
#include <glib/gi18n.h>
#include <libsoup/soup.h>
#include <string.h>

#include "json.h"
#include "remote/chunk.h"
#include "remote/client.h"
#include "remote/sse.h"

#define PIECE 16384
#define LIST_MAX (4u << 20)
#define COMPLAINT_MAX 65536
#define CONNECTIONS_MAX 16 /* to a server: answers beside each other, and a list meanwhile */
#define LIST_SECONDS 60    /* without a byte */
#define CHAT_SECONDS 600   /* the same: a long conversation is read before the first word comes */

struct _LgClient {
    GObject parent_instance;
    SoupSession *lists, *chats;
    GPtrArray *askings; /* that are on their way; borrowed */
    LgNetwork *network;
};

G_DEFINE_TYPE(LgClient, lg_client, G_TYPE_OBJECT)

/* A request and what becomes of it: a list of models, or an answer. */
typedef struct {
    LgClient *client;
    LgEndpoint *endpoint;
    GCancellable *cancellable; /* its own, which follows that of who asks */
    gboolean went_offline;
    char *key, *url, *body; /* body NULL: GET */
    SoupMessage *message;
    GInputStream *stream;
    GString *bytes; /* of what is no stream of events */
    gsize n_received;
    GTask *task;    /* for a list */
    LgReply *reply; /* for an answer */
    LgChunks chunks;
    LgSse sse;
    GError *error;
} Asking;

static void free_asking(Asking *a)
{
    g_clear_object(&a->client);
    g_clear_object(&a->endpoint);
    g_clear_object(&a->cancellable);
    g_clear_object(&a->message);
    g_clear_object(&a->stream);
    g_clear_object(&a->task);
    g_clear_object(&a->reply);
    g_clear_error(&a->error);
    g_string_free(a->bytes, TRUE);
    lg_sse_clear(&a->sse);
    g_free(a->key);
    g_free(a->url);
    g_free(a->body);
    g_free(a);
}

static void finish_list(Asking *a)
{
    if (a->error) {
        g_task_return_error(a->task, g_steal_pointer(&a->error));
        return;
    }
    g_autoptr(JsonNode) root = lg_json_parse(a->bytes->str, (gssize)a->bytes->len, NULL);
    JsonNode *data = lg_json_member(root, "data");
    if (!data || !JSON_NODE_HOLDS_ARRAY(data)) {
        g_task_return_new_error(a->task, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                                _("The server does not answer like one with OpenAI’s API."));
        return;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    JsonArray *list = json_node_get_array(data);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        const char *id = lg_json_text(lg_json_member(json_array_get_element(list, i), "id"));
        if (id)
            g_ptr_array_add(names, g_strdup(id));
    }
    g_task_return_pointer(a->task, names, (GDestroyNotify)g_ptr_array_unref);
}

static void finish_answer(Asking *a)
{
    if (g_error_matches(a->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        lg_reply_push_finish(a->reply, LG_FINISH_CANCELLED, NULL);
    else if (a->error)
        lg_reply_push_finish(a->reply, LG_FINISH_ERROR, g_steal_pointer(&a->error));
    else
        lg_reply_push_finish(a->reply, a->chunks.finish ? a->chunks.finish : LG_FINISH_STOP, NULL);
}

static void finish(Asking *a)
{
    g_ptr_array_remove(a->client->askings, a);
    if (a->went_offline && g_error_matches(a->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_clear_error(&a->error);
        g_set_error_literal(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_OFFLINE,
                            _("The app is set to work offline."));
    }
    const int status = a->message ? (int)soup_message_get_status(a->message) : 0;
    const gsize sent = a->body ? strlen(a->body) : 0;
    if (a->message)
        lg_network_note(a->client->network, a->reply ? "chat" : "models", a->body ? "POST" : "GET", a->url, status,
                        (gint64)sent, (gint64)a->n_received, a->error ? a->error->message : NULL);
    if (a->stream)
        g_input_stream_close_async(a->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    if (a->reply)
        finish_answer(a);
    else
        finish_list(a);
    free_asking(a);
}

/* --- Reading
 * ---------------------------------------------------------------------------------------------------------- */

static gboolean take_event(const char *data, gsize n_bytes, gpointer user_data)
{
    Asking *a = user_data;
    return lg_chunks_take(&a->chunks, data, n_bytes, &a->error);
}

static gboolean is_well(const Asking *a) { return SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(a->message)); }

/* What an error says: the server's words, where it has some. */
static void explain(Asking *a)
{
    const guint status = soup_message_get_status(a->message);
    g_autofree char *words = lg_chunk_error(a->bytes->str, (gssize)a->bytes->len);
    if (status == 401 || status == 403)
        g_set_error(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER, _("The server wants another key (%u)%s%s"),
                    status, words ? ": " : ".", words ? words : "");
    else if (SOUP_STATUS_IS_REDIRECTION(status))
        g_set_error(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                    _("The server says that it is elsewhere (%u); please give the address where it is."), status);
    else
        g_set_error(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                    _("The server answers with an error (%u)%s%s"), status, words ? ": " : ".", words ? words : "");
}

/* FALSE when no more is wanted. */
static gboolean take_bytes(Asking *a, const char *bytes, gsize n)
{
    a->n_received += n;
    if (a->reply && is_well(a)) {
        const LgSseState state = lg_sse_feed(&a->sse, bytes, n);
        if (state == LG_SSE_TOO_LONG)
            g_set_error_literal(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                                _("The server sends a line that has no end."));
        return state == LG_SSE_MORE;
    }
    if (a->bytes->len + n > (is_well(a) ? LIST_MAX : COMPLAINT_MAX)) {
        if (is_well(a))
            g_set_error_literal(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                                _("The server’s list of models has no end."));
        return FALSE;
    }
    g_string_append_len(a->bytes, bytes, (gssize)n);
    return TRUE;
}

static void read_more(Asking *a);

static void on_piece(GObject *stream, GAsyncResult *result, gpointer data)
{
    Asking *a = data;
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, &a->error);
    gsize n = 0;
    const char *start = bytes ? g_bytes_get_data(bytes, &n) : NULL;
    const gboolean goes_on = n > 0 && take_bytes(a, start, n);
    if (goes_on) {
        read_more(a);
        return;
    }
    if (!a->error && !is_well(a))
        explain(a);
    if (!a->error && a->reply && n == 0 && a->chunks.finish == LG_FINISH_NONE)
        g_set_error_literal(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                            _("The connection ended before the answer did."));
    finish(a);
}

static void read_more(Asking *a)
{
    g_input_stream_read_bytes_async(a->stream, PIECE, G_PRIORITY_DEFAULT, a->cancellable, on_piece, a);
}

static void on_answered(GObject *session, GAsyncResult *result, gpointer data)
{
    Asking *a = data;
    a->stream = soup_session_send_finish(SOUP_SESSION(session), result, &a->error);
    if (a->stream && a->reply)
        lg_reply_set_phase(a->reply, LG_PHASE_READING);
    if (a->stream)
        read_more(a);
    else
        finish(a);
}

/* --- Asking
 * ----------------------------------------------------------------------------------------------------------- */

static void send_it(Asking *a)
{
    if (!lg_network_allows(a->client->network, a->reply ? "chat" : "models", a->url, &a->error)) {
        finish(a);
        return;
    }
    a->message = soup_message_new(a->body ? "POST" : "GET", a->url);
    if (!a->message) {
        g_set_error_literal(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER, _("The address cannot be used."));
        finish(a);
        return;
    }
    soup_message_add_flags(a->message, SOUP_MESSAGE_NO_REDIRECT);
    SoupMessageHeaders *headers = soup_message_get_request_headers(a->message);
    if (a->key && *a->key) {
        g_autofree char *bearer = g_strdup_printf("Bearer %s", a->key);
        soup_message_headers_replace(headers, "Authorization", bearer);
    }
    if (a->body) {
        g_autoptr(GBytes) bytes = g_bytes_new(a->body, strlen(a->body));
        soup_message_set_request_body_from_bytes(a->message, "application/json", bytes);
        soup_message_headers_replace(headers, "Accept", "text/event-stream");
    }
    soup_session_send_async(a->reply ? a->client->chats : a->client->lists, a->message, G_PRIORITY_DEFAULT,
                            a->cancellable, on_answered, a);
}

static void on_key(GObject *endpoint, GAsyncResult *result, gpointer data)
{
    Asking *a = data;
    /* Without a keyring there is no key; servers that want one will say so. */
    a->key = lg_endpoint_lookup_key_finish(LG_ENDPOINT(endpoint), result, NULL);
    send_it(a);
}

static void begin(Asking *a, const char *key)
{
    a->key = g_strdup(key);
    if (key)
        send_it(a);
    else
        lg_endpoint_lookup_key(a->endpoint, a->cancellable, on_key, a);
}

static Asking *new_asking(LgClient *self, LgEndpoint *endpoint, const char *path, GCancellable *cancellable)
{
    Asking *a = g_new0(Asking, 1);
    a->client = g_object_ref(self);
    a->endpoint = g_object_ref(endpoint);
    a->cancellable = g_cancellable_new();
    if (cancellable)
        g_signal_connect_object(cancellable, "cancelled", G_CALLBACK(g_cancellable_cancel), a->cancellable,
                                G_CONNECT_SWAPPED);
    if (g_cancellable_is_cancelled(cancellable))
        g_cancellable_cancel(a->cancellable);
    g_ptr_array_add(self->askings, a);
    a->url = g_strconcat(lg_endpoint_get_url(endpoint), path, NULL);
    a->bytes = g_string_new(NULL);
    lg_sse_init(&a->sse, take_event, a);
    return a;
}

void lg_client_list_models(LgClient *self, LgEndpoint *endpoint, const char *key, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer data)
{
    Asking *a = new_asking(self, endpoint, "/models", cancellable);
    a->task = g_task_new(self, cancellable, callback, data);
    begin(a, key);
}

GPtrArray *lg_client_list_models_finish(LgClient *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* The request with the members that make it one for a server. NULL when it is no JSON object. */
static char *write_body(const char *request, const char *model)
{
    g_autoptr(JsonNode) root = lg_json_parse(request, -1, NULL);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return NULL;
    JsonObject *object = json_node_get_object(root), *options = json_object_new();
    json_object_set_string_member(object, "model", model);
    json_object_set_boolean_member(object, "stream", TRUE);
    json_object_set_boolean_member(options, "include_usage", TRUE);
    json_object_set_object_member(object, "stream_options", options);
    return lg_json_write(root);
}

LgReply *lg_client_answer(LgClient *self, LgEndpoint *endpoint, const char *key, const char *model, const char *request,
                          GCancellable *cancellable)
{
    Asking *a = new_asking(self, endpoint, "/chat/completions", cancellable);
    LgReply *reply = lg_reply_new();
    a->reply = g_object_ref(reply);
    a->body = write_body(request, model);
    lg_chunks_init(&a->chunks, reply);
    if (a->body) {
        begin(a, key);
    } else {
        g_set_error_literal(&a->error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER, "the request is no JSON object");
        finish(a);
    }
    return reply;
}

void lg_client_set_timeout(LgClient *self, guint seconds)
{
    soup_session_set_timeout(self->lists, seconds);
    soup_session_set_timeout(self->chats, seconds);
}

/* What is on its way ends as well. */
static void on_offline(LgClient *self)
{
    if (!lg_network_is_offline(self->network))
        return;
    g_autoptr(GPtrArray) askings = g_ptr_array_copy(self->askings, NULL, NULL);
    for (guint i = 0; i < askings->len; i++) {
        Asking *a = askings->pdata[i];
        a->went_offline = TRUE;
        g_cancellable_cancel(a->cancellable); /* it finishes from the main loop */
    }
}

LgClient *lg_client_new(LgNetwork *network)
{
    LgClient *self = g_object_new(LG_TYPE_CLIENT, NULL);
    self->network = g_object_ref(network);
    g_signal_connect_object(network, "notify::offline", G_CALLBACK(on_offline), self, G_CONNECT_SWAPPED);
    return self;
}

static void lg_client_finalize(GObject *object)
{
    LgClient *self = LG_CLIENT(object);
    g_clear_object(&self->lists);
    g_clear_object(&self->chats);
    g_ptr_array_unref(self->askings);
    g_clear_object(&self->network);
    G_OBJECT_CLASS(lg_client_parent_class)->finalize(object);
}

static void lg_client_class_init(LgClientClass *class) { G_OBJECT_CLASS(class)->finalize = lg_client_finalize; }

static SoupSession *new_session(guint seconds)
{
    SoupSession *session = soup_session_new_with_options("max-conns-per-host", CONNECTIONS_MAX, "max-conns",
                                                         4 * CONNECTIONS_MAX, "timeout", seconds, NULL);
    soup_session_set_user_agent(session, "libllm-gui/" LG_VERSION);
    soup_session_remove_feature_by_type(session, SOUP_TYPE_CONTENT_DECODER);
    return session;
}

static void lg_client_init(LgClient *self)
{
    self->lists = new_session(LIST_SECONDS);
    self->chats = new_session(CHAT_SECONDS);
    self->askings = g_ptr_array_new();
}
