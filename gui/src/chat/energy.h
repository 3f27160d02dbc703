/* SPDX-License-Identifier: MIT
 * What an answer has taken from the socket, as the estimator has it: the power of what computed it, for as long as it
 * did. An estimate, with an interval and what it is worked out from; nothing on this machine measures it.
 */
#ifndef LG_ENERGY_H
#define LG_ENERGY_H

#include <gio/gio.h>

#include "sizing/report.h"

G_BEGIN_DECLS

#define LG_ENERGY_PATH "energy.answer" /* of the figure, in J */

/* What computed, and for how long. */
typedef struct {
    const char *name; /* of the processor or the card */
    gboolean is_card;
    guint n_threads; /* of a processor */
    double seconds;
} LgEnergyUse;

/* A report whose figure LG_ENERGY_PATH is the energy; NULL with an error where that is not known: of a card that no
 * table has. May take some milliseconds. */
LgReport *lg_energy_estimate(const LgEnergyUse *use, GError **error);

/* The same on another thread. */
void lg_energy_estimate_async(const LgEnergyUse *use, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer data);
LgReport *lg_energy_estimate_finish(GAsyncResult *result, GError **error);

/* What is kept of it with the answer, as JSON within its statistics; and again what it was of, whose name is borrowed.
 * FALSE: it is not known. */
char *lg_energy_note(const char *statistics, const LgEnergyUse *use, const LgReport *report);
gboolean lg_energy_read(JsonObject *statistics, LgEnergyUse *use, double *joules, double *low, double *high);

/* The watts of a device whose name in the tables of the estimator is a part of this one, and that name; 0: none is. */
double lg_energy_watts(const char *name, const char **found);

/* "about 12 J (8 – 19)", for people. */
char *lg_energy_text(double joules, double low, double high);

G_END_DECLS

#endif
