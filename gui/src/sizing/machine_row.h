/* SPDX-License-Identifier: MIT
 * What this machine is, measured when the row is first asked to, and a button that measures it closely.
 */
#ifndef LG_MACHINE_ROW_H
#define LG_MACHINE_ROW_H

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define LG_TYPE_MACHINE_ROW (lg_machine_row_get_type())
G_DECLARE_FINAL_TYPE(LgMachineRow, lg_machine_row, LG, MACHINE_ROW, AdwActionRow)

/* Emits "changed" when the machine is known, or known better. */
GtkWidget *lg_machine_row_new(void);

/* Measures, unless it has or does. */
void lg_machine_row_measure(LgMachineRow *row);

/* The member "machine" of a scenario; NULL as long as it is not known. Borrowed. */
JsonObject *lg_machine_row_get_machine(LgMachineRow *row);
void lg_machine_row_set_machine(LgMachineRow *row, JsonObject *machine);

gboolean lg_machine_row_is_busy(LgMachineRow *row);

G_END_DECLS

#endif
