/* SPDX-License-Identifier: MIT
 * Two to four plans side by side: their figures in a table, one of them as a chart.
 */
#ifndef LG_COMPARE_H
#define LG_COMPARE_H

#include "plan.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define LG_TYPE_COMPARE (lg_compare_get_type())
G_DECLARE_FINAL_TYPE(LgCompare, lg_compare, LG, COMPARE, AdwBin)

/* Emits "wanted" with the name of a plan whose inputs are to be added. */
GtkWidget *lg_compare_new(void);

/* FALSE: there are four already. The draft is copied. */
gboolean lg_compare_add(LgCompare *compare, const LgPlan *plan, JsonObject *draft);
void lg_compare_remove(LgCompare *compare, guint index);
guint lg_compare_n_items(LgCompare *compare);

/* Puts another model or device into one of them. */
void lg_compare_set_model(LgCompare *compare, guint index, JsonNode *model); /* takes the model */
void lg_compare_set_device(LgCompare *compare, guint index, const char *device);

gboolean lg_compare_is_busy(LgCompare *compare);

/* The figure's text of one of them as the table has it; NULL where there is none. The caller's. */
char *lg_compare_text(LgCompare *compare, guint index, const char *path);

G_END_DECLS

#endif
