/* SPDX-License-Identifier: MIT
 * A conversation with a server: requests that wait for answers by their ids, and the list of tools.
 */
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "mcp/session.h"

#define LONGEST_CALL_S 1800 /* whatever progress is told */
#define LIST_AGAIN_MS 500   /* a server may say very often that its tools have changed */

typedef void (*Answered)(LgMcpSession *self, JsonNode *result, const GError *error, gpointer data);

/* A request that waits for its answer. */
typedef struct {
    LgMcpSession *session; /* borrowed: it holds this */
    gint64 id;
    Answered answered;
    gpointer data;
    guint timeout;
    gint64 began;
    GSource *cancelled; /* NULL: it cannot be cancelled */
    LgMcpProgress progress;
    gpointer progress_data;
} Request;

struct _LgMcpSession {
    GObject parent_instance;
    LgMcpTransport *transport;
    char *server_id, *version, *cursor;
    double timeout;
    gint64 last_id;
    GHashTable *requests;       /* gint64 to Request */
    GPtrArray *tools, *listing; /* listing NULL: no list is on its way */
    guint n_pages, again;
    gboolean list_again;
    GTask *opening;
};

G_DEFINE_FINAL_TYPE(LgMcpSession, lg_mcp_session, G_TYPE_OBJECT)
G_DEFINE_QUARK(lg - mcp - error - quark, lg_mcp_error)

enum { TOOLS_CHANGED, LOG, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *const versions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};

const GPtrArray *lg_mcp_session_get_tools(LgMcpSession *self) { return self->tools; }
const char *lg_mcp_session_get_version(LgMcpSession *self) { return self->version; }
void lg_mcp_session_set_timeout(LgMcpSession *self, double seconds) { self->timeout = seconds; }

static void say(LgMcpSession *self, const char *line) { g_signal_emit(self, signals[LOG], 0, line); }

/* --- Messages out ---------------------------------------------------------------------------------------------------
 */

static JsonObject *new_message(const char *method, JsonObject *params)
{
    JsonObject *message = json_object_new();
    json_object_set_string_member(message, "jsonrpc", "2.0");
    if (method)
        json_object_set_string_member(message, "method", method);
    if (params)
        json_object_set_object_member(message, "params", params);
    return message;
}

static void send_message(LgMcpSession *self, JsonObject *message, gint64 id)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, message);
    g_autofree char *text = lg_json_write(node);
    lg_mcp_transport_send(self->transport, text, id);
}

static void notify(LgMcpSession *self, const char *method, JsonObject *params)
{
    send_message(self, new_message(method, params), 0);
}

static void free_request(gpointer data)
{
    Request *request = data;
    if (request->timeout)
        g_source_remove(request->timeout);
    if (request->cancelled) {
        g_source_destroy(request->cancelled);
        g_source_unref(request->cancelled);
    }
    g_free(request);
}

/* Gives the answer to whoever waits, once. */
static void settle(LgMcpSession *self, gint64 id, JsonNode *result, const GError *error)
{
    Request *request = g_hash_table_lookup(self->requests, &id);
    if (!request)
        return;
    g_object_ref(self);
    g_hash_table_steal(self->requests, &id);
    const Answered answered = request->answered;
    const gpointer data = request->data;
    free_request(request);
    answered(self, result, error, data);
    g_object_unref(self);
}

/* The one that asked does not wait any longer; the server is told, except about its greeting, which may not be. */
static void give_up(Request *request, const GError *error)
{
    LgMcpSession *self = request->session;
    const gint64 id = request->id;
    if (id > 1) {
        JsonObject *params = json_object_new();
        json_object_set_int_member(params, "requestId", id);
        json_object_set_string_member(params, "reason", error->message);
        notify(self, "notifications/cancelled", params);
    }
    settle(self, id, NULL, error);
}

static gboolean on_timeout(gpointer data)
{
    Request *request = data;
    g_autoptr(GError) error = g_error_new(LG_MCP_ERROR, LG_MCP_ERROR_TIMEOUT, _("The server has not answered in %g s."),
                                          request->session->timeout);
    request->timeout = 0;
    give_up(request, error);
    return G_SOURCE_REMOVE;
}

static void wait_for(Request *request)
{
    if (request->timeout)
        g_source_remove(request->timeout);
    request->timeout = g_timeout_add((guint)(request->session->timeout * 1000), on_timeout, request);
}

static gboolean on_cancelled(GCancellable *cancellable, gpointer data)
{
    g_autoptr(GError) error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The call was stopped."));
    give_up(data, error);
    return G_SOURCE_REMOVE;
}

