/* SPDX-License-Identifier: MIT
 * A call of a tool on its way, and its result into the history. It goes on when another chat is shown. The message of
 * the result is there before the tool is asked, so that a call that was made and had no end is seen as such.
 *
 * Signals: "changed": there is another word of progress; "finished": when the history has the result.
 */
#ifndef LG_TOOL_CALL_H
#define LG_TOOL_CALL_H

#include "mcp/session.h"
#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_TOOL_CALL (lg_tool_call_get_type())
G_DECLARE_FINAL_TYPE(LgToolCall, lg_tool_call, LG, TOOL_CALL, GObject)

/* session NULL: the tool is not there any more, which is the result then. `model` is who gets it. */
LgToolCall *lg_tool_call_new(LgStore *store, LgMcpSession *session, const char *tool, const char *arguments,
                             gint64 chat_id, gint64 message_id, const char *model);

gint64 lg_tool_call_get_chat_id(LgToolCall *self);
gint64 lg_tool_call_get_message_id(LgToolCall *self); /* of the result */
const char *lg_tool_call_get_model(LgToolCall *self);
const char *lg_tool_call_get_progress(LgToolCall *self); /* "": not a word */
gboolean lg_tool_call_is_stopped(LgToolCall *self);
void lg_tool_call_stop(LgToolCall *self);

G_END_DECLS

#endif
