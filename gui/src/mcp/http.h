/* SPDX-License-Identifier: MIT
 * A server elsewhere, over "streamable HTTP": every message is a POST, whose answer is JSON or a stream of events;
 * another stream has what the server says by itself. Every connection asks the switch for working offline and is noted;
 * going offline ends it.
 */
#ifndef LG_MCP_HTTP_H
#define LG_MCP_HTTP_H

#include "mcp/transport.h"
#include "remote/network.h"

G_BEGIN_DECLS

#define LG_TYPE_MCP_HTTP (lg_mcp_http_get_type())
G_DECLARE_FINAL_TYPE(LgMcpHttp, lg_mcp_http, LG, MCP_HTTP, LgMcpTransport)

/* key NULL or "": none. NULL with the error when nothing may leave this machine, or the address is none. */
LgMcpTransport *lg_mcp_http_new(LgNetwork *network, const char *url, const char *key, GError **error);

G_END_DECLS

#endif
