/* SPDX-License-Identifier: MIT
 * What both ways to a server have in common.
 */
#include <glib/gi18n.h>

#include "mcp/transport.h"

typedef struct {
    gboolean closed;
    guint n_noise;
} LgMcpTransportPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(LgMcpTransport, lg_mcp_transport, G_TYPE_OBJECT)

/* Lines that are no messages before a server counts as none of this protocol. */
#define NOISE_MAX 1000
#define NOISE_SHOWN 200

enum { MESSAGE, LOG, FAILED, CLOSED, N_SIGNALS };
static guint signals[N_SIGNALS];

gboolean lg_mcp_transport_is_closed(LgMcpTransport *self)
{
    LgMcpTransportPrivate *private = lg_mcp_transport_get_instance_private(self);
    return private->closed;
}

void lg_mcp_transport_send(LgMcpTransport *self, const char *message, gint64 id)
{
    if (!lg_mcp_transport_is_closed(self))
        LG_MCP_TRANSPORT_GET_CLASS(self)->send(self, message, id);
}

void lg_mcp_transport_set_version(LgMcpTransport *self, const char *version)
{
    if (LG_MCP_TRANSPORT_GET_CLASS(self)->set_version)
        LG_MCP_TRANSPORT_GET_CLASS(self)->set_version(self, version);
}

void lg_mcp_transport_close(LgMcpTransport *self)
{
    LG_MCP_TRANSPORT_GET_CLASS(self)->close(self);
    lg_mcp_transport_end(self, _("It was switched off."));
}

void lg_mcp_transport_log(LgMcpTransport *self, const char *line) { g_signal_emit(self, signals[LOG], 0, line); }

void lg_mcp_transport_fail(LgMcpTransport *self, gint64 id, const char *reason)
{
    if (!lg_mcp_transport_is_closed(self))
        g_signal_emit(self, signals[FAILED], 0, id, reason);
}

void lg_mcp_transport_end(LgMcpTransport *self, const char *reason)
{
    LgMcpTransportPrivate *private = lg_mcp_transport_get_instance_private(self);
    if (private->closed)
        return;
    private->closed = TRUE;
    g_signal_emit(self, signals[CLOSED], 0, reason);
}

static void note_noise(LgMcpTransport *self, const char *text, gsize n_bytes, const char *problem)
{
    LgMcpTransportPrivate *private = lg_mcp_transport_get_instance_private(self);
    g_autofree char *bytes = g_strndup(text, MIN(n_bytes, 4 * NOISE_SHOWN));
    g_autofree char *shown = lg_plain_text(bytes, NOISE_SHOWN, FALSE);
    g_autofree char *line = g_strdup_printf(_("This is no message (%s): %s"), problem, shown);
    lg_mcp_transport_log(self, line);
    if (++private->n_noise < NOISE_MAX)
        return;
    LG_MCP_TRANSPORT_GET_CLASS(self)->close(self);
    lg_mcp_transport_end(self, _("It writes what are no messages of the protocol."));
}

void lg_mcp_transport_take(LgMcpTransport *self, const char *text, gsize n_bytes)
{
    g_autoptr(GError) error = NULL;
    if (lg_mcp_transport_is_closed(self))
        return;
    g_autoptr(JsonNode) root = lg_json_parse(text, (gssize)n_bytes, &error);
    if (root && JSON_NODE_HOLDS_ARRAY(root)) /* several, as version 2025-03-26 allows */
        for (guint i = 0; i < lg_json_length(root) && !lg_mcp_transport_is_closed(self); i++)
            g_signal_emit(self, signals[MESSAGE], 0, lg_json_element(root, i));
    else if (root && JSON_NODE_HOLDS_OBJECT(root))
        g_signal_emit(self, signals[MESSAGE], 0, root);
    else
        note_noise(self, text, n_bytes, error ? error->message : _("it is no object"));
}

static void lg_mcp_transport_class_init(LgMcpTransportClass *class)
{
    signals[MESSAGE] = g_signal_new("message", LG_TYPE_MCP_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, JSON_TYPE_NODE | G_SIGNAL_TYPE_STATIC_SCOPE);
    signals[LOG] = g_signal_new("log", LG_TYPE_MCP_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                G_TYPE_STRING);
    signals[FAILED] = g_signal_new("failed", LG_TYPE_MCP_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   2, G_TYPE_INT64, G_TYPE_STRING);
    signals[CLOSED] = g_signal_new("closed", LG_TYPE_MCP_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   1, G_TYPE_STRING);
}

static void lg_mcp_transport_init(LgMcpTransport *self) {}
