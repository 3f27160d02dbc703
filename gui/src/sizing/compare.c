/* SPDX-License-Identifier: MIT
 * Two to four plans side by side.
 */
#include "compare.h"

#include "chooser.h"
#include "estimator.h"
#include "scenario.h"
#include "widgets/chart_view.h"
#include "widgets/drop_down.h"
#include "widgets/quantity.h"
#include "widgets/table.h"

#include <glib/gi18n.h>

enum { MOST = 4 };

typedef struct {
    const LgPlan *plan;
    JsonObject *draft;
    LgReport *report; /* NULL: not worked out yet, or an error */
    char *problem;
} Item;

struct _LgCompare {
    AdwBin parent_instance;
    GPtrArray *items; /* Item */
    GtkWidget *stack, *content, *cards, *add, *figure, *chart, *table;
    GPtrArray *paths; /* char *: what the drop-down offers, in order */
    char *shown;      /* the path that is drawn */
    guint asked;      /* the newest question's number */
    gboolean is_busy, is_quiet;
};

G_DEFINE_FINAL_TYPE(LgCompare, lg_compare, ADW_TYPE_BIN)

enum { WANTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const LgPlan *const plans[] = {&lg_plan_run, &lg_plan_serve, &lg_plan_train};

static void free_item(gpointer pointer)
{
    Item *item = pointer;
    json_object_unref(item->draft);
    g_clear_pointer(&item->report, lg_report_unref);
    g_free(item->problem);
    g_free(item);
}

guint lg_compare_n_items(LgCompare *compare) { return compare->items->len; }

gboolean lg_compare_is_busy(LgCompare *compare) { return compare->is_busy; }

static Item *item_at(LgCompare *compare, guint i) { return g_ptr_array_index(compare->items, i); }

static char *model_of(const Item *item) { return lg_scenario_model_name(lg_scenario_get(item->draft, "model")); }

static gboolean has_device(const Item *item) { return lg_scenario_get(item->draft, "hardware.device") != NULL; }

/* "A: Llama-3.1-8B, NVIDIA H100 × 8": short enough for a column. */
static char *name_of(LgCompare *compare, guint i)
{
    const Item *item = item_at(compare, i);
    g_autofree char *model = model_of(item);
    if (!has_device(item))
        return g_strdup_printf("%c: %s", 'A' + (int)i, model);
    const double count = lg_scenario_number(item->draft, "hardware.count", 0);
    const char *device = lg_scenario_text(item->draft, "hardware.device");
    if (count > 1)
        return g_strdup_printf("%c: %s, %s × %.0f", 'A' + (int)i, model, device, count);
    return g_strdup_printf("%c: %s, %s", 'A' + (int)i, model, device);
}

static const LgFigure *figure_of(const Item *item, const char *path)
{
    return item->report ? lg_report_find(item->report, path) : NULL;
}

char *lg_compare_text(LgCompare *compare, guint index, const char *path)
{
    const LgFigure *figure = index < compare->items->len ? figure_of(item_at(compare, index), path) : NULL;
    return figure ? lg_figure_text(figure) : NULL;
}

/* Paths of the plans' figures that any item has, in order, each once. */
static GPtrArray *all_paths(LgCompare *compare, gboolean numbers_only)
{
    GPtrArray *paths = g_ptr_array_new();
    for (guint p = 0; p < G_N_ELEMENTS(plans); p++) {
        for (guint f = 0; plans[p]->figures[f]; f++) {
            const char *path = plans[p]->figures[f];
            gboolean is_there = FALSE;
            for (guint i = 0; i < compare->items->len; i++) {
                const Item *item = item_at(compare, i);
                const LgFigure *figure = item->plan == plans[p] ? figure_of(item, path) : NULL;
                is_there = is_there || (figure && (!numbers_only || !figure->words));
            }
            if (is_there && !g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL))
                g_ptr_array_add(paths, (gpointer)path);
        }
    }
    return paths;
}

