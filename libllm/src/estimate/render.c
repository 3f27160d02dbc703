/* SPDX-License-Identifier: MIT
 * Reports for people: a table of figures with their names in English or Chinese, as plain text, Markdown or CSV.
 */
#include "estimate/report.h"

#include "base/status.h"
#include "chat/number.h"
#include "estimate/csv.h"
#include "estimate/data.h"
#include "estimate/grid.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 3, CSV_COLUMNS = 7, SHOWN_DIGITS = 4, GROUP = 3, LABELS = 256, PATTERN_BYTES = 96 };

/* Scales in which a unit is shown, from the largest. */
typedef struct scale {
    double from, by;
    const char *english, *chinese;
} scale;

static const scale byte_scales[] = {{0x1p40, 0x1p40, "TiB", "TiB"},
                                    {0x1p30, 0x1p30, "GiB", "GiB"},
                                    {0x1p20, 0x1p20, "MiB", "MiB"},
                                    {0x1p10, 0x1p10, "KiB", "KiB"},
                                    {0, 1, "B", "B"}};
static const scale rate_scales[] = {{1e12, 1e12, "TB/s", "TB/s"}, {1e9, 1e9, "GB/s", "GB/s"}, {0, 1e6, "MB/s", "MB/s"}};
static const scale speed_scales[] = {
    {1e18, 1e18, "EFLOP/s", "EFLOP/s"}, {1e15, 1e15, "PFLOP/s", "PFLOP/s"}, {0, 1e12, "TFLOP/s", "TFLOP/s"}};
static const scale work_scales[] = {{1e18, 1, "FLOP", "FLOP"},      {1e15, 1e15, "PFLOP", "PFLOP"},
                                    {1e12, 1e12, "TFLOP", "TFLOP"}, {1e9, 1e9, "GFLOP", "GFLOP"},
                                    {1e6, 1e6, "MFLOP", "MFLOP"},   {0, 1, "FLOP", "FLOP"}};
static const scale time_scales[] = {{86400, 86400, "d", "天"},
                                    {3600, 3600, "h", "小时"},
                                    {1, 1, "s", "秒"},
                                    {1e-3, 1e-3, "ms", "毫秒"},
                                    {0, 1e-6, "us", "微秒"}};
static const scale count_scales[] = {{1e12, 1e12, "T", "万亿"}, {1e9, 1e9, "B", NULL},  {1e8, 1e8, NULL, "亿"},
                                     {1e6, 1e6, "M", NULL},     {1e4, 1e4, NULL, "万"}, {0, 1, "", ""}};
static const scale money_scales[] = {{1e12, 1e12, "T USD", "万亿美元"}, {1e9, 1e9, "B USD", NULL},
                                     {1e8, 1e8, NULL, "亿美元"},        {1e6, 1e6, "M USD", NULL},
                                     {1e4, 1e4, NULL, "万美元"},        {0, 1, "USD", "美元"}};

static const scale yuan_scales[] = {{1e12, 1e12, "T CNY", "万亿元"}, {1e9, 1e9, "B CNY", NULL},
                                    {1e8, 1e8, NULL, "亿元"},        {1e6, 1e6, "M CNY", NULL},
                                    {1e4, 1e4, NULL, "万元"},        {0, 1, "CNY", "元"}};
static const scale power_scales[] = {{1e6, 1e6, "MW", "MW"}, {1e3, 1e3, "kW", "kW"}, {0, 1, "W", "W"}};
static const scale energy_scales[] = {{1e6, 1e6, "GWh", "GWh"}, {1e3, 1e3, "MWh", "MWh"}, {0, 1, "kWh", "kWh"}};
static const scale mass_scales[] = {{1e3, 1e3, "t CO2", "吨 CO2"}, {0, 1, "kg CO2", "千克 CO2"}};

