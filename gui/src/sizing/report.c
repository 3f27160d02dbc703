/* SPDX-License-Identifier: MIT
 * A report of the estimator.
 */
#include "report.h"

#include "json.h"
#include "widgets/quantity.h"

#include <gio/gio.h>

static void free_figure(gpointer pointer)
{
    LgFigure *f = pointer;
    g_free(f->path);
    g_free(f->label);
    g_free(f->unit);
    g_free(f->words);
    g_free(f->formula);
    g_free(f->substituted);
    g_free(f->source);
    g_ptr_array_unref(f->inputs);
    g_free(f);
}

static void free_remark(gpointer pointer)
{
    LgRemark *remark = pointer;
    g_free(remark->kind);
    g_free(remark->code);
    g_free(remark->text);
    g_free(remark);
}

static void free_table(gpointer pointer)
{
    LgReportTable *table = pointer;
    g_free(table->id);
    g_free(table->title);
    g_free(table->source);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

static char *member_text(JsonObject *object, const char *name)
{
    return g_strdup(lg_json_text(json_object_get_member(object, name)));
}

static double member_number(JsonObject *object, const char *name, double otherwise)
{
    return lg_json_real(json_object_get_member(object, name), otherwise);
}

static void add_figure(LgReport *report, const char *path, JsonObject *object)
{
    LgFigure *figure = g_new0(LgFigure, 1);
    JsonNode *value = json_object_get_member(object, "value");
    figure->path = g_strdup(path);
    figure->label = g_strdup(path);
    figure->unit = member_text(object, "unit");
    if (!figure->unit)
        figure->unit = g_strdup("");
    figure->words = g_strdup(lg_json_text(value));
    figure->value = lg_json_real(value, 0);
    figure->has_interval = json_object_has_member(object, "low") && json_object_has_member(object, "high");
    figure->low = member_number(object, "low", figure->value);
    figure->high = member_number(object, "high", figure->value);
    figure->formula = member_text(object, "formula");
    figure->substituted = member_text(object, "substituted");
    figure->source = member_text(object, "source");
    figure->inputs = g_ptr_array_new_with_free_func(g_free);
    if (json_object_has_member(object, "inputs")) {
        g_autoptr(GList) names = json_object_get_members(json_object_get_object_member(object, "inputs"));
        for (GList *at = names; at; at = at->next)
            g_ptr_array_add(figure->inputs, g_strdup(at->data));
    }
    g_ptr_array_add(report->figures, figure);
    g_hash_table_insert(report->by_path, figure->path, figure);
}

/* Figures nest by the parts of their paths, which are few. */
static void add_figures(LgReport *report, const char *path, JsonNode *node)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return;
    JsonObject *object = json_node_get_object(node);
    JsonNode *value = json_object_get_member(object, "value");
    if (value && JSON_NODE_HOLDS_VALUE(value)) {
        add_figure(report, path, object);
        return;
    }
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *at = names; at; at = at->next) {
        g_autofree char *below = *path ? g_strdup_printf("%s.%s", path, (char *)at->data) : g_strdup(at->data);
        add_figures(report, below, json_object_get_member(object, at->data));
    }
}

static void add_table(LgReport *report, JsonObject *object)
{
    LgReportTable *table = g_new0(LgReportTable, 1);
    JsonArray *rows = json_object_get_array_member(object, "rows");
    table->id = member_text(object, "id");
    table->title = member_text(object, "title");
    table->source = member_text(object, "source");
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonArray *row = json_array_get_array_element(rows, i);
        GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
        for (guint j = 0; j < json_array_get_length(row); j++) {
            JsonNode *cell = json_array_get_element(row, j);
            g_ptr_array_add(texts, JSON_NODE_HOLDS_OBJECT(cell) ? member_text(json_node_get_object(cell), "text")
                                                                : g_strdup(json_node_get_string(cell)));
        }
        if (i == 0)
            table->has_headings = texts->len != 2 || !JSON_NODE_HOLDS_OBJECT(json_array_get_element(row, 1));
        g_ptr_array_add(table->rows, texts);
    }
    g_ptr_array_add(report->tables, table);
}

