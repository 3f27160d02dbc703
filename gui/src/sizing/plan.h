/* SPDX-License-Identifier: MIT
 * A plan is one question of the estimator with its inputs, its verdict and its charts: Run here, Serve users, Train.
 * The pages show any plan alike; plan_run.c, plan_serve.c and plan_train.c say what is in each.
 *
 * What a page's inputs hold is the draft: a scenario with at most a few members of the page's own. finish() makes of it
 * the scenario that the estimator takes.
 */
#ifndef LG_PLAN_H
#define LG_PLAN_H

#include "field.h"
#include "report.h"
#include "widgets/chart_data.h"

G_BEGIN_DECLS

typedef struct {
    const char *title; /* N_() */
    const LgFieldSpec *fields;
    guint n_fields;
    gboolean is_folded; /* behind a row that opens */
} LgFieldGroup;

typedef struct {
    const char *name, *title, *icon; /* title: N_() */
    gboolean needs_machine;
    const LgFieldGroup *groups;
    guint n_groups;
    /* Which of its kinds a draft is; fields that are `only` for others are hidden. */
    const char *(*kind)(JsonObject *draft);
    void (*finish)(JsonObject *draft);
    /* One line: whether it can be done, and at what price. Of a report on a finished scenario. */
    char *(*verdict)(JsonObject *scenario, const LgReport *report);
    /* Paths of the figures that matter most, in order; NULL behind the last. */
    const char *const *figures;
    /* LgChartData; charts ask the estimator again, many times, until they are cancelled. */
    GPtrArray *(*draw)(JsonObject *scenario, const LgReport *report, GCancellable *cancellable);
} LgPlan;

extern const LgPlan lg_plan_run, lg_plan_serve, lg_plan_train;

/* The scenario that a draft stands for; a copy. */
JsonObject *lg_plan_finish(const LgPlan *plan, JsonObject *draft);

/* Whether a field is shown for a kind. */
gboolean lg_plan_has_field(const LgFieldSpec *spec, const char *kind);

/* Inputs that several plans have. */
extern const LgFieldSpec lg_cost_fields[], lg_device_fields[];
extern const guint lg_n_cost_fields, lg_n_device_fields;

/* Stacked bars of one category: the figures at `paths`, in order, of which those that are not there or zero are left
 * out. `names` are N_() or NULL, where figures' own names serve; both end with NULL. */
LgChartData *lg_plan_memory_chart(const char *title, const LgReport *report, const char *const *paths,
                                  const char *const *names);

/* A line through the scenario with each of `values` at `path`, up to the first that cannot be done if `stops`. What is
 * on the axes are the figures `x`, or the values themselves where it is NULL, and `y`. Takes the data's series 0. */
void lg_plan_sweep(LgChartData *data, JsonObject *scenario, const char *path, const double *values, guint n,
                   const char *y, gboolean stops, GCancellable *cancellable);

G_END_DECLS

#endif
