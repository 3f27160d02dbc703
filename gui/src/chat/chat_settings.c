/* SPDX-License-Identifier: MIT
 * The settings of one chat.
 */
#include <glib/gi18n.h>
#include <math.h>

#include "chat/chat_settings.h"
#include "chat/history_actions.h"
#include "store/lists.h"

/* A number of the parameters and how it is shown; one that may be left to the model is so a step below its lowest. */
struct field {
    const char *title, *subtitle;
    double low, high, step;
    guint digits;
    gsize offset;
    enum { A_DOUBLE, AN_INT, A_UINT64 } type;
    gboolean of_model;
};

#define OF(member) offsetof(LgParameters, member)
static const struct field fields[] = {
    {N_("Temperature"), N_("How freely words are chosen; 0: always the likeliest"), 0, 5, 0.1, 2,
     OF(sampling.temperature), A_DOUBLE, TRUE},
    {N_("Top-p"), N_("Only the likeliest tokens up to this share of probability"), 0, 1, 0.05, 2, OF(sampling.top_p),
     A_DOUBLE, TRUE},
    {N_("Top-k"), N_("Only so many of the likeliest tokens; 0: all"), 0, 1000, 5, 0, OF(sampling.top_k), AN_INT, TRUE},
    {N_("Min-p"), N_("Only tokens at least this likely compared with the likeliest"), 0, 1, 0.01, 2, OF(sampling.min_p),
     A_DOUBLE, TRUE},
    {N_("Repetition penalty"), N_("Above 1, words that were said become less likely"), 0.1, 3, 0.05, 2,
     OF(sampling.repetition_penalty), A_DOUBLE, TRUE},
    {N_("Longest answer"), N_("In tokens; 0: until the model ends it"), 0, 1e6, 64, 0, OF(sampling.max_tokens),
     A_UINT64, FALSE},
    {N_("Context"), N_("Tokens that the model can read at once; 0: its own, at most 8192"), 0, 1048576, 1024, 0,
     OF(n_positions), A_UINT64, FALSE},
};

struct _LgChatSettings {
    AdwPreferencesWindow parent_instance;
    GtkTextBuffer *system_prompt;
    GtkSpinButton *spins[G_N_ELEMENTS(fields)];
    GtkSpinButton *seed;
    GtkSwitch *has_seed, *drop_oldest;
    LgStore *store;
    LgNameList *presets;
    AdwComboRow *preset, *reasoning;
    GtkEditable *preset_name;
    GtkWidget *rename_preset, *delete_preset;
    LgParameters parameters, before;
    char *text, *text_before;
};

G_DEFINE_TYPE(LgChatSettings, lg_chat_settings, ADW_TYPE_PREFERENCES_WINDOW)

static guint changed_signal;

const LgParameters *lg_chat_settings_get_parameters(LgChatSettings *self) { return &self->parameters; }
const char *lg_chat_settings_get_system_prompt(LgChatSettings *self) { return self->text; }

/* --- Between widgets and values -------------------------------------------------------------------------------------
 */

/* Values are rounded to the digits that are shown, and not more exact. */
static gboolean is_of_model(const struct field *field, double value)
{
    return field->of_model && value < field->low - field->step / 2;
}

static double value_of(const LgParameters *parameters, const struct field *field)
{
    const char *at = (const char *)parameters + field->offset;
    return field->type == A_DOUBLE ? *(const double *)at
           : field->type == AN_INT ? *(const int *)at
                                   : (double)*(const guint64 *)at;
}

static void set_value(LgParameters *parameters, const struct field *field, double value)
{
    char *at = (char *)parameters + field->offset;
    if (is_of_model(field, value))
        value = -1;
    if (field->type == A_DOUBLE)
        *(double *)at = round(value * 1e4) / 1e4;
    else if (field->type == AN_INT)
        *(int *)at = (int)value;
    else
        *(guint64 *)at = (guint64)value;
}

static void show(LgChatSettings *self, const LgParameters *parameters, const char *system_prompt)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        gtk_spin_button_set_value(self->spins[i], value_of(parameters, &fields[i]));
    gtk_switch_set_active(self->has_seed, parameters->sampling.has_seed);
    gtk_spin_button_set_value(self->seed, (double)parameters->sampling.seed);
    gtk_switch_set_active(self->drop_oldest, parameters->drop_oldest);
    adw_combo_row_set_selected(self->reasoning, parameters->reasoning);
    gtk_text_buffer_set_text(self->system_prompt, system_prompt ? system_prompt : "", -1);
}

