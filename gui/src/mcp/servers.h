/* SPDX-License-Identifier: MIT
 * All servers of tools: a list of LgMcpServer, kept in the settings ("tool-servers"), keys in the keyring alone.
 *
 * Signal "changed": something of one of them.
 */
#ifndef LG_MCP_SERVERS_H
#define LG_MCP_SERVERS_H

#include "mcp/server.h"

G_BEGIN_DECLS

#define LG_TYPE_MCP_SERVERS (lg_mcp_servers_get_type())
G_DECLARE_FINAL_TYPE(LgMcpServers, lg_mcp_servers, LG, MCP_SERVERS, GObject)

/* Starts nothing. */
LgMcpServers *lg_mcp_servers_new(GSettings *settings, LgNetwork *network);
/* Starts those that are switched on. */
void lg_mcp_servers_start(LgMcpServers *self);
/* Ends all of their processes before it comes back. */
void lg_mcp_servers_end_now(LgMcpServers *self);

LgMcpServer *lg_mcp_servers_find(LgMcpServers *self, const char *id);
/* Borrowed; the id of the config is made, and it is switched off whatever the config says. */
LgMcpServer *lg_mcp_servers_add(LgMcpServers *self, const LgMcpConfig *config);
void lg_mcp_servers_change(LgMcpServers *self, LgMcpServer *server, const LgMcpConfig *config);
void lg_mcp_servers_remove(LgMcpServers *self, LgMcpServer *server);
void lg_mcp_servers_set_enabled(LgMcpServers *self, LgMcpServer *server, gboolean enabled);

/* All tools of those that run: an array of LgMcpTool, to be released. */
GPtrArray *lg_mcp_servers_list_tools(LgMcpServers *self);
LgMcpTool *lg_mcp_servers_find_tool(LgMcpServers *self, const char *server_id, const char *name);

G_END_DECLS

#endif
