/* SPDX-License-Identifier: MIT
 * Rows and columns. Distances are those of LaTeX and amsmath at ten points.
 */
#include <string.h>

#include "math/box.h"

typedef struct {
    double width;  /* of what is in the column */
    double before; /* the space to its left */
    double align;  /* 0 left, 0.5, 1 right */
    guint lines;   /* to its left */
} Column;

typedef struct {
    double baseline, depth, top; /* down from the top of the whole */
} Row;

typedef struct {
    guint n_rows, n_columns;
    Box **cells;
    Column *columns;
    Row *rows;
    Style style; /* of cells */
    double size;
    LgMathArray kind;
} Table;

static Style style_of_cells(const LgMathNode *node, Style style)
{
    switch ((LgMathArray)node->value) {
    case LG_MATH_ALIGNED:
    case LG_MATH_GATHERED:
        return (Style){LG_MATH_DISPLAY, FALSE};
    case LG_MATH_SMALL_MATRIX:
        return (Style){LG_MATH_SCRIPT, FALSE};
    case LG_MATH_SUBSTACK:
        return style;
    default:
        return (Style){node->style == LG_MATH_DISPLAY  ? LG_MATH_DISPLAY
                       : style.level >= LG_MATH_SCRIPT ? style.level
                                                       : LG_MATH_TEXT_STYLE,
                       FALSE};
    }
}

/* How columns are aligned and how far apart they are. */
static void set_columns(Table *table, const char *spec)
{
    double size = table->size;
    for (guint i = 0; i < table->n_columns; i++) {
        Column *column = &table->columns[i];
        column->align = 0.5;
        column->before = i ? size : 0;
        switch (table->kind) {
        case LG_MATH_SMALL_MATRIX:
            column->before = i ? 5 / 18. * 2 * size : 0;
            break;
        case LG_MATH_CASES:
            column->align = 0;
            break;
        case LG_MATH_ALIGNED: /* right and left in turn, touching; pairs apart */
            column->align = i % 2 ? 0 : 1;
            column->before = i % 2 || !i ? 0 : 2 * size;
            break;
        case LG_MATH_COLUMNS:
            column->before = i ? size : 0.5 * size;
            while (spec && *spec == '|') {
                column->lines++;
                spec++;
            }
            if (spec && *spec) {
                column->align = *spec == 'l' ? 0 : *spec == 'r' ? 1 : 0.5;
                spec++;
            }
            break;
        default:
            break;
        }
    }
}

static Box *cell_box(Layout *layout, const Table *table, const LgMathNode *cell, guint column)
{
    if (table->kind != LG_MATH_ALIGNED || column % 2 == 0)
        return lg_box_list(layout, cell, table->style);
    /* As if something stood before: a relation at the beginning has its space. */
    Box *box = lg_box_new(layout, BOX_LIST);
    g_autoptr(GArray) atoms = lg_box_atoms(layout, cell, table->style, LG_MATH_ORD, &box->width);
    for (guint i = 0; i < atoms->len; i++)
        lg_box_put(box, g_array_index(atoms, Atom, i).box, g_array_index(atoms, Atom, i).x, 0);
    return box;
}

static void fill(Layout *layout, Table *table, const LgMathNode *node)
{
    guint y = 0;
    for (const LgMathNode *row = node->first; row && !layout->failed; row = row->next, y++) {
        guint x = 0;
        for (const LgMathNode *cell = row->first; cell && !layout->failed; cell = cell->next, x++) {
            Box *box = cell_box(layout, table, cell, x);
            table->cells[y * table->n_columns + x] = box;
            table->columns[x].width = MAX(table->columns[x].width, box->width);
        }
    }
}