static void read_all(LgChatSettings *self)
{
    GtkTextIter start, end;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        set_value(&self->parameters, &fields[i], gtk_spin_button_get_value(self->spins[i]));
    self->parameters.sampling.has_seed = gtk_switch_get_active(self->has_seed);
    self->parameters.sampling.seed = (guint64)gtk_spin_button_get_value(self->seed);
    self->parameters.drop_oldest = gtk_switch_get_active(self->drop_oldest);
    self->parameters.reasoning = (LgReasoning)adw_combo_row_get_selected(self->reasoning);
    gtk_text_buffer_get_bounds(self->system_prompt, &start, &end);
    g_free(self->text);
    self->text = gtk_text_buffer_get_text(self->system_prompt, &start, &end, FALSE);
}

static gboolean lg_chat_settings_close_request(GtkWindow *window)
{
    LgChatSettings *self = LG_CHAT_SETTINGS(window);
    read_all(self);
    g_autofree char *now = lg_parameters_to_json(&self->parameters);
    g_autofree char *before = lg_parameters_to_json(&self->before);
    if (g_strcmp0(now, before) != 0 || strcmp(self->text, self->text_before) != 0)
        g_signal_emit(self, changed_signal, 0);
    return GTK_WINDOW_CLASS(lg_chat_settings_parent_class)->close_request(window);
}

/* --- Presets --------------------------------------------------------------------------------------------------------
 */

/* NULL: none. */
static LgPreset *get_preset(LgChatSettings *self)
{
    const guint index = adw_combo_row_get_selected(self->preset);
    return index == 0 || index == GTK_INVALID_LIST_POSITION
               ? NULL
               : g_list_model_get_item(G_LIST_MODEL(self->presets), index - 1);
}

static void rename_preset(LgChatSettings *self)
{
    g_autoptr(LgPreset) preset = get_preset(self);
    if (preset)
        lg_history_rename_preset(GTK_WIDGET(self), self->store, preset->id, preset->name);
}

static void delete_preset(LgChatSettings *self)
{
    g_autoptr(LgPreset) preset = get_preset(self);
    if (preset)
        lg_history_delete_preset(GTK_WIDGET(self), self->store, preset->id);
}

static void on_preset_chosen(LgChatSettings *self)
{
    g_autoptr(LgPreset) preset = get_preset(self);
    gtk_widget_set_sensitive(self->rename_preset, preset != NULL);
    gtk_widget_set_sensitive(self->delete_preset, preset != NULL);
    if (!preset)
        return;
    LgParameters parameters;
    lg_parameters_parse(&parameters, preset->parameters);
    show(self, &parameters, preset->system_prompt);
}

static void fill_presets(LgChatSettings *self)
{
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    gtk_string_list_append(names, _("None"));
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->presets));
    for (guint i = 0; i < n; i++) {
        g_autoptr(LgPreset) preset = g_list_model_get_item(G_LIST_MODEL(self->presets), i);
        gtk_string_list_append(names, preset->name);
    }
    adw_combo_row_set_model(self->preset, G_LIST_MODEL(names));
    gtk_widget_set_sensitive(GTK_WIDGET(self->preset), n > 0);
    on_preset_chosen(self);
}

struct preset {
    char *name, *system_prompt, *parameters;
};

static void free_preset(gpointer data)
{
    struct preset *preset = data;
    g_free(preset->name);
    g_free(preset->system_prompt);
    g_free(preset->parameters);
    g_free(preset);
}

static gpointer store_preset(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    const struct preset *preset = data;
    gint64 id = 0;
    g_autoptr(GPtrArray) all = lg_store_list_presets(store, error);
    if (!all)
        return NULL;
    for (guint i = 0; i < all->len; i++)
        if (strcmp(((const LgPreset *)all->pdata[i])->name, preset->name) == 0)
            id = ((const LgPreset *)all->pdata[i])->id;
    return lg_store_save_preset(store, id, preset->name, preset->system_prompt, preset->parameters, NULL, error)
               ? g_malloc0(1)
               : NULL;
}

static void on_preset_saved(GObject *store, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgChatSettings) self = data;
    g_autoptr(GError) error = NULL;
    g_autofree gpointer good = lg_store_run_finish(LG_STORE(store), result, &error);
    g_autofree char *text = g_markup_escape_text(good ? _("The preset is saved") : error->message, -1);
    adw_preferences_window_add_toast(ADW_PREFERENCES_WINDOW(self), adw_toast_new(text));
}

