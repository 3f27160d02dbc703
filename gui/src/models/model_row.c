/* SPDX-License-Identifier: MIT
 * A row of the user's models.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "models/model_row.h"

typedef struct {
    AdwActionRow *row; /* not held: it holds this */
    GtkImage *state, *check;
    LgModel *model;
    GSettings *settings;
} Parts;

static void free_parts(gpointer data)
{
    Parts *parts = data;
    g_signal_handlers_disconnect_by_data(parts->model, parts);
    g_signal_handlers_disconnect_by_data(parts->settings, parts);
    g_object_unref(parts->model);
    g_object_unref(parts->settings);
    g_free(parts);
}

/* Whether new chats use it; "default" and other names stand for files of the folder of models. */
static gboolean is_chosen(const Parts *parts)
{
    g_autofree char *chosen = g_settings_get_string(parts->settings, "default-model");
    const char *name = strcmp(chosen, "default") == 0 ? "SmolLM2-135M-Instruct.Q4_1" : chosen;
    return strcmp(chosen, lg_model_get_path(parts->model)) == 0 ||
           (lg_model_is_in_folder(parts->model) && strcmp(name, lg_model_get_name(parts->model)) == 0);
}

static void show_state(const Parts *parts, const LgFacts *facts)
{
    const char *icon = "content-loading-symbolic", *meaning = _("Is being looked at");
    const char *class = NULL;
    if (facts && facts->problem) {
        icon = "dialog-error-symbolic";
        meaning = _("Cannot be used");
        class = "error";
    } else if (facts && facts->is_sized && facts->fits) {
        icon = "emblem-ok-symbolic";
        meaning = _("Fits on this machine");
        class = "success";
    } else if (facts) {
        icon = "dialog-warning-symbolic";
        meaning = facts->is_sized ? _("Does not fit on this machine") : _("Not known whether it fits");
        class = "warning";
    }
    gtk_image_set_from_icon_name(parts->state, icon);
    gtk_widget_set_css_classes(GTK_WIDGET(parts->state), (const char *[]){class, NULL});
    gtk_widget_set_tooltip_text(GTK_WIDGET(parts->state), meaning);
    gtk_accessible_update_property(GTK_ACCESSIBLE(parts->state), GTK_ACCESSIBLE_PROPERTY_LABEL, meaning, -1);
}

static void show(gpointer data)
{
    const Parts *parts = data;
    const LgFacts *facts = lg_model_get_facts(parts->model);
    const double measured = lg_model_get_measured(parts->model);
    GString *text = g_string_new(NULL);
    show_state(parts, facts);
    if (facts) {
        g_autofree char *what = lg_facts_describe(facts), *does = lg_facts_predict(facts);
        g_string_append_printf(text, "%s%s%s", what, *what ? "\n" : "", does);
        if (measured > 0) {
            g_string_append_c(text, '\n');
            g_string_append_printf(text, _("Measured here: %.1f tokens/s"), measured);
        }
    } else {
        g_string_append(text, _("Looking at it …"));
    }
    adw_action_row_set_subtitle(parts->row, text->str);
    gtk_widget_set_visible(GTK_WIDGET(parts->check), is_chosen(parts));
    g_string_free(text, TRUE);
}

static void add_item(GMenu *menu, const char *label, const char *action, const char *path)
{
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);
    g_menu_item_set_action_and_target(item, action, "s", path);
    g_menu_append_item(menu, item);
}

static GtkWidget *new_menu(LgModel *model)
{
    const char *path = lg_model_get_path(model);
    g_autoptr(GMenu) menu = g_menu_new(), use = g_menu_new(), away = g_menu_new();
    g_autofree char *label = g_strdup_printf(_("Actions for %s"), lg_model_get_name(model));
    add_item(use, _("_Use for new chats"), "models.use", path);
    add_item(use, _("_Size it"), "models.size", path);
    add_item(use, _("Show in _Files"), "models.show", path);
    add_item(away, _("_Remove from the list"), "models.remove", path);
    if (lg_model_is_in_folder(model))
        add_item(away, _("_Delete from the disk"), "models.delete", path);
    g_menu_append_section(menu, NULL, G_MENU_MODEL(use));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(away));
    GtkWidget *button = gtk_menu_button_new();
    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "view-more-symbolic");
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, label);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    return button;
}

GtkWidget *lg_model_row_new(LgModel *model, GSettings *settings)
{
    Parts *parts = g_new0(Parts, 1);
    GtkWidget *row = adw_action_row_new();
    g_autofree char *escaped = g_markup_escape_text(lg_model_get_name(model), -1);
    parts->row = ADW_ACTION_ROW(row);
    parts->model = g_object_ref(model);
    parts->settings = g_object_ref(settings);
    parts->state = GTK_IMAGE(gtk_image_new());
    parts->check = GTK_IMAGE(gtk_image_new_from_icon_name("object-select-symbolic"));
    gtk_widget_set_tooltip_text(GTK_WIDGET(parts->check), _("Answers in new chats"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(parts->check), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Answers in new chats"), -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, lg_model_get_name(model), -1);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), escaped);
    gtk_widget_set_tooltip_text(row, lg_model_get_path(model));
    adw_action_row_set_title_lines(parts->row, 2);
    adw_action_row_set_subtitle_lines(parts->row, 0);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
    gtk_actionable_set_action_target(GTK_ACTIONABLE(row), "s", lg_model_get_path(model));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(row), "models.use");
    adw_action_row_add_prefix(parts->row, GTK_WIDGET(parts->state));
    adw_action_row_add_suffix(parts->row, GTK_WIDGET(parts->check));
    adw_action_row_add_suffix(parts->row, new_menu(model));
    g_object_set_data_full(G_OBJECT(row), "parts", parts, free_parts);
    g_signal_connect_data(model, "changed", G_CALLBACK(show), parts, NULL, G_CONNECT_SWAPPED);
    g_signal_connect_data(settings, "changed::default-model", G_CALLBACK(show), parts, NULL, G_CONNECT_SWAPPED);
    show(parts);
    return row;
}
