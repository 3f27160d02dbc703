/* SPDX-License-Identifier: MIT
 * The button by which the tools of a chat are chosen.
 *
 * Signal "chosen": the choice is another one.
 */
#ifndef LG_TOOLS_BUTTON_H
#define LG_TOOLS_BUTTON_H

#include <gtk/gtk.h>

#include "chat/tool_choice.h"
#include "mcp/servers.h"

G_BEGIN_DECLS

#define LG_TYPE_TOOLS_BUTTON (lg_tools_button_get_type())
G_DECLARE_FINAL_TYPE(LgToolsButton, lg_tools_button, LG, TOOLS_BUTTON, GtkBox)

GtkWidget *lg_tools_button_new(void);
void lg_tools_button_set_servers(LgToolsButton *self, LgMcpServers *servers);
/* Borrowed; it is changed by what the user does. */
void lg_tools_button_set_choice(LgToolsButton *self, LgToolChoice *choice);

G_END_DECLS

#endif
