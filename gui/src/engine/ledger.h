/* SPDX-License-Identifier: MIT
 * What of a conversation is in the window: the tokens of each message, which ones have no room, which would go next.
 */
#ifndef LG_LEDGER_H
#define LG_LEDGER_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint64 n_tokens; /* of its text alone, without what the template puts around it */
    guint turn;       /* from 1; 0 for system messages */
    gboolean kept;    /* it is in the window */
    gboolean next;    /* it goes with the next turn that has to */
} LgLedgerEntry;

typedef struct {
    guint64 n_tokens;   /* of the request that fits */
    guint64 n_window;   /* what the context holds */
    guint64 n_reserved; /* of that, kept for the answer */
    guint n_left_out;   /* messages */
    GArray *entries;    /* LgLedgerEntry, one for each message of the request */
} LgLedger;

/* Reads the report of libllm_chat_fit(). NULL where it is none. */
LgLedger *lg_ledger_parse(const char *report, gssize n_bytes);
void lg_ledger_free(LgLedger *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgLedger, lg_ledger_free)

/* Whether little room is left, so that it matters what goes next. */
gboolean lg_ledger_is_tight(const LgLedger *self);

/* What the window keeps for the answer: max_tokens where they are less than half of it, else, as for 0, a quarter. */
guint64 lg_ledger_reserved(guint64 n_window, guint64 max_tokens);

G_END_DECLS

#endif
