/* SPDX-License-Identifier: MIT
 * The page Chat: the history at the side, the messages of a chat, and where the next one is written.
 */
#ifndef LG_CHAT_PAGE_H
#define LG_CHAT_PAGE_H

#include <adwaita.h>

#include "engine/engine.h"
#include "mcp/servers.h"
#include "models/library.h"
#include "remote/endpoints.h"
#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_CHAT_PAGE (lg_chat_page_get_type())
G_DECLARE_FINAL_TYPE(LgChatPage, lg_chat_page, LG, CHAT_PAGE, AdwBin)

/* Before anything else; the history comes once it is open. */
void lg_chat_page_set_engine(LgChatPage *self, LgEngine *engine, GSettings *settings);
/* Whose models are offered, and learn how fast they were. */
void lg_chat_page_set_models(LgChatPage *self, LgLibrary *library, LgEndpoints *endpoints);
/* Whose tools chats may use. */
void lg_chat_page_set_servers(LgChatPage *self, LgMcpServers *servers);
void lg_chat_page_set_store(LgChatPage *self, LgStore *store);

void lg_chat_page_new_chat(LgChatPage *self);
void lg_chat_page_show_chat(LgChatPage *self, gint64 chat_id);
/* The chat at this message, in the branch that has it; 0: as lg_chat_page_show_chat(). While something is written in
 * the chat its branch stays, and it is said so. */
void lg_chat_page_show_message(LgChatPage *self, gint64 chat_id, gint64 message_id);
/* The model of the chat that is shown, a path or a name. */
void lg_chat_page_set_model(LgChatPage *self, const char *model);
/* From now on this model answers beside the other one; NULL: none does. */
void lg_chat_page_compare(LgChatPage *self, const char *model);
void lg_chat_page_toggle_sidebar(LgChatPage *self);
/* `text` NULL: whatever is there already. */
void lg_chat_page_search(LgChatPage *self, const char *text);
/* Ends the answer that is being written in the chat that is shown. */
void lg_chat_page_stop(LgChatPage *self);
/* A file that goes with the message that is being written, and why the last one was not taken (NULL: all were). */
void lg_chat_page_attach(LgChatPage *self, GFile *file);
const char *lg_chat_page_get_attach_problem(LgChatPage *self);
/* Puts a text where messages are written. */
void lg_chat_page_set_draft(LgChatPage *self, const char *text);

G_END_DECLS

#endif
