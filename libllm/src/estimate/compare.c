/* SPDX-License-Identifier: MIT
 * Several models, devices, or both, side by side: the same scenario with each of them.
 */
#include "estimate/compare.h"

#include <string.h>

enum { CHOICES_MAX = 64 };

/* What is of interest in each task; figures that a combination does not have are left empty. */
static const struct {
    const char *task;
    const char *figures[8];
} defaults[] = {
    {"model", {"parameters.total", "parameters.active", "weights.bytes", "kv.bytes_per_token", "flops.decode_token"}},
    {"train", {"flops.total", "devices.count", "time.days", "devices.hours", "energy.total", "cost.total"}},
    {"tune", {"parameters.trainable", "memory.peak", "train.tokens_per_second", "time.days", "cost.total"}},
    {"serve",
     {"latency.ttft", "latency.tpot", "replica.output_tokens_per_second", "concurrency.most", "devices.count",
      "cost.million_tokens"}},
    {"fit",
     {"weights.bytes", "memory.needed", "context.most", "prefill.tokens_per_second", "decode.tokens_per_second"}},
};

typedef struct choices {
    const json_t *items[CHOICES_MAX];
    size_t n;
} choices;

static choices read_choices(ll_reader *r, const char *key)
{
    choices out = {.n = 0};
    const json_t *list = ll_read_any(r, key);
    if (!list)
        return (choices){.items = {NULL}, .n = 1}; /* the scenario's own */
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > CHOICES_MAX) {
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected 1 to %d entries", ll_read_path(r, key),
                      CHOICES_MAX);
        return out;
    }
    for (; out.n < json_array_size(list); out.n++)
        out.items[out.n] = json_array_get(list, out.n);
    return out;
}

size_t ll_read_figures(ll_reader *r, const char *task, const char *figures[LL_FIGURES_MAX])
{
    const json_t *list = ll_read_any(r, "figures");
    size_t n = 0;
    for (size_t i = 0; !list && i < sizeof defaults / sizeof *defaults; i++)
        for (size_t j = 0; strcmp(task, defaults[i].task) == 0 && j < 8 && defaults[i].figures[j]; j++)
            figures[n++] = defaults[i].figures[j];
    for (; n < json_array_size(list) && n < LL_FIGURES_MAX; n++) {
        figures[n] = json_string_value(json_array_get(list, n));
        if (!figures[n]) {
            ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected paths of figures",
                          ll_read_path(r, "figures"));
            return 0;
        }
    }
    return n;
}

/* The scenario with another model and device; NULL: out of memory. */
static json_t *combine(const json_t *scenario, const json_t *model, const json_t *device)
{
    json_t *copy = json_deep_copy(scenario);
    json_object_del(copy, "compare");
    json_object_del(copy, "output");
    json_object_del(copy, "data");
    if (model)
        json_object_set(copy, "model", (json_t *)model);
    if (device) {
        json_t *hardware = json_object_get(copy, "hardware");
        if (json_is_object(hardware))
            json_object_set(hardware, "device", (json_t *)device);
        else
            json_object_set(copy, "hardware", (json_t *)device);
    }
    return copy;
}

static const char *name_of(const json_t *choice, const ll_sheet *sheet, const char *path)
{
    const ll_figure *figure = ll_sheet_find(sheet, path);
    return figure && figure->text ? figure->text : choice && json_is_string(choice) ? json_string_value(choice) : "";
}

void ll_put_figure_cell(ll_document *d, const ll_sheet *sheet, const char *path)
{
    const ll_figure *figure = sheet->status ? NULL : ll_sheet_find(sheet, path);
    ll_buffer cell;
    ll_buffer_init(&cell, sheet->host);
    if (figure)
        ll_report_value(figure, d->options.language, &cell);
    ll_buffer_byte(&cell, 0);
    d->failed = d->failed || cell.failed;
    if (!cell.failed && figure && figure->kind != LL_FIGURE_TEXT)
        ll_document_value(d, cell.data, figure->value.at[0]);
    else
        ll_document_text(d, cell.failed || sheet->status ? "-" : cell.data);
    ll_buffer_free(&cell);
}

/* Of the row of these names. */
static void put_note(ll_document *d, ll_sheet *sheet, const char *const *names, const char *english,
                     const char *chinese)
{
    const char *between = *names[0] && *names[1] ? ", " : "";
    ll_document_note(d, ll_sheet_text(sheet, "%s%s%s: %s", names[0], between, names[1], english),
                     ll_sheet_text(sheet, "%s%s%s：%s", names[0], between, names[1], chinese));
}

static void put_combination(ll_task *task, const json_t *scenario, const json_t *model, const json_t *device,
                            const char *const *figures, size_t n, ll_document *d)
{
    ll_sheet sheet;
    if (!scenario || !ll_sheet_init(&sheet, task->sheet->host)) {
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a comparison");
        return;
    }
    ll_run_scenario(&sheet, scenario, task->tables, task->bill);
    ll_document_row(d);
    const char *names[] = {name_of(model, &sheet, "model.name"), name_of(device, &sheet, "device.name")};
    ll_document_text(d, names[0]);
    ll_document_text(d, names[1]);
    for (size_t i = 0; i < n; i++)
        ll_put_figure_cell(d, &sheet, figures[i]);
    if (sheet.status && sheet.status != LIBLLM_ERROR_OUT_OF_MEMORY)
        put_note(d, &sheet, names, sheet.error.message, sheet.error.message);
    for (size_t i = 0; i < sheet.n_remarks; i++)
        if (sheet.remarks[i].kind == LL_REMARK_REASON)
            put_note(d, &sheet, names, sheet.remarks[i].english, sheet.remarks[i].chinese);
    if (sheet.status == LIBLLM_ERROR_OUT_OF_MEMORY)
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a comparison");
    ll_sheet_free(&sheet);
}

void ll_run_compare(ll_task *task, const char *name, ll_document *d)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "compare");
    const choices models = read_choices(&r, "models"), devices = read_choices(&r, "devices");
    const char *figures[LL_FIGURES_MAX];
    const size_t n = ll_read_figures(&r, name, figures);
    ll_read_end(&r);
    ll_labels labels;
    libllm_error error = {0};
    libllm_status status = ll_labels_read(&labels, sheet->host, &d->options, &error);
    if (status)
        ll_sheet_fail(sheet, status, "%s", error.message);
    ll_document_table(d, "comparison", "Comparison", "对比", NULL);
    ll_document_row(d);
    ll_document_in(d, "model", "模型");
    ll_document_in(d, "device", "设备");
    for (size_t i = 0; !sheet->status && i < n; i++)
        ll_document_text(d, ll_label_of(&labels, figures[i]));
    for (size_t i = 0; i < models.n; i++)
        for (size_t j = 0; !sheet->status && j < devices.n; j++) {
            json_t *scenario = combine(task->scenario->object, models.items[i], devices.items[j]);
            put_combination(task, scenario, models.items[i], devices.items[j], figures, n, d);
            json_decref(scenario);
        }
    ll_labels_free(&labels);
}
