/* SPDX-License-Identifier: MIT
 * A server as a process. Reading goes on at a low priority and stops while a message is dealt with, so that a server
 * that floods delays itself and not the window.
 */
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mcp/stdio.h"

#define PIECE 16384
#define SKIPPED_MAX (64u << 20) /* bytes of a line that is too long until it counts as one without an end */
#define UNSENT_MAX (8u << 20)   /* bytes that a server does not read */
#define LOG_LINE_MAX 2000
#define TERMINATE_MS 1000
#define KILL_MS 3000

struct _LgMcpStdio {
    LgMcpTransport parent_instance;
    GSubprocess *process;
    int group; /* its id is that of the process that was started; 0: none */
    GInputStream *out, *err;
    GOutputStream *in;
    GString *line, *log_line;
    gsize n_skipped; /* of a line that is too long */
    GQueue unsent;   /* of GBytes */
    gsize n_unsent;
    gboolean writing;
    GCancellable *cancellable;
    guint ending;
};

G_DEFINE_FINAL_TYPE(LgMcpStdio, lg_mcp_stdio, LG_TYPE_MCP_TRANSPORT)

int lg_mcp_stdio_get_pid(LgMcpStdio *self)
{
    const char *id = self->process ? g_subprocess_get_identifier(self->process) : NULL;
    return id ? atoi(id) : 0;
}

/* --- Ending ---------------------------------------------------------------------------------------------------------
 */

static void signal_group(LgMcpStdio *self, int number)
{
    if (self->group > 1)
        kill(-self->group, number);
}

static gboolean kill_it(gpointer data)
{
    LgMcpStdio *self = data;
    if (self->ending && g_main_current_source() && g_source_get_id(g_main_current_source()) != self->ending)
        g_source_remove(self->ending);
    self->ending = 0;
    signal_group(self, SIGKILL);
    self->group = 0;
    return G_SOURCE_REMOVE;
}

static gboolean terminate_it(gpointer data)
{
    LgMcpStdio *self = data;
    signal_group(self, SIGTERM);
    self->ending =
        g_timeout_add_full(G_PRIORITY_DEFAULT, KILL_MS - TERMINATE_MS, kill_it, g_object_ref(self), g_object_unref);
    return G_SOURCE_REMOVE;
}

/* Its standard input ends, which is the word of the protocol for it; what does not hear that is told more plainly. */
static void lg_mcp_stdio_close(LgMcpTransport *transport)
{
    LgMcpStdio *self = LG_MCP_STDIO(transport);
    g_cancellable_cancel(self->cancellable);
    if (self->in)
        g_output_stream_close_async(self->in, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    g_clear_object(&self->in);
    if (self->group && !self->ending)
        self->ending =
            g_timeout_add_full(G_PRIORITY_DEFAULT, TERMINATE_MS, terminate_it, g_object_ref(self), g_object_unref);
}

void lg_mcp_stdio_end_now(LgMcpStdio *self)
{
    g_cancellable_cancel(self->cancellable);
    signal_group(self, SIGTERM);
    for (int i = 0; i < 50 && lg_mcp_stdio_get_pid(self); i++)
        g_usleep(20000);
    signal_group(self, SIGKILL);
    self->group = 0;
    lg_mcp_transport_end(LG_MCP_TRANSPORT(self), _("The app ended."));
}

static void on_exit_seen(GObject *process, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMcpStdio) self = data;
    g_autofree char *reason = NULL;
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
    if (g_subprocess_get_if_signaled(self->process))
        reason = g_strdup_printf(_("Its program was ended by signal %d."), g_subprocess_get_term_sig(self->process));
    else
        reason = g_strdup_printf(_("Its program ended with status %d."), g_subprocess_get_exit_status(self->process));
    lg_mcp_transport_log(LG_MCP_TRANSPORT(self), reason);
    lg_mcp_transport_end(LG_MCP_TRANSPORT(self), reason);
    kill_it(self); /* what it left behind */
    lg_mcp_stdio_close(LG_MCP_TRANSPORT(self));
}

