/* SPDX-License-Identifier: MIT
 * Finds chats for the search of the desktop (org.gnome.Shell.SearchProvider2), unless the settings say no.
 */
#ifndef LG_SEARCH_PROVIDER_H
#define LG_SEARCH_PROVIDER_H

#include "store/store.h"

G_BEGIN_DECLS

#define LG_TYPE_SEARCH_PROVIDER (lg_search_provider_get_type())
G_DECLARE_FINAL_TYPE(LgSearchProvider, lg_search_provider, LG, SEARCH_PROVIDER, GObject)

/* Signals: "chosen" (gint64 chat, gint64 message or 0) and "search" (const char *text) want a window. */
LgSearchProvider *lg_search_provider_new(void);

gboolean lg_search_provider_export(LgSearchProvider *self, GDBusConnection *connection, const char *path,
                                   GError **error);
void lg_search_provider_unexport(LgSearchProvider *self, GDBusConnection *connection);

/* What came before has waited for it. */
void lg_search_provider_set_store(LgSearchProvider *self, LgStore *store);
/* With FALSE nothing is found. */
void lg_search_provider_set_enabled(LgSearchProvider *self, gboolean enabled);

G_END_DECLS

#endif
