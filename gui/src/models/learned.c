/* SPDX-License-Identifier: MIT
 * What answers on this machine have taught about the estimator's speeds.
 */
#include "models/learned.h"

#include <math.h>

/* Measurements count as if there was this much of one that agrees with its prediction. */
#define DOUBT 0.25
/* Who is further off than this was disturbed, and teaches no more than this. */
#define RATIO_MAX 4

typedef struct {
    double predicted, measured;
} Point;

struct _LgLearned {
    GHashTable *points; /* Point by the model's path */
};

LgLearned *lg_learned_new(void)
{
    LgLearned *self = g_new0(LgLearned, 1);
    self->points = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return self;
}

void lg_learned_free(LgLearned *self)
{
    if (!self)
        return;
    g_hash_table_unref(self->points);
    g_free(self);
}

void lg_learned_note(LgLearned *self, const char *model, double predicted, double measured)
{
    if (!isfinite(measured) || measured <= 0)
        return;
    Point *point = g_new0(Point, 1);
    point->predicted = isfinite(predicted) && predicted > 0 ? predicted : 0;
    point->measured = measured;
    g_hash_table_replace(self->points, g_strdup(model), point);
}

double lg_learned_measured(const LgLearned *self, const char *model)
{
    const Point *point = g_hash_table_lookup(self->points, model);
    return point ? point->measured : 0;
}

double lg_learned_factor(const LgLearned *self, double predicted)
{
    const double most = log(RATIO_MAX);
    double sum = 0, weights = DOUBT;
    gpointer value;
    GHashTableIter iter;
    if (!isfinite(predicted) || predicted <= 0)
        return 1;
    g_hash_table_iter_init(&iter, self->points);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Point *point = value;
        if (!(point->predicted > 0))
            continue;
        const double distance = log2(point->predicted / predicted), weight = 1 / (1 + distance * distance);
        sum += weight * CLAMP(log(point->measured / point->predicted), -most, most);
        weights += weight;
    }
    return exp(sum / weights);
}
