/* SPDX-License-Identifier: MIT
 * The model that a plan starts from.
 */
#include "model_choice.h"

#include "chooser.h"
#include "field.h"
#include "scenario.h"

#include <glib/gi18n.h>

struct _LgModelChoice {
    AdwActionRow parent_instance;
    JsonNode *model;
    GtkWindow *chooser;          /* while it is open */
    GtkFileChooserNative *files; /* while it is open */
};

G_DEFINE_FINAL_TYPE(LgModelChoice, lg_model_choice, ADW_TYPE_ACTION_ROW)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* Bounds are the schema's. */
static const LgFieldSpec shape[] = {
    {"parameters", .label = N_("Parameters"), .min = 1, .max = 1e18, .initial = 7e9, .is_whole = TRUE,
     .help =
         N_("In all; alone it is enough for training by FLOPs. With a shape it is worked out and can be left out.")},
    {"active_parameters", .label = N_("Active parameters"), .min = 1, .max = 1e18, .is_whole = TRUE,
     .help = N_("That one token uses, where there are experts")},
    {"layers", .label = N_("Layers"), .min = 1, .max = 1e5, .is_whole = TRUE},
    {"hidden", .label = N_("Hidden size"), .min = 1, .max = 1e7, .is_whole = TRUE},
    {"heads", .label = N_("Attention heads"), .min = 1, .max = 1e5, .is_whole = TRUE},
    {"kv_heads", .label = N_("KV heads"), .min = 1, .max = 1e5, .is_whole = TRUE},
    {"ffn", .label = N_("Feed-forward width"), .min = 1, .max = 1e8, .is_whole = TRUE},
    {"vocab", .label = N_("Vocabulary"), .min = 1, .max = 1e8, .is_whole = TRUE},
    {"experts", .label = N_("Experts"), .min = 1, .max = 1e5, .is_whole = TRUE},
    {"experts_used", .label = N_("Experts per token"), .min = 1, .max = 1e5, .is_whole = TRUE},
    {"expert_ffn", .label = N_("Width of an expert"), .min = 1, .max = 1e8, .is_whole = TRUE},
};

typedef struct {
    LgModelChoice *row;
    LgField *fields[G_N_ELEMENTS(shape)];
} Numbers;

static void close_chooser(LgModelChoice *row)
{
    if (row->chooser)
        gtk_window_destroy(row->chooser);
}

JsonNode *lg_model_choice_get_model(LgModelChoice *row) { return json_node_copy(row->model); }

void lg_model_choice_set_about(LgModelChoice *row, const char *text)
{
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
}

void lg_model_choice_set_model(LgModelChoice *row, JsonNode *model)
{
    g_clear_pointer(&row->model, json_node_unref);
    row->model = model;
    g_autofree char *name = lg_scenario_model_name(model);
    g_autofree char *full = g_strdup_printf(_("Model: %s"), name);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, full, -1);
    g_signal_emit(row, signals[CHANGED], 0);
}

void lg_model_choice_set_preset(LgModelChoice *row, const char *name)
{
    lg_model_choice_set_model(row, json_node_init_string(json_node_alloc(), name));
}

void lg_model_choice_set_file(LgModelChoice *row, const char *path)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_string_member(object, "file", path);
    lg_model_choice_set_model(row, json_node_init_object(json_node_alloc(), object));
}

static void preset_chosen(const char *value, gpointer row) { lg_model_choice_set_preset(row, value); }

static void file_chosen(LgModelChoice *row, int response)
{
    if (response == GTK_RESPONSE_ACCEPT) {
        g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(row->files));
        g_autofree char *path = file ? g_file_get_path(file) : NULL;
        if (path)
            lg_model_choice_set_file(row, path);
        close_chooser(row);
    }
    gtk_native_dialog_destroy(GTK_NATIVE_DIALOG(row->files));
    g_clear_object(&row->files);
}

static void choose_file(LgModelChoice *row, const char *title, GtkFileChooserAction action)
{
    GtkWindow *above = row->chooser ? row->chooser : GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(row)));
    if (row->files)
        return;
    row->files = gtk_file_chooser_native_new(title, above, action, _("_Open"), _("_Cancel"));
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(row->files), TRUE);
    if (action == GTK_FILE_CHOOSER_ACTION_OPEN) {
        g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
        gtk_file_filter_set_name(filter, _("Models (GGUF, config.json)"));
        gtk_file_filter_add_suffix(filter, "gguf");
        gtk_file_filter_add_suffix(filter, "json");
        gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(row->files), filter);
    }
    g_signal_connect_swapped(row->files, "response", G_CALLBACK(file_chosen), row);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(row->files));
}

static void choose_a_file(LgModelChoice *row) { choose_file(row, _("Open a model"), GTK_FILE_CHOOSER_ACTION_OPEN); }

