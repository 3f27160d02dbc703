/* SPDX-License-Identifier: MIT
 * A server of tools.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "mcp/http.h"
#include "mcp/server.h"
#include "mcp/stdio.h"
#include "remote/endpoints.h"

#define LOG_LINES_MAX 500

struct _LgMcpServer {
    GObject parent_instance;
    LgMcpConfig *config;
    LgNetwork *network;
    LgMcpTransport *transport;
    LgMcpSession *session;
    LgMcpState state;
    char *problem;
    GQueue log;            /* of char *, the newest last */
    GCancellable *looking; /* for the key */
};

G_DEFINE_FINAL_TYPE(LgMcpServer, lg_mcp_server, G_TYPE_OBJECT)

enum { CHANGED, LOGGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- What it is set up to -------------------------------------------------------------------------------------------
 */

LgMcpConfig *lg_mcp_config_copy(const LgMcpConfig *config)
{
    LgMcpConfig *copy = g_new0(LgMcpConfig, 1);
    copy->id = g_strdup(config->id);
    copy->name = g_strdup(config->name);
    copy->command = g_strdup(config->command);
    copy->environment = g_strdup(config->environment);
    copy->url = g_strdup(config->url);
    copy->enabled = config->enabled;
    return copy;
}

void lg_mcp_config_free(LgMcpConfig *config)
{
    g_free(config->id);
    g_free(config->name);
    g_free(config->command);
    g_free(config->environment);
    g_free(config->url);
    g_free(config);
}

static char *check_environment(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]), *equals = strchr(line, '=');
        if (*line && (!equals || equals == line))
            return g_strdup_printf(_("“%s” is not of the form NAME=VALUE."), line);
    }
    return NULL;
}

char *lg_mcp_config_check(LgMcpConfig *config)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = NULL;
    if (!*config->name)
        return g_strdup(_("It needs a name."));
    if (*config->url) {
        char *url = lg_endpoint_clean_url(config->url, &error);
        if (!url)
            return g_strdup(error->message);
        /* Here a slash at the end can make another address. */
        char *whole = g_str_has_suffix(config->url, "/") ? g_strconcat(url, "/", NULL) : g_strdup(url);
        g_free(url);
        g_free(config->url);
        config->url = whole;
        return NULL;
    }
    if (!g_shell_parse_argv(config->command, NULL, &argv, &error))
        return g_strdup_printf(_("The command cannot be read: %s"), error->message);
    return check_environment(config->environment);
}

const LgMcpConfig *lg_mcp_server_get_config(LgMcpServer *self) { return self->config; }

/* --- The log --------------------------------------------------------------------------------------------------------
 */

static void note(LgMcpServer *self, const char *line)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S");
    g_queue_push_tail(&self->log, g_strdup_printf("%s  %s", time, line));
    if (g_queue_get_length(&self->log) > LOG_LINES_MAX)
        g_free(g_queue_pop_head(&self->log));
    g_signal_emit(self, signals[LOGGED], 0);
}

char *lg_mcp_server_get_log(LgMcpServer *self)
{
    GString *text = g_string_new(NULL);
    for (GList *at = self->log.head; at; at = at->next)
        g_string_append_printf(text, "%s\n", (const char *)at->data);
    return g_string_free(text, FALSE);
}

/* --- Running --------------------------------------------------------------------------------------------------------
 */

LgMcpState lg_mcp_server_get_state(LgMcpServer *self) { return self->state; }
const char *lg_mcp_server_get_problem(LgMcpServer *self) { return self->problem ? self->problem : ""; }

LgMcpSession *lg_mcp_server_get_session(LgMcpServer *self)
{
    return self->state == LG_MCP_READY ? self->session : NULL;
}

const GPtrArray *lg_mcp_server_get_tools(LgMcpServer *self)
{
    static const GPtrArray none;
    return self->state == LG_MCP_READY ? lg_mcp_session_get_tools(self->session) : &none;
}

LgMcpTool *lg_mcp_server_find_tool(LgMcpServer *self, const char *name)
{
    const GPtrArray *tools = lg_mcp_server_get_tools(self);
    for (guint i = 0; i < tools->len; i++)
        if (strcmp(((const LgMcpTool *)tools->pdata[i])->name, name) == 0)
            return tools->pdata[i];
    return NULL;
}

static void set_state(LgMcpServer *self, LgMcpState state, const char *problem)
{
    char *before = self->problem;
    self->state = state;
    self->problem = g_strdup(problem);
    g_free(before);
    g_signal_emit(self, signals[CHANGED], 0);
}

static void drop(LgMcpServer *self)
{
    g_autoptr(LgMcpTransport) transport = g_steal_pointer(&self->transport);
    g_autoptr(LgMcpSession) session = g_steal_pointer(&self->session);
    g_cancellable_cancel(self->looking);
    g_clear_object(&self->looking);
    if (session)
        g_signal_handlers_disconnect_by_data(session, self);
    if (transport)
        lg_mcp_transport_close(transport);
}

static void on_closed(LgMcpServer *self, const char *reason)
{
    g_autofree char *problem = g_strdup(reason);
    drop(self);
    set_state(self, LG_MCP_FAILED, problem);
}