static const char *label_of(LgCompare *compare, const char *path)
{
    for (guint i = 0; i < compare->items->len; i++) {
        const LgFigure *figure = figure_of(item_at(compare, i), path);
        if (figure)
            return figure->label;
    }
    return path;
}

static char *cell_of(const Item *item, const char *path)
{
    const LgFigure *figure = figure_of(item, path);
    if (!figure)
        return g_strdup("–");
    g_autofree char *text = lg_figure_text(figure), *range = lg_figure_range(figure);
    return range ? g_strdup_printf("%s\n%s", text, range) : g_steal_pointer(&text);
}

static char *verdict_of(const Item *item)
{
    if (item->problem)
        return g_strdup(item->problem);
    if (!item->report)
        return g_strdup("…");
    const LgRemark *reason = lg_report_remark(item->report, "reason");
    return item->report->is_feasible ? g_strdup(_("can be done"))
                                     : g_strdup(reason ? reason->text : _("cannot be done"));
}

static void fill_table(LgCompare *compare)
{
    g_autoptr(GPtrArray) paths = all_paths(compare, FALSE), texts = g_ptr_array_new_with_free_func(g_free);
    const guint n = compare->items->len;
    g_ptr_array_add(texts, g_strdup(_("Figure")));
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(texts, name_of(compare, i));
    g_ptr_array_add(texts, NULL);
    lg_table_begin(LG_TABLE(compare->table), (const char *const *)texts->pdata);
    for (guint row = 0; row <= paths->len; row++) {
        g_ptr_array_set_size(texts, 0);
        const char *path = row ? g_ptr_array_index(paths, row - 1) : NULL;
        g_ptr_array_add(texts, g_strdup(path ? label_of(compare, path) : _("Verdict")));
        for (guint i = 0; i < n; i++)
            g_ptr_array_add(texts, path ? cell_of(item_at(compare, i), path) : verdict_of(item_at(compare, i)));
        lg_table_add(LG_TABLE(compare->table), (const char *const *)texts->pdata, FALSE);
    }
}

static void draw(LgCompare *compare)
{
    const LgFigure *any = NULL;
    for (guint i = 0; compare->shown && !any && i < compare->items->len; i++)
        any = figure_of(item_at(compare, i), compare->shown);
    if (!any) {
        lg_chart_view_set_data(LG_CHART_VIEW(compare->chart), NULL);
        return;
    }
    g_autoptr(LgChartData) data = lg_chart_data_new(LG_CHART_BARS, any->label, _("Plan"), NULL, any->label, any->unit);
    const guint series = lg_chart_data_add_series(data, any->label);
    for (guint i = 0; i < compare->items->len; i++) {
        const LgFigure *figure = figure_of(item_at(compare, i), compare->shown);
        g_autofree char *name = name_of(compare, i);
        lg_chart_data_add_category(data, name);
        if (figure && !figure->words)
            lg_chart_data_add_interval(data, series, i, figure->value, figure->low, figure->high);
    }
    lg_chart_view_set_data(LG_CHART_VIEW(compare->chart), data);
}

static void figure_chosen(LgCompare *compare)
{
    const guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(compare->figure));
    if (compare->is_quiet || i >= compare->paths->len)
        return;
    g_free(compare->shown);
    compare->shown = g_strdup(g_ptr_array_index(compare->paths, i));
    draw(compare);
}