static void add_remark(LgReport *report, JsonObject *object)
{
    LgRemark *remark = g_new0(LgRemark, 1);
    remark->kind = member_text(object, "kind");
    remark->code = member_text(object, "code");
    remark->text = member_text(object, "text");
    g_ptr_array_add(report->remarks, remark);
}

static void read_lists(LgReport *report, JsonObject *object)
{
    JsonArray *list =
        json_object_has_member(object, "remarks") ? json_object_get_array_member(object, "remarks") : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        add_remark(report, json_array_get_object_element(list, i));
    list = json_object_has_member(object, "tables") ? json_object_get_array_member(object, "tables") : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        add_table(report, json_array_get_object_element(list, i));
    list = json_object_has_member(object, "notes") ? json_object_get_array_member(object, "notes") : NULL;
    for (guint i = 0; list && i < json_array_get_length(list); i++)
        g_ptr_array_add(report->notes, g_strdup(json_array_get_string_element(list, i)));
}

LgReport *lg_report_parse(const char *json, GError **error)
{
    g_autoptr(JsonNode) root = lg_json_parse(json, -1, error);
    if (!root)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a report is an object");
        return NULL;
    }
    JsonObject *object = json_node_get_object(root);
    LgReport *report = g_new0(LgReport, 1);
    g_atomic_ref_count_init(&report->count);
    report->task = member_text(object, "task");
    report->is_feasible =
        !json_object_has_member(object, "feasible") || json_object_get_boolean_member(object, "feasible");
    report->figures = g_ptr_array_new_with_free_func(free_figure);
    report->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    report->remarks = g_ptr_array_new_with_free_func(free_remark);
    report->tables = g_ptr_array_new_with_free_func(free_table);
    report->notes = g_ptr_array_new_with_free_func(g_free);
    read_lists(report, object);
    static const char *const others[] = {"tables", "remarks", "notes", "top"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        if (json_object_has_member(object, others[i]))
            json_object_remove_member(object, others[i]);
    add_figures(report, "", root);
    return report;
}

LgReport *lg_report_ref(LgReport *report)
{
    g_atomic_ref_count_inc(&report->count);
    return report;
}

void lg_report_unref(LgReport *report)
{
    if (!g_atomic_ref_count_dec(&report->count))
        return;
    g_free(report->task);
    g_hash_table_unref(report->by_path);
    g_ptr_array_unref(report->figures);
    g_ptr_array_unref(report->remarks);
    g_ptr_array_unref(report->tables);
    g_ptr_array_unref(report->notes);
    g_free(report);
}

const LgFigure *lg_report_find(const LgReport *report, const char *path)
{
    return g_hash_table_lookup(report->by_path, path);
}

double lg_report_value(const LgReport *report, const char *path, double otherwise)
{
    const LgFigure *figure = lg_report_find(report, path);
    return figure && !figure->words ? figure->value : otherwise;
}

const LgRemark *lg_report_remark(const LgReport *report, const char *kind)
{
    for (guint i = 0; i < report->remarks->len; i++) {
        const LgRemark *remark = g_ptr_array_index(report->remarks, i);
        if (g_str_equal(remark->kind, kind))
            return remark;
    }
    return NULL;
}

void lg_report_name(LgReport *report, GHashTable *labels)
{
    for (guint i = 0; i < report->figures->len; i++) {
        LgFigure *figure = g_ptr_array_index(report->figures, i);
        const char *label = g_hash_table_lookup(labels, figure->path);
        if (!label)
            continue;
        g_free(figure->label);
        figure->label = g_strdup(label);
        if (!g_str_equal(label, figure->path)) /* the interface begins its texts with capitals */
            *figure->label = g_ascii_toupper(*label);
    }
}

gboolean lg_figure_is_named(const LgFigure *figure) { return !g_str_equal(figure->path, figure->label); }

char *lg_figure_text(const LgFigure *figure)
{
    return figure->words ? g_strdup(figure->words) : lg_quantity_text(figure->value, figure->unit);
}

char *lg_figure_range(const LgFigure *figure)
{
    if (!figure->has_interval || figure->words || figure->low == figure->high)
        return NULL;
    return lg_quantity_range(figure->low, figure->high, figure->unit);
}
