/* SPDX-License-Identifier: MIT
 * A call of a tool on its way.
 */
#include <glib/gi18n.h>

#include "chat/tool_call.h"

struct _LgToolCall {
    GObject parent_instance;
    gint64 chat_id, message_id;
    char *model, *progress;
    LgStore *store;
    GCancellable *cancellable;
    gboolean ended;
};

G_DEFINE_FINAL_TYPE(LgToolCall, lg_tool_call, G_TYPE_OBJECT)

enum { CHANGED, FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

gint64 lg_tool_call_get_chat_id(LgToolCall *self) { return self->chat_id; }
gint64 lg_tool_call_get_message_id(LgToolCall *self) { return self->message_id; }
const char *lg_tool_call_get_model(LgToolCall *self) { return self->model; }
const char *lg_tool_call_get_progress(LgToolCall *self) { return self->progress ? self->progress : ""; }
gboolean lg_tool_call_is_stopped(LgToolCall *self) { return g_cancellable_is_cancelled(self->cancellable); }
void lg_tool_call_stop(LgToolCall *self) { g_cancellable_cancel(self->cancellable); }

/* --- Into the history -----------------------------------------------------------------------------------------------
 */

struct result {
    gint64 message_id;
    LgMessageState state;
    char *text;
    const char *finish;
};

static void free_result(gpointer data)
{
    struct result *result = data;
    g_free(result->text);
    g_free(result);
}

static gpointer write_result(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct result *result = data;
    g_autofree char *statistics = g_strdup_printf("{\"finish\":\"%s\"}", result->finish);
    LgMessageChange change = {.fields = LG_MESSAGE_STATE | LG_MESSAGE_TEXT | LG_MESSAGE_STATISTICS,
                              .state = result->state,
                              .text = result->text,
                              .statistics = statistics};
    return lg_store_change_message(store, result->message_id, &change, error) ? g_malloc0(1) : NULL;
}

static void on_written(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgToolCall) self = data;
    g_autoptr(GError) error = NULL;
    g_autofree gpointer good = lg_store_run_finish(LG_STORE(store), result, &error);
    if (!good)
        g_warning("the result of a tool is not in the history: %s", error->message);
    g_signal_emit(self, signals[FINISHED], 0);
}

static void end(LgToolCall *self, LgMessageState state, const char *text, const char *finish)
{
    struct result *result = g_new0(struct result, 1);
    if (self->ended) {
        g_free(result);
        return;
    }
    self->ended = TRUE;
    result->message_id = self->message_id;
    result->state = state;
    result->text = g_strdup(text);
    result->finish = finish;
    lg_store_run_async(self->store, write_result, result, free_result, g_free, NULL, on_written, g_object_ref(self));
}

/* --- The call -------------------------------------------------------------------------------------------------------
 */

static void on_progress(double progress, double total, const char *message, gpointer data)
{
    LgToolCall *self = data;
    g_free(self->progress);
    if (total > 0)
        self->progress = g_strdup_printf(_("%.0f of %.0f %s"), progress, total, message);
    else
        self->progress = g_strdup_printf("%.0f %s", progress, message);
    g_signal_emit(self, signals[CHANGED], 0);
}

/* What goes wrong is a result, too: the model may find another way. */
static void on_called(GObject *session, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgToolCall) self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(LgMcpResult) got = lg_mcp_session_call_finish(LG_MCP_SESSION(session), result, &error);
    if (got)
        end(self, LG_MESSAGE_COMPLETE, got->text, got->is_error ? "error" : "stop");
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        end(self, LG_MESSAGE_INTERRUPTED, "", "cancelled");
    else
        end(self, LG_MESSAGE_COMPLETE, error->message, "error");
}

static gboolean say_missing(gpointer self)
{
    end(self, LG_MESSAGE_COMPLETE, _("There is no such tool, or its server does not run."), "error");
    return G_SOURCE_REMOVE;
}

LgToolCall *lg_tool_call_new(LgStore *store, LgMcpSession *session, const char *tool, const char *arguments,
                             gint64 chat_id, gint64 message_id, const char *model)
{
    LgToolCall *self = g_object_new(LG_TYPE_TOOL_CALL, NULL);
    self->store = g_object_ref(store);
    self->chat_id = chat_id;
    self->message_id = message_id;
    self->model = g_strdup(model);
    if (session)
        lg_mcp_session_call_async(session, tool, arguments, on_progress, self, self->cancellable, on_called,
                                  g_object_ref(self));
    else
        g_idle_add_full(G_PRIORITY_DEFAULT, say_missing, g_object_ref(self), g_object_unref);
    return self;
}

static void lg_tool_call_finalize(GObject *object)
{
    LgToolCall *self = LG_TOOL_CALL(object);
    g_object_unref(self->store);
    g_object_unref(self->cancellable);
    g_free(self->model);
    g_free(self->progress);
    G_OBJECT_CLASS(lg_tool_call_parent_class)->finalize(object);
}

static void lg_tool_call_class_init(LgToolCallClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_tool_call_finalize;
    signals[CHANGED] =
        g_signal_new("changed", LG_TYPE_TOOL_CALL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[FINISHED] =
        g_signal_new("finished", LG_TYPE_TOOL_CALL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_tool_call_init(LgToolCall *self) { self->cancellable = g_cancellable_new(); }