/* What was chosen stays; at first it is what each plan is mostly asked for. */
static void fill_figures(LgCompare *compare)
{
    static const char *const first[] = {"cost.million_tokens", "decode.tokens_per_second", "time.days"};
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    guint selected = 0;
    g_clear_pointer(&compare->paths, g_ptr_array_unref);
    compare->paths = all_paths(compare, TRUE);
    for (guint i = 0; !compare->shown && i < G_N_ELEMENTS(first); i++)
        if (g_ptr_array_find_with_equal_func(compare->paths, first[i], g_str_equal, NULL))
            compare->shown = g_strdup(first[i]);
    for (guint i = 0; i < compare->paths->len; i++) {
        const char *path = g_ptr_array_index(compare->paths, i);
        gtk_string_list_append(names, label_of(compare, path));
        if (g_strcmp0(path, compare->shown) == 0)
            selected = i;
    }
    compare->is_quiet = TRUE;
    gtk_drop_down_set_model(GTK_DROP_DOWN(compare->figure), G_LIST_MODEL(names));
    gtk_drop_down_set_selected(GTK_DROP_DOWN(compare->figure), selected);
    compare->is_quiet = FALSE;
    if (compare->paths->len && g_strcmp0(g_ptr_array_index(compare->paths, selected), compare->shown) != 0)
        figure_chosen(compare);
    gtk_widget_set_visible(compare->figure, compare->paths->len > 0);
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GPtrArray *items = data;
    for (guint i = 0; i < items->len; i++) {
        Item *item = g_ptr_array_index(items, i);
        g_autoptr(JsonObject) scenario = lg_plan_finish(item->plan, item->draft);
        g_autoptr(GError) error = NULL;
        item->report = lg_estimator_run(scenario, &error);
        if (error)
            item->problem = g_strdup(error->message);
    }
    g_task_return_pointer(task, g_ptr_array_ref(items), (GDestroyNotify)g_ptr_array_unref);
}

static void ready(GObject *source, GAsyncResult *result, gpointer data)
{
    LgCompare *compare = LG_COMPARE(source);
    g_autoptr(GPtrArray) items = g_task_propagate_pointer(G_TASK(result), NULL);
    if (GPOINTER_TO_UINT(data) != compare->asked || !compare->table)
        return; /* a newer one is under way */
    compare->is_busy = FALSE;
    g_ptr_array_unref(compare->items);
    compare->items = g_steal_pointer(&items);
    fill_figures(compare);
    draw(compare);
    fill_table(compare);
}

/* The thread works on copies, which then take the items' place. */
static void ask(LgCompare *compare)
{
    GPtrArray *copies = g_ptr_array_new_with_free_func(free_item);
    for (guint i = 0; i < compare->items->len; i++) {
        Item *copy = g_new0(Item, 1);
        copy->plan = item_at(compare, i)->plan;
        copy->draft = lg_scenario_copy(item_at(compare, i)->draft);
        g_ptr_array_add(copies, copy);
    }
    g_autoptr(GTask) task = g_task_new(compare, NULL, ready, GUINT_TO_POINTER(++compare->asked));
    compare->is_busy = TRUE;
    g_task_set_task_data(task, copies, (GDestroyNotify)g_ptr_array_unref);
    g_task_run_in_thread(task, work);
}

static guint index_of(GtkWidget *button) { return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "index")); }

static void fill_cards(LgCompare *compare);

static void changed(LgCompare *compare)
{
    gtk_stack_set_visible_child_name(GTK_STACK(compare->stack), compare->items->len ? "content" : "empty");
    gtk_widget_set_sensitive(compare->add, compare->items->len < MOST);
    fill_cards(compare);
    ask(compare);
}

void lg_compare_set_model(LgCompare *compare, guint index, JsonNode *model)
{
    lg_scenario_set(item_at(compare, index)->draft, "model", model);
    changed(compare);
}

void lg_compare_set_device(LgCompare *compare, guint index, const char *device)
{
    lg_scenario_set_text(item_at(compare, index)->draft, "hardware.device", device);
    changed(compare);
}

static void model_chosen(const char *value, gpointer button)
{
    LgCompare *compare = g_object_get_data(G_OBJECT(button), "compare");
    lg_compare_set_model(compare, index_of(button), json_node_init_string(json_node_alloc(), value));
}