static void save_preset(LgChatSettings *self)
{
    g_autofree char *name = g_strstrip(g_strdup(gtk_editable_get_text(self->preset_name)));
    if (!name[0])
        return;
    read_all(self);
    struct preset *preset = g_new0(struct preset, 1);
    preset->name = g_steal_pointer(&name);
    preset->system_prompt = self->text[0] ? g_strdup(self->text) : NULL;
    preset->parameters = lg_parameters_to_json(&self->parameters);
    gtk_editable_set_text(self->preset_name, "");
    lg_store_run_async(self->store, store_preset, preset, free_preset, g_free, NULL, on_preset_saved,
                       g_object_ref(self));
}

/* --- Rows -----------------------------------------------------------------------------------------------------------
 */

static AdwPreferencesGroup *new_group(AdwPreferencesPage *page, const char *title, const char *description)
{
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
    adw_preferences_group_set_title(group, title);
    adw_preferences_group_set_description(group, description);
    adw_preferences_page_add(page, group);
    return group;
}

static void add_row(AdwPreferencesGroup *group, const char *title, const char *subtitle, GtkWidget *control)
{
    GtkWidget *row = adw_action_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 3);
    gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), control);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), control);
    adw_preferences_group_add(group, row);
}

static GtkWidget *add_preset_button(LgChatSettings *self, const char *icon, const char *name, gpointer on_clicked)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_signal_connect_object(button, "clicked", G_CALLBACK(on_clicked), self, G_CONNECT_SWAPPED);
    adw_action_row_add_suffix(ADW_ACTION_ROW(self->preset), button);
    return button;
}

static void add_presets(LgChatSettings *self, AdwPreferencesPage *page)
{
    AdwPreferencesGroup *group = new_group(page, _("Presets"), NULL);
    self->presets = lg_preset_list_new(self->store);
    self->preset = ADW_COMBO_ROW(adw_combo_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->preset), _("Take from"));
    self->rename_preset = add_preset_button(self, "document-edit-symbolic", _("Rename preset"), rename_preset);
    self->delete_preset = add_preset_button(self, "user-trash-symbolic", _("Delete preset"), delete_preset);
    g_signal_connect_object(self->preset, "notify::selected", G_CALLBACK(on_preset_chosen), self, G_CONNECT_SWAPPED);
    g_signal_connect_object(self->presets, "loaded", G_CALLBACK(fill_presets), self, G_CONNECT_SWAPPED);
    fill_presets(self);
    GtkWidget *name = adw_entry_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(name), _("Save as a preset named"));
    adw_entry_row_set_show_apply_button(ADW_ENTRY_ROW(name), TRUE);
    g_signal_connect_object(name, "apply", G_CALLBACK(save_preset), self, G_CONNECT_SWAPPED);
    self->preset_name = GTK_EDITABLE(name);
    adw_preferences_group_add(group, GTK_WIDGET(self->preset));
    adw_preferences_group_add(group, name);
}

static void add_system_prompt(LgChatSettings *self, AdwPreferencesPage *page)
{
    AdwPreferencesGroup *group =
        new_group(page, _("System prompt"), _("What the model is told before everything else"));
    GtkWidget *view = gtk_text_view_new(), *scroller = gtk_scrolled_window_new();
    self->system_prompt = gtk_text_view_get_buffer(GTK_TEXT_VIEW(view));
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(view), FALSE);
    gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view), 12);
    gtk_text_view_set_right_margin(GTK_TEXT_VIEW(view), 12);
    gtk_text_view_set_top_margin(GTK_TEXT_VIEW(view), 9);
    gtk_text_view_set_bottom_margin(GTK_TEXT_VIEW(view), 9);
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL, _("System prompt"), -1);
    gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(scroller), 90);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scroller), 200);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroller), TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, _("System prompt"), -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), view);
    gtk_widget_add_css_class(scroller, "lg-composer");
    adw_preferences_group_add(group, scroller);
}

static gboolean show_number(GtkSpinButton *spin, gpointer data)
{
    if (!is_of_model(data, gtk_spin_button_get_value(spin)))
        return FALSE;
    gtk_editable_set_text(GTK_EDITABLE(spin), _("Model’s own"));
    return TRUE;
}

static int read_number(GtkSpinButton *spin, double *value, gpointer data)
{
    const struct field *field = data;
    if (strcmp(gtk_editable_get_text(GTK_EDITABLE(spin)), _("Model’s own")) != 0)
        return FALSE;
    *value = field->low - field->step;
    return TRUE;
}

