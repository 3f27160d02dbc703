/* SPDX-License-Identifier: MIT
 * How messages of the Model Context Protocol go to a server and come from it: through pipes (stdio.h) or HTTP (http.h).
 * Everything is on the main loop.
 *
 * Signals: "message" (JsonNode *); "log" (const char *): a line for people; "failed" (gint64 id, const char *reason):
 * no answer will come to that request (-1: to none of those that wait); "closed" (const char *reason): once, and
 * nothing comes after it.
 */
#ifndef LG_MCP_TRANSPORT_H
#define LG_MCP_TRANSPORT_H

#include "json.h"

G_BEGIN_DECLS

/* Bytes of one message. */
#define LG_MCP_MESSAGE_MAX (4u << 20)

#define LG_TYPE_MCP_TRANSPORT (lg_mcp_transport_get_type())
G_DECLARE_DERIVABLE_TYPE(LgMcpTransport, lg_mcp_transport, LG, MCP_TRANSPORT, GObject)

struct _LgMcpTransportClass {
    GObjectClass parent_class;
    void (*send)(LgMcpTransport *self, const char *message, gint64 id);
    void (*set_version)(LgMcpTransport *self, const char *version);
    void (*close)(LgMcpTransport *self);
};

/* A line of JSON. id: of the request that it is; 0 for what is none. */
void lg_mcp_transport_send(LgMcpTransport *self, const char *message, gint64 id);
/* The version of the protocol that both agreed on. */
void lg_mcp_transport_set_version(LgMcpTransport *self, const char *version);
/* Ends it, and the process behind it. "closed" comes at once unless it came before. */
void lg_mcp_transport_close(LgMcpTransport *self);
gboolean lg_mcp_transport_is_closed(LgMcpTransport *self);

/* For transports. */
void lg_mcp_transport_take(LgMcpTransport *self, const char *text, gsize n_bytes);
void lg_mcp_transport_log(LgMcpTransport *self, const char *line);
void lg_mcp_transport_fail(LgMcpTransport *self, gint64 id, const char *reason);
void lg_mcp_transport_end(LgMcpTransport *self, const char *reason);

G_END_DECLS

#endif