static void fail(LgMcpStdio *self, const char *reason)
{
    lg_mcp_transport_log(LG_MCP_TRANSPORT(self), reason);
    lg_mcp_stdio_close(LG_MCP_TRANSPORT(self));
    lg_mcp_transport_end(LG_MCP_TRANSPORT(self), reason);
}

/* --- Reading --------------------------------------------------------------------------------------------------------
 */

static void take_line(LgMcpStdio *self)
{
    LgMcpTransport *transport = LG_MCP_TRANSPORT(self);
    if (self->n_skipped) {
        lg_mcp_transport_log(transport, _("A message of more than 4 MiB was passed over."));
        lg_mcp_transport_fail(transport, -1, _("The server’s answer is larger than 4 MiB."));
    } else if (self->line->len) {
        lg_mcp_transport_take(transport, self->line->str, self->line->len);
    }
    self->n_skipped = 0;
    g_string_truncate(self->line, 0);
}

static void take_bytes(LgMcpStdio *self, const char *bytes, gsize n)
{
    for (const char *end = bytes + n; bytes < end && !lg_mcp_transport_is_closed(LG_MCP_TRANSPORT(self));) {
        const char *feed = memchr(bytes, '\n', (gsize)(end - bytes));
        const gsize part = (gsize)((feed ? feed : end) - bytes);
        if (self->n_skipped || self->line->len + part > LG_MCP_MESSAGE_MAX)
            self->n_skipped += part + 1;
        else
            g_string_append_len(self->line, bytes, (gssize)part);
        if (self->n_skipped > SKIPPED_MAX) {
            fail(self, _("It writes a line that has no end."));
            return;
        }
        if (feed)
            take_line(self);
        bytes += part + (feed ? 1 : 0);
    }
}

static void read_out(LgMcpStdio *self);

static void on_out(GObject *stream, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMcpStdio) self = data;
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, NULL);
    gsize n = 0;
    const char *start = bytes ? g_bytes_get_data(bytes, &n) : NULL;
    if (!n) /* its end: what becomes of the process says why */
        return;
    take_bytes(self, start, n);
    if (!lg_mcp_transport_is_closed(LG_MCP_TRANSPORT(self)))
        read_out(self);
}

static void read_out(LgMcpStdio *self)
{
    g_input_stream_read_bytes_async(self->out, PIECE, G_PRIORITY_LOW, self->cancellable, on_out, g_object_ref(self));
}

static void log_bytes(LgMcpStdio *self, const char *bytes, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            g_autofree char *plain = lg_plain_text(self->log_line->str, LOG_LINE_MAX, FALSE);
            lg_mcp_transport_log(LG_MCP_TRANSPORT(self), plain);
            g_string_truncate(self->log_line, 0);
        } else if (self->log_line->len < LOG_LINE_MAX) {
            g_string_append_c(self->log_line, bytes[i] ? bytes[i] : ' ');
        }
    }
}

static void read_err(LgMcpStdio *self);

static void on_err(GObject *stream, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMcpStdio) self = data;
    g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(stream), result, NULL);
    gsize n = 0;
    const char *start = bytes ? g_bytes_get_data(bytes, &n) : NULL;
    log_bytes(self, start, n);
    if (n)
        read_err(self);
    else if (bytes && self->log_line->len)
        log_bytes(self, "\n", 1);
}

/* Also when the process has ended: why it did stands here. */
static void read_err(LgMcpStdio *self)
{
    g_input_stream_read_bytes_async(self->err, PIECE, G_PRIORITY_LOW, NULL, on_err, g_object_ref(self));
}

/* --- Writing --------------------------------------------------------------------------------------------------------
 */

static void write_more(LgMcpStdio *self);

static void on_written(GObject *stream, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMcpStdio) self = data;
    g_autoptr(GBytes) bytes = g_queue_pop_head(&self->unsent);
    self->writing = FALSE;
    self->n_unsent -= g_bytes_get_size(bytes);
    /* An error means that nobody reads: the process will be seen to end, or answers will not come. */
    if (g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, NULL, NULL))
        write_more(self);
}

