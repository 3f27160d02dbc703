/* SPDX-License-Identifier: MIT
 * Which report, in which way, and the figures that its cells are.
 */
#include "estimate/seeds.h"

#include "base/status.h"

double ll_seed_figure(ll_seed *seed, json_t *scenario, const char *path)
{
    ll_sheet *whole = seed->sheet, sheet;
    double value = 0;
    if (whole->status) {
        json_decref(scenario);
        return 0;
    }
    ll_bill *bill = ll_alloc(whole->host, 1, sizeof *bill);
    if (scenario && bill && ll_sheet_init(&sheet, whole->host)) {
        ll_run_scenario(&sheet, scenario, seed->tables, bill);
        if (sheet.status)
            ll_sheet_fail(whole, sheet.status, "%s", sheet.error.message);
        value = ll_sheet_value(&sheet, path);
        ll_sheet_free(&sheet);
    } else {
        ll_sheet_fail(whole, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a report");
    }
    ll_free(whole->host, bill);
    json_decref(scenario);
    return value;
}

void ll_run_document(ll_reader *scenario, const ll_tables *tables, ll_document *document)
{
    static void (*const documents[])(ll_seed *) = {ll_seed_000, ll_seed_001, ll_seed_004};
    const int which = ll_read_choice(scenario, "report", LL_DOCUMENT_WORDS, -1);
    ll_seed seed = {.sheet = scenario->sheet, .scenario = scenario, .document = document, .tables = tables};
    seed.corrects = ll_read_choice(scenario, "mode", "as-printed|corrected", 0) == 1;
    if (which < 0)
        ll_sheet_fail(scenario->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "report: expected one of %s", LL_DOCUMENT_WORDS);
    else
        documents[which](&seed);
    if (!scenario->sheet->status)
        ll_read_end(scenario);
}
