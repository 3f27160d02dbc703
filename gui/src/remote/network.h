/* SPDX-License-Identifier: MIT
 * The one switch for everything that leaves this machine, and the note of every connection that was made or refused.
 *
 * Property "offline": nothing is asked of the network. Signal "noted": the notes have changed.
 */
#ifndef LG_NETWORK_H
#define LG_NETWORK_H

#include "store/store.h"

G_BEGIN_DECLS

#define LG_NETWORK_ERROR (lg_network_error_quark())
GQuark lg_network_error_quark(void);
typedef enum {
    LG_NETWORK_ERROR_OFFLINE, /* the switch is on */
    LG_NETWORK_ERROR_HELPER,  /* `libllm pull` is not there or cannot be started */
    LG_NETWORK_ERROR_SERVER,  /* it answers with an error, or not as it should */
} LgNetworkError;

#define LG_TYPE_NETWORK (lg_network_get_type())
G_DECLARE_FINAL_TYPE(LgNetwork, lg_network, LG, NETWORK, GObject)

/* The only one; borrowed. */
LgNetwork *lg_network_get_default(void);

/* From here on the switch is that of the settings (key "offline"), and what is noted goes to the store. Either may be
 * NULL; what is noted before there is a store is kept for it. */
void lg_network_set_settings(LgNetwork *self, GSettings *settings);
void lg_network_set_store(LgNetwork *self, LgStore *store);
GSettings *lg_network_get_settings(LgNetwork *self);

gboolean lg_network_is_offline(LgNetwork *self);
void lg_network_set_offline(LgNetwork *self, gboolean offline);

/* Whether something may be asked for now. FALSE is noted, and sets the error. */
gboolean lg_network_allows(LgNetwork *self, const char *purpose, const char *url, GError **error);

/* status 0: no answer; sent and received in bytes, -1: not known; outcome NULL: it went well. */
void lg_network_note(LgNetwork *self, const char *purpose, const char *method, const char *url, int status, gint64 sent,
                     gint64 received, const char *outcome);

/* The notes of this run that no store has taken, the newest last: LgConnection. Borrowed. */
GListModel *lg_network_get_notes(LgNetwork *self);

G_END_DECLS

#endif