static void device_chosen(const char *value, gpointer button)
{
    LgCompare *compare = g_object_get_data(G_OBJECT(button), "compare");
    lg_compare_set_device(compare, index_of(button), value);
}

static void choose_model(GtkWidget *button)
{
    g_autoptr(GPtrArray) items = lg_chooser_models();
    lg_chooser_show(button, _("Choose a model"), items, NULL, model_chosen, button);
}

static void choose_device(GtkWidget *button)
{
    g_autoptr(GPtrArray) items = lg_chooser_devices();
    lg_chooser_show(button, _("Choose a device"), items, NULL, device_chosen, button);
}

static void remove_clicked(GtkWidget *button)
{
    lg_compare_remove(g_object_get_data(G_OBJECT(button), "compare"), index_of(button));
}

static void add_button(LgCompare *compare, GtkWidget *row, guint i, const char *icon, const char *what,
                       GCallback callback)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);
    g_autofree char *item = name_of(compare, i), *name = g_strdup_printf("%s: %s", what, item);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(button, what);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    g_object_set_data(G_OBJECT(button), "index", GUINT_TO_POINTER(i));
    g_object_set_data(G_OBJECT(button), "compare", compare);
    g_signal_connect(button, "clicked", callback, NULL);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
}

static void fill_cards(LgCompare *compare)
{
    for (GtkWidget *child; (child = gtk_widget_get_first_child(compare->cards));)
        gtk_list_box_remove(GTK_LIST_BOX(compare->cards), child);
    for (guint i = 0; i < compare->items->len; i++) {
        const Item *item = item_at(compare, i);
        GtkWidget *row = adw_action_row_new();
        g_autofree char *name = name_of(compare, i);
        adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), _(item->plan->title));
        gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        add_button(compare, row, i, "document-edit-symbolic", _("Another model"), G_CALLBACK(choose_model));
        if (has_device(item))
            add_button(compare, row, i, "computer-symbolic", _("Another device"), G_CALLBACK(choose_device));
        add_button(compare, row, i, "user-trash-symbolic", _("Remove"), G_CALLBACK(remove_clicked));
        gtk_list_box_append(GTK_LIST_BOX(compare->cards), row);
    }
}

gboolean lg_compare_add(LgCompare *compare, const LgPlan *plan, JsonObject *draft)
{
    if (compare->items->len >= MOST)
        return FALSE;
    Item *item = g_new0(Item, 1);
    item->plan = plan;
    item->draft = lg_scenario_copy(draft);
    g_ptr_array_add(compare->items, item);
    changed(compare);
    return TRUE;
}

void lg_compare_remove(LgCompare *compare, guint index)
{
    g_ptr_array_remove_index(compare->items, index);
    changed(compare);
}

/* The last once more; its model or device is then changed. */
static void add_another(LgCompare *compare)
{
    const Item *last = item_at(compare, compare->items->len - 1);
    lg_compare_add(compare, last->plan, last->draft);
}

static void wanted(GtkWidget *button, LgCompare *compare)
{
    g_signal_emit(compare, signals[WANTED], 0, g_object_get_data(G_OBJECT(button), "plan"));
}

