/* SPDX-License-Identifier: MIT
 * The page of a plan.
 */
#include "planner.h"

#include "change.h"
#include "export.h"
#include "machine_row.h"
#include "scenario.h"
#include "widgets/chart_view.h"
#include "widgets/columns.h"

#include <glib/gi18n.h>

enum { CHARTS = 3, FORM_WIDTH = 400, WIDE = 840, MARGIN = 12 };

struct _LgPlanner {
    AdwBin parent_instance;
    const LgPlan *plan;
    LgQuery *query;
    LgOutcome *answer;
    GtkWidget *model, *machine, *verdict, *figures, *rest, *notes, *compare, *export, *form;
    GtkWidget *charts[CHARTS];
    GPtrArray *fields;         /* LgField, borrowed */
    GCancellable *cancellable; /* of a change that is searched */
    gboolean is_applying, is_quiet;
    gboolean is_stale; /* an input changed while the page was not shown */
};

G_DEFINE_FINAL_TYPE(LgPlanner, lg_planner, ADW_TYPE_BIN)

enum { ANSWERED, COMPARE, MODEL_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

const LgPlan *lg_planner_get_plan(LgPlanner *planner) { return planner->plan; }
LgModelChoice *lg_planner_get_model_choice(LgPlanner *planner) { return LG_MODEL_CHOICE(planner->model); }
LgVerdict *lg_planner_get_verdict(LgPlanner *planner) { return LG_VERDICT(planner->verdict); }
LgFigures *lg_planner_get_figures(LgPlanner *planner) { return LG_FIGURES(planner->figures); }
LgOutcome *lg_planner_get_outcome(LgPlanner *planner) { return planner->answer; }

gboolean lg_planner_is_busy(LgPlanner *planner)
{
    return lg_query_is_busy(planner->query) || planner->is_applying ||
           (planner->machine && lg_machine_row_is_busy(LG_MACHINE_ROW(planner->machine)));
}

LgField *lg_planner_get_field(LgPlanner *planner, const char *path)
{
    for (guint i = 0; i < planner->fields->len; i++) {
        LgField *field = g_ptr_array_index(planner->fields, i);
        if (g_str_equal(lg_field_get_spec(field)->path, path))
            return field;
    }
    return NULL;
}

/* Members of the machine that no input has given. */
static void add_machine(LgPlanner *planner, JsonObject *draft)
{
    JsonObject *machine = lg_machine_row_get_machine(LG_MACHINE_ROW(planner->machine));
    if (!machine)
        return;
    g_autoptr(JsonObject) copy = lg_scenario_copy(machine);
    g_autoptr(GList) names = json_object_get_members(copy);
    for (GList *at = names; at; at = at->next) {
        g_autofree char *path = g_strdup_printf("machine.%s", (char *)at->data);
        if (!lg_scenario_get(draft, path))
            lg_scenario_set(draft, path, json_object_dup_member(copy, at->data));
    }
}

/* The inputs as a draft; `wrong` receives the first that has no value. Fields that the kind does not have are hidden.
 */
static JsonObject *read_inputs(LgPlanner *planner, LgField **wrong)
{
    JsonObject *draft = json_object_new();
    *wrong = NULL;
    json_object_set_member(draft, "model", lg_model_choice_get_model(LG_MODEL_CHOICE(planner->model)));
    for (guint i = 0; i < planner->fields->len; i++) { /* what decides the kind has no kind itself */
        LgField *field = g_ptr_array_index(planner->fields, i);
        if (!lg_field_get_spec(field)->only)
            lg_field_write(field, draft);
    }
    g_autofree char *kind = g_strdup(planner->plan->kind(draft));
    for (guint i = 0; i < planner->fields->len; i++) {
        LgField *field = g_ptr_array_index(planner->fields, i);
        const gboolean is_there = lg_plan_has_field(lg_field_get_spec(field), kind);
        gtk_widget_set_visible(GTK_WIDGET(field), is_there);
        if (is_there && !lg_field_write(field, draft) && !*wrong)
            *wrong = field;
    }
    if (planner->machine)
        add_machine(planner, draft);
    return draft;
}

static gboolean is_on_machine(JsonObject *draft) { return g_strcmp0(lg_scenario_text(draft, "where"), "machine") == 0; }

static void ask_now(LgPlanner *planner)
{
    LgField *wrong;
    planner->is_stale = FALSE;
    g_autoptr(JsonObject) draft = read_inputs(planner, &wrong);
    if (wrong) {
        const LgFieldSpec *spec = lg_field_get_spec(wrong);
        g_autofree char *detail = g_strdup_printf("%s: %s", _(spec->label), lg_field_get_message(wrong));
        lg_query_forget(planner->query);
        lg_verdict_say(LG_VERDICT(planner->verdict), "dialog-error-symbolic", _("Please correct what is marked"),
                       detail);
        return;
    }
    if (planner->machine && is_on_machine(draft) && !lg_scenario_get(draft, "machine.name") &&
        lg_machine_row_is_busy(LG_MACHINE_ROW(planner->machine))) {
        lg_verdict_say(LG_VERDICT(planner->verdict), "content-loading-symbolic", _("Measuring this machine…"),
                       _("This takes a few seconds, once."));
        return;
    }
    lg_query_ask(planner->query, draft);
}

/* Pages that nobody sees do not work. */
static void ask(LgPlanner *planner)
{
    if (planner->is_quiet)
        return;
    if (gtk_widget_get_mapped(GTK_WIDGET(planner)))
        ask_now(planner);
    else
        planner->is_stale = TRUE;
}

/* The estimator names the member that it does not like: "load.users: must be ...". */
static void refuse(LgPlanner *planner, const GError *error)
{
    for (guint i = 0; i < planner->fields->len; i++) {
        LgField *field = g_ptr_array_index(planner->fields, i);
        const char *path = lg_field_get_spec(field)->path;
        const gboolean is_it = error && g_str_has_prefix(error->message, path) && error->message[strlen(path)] == ':';
        lg_field_refuse(field, is_it ? error->message + strlen(path) + 1 : NULL);
    }
}

static void show_notes(LgPlanner *planner, const LgReport *report)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < report->remarks->len; i++) {
        const LgRemark *remark = g_ptr_array_index(report->remarks, i);
        if (!g_str_equal(remark->kind, "note") || !report->is_feasible)
            continue;
        g_string_append_printf(text, "%s%s", text->len ? "\n" : "", remark->text);
    }
    gtk_label_set_text(GTK_LABEL(planner->notes), text->str);
    gtk_widget_set_visible(planner->notes, text->len > 0);
}

