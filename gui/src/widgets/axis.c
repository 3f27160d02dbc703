/* SPDX-License-Identifier: MIT
 * One axis of a chart: its range, where a value stands on it, and its ticks.
 */
#include "axis.h"

#include <math.h>

/* The smallest of 1, 2, 5 times a power of ten that is no less than `least`. */
static double round_step(double least)
{
    const double power = pow(10, floor(log10(least)));
    const double ratio = least / power;
    return (ratio <= 1 + 1e-9 ? 1 : ratio <= 2 + 1e-9 ? 2 : ratio <= 5 + 1e-9 ? 5 : 10) * power;
}

/* The largest of 1, 2, 5 times a power of ten that is no more than `value`. */
static double round_down(double value)
{
    const double power = pow(10, floor(log10(value) + 1e-9));
    const double ratio = value / power;
    return (ratio >= 5 - 1e-9 ? 5 : ratio >= 2 - 1e-9 ? 2 : 1) * power;
}

LgAxis lg_axis_fit(gboolean is_log, double low, double high, guint n_ticks)
{
    if (!isfinite(low) || !isfinite(high) || low > high)
        return (LgAxis){is_log, is_log ? 1 : 0, is_log ? 10 : 1};
    if (is_log) {
        if (high <= 0)
            return (LgAxis){TRUE, 1, 10};
        if (low <= 0)
            low = high / 1000;
        LgAxis axis = {TRUE, round_down(low), round_step(high)};
        if (axis.high <= axis.low)
            axis.high = axis.low * 10;
        return axis;
    }
    if (low > 0)
        low = 0;
    if (high < 0)
        high = 0;
    if (high == low)
        high = low + 1;
    const double step = round_step((high - low) / MAX(n_ticks, 1));
    return (LgAxis){FALSE, floor(low / step + 1e-9) * step + 0.0, ceil(high / step - 1e-9) * step};
}

double lg_axis_place(const LgAxis *axis, double value)
{
    if (!axis->is_log)
        return (value - axis->low) / (axis->high - axis->low);
    return value > 0 ? log(value / axis->low) / log(axis->high / axis->low) : -1;
}

static guint linear_ticks(const LgAxis *axis, guint most, double *ticks, guint capacity)
{
    const double step = round_step((axis->high - axis->low) / MAX(most, 1));
    guint n = 0;
    for (double i = ceil(axis->low / step - 1e-9); i * step <= axis->high + 1e-9 * step && n < capacity; i++)
        ticks[n++] = i * step + 0.0; /* no -0 */
    return n;
}

/* Powers of ten, and 2 and 5 times them where there is room; every second power, and so on, where there is not. */
static guint log_ticks(const LgAxis *axis, guint most, double *ticks, guint capacity)
{
    static const double steps[] = {1, 2, 5};
    const double decades = log10(axis->high / axis->low);
    const guint every = decades > most ? (guint)ceil(decades / most) : 1;
    const gboolean is_fine = decades * 3 <= most + 1;
    const double first = floor(log10(axis->low) + 1e-9), last = ceil(log10(axis->high) - 1e-9);
    guint n = 0;
    for (double power = first; power <= last; power += every)
        for (guint i = 0; i < (is_fine ? G_N_ELEMENTS(steps) : 1); i++) {
            const double tick = steps[i] * pow(10, power);
            if (tick >= axis->low * (1 - 1e-9) && tick <= axis->high * (1 + 1e-9) && n < capacity)
                ticks[n++] = tick;
        }
    return n;
}

guint lg_axis_ticks(const LgAxis *axis, guint most, double *ticks, guint capacity)
{
    most = MAX(most, 1);
    return axis->is_log ? log_ticks(axis, most, ticks, capacity) : linear_ticks(axis, most, ticks, capacity);
}