static const struct {
    const char *unit;
    const scale *scales;
} units[] = {
    {"B", byte_scales},   {"B/s", rate_scales},        {"FLOP", work_scales},   {"FLOP/s", speed_scales},
    {"s", time_scales},   {"parameter", count_scales}, {"token", count_scales}, {"USD", money_scales},
    {"CNY", yuan_scales}, {"W", power_scales},         {"kWh", energy_scales},  {"kg", mass_scales},
};

static const struct {
    const char *unit, *chinese;
} unit_names[] = {{"device", "卡"},       {"day", "天"},         {"h", "小时"},          {"server", "台"},
                  {"token/s", "词元/秒"}, {"bit", "位"},         {"query/s", "次/秒"},   {"query", "次"},
                  {"visit", "次"},        {"user", "人"},        {"replica", "个副本"},  {"sequence", "条"},
                  {"year", "年"},         {"kg/kWh", "千克/度"}, {"USD/h", "美元/小时"}, {"USD/kWh", "美元/度"},
                  {"CNY/USD", "元/美元"}, {"CNY/h", "元/小时"},  {"month", "个月"}};

/* 1234567.8 as 1,234,568; large ones as 1.235e+25. */
static void put_number(ll_buffer *out, double x)
{
    char text[LL_NUMBER_TEXT];
    const bool large = x >= 1e15, whole = x == floor(x) || x >= 1e3;
    const size_t n = large   ? ll_print_decimal(x, 'e', SHOWN_DIGITS - 1, text)
                     : whole ? ll_print_decimal(x, 'f', 0, text)
                             : ll_print_decimal(x, 'g', SHOWN_DIGITS, text);
    size_t digits = 0;
    while (!large && digits < n && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && i < digits && (digits - i) % GROUP == 0)
            ll_buffer_byte(out, ',');
        ll_buffer_byte(out, text[i]);
    }
}

static const scale *scale_of(const char *unit, double value, bool chinese)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].unit, unit) != 0)
            continue;
        const scale *s = units[i].scales;
        while (s->from > 0 && (value < s->from || !(chinese ? s->chinese : s->english)))
            s++;
        return s;
    }
    return NULL;
}

static const char *unit_name(const char *unit, bool chinese)
{
    for (size_t i = 0; chinese && i < sizeof unit_names / sizeof *unit_names; i++)
        if (strcmp(unit_names[i].unit, unit) == 0)
            return unit_names[i].chinese;
    return unit;
}

static void put_value(ll_buffer *out, const ll_figure *figure, double value, const scale *s, bool chinese)
{
    put_number(out, s ? value / s->by : value);
    const char *unit = s ? (chinese ? s->chinese : s->english) : unit_name(figure->unit, chinese);
    if (*unit)
        ll_buffer_format(out, " %s", unit);
}

void ll_report_value(const ll_figure *figure, ll_report_language language, ll_buffer *out)
{
    const bool chinese = language == LL_REPORT_CHINESE;
    if (figure->kind == LL_FIGURE_TEXT)
        ll_buffer_text(out, figure->text);
    else
        put_value(out, figure, figure->value.at[0], scale_of(figure->unit, figure->value.at[0], chinese), chinese);
}

libllm_status ll_labels_read(ll_labels *labels, const ll_host *host, const ll_report_options *options,
                             libllm_error *error)
{
    ll_data data;
    ll_csv csv;
    *labels = (ll_labels){0};
    ll_buffer_init(&labels->texts, host);
    if (!ll_map_init(&labels->names, host, LABELS))
        return ll_fail_memory(error, "a report");
    libllm_status status = ll_data_open(&(ll_tables){.store = options->tables->store}, "labels.csv", &data, error);
    if (status)
        return status;
    status = ll_csv_open(&csv, host, "labels.csv", data.text, error);
    while (!status && (status = ll_csv_next(&csv, error)) == LIBLLM_OK) {
        const ll_span label = ll_csv_field(&csv, options->language == LL_REPORT_CHINESE ? "zh" : "en");
        if (!ll_map_insert(&labels->names, ll_csv_field(&csv, "path"), (uint32_t)labels->texts.size, NULL))
            status = ll_fail_memory(error, "a report");
        ll_buffer_append(&labels->texts, label.data, label.size);
        ll_buffer_byte(&labels->texts, 0);
    }
    ll_csv_close(&csv);
    if (labels->texts.failed)
        return ll_fail_memory(error, "a report");
    return status == LIBLLM_DONE ? LIBLLM_OK : status;
}

