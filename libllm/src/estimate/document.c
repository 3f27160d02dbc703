/* SPDX-License-Identifier: MIT
 * Tables as JSON, and from there as text.
 */
#include "estimate/document.h"

#include "base/status.h"
#include "chat/number.h"
#include "estimate/grid.h"

#include <math.h>
#include <string.h>

static void keep(ll_document *d, bool good) { d->failed = d->failed || !good; }

void ll_document_init(ll_document *d, const ll_host *host, const ll_report_options *options, const char *task,
                      const char *name)
{
    *d = (ll_document){.host = host, .options = *options};
    d->root = json_pack("{s:s, s:s, s:s, s:[], s:[]}", "report", "libllm-estimate-1", "task", task, "name", name,
                        "tables", "notes");
    d->tables = json_object_get(d->root, "tables");
    keep(d, d->root != NULL);
}

void ll_document_free(ll_document *d) { json_decref(d->root); }

static bool is_chinese(const ll_document *d) { return d->options.language == LL_REPORT_CHINESE; }

void ll_document_table(ll_document *d, const char *id, const char *english, const char *chinese, const char *source)
{
    json_t *table = json_pack("{s:s, s:s, s:s?, s:[]}", "id", id, "title", is_chinese(d) ? chinese : english, "source",
                              source, "rows");
    d->rows = json_object_get(table, "rows");
    keep(d, table && json_array_append_new(d->tables, table) == 0);
}

void ll_document_row(ll_document *d)
{
    d->row = json_array();
    keep(d, json_array_append_new(d->rows, d->row) == 0);
}

void ll_document_text(ll_document *d, const char *text)
{
    keep(d, json_array_append_new(d->row, json_string(text)) == 0);
}

void ll_document_in(ll_document *d, const char *english, const char *chinese)
{
    ll_document_text(d, is_chinese(d) ? chinese : english);
}

void ll_document_note(ll_document *d, const char *english, const char *chinese)
{
    keep(d,
         json_array_append_new(json_object_get(d->root, "notes"), json_string(is_chinese(d) ? chinese : english)) == 0);
}

/* Digits by threes: "1234567" as "1,234,567". */
static void group(const char *digits, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = 0;
}

/* Half up in the last of three digits, with a hair for what rounding left of a half. */
static void print_scientific(double value, char *out)
{
    int exponent = value > 0 ? (int)floor(log10(value)) : 0;
    double scaled = value / pow(10, exponent);
    if (scaled >= 10 || (scaled < 1 && value > 0)) {
        exponent += scaled >= 10 ? 1 : -1;
        scaled = value / pow(10, exponent);
    }
    double mantissa = floor(scaled * 100 + 0.5 + 1e-9) / 100;
    if (mantissa >= 10) {
        mantissa /= 10;
        exponent++;
    }
    size_t n = ll_print_decimal(mantissa, 'f', 2, out);
    const int shown = exponent < 0 ? -exponent : exponent;
    out[n++] = 'E';
    out[n++] = exponent < 0 ? '-' : '+';
    if (shown >= 100)
        out[n++] = (char)('0' + shown / 100 % 10);
    out[n++] = (char)('0' + shown / 10 % 10);
    out[n++] = (char)('0' + shown % 10);
    out[n] = 0;
}

void ll_document_value(ll_document *d, const char *text, double value)
{
    keep(d, json_array_append_new(d->row, json_pack("{s:s, s:f}", "text", text, "value", value)) == 0);
}

void ll_document_number(ll_document *d, double value, ll_print print, int digits)
{
    char plain[LL_NUMBER_TEXT], text[2 * LL_NUMBER_TEXT];
    if (!isfinite(value)) {
        keep(d, false);
        return;
    }
    if (print == LL_PRINT_SCIENTIFIC) {
        print_scientific(value, text);
    } else {
        const double unit = pow(10, print == LL_PRINT_WHOLE ? 0 : digits);
        const size_t n =
            ll_print_decimal(floor(value * unit + 0.5 + 1e-9) / unit, 'f', print == LL_PRINT_WHOLE ? 0 : digits, plain);
        const char *point = memchr(plain, '.', n);
        const size_t whole = point ? (size_t)(point - plain) : n;
        group(plain, whole, text);
        memcpy(text + strlen(text), plain + whole, n - whole + 1);
    }
    ll_document_value(d, text, value);
}

static void write_table(const ll_document *d, const json_t *table, ll_grid_format format, bool first, ll_buffer *out,
                        bool *good)
{
    const char *title = json_string_value(json_object_get(table, "title"));
    const char *source = json_string_value(json_object_get(table, "source"));
    const json_t *rows = json_object_get(table, "rows");
    ll_buffer_text(out, first ? "" : "\n");
    ll_buffer_text(out, format == LL_GRID_MARKDOWN ? "## " : format == LL_GRID_CSV ? "# " : "");
    ll_buffer_text(out, title ? title : "");
    ll_buffer_text(out, format == LL_GRID_MARKDOWN ? "\n\n" : "\n");
    ll_grid grid;
    ll_grid_init(&grid, d->host, json_array_size(json_array_get(rows, 0)));
    size_t i, j;
    json_t *row, *cell;
    json_array_foreach (rows, i, row) {
        ll_grid_row(&grid);
        json_array_foreach (row, j, cell) {
            const json_t *shown = json_is_object(cell) ? json_object_get(cell, "text") : cell;
            const json_t *value = json_object_get(cell, "value");
            char number[LL_NUMBER_TEXT];
            if (value && format == LL_GRID_CSV) /* for spreadsheets */
                ll_grid_cell(&grid, number, ll_print_float(json_real_value(value), number));
            else
                ll_grid_cell(&grid, json_string_value(shown), json_string_length(shown));
        }
    }
    *good = *good && ll_grid_write(&grid, format, out);
    ll_grid_free(&grid);
    if (source && format != LL_GRID_CSV && d->options.explains)
        ll_buffer_format(out, "%s(%s)\n", format == LL_GRID_MARKDOWN ? "\n" : "", source);
}

libllm_status ll_document_write(ll_document *d, ll_buffer *out, libllm_error *error)
{
    static const ll_grid_format formats[] = {
        [LL_REPORT_TABLE] = LL_GRID_TEXT, [LL_REPORT_MARKDOWN] = LL_GRID_MARKDOWN, [LL_REPORT_CSV] = LL_GRID_CSV};
    bool good = !d->failed;
    if (good && d->options.format == LL_REPORT_JSON) {
        good = ll_json_write(d->root, JSON_COMPACT | JSON_REAL_PRECISION(17), out);
        return good ? LIBLLM_OK : ll_fail_memory(error, "a report");
    }
    size_t i;
    json_t *item;
    if (good)
        json_array_foreach (d->tables, i, item) {
            write_table(d, item, formats[d->options.format], i == 0, out, &good);
        }
    json_array_foreach (json_object_get(d->root, "notes"), i, item) {
        if (d->options.format == LL_REPORT_CSV)
            break;
        ll_buffer_text(out, i ? "" : "\n");
        ll_buffer_append(out, json_string_value(item), json_string_length(item));
        ll_buffer_byte(out, '\n');
    }
    return good && !out->failed ? LIBLLM_OK : ll_fail_memory(error, "a report");
}
