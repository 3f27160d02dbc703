/* SPDX-License-Identifier: MIT
 * Two answers to one question, of two models, that stand beside each other until one of them is chosen. In the history
 * they are versions like any others; the second one has the id of the first in its statistics, as "beside".
 */
#ifndef LG_BESIDE_H
#define LG_BESIDE_H

#include "store/store.h"

G_BEGIN_DECLS

/* The answer beside which this one stands; 0: none. */
gint64 lg_beside_of(const LgMessage *message);

/* The statistics with that mark, or for 0 without it; NULL where nothing is in them then. */
char *lg_beside_mark(const char *statistics, gint64 beside);

/* The answer that stands beside this one, whichever is the second; NULL, without an error, where there is none. In the
 * thread of the store, as the next one. */
LgMessage *lg_beside_find(LgStore *store, const LgMessage *message, GError **error);

/* They stand beside each other no longer. */
gboolean lg_beside_settle(LgStore *store, gint64 message_id, GError **error);

G_END_DECLS

#endif
