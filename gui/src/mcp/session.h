/* SPDX-License-Identifier: MIT
 * A conversation with a server in the Model Context Protocol, versions 2025-06-18, 2025-03-26 and 2024-11-05: it is
 * greeted, its tools are listed, and called. What a server asks for by itself (sampling, roots and others) it gets told
 * that there is no such method; this app has none of it.
 *
 * Signals: "tools-changed": the list is another one. "log" (const char *): what is odd about
 * it, beside what the transport logs. "closed" (const char *reason), once.
 */
#ifndef LG_MCP_SESSION_H
#define LG_MCP_SESSION_H

#include <gio/gio.h>

#include "mcp/content.h"
#include "mcp/tool.h"
#include "mcp/transport.h"

G_BEGIN_DECLS

#define LG_MCP_ERROR (lg_mcp_error_quark())
GQuark lg_mcp_error_quark(void);
typedef enum {
    LG_MCP_ERROR_SERVER,  /* it answers with an error, or not as it should */
    LG_MCP_ERROR_TIMEOUT, /* it does not answer */
    LG_MCP_ERROR_CLOSED,  /* it has ended, or was switched off */
} LgMcpError;

/* Most tools of a server, and pages of their list. */
#define LG_MCP_TOOLS_MAX 256
#define LG_MCP_PAGES_MAX 64

#define LG_TYPE_MCP_SESSION (lg_mcp_session_get_type())
G_DECLARE_FINAL_TYPE(LgMcpSession, lg_mcp_session, LG, MCP_SESSION, GObject)

/* server_id: of its tools. */
LgMcpSession *lg_mcp_session_new(LgMcpTransport *transport, const char *server_id);

/* Seconds without an answer, or without a word of progress; 60 at first. */
void lg_mcp_session_set_timeout(LgMcpSession *self, double seconds);

/* Greets the server and lists its tools. */
void lg_mcp_session_open_async(LgMcpSession *self, GAsyncReadyCallback callback, gpointer data);
gboolean lg_mcp_session_open_finish(LgMcpSession *self, GAsyncResult *result, GError **error);

/* Of LgMcpTool; borrowed. */
const GPtrArray *lg_mcp_session_get_tools(LgMcpSession *self);
const char *lg_mcp_session_get_version(LgMcpSession *self); /* of the protocol; NULL before it is agreed on */

/* Words of the server on how far a call is; total 0: it did not say. */
typedef void (*LgMcpProgress)(double progress, double total, const char *message, gpointer data);

/* arguments: a JSON object. The server is told when the call is cancelled or takes too long. `progress` may be NULL; it
 * is not called any more once the callback was. */
void lg_mcp_session_call_async(LgMcpSession *self, const char *tool, const char *arguments, LgMcpProgress progress,
                               gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer data);
LgMcpResult *lg_mcp_session_call_finish(LgMcpSession *self, GAsyncResult *result, GError **error);

G_END_DECLS

#endif
