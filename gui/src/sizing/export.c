/* SPDX-License-Identifier: MIT
 * Saves a report as CSV, JSON, Markdown or PDF.
 */
#include "export.h"

#include "estimator.h"
#include "pdf.h"
#include "planner.h"
#include "scenario.h"
#include "widgets/language.h"
#include "window.h"

#include <glib/gi18n.h>

/* In the menu's order. */
static const struct {
    const char *format, *name, *ending;
} formats[] = {{"csv", N_("CSV"), "csv"},
               {"json", N_("JSON"), "json"},
               {"markdown", N_("Markdown"), "md"},
               {"pdf", N_("PDF"), "pdf"}};
static const struct {
    const char *language, *name;
} languages[] = {{"en", "English"}, {"zh", "中文"}};

typedef struct {
    const LgPlan *plan;
    LgOutcome *answer;
    char *format, *language, *path;
} Order;

static void free_order(gpointer pointer)
{
    Order *order = pointer;
    lg_outcome_unref(order->answer);
    g_free(order->format);
    g_free(order->language);
    g_free(order->path);
    g_free(order);
}

/* A PDF is worked out anew in its language, charts included. */
static gboolean write_pdf(const LgPlan *plan, LgOutcome *answer, const char *language, const char *path, GError **error)
{
    lg_language_choose(language);
    g_autoptr(LgOutcome) translated = lg_outcome_new(plan, answer->draft, NULL);
    gboolean good = FALSE;
    if (translated->report)
        good = lg_pdf_write(plan, translated, path, error);
    else
        g_propagate_error(error, g_error_copy(translated->error));
    lg_language_choose(NULL);
    return good;
}

gboolean lg_export_write(const LgPlan *plan, LgOutcome *answer, const char *format, const char *language,
                         const char *path, GError **error)
{
    if (g_str_equal(format, "pdf"))
        return write_pdf(plan, answer, language, path, error);
    g_autofree char *text = lg_estimator_write(answer->scenario, format, language, error);
    return text && g_file_set_contents(path, text, -1, error);
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Order *order = data;
    GError *error = NULL;
    if (lg_export_write(order->plan, order->answer, order->format, order->language, order->path, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void written(GObject *source, GAsyncResult *result, gpointer data)
{
    const Order *order = g_task_get_task_data(G_TASK(result));
    g_autoptr(GError) error = NULL;
    const gboolean good = g_task_propagate_boolean(G_TASK(result), &error);
    g_autofree char *name = g_path_get_basename(order->path);
    g_autofree char *text =
        good ? g_strdup_printf(_("Saved: %s"), name) : g_strdup_printf(_("Not saved: %s"), error->message);
    lg_window_say(lg_window_of(GTK_WIDGET(source)), text);
}

static void chosen(GtkFileChooserNative *chooser, int response, GTask *task)
{
    Order *order = g_task_get_task_data(task);
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser));
        order->path = file ? g_file_get_path(file) : NULL;
        if (order->path)
            g_task_run_in_thread(task, work);
    }
    gtk_native_dialog_destroy(GTK_NATIVE_DIALOG(chooser));
    g_object_unref(task);
    g_object_unref(chooser);
}

static void save(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    LgPlanner *planner = data;
    LgOutcome *answer = lg_planner_get_outcome(planner);
    const guint which = g_variant_get_uint32(parameter), format = which / 2;
    if (!answer || !answer->report)
        return;
    Order *order = g_new0(Order, 1);
    order->plan = lg_planner_get_plan(planner);
    order->answer = lg_outcome_ref(answer);
    order->format = g_strdup(formats[format].format);
    order->language = g_strdup(languages[which % 2].language);
    GTask *task = g_task_new(planner, NULL, written, NULL);
    g_task_set_task_data(task, order, free_order);
    g_autofree char *model = lg_scenario_model_name(lg_scenario_get(answer->scenario, "model"));
    g_autofree char *name = g_strdup_printf("%s-%s.%s", model, order->plan->name, formats[format].ending);
    g_strdelimit(name, "/\\ ", '-');
    GtkFileChooserNative *chooser =
        gtk_file_chooser_native_new(_("Save the report"), GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(planner))),
                                    GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), name);
    g_signal_connect(chooser, "response", G_CALLBACK(chosen), task);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(chooser));
}

GtkWidget *lg_export_button_new(GtkWidget *planner)
{
    static const GActionEntry entries[] = {{.name = "save", .activate = save, .parameter_type = "u"}};
    GtkWidget *button = gtk_menu_button_new();
    g_autoptr(GMenu) menu = g_menu_new();
    g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new();
    g_action_map_add_action_entries(G_ACTION_MAP(group), entries, G_N_ELEMENTS(entries), planner);
    gtk_widget_insert_action_group(planner, "export", G_ACTION_GROUP(group));
    for (guint l = 0; l < G_N_ELEMENTS(languages); l++) {
        g_autoptr(GMenu) section = g_menu_new();
        for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
            g_autofree char *action = g_strdup_printf("export.save(uint32 %u)", 2 * f + l);
            g_autofree char *label = g_strdup_printf("%s, %s", _(formats[f].name), languages[l].name);
            g_menu_append(section, label, action);
        }
        g_menu_append_section(menu, NULL, G_MENU_MODEL(section));
    }
    gtk_menu_button_set_label(GTK_MENU_BUTTON(button), _("Save as"));
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Save the report"), -1);
    gtk_widget_set_tooltip_text(button, _("Save the report as CSV, JSON, Markdown or PDF"));
    return button;
}
