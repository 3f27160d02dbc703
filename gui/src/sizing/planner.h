/* SPDX-License-Identifier: MIT
 * The page of a plan: inputs on one side, the verdict, charts and figures on the other. Every change of an input asks
 * the estimator again.
 */
#ifndef LG_PLANNER_H
#define LG_PLANNER_H

#include "field.h"
#include "figures.h"
#include "model_choice.h"
#include "query.h"
#include "verdict.h"

G_BEGIN_DECLS

#define LG_TYPE_PLANNER (lg_planner_get_type())
G_DECLARE_FINAL_TYPE(LgPlanner, lg_planner, LG, PLANNER, AdwBin)

/* Emits "answered" when it shows another answer, "compare" when that is to be compared, and "model-changed". */
GtkWidget *lg_planner_new(const LgPlan *plan);

const LgPlan *lg_planner_get_plan(LgPlanner *planner);
LgModelChoice *lg_planner_get_model_choice(LgPlanner *planner);
LgVerdict *lg_planner_get_verdict(LgPlanner *planner);
LgFigures *lg_planner_get_figures(LgPlanner *planner);

/* The input of a path; NULL where there is none. */
LgField *lg_planner_get_field(LgPlanner *planner, const char *path);

/* What is shown; NULL as long as nothing is. Borrowed. */
LgOutcome *lg_planner_get_outcome(LgPlanner *planner);

/* Whether something is still being worked out or measured. */
gboolean lg_planner_is_busy(LgPlanner *planner);

/* Measures and asks what being shown would, if it has not been yet. */
void lg_planner_prepare(LgPlanner *planner);

/* The machine, in place of measuring this one; for tests. Takes a copy. */
void lg_planner_set_machine(LgPlanner *planner, JsonObject *machine);

/* Applies a change by its code, as the verdict's buttons do. */
void lg_planner_apply(LgPlanner *planner, const char *code);

G_END_DECLS

#endif