static void on_tools_changed(LgMcpServer *self)
{
    if (self->state == LG_MCP_READY)
        g_signal_emit(self, signals[CHANGED], 0);
}

static void on_opened(GObject *session, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMcpServer) self = data;
    g_autoptr(GError) error = NULL;
    const gboolean good = lg_mcp_session_open_finish(LG_MCP_SESSION(session), result, &error);
    if (LG_MCP_SESSION(session) != self->session) /* it was stopped meanwhile */
        return;
    if (good) {
        set_state(self, LG_MCP_READY, NULL);
        return;
    }
    note(self, error->message);
    drop(self);
    set_state(self, LG_MCP_FAILED, error->message);
}

/* Takes the transport; NULL: the error says why there is none. */
static void open_session(LgMcpServer *self, LgMcpTransport *transport, const GError *error)
{
    if (!transport) {
        note(self, error->message);
        set_state(self, LG_MCP_FAILED, error->message);
        return;
    }
    self->transport = transport;
    /* Also when it is dropped: why a program ended comes last. */
    g_signal_connect_object(transport, "log", G_CALLBACK(note), self, G_CONNECT_SWAPPED);
    self->session = lg_mcp_session_new(transport, self->config->id);
    g_signal_connect_object(self->session, "log", G_CALLBACK(note), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->session, "closed", G_CALLBACK(on_closed), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->session, "tools-changed", G_CALLBACK(on_tools_changed), self, G_CONNECT_SWAPPED);
    lg_mcp_session_open_async(self->session, on_opened, g_object_ref(self));
}

static void on_key(GObject *endpoint, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMcpServer) self = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *key = lg_endpoint_lookup_key_finish(LG_ENDPOINT(endpoint), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->transport || self->state != LG_MCP_STARTING)
        return;
    g_clear_error(&error);
    LgMcpTransport *transport = lg_mcp_http_new(self->network, self->config->url, key, &error);
    open_session(self, transport, error);
}

static void start_program(LgMcpServer *self)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = NULL, environment = g_strsplit(self->config->environment, "\n", -1);
    LgMcpTransport *transport = NULL;
    for (guint i = 0; environment[i]; i++)
        g_strstrip(environment[i]);
    if (g_shell_parse_argv(self->config->command, NULL, &argv, &error))
        transport = lg_mcp_stdio_new((const char *const *)argv, (const char *const *)environment, &error);
    open_session(self, transport, error);
}

void lg_mcp_server_start(LgMcpServer *self)
{
    if (!self->config->enabled || self->state == LG_MCP_STARTING || self->state == LG_MCP_READY)
        return;
    set_state(self, LG_MCP_STARTING, NULL);
    if (!*self->config->url) {
        start_program(self);
        return;
    }
    g_autoptr(LgEndpoint) endpoint = lg_endpoint_new(self->config->id, self->config->name, self->config->url);
    self->looking = g_cancellable_new();
    lg_endpoint_lookup_key(endpoint, self->looking, on_key, g_object_ref(self));
}

void lg_mcp_server_stop(LgMcpServer *self)
{
    drop(self);
    set_state(self, LG_MCP_OFF, NULL);
}

void lg_mcp_server_end_now(LgMcpServer *self)
{
    if (LG_IS_MCP_STDIO(self->transport))
        lg_mcp_stdio_end_now(LG_MCP_STDIO(self->transport));
    drop(self);
}

void lg_mcp_server_set_config(LgMcpServer *self, const LgMcpConfig *config)
{
    LgMcpConfig *before = self->config;
    const gboolean same = strcmp(before->command, config->command) == 0 && strcmp(before->url, config->url) == 0 &&
                          strcmp(before->environment, config->environment) == 0;
    self->config = lg_mcp_config_copy(config);
    lg_mcp_config_free(before);
    if (!same || !self->config->enabled)
        lg_mcp_server_stop(self);
    lg_mcp_server_start(self);
    g_signal_emit(self, signals[CHANGED], 0);
}

LgMcpServer *lg_mcp_server_new(const LgMcpConfig *config, LgNetwork *network)
{
    LgMcpServer *self = g_object_new(LG_TYPE_MCP_SERVER, NULL);
    self->config = lg_mcp_config_copy(config);
    self->network = g_object_ref(network);
    return self;
}

static void lg_mcp_server_dispose(GObject *object)
{
    drop(LG_MCP_SERVER(object));
    G_OBJECT_CLASS(lg_mcp_server_parent_class)->dispose(object);
}

static void lg_mcp_server_finalize(GObject *object)
{
    LgMcpServer *self = LG_MCP_SERVER(object);
    lg_mcp_config_free(self->config);
    g_object_unref(self->network);
    g_free(self->problem);
    g_queue_clear_full(&self->log, g_free);
    G_OBJECT_CLASS(lg_mcp_server_parent_class)->finalize(object);
}

static void lg_mcp_server_class_init(LgMcpServerClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_mcp_server_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_mcp_server_finalize;
    signals[CHANGED] =
        g_signal_new("changed", LG_TYPE_MCP_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[LOGGED] =
        g_signal_new("logged", LG_TYPE_MCP_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_mcp_server_init(LgMcpServer *self) { g_queue_init(&self->log); }