/* Where rows stand; how high all of them are. */
static double set_rows(Table *table, const LgMathNode *node)
{
    gboolean is_small = table->kind == LG_MATH_SUBSTACK || table->kind == LG_MATH_SMALL_MATRIX;
    gboolean is_open = table->kind == LG_MATH_ALIGNED || table->kind == LG_MATH_GATHERED;
    double stretch = table->kind == LG_MATH_CASES ? 1.2 : 1, y = 0;
    double size = table->size, strut = (is_small ? 0.7 : 0.84) * stretch,
           strut_depth = (is_small ? 0.2 : 0.36) * stretch;
    const LgMathNode *row = node->first;
    for (guint i = 0; i < table->n_rows; i++, row = row->next) {
        double height = strut * size, depth = strut_depth * size;
        for (guint x = 0; x < table->n_columns; x++) {
            const Box *cell = table->cells[i * table->n_columns + x];
            if (cell) {
                /* Cells that are higher than a line of text keep a little apart. */
                double apart = cell->height > height || cell->depth > depth ? 0.1 * size : 0;
                height = MAX(height, cell->height + apart);
                depth = MAX(depth, cell->depth + apart);
            }
        }
        table->rows[i] = (Row){y + height, depth, y};
        y += height + depth + (i + 1 < table->n_rows ? row->width * size + (is_open ? 0.3 * size : 0) : 0);
    }
    return y;
}

static void draw_lines(Layout *layout, Box *result, const Table *table, const LgMathNode *node, double top,
                       double height)
{
    double thickness = 0.04 * table->size, x = 0;
    guint i = 0;
    for (const LgMathNode *row = node->first; row; row = row->next, i++) {
        gboolean is_empty = i + 1 == table->n_rows && row->first && !row->first->first && !row->first->next;
        for (int n = 0; n < MIN(row->value, 2); n++)
            lg_box_put(result, lg_box_rule(layout, result->width, thickness), 0,
                       top - table->rows[i].top - (is_empty ? 0 : thickness / 2) + n * 3 * thickness);
    }
    for (guint column = 0; column < table->n_columns; column++) {
        for (guint n = 0; n < MIN(table->columns[column].lines, 2); n++)
            lg_box_put(result, lg_box_rule(layout, thickness, height),
                       MAX(0, x + (column ? table->columns[column].before / 2 : 0) - thickness / 2) + n * 3 * thickness,
                       top - height);
        x += table->columns[column].before + table->columns[column].width;
    }
}

static void place(Layout *layout, Box *result, Table *table, const LgMathNode *node, Style style)
{
    double height = set_rows(table, node), x = 0;
    /* A line that is empty but for the rule above it takes no room. */
    const LgMathNode *last = node->last;
    if (table->n_rows > 1 && last->value && last->first && !last->first->first && !last->first->next)
        height = table->rows[table->n_rows - 1].top;
    double top = height / 2 + lg_style_axis(layout, style);
    for (guint column = 0; column < table->n_columns; column++) {
        x += table->columns[column].before;
        for (guint row = 0; row < table->n_rows; row++) {
            Box *cell = table->cells[row * table->n_columns + column];
            if (cell)
                lg_box_put(result, cell,
                           x + table->columns[column].align * (table->columns[column].width - cell->width),
                           top - table->rows[row].baseline);
        }
        x += table->columns[column].width;
    }
    result->width = x + (table->kind == LG_MATH_COLUMNS ? 0.5 * table->size : 0);
    result->height = top;
    result->depth = height - top;
    draw_lines(layout, result, table, node, top, height);
}

/* The line at the right edge of \begin{array}{c|c|}. */
static gboolean ends_with_line(const LgMathNode *node)
{
    return node->text && node->text[0] && node->text[strlen(node->text) - 1] == '|';
}

Box *lg_box_array(Layout *layout, const LgMathNode *node, Style style)
{
    Table table = {.style = style_of_cells(node, style), .kind = (LgMathArray)node->value};
    table.size = lg_style_size(layout, table.style);
    for (const LgMathNode *row = node->first; row; row = row->next) {
        guint n = 0;
        for (const LgMathNode *cell = row->first; cell; cell = cell->next)
            n++;
        table.n_columns = MAX(table.n_columns, n);
        table.n_rows++;
    }
    Box *result = lg_box_new(layout, BOX_LIST);
    if (!table.n_rows || !table.n_columns)
        return result;
    table.cells = g_new0(Box *, (gsize)table.n_rows * table.n_columns);
    table.columns = g_new0(Column, table.n_columns);
    table.rows = g_new0(Row, table.n_rows);
    set_columns(&table, node->text);
    fill(layout, &table, node);
    place(layout, result, &table, node, style);
    if (ends_with_line(node))
        lg_box_put(result, lg_box_rule(layout, 0.04 * table.size, result->height + result->depth),
                   result->width - 0.04 * table.size, -result->depth);
    g_free(table.cells);
    g_free(table.columns);
    g_free(table.rows);
    return result;
}
