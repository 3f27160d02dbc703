/* SPDX-License-Identifier: MIT
 * A server as a process of this machine: a message is a line on its standard input and output. What it writes to its
 * standard error is its log. It runs in a process group of its own, which ends with the app, whatever ends that.
 */
#ifndef LG_MCP_STDIO_H
#define LG_MCP_STDIO_H

#include "mcp/transport.h"

G_BEGIN_DECLS

#define LG_TYPE_MCP_STDIO (lg_mcp_stdio_get_type())
G_DECLARE_FINAL_TYPE(LgMcpStdio, lg_mcp_stdio, LG, MCP_STDIO, LgMcpTransport)

/* argv is run as it is, by no shell. Of the app's environment it gets what programs need (PATH, HOME, LANG and such),
 * and the given NAME=VALUE. NULL with the error when it cannot be started. */
LgMcpTransport *lg_mcp_stdio_new(const char *const *argv, const char *const *environment, GError **error);

/* Ends all of its processes before it comes back, within about a second: for when the app ends. */
void lg_mcp_stdio_end_now(LgMcpStdio *self);

/* 0 when it has ended. */
int lg_mcp_stdio_get_pid(LgMcpStdio *self);

G_END_DECLS

#endif