static void show_about(LgPlanner *planner, const LgReport *report)
{
    const LgFigure *total = lg_report_find(report, "parameters.total");
    const LgFigure *active = lg_report_find(report, "parameters.active");
    g_autofree char *parameters = total ? lg_figure_text(total) : g_strdup("–");
    g_autofree char *used = active ? lg_figure_text(active) : g_strdup("–");
    g_autofree char *about = !active || active->value == total->value
                                 ? g_strdup_printf(_("%s parameters"), parameters)
                                 : g_strdup_printf(_("%s parameters, %s active"), parameters, used);
    lg_model_choice_set_about(LG_MODEL_CHOICE(planner->model), total ? about : "");
}

static void show_report(LgPlanner *planner, const LgOutcome *answer)
{
    show_about(planner, answer->report);
    show_notes(planner, answer->report);
    lg_figures_show(LG_FIGURES(planner->figures), answer->report, planner->plan->figures);
    lg_figures_show_rest(LG_FIGURES(planner->rest), answer->report, planner->plan->figures);
    for (guint i = 0; !answer->is_overtaken && i < CHARTS; i++)
        lg_chart_view_set_data(LG_CHART_VIEW(planner->charts[i]),
                               i < answer->charts->len ? g_ptr_array_index(answer->charts, i) : NULL);
}

