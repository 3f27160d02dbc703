/* SPDX-License-Identifier: MIT
 * Reports as JSON: figures nested by their paths, each with value and unit, and what else is known of it.
 */
#include "estimate/report.h"

#include "base/json.h"
#include "base/status.h"
#include "chat/number.h"

#include <string.h>

enum { SUBSTITUTED_DIGITS = 12, REAL_DIGITS = 17 };

static const char *const remark_kinds[] = {"note", "warning", "reason", "change"};

bool ll_report_is_feasible(const ll_sheet *sheet)
{
    for (size_t i = 0; i < sheet->n_remarks; i++)
        if (sheet->remarks[i].kind == LL_REMARK_REASON)
            return false;
    return true;
}

void ll_report_substituted(const ll_sheet *sheet, const ll_figure *figure, ll_buffer *out)
{
    const char *at = figure->formula, *from = at;
    ll_span name;
    while (ll_next_name(&at, &name)) {
        uint32_t index;
        ll_buffer_append(out, from, (size_t)(name.data - from));
        if (ll_map_find(&sheet->by_path, name, &index)) {
            char number[LL_NUMBER_TEXT];
            ll_buffer_append(out, number,
                             ll_print_decimal(sheet->figures[index].value.at[0], 'g', SUBSTITUTED_DIGITS, number));
        }
        from = at;
    }
    ll_buffer_text(out, from);
}

static json_t *number(double x)
{
    const bool whole = x < 9e15 && x == (double)(int64_t)x;
    return whole ? json_integer((json_int_t)x) : json_real(x);
}

static json_t *inputs_of(const ll_sheet *sheet, const ll_figure *figure)
{
    json_t *inputs = json_object();
    const char *at = figure->formula;
    ll_span name;
    while (ll_next_name(&at, &name)) {
        uint32_t index;
        if (ll_map_find(&sheet->by_path, name, &index))
            json_object_setn_new(inputs, name.data, name.size, number(sheet->figures[index].value.at[0]));
    }
    return inputs;
}

/* NULL: out of memory. */
static json_t *figure_json(const ll_sheet *sheet, const ll_figure *figure, bool explains)
{
    json_t *object = json_object();
    if (figure->kind == LL_FIGURE_TEXT) {
        json_object_set_new(object, "value", json_string(figure->text));
    } else {
        json_object_set_new(object, "value", number(figure->value.at[0]));
        json_object_set_new(object, "unit", json_string(figure->unit));
        double low, high;
        ll_figure_interval(sheet, figure, &low, &high);
        if (figure->is_uncertain) {
            json_object_set_new(object, "low", number(low));
            json_object_set_new(object, "high", number(high));
        }
    }
    if (explains && figure->formula) {
        ll_buffer text;
        ll_buffer_init(&text, sheet->host);
        ll_report_substituted(sheet, figure, &text);
        json_object_set_new(object, "formula", json_string(figure->formula));
        bool good = !text.failed &&
                    json_object_set_new(object, "substituted", json_stringn(text.data, text.size)) == 0 &&
                    json_object_set_new(object, "inputs", inputs_of(sheet, figure)) == 0;
        ll_buffer_free(&text);
        if (!good) {
            json_decref(object);
            return NULL;
        }
    }
    if (explains && figure->source)
        json_object_set_new(object, "source", json_string(figure->source));
    return object;
}

/* Into the objects that the parts of the path name. */
static bool set_at(json_t *root, const char *path, json_t *value)
{
    json_t *object = root;
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        json_t *next = json_object_getn(object, path, (size_t)(dot - path));
        if (!next) {
            next = json_object();
            if (json_object_setn_new(object, path, (size_t)(dot - path), next) != 0) {
                json_decref(value);
                return false;
            }
        }
        object = next;
    }
    return json_object_set_new(object, path, value) == 0;
}

static json_t *remarks_json(const ll_sheet *sheet, ll_report_language language)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sheet->n_remarks; i++) {
        const ll_remark *r = &sheet->remarks[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "kind", remark_kinds[r->kind], "code", r->code, "text",
                                              language == LL_REPORT_CHINESE ? r->chinese : r->english));
    }
    return list;
}

static libllm_status write_json(const ll_sheet *sheet, const char *task, const ll_report_options *options,
                                ll_buffer *out, libllm_error *error)
{
    json_t *root = json_pack("{s:s, s:s, s:b}", "report", "libllm-estimate-1", "task", task, "feasible",
                             ll_report_is_feasible(sheet));
    bool good = root != NULL;
    for (size_t i = 0; good && i < sheet->n_figures; i++)
        good = set_at(root, sheet->figures[i].path, figure_json(sheet, &sheet->figures[i], options->explains));
    good = good && json_object_set_new(root, "remarks", remarks_json(sheet, options->language)) == 0;
    good = good && ll_json_write(root, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS), out);
    json_decref(root);
    return good ? LIBLLM_OK : ll_fail_memory(error, "a report");
}

libllm_status ll_report_write(const ll_sheet *sheet, const char *task, const ll_report_options *options, ll_buffer *out,
                              libllm_error *error)
{
    return options->format == LL_REPORT_JSON ? write_json(sheet, task, options, out, error)
                                             : ll_report_render(sheet, options, out, error);
}