static GtkWidget *build_empty(LgCompare *compare)
{
    GtkWidget *page = adw_status_page_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    adw_status_page_set_icon_name(ADW_STATUS_PAGE(page), "view-dual-symbolic");
    adw_status_page_set_title(ADW_STATUS_PAGE(page), _("Nothing to compare yet"));
    adw_status_page_set_description(
        ADW_STATUS_PAGE(page),
        _("Up to four plans stand side by side here. Begin with one of these, or press Compare on any of the pages."));
    for (guint i = 0; i < G_N_ELEMENTS(plans); i++) {
        GtkWidget *button = gtk_button_new_with_label(_(plans[i]->title));
        gtk_widget_add_css_class(button, "pill");
        g_object_set_data(G_OBJECT(button), "plan", (gpointer)plans[i]->name);
        g_signal_connect(button, "clicked", G_CALLBACK(wanted), compare);
        gtk_box_append(GTK_BOX(box), button);
    }
    gtk_widget_set_halign(box, GTK_ALIGN_CENTER);
    adw_status_page_set_child(ADW_STATUS_PAGE(page), box);
    /* a status page scrolls */
    gtk_accessible_update_property(GTK_ACCESSIBLE(gtk_widget_get_first_child(page)), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Nothing to compare yet"), -1);
    return page;
}

static GtkWidget *build_content(LgCompare *compare)
{
    enum { WIDEST = 1400, MARGIN = 12 };
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *scrolled = gtk_scrolled_window_new();
    GtkWidget *clamp = adw_clamp_new();
    compare->cards = gtk_list_box_new();
    gtk_widget_add_css_class(compare->cards, "boxed-list");
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(compare->cards), GTK_SELECTION_NONE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(compare->cards), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Compared plans"),
                                   -1);
    compare->add = gtk_button_new_with_label(_("Add another"));
    gtk_widget_set_halign(compare->add, GTK_ALIGN_START);
    gtk_widget_set_tooltip_text(compare->add, _("The last once more, to be changed; four at most"));
    g_signal_connect_swapped(compare->add, "clicked", G_CALLBACK(add_another), compare);
    compare->figure = lg_drop_down_new(NULL, _("Figure that is drawn"));
    gtk_widget_set_halign(compare->figure, GTK_ALIGN_START);
    g_signal_connect_swapped(compare->figure, "notify::selected", G_CALLBACK(figure_chosen), compare);
    compare->chart = lg_chart_view_new();
    compare->table = lg_table_new(_("Comparison"));
    gtk_box_append(GTK_BOX(box), compare->cards);
    gtk_box_append(GTK_BOX(box), compare->add);
    gtk_box_append(GTK_BOX(box), compare->figure);
    gtk_box_append(GTK_BOX(box), compare->chart);
    gtk_box_append(GTK_BOX(box), compare->table);
    gtk_widget_set_margin_start(box, MARGIN);
    gtk_widget_set_margin_end(box, MARGIN);
    gtk_widget_set_margin_top(box, MARGIN);
    gtk_widget_set_margin_bottom(box, MARGIN);
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), WIDEST);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(clamp), WIDEST);
    adw_clamp_set_child(ADW_CLAMP(clamp), box);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Compare"), -1);
    return scrolled;
}

static void dispose(GObject *object)
{
    LgCompare *compare = LG_COMPARE(object);
    compare->asked++;
    compare->table = NULL;
    G_OBJECT_CLASS(lg_compare_parent_class)->dispose(object);
}

static void finalize(GObject *object)
{
    LgCompare *compare = LG_COMPARE(object);
    g_ptr_array_unref(compare->items);
    g_clear_pointer(&compare->paths, g_ptr_array_unref);
    g_free(compare->shown);
    G_OBJECT_CLASS(lg_compare_parent_class)->finalize(object);
}

static void lg_compare_class_init(LgCompareClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    G_OBJECT_CLASS(class)->finalize = finalize;
    signals[WANTED] =
        g_signal_new("wanted", LG_TYPE_COMPARE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void lg_compare_init(LgCompare *compare)
{
    compare->items = g_ptr_array_new_with_free_func(free_item);
    compare->paths = g_ptr_array_new();
    compare->stack = gtk_stack_new();
    gtk_stack_add_named(GTK_STACK(compare->stack), build_empty(compare), "empty");
    gtk_stack_add_named(GTK_STACK(compare->stack), build_content(compare), "content");
    gtk_widget_set_vexpand(compare->stack, TRUE);
    adw_bin_set_child(ADW_BIN(compare), compare->stack);
}

GtkWidget *lg_compare_new(void) { return g_object_new(LG_TYPE_COMPARE, NULL); }
