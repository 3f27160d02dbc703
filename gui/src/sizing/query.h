/* SPDX-License-Identifier: MIT
 * Asks the estimator while someone drags a slider: on another thread, at most once a frame, and the newest question
 * wins.
 */
#ifndef LG_QUERY_H
#define LG_QUERY_H

#include "plan.h"

G_BEGIN_DECLS

/* What became of a draft: a report, or an error; and charts. */
typedef struct {
    gatomicrefcount count;
    JsonObject *draft, *scenario;
    LgReport *report; /* NULL where there is an error */
    GError *error;
    GPtrArray *charts;     /* LgChartData */
    gboolean is_overtaken; /* a newer question came meanwhile; the charts are not complete */
} LgOutcome;

LgOutcome *lg_outcome_ref(LgOutcome *answer);
void lg_outcome_unref(LgOutcome *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgOutcome, lg_outcome_unref)

/* Asked and answered at once; what the thread does. */
LgOutcome *lg_outcome_new(const LgPlan *plan, JsonObject *draft, GCancellable *cancellable);

#define LG_TYPE_QUERY (lg_query_get_type())
G_DECLARE_FINAL_TYPE(LgQuery, lg_query, LG, QUERY, GObject)

/* Emits "answered" with an LgOutcome *, borrowed, on the main loop. */
LgQuery *lg_query_new(const LgPlan *plan);

/* The draft is copied. Of the question that is being worked on the report is still told, so that figures follow a
 * slider that does not rest; its charts are left off. Those between are never begun. */
void lg_query_ask(LgQuery *query, JsonObject *draft);

/* Whether an answer is to come. */
gboolean lg_query_is_busy(LgQuery *query);

/* Nothing is told any more until the next question. */
void lg_query_forget(LgQuery *query);

G_END_DECLS

#endif