static void choose_a_folder(LgModelChoice *row)
{
    choose_file(row, _("Open a Hugging Face folder"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER);
}

static void use_numbers(GtkWidget *button, Numbers *numbers)
{
    g_autoptr(JsonObject) object = json_object_new();
    for (guint i = 0; i < G_N_ELEMENTS(shape); i++)
        if (!lg_field_write(numbers->fields[i], object)) {
            gtk_widget_child_focus(GTK_WIDGET(numbers->fields[i]), GTK_DIR_TAB_FORWARD);
            return;
        }
    if (json_object_get_size(object) == 0) {
        lg_field_refuse(numbers->fields[0], _("A number of parameters, or a shape, is expected"));
        return;
    }
    if (json_object_has_member(object, "layers")) /* the shape says how many */
        json_object_remove_member(object, "parameters");
    LgModelChoice *row = numbers->row;
    lg_model_choice_set_model(row, json_node_init_object(json_node_alloc(), object));
    close_chooser(row);
}

static GtkWidget *numbers_row(LgModelChoice *row)
{
    GtkWidget *expander = adw_expander_row_new(), *last = adw_action_row_new();
    GtkWidget *button = gtk_button_new_with_label(_("Use these numbers"));
    Numbers *numbers = g_new0(Numbers, 1);
    numbers->row = row;
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(expander), _("Bare numbers"));
    adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(expander), _("A number of parameters, or layers and widths"));
    for (guint i = 0; i < G_N_ELEMENTS(shape); i++) {
        numbers->fields[i] = LG_FIELD(lg_field_new(&shape[i]));
        adw_expander_row_add_row(ADW_EXPANDER_ROW(expander), GTK_WIDGET(numbers->fields[i]));
    }
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(button, "suggested-action");
    g_signal_connect(button, "clicked", G_CALLBACK(use_numbers), numbers);
    adw_action_row_add_suffix(ADW_ACTION_ROW(last), button);
    gtk_widget_set_focusable(last, FALSE);
    adw_expander_row_add_row(ADW_EXPANDER_ROW(expander), last);
    /* the list that libadwaita makes */
    gtk_accessible_update_property(GTK_ACCESSIBLE(gtk_widget_get_parent(last)), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Bare numbers"), -1);
    g_object_set_data_full(G_OBJECT(expander), "numbers", numbers, g_free);
    gtk_accessible_update_property(GTK_ACCESSIBLE(expander), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Bare numbers"), -1);
    return expander;
}

static GtkWidget *open_row(const char *title, const char *subtitle, GCallback callback, LgModelChoice *row)
{
    GtkWidget *open = adw_action_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(open), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(open), subtitle);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(open), TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(open), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    g_signal_connect_swapped(open, "activated", callback, row);
    return open;
}

static GtkWidget *own_models(LgModelChoice *row)
{
    GtkWidget *list = gtk_list_box_new();
    gtk_widget_add_css_class(list, "boxed-list");
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Own models"), -1);
    gtk_list_box_append(GTK_LIST_BOX(list),
                        open_row(_("Open a file…"), _("GGUF or config.json"), G_CALLBACK(choose_a_file), row));
    gtk_list_box_append(GTK_LIST_BOX(list), open_row(_("Open a folder…"), _("As Hugging Face has models"),
                                                     G_CALLBACK(choose_a_folder), row));
    gtk_list_box_append(GTK_LIST_BOX(list), numbers_row(row));
    return list;
}

GtkWindow *lg_model_choice_choose(LgModelChoice *row)
{
    if (!row->chooser) {
        g_autoptr(GPtrArray) items = lg_chooser_models();
        row->chooser =
            lg_chooser_show(GTK_WIDGET(row), _("Choose a model"), items, own_models(row), preset_chosen, row);
        g_object_add_weak_pointer(G_OBJECT(row->chooser), (gpointer *)&row->chooser);
    }
    return row->chooser;
}

static void lg_model_choice_activate(AdwActionRow *row) { lg_model_choice_choose(LG_MODEL_CHOICE(row)); }

static void dispose(GObject *object)
{
    LgModelChoice *row = LG_MODEL_CHOICE(object);
    close_chooser(row);
    if (row->files)
        gtk_native_dialog_destroy(GTK_NATIVE_DIALOG(row->files));
    g_clear_object(&row->files);
    g_clear_pointer(&row->model, json_node_unref);
    G_OBJECT_CLASS(lg_model_choice_parent_class)->dispose(object);
}

static void lg_model_choice_class_init(LgModelChoiceClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    ADW_ACTION_ROW_CLASS(class)->activate = lg_model_choice_activate;
    signals[CHANGED] =
        g_signal_new("changed", LG_TYPE_MODEL_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_model_choice_init(LgModelChoice *row)
{
    static const char initial[] = "Llama-3.1-8B";
    GtkWidget *icon = gtk_image_new_from_icon_name("go-next-symbolic");
    gtk_accessible_update_state(GTK_ACCESSIBLE(icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
    adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), icon);
    lg_model_choice_set_preset(row, initial);
}

GtkWidget *lg_model_choice_new(void) { return g_object_new(LG_TYPE_MODEL_CHOICE, NULL); }