void ll_labels_free(ll_labels *labels)
{
    ll_map_free(&labels->names);
    ll_buffer_free(&labels->texts);
}

const char *ll_label_of(const ll_labels *labels, const char *path)
{
    uint32_t offset;
    if (ll_map_find(&labels->names, ll_span_of(path), &offset))
        return labels->texts.data + offset;
    const char *first = strchr(path, '.'), *last = first ? strchr(first + 1, '.') : NULL;
    if (!last || strlen(path) >= PATTERN_BYTES)
        return path;
    char pattern[PATTERN_BYTES]; /* a star in place of the second part */
    const size_t n = (size_t)(first - path) + 1;
    memcpy(pattern, path, n);
    pattern[n] = '*';
    memcpy(pattern + n + 1, last, strlen(last) + 1);
    return ll_map_find(&labels->names, ll_span_of(pattern), &offset) ? labels->texts.data + offset : path;
}

typedef struct renderer {
    const ll_sheet *sheet;
    const ll_report_options *options;
    ll_grid grid;
    ll_labels labels;
    ll_buffer cell; /* being made */
} renderer;

static bool is_chinese(const renderer *r) { return r->options->language == LL_REPORT_CHINESE; }

/* Details are for explanations; amounts in yuan are shown in Chinese as well. */
static bool is_shown(const renderer *r, const ll_figure *figure)
{
    return !figure->is_detail || r->options->explains || (is_chinese(r) && strncmp(figure->unit, "CNY", 3) == 0);
}

static void end_cell(renderer *r)
{
    ll_grid_cell(&r->grid, r->cell.data, r->cell.size);
    r->cell.size = 0;
}

static void put_figure(renderer *r, const ll_figure *figure)
{
    const scale *s = scale_of(figure->unit, figure->value.at[0], is_chinese(r));
    ll_grid_row(&r->grid);
    ll_buffer_text(&r->cell, ll_label_of(&r->labels, figure->path));
    end_cell(r);
    ll_report_value(figure, r->options->language, &r->cell);
    end_cell(r);
    if (figure->is_uncertain) {
        double low, high;
        ll_figure_interval(r->sheet, figure, &low, &high);
        put_number(&r->cell, s ? low / s->by : low);
        ll_buffer_text(&r->cell, " - ");
        put_number(&r->cell, s ? high / s->by : high);
    }
    end_cell(r);
}

static void end_line(renderer *r)
{
    ll_grid_line(&r->grid, r->cell.data, r->cell.size);
    r->cell.size = 0;
}

/* Formula, numbers and source, below a figure. */
static void put_explanation(renderer *r, const ll_figure *figure)
{
    if (figure->formula) {
        ll_buffer_format(&r->cell, "= %s", figure->formula);
        end_line(r);
        ll_buffer_text(&r->cell, "= ");
        ll_report_substituted(r->sheet, figure, &r->cell);
        end_line(r);
    }
    if (figure->source) {
        ll_buffer_format(&r->cell, "(%s)", figure->source);
        end_line(r);
    }
}

static void put_heading(renderer *r)
{
    static const char *const texts[2][COLUMNS] = {{"figure", "value", "8 of 10 cases"}, {"项目", "数值", "八成区间"}};
    ll_grid_row(&r->grid);
    for (size_t i = 0; i < COLUMNS; i++)
        ll_grid_cell(&r->grid, texts[is_chinese(r)][i], strlen(texts[is_chinese(r)][i]));
}

