/* SPDX-License-Identifier: MIT
 * Reading tables row by row.
 */
#include "estimate/csv.h"

#include "base/status.h"
#include "chat/number.h"

#include <math.h>
#include <string.h>

/* The text between quotes, of which two stand for one, behind the first. The buffer has room. */
static bool read_quoted(ll_csv *csv, const char **at, const char *end, ll_span *field)
{
    const size_t first = csv->quoted.size;
    while (*at < end) {
        const char c = *(*at)++;
        if (c == '"' && (*at == end || **at != '"')) {
            *field = (ll_span){csv->quoted.data + first, csv->quoted.size - first};
            return true;
        }
        *at += c == '"';
        ll_buffer_byte(&csv->quoted, c);
    }
    return false;
}

/* Up to the line's end, or that of a later one where a quote is open. */
static size_t row_bytes(const ll_csv *csv)
{
    const char *const end = csv->left.data + csv->left.size;
    bool in_quotes = false;
    for (const char *at = csv->left.data; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *const stop = line ? line : end;
        for (const char *quote = at; (quote = memchr(quote, '"', (size_t)(stop - quote))); quote++)
            in_quotes = !in_quotes;
        if (!line)
            break;
        if (!in_quotes)
            return (size_t)(line - csv->left.data);
        at = line + 1;
    }
    return csv->left.size;
}

static libllm_status read_row(ll_csv *csv, ll_span *fields, size_t *n_fields, libllm_error *error)
{
    const char *at = csv->left.data, *const end = at + csv->left.size;
    csv->quoted.size = 0;
    if (!ll_buffer_reserve(&csv->quoted, row_bytes(csv))) /* so that fields do not move */
        return ll_fail_memory(error, "a row of a table");
    for (*n_fields = 0;;) {
        if (*n_fields == LL_CSV_COLUMNS_MAX)
            return ll_fail(error, LIBLLM_ERROR_LIMIT, "%s line %zu: more than %d columns", csv->name, csv->line,
                           LL_CSV_COLUMNS_MAX);
        ll_span *field = &fields[(*n_fields)++];
        if (at < end && *at == '"') {
            at++;
            if (!read_quoted(csv, &at, end, field))
                return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s line %zu: a quote is not closed", csv->name,
                               csv->line);
        } else {
            const char *first = at;
            while (at < end && *at != ',' && *at != '\n')
                at++;
            *field = (ll_span){first, (size_t)(at - first)};
            if (field->size && (at == end || *at == '\n') && first[field->size - 1] == '\r')
                field->size--;
        }
        const char behind = at < end ? *at : '\n';
        if (behind != ',' && behind != '\n' && behind != '\r')
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s line %zu: a comma is missing behind a quote",
                           csv->name, csv->line);
        at += at < end;
        at += behind == '\r' && at < end;
        if (behind != ',') {
            csv->left = (ll_span){at, (size_t)(end - at)};
            return LIBLLM_OK;
        }
    }
}

libllm_status ll_csv_open(ll_csv *csv, const ll_host *host, const char *name, ll_span text, libllm_error *error)
{
    *csv = (ll_csv){.name = name, .left = text, .line = 1};
    ll_buffer_init(&csv->quoted, host);
    libllm_status status = read_row(csv, csv->columns, &csv->n_columns, error);
    if (!status && csv->quoted.size > 0)
        status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "%s line 1: names of columns are not quoted", name);
    return status;
}

void ll_csv_close(ll_csv *csv) { ll_buffer_free(&csv->quoted); }

ll_span ll_csv_peek(const ll_csv *csv) { return (ll_span){csv->left.data, row_bytes(csv)}; }

void ll_csv_skip(ll_csv *csv)
{
    size_t n = row_bytes(csv);
    n += n < csv->left.size;
    csv->left = (ll_span){csv->left.data + n, csv->left.size - n};
    csv->line++;
}

libllm_status ll_csv_next(ll_csv *csv, libllm_error *error)
{
    do {
        if (csv->left.size == 0)
            return LIBLLM_DONE;
        csv->line++;
        size_t n;
        libllm_status status = read_row(csv, csv->fields, &n, error);
        if (status)
            return status;
        if (n != csv->n_columns && !(n == 1 && csv->fields[0].size == 0))
            return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s line %zu: %zu fields, expected %zu", csv->name,
                           csv->line, n, csv->n_columns);
        if (n == csv->n_columns)
            return LIBLLM_OK;
    } while (true); /* an empty line */
}

ll_span ll_csv_field(const ll_csv *csv, const char *column)
{
    for (size_t i = 0; i < csv->n_columns; i++)
        if (ll_span_is(csv->columns[i], column))
            return csv->fields[i];
    return (ll_span){0};
}

libllm_status ll_csv_number(const ll_csv *csv, const char *column, double *out, libllm_error *error)
{
    const ll_span field = ll_csv_field(csv, column);
    *out = 0;
    if (field.size == 0)
        return LIBLLM_OK;
    if (!ll_parse_float(field, out) || !isfinite(*out) || *out < 0)
        return ll_fail(error, LIBLLM_ERROR_CORRUPT_FILE, "%s line %zu: \"%s\" is \"%.*s\", expected a number from 0",
                       csv->name, csv->line, column, (int)field.size, field.data);
    return LIBLLM_OK;
}