static void answered(LgPlanner *planner, LgOutcome *answer)
{
    lg_outcome_ref(answer);
    g_clear_pointer(&planner->answer, lg_outcome_unref);
    planner->answer = answer;
    refuse(planner, answer->error);
    lg_verdict_show(LG_VERDICT(planner->verdict), planner->plan, answer);
    gtk_widget_set_sensitive(planner->compare, answer->report != NULL);
    gtk_widget_set_sensitive(planner->export, answer->report != NULL);
    if (answer->report)
        show_report(planner, answer);
    else
        lg_model_choice_set_about(LG_MODEL_CHOICE(planner->model), "");
    g_signal_emit(planner, signals[ANSWERED], 0);
}

typedef struct {
    const LgPlan *plan;
    JsonObject *draft;
    char *code;
} Change;

static void free_change(gpointer pointer)
{
    Change *change = pointer;
    json_object_unref(change->draft);
    g_free(change->code);
    g_free(change);
}

static void search_change(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Change *change = data;
    g_task_return_pointer(task, lg_change_apply(change->plan, change->draft, change->code),
                          (GDestroyNotify)json_object_unref);
}

/* Only inputs of the new kind are read, so that those of others keep what they have. */
static void change_found(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(JsonObject) draft = g_task_propagate_pointer(G_TASK(result), NULL);
    if (g_cancellable_is_cancelled(g_task_get_cancellable(G_TASK(result))))
        return;
    LgPlanner *planner = LG_PLANNER(source);
    LgField *memory = lg_planner_get_field(planner, "machine.memory");
    planner->is_applying = FALSE;
    if (!draft)
        return;
    if (memory && !*lg_field_get_text(memory))
        lg_scenario_remove(draft, "machine");
    const char *kind = planner->plan->kind(draft);
    planner->is_quiet = TRUE;
    for (guint i = 0; i < planner->fields->len; i++) {
        LgField *field = g_ptr_array_index(planner->fields, i);
        if (lg_plan_has_field(lg_field_get_spec(field), kind))
            lg_field_read(field, draft);
    }
    planner->is_quiet = FALSE;
    ask_now(planner);
}

void lg_planner_apply(LgPlanner *planner, const char *code)
{
    if (!planner->answer || planner->is_applying)
        return;
    g_autoptr(GTask) task = g_task_new(planner, planner->cancellable, change_found, NULL);
    Change *change = g_new0(Change, 1);
    change->plan = planner->plan;
    change->draft = lg_scenario_copy(planner->answer->draft);
    change->code = g_strdup(code);
    planner->is_applying = TRUE;
    g_task_set_task_data(task, change, free_change);
    g_task_run_in_thread(task, search_change);
}

void lg_planner_set_machine(LgPlanner *planner, JsonObject *machine)
{
    lg_machine_row_set_machine(LG_MACHINE_ROW(planner->machine), machine);
}

static void compare(LgPlanner *planner) { g_signal_emit(planner, signals[COMPARE], 0); }

static void model_changed(LgPlanner *planner)
{
    ask(planner);
    g_signal_emit(planner, signals[MODEL_CHANGED], 0);
}

void lg_planner_prepare(LgPlanner *planner)
{
    if (planner->machine)
        lg_machine_row_measure(LG_MACHINE_ROW(planner->machine));
    if (planner->is_stale || (!planner->answer && !lg_query_is_busy(planner->query)))
        ask_now(planner);
}

/* The lists that libadwaita makes have no names of their own. */
static void name_lists(GtkWidget *widget, const char *name)
{
    if (GTK_IS_LIST_BOX(widget))
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child))
        if (!ADW_IS_EXPANDER_ROW(child))
            name_lists(child, name);
}

