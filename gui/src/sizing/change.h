/* SPDX-License-Identifier: MIT
 * Applies the change that the estimator names for a plan that cannot be done. The report says it in words; the inputs
 * that do it are found by trying, so that what a button applies works.
 */
#ifndef LG_CHANGE_H
#define LG_CHANGE_H

#include "plan.h"

G_BEGIN_DECLS

/* Whether there is something to try for a remark of this code. */
gboolean lg_change_is_known(const char *code);

/* A changed copy of the draft that is feasible; NULL: nothing that was tried is. */
JsonObject *lg_change_apply(const LgPlan *plan, JsonObject *draft, const char *code);

G_END_DECLS

#endif
