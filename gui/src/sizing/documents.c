/* SPDX-License-Identifier: MIT
 * The tables of three published reports.
 */
#include "documents.h"

#include "estimator.h"
#include "scenario.h"
#include "widgets/drop_down.h"
#include "widgets/table.h"

#include <glib/gi18n.h>

struct _LgDocuments {
    AdwBin parent_instance;
    GtkWidget *choice, *box;
    gboolean is_filled;
};

G_DEFINE_FINAL_TYPE(LgDocuments, lg_documents, ADW_TYPE_BIN)

static const struct {
    const char *id, *name;
} documents[] = {{"seed-000", N_("Large models, 2024: compute for training and inference")},
                 {"seed-001", N_("An enterprise's own devices or the cloud")},
                 {"seed-004", N_("Compute of GPT-3 and ChatGPT")}};

typedef struct {
    LgReport *printed, *corrected;
} Both;

static void free_both(gpointer pointer)
{
    Both *both = pointer;
    g_clear_pointer(&both->printed, lg_report_unref);
    g_clear_pointer(&both->corrected, lg_report_unref);
    g_free(both);
}

static LgReport *run(const char *id, const char *mode, GError **error)
{
    g_autoptr(JsonObject) scenario = json_object_new();
    lg_scenario_set_text(scenario, "task", "report");
    lg_scenario_set_text(scenario, "report", id);
    lg_scenario_set_text(scenario, "mode", mode);
    return lg_estimator_run(scenario, error);
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GError *error = NULL;
    Both *both = g_new0(Both, 1);
    both->printed = run(data, "as-printed", &error);
    both->corrected = both->printed ? run(data, "corrected", &error) : NULL;
    if (both->corrected) {
        g_task_return_pointer(task, both, free_both);
        return;
    }
    free_both(both);
    g_task_return_error(task, error);
}

static void add_label(GtkWidget *box, const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_add_css_class(label, class);
    gtk_box_append(GTK_BOX(box), label);
}

static const LgReportTable *table_of(const LgReport *report, const char *id)
{
    for (guint i = 0; i < report->tables->len; i++) {
        const LgReportTable *table = g_ptr_array_index(report->tables, i);
        if (g_str_equal(table->id, id))
            return table;
    }
    return NULL;
}

static const char *cell(const LgReportTable *table, guint row, guint column)
{
    if (!table || row >= table->rows->len)
        return NULL;
    GPtrArray *cells = g_ptr_array_index(table->rows, row);
    return column < cells->len ? g_ptr_array_index(cells, column) : NULL;
}

/* Whether a column is the same in both; such a column is shown once. */
static gboolean is_same(const LgReportTable *a, const LgReportTable *b, guint column)
{
    for (guint row = 0; row < MAX(a->rows->len, b->rows->len); row++)
        if (g_strcmp0(cell(a, row, column), cell(b, row, column)) != 0)
            return FALSE;
    return TRUE;
}

static guint widest(const LgReportTable *table)
{
    guint most = 0;
    for (guint i = 0; i < table->rows->len; i++)
        most = MAX(most, ((GPtrArray *)g_ptr_array_index(table->rows, i))->len);
    return most;
}

/* One row of both; a column that was corrected stands twice. Takes place in `texts`, which then ends with NULL. */
static void join_row(const LgReportTable *printed, const LgReportTable *corrected, guint row, guint n, GPtrArray *texts)
{
    const LgReportTable *any = printed ? printed : corrected;
    const gboolean is_heading = row == 0 && any->has_headings;
    g_ptr_array_set_size(texts, 0);
    for (guint column = 0; column < n; column++) {
        const char *text = cell(any, row, column), *words = text ? text : "";
        if (!printed || !corrected || is_same(printed, corrected, column)) {
            g_ptr_array_add(texts, g_strdup(words));
        } else {
            const char *other = cell(corrected, row, column);
            g_ptr_array_add(texts, is_heading ? g_strdup_printf(_("%s, as printed"), words) : g_strdup(words));
            g_ptr_array_add(texts, is_heading ? g_strdup_printf(_("%s, corrected"), words) : g_strdup(other));
        }
    }
    g_ptr_array_add(texts, NULL);
}

/* A table without headings has empty ones, or says only which version is which. */
static void begin_without_headings(LgTable *widget, const LgReportTable *printed, const LgReportTable *corrected,
                                   guint n)
{
    g_autoptr(GPtrArray) headings = g_ptr_array_new();
    for (guint column = 0; column < n; column++) {
        const gboolean twice = printed && corrected && !is_same(printed, corrected, column);
        g_ptr_array_add(headings, (gpointer)(twice ? _("As printed") : ""));
        if (twice)
            g_ptr_array_add(headings, (gpointer)_("Corrected"));
    }
    g_ptr_array_add(headings, NULL);
    lg_table_begin(widget, (const char *const *)headings->pdata);
}

