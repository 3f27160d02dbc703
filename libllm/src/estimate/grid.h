/* SPDX-License-Identifier: MIT
 * Tables for people: rows of cells, written as aligned text, Markdown or CSV.
 */
#ifndef LL_ESTIMATE_GRID_H
#define LL_ESTIMATE_GRID_H

#include "base/buffer.h"

typedef enum ll_grid_format { LL_GRID_TEXT, LL_GRID_MARKDOWN, LL_GRID_CSV } ll_grid_format;

typedef struct ll_grid {
    const ll_host *host;
    size_t n_columns;
    ll_buffer text; /* of all cells, each with a NUL behind it */
    struct ll_grid_row {
        bool is_line; /* one text below the row before */
        size_t first; /* offset of its first cell */
    } * rows;
    size_t n_rows, capacity;
    bool failed;
} ll_grid;

void ll_grid_init(ll_grid *grid, const ll_host *host, size_t n_columns);
void ll_grid_free(ll_grid *grid);
/* The first row is the heading. Cells follow one by one. */
void ll_grid_row(ll_grid *grid);
void ll_grid_cell(ll_grid *grid, const char *text, size_t n_bytes);
/* A line below the row, of any width; CSV leaves it out. */
void ll_grid_line(ll_grid *grid, const char *text, size_t n_bytes);
/* The first column to the left, the others to the right. false: out of memory. */
bool ll_grid_write(const ll_grid *grid, ll_grid_format format, ll_buffer *out);

#endif
