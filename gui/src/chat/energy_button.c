/* SPDX-License-Identifier: MIT
 * What an answer has taken, as a button that says why.
 */
#include <glib/gi18n.h>

#include "chat/energy.h"
#include "chat/energy_button.h"
#include "sizing/why.h"

static void free_use(gpointer data)
{
    LgEnergyUse *use = data;
    g_free((char *)use->name);
    g_free(use);
}

static void on_estimated(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GtkWidget) button = data;
    g_autoptr(LgReport) report = lg_energy_estimate_finish(result, NULL);
    if (report && gtk_widget_get_root(button))
        lg_why_show(button, report, LG_ENERGY_PATH);
}

static void on_clicked(GtkWidget *button, const LgEnergyUse *use)
{
    lg_energy_estimate_async(use, NULL, on_estimated, g_object_ref(button));
}

GtkWidget *lg_energy_button_new(JsonObject *statistics)
{
    LgEnergyUse use;
    double joules, low, high;
    if (!lg_energy_read(statistics, &use, &joules, &low, &high))
        return NULL;
    g_autofree char *text = lg_energy_text(joules, low, high);
    /* Translators: %s is an energy with its interval; the button says why it is so much */
    g_autofree char *name = g_strdup_printf(_("Energy, an estimate: %s. Why?"), text);
    GtkWidget *button = gtk_button_new_with_label(text);
    LgEnergyUse *kept = g_memdup2(&use, sizeof use);
    kept->name = g_strdup(use.name);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_add_css_class(button, "caption");
    gtk_widget_add_css_class(button, "lg-small");
    gtk_widget_set_tooltip_text(button, name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_object_set_data_full(G_OBJECT(button), "use", kept, free_use);
    g_signal_connect(button, "clicked", G_CALLBACK(on_clicked), kept);
    return button;
}
