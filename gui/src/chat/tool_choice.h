/* SPDX-License-Identifier: MIT
 * Which tools a chat may use, and which of them without being asked each time. Both hold for a tool as it was when the
 * user said so: what calls itself otherwise since then (LgMcpTool.hash) is neither offered to the model nor called
 * unasked. Kept with the parameters of the chat, in their member "tools".
 */
#ifndef LG_TOOL_CHOICE_H
#define LG_TOOL_CHOICE_H

#include "mcp/tool.h"

G_BEGIN_DECLS

typedef struct {
    GPtrArray *tools; /* of what tool_choice.c keeps of each */
} LgToolChoice;

/* What the text does not say is off; NULL is all of it. */
LgToolChoice *lg_tool_choice_parse(const char *parameters);
void lg_tool_choice_free(LgToolChoice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgToolChoice, lg_tool_choice_free)

/* The parameters (NULL: as by default) with the choice in them; NULL when there is nothing to keep. */
char *lg_tool_choice_join(const LgToolChoice *self, const char *parameters);

typedef enum {
    LG_TOOL_OFF,
    LG_TOOL_ON,
    LG_TOOL_CHANGED, /* it was switched on, and is another one now */
} LgToolState;

LgToolState lg_tool_choice_get(const LgToolChoice *self, const LgMcpTool *tool);
/* As it is now. Consent that was given to what it was before is gone. */
void lg_tool_choice_set(LgToolChoice *self, const LgMcpTool *tool, gboolean on);

/* Whether it may be called without being asked. */
gboolean lg_tool_choice_is_always(const LgToolChoice *self, const LgMcpTool *tool);
/* Switches it on, too. */
void lg_tool_choice_set_always(LgToolChoice *self, const LgMcpTool *tool);

/* How many are switched on. */
guint lg_tool_choice_count(const LgToolChoice *self);

G_END_DECLS

#endif
