/* SPDX-License-Identifier: MIT
 * From a scenario to a report: what is common to all tasks.
 */
#include "estimate/estimate.h"

#include "base/json.h"
#include "base/status.h"
#include "estimate/compare.h"
#include "estimate/list.h"
#include "estimate/report.h"
#include "estimate/search.h"
#include "estimate/seeds.h"

#include <string.h>

static const struct {
    const char *name;
    void (*run)(ll_task *task);
    bool has_no_model; /* unless the scenario says one */
} tasks[] = {{"model", ll_run_model, false}, {"train", ll_run_train, false}, {"serve", ll_run_serve, false},
             {"fit", ll_run_fit, false},     {"tune", ll_run_tune, false},   {"scale", ll_run_scale, true}};
#define MODEL_TASKS "model|train|serve|fit|tune|scale"
#define DOCUMENTS "report|models|devices|prices"
static const char *const documents[] = {"report", "models", "devices", "prices"};
enum { REPORT = sizeof tasks / sizeof *tasks };

static ll_report_options read_output(ll_reader *scenario, const ll_tables *tables)
{
    ll_reader r = ll_read_object(scenario, "output");
    const ll_report_options options = {
        .format = (ll_report_format)ll_read_choice(&r, "format", LL_REPORT_FORMAT_WORDS, LL_REPORT_JSON),
        .language = (ll_report_language)ll_read_choice(&r, "lang", LL_REPORT_LANGUAGE_WORDS, LL_REPORT_ENGLISH),
        .explains = ll_read_flag(&r, "explain", false),
        .tables = tables,
    };
    ll_read_end(&r);
    return options;
}

void ll_run_task(ll_task *task, const char *name)
{
    size_t which = 0;
    while (strcmp(tasks[which].name, name) != 0)
        which++;
    (void)ll_read_any(task->scenario, "task");
    (void)ll_read_any(task->scenario, "model");
    if (!ll_read_has(task->scenario, "model") && !tasks[which].has_no_model)
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "model: missing");
    if (!task->sheet->status)
        tasks[which].run(task);
    if (!task->sheet->status)
        ll_read_end(task->scenario);
}

static void run_task(ll_task *task, int which)
{
    if (ll_read_has(task->scenario, "model") && ll_bill_read(task->scenario, "model", task->tables, task->bill))
        ll_bill_put(task->bill, task->sheet);
    ll_run_task(task, tasks[which].name);
}

void ll_run_scenario(ll_sheet *sheet, const json_t *root, const ll_tables *tables, ll_bill *bill)
{
    ll_reader scenario = {.sheet = sheet, .object = root, .path = ""};
    ll_task task = {.sheet = sheet, .scenario = &scenario, .bill = bill, .tables = tables};
    const int which = ll_read_choice(&scenario, "task", MODEL_TASKS, 0);
    run_task(&task, which);
}

bool ll_try_scenario(ll_task *task, json_t *root, const char *path)
{
    ll_sheet sheet;
    ll_bill *bill = ll_alloc(task->sheet->host, 1, sizeof *bill);
    bool is_feasible = false;
    if (!root || !bill || !ll_sheet_init(&sheet, task->sheet->host)) {
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a change of the scenario");
    } else {
        static const char *const left_out[] = {"output", "data", "compare", "cost"};
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
            json_object_del(root, left_out[i]);
        sheet.is_trial = true;
        ll_run_scenario(&sheet, root, task->tables, bill);
        is_feasible = !sheet.status && ll_sheet_has(&sheet, path) && ll_report_is_feasible(&sheet);
        if (sheet.status == LIBLLM_ERROR_OUT_OF_MEMORY)
            ll_sheet_fail(task->sheet, sheet.status, "%s", sheet.error.message);
        ll_sheet_free(&sheet);
    }
    ll_free(task->sheet->host, bill);
    json_decref(root);
    return is_feasible;
}

/* A report that is a document: a list, a published report, a comparison, or a search with the report on the best. */
static libllm_status write_document(ll_task *task, int which, const ll_report_options *options, ll_buffer *report,
                                    libllm_error *error)
{
    static void (*const lists[])(ll_sheet *, const ll_tables *, ll_document *) = {ll_list_models, ll_list_devices,
                                                                                  ll_list_prices};
    ll_document document;
    ll_buffer best;
    ll_reader *scenario = task->scenario;
    const bool searches = which < REPORT && ll_read_has(scenario, "search");
    const char *name = which < REPORT    ? tasks[which].name
                       : which == REPORT ? json_string_value(json_object_get(scenario->object, "report"))
                                         : documents[which - REPORT];
    if (searches && ll_read_has(scenario, "compare"))
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "search: only one of \"search\" and \"compare\" can be given");
    ll_document_init(&document, task->sheet->host, options,
                     searches         ? "search"
                     : which < REPORT ? "compare"
                                      : documents[which - REPORT],
                     name ? name : "");
    ll_buffer_init(&best, task->sheet->host);
    if (searches)
        ll_run_search(task, name, &document, &best);
    else if (which < REPORT)
        ll_run_compare(task, name, &document);
    else if (which == REPORT)
        ll_run_document(scenario, task->tables, &document);
    else
        lists[which - REPORT - 1](task->sheet, task->tables, &document);
    libllm_status status = ll_sheet_status(task->sheet, error);
    if (!status)
        status = ll_document_write(&document, report, error);
    ll_buffer_append(report, best.data, best.size);
    if (!status && (report->failed || best.failed))
        status = ll_fail_memory(error, "a report");
    ll_buffer_free(&best);
    ll_document_free(&document);
    return status;
}

static libllm_status run(ll_sheet *sheet, const json_t *root, ll_bill *bill, ll_tables *tables, ll_buffer *report,
                         libllm_error *error)
{
    ll_reader scenario = {.sheet = sheet, .object = root, .path = ""};
    const ll_report_options options = read_output(&scenario, tables);
    ll_task task = {.sheet = sheet, .scenario = &scenario, .bill = bill, .tables = tables};
    const int which = ll_read_choice(&scenario, "task", MODEL_TASKS "|" DOCUMENTS, 0);
    tables->folder = ll_read_text(&scenario, "data", NULL);
    libllm_status status = ll_sheet_status(sheet, error);
    if (status)
        return status;
    if (which >= REPORT || ll_read_has(&scenario, "compare") || ll_read_has(&scenario, "search"))
        return write_document(&task, which, &options, report, error);
    run_task(&task, which);
    status = ll_sheet_status(sheet, error);
    return status ? status : ll_report_write(sheet, tasks[which].name, &options, report, error);
}

libllm_status ll_estimate_run(ll_table_store *store, const char *text, size_t n_bytes, ll_buffer *report,
                              libllm_error *error)
{
    const ll_host *host = ll_table_store_host(store);
    ll_tables tables = {.store = store};
    json_t *root;
    libllm_status status = ll_json_parse(host, text, n_bytes, &root, error);
    if (status)
        return ll_fail_context(error, status, "scenario");
    ll_sheet sheet;
    ll_bill *bill = ll_alloc(host, 1, sizeof *bill);
    if (!json_is_object(root))
        status = ll_fail(error, LIBLLM_ERROR_JSON, "scenario: not a JSON object");
    else if (!bill || !ll_sheet_init(&sheet, host))
        status = ll_fail_memory(error, "an estimate");
    else {
        status = run(&sheet, root, bill, &tables, report, error);
        ll_sheet_free(&sheet);
    }
    ll_free(host, bill);
    json_decref(root);
    return status;
}