/* Takes params, whose `_meta` gets the token for progress. */
static void ask(LgMcpSession *self, const char *method, JsonObject *params, Answered answered, gpointer data,
                LgMcpProgress progress, gpointer progress_data, GCancellable *cancellable)
{
    Request *request = g_new0(Request, 1);
    *request = (Request){.session = self,
                         .id = ++self->last_id,
                         .answered = answered,
                         .data = data,
                         .began = g_get_monotonic_time(),
                         .progress = progress,
                         .progress_data = progress_data};
    g_hash_table_insert(self->requests, &request->id, request);
    if (progress) {
        JsonObject *meta = json_object_new();
        json_object_set_int_member(meta, "progressToken", request->id);
        json_object_set_object_member(params, "_meta", meta);
    }
    if (cancellable) {
        request->cancelled = g_cancellable_source_new(cancellable);
        g_source_set_callback(request->cancelled, G_SOURCE_FUNC(on_cancelled), request, NULL);
        g_source_attach(request->cancelled, g_main_context_get_thread_default());
    }
    wait_for(request);
    const gint64 id = request->id;
    JsonObject *message = new_message(method, params);
    json_object_set_int_member(message, "id", id);
    if (lg_mcp_transport_is_closed(self->transport)) {
        g_autoptr(GError) error = g_error_new_literal(LG_MCP_ERROR, LG_MCP_ERROR_CLOSED, _("The server has ended."));
        json_object_unref(message);
        settle(self, id, NULL, error);
        return;
    }
    send_message(self, message, id);
}

/* --- Tools ----------------------------------------------------------------------------------------------------------
 */

static void finish_opening(LgMcpSession *self, const GError *error)
{
    g_autoptr(GTask) task = g_steal_pointer(&self->opening);
    if (!task)
        return;
    if (error)
        g_task_return_error(task, g_error_copy(error));
    else
        g_task_return_boolean(task, TRUE);
}

static void list_page(LgMcpSession *self);
static void list_tools(LgMcpSession *self);

