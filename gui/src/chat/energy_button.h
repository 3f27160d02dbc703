/* SPDX-License-Identifier: MIT
 * What an answer has taken, as a button that says why.
 */
#ifndef LG_ENERGY_BUTTON_H
#define LG_ENERGY_BUTTON_H

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Of the statistics of an answer; NULL where its energy is not known. */
GtkWidget *lg_energy_button_new(JsonObject *statistics);

G_END_DECLS

#endif
