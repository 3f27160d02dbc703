/* SPDX-License-Identifier: MIT
 * One input of a scenario as a row.
 */
#include "field.h"

#include "chooser.h"
#include "json.h"
#include "scenario.h"
#include "widgets/drop_down.h"
#include "widgets/quantity.h"

#include <glib/gi18n.h>
#include <math.h>

struct _LgField {
    AdwPreferencesRow parent_instance;
    const LgFieldSpec *spec;
    GtkWidget *control, *slider, *message; /* control: the entry, drop-down, switch or button */
    gboolean is_wrong;                     /* what was entered is no value */
    gboolean is_quiet;                     /* changes come from the program */
    double value;                          /* as shown; NAN: empty */
    char *device;
};

G_DEFINE_FINAL_TYPE(LgField, lg_field, ADW_TYPE_PREFERENCES_ROW)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

enum { ENTRY_CHARS = 9 };

static double factor_of(const LgFieldSpec *spec) { return spec->factor > 0 ? spec->factor : 1; }

const LgFieldSpec *lg_field_get_spec(LgField *field) { return field->spec; }

const char *lg_field_get_message(LgField *field)
{
    return gtk_widget_get_visible(field->message) ? gtk_label_get_text(GTK_LABEL(field->message)) : "";
}

static void say(LgField *field, const char *message)
{
    GtkAccessible *control = GTK_ACCESSIBLE(field->control);
    gtk_label_set_text(GTK_LABEL(field->message), message ? message : "");
    gtk_widget_set_visible(field->message, message != NULL);
    gtk_accessible_update_state(control, GTK_ACCESSIBLE_STATE_INVALID,
                                message ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
    /* a description that is empty is not read */
    gtk_accessible_update_property(control, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   message             ? message
                                   : field->spec->help ? _(field->spec->help)
                                                       : "",
                                   -1);
    if (message)
        gtk_widget_add_css_class(field->control, "error");
    else
        gtk_widget_remove_css_class(field->control, "error");
}

void lg_field_refuse(LgField *field, const char *message)
{
    if (!field->is_wrong)
        say(field, message);
}

static void changed(LgField *field)
{
    if (!field->is_quiet)
        g_signal_emit(field, signals[CHANGED], 0);
}

/* What is wrong with the text; NULL: nothing, and `value` has it, NAN for an empty one. */
static char *check(const LgFieldSpec *spec, const char *text, double *value)
{
    g_autofree char *plain = g_strstrip(g_strdup(text));
    *value = NAN;
    if (!*plain)
        return spec->is_needed ? g_strdup(_("A number is expected")) : NULL;
    char *problem = lg_number_parse(plain, value);
    if (problem)
        return problem;
    if (*value < spec->min) {
        g_autofree char *least = lg_number_input(spec->min);
        return g_strdup_printf(_("At least %s"), least);
    }
    if (*value > spec->max) {
        g_autofree char *most = lg_number_input(spec->max);
        return g_strdup_printf(_("At most %s"), most);
    }
    if (spec->is_whole && *value != floor(*value))
        return g_strdup(_("A whole number is expected"));
    return NULL;
}

static void entered(LgField *field)
{
    if (field->is_quiet)
        return;
    g_autofree char *problem = check(field->spec, gtk_editable_get_text(GTK_EDITABLE(field->control)), &field->value);
    field->is_wrong = problem != NULL;
    say(field, problem);
    if (field->slider && !problem && isfinite(field->value)) {
        field->is_quiet = TRUE;
        gtk_range_set_value(GTK_RANGE(field->slider), log10(fmax(field->value, field->spec->from)));
        field->is_quiet = FALSE;
    }
    changed(field);
}

/* Sliders stop at two digits; those of whole numbers also at powers of two, by which contexts and counts go. */
static double rounded(double value, gboolean is_whole)
{
    const double unit = pow(10, floor(log10(value)) - 1), power = exp2(round(log2(value)));
    if (is_whole && fabs(value / power - 1) < 0.04)
        return power;
    return is_whole ? fmax(round(round(value / unit) * unit), 1) : round(value / unit) * unit;
}

static void show_number(LgField *field, double value)
{
    g_autofree char *text = isfinite(value) ? lg_number_input(value) : g_strdup("");
    const gboolean was_quiet = field->is_quiet;
    field->is_quiet = TRUE;
    field->value = value;
    field->is_wrong = FALSE;
    gtk_editable_set_text(GTK_EDITABLE(field->control), text);
    if (field->slider && isfinite(value))
        gtk_range_set_value(GTK_RANGE(field->slider), log10(fmax(value, field->spec->from)));
    field->is_quiet = was_quiet;
    say(field, NULL);
}

static void slid(LgField *field)
{
    if (field->is_quiet)
        return;
    const LgFieldSpec *spec = field->spec;
    double value = rounded(pow(10, gtk_range_get_value(GTK_RANGE(field->slider))), spec->is_whole);
    value = CLAMP(value, spec->from, spec->to);
    g_autofree char *text = lg_number_input(value);
    field->is_quiet = TRUE;
    gtk_editable_set_text(GTK_EDITABLE(field->control), text);
    field->is_quiet = FALSE;
    field->value = value;
    field->is_wrong = FALSE;
    say(field, NULL);
    changed(field);
}

static void device_chosen(const char *value, gpointer pointer)
{
    LgField *field = pointer;
    g_free(field->device);
    field->device = g_strdup(value);
    gtk_button_set_label(GTK_BUTTON(field->control), value);
    changed(field);
}

static void choose_device(LgField *field)
{
    g_autoptr(GPtrArray) items = lg_chooser_devices();
    lg_chooser_show(GTK_WIDGET(field), _(field->spec->label), items, NULL, device_chosen, field);
}

gboolean lg_field_write(LgField *field, JsonObject *scenario)
{
    const LgFieldSpec *spec = field->spec;
    const char *text = lg_field_get_text(field);
    if (field->is_wrong)
        return FALSE;
    if (spec->kind == LG_FIELD_NUMBER && isfinite(field->value))
        lg_scenario_set_number(scenario, spec->path, field->value * factor_of(spec));
    else if (spec->kind == LG_FIELD_SWITCH && *text)
        lg_scenario_set_boolean(scenario, spec->path, TRUE);
    else if ((spec->kind == LG_FIELD_CHOICE || spec->kind == LG_FIELD_DEVICE) && *text)
        lg_scenario_set_text(scenario, spec->path, text);
    else
        lg_scenario_remove(scenario, spec->path);
    return TRUE;
}

static void choose(LgField *field, const char *value)
{
    guint i = 0;
    while (field->spec->choices[2 * i] && g_strcmp0(field->spec->choices[2 * i], value) != 0)
        i++;
    gtk_drop_down_set_selected(GTK_DROP_DOWN(field->control), field->spec->choices[2 * i] ? i : 0);
}

void lg_field_read(LgField *field, JsonObject *scenario)
{
    const LgFieldSpec *spec = field->spec;
    JsonNode *node = lg_scenario_get(scenario, spec->path);
    field->is_quiet = TRUE;
    switch (spec->kind) {
    case LG_FIELD_NUMBER:
        show_number(field, lg_scenario_number(scenario, spec->path, NAN) / factor_of(spec));
        break;
    case LG_FIELD_CHOICE:
        choose(field, lg_json_text(node) ? lg_json_text(node) : "");
        break;
    case LG_FIELD_SWITCH:
        gtk_switch_set_active(GTK_SWITCH(field->control), lg_json_truth(node));
        break;
    case LG_FIELD_DEVICE:
        if (lg_json_text(node))
            device_chosen(lg_json_text(node), field);
    }
    field->is_quiet = FALSE;
}

void lg_field_enter(LgField *field, const char *text)
{
    switch (field->spec->kind) {
    case LG_FIELD_NUMBER:
        gtk_editable_set_text(GTK_EDITABLE(field->control), text);
        break;
    case LG_FIELD_CHOICE:
        choose(field, text);
        break;
    case LG_FIELD_SWITCH:
        gtk_switch_set_active(GTK_SWITCH(field->control), *text != 0);
        break;
    case LG_FIELD_DEVICE:
        device_chosen(text, field);
    }
}

const char *lg_field_get_text(LgField *field)
{
    switch (field->spec->kind) {
    case LG_FIELD_NUMBER:
        return gtk_editable_get_text(GTK_EDITABLE(field->control));
    case LG_FIELD_CHOICE:
        return field->spec->choices[2 * gtk_drop_down_get_selected(GTK_DROP_DOWN(field->control))];
    case LG_FIELD_SWITCH:
        return gtk_switch_get_active(GTK_SWITCH(field->control)) ? "true" : "";
    default:
        return field->device ? field->device : "";
    }
}

static GtkWidget *make_choice(const LgFieldSpec *spec)
{
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    for (guint i = 0; spec->choices[i]; i += 2)
        gtk_string_list_append(names, _(spec->choices[i + 1]));
    return lg_drop_down_new(g_steal_pointer(&names), NULL);
}

static GtkWidget *make_control(LgField *field)
{
    const LgFieldSpec *spec = field->spec;
    switch (spec->kind) {
    case LG_FIELD_NUMBER:
        field->control = gtk_entry_new();
        gtk_editable_set_width_chars(GTK_EDITABLE(field->control), ENTRY_CHARS);
        gtk_editable_set_max_width_chars(GTK_EDITABLE(field->control), ENTRY_CHARS);
        gtk_entry_set_alignment(GTK_ENTRY(field->control), 1);
        gtk_entry_set_input_purpose(GTK_ENTRY(field->control), GTK_INPUT_PURPOSE_FREE_FORM); /* 15T, 128k */
        if (!spec->is_needed)
            gtk_entry_set_placeholder_text(GTK_ENTRY(field->control), _("automatic"));
        g_signal_connect_swapped(field->control, "changed", G_CALLBACK(entered), field);
        break;
    case LG_FIELD_CHOICE:
        field->control = make_choice(spec);
        g_signal_connect_swapped(field->control, "notify::selected", G_CALLBACK(changed), field);
        break;
    case LG_FIELD_SWITCH:
        field->control = gtk_switch_new();
        gtk_switch_set_active(GTK_SWITCH(field->control), spec->text != NULL);
        g_signal_connect_swapped(field->control, "notify::active", G_CALLBACK(changed), field);
        break;
    case LG_FIELD_DEVICE:
        field->control = gtk_button_new_with_label(spec->text);
        gtk_label_set_ellipsize(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(field->control))), PANGO_ELLIPSIZE_END);
        field->device = g_strdup(spec->text);
        g_signal_connect_swapped(field->control, "clicked", G_CALLBACK(choose_device), field);
    }
    gtk_widget_set_valign(field->control, GTK_ALIGN_CENTER);
    return field->control;
}

