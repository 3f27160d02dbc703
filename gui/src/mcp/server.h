/* SPDX-License-Identifier: MIT
 * A server of tools as the user has set it up: a program of this machine, or an address. It runs only while it is
 * switched on.
 *
 * Signals: "changed": the state, the tools, or what it is set up to. "logged": there are more lines in the log.
 */
#ifndef LG_MCP_SERVER_H
#define LG_MCP_SERVER_H

#include "mcp/session.h"
#include "remote/network.h"

G_BEGIN_DECLS

typedef struct {
    char *id, *name;
    char *command;     /* a command line; "" for an address */
    char *environment; /* NAME=VALUE, a line each */
    char *url;         /* "" for a program */
    gboolean enabled;  /* the user has switched it on */
} LgMcpConfig;

LgMcpConfig *lg_mcp_config_copy(const LgMcpConfig *config);
void lg_mcp_config_free(LgMcpConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgMcpConfig, lg_mcp_config_free)
/* What is wrong with it, for people; NULL: nothing. Cleans the address. */
char *lg_mcp_config_check(LgMcpConfig *config);

typedef enum {
    LG_MCP_OFF,
    LG_MCP_STARTING,
    LG_MCP_READY,
    LG_MCP_FAILED, /* it could not be started, or it has ended by itself */
} LgMcpState;

#define LG_TYPE_MCP_SERVER (lg_mcp_server_get_type())
G_DECLARE_FINAL_TYPE(LgMcpServer, lg_mcp_server, LG, MCP_SERVER, GObject)

LgMcpServer *lg_mcp_server_new(const LgMcpConfig *config, LgNetwork *network);
const LgMcpConfig *lg_mcp_server_get_config(LgMcpServer *self);
/* Another name, command or address; what runs is started anew. */
void lg_mcp_server_set_config(LgMcpServer *self, const LgMcpConfig *config);

/* Starts it when it is enabled and does not run. */
void lg_mcp_server_start(LgMcpServer *self);
void lg_mcp_server_stop(LgMcpServer *self);
/* Ends its processes before it comes back: for when the app ends. */
void lg_mcp_server_end_now(LgMcpServer *self);

LgMcpState lg_mcp_server_get_state(LgMcpServer *self);
const char *lg_mcp_server_get_problem(LgMcpServer *self); /* of LG_MCP_FAILED; else "" */
/* Of LgMcpTool, none unless it is ready; borrowed. */
const GPtrArray *lg_mcp_server_get_tools(LgMcpServer *self);
LgMcpTool *lg_mcp_server_find_tool(LgMcpServer *self, const char *name);

/* NULL unless it is ready; borrowed. */
LgMcpSession *lg_mcp_server_get_session(LgMcpServer *self);

/* What it wrote to its standard error, and what went wrong: the last lines. The caller frees it. */
char *lg_mcp_server_get_log(LgMcpServer *self);

G_END_DECLS

#endif
