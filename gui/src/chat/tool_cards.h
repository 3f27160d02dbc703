/* SPDX-License-Identifier: MIT
 * Calls of tools as they are shown: a card for each, which asks where somebody has to say whether it may be made; and
 * what a tool gave back, folded. All that servers and models say is shown as plain text.
 */
#ifndef LG_TOOL_CARDS_H
#define LG_TOOL_CARDS_H

#include <gtk/gtk.h>

#include "store/rows.h"

G_BEGIN_DECLS

typedef struct {
    gint64 message_id; /* of the answer that has the call */
    char *id, *name, *arguments;
    char *server;         /* its name; NULL: there is no such tool, or its server does not run */
    char *description;    /* of the tool */
    gboolean is_asked;    /* it waits for the user's word */
    gboolean has_changed; /* it is not what the model was offered, or what the user has switched on */
    gboolean is_lost;     /* it was not made, and will not be */
} LgCallCard;

void lg_call_card_free(LgCallCard *card);

/* Actions of whoever shows it: "chat.allow", "chat.allow-always", "chat.deny" ((xs): message and call). */
GtkWidget *lg_call_card_new(const LgCallCard *card);

/* The result, of a message of a tool. progress: while it is called; NULL: nothing is known. */
GtkWidget *lg_tool_result_new(const LgMessage *message, const char *progress);

G_END_DECLS

#endif
