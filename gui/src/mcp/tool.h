/* SPDX-License-Identifier: MIT
 * A tool that a server of the Model Context Protocol offers, as it said itself: what it says about itself is from
 * outside and may be wrong. Never changed once it is made.
 */
#ifndef LG_MCP_TOOL_H
#define LG_MCP_TOOL_H

#include "json.h"

G_BEGIN_DECLS

#define LG_MCP_NAME_MAX 128
#define LG_MCP_DESCRIPTION_MAX 16384
#define LG_MCP_SCHEMA_MAX 65536

struct _LgMcpTool {
    GObject parent_instance;
    char *server_id;
    char *name;        /* as the server calls it */
    char *title;       /* for people; the name where there is none */
    char *description; /* "" for none */
    char *schema;      /* of its arguments: JSON */
    char *hash;        /* SHA-256 of name, title, description and schema, in hexadecimal */
};
#define LG_TYPE_MCP_TOOL (lg_mcp_tool_get_type())
G_DECLARE_FINAL_TYPE(LgMcpTool, lg_mcp_tool, LG, MCP_TOOL, GObject)

/* Of an element of what tools/list answers; NULL with the reason (G_IO_ERROR_INVALID_DATA) for what cannot be used. */
LgMcpTool *lg_mcp_tool_new(const char *server_id, JsonNode *node, GError **error);

G_END_DECLS

#endif
