/* SPDX-License-Identifier: MIT
 * The settings of one chat: system prompt, how tokens are chosen, how long the context is; and presets of all that.
 *
 * Signal: "changed", when the window closes and something was.
 */
#ifndef LG_CHAT_SETTINGS_H
#define LG_CHAT_SETTINGS_H

#include <adwaita.h>

#include "chat/parameters.h"
#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_CHAT_SETTINGS (lg_chat_settings_get_type())
G_DECLARE_FINAL_TYPE(LgChatSettings, lg_chat_settings, LG, CHAT_SETTINGS, AdwPreferencesWindow)

/* Without a store there are no presets. */
LgChatSettings *lg_chat_settings_new(LgStore *store, const LgParameters *parameters, const char *system_prompt);

const LgParameters *lg_chat_settings_get_parameters(LgChatSettings *self);
const char *lg_chat_settings_get_system_prompt(LgChatSettings *self); /* "" for none */

G_END_DECLS

#endif
