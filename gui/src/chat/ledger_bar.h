/* SPDX-License-Identifier: MIT
 * How full the window is: a thin bar of what was said, what is being written and what is kept for the answer, and a
 * line that says it in numbers and what would go next.
 */
#ifndef LG_LEDGER_BAR_H
#define LG_LEDGER_BAR_H

#include <gtk/gtk.h>

#include "engine/ledger.h"

G_BEGIN_DECLS

#define LG_TYPE_LEDGER_BAR (lg_ledger_bar_get_type())
G_DECLARE_FINAL_TYPE(LgLedgerBar, lg_ledger_bar, LG, LEDGER_BAR, GtkBox)

GtkWidget *lg_ledger_bar_new(void);

/* The last entry of the ledger is the draft where `has_draft` says so. NULL: nothing is known. */
void lg_ledger_bar_set(LgLedgerBar *self, const LgLedger *ledger, gboolean has_draft);

/* The line, for tests. */
const char *lg_ledger_bar_get_text(LgLedgerBar *self);

G_END_DECLS

#endif
