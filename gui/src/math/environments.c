/* SPDX-License-Identifier: MIT
 * What stands between \begin and \end: rows and columns.
 */
#include <string.h>

#include "math/parser.h"

static const struct {
    const char *name;
    LgMathArray kind;
    gunichar left, right;
    gboolean has_argument;
} environments[] = {
    {"matrix", LG_MATH_MATRIX, 0, 0, FALSE},
    {"pmatrix", LG_MATH_MATRIX, '(', ')', FALSE},
    {"bmatrix", LG_MATH_MATRIX, '[', ']', FALSE},
    {"Bmatrix", LG_MATH_MATRIX, '{', '}', FALSE},
    {"vmatrix", LG_MATH_MATRIX, '|', '|', FALSE},
    {"Vmatrix", LG_MATH_MATRIX, 0x2016, 0x2016, FALSE},
    {"smallmatrix", LG_MATH_SMALL_MATRIX, 0, 0, FALSE},
    {"psmallmatrix", LG_MATH_SMALL_MATRIX, '(', ')', FALSE},
    {"bsmallmatrix", LG_MATH_SMALL_MATRIX, '[', ']', FALSE},
    {"cases", LG_MATH_CASES, '{', 0, FALSE},
    {"dcases", LG_MATH_CASES, '{', 0, FALSE},
    {"rcases", LG_MATH_CASES, 0, '}', FALSE},
    {"aligned", LG_MATH_ALIGNED, 0, 0, FALSE},
    {"align", LG_MATH_ALIGNED, 0, 0, FALSE},
    {"split", LG_MATH_ALIGNED, 0, 0, FALSE},
    {"alignat", LG_MATH_ALIGNED, 0, 0, TRUE},
    {"alignedat", LG_MATH_ALIGNED, 0, 0, TRUE},
    {"flalign", LG_MATH_ALIGNED, 0, 0, FALSE},
    {"eqnarray", LG_MATH_COLUMNS, 0, 0, FALSE},
    {"gather", LG_MATH_GATHERED, 0, 0, FALSE},
    {"gathered", LG_MATH_GATHERED, 0, 0, FALSE},
    {"multline", LG_MATH_GATHERED, 0, 0, FALSE},
    {"equation", LG_MATH_GATHERED, 0, 0, FALSE},
    {"displaymath", LG_MATH_GATHERED, 0, 0, FALSE},
    {"math", LG_MATH_GATHERED, 0, 0, FALSE},
    {"array", LG_MATH_COLUMNS, 0, 0, TRUE},
    {"tabular", LG_MATH_COLUMNS, 0, 0, TRUE},
    {"subarray", LG_MATH_SUBSTACK, 0, 0, TRUE},
};

/* A row's end, the space that it asks for, and lines below: TRUE where one was there. */
static gboolean take_row_end(Parser *p, LgMathNode *row)
{
    if (!lg_parser_skip(p, "\\\\") && !lg_parser_skip(p, "\\newline") && !lg_parser_skip(p, "\\cr"))
        return FALSE;
    lg_parser_skip(p, "*");
    gsize before = p->at;
    lg_parser_skip_blanks(p);
    const char *end = NULL;
    if (lg_parser_at(p, "[") && (end = memchr(p->text + p->at, ']', MIN(p->n - p->at, 16))) != NULL) {
        g_autofree char *text = g_strndup(p->text + p->at + 1, (gsize)(end - p->text) - p->at - 1);
        char *unit;
        double value = g_ascii_strtod(text, &unit);
        if (unit != text && g_ascii_isalpha(*unit)) {
            row->width = CLAMP(g_str_has_prefix(unit, "em") ? value : value * 0.1, -1, 10);
            p->at = (gsize)(end + 1 - p->text);
            return TRUE;
        }
    }
    p->at = before;
    return TRUE;
}