static void put_remarks(const renderer *r, ll_buffer *out)
{
    static const char *const kinds[][2] = {
        {"note", "说明"}, {"warning", "警告"}, {"not feasible", "不可行"}, {"nearest change", "最近的可行调整"}};
    for (size_t i = 0; r->options->format != LL_REPORT_CSV && i < r->sheet->n_remarks; i++) {
        const ll_remark *remark = &r->sheet->remarks[i];
        ll_buffer_format(out, "%s%s: ", i ? "" : "\n", kinds[remark->kind][is_chinese(r)]);
        ll_buffer_text(out, is_chinese(r) ? remark->chinese : remark->english);
        ll_buffer_byte(out, '\n');
    }
}

static void put_raw(renderer *r, double x)
{
    char text[LL_NUMBER_TEXT];
    ll_grid_cell(&r->grid, text, ll_print_float(x, text));
}

/* For spreadsheets: plain numbers, and what they are in columns of their own. */
static void put_for_spreadsheet(renderer *r)
{
    static const char *const columns[CSV_COLUMNS] = {"path", "figure", "value", "unit", "low", "high", "formula"};
    ll_grid_row(&r->grid);
    for (size_t i = 0; i < CSV_COLUMNS; i++)
        ll_grid_cell(&r->grid, columns[i], strlen(columns[i]));
    for (size_t i = 0; i < r->sheet->n_figures; i++) {
        const ll_figure *figure = &r->sheet->figures[i];
        if (!is_shown(r, figure))
            continue;
        const char *label = ll_label_of(&r->labels, figure->path);
        ll_grid_row(&r->grid);
        ll_grid_cell(&r->grid, figure->path, strlen(figure->path));
        ll_grid_cell(&r->grid, label, strlen(label));
        if (figure->kind == LL_FIGURE_TEXT)
            ll_grid_cell(&r->grid, figure->text, strlen(figure->text));
        else
            put_raw(r, figure->value.at[0]);
        ll_grid_cell(&r->grid, figure->unit, strlen(figure->unit));
        double low, high;
        ll_figure_interval(r->sheet, figure, &low, &high);
        for (int end = 0; end < 2; end++)
            if (figure->is_uncertain)
                put_raw(r, end ? high : low);
            else
                ll_grid_cell(&r->grid, "", 0);
        ll_grid_cell(&r->grid, figure->formula ? figure->formula : "", figure->formula ? strlen(figure->formula) : 0);
    }
}

static void put_for_people(renderer *r)
{
    put_heading(r);
    for (size_t i = 0; i < r->sheet->n_figures; i++) {
        if (!is_shown(r, &r->sheet->figures[i]))
            continue;
        put_figure(r, &r->sheet->figures[i]);
        if (r->options->explains)
            put_explanation(r, &r->sheet->figures[i]);
    }
}

libllm_status ll_report_render(const ll_sheet *sheet, const ll_report_options *options, ll_buffer *out,
                               libllm_error *error)
{
    static const ll_grid_format formats[] = {
        [LL_REPORT_TABLE] = LL_GRID_TEXT, [LL_REPORT_MARKDOWN] = LL_GRID_MARKDOWN, [LL_REPORT_CSV] = LL_GRID_CSV};
    renderer r = {.sheet = sheet, .options = options};
    ll_buffer_init(&r.cell, sheet->host);
    ll_grid_init(&r.grid, sheet->host, options->format == LL_REPORT_CSV ? CSV_COLUMNS : COLUMNS);
    libllm_status status = ll_labels_read(&r.labels, sheet->host, options, error);
    if (!status) {
        if (options->format == LL_REPORT_CSV)
            put_for_spreadsheet(&r);
        else
            put_for_people(&r);
        bool good = !r.cell.failed && ll_grid_write(&r.grid, formats[options->format], out);
        if (good)
            put_remarks(&r, out);
        if (!good || out->failed)
            status = ll_fail_memory(error, "a report");
    }
    ll_grid_free(&r.grid);
    ll_buffer_free(&r.cell);
    ll_labels_free(&r.labels);
    return status;
}
