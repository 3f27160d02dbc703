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
        static const char *const keys[] = {"name", "family", "released", "source"};
        ll_document_row(d);
        for (size_t j = 0; j < sizeof keys / sizeof *keys; j++) {
            const char *text = json_string_value(json_object_get(model, keys[j]));
            ll_document_text(d, text ? text : "");
        }
    }
    if (!json_is_array(models))
        ll_sheet_fail(sheet, LIBLLM_ERROR_JSON, "models.json: not a JSON list");
}

void ll_list_models(ll_sheet *sheet, const char *folder, ll_document *d)
{
    ll_data data;
    libllm_error error = {0};
    json_t *models = NULL;
    ll_document_table(d, "models", "Models", "模型", NULL);
    ll_document_row(d);
    ll_document_in(d, "name", "名称");
    ll_document_in(d, "family", "系列");
    ll_document_in(d, "released", "发布");
    ll_document_in(d, "source", "来源");
    libllm_status status = ll_data_open(sheet->host, folder, "models.json", &data, &error);
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

static void put_device(ll_sheet *sheet, const ll_csv *csv, ll_document *d)
{
    static const char *const columns[] = {"vendor", "name",       "kind",  "bf16_fp16_dense_tflops",
                                          "mem_gb", "mem_bw_gbs", "tdp_w", "confidence"};
    ll_document_row(d);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const ll_span field = ll_csv_field(csv, columns[i]);
        ll_document_text(d, ll_sheet_text(sheet, "%.*s", (int)field.size, field.data));
    }
}

void ll_list_devices(ll_sheet *sheet, const char *folder, ll_document *d)
{
    ll_data data;
    ll_csv csv;
    libllm_error error = {0};
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
    libllm_status status = ll_data_open(sheet->host, folder, "accelerators.csv", &data, &error);
    if (!status) {
        status = ll_csv_open(&csv, sheet->host, "accelerators.csv", data.text, &error);
        while (!status && (status = ll_csv_next(&csv, &error)) == LIBLLM_OK)
            put_device(sheet, &csv, d);
        ll_csv_close(&csv);
        ll_data_close(&data);
    }
    if (status < 0)
        ll_sheet_fail(sheet, status, "%s", error.message);
}
