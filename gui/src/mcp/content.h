/* SPDX-License-Identifier: MIT
 * What a tool gave back, as the text that the model gets.
 */
#ifndef LG_MCP_CONTENT_H
#define LG_MCP_CONTENT_H

#include "json.h"

G_BEGIN_DECLS

/* Bytes of text that a model gets of one call; the rest is cut off, which the text says. */
#define LG_MCP_RESULT_MAX (256u << 10)

typedef struct {
    char *text;
    gboolean is_error; /* the tool says that it failed */
} LgMcpResult;

/* Of the result of tools/call. What is not understood is named in the text. */
LgMcpResult *lg_mcp_result_new(JsonNode *result);
void lg_mcp_result_free(LgMcpResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgMcpResult, lg_mcp_result_free)

G_END_DECLS

#endif