static void add_fields(LgPlanner *planner, const LgFieldGroup *group, GtkWidget *to)
{
    for (guint i = 0; i < group->n_fields; i++) {
        GtkWidget *field = lg_field_new(&group->fields[i]);
        g_signal_connect_swapped(field, "changed", G_CALLBACK(ask), planner);
        g_ptr_array_add(planner->fields, field);
        if (ADW_IS_EXPANDER_ROW(to))
            adw_expander_row_add_row(ADW_EXPANDER_ROW(to), field);
        else
            adw_preferences_group_add(ADW_PREFERENCES_GROUP(to), field);
    }
}

static GtkWidget *build_form(LgPlanner *planner)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18), *first = adw_preferences_group_new(), *more = NULL;
    planner->model = lg_model_choice_new();
    g_signal_connect_swapped(planner->model, "changed", G_CALLBACK(model_changed), planner);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(first), planner->model);
    if (planner->plan->needs_machine) {
        planner->machine = lg_machine_row_new();
        g_signal_connect_swapped(planner->machine, "changed", G_CALLBACK(ask_now), planner);
        adw_preferences_group_add(ADW_PREFERENCES_GROUP(first), planner->machine);
    }
    name_lists(first, _("Model"));
    gtk_box_append(GTK_BOX(box), first);
    for (guint i = 0; i < planner->plan->n_groups; i++) {
        const LgFieldGroup *group = &planner->plan->groups[i];
        if (!group->is_folded) {
            GtkWidget *open = adw_preferences_group_new();
            adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(open), _(group->title));
            add_fields(planner, group, open);
            name_lists(open, _(group->title));
            gtk_box_append(GTK_BOX(box), open);
            continue;
        }
        if (!more) {
            more = adw_preferences_group_new();
            gtk_box_append(GTK_BOX(box), more);
        }
        GtkWidget *expander = adw_expander_row_new();
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(expander), _(group->title));
        gtk_accessible_update_property(GTK_ACCESSIBLE(expander), GTK_ACCESSIBLE_PROPERTY_LABEL, _(group->title), -1);
        add_fields(planner, group, expander);
        name_lists(expander, _(group->title));
        adw_preferences_group_add(ADW_PREFERENCES_GROUP(more), expander);
        name_lists(more, _("More"));
    }
    return box;
}

static GtkWidget *heading(const char *text)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, "heading");
    return label;
}

static GtkWidget *build_actions(LgPlanner *planner)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    planner->compare = gtk_button_new_with_label(_("Compare"));
    gtk_widget_set_tooltip_text(planner->compare, _("Puts this beside others"));
    g_signal_connect_swapped(planner->compare, "clicked", G_CALLBACK(compare), planner);
    planner->export = lg_export_button_new(GTK_WIDGET(planner));
    gtk_widget_set_halign(box, GTK_ALIGN_END);
    gtk_widget_set_sensitive(planner->compare, FALSE);
    gtk_widget_set_sensitive(planner->export, FALSE);
    gtk_box_append(GTK_BOX(box), planner->compare);
    gtk_box_append(GTK_BOX(box), planner->export);
    return box;
}

static GtkWidget *build_results(LgPlanner *planner)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *all = gtk_expander_new(_("All figures"));
    gtk_box_append(GTK_BOX(box), build_actions(planner));
    for (guint i = 0; i < CHARTS; i++) {
        planner->charts[i] = lg_chart_view_new();
        gtk_box_append(GTK_BOX(box), planner->charts[i]);
    }
    planner->notes = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(planner->notes), 0);
    gtk_label_set_wrap(GTK_LABEL(planner->notes), TRUE);
    gtk_widget_add_css_class(planner->notes, "dim-label");
    gtk_widget_set_visible(planner->notes, FALSE);
    planner->figures = lg_figures_new(_("Key figures"));
    planner->rest = lg_figures_new(_("All figures"));
    gtk_widget_set_margin_top(planner->rest, 6);
    gtk_expander_set_child(GTK_EXPANDER(all), planner->rest);
    gtk_accessible_update_property(GTK_ACCESSIBLE(all), GTK_ACCESSIBLE_PROPERTY_LABEL, _("All figures"), -1);
    gtk_box_append(GTK_BOX(box), heading(_("Key figures")));
    gtk_box_append(GTK_BOX(box), planner->notes);
    gtk_box_append(GTK_BOX(box), planner->figures);
    gtk_box_append(GTK_BOX(box), all);
    return box;
}

