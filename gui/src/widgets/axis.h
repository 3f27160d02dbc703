/* SPDX-License-Identifier: MIT
 * One axis of a chart: its range, where a value stands on it, and the classic ticks at 1, 2 and 5 times powers of ten.
 */
#ifndef LG_AXIS_H
#define LG_AXIS_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gboolean is_log;
    double low, high;
} LgAxis;

/* An axis on which values from `low` to `high` stand, ends rounded to ticks. A linear one begins at zero where values
 * are not negative. Ranges without width, or that a logarithm cannot have, are widened. */
LgAxis lg_axis_fit(gboolean is_log, double low, double high, guint n_ticks);

/* 0 at the low end, 1 at the high one; outside of the range beyond. */
double lg_axis_place(const LgAxis *axis, double value);

/* About as many as `most` ticks, never more than twice that or `capacity`; returns how many. */
guint lg_axis_ticks(const LgAxis *axis, guint most, double *ticks, guint capacity);

G_END_DECLS

#endif