static void take_lines(Parser *p, LgMathNode *row)
{
    for (;;) {
        lg_parser_skip_blanks(p);
        if (!lg_parser_at_command(p, "hline") && !lg_parser_at_command(p, "toprule"))
            return;
        p->at += lg_parser_at_command(p, "hline") ? 6 : 8;
        row->value++;
    }
}

LgMathNode *lg_parser_rows(Parser *p, LgMathNode *array, int ends)
{
    for (guint n = 1; !p->failed; n = 1) {
        LgMathNode *row = lg_parser_node(p, LG_MATH_ROW, LG_MATH_ORD);
        take_lines(p, row);
        for (;; n++) {
            lg_parser_append(row, lg_parser_list(p, ends));
            if (p->failed || !lg_parser_skip(p, "&"))
                break;
            if (n >= LG_MATH_MAX_COLUMNS)
                return lg_parser_fail(p);
        }
        gboolean is_empty = row->first && !row->first->first && !row->first->next;
        gboolean goes_on = !p->failed && take_row_end(p, row);
        if (goes_on || !is_empty || row->value || !array->first) /* nothing behind the last \\ is no row */
            lg_parser_append(array, row);
        if (!goes_on)
            break;
    }
    return array;
}

/* The letters of columns and lines between them: lcr|. */
static char *columns_of(const char *text)
{
    GString *result = g_string_new(NULL);
    for (guint depth = 0; *text && result->len < LG_MATH_MAX_COLUMNS; text++) {
        depth += *text == '{' ? 1 : *text == '}' && depth ? -1u : 0;
        if (!depth && strchr("lcr|", *text))
            g_string_append_c(result, *text);
    }
    return g_string_free(result, FALSE);
}

static gboolean take_end(Parser *p, const char *name)
{
    if (!lg_parser_skip(p, "\\end"))
        return FALSE;
    g_autofree char *end = lg_parser_raw(p);
    return end && strcmp(g_strstrip(end), name) == 0;
}

LgMathNode *lg_parser_environment(Parser *p)
{
    g_autofree char *name = lg_parser_raw(p);
    if (!name)
        return NULL;
    gsize n = strlen(g_strstrip(name)), i;
    gboolean has_star = n && name[n - 1] == '*';
    for (i = 0; i < G_N_ELEMENTS(environments); i++)
        if (strlen(environments[i].name) == n - has_star && strncmp(environments[i].name, name, n - has_star) == 0)
            break;
    if (i == G_N_ELEMENTS(environments))
        return lg_parser_fail(p);
    LgMathNode *array = lg_parser_node(p, LG_MATH_ARRAY, LG_MATH_INNER);
    array->value = environments[i].kind;
    array->style = name[0] == 'd' ? LG_MATH_DISPLAY : LG_MATH_SAME_STYLE;
    lg_parser_skip_blanks(p);
    if (lg_parser_at(p, "[") &&
        (environments[i].kind == LG_MATH_ALIGNED || environments[i].kind == LG_MATH_COLUMNS || has_star))
        lg_parser_option(p); /* [t], and the alignment of pmatrix* */
    if (environments[i].has_argument) {
        g_autofree char *argument = lg_parser_raw(p);
        if (argument && environments[i].kind == LG_MATH_COLUMNS)
            array->text = columns_of(argument);
    } else if (environments[i].kind == LG_MATH_COLUMNS) {
        array->text = g_strdup("rcl");
    }
    LgMathAlphabet alphabet = p->alphabet;
    lg_parser_rows(p, array, END_CELL);
    p->alphabet = alphabet;
    if (p->failed || !take_end(p, name))
        return lg_parser_fail(p);
    if (!environments[i].left && !environments[i].right)
        return array;
    LgMathNode *fenced = lg_parser_node(p, LG_MATH_FENCED, LG_MATH_INNER);
    fenced->code = environments[i].left;
    fenced->code2 = environments[i].right;
    lg_parser_append(fenced, array);
    return fenced;
}
