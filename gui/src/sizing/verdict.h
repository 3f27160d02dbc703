/* SPDX-License-Identifier: MIT
 * The plain answer at the top of a plan: whether it can be done and at what price, or why not and what would help, with
 * buttons that apply it.
 */
#ifndef LG_VERDICT_H
#define LG_VERDICT_H

#include "query.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define LG_TYPE_VERDICT (lg_verdict_get_type())
G_DECLARE_FINAL_TYPE(LgVerdict, lg_verdict, LG, VERDICT, AdwBin)

/* Emits "apply" with the code of a change when its button is pressed. */
GtkWidget *lg_verdict_new(void);

void lg_verdict_show(LgVerdict *verdict, const LgPlan *plan, const LgOutcome *answer);

/* Something else than an answer: that something is awaited, or what is wrong with an input. */
void lg_verdict_say(LgVerdict *verdict, const char *icon, const char *title, const char *detail);

const char *lg_verdict_get_title(LgVerdict *verdict);

G_END_DECLS

#endif
