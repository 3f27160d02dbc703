/* SPDX-License-Identifier: MIT
 * What a server of tools wrote to its log, as it comes.
 */
#ifndef LG_MCP_LOG_WINDOW_H
#define LG_MCP_LOG_WINDOW_H

#include <adwaita.h>

#include "mcp/server.h"

G_BEGIN_DECLS

void lg_mcp_log_window_present(LgMcpServer *server, GtkWindow *parent);

G_END_DECLS

#endif
