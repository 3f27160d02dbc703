/* SPDX-License-Identifier: MIT
 * The library's estimator for the pages of Sizing.
 */
#include "estimator.h"

#include "scenario.h"
#include "widgets/quantity.h"

#include <gio/gio.h>
#include <libllm/libllm.h>

enum { REPORT_BYTES = 1 << 17 };

/* The estimator takes memory and limits from it, and no threads. */
static const libllm_runtime *runtime(void)
{
    static gsize is_there;
    static libllm_runtime *one;
    if (g_once_init_enter(&is_there)) {
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = 1;
        libllm_runtime_create(&options, &one, NULL);
        g_once_init_leave(&is_there, 1);
    }
    return one;
}

const char *lg_estimator_language(void) { return lg_speaks_chinese() ? "zh" : "en"; }

static char *run(JsonObject *scenario, GError **error)
{
    g_autofree char *text = lg_scenario_print(scenario);
    gsize needed = 0, capacity = REPORT_BYTES;
    g_autofree char *buffer = g_malloc(capacity + 1);
    libllm_error problem = {0};
    if (!runtime()) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "out of memory");
        return NULL;
    }
    libllm_status status = libllm_estimate_run(runtime(), text, strlen(text), buffer, capacity, &needed, &problem);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        capacity = needed;
        buffer = g_realloc(buffer, capacity + 1);
        status = libllm_estimate_run(runtime(), text, strlen(text), buffer, capacity, &needed, &problem);
    }
    if (status) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, problem.message);
        return NULL;
    }
    buffer[needed] = 0;
    return g_steal_pointer(&buffer);
}

static char *write_report(JsonObject *scenario, const char *format, const char *language, gboolean explains,
                          GError **error)
{
    g_autoptr(JsonObject) copy = lg_scenario_copy(scenario);
    lg_scenario_set_text(copy, "output.format", format);
    lg_scenario_set_text(copy, "output.lang", language);
    if (explains)
        lg_scenario_set_boolean(copy, "output.explain", TRUE);
    return run(copy, error);
}

char *lg_estimator_write(JsonObject *scenario, const char *format, const char *language, GError **error)
{
    return write_report(scenario, format, language, !g_str_equal(format, "table"), error);
}

/* A field of CSV from `at`; returns what follows it. */
static const char *read_field(const char *at, GString *field)
{
    g_string_truncate(field, 0);
    const gboolean is_quoted = *at == '"';
    for (at += is_quoted; *at; at++) {
        if (is_quoted && *at == '"' && *++at != '"')
            break;
        if (!is_quoted && (*at == ',' || *at == '\n'))
            break;
        g_string_append_c(field, *at);
    }
    return *at == ',' ? at + 1 : at;
}

/* Only tables for people have names: the CSV gives the name of each path. */
static void read_labels(const char *csv, GHashTable *labels)
{
    g_autoptr(GString) path = g_string_new(NULL), label = g_string_new(NULL), rest = g_string_new(NULL);
    for (const char *at = csv; *at;) {
        at = read_field(at, path);
        at = read_field(at, label);
        while (*at && *at != '\n') {
            const char *next = read_field(at, rest);
            at = next > at ? next : at + 1;
        }
        at += *at == '\n';
        g_hash_table_replace(labels, g_strdup(path->str), g_strdup(label->str));
    }
}

/* Names are asked for once for each path. */
static void name_figures(LgReport *report, JsonObject *scenario)
{
    static GMutex lock;
    static GHashTable *both[2];
    const gboolean is_chinese = lg_speaks_chinese();
    gboolean is_known = TRUE;
    g_mutex_lock(&lock);
    GHashTable *labels = both[is_chinese];
    if (!labels)
        labels = both[is_chinese] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; is_known && i < report->figures->len; i++)
        is_known = g_hash_table_contains(labels, ((LgFigure *)g_ptr_array_index(report->figures, i))->path);
    if (!is_known) {
        g_autofree char *csv = write_report(scenario, "csv", lg_estimator_language(), TRUE, NULL);
        if (csv)
            read_labels(csv, labels);
    }
    lg_report_name(report, labels);
    g_mutex_unlock(&lock);
}

LgReport *lg_estimator_run(JsonObject *scenario, GError **error)
{
    g_autofree char *json = write_report(scenario, "json", lg_estimator_language(), TRUE, error);
    LgReport *report = json ? lg_report_parse(json, error) : NULL;
    if (report && report->figures->len)
        name_figures(report, scenario);
    return report;
}

LgReport *lg_estimator_run_bare(JsonObject *scenario, GError **error)
{
    g_autofree char *json = write_report(scenario, "json", "en", FALSE, error);
    return json ? lg_report_parse(json, error) : NULL;
}

static GPtrArray *list(const char *task)
{
    g_autoptr(JsonObject) scenario = json_object_new();
    g_autoptr(GError) error = NULL;
    lg_scenario_set_text(scenario, "task", task);
    g_autofree char *json = write_report(scenario, "json", "en", FALSE, &error);
    g_autoptr(LgReport) report = json ? lg_report_parse(json, &error) : NULL;
    if (!report || !report->tables->len) {
        g_warning("%s: %s", task, error ? error->message : "no table");
        return g_ptr_array_new();
    }
    const LgReportTable *table = g_ptr_array_index(report->tables, 0);
    GPtrArray *rows = g_ptr_array_ref(table->rows);
    if (rows->len)
        g_ptr_array_remove_index(rows, 0);
    return rows;
}

GPtrArray *lg_estimator_models(void)
{
    static GPtrArray *rows;
    static gsize is_there;
    if (g_once_init_enter(&is_there)) {
        rows = list("models");
        g_once_init_leave(&is_there, 1);
    }
    return rows;
}

GPtrArray *lg_estimator_devices(void)
{
    static GPtrArray *rows;
    static gsize is_there;
    if (g_once_init_enter(&is_there)) {
        rows = list("devices");
        g_once_init_leave(&is_there, 1);
    }
    return rows;
}
