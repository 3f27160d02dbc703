/* SPDX-License-Identifier: MIT
 * The preferences of the app; those of one chat are with it (chat/chat_settings.h).
 */
#ifndef LG_PREFERENCES_H
#define LG_PREFERENCES_H

#include "application.h"

G_BEGIN_DECLS

#define LG_TYPE_PREFERENCES (lg_preferences_get_type())
G_DECLARE_FINAL_TYPE(LgPreferences, lg_preferences, LG, PREFERENCES, AdwPreferencesWindow)

LgPreferences *lg_preferences_new(LgApplication *application);

G_END_DECLS

#endif
