/* SPDX-License-Identifier: MIT
 * Aligning and quoting the cells of a table.
 */
#include "estimate/grid.h"

#include "base/utf8.h"

#include <string.h>

void ll_grid_init(ll_grid *grid, const ll_host *host, size_t n_columns)
{
    *grid = (ll_grid){.host = host, .n_columns = n_columns};
    ll_buffer_init(&grid->text, host);
}

void ll_grid_free(ll_grid *grid)
{
    ll_buffer_free(&grid->text);
    ll_free(grid->host, grid->rows);
}

static void add_row(ll_grid *grid, bool is_line)
{
    if (grid->n_rows == grid->capacity) {
        const size_t capacity = grid->capacity ? 2 * grid->capacity : 32;
        struct ll_grid_row *grown = ll_realloc(grid->host, grid->rows, grid->n_rows, capacity, sizeof *grown);
        if (!grown) {
            grid->failed = true;
            return;
        }
        grid->rows = grown;
        grid->capacity = capacity;
    }
    grid->rows[grid->n_rows++] = (struct ll_grid_row){is_line, grid->text.size};
}

void ll_grid_row(ll_grid *grid) { add_row(grid, false); }

void ll_grid_cell(ll_grid *grid, const char *text, size_t n_bytes)
{
    ll_buffer_append(&grid->text, text, n_bytes);
    ll_buffer_byte(&grid->text, 0);
}

void ll_grid_line(ll_grid *grid, const char *text, size_t n_bytes)
{
    add_row(grid, true);
    ll_grid_cell(grid, text, n_bytes);
}

/* Columns that a text takes on a terminal; CJK characters take two. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (size_t i = 0, n = strlen(text); i < n;) {
        int32_t c;
        i += ll_utf8_decode(text + i, n - i, &c);
        width += c >= 0x2E80 ? 2 : 1;
    }
    return width;
}

static void pad(ll_buffer *out, size_t width, size_t to)
{
    for (; width < to; width++)
        ll_buffer_byte(out, ' ');
}

static void put_quoted(ll_buffer *out, const char *text)
{
    ll_buffer_byte(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            ll_buffer_byte(out, '"');
        ll_buffer_byte(out, *text);
    }
    ll_buffer_byte(out, '"');
}

static void put_cell(ll_buffer *out, ll_grid_format format, size_t column, const char *cell, size_t width)
{
    switch (format) {
    case LL_GRID_CSV:
        if (column)
            ll_buffer_byte(out, ',');
        put_quoted(out, cell);
        break;
    case LL_GRID_MARKDOWN:
        ll_buffer_format(out, "%s%s |", column ? " " : "| ", cell);
        break;
    case LL_GRID_TEXT:
        if (column) {
            ll_buffer_text(out, "  ");
            pad(out, width_of(cell), width);
        }
        ll_buffer_text(out, cell);
        if (!column)
            pad(out, width_of(cell), width);
        break;
    }
}

static void put_line(ll_buffer *out, ll_grid_format format, const char *text, size_t n_columns)
{
    if (format == LL_GRID_CSV)
        return;
    ll_buffer_format(out, format == LL_GRID_MARKDOWN ? "| &nbsp;&nbsp;%s |" : "    %s", text);
    for (size_t i = 1; format == LL_GRID_MARKDOWN && i < n_columns; i++)
        ll_buffer_text(out, " |");
    ll_buffer_byte(out, '\n');
}

bool ll_grid_write(const ll_grid *grid, ll_grid_format format, ll_buffer *out)
{
    enum { COLUMNS_MAX = 32 };
    size_t widths[COLUMNS_MAX] = {0};
    if (grid->failed || grid->text.failed || grid->n_columns > COLUMNS_MAX)
        return false;
    for (size_t i = 0; i < grid->n_rows; i++) {
        const char *cell = grid->text.data + grid->rows[i].first;
        for (size_t j = 0; !grid->rows[i].is_line && j < grid->n_columns; j++, cell += strlen(cell) + 1)
            widths[j] = width_of(cell) > widths[j] ? width_of(cell) : widths[j];
    }
    for (size_t i = 0; i < grid->n_rows; i++) {
        const char *cell = grid->text.data + grid->rows[i].first;
        if (grid->rows[i].is_line) {
            put_line(out, format, cell, grid->n_columns);
            continue;
        }
        for (size_t j = 0; j < grid->n_columns; j++, cell += strlen(cell) + 1)
            put_cell(out, format, j, cell, widths[j]);
        while (format == LL_GRID_TEXT && out->size && out->data[out->size - 1] == ' ')
            out->size--;
        ll_buffer_byte(out, '\n');
        for (size_t j = 0; format == LL_GRID_MARKDOWN && i == 0 && j < grid->n_columns; j++)
            ll_buffer_text(out, j ? " ---: |" : "| --- |");
        if (format == LL_GRID_MARKDOWN && i == 0)
            ll_buffer_byte(out, '\n');
    }
    return !out->failed;
}
