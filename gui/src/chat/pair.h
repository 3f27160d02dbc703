/* SPDX-License-Identifier: MIT
 * Two answers beside each other, each below the name of its model and with a button that goes on with it; one below the
 * other where there is no room for two columns. The buttons are the action "chat.choose" (x) of whoever shows it.
 */
#ifndef LG_PAIR_H
#define LG_PAIR_H

#include "chat/message_row.h"

G_BEGIN_DECLS

#define LG_PAIR_ANSWERS 2

#define LG_TYPE_PAIR (lg_pair_get_type())
G_DECLARE_FINAL_TYPE(LgPair, lg_pair, LG, PAIR, GtkWidget)

/* NULL: there is none. `index` is 0 or 1, here and below. */
LgMessageRow *lg_pair_get_row(LgPair *self, guint index);
/* Takes the row; NULL removes the one that is there. */
void lg_pair_set_row(LgPair *self, guint index, LgMessageRow *row);

/* Whether one may be chosen already. */
void lg_pair_set_is_done(LgPair *self, gboolean is_done);

G_END_DECLS

#endif
