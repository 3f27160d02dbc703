/* SPDX-License-Identifier: MIT
 * Chats, folders and presets as lists for widgets, which load in the thread of the store and follow its changes. They
 * are made and used on the main loop. While they load for the first time they are empty, and "loaded" is emitted after
 * that.
 */
#pragma once

#include "store.h"

G_BEGIN_DECLS

/* A GListModel of LgChat, pinned ones first, then by the last change. Chats in folders are among them; a
 * GtkFilterListModel on "folder-id" takes them apart. */
#define LG_TYPE_CHAT_LIST (lg_chat_list_get_type())
G_DECLARE_FINAL_TYPE(LgChatList, lg_chat_list, LG, CHAT_LIST, GObject)
LgChatList *lg_chat_list_new(LgStore *store);

/* The row of a chat, or NULL; of the list, so take a reference to keep it. */
LgChat *lg_chat_list_find(LgChatList *list, gint64 chat_id);

/* A GListModel of LgFolder in their order, or of LgPreset by name. */
#define LG_TYPE_NAME_LIST (lg_name_list_get_type())
G_DECLARE_FINAL_TYPE(LgNameList, lg_name_list, LG, NAME_LIST, GObject)
LgNameList *lg_folder_list_new(LgStore *store);
LgNameList *lg_preset_list_new(LgStore *store);

G_END_DECLS
