/* SPDX-License-Identifier: MIT
 * Asks what a server of tools is.
 */
#ifndef LG_MCP_SERVER_EDIT_H
#define LG_MCP_SERVER_EDIT_H

#include <adwaita.h>

#include "mcp/servers.h"

G_BEGIN_DECLS

/* server NULL: a new one. */
void lg_mcp_server_edit(LgMcpServers *servers, LgMcpServer *server, GtkWindow *parent);

G_END_DECLS

#endif
