/* SPDX-License-Identifier: MIT
 * The preferences of the app.
 */
#include <glib/gi18n.h>

#include "engine/error.h"
#include "engine/machine.h"
#include "mcp/servers_page.h"
#include "preferences.h"

struct _LgPreferences {
    AdwPreferencesWindow parent_instance;
    GSettings *settings;
    AdwComboRow *device;
    GPtrArray *devices; /* LgDevice that are available; NULL: not known yet */
    GCancellable *cancellable;
};

G_DEFINE_TYPE(LgPreferences, lg_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static AdwPreferencesGroup *new_group(AdwPreferencesPage *page, const char *title)
{
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
    adw_preferences_group_set_title(group, title);
    adw_preferences_page_add(page, group);
    return group;
}

static AdwComboRow *new_combo(AdwPreferencesGroup *group, const char *title, const char *subtitle)
{
    AdwComboRow *row = ADW_COMBO_ROW(adw_combo_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    adw_preferences_group_add(group, GTK_WIDGET(row));
    return row;
}

static void on_enum_chosen(AdwComboRow *row, GParamSpec *property, LgPreferences *self)
{
    const char *key = g_object_get_data(G_OBJECT(row), "key");
    if (adw_combo_row_get_selected(row) != GTK_INVALID_LIST_POSITION)
        g_settings_set_enum(self->settings, key, (int)adw_combo_row_get_selected(row));
}

/* The names are in the order of the enumeration. */
static void add_enum(LgPreferences *self, AdwPreferencesGroup *group, const char *key, const char *title,
                     const char *subtitle, const char *const *names)
{
    AdwComboRow *row = new_combo(group, title, subtitle);
    g_autoptr(GtkStringList) list = gtk_string_list_new(names);
    adw_combo_row_set_model(row, G_LIST_MODEL(list));
    adw_combo_row_set_selected(row, (guint)g_settings_get_enum(self->settings, key));
    g_object_set_data_full(G_OBJECT(row), "key", g_strdup(key), g_free);
    g_signal_connect_object(row, "notify::selected", G_CALLBACK(on_enum_chosen), self, 0);
}

static void add_switch(LgPreferences *self, AdwPreferencesGroup *group, const char *key, const char *title,
                       const char *subtitle)
{
    GtkWidget *row = adw_action_row_new(), *control = gtk_switch_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), control);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), control);
    g_settings_bind(self->settings, key, control, "active", G_SETTINGS_BIND_DEFAULT);
    adw_preferences_group_add(group, row);
}

static void on_device_chosen(LgPreferences *self)
{
    guint index = adw_combo_row_get_selected(self->device);
    if (self->devices && index == 0)
        g_settings_set_string(self->settings, "device", "auto");
    else if (self->devices && index <= self->devices->len)
        g_settings_set_string(self->settings, "device", ((const LgDevice *)self->devices->pdata[index - 1])->id);
}

static void on_devices(GObject *engine, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) devices = lg_engine_list_devices_finish(LG_ENGINE(engine), result, &error);
    if (!devices)
        return;
    LgPreferences *self = data;
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    g_autofree char *chosen = g_settings_get_string(self->settings, "device");
    guint selected = 0; /* the first is for the library to choose */
    gtk_string_list_append(names, _("Automatic"));
    for (guint i = 0; i < devices->len;) {
        const LgDevice *device = devices->pdata[i];
        if (!device->available) {
            g_ptr_array_remove_index(devices, i);
            continue;
        }
        g_autofree char *name = g_strdup_printf("%s (%s)", device->name ? device->name : device->id, device->id);
        gtk_string_list_append(names, name);
        i++;
        if (strcmp(device->id, chosen) == 0)
            selected = i;
    }
    adw_combo_row_set_model(self->device, G_LIST_MODEL(names));
    adw_combo_row_set_selected(self->device, selected);
    self->devices = g_steal_pointer(&devices);
}

LgPreferences *lg_preferences_new(LgApplication *application)
{
    const char *const schemes[] = {_("As the system"), _("Light"), _("Dark"), NULL};
    const char *const keys[] = {_("Enter"), _("Ctrl+Enter"), NULL};
    const char *const reasoning[] = {_("Shown folded"), _("Hidden"), _("Not done"), NULL};
    LgPreferences *self = g_object_new(LG_TYPE_PREFERENCES, NULL);
    AdwPreferencesPage *page = ADW_PREFERENCES_PAGE(adw_preferences_page_new());
    self->settings = g_object_ref(lg_application_get_settings(application));
    AdwPreferencesGroup *look = new_group(page, _("Appearance")), *chat = new_group(page, _("Chat"));
    add_enum(self, look, "color-scheme", _("Colours"), NULL, schemes);
    add_enum(self, chat, "send-key", _("A message is sent by"),
             _("The other one of Enter and Ctrl+Enter, or Shift+Enter, "
               "begins a new line"),
             keys);
    add_enum(self, chat, "reasoning", _("What a model thinks aloud"),
             _("“Hidden” lets it think and does not show it; “Not done” keeps it from thinking, where it can be"),
             reasoning);
    add_switch(self, chat, "search-provider", _("Found by the desktop's search"),
               _("Titles and lines of your chats appear among what the desktop finds"));
    self->device = new_combo(new_group(page, _("Computing")), _("Device"), _("What models run on"));
    g_signal_connect_object(self->device, "notify::selected", G_CALLBACK(on_device_chosen), self, G_CONNECT_SWAPPED);
    lg_engine_list_devices_async(lg_application_get_engine(application), self->cancellable, on_devices, self);
    add_switch(self, new_group(page, _("Network use")), "offline", _("Work offline"),
               _("No connection is opened and no helper program started, whatever is asked for. Only servers of "
                 "tools that run as programs on this computer are left alone."));
    adw_preferences_page_set_title(page, _("General"));
    adw_preferences_page_set_icon_name(page, "emblem-system-symbolic");
    adw_preferences_window_add(ADW_PREFERENCES_WINDOW(self), page);
    adw_preferences_window_add(ADW_PREFERENCES_WINDOW(self),
                               ADW_PREFERENCES_PAGE(lg_mcp_servers_page_new(lg_application_get_servers(application))));
    return self;
}

static void lg_preferences_dispose(GObject *object)
{
    LgPreferences *self = LG_PREFERENCES(object);
    g_cancellable_cancel(self->cancellable);
    g_clear_pointer(&self->devices, g_ptr_array_unref);
    g_clear_object(&self->settings);
    G_OBJECT_CLASS(lg_preferences_parent_class)->dispose(object);
}

static void lg_preferences_finalize(GObject *object)
{
    g_object_unref(LG_PREFERENCES(object)->cancellable);
    G_OBJECT_CLASS(lg_preferences_parent_class)->finalize(object);
}

static void lg_preferences_class_init(LgPreferencesClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_preferences_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_preferences_finalize;
}

static void lg_preferences_init(LgPreferences *self)
{
    self->cancellable = g_cancellable_new();
    gtk_window_set_title(GTK_WINDOW(self), _("Preferences"));
    gtk_window_set_modal(GTK_WINDOW(self), TRUE);
    adw_preferences_window_set_search_enabled(ADW_PREFERENCES_WINDOW(self), FALSE);
}