static void write_more(LgMcpStdio *self)
{
    GBytes *bytes = g_queue_peek_head(&self->unsent);
    gsize n;
    if (self->writing || !bytes || !self->in)
        return;
    const void *data = g_bytes_get_data(bytes, &n);
    self->writing = TRUE;
    g_output_stream_write_all_async(self->in, data, n, G_PRIORITY_DEFAULT, self->cancellable, on_written,
                                    g_object_ref(self));
}

static void lg_mcp_stdio_send(LgMcpTransport *transport, const char *message, gint64 id)
{
    LgMcpStdio *self = LG_MCP_STDIO(transport);
    char *line = g_strconcat(message, "\n", NULL);
    const gsize n = strlen(line);
    self->n_unsent += n;
    g_queue_push_tail(&self->unsent, g_bytes_new_take(line, n));
    if (self->n_unsent > UNSENT_MAX)
        fail(self, _("It does not read what is sent to it."));
    else
        write_more(self);
}

/* --- Starting -------------------------------------------------------------------------------------------------------
 */

/* In the new process. It must not outlive the app, even if that is killed. */
static void set_up_child(gpointer data)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static char **new_environment(const char *const *given)
{
    static const char *const kept[] = {
        "HOME",   "LANG", "LANGUAGE", "LOGNAME", "PATH",           "SHELL",         "TERM",
        "TMPDIR", "TZ",   "USER",     "LC_ALL",  "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"};
    char **environment = g_new0(char *, 1);
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        if (g_getenv(kept[i]))
            environment = g_environ_setenv(environment, kept[i], g_getenv(kept[i]), TRUE);
    for (; given && *given; given++) {
        const char *equals = strchr(*given, '=');
        g_autofree char *name = equals ? g_strndup(*given, (gsize)(equals - *given)) : NULL;
        if (name && *name)
            environment = g_environ_setenv(environment, name, equals + 1, TRUE);
    }
    return environment;
}

LgMcpTransport *lg_mcp_stdio_new(const char *const *argv, const char *const *environment, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_auto(GStrv) variables = new_environment(environment);
    g_subprocess_launcher_set_environ(launcher, variables);
    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
    GSubprocess *process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!process)
        return NULL;
    LgMcpStdio *self = g_object_new(LG_TYPE_MCP_STDIO, NULL);
    self->process = process;
    self->group = lg_mcp_stdio_get_pid(self);
    self->out = g_subprocess_get_stdout_pipe(process);
    self->err = g_subprocess_get_stderr_pipe(process);
    self->in = g_object_ref(g_subprocess_get_stdin_pipe(process));
    g_subprocess_wait_async(process, NULL, on_exit_seen, g_object_ref(self));
    read_out(self);
    read_err(self);
    return LG_MCP_TRANSPORT(self);
}

static void lg_mcp_stdio_finalize(GObject *object)
{
    LgMcpStdio *self = LG_MCP_STDIO(object);
    g_clear_object(&self->process);
    g_clear_object(&self->in);
    g_object_unref(self->cancellable);
    g_string_free(self->line, TRUE);
    g_string_free(self->log_line, TRUE);
    g_queue_clear_full(&self->unsent, (GDestroyNotify)g_bytes_unref);
    G_OBJECT_CLASS(lg_mcp_stdio_parent_class)->finalize(object);
}

static void lg_mcp_stdio_class_init(LgMcpStdioClass *class)
{
    LgMcpTransportClass *transport = LG_MCP_TRANSPORT_CLASS(class);
    G_OBJECT_CLASS(class)->finalize = lg_mcp_stdio_finalize;
    transport->send = lg_mcp_stdio_send;
    transport->close = lg_mcp_stdio_close;
}

static void lg_mcp_stdio_init(LgMcpStdio *self)
{
    self->line = g_string_new(NULL);
    self->log_line = g_string_new(NULL);
    self->cancellable = g_cancellable_new();
    g_queue_init(&self->unsent);
}