static gboolean is_known(const GPtrArray *tools, const char *name)
{
    for (guint i = 0; i < tools->len; i++)
        if (strcmp(((const LgMcpTool *)tools->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

static void take_tools(LgMcpSession *self, JsonNode *list)
{
    for (guint i = 0; i < lg_json_length(list); i++) {
        g_autoptr(GError) error = NULL;
        if (self->listing->len >= LG_MCP_TOOLS_MAX) {
            say(self, _("It has more than 256 tools; the others are left out."));
            return;
        }
        g_autoptr(LgMcpTool) tool = lg_mcp_tool_new(self->server_id, lg_json_element(list, i), &error);
        if (!tool)
            say(self, error->message);
        else if (!is_known(self->listing, tool->name))
            g_ptr_array_add(self->listing, g_steal_pointer(&tool));
    }
}

static gboolean list_again(gpointer data)
{
    LgMcpSession *self = data;
    self->again = 0;
    list_tools(self);
    return G_SOURCE_REMOVE;
}

static void list_soon(LgMcpSession *self)
{
    if (self->listing)
        self->list_again = TRUE;
    else if (!self->again)
        self->again = g_timeout_add(LIST_AGAIN_MS, list_again, self);
}

static void end_listing(LgMcpSession *self)
{
    g_ptr_array_unref(self->tools);
    self->tools = g_steal_pointer(&self->listing);
    finish_opening(self, NULL);
    g_signal_emit(self, signals[TOOLS_CHANGED], 0);
    if (self->list_again) {
        self->list_again = FALSE;
        list_soon(self);
    }
}

static void on_page(LgMcpSession *self, JsonNode *result, const GError *error, gpointer data)
{
    if (error) {
        say(self, error->message);
        g_clear_pointer(&self->listing, g_ptr_array_unref);
        finish_opening(self, error);
        return;
    }
    const char *cursor = lg_json_text(lg_json_member(result, "nextCursor"));
    take_tools(self, lg_json_member(result, "tools"));
    /* A server that gives the same page again and again has no end. */
    const gboolean goes_on = cursor && g_strcmp0(cursor, self->cursor) != 0 && ++self->n_pages < LG_MCP_PAGES_MAX &&
                             self->listing->len < LG_MCP_TOOLS_MAX;
    g_free(self->cursor);
    self->cursor = goes_on ? g_strdup(cursor) : NULL;
    if (goes_on)
        list_page(self);
    else
        end_listing(self);
}

static void list_page(LgMcpSession *self)
{
    JsonObject *params = json_object_new();
    if (self->cursor)
        json_object_set_string_member(params, "cursor", self->cursor);
    ask(self, "tools/list", params, on_page, NULL, NULL, NULL, NULL);
}

static void list_tools(LgMcpSession *self)
{
    if (self->listing)
        return;
    self->listing = g_ptr_array_new_with_free_func(g_object_unref);
    g_clear_pointer(&self->cursor, g_free);
    self->n_pages = 0;
    list_page(self);
}

/* --- Greeting -------------------------------------------------------------------------------------------------------
 */

static void on_greeted(LgMcpSession *self, JsonNode *result, const GError *error, gpointer data)
{
    const char *version = lg_json_text(lg_json_member(result, "protocolVersion"));
    gboolean is_known_version = FALSE;
    for (guint i = 0; version && i < G_N_ELEMENTS(versions); i++)
        is_known_version |= strcmp(version, versions[i]) == 0;
    if (error || !is_known_version) {
        g_autofree char *shown = lg_plain_text(version ? version : "?", 40, FALSE);
        g_autoptr(GError) other = g_error_new(LG_MCP_ERROR, LG_MCP_ERROR_SERVER,
                                              _("The server speaks version “%s” of the protocol, which this app does "
                                                "not."),
                                              shown);
        finish_opening(self, error ? error : other);
        return;
    }
    self->version = g_strdup(version);
    lg_mcp_transport_set_version(self->transport, version);
    notify(self, "notifications/initialized", NULL);
    if (lg_json_member(lg_json_member(result, "capabilities"), "tools"))
        list_tools(self);
    else
        finish_opening(self, NULL);
}

void lg_mcp_session_open_async(LgMcpSession *self, GAsyncReadyCallback callback, gpointer data)
{
    JsonObject *params = json_object_new(), *client = json_object_new();
    self->opening = g_task_new(self, NULL, callback, data);
    json_object_set_string_member(params, "protocolVersion", versions[0]);
    json_object_set_object_member(params, "capabilities", json_object_new());
    json_object_set_string_member(client, "name", "libllm-gui");
    json_object_set_string_member(client, "version", LG_VERSION);
    json_object_set_object_member(params, "clientInfo", client);
    ask(self, "initialize", params, on_greeted, NULL, NULL, NULL, NULL);
}

gboolean lg_mcp_session_open_finish(LgMcpSession *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* --- Calls ----------------------------------------------------------------------------------------------------------
 */

static void on_called(LgMcpSession *self, JsonNode *result, const GError *error, gpointer data)
{
    g_autoptr(GTask) task = data;
    if (error)
        g_task_return_error(task, g_error_copy(error));
    else
        g_task_return_pointer(task, lg_mcp_result_new(result), (GDestroyNotify)lg_mcp_result_free);
}

static void ignore_progress(double progress, double total, const char *message, gpointer data) {}

void lg_mcp_session_call_async(LgMcpSession *self, const char *tool, const char *arguments, LgMcpProgress progress,
                               gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer data)
{
    GTask *task = g_task_new(self, NULL, callback, data);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = lg_json_parse(*arguments ? arguments : "{}", -1, &error);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        g_task_return_new_error(task, LG_MCP_ERROR, LG_MCP_ERROR_SERVER,
                                _("The arguments of the call are no JSON object: %s"),
                                error ? error->message : arguments);
        g_object_unref(task);
        return;
    }
    JsonObject *params = json_object_new();
    json_object_set_string_member(params, "name", tool);
    json_object_set_member(params, "arguments", g_steal_pointer(&node));
    ask(self, "tools/call", params, on_called, task, progress ? progress : ignore_progress, progress_data, cancellable);
}

LgMcpResult *lg_mcp_session_call_finish(LgMcpSession *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- Messages in ----------------------------------------------------------------------------------------------------
 */

static void take_answer(LgMcpSession *self, JsonNode *message)
{
    const gint64 id = lg_json_number(lg_json_member(message, "id"), -1);
    JsonNode *result = lg_json_member(message, "result"), *problem = lg_json_member(message, "error");
    g_autoptr(GError) error = NULL;
    if (problem || !result) {
        const char *words = lg_json_text(lg_json_member(problem, "message"));
        g_autofree char *plain = lg_plain_text(words ? words : _("it does not say why"), 2000, TRUE);
        error = g_error_new(LG_MCP_ERROR, LG_MCP_ERROR_SERVER, _("The server answers with an error: %s"), plain);
    }
    settle(self, id, result, error);
}

/* What a server asks for: only whether somebody is there. */
static void take_request(LgMcpSession *self, JsonNode *message, const char *method)
{
    JsonObject *answer = new_message(NULL, NULL);
    json_object_set_member(answer, "id", json_node_copy(lg_json_member(message, "id")));
    if (strcmp(method, "ping") == 0) {
        json_object_set_object_member(answer, "result", json_object_new());
    } else {
        JsonObject *error = json_object_new();
        json_object_set_int_member(error, "code", -32601);
        json_object_set_string_member(error, "message", "Method not found");
        json_object_set_object_member(answer, "error", error);
    }
    send_message(self, answer, 0);
}

static double number(JsonNode *node)
{
    const double x = lg_json_real(node, 0);
    return isfinite(x) ? x : 0;
}

static void take_progress(LgMcpSession *self, JsonNode *params)
{
    const gint64 id = lg_json_number(lg_json_member(params, "progressToken"), -1);
    Request *request = g_hash_table_lookup(self->requests, &id);
    const char *words = lg_json_text(lg_json_member(params, "message"));
    if (!request || !request->progress)
        return;
    if (g_get_monotonic_time() - request->began < (gint64)LONGEST_CALL_S * G_USEC_PER_SEC)
        wait_for(request);
    g_autofree char *plain = lg_plain_text(words ? words : "", 200, FALSE);
    request->progress(number(lg_json_member(params, "progress")), number(lg_json_member(params, "total")), plain,
                      request->progress_data);
}

static void take_notification(LgMcpSession *self, JsonNode *message, const char *method)
{
    JsonNode *params = lg_json_member(message, "params");
    if (strcmp(method, "notifications/tools/list_changed") == 0 && self->version) {
        list_soon(self);
    } else if (strcmp(method, "notifications/progress") == 0) {
        take_progress(self, params);
    } else if (strcmp(method, "notifications/message") == 0 && lg_json_member(params, "data")) {
        g_autofree char *text = lg_json_write(lg_json_member(params, "data"));
        g_autofree char *plain = lg_plain_text(text, 500, FALSE);
        say(self, plain);
    }
}

static void on_message(LgMcpSession *self, JsonNode *message)
{
    const char *method = lg_json_text(lg_json_member(message, "method"));
    if (!method)
        take_answer(self, message);
    else if (lg_json_member(message, "id"))
        take_request(self, message, method);
    else
        take_notification(self, message, method);
}

static void on_failed(LgMcpSession *self, gint64 id, const char *reason)
{
    g_autoptr(GError) error = g_error_new_literal(LG_MCP_ERROR, LG_MCP_ERROR_SERVER, reason);
    g_autoptr(GList) waiting = g_hash_table_get_values(self->requests);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (GList *at = waiting; at; at = at->next)
        if (id == -1 || ((const Request *)at->data)->id == id)
            g_array_append_val(ids, ((const Request *)at->data)->id);
    for (guint i = 0; i < ids->len; i++)
        settle(self, g_array_index(ids, gint64, i), NULL, error);
}

static void on_closed(LgMcpSession *self, const char *reason)
{
    g_object_ref(self);
    on_failed(self, -1, reason);
    if (self->again)
        g_source_remove(self->again);
    self->again = 0;
    g_signal_emit(self, signals[CLOSED], 0, reason);
    g_object_unref(self);
}

LgMcpSession *lg_mcp_session_new(LgMcpTransport *transport, const char *server_id)
{
    LgMcpSession *self = g_object_new(LG_TYPE_MCP_SESSION, NULL);
    self->transport = g_object_ref(transport);
    self->server_id = g_strdup(server_id);
    g_signal_connect_object(transport, "message", G_CALLBACK(on_message), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(transport, "failed", G_CALLBACK(on_failed), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(transport, "closed", G_CALLBACK(on_closed), self, G_CONNECT_SWAPPED);
    return self;
}

static void lg_mcp_session_dispose(GObject *object)
{
    LgMcpSession *self = LG_MCP_SESSION(object);
    if (self->again)
        g_source_remove(self->again);
    self->again = 0;
    on_failed(self, -1, _("The server has ended."));
    G_OBJECT_CLASS(lg_mcp_session_parent_class)->dispose(object);
}

static void lg_mcp_session_finalize(GObject *object)
{
    LgMcpSession *self = LG_MCP_SESSION(object);
    g_hash_table_unref(self->requests);
    g_ptr_array_unref(self->tools);
    g_clear_pointer(&self->listing, g_ptr_array_unref);
    g_clear_object(&self->transport);
    g_free(self->server_id);
    g_free(self->version);
    g_free(self->cursor);
    G_OBJECT_CLASS(lg_mcp_session_parent_class)->finalize(object);
}

static void lg_mcp_session_class_init(LgMcpSessionClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_mcp_session_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_mcp_session_finalize;
    signals[TOOLS_CHANGED] =
        g_signal_new("tools-changed", LG_TYPE_MCP_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[LOG] =
        g_signal_new("log", LG_TYPE_MCP_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[CLOSED] = g_signal_new("closed", LG_TYPE_MCP_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   1, G_TYPE_STRING);
}

static void lg_mcp_session_init(LgMcpSession *self)
{
    self->timeout = 60;
    self->requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_request);
    self->tools = g_ptr_array_new_with_free_func(g_object_unref);
}