static GtkWidget *table_widget(const LgReportTable *printed, const LgReportTable *corrected)
{
    const LgReportTable *any = printed ? printed : corrected;
    GtkWidget *widget = lg_table_new(any->title);
    const guint n = widest(any);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    if (!any->has_headings)
        begin_without_headings(LG_TABLE(widget), printed, corrected, n);
    for (guint row = 0; row < any->rows->len; row++) {
        join_row(printed, corrected, row, n, texts);
        if (row == 0 && any->has_headings)
            lg_table_begin(LG_TABLE(widget), (const char *const *)texts->pdata);
        else
            lg_table_add(LG_TABLE(widget), (const char *const *)texts->pdata, FALSE);
    }
    return widget;
}

static void add_table(LgDocuments *self, const LgReportTable *printed, const LgReportTable *corrected)
{
    const LgReportTable *any = printed ? printed : corrected;
    add_label(self->box, any->title, "heading");
    if (any->source)
        add_label(self->box, any->source, "dim-label");
    if (!printed)
        add_label(self->box, _("Only in the corrected version"), "dim-label");
    gtk_box_append(GTK_BOX(self->box), table_widget(printed, corrected));
}

static void clear(LgDocuments *self)
{
    for (GtkWidget *child; (child = gtk_widget_get_first_child(self->box));)
        gtk_box_remove(GTK_BOX(self->box), child);
}

static void ready(GObject *source, GAsyncResult *result, gpointer data)
{
    LgDocuments *self = LG_DOCUMENTS(source);
    g_autoptr(GError) error = NULL;
    Both *both = g_task_propagate_pointer(G_TASK(result), &error);
    clear(self);
    if (!both) {
        add_label(self->box, error->message, "error");
        return;
    }
    for (guint i = 0; i < both->printed->notes->len; i++)
        add_label(self->box, g_ptr_array_index(both->printed->notes, i), "body");
    for (guint i = 0; i < both->corrected->notes->len; i++)
        add_label(self->box, g_ptr_array_index(both->corrected->notes, i), "body");
    for (guint i = 0; i < both->printed->tables->len; i++) {
        const LgReportTable *table = g_ptr_array_index(both->printed->tables, i);
        add_table(self, table, table_of(both->corrected, table->id));
    }
    for (guint i = 0; i < both->corrected->tables->len; i++) {
        const LgReportTable *table = g_ptr_array_index(both->corrected->tables, i);
        if (!table_of(both->printed, table->id))
            add_table(self, NULL, table);
    }
    free_both(both);
}

static void fill(LgDocuments *self)
{
    const guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(self->choice));
    g_autoptr(GTask) task = g_task_new(self, NULL, ready, NULL);
    self->is_filled = TRUE;
    g_task_set_task_data(task, (gpointer)documents[i].id, NULL);
    g_task_run_in_thread(task, work);
}

static void mapped(LgDocuments *self)
{
    if (!self->is_filled)
        fill(self);
}

static void lg_documents_class_init(LgDocumentsClass *class) {}

static void lg_documents_init(LgDocuments *self)
{
    enum { WIDEST = 1400, MARGIN = 12 };
    GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *scrolled = gtk_scrolled_window_new();
    GtkWidget *clamp = adw_clamp_new();
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(documents); i++)
        gtk_string_list_append(names, _(documents[i].name));
    self->choice = lg_drop_down_new(g_steal_pointer(&names), _("Published report"));
    g_signal_connect_swapped(self->choice, "notify::selected", G_CALLBACK(fill), self);
    self->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 9);
    gtk_widget_set_margin_start(all, MARGIN);
    gtk_widget_set_margin_end(all, MARGIN);
    gtk_widget_set_margin_top(all, MARGIN);
    gtk_widget_set_margin_bottom(all, MARGIN);
    gtk_box_append(GTK_BOX(all), self->choice);
    gtk_box_append(GTK_BOX(all), self->box);
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), WIDEST);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(clamp), WIDEST);
    adw_clamp_set_child(ADW_CLAMP(clamp), all);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scrolled), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Reports"), -1);
    gtk_widget_set_vexpand(scrolled, TRUE);
    adw_bin_set_child(ADW_BIN(self), scrolled);
    g_signal_connect(self, "map", G_CALLBACK(mapped), NULL);
}

GtkWidget *lg_documents_new(void) { return g_object_new(LG_TYPE_DOCUMENTS, NULL); }
