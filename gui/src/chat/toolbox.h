/* SPDX-License-Identifier: MIT
 * The tools that a model is offered for an answer, by the names that it calls them; and the calls that it makes.
 */
#ifndef LG_TOOLBOX_H
#define LG_TOOLBOX_H

#include "chat/tool_choice.h"
#include "engine/reply.h"
#include "mcp/servers.h"

G_BEGIN_DECLS

typedef struct {
    char *name; /* for the model: letters, digits, _ and -, each once */
    LgMcpTool *tool;
} LgOffer;

/* Those that are switched on, run, and are what they were: an array of LgOffer, to be released. servers NULL: none. */
GPtrArray *lg_toolbox_offer(LgMcpServers *servers, const LgToolChoice *choice);
/* As OpenAI's API has them; NULL for none. */
char *lg_toolbox_write(const GPtrArray *offers);

/* The calls of a reply in OpenAI's form, each with an id of its own, and in a member "tool" of ours whose tool it was;
 * NULL for none. */
char *lg_calls_write(LgReply *reply, const GPtrArray *offers);

/* A call of a message, read from that. */
typedef struct {
    char *id, *name, *arguments;
    char *server_id, *tool, *hash; /* of the tool that was offered; "": it was none of those */
} LgCallOf;
/* An array of LgCallOf, to be released; tool_calls NULL: none. */
GPtrArray *lg_calls_read(const char *tool_calls);
/* The same without the member of ours, for the model; NULL for none. */
JsonNode *lg_calls_for_model(const char *tool_calls);

G_END_DECLS

#endif