static void set_margins(GtkWidget *widget, int vertical)
{
    gtk_widget_set_margin_start(widget, MARGIN);
    gtk_widget_set_margin_end(widget, MARGIN);
    gtk_widget_set_margin_top(widget, vertical);
    gtk_widget_set_margin_bottom(widget, vertical);
}

static void build(LgPlanner *planner)
{
    enum { WIDEST = 1400 };
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *scrolled = gtk_scrolled_window_new();
    GtkWidget *clamp = adw_clamp_new(), *top = adw_clamp_new();
    planner->is_quiet = TRUE;
    planner->verdict = lg_verdict_new();
    g_signal_connect_swapped(planner->verdict, "apply", G_CALLBACK(lg_planner_apply), planner);
    planner->form = build_form(planner);
    GtkWidget *columns = lg_columns_new(planner->form, build_results(planner), FORM_WIDTH, WIDE);
    set_margins(planner->verdict, MARGIN);
    set_margins(columns, MARGIN);
    adw_clamp_set_maximum_size(ADW_CLAMP(top), WIDEST);
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), WIDEST);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(top), WIDEST);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(clamp), WIDEST);
    adw_clamp_set_child(ADW_CLAMP(top), planner->verdict);
    adw_clamp_set_child(ADW_CLAMP(clamp), columns);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL, _(planner->plan->title),
                                   -1);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), top);
    gtk_box_append(GTK_BOX(box), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL));
    gtk_box_append(GTK_BOX(box), scrolled);
    adw_bin_set_child(ADW_BIN(planner), box);
    planner->is_quiet = FALSE;
    LgField *wrong;
    json_object_unref(read_inputs(planner, &wrong)); /* shows the fields of the first kind */
}

GtkWidget *lg_planner_new(const LgPlan *plan)
{
    LgPlanner *planner = g_object_new(LG_TYPE_PLANNER, NULL);
    planner->plan = plan;
    planner->query = lg_query_new(plan);
    g_signal_connect_object(planner->query, "answered", G_CALLBACK(answered), planner, G_CONNECT_SWAPPED);
    build(planner);
    g_signal_connect(planner, "map", G_CALLBACK(lg_planner_prepare), NULL);
    return GTK_WIDGET(planner);
}

static void dispose(GObject *object)
{
    LgPlanner *planner = LG_PLANNER(object);
    if (planner->query)
        lg_query_forget(planner->query);
    g_cancellable_cancel(planner->cancellable);
    planner->is_quiet = TRUE;
    g_clear_object(&planner->query);
    g_clear_pointer(&planner->answer, lg_outcome_unref);
    G_OBJECT_CLASS(lg_planner_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
    LgPlanner *planner = LG_PLANNER(object);
    g_ptr_array_unref(planner->fields);
    g_object_unref(planner->cancellable);
    G_OBJECT_CLASS(lg_planner_parent_class)->finalize(object);
}

static void lg_planner_class_init(LgPlannerClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    G_OBJECT_CLASS(class)->finalize = finalize;
    signals[ANSWERED] =
        g_signal_new("answered", LG_TYPE_PLANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[COMPARE] = g_signal_new("compare", LG_TYPE_PLANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[MODEL_CHANGED] =
        g_signal_new("model-changed", LG_TYPE_PLANNER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_planner_init(LgPlanner *planner)
{
    planner->fields = g_ptr_array_new();
    planner->cancellable = g_cancellable_new();
}