static void add_slider(LgField *field, GtkWidget *box, const char *name)
{
    const LgFieldSpec *spec = field->spec;
    field->slider = gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, log10(spec->from), log10(spec->to), 0.05);
    gtk_scale_set_draw_value(GTK_SCALE(field->slider), FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(field->slider), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_signal_connect_swapped(field->slider, "value-changed", G_CALLBACK(slid), field);
    gtk_box_append(GTK_BOX(box), field->slider);
}

static void build(LgField *field)
{
    const LgFieldSpec *spec = field->spec;
    const char *name = _(spec->label);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *label = gtk_label_new(name);
    gtk_widget_set_margin_start(box, 12);
    gtk_widget_set_margin_end(box, 12);
    gtk_widget_set_margin_top(box, 6);
    gtk_widget_set_margin_bottom(box, 6);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_box_append(GTK_BOX(line), label);
    gtk_box_append(GTK_BOX(line), make_control(field));
    if (spec->unit) {
        GtkWidget *unit = gtk_label_new(_(spec->unit));
        gtk_widget_add_css_class(unit, "dim-label");
        gtk_box_append(GTK_BOX(line), unit);
    }
    gtk_box_append(GTK_BOX(box), line);
    g_autofree char *full = spec->unit ? g_strdup_printf("%s (%s)", name, _(spec->unit)) : g_strdup(name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(field->control), GTK_ACCESSIBLE_PROPERTY_LABEL, full, -1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(field), GTK_ACCESSIBLE_PROPERTY_LABEL, full, -1);
    if (spec->to > 0)
        add_slider(field, box, full);
    field->message = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(field->message), 0);
    gtk_label_set_wrap(GTK_LABEL(field->message), TRUE);
    gtk_widget_add_css_class(field->message, "error");
    gtk_widget_add_css_class(field->message, "caption");
    gtk_widget_set_visible(field->message, FALSE);
    gtk_box_append(GTK_BOX(box), field->message);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(field), box);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(field), FALSE);
    gtk_widget_set_focusable(GTK_WIDGET(field), FALSE); /* its control is what is reached */
    if (spec->help)
        gtk_widget_set_tooltip_text(GTK_WIDGET(field), _(spec->help));
    if (spec->kind == LG_FIELD_NUMBER)
        show_number(field, spec->initial > 0 ? spec->initial : NAN);
}

GtkWidget *lg_field_new(const LgFieldSpec *spec)
{
    LgField *field = g_object_new(LG_TYPE_FIELD, NULL);
    field->spec = spec;
    build(field);
    return GTK_WIDGET(field);
}

static void finalize(GObject *object)
{
    g_free(LG_FIELD(object)->device);
    G_OBJECT_CLASS(lg_field_parent_class)->finalize(object);
}

static void lg_field_class_init(LgFieldClass *class)
{
    G_OBJECT_CLASS(class)->finalize = finalize;
    signals[CHANGED] = g_signal_new("changed", LG_TYPE_FIELD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_field_init(LgField *field) { field->value = NAN; }
