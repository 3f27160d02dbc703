/* SPDX-License-Identifier: MIT
 * What this machine is.
 */
#include "machine_row.h"

#include "machine.h"
#include "scenario.h"
#include "widgets/quantity.h"

#include <glib/gi18n.h>

struct _LgMachineRow {
    AdwActionRow parent_instance;
    JsonObject *machine;
    GCancellable *cancellable; /* of what is measured; NULL: nothing is */
    gboolean is_calibrating;
    GtkWidget *calibrate, *spinner;
};

G_DEFINE_FINAL_TYPE(LgMachineRow, lg_machine_row, ADW_TYPE_ACTION_ROW)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

JsonObject *lg_machine_row_get_machine(LgMachineRow *row) { return row->machine; }

gboolean lg_machine_row_is_busy(LgMachineRow *row) { return row->cancellable != NULL; }

static void show(LgMachineRow *row, const char *problem)
{
    const gboolean is_busy = row->cancellable != NULL;
    g_autofree char *memory =
        row->machine ? lg_quantity_brief(lg_scenario_number(row->machine, "memory", 0), "B") : g_strdup("");
    const char *name = row->machine ? lg_scenario_text(row->machine, "name") : NULL;
    g_autofree char *about = problem         ? g_strdup(problem)
                             : is_busy       ? g_strdup(_("Being measured…"))
                             : !row->machine ? g_strdup("")
                             : lg_machine_is_calibrated(row->machine)
                                 ? g_strdup_printf(_("%s available; measured closely"), memory)
                                 : g_strdup_printf(_("%s available; measuring closely narrows the intervals"), memory);
    g_autofree char *label = g_strdup_printf(_("This machine: %s, %s"), name ? name : "–", about);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name ? name : _("This machine"));
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), about);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    gtk_widget_set_visible(row->spinner, is_busy);
    gtk_spinner_set_spinning(GTK_SPINNER(row->spinner), is_busy);
    gtk_button_set_label(GTK_BUTTON(row->calibrate), row->is_calibrating ? _("Cancel") : _("Measure"));
    gtk_widget_set_visible(row->calibrate, row->is_calibrating ||
                                               (!is_busy && row->machine && !lg_machine_is_calibrated(row->machine)));
}

void lg_machine_row_set_machine(LgMachineRow *row, JsonObject *machine)
{
    JsonObject *copy = lg_scenario_copy(machine);
    if (row->cancellable)
        g_cancellable_cancel(row->cancellable);
    g_clear_object(&row->cancellable);
    g_clear_pointer(&row->machine, json_object_unref);
    row->machine = copy;
    row->is_calibrating = FALSE;
    show(row, NULL);
    g_signal_emit(row, signals[CHANGED], 0);
}

static void measured(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgMachineRow) row = data; /* kept for this */
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) machine = lg_machine_describe_finish(result, &error);
    if (g_task_get_cancellable(G_TASK(result)) != row->cancellable)
        return; /* another came in its place */
    if (machine) {
        lg_machine_row_set_machine(row, machine);
        return;
    }
    const gboolean is_cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_clear_object(&row->cancellable);
    row->is_calibrating = FALSE;
    show(row, is_cancelled ? NULL : error->message);
    g_signal_emit(row, signals[CHANGED], 0);
}

void lg_machine_row_measure(LgMachineRow *row)
{
    if (row->machine || row->cancellable)
        return;
    row->cancellable = g_cancellable_new();
    lg_machine_describe(row->cancellable, measured, g_object_ref(row));
    show(row, NULL);
}

static void progressed(double share, gpointer data)
{
    LgMachineRow *row = data;
    g_autofree char *text = g_strdup_printf(_("Measuring closely: %.0f %%"), 100 * share);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
}

static void clicked(LgMachineRow *row)
{
    if (row->is_calibrating) {
        g_cancellable_cancel(row->cancellable);
        return;
    }
    row->is_calibrating = TRUE;
    row->cancellable = g_cancellable_new();
    lg_machine_calibrate(row->cancellable, progressed, measured, g_object_ref(row));
    show(row, NULL);
}

static void dispose(GObject *object)
{
    LgMachineRow *row = LG_MACHINE_ROW(object);
    if (row->cancellable)
        g_cancellable_cancel(row->cancellable);
    g_clear_object(&row->cancellable);
    g_clear_pointer(&row->machine, json_object_unref);
    G_OBJECT_CLASS(lg_machine_row_parent_class)->dispose(object);
}

static void lg_machine_row_class_init(LgMachineRowClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    signals[CHANGED] =
        g_signal_new("changed", LG_TYPE_MACHINE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_machine_row_init(LgMachineRow *row)
{
    adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
    row->spinner = gtk_spinner_new();
    row->calibrate = gtk_button_new_with_label(_("Measure"));
    gtk_widget_set_valign(row->calibrate, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(row->calibrate, _("Measures this machine closely; takes half a minute"));
    g_signal_connect_swapped(row->calibrate, "clicked", G_CALLBACK(clicked), row);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), row->spinner);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), row->calibrate);
    show(row, NULL);
}

GtkWidget *lg_machine_row_new(void) { return g_object_new(LG_TYPE_MACHINE_ROW, NULL); }
