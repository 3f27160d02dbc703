/* SPDX-License-Identifier: MIT
 * The page of the preferences with the servers of tools: adding them, switching them on, how they are, their logs.
 */
#ifndef LG_MCP_SERVERS_PAGE_H
#define LG_MCP_SERVERS_PAGE_H

#include <adwaita.h>

#include "mcp/servers.h"

G_BEGIN_DECLS

GtkWidget *lg_mcp_servers_page_new(LgMcpServers *servers);

G_END_DECLS

#endif
