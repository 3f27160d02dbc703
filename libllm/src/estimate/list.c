/* SPDX-License-Identifier: MIT
 * Lists of models and devices.
 */
#include "estimate/list.h"

#include "base/status.h"
#include "estimate/csv.h"
#include "estimate/data.h"

static void list_models(ll_sheet *sheet, const json_t *models, ll_document *d)
{
    size_t i;
    json_t *model;
    json_array_foreach (models, i, model) {
        static const char *const keys[] = {"name", "family", "source"};
        ll_document_row(d);
        for (size_t j = 0; j < sizeof keys / sizeof *keys - !d->options.explains; j++) {
            const char *text = json_string_value(json_object_get(model, keys[j]));
            ll_document_text(d, text ? text : "");
        }
    }
    if (!json_is_array(models))
        ll_sheet_fail(sheet, LIBLLM_ERROR_JSON, "models.json: not a JSON list");
}

void ll_list_models(ll_sheet *sheet, const ll_tables *tables, ll_document *d)
{
    ll_data data;
    libllm_error error = {0};
    json_t *models = NULL;
    ll_document_table(d, "models", "Models", "模型", NULL);
    ll_document_row(d);
    ll_document_in(d, "name", "名称");
    ll_document_in(d, "family", "系列");
    if (d->options.explains)
        ll_document_in(d, "source", "来源");
    libllm_status status = ll_data_open(tables, "models.json", &data, &error);
    if (!status) {
        status = ll_json_parse(sheet->host, data.text.data, data.text.size, &models, &error);
        if (!status)
            list_models(sheet, models, d);
        json_decref(models);
        ll_data_close(&data);
    }
    if (status)
        ll_sheet_fail(sheet, status, "models.json: %s", error.message);
}

/* The rows of a table as they are: these columns, under these headings. */
static void list_rows(ll_sheet *sheet, const ll_tables *tables, const char *table, const char *const *columns, size_t n,
                      ll_document *d)
{
    ll_data data;
    ll_csv csv;
    libllm_error error = {0};
    libllm_status status = ll_data_open(tables, table, &data, &error);
    if (!status) {
        status = ll_csv_open(&csv, sheet->host, table, data.text, &error);
        while (!status && (status = ll_csv_next(&csv, &error)) == LIBLLM_OK) {
            ll_document_row(d);
            for (size_t i = 0; i < n; i++) {
                const ll_span field = ll_csv_field(&csv, columns[i]);
                ll_document_text(d, ll_sheet_text(sheet, "%.*s", (int)field.size, field.data));
            }
        }
        ll_csv_close(&csv);
        ll_data_close(&data);
    }
    if (status < 0)
        ll_sheet_fail(sheet, status, "%s", error.message);
}

void ll_list_prices(ll_sheet *sheet, const ll_tables *tables, ll_document *d)
{
    static const char *const columns[] = {"kind", "name", "provider", "metric", "value", "currency", "unit", "date"};
    ll_document_table(d, "prices", "Prices", "价格", NULL);
    ll_document_row(d);
    ll_document_in(d, "kind", "类别");
    ll_document_in(d, "name", "名称");
    ll_document_in(d, "provider", "提供方");
    ll_document_in(d, "of", "计费项");
    ll_document_in(d, "price", "价格");
    ll_document_in(d, "currency", "币种");
    ll_document_in(d, "per", "单位");
    ll_document_in(d, "date", "日期");
    list_rows(sheet, tables, "prices.csv", columns, sizeof columns / sizeof *columns, d);
}

void ll_list_devices(ll_sheet *sheet, const ll_tables *tables, ll_document *d)
{
    static const char *const columns[] = {"vendor", "name",       "kind",  "bf16_fp16_dense_tflops",
                                          "mem_gb", "mem_bw_gbs", "tdp_w", "confidence"};
    ll_document_table(d, "devices", "Devices", "设备", NULL);
    ll_document_row(d);
    ll_document_in(d, "vendor", "厂商");
    ll_document_in(d, "name", "名称");
    ll_document_in(d, "kind", "类型");
    ll_document_in(d, "TFLOP/s BF16", "BF16 TFLOPS");
    ll_document_in(d, "GB", "显存 GB");
    ll_document_in(d, "GB/s", "带宽 GB/s");
    ll_document_in(d, "W", "功耗 W");
    ll_document_in(d, "confidence", "可信度");
    list_rows(sheet, tables, "accelerators.csv", columns, sizeof columns / sizeof *columns, d);
}