static void add_reasoning(LgChatSettings *self, AdwPreferencesGroup *group)
{
    /* As LgReasoning has them. */
    const char *const choices[] = {_("As in Preferences"), _("Shown folded"), _("Hidden"), _("Not done"), NULL};
    g_autoptr(GtkStringList) list = gtk_string_list_new(choices);
    self->reasoning = ADW_COMBO_ROW(adw_combo_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->reasoning), _("What the model thinks aloud"));
    adw_combo_row_set_model(self->reasoning, G_LIST_MODEL(list));
    adw_preferences_group_add(group, GTK_WIDGET(self->reasoning));
}

static void add_parameters(LgChatSettings *self, AdwPreferencesPage *page)
{
    AdwPreferencesGroup *group = new_group(page, _("Answers"), NULL);
    add_reasoning(self, group);
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const struct field *field = &fields[i];
        const double low = field->of_model ? field->low - field->step : field->low;
        GtkWidget *spin = gtk_spin_button_new_with_range(low, field->high, field->step);
        gtk_spin_button_set_digits(GTK_SPIN_BUTTON(spin), field->digits);
        gtk_editable_set_width_chars(GTK_EDITABLE(spin), field->of_model ? 11 : 6);
        if (field->of_model) {
            g_signal_connect(spin, "output", G_CALLBACK(show_number), (gpointer)field);
            g_signal_connect(spin, "input", G_CALLBACK(read_number), (gpointer)field);
            gtk_spin_button_update(GTK_SPIN_BUTTON(spin));
        }
        self->spins[i] = GTK_SPIN_BUTTON(spin);
        add_row(group, _(field->title), _(field->subtitle), spin);
    }
    self->has_seed = GTK_SWITCH(gtk_switch_new());
    self->seed = GTK_SPIN_BUTTON(gtk_spin_button_new_with_range(0, 4294967295.0, 1));
    self->drop_oldest = GTK_SWITCH(gtk_switch_new());
    g_object_bind_property(self->has_seed, "active", self->seed, "sensitive", G_BINDING_SYNC_CREATE);
    add_row(group, _("Fixed seed"), _("The same question gets the same answer"), GTK_WIDGET(self->has_seed));
    add_row(group, _("Seed"), NULL, GTK_WIDGET(self->seed));
    add_row(group, _("Leave out the oldest messages"),
            _("When a conversation is longer than the context; otherwise it cannot be answered"),
            GTK_WIDGET(self->drop_oldest));
}

LgChatSettings *lg_chat_settings_new(LgStore *store, const LgParameters *parameters, const char *system_prompt)
{
    LgChatSettings *self = g_object_new(LG_TYPE_CHAT_SETTINGS, NULL);
    AdwPreferencesPage *page = ADW_PREFERENCES_PAGE(adw_preferences_page_new());
    adw_preferences_page_set_title(page, _("Settings of this chat"));
    self->parameters = self->before = *parameters;
    self->text_before = g_strdup(system_prompt ? system_prompt : "");
    self->text = g_strdup(self->text_before);
    add_system_prompt(self, page);
    if (store) {
        self->store = g_object_ref(store);
        add_presets(self, page);
    }
    add_parameters(self, page);
    adw_preferences_window_add(ADW_PREFERENCES_WINDOW(self), page);
    show(self, parameters, system_prompt);
    return self;
}

static void lg_chat_settings_finalize(GObject *object)
{
    LgChatSettings *self = LG_CHAT_SETTINGS(object);
    g_clear_object(&self->presets);
    g_clear_object(&self->store);
    g_free(self->text);
    g_free(self->text_before);
    G_OBJECT_CLASS(lg_chat_settings_parent_class)->finalize(object);
}

static void lg_chat_settings_class_init(LgChatSettingsClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_chat_settings_finalize;
    GTK_WINDOW_CLASS(class)->close_request = lg_chat_settings_close_request;
    changed_signal =
        g_signal_new("changed", LG_TYPE_CHAT_SETTINGS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_chat_settings_init(LgChatSettings *self)
{
    gtk_window_set_title(GTK_WINDOW(self), _("Settings of this chat"));
    gtk_window_set_modal(GTK_WINDOW(self), TRUE);
    gtk_window_set_default_size(GTK_WINDOW(self), 560, 640);
    adw_preferences_window_set_search_enabled(ADW_PREFERENCES_WINDOW(self), FALSE);
}
