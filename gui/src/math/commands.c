/* SPDX-License-Identifier: MIT
 * The commands of LaTeX's mathematics that are more than a character: one table, and what each entry does.
 */
#include <stdlib.h>
#include <string.h>

#include "math/parser.h"

typedef struct {
    const char *name;
    LgMathNode *(*take)(Parser *p, int value, int other);
    int value, other;
} Command;

/* --- Fractions and roots ---------------------------------------------------------------------------------------------
 */

static LgMathNode *take_fraction(Parser *p, int value, int style)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_FRACTION, LG_MATH_INNER);
    node->value = value;
    node->style = (LgMathStyle)style;
    if (value == LG_MATH_CONTINUED)
        lg_parser_option(p);
    node->a = lg_parser_argument(p);
    node->b = lg_parser_argument(p);
    return node;
}

static LgMathNode *take_binomial(Parser *p, int value, int style)
{
    LgMathNode *node = take_fraction(p, LG_MATH_NO_BAR, style);
    node->code = value == '{' ? '{' : value == '[' ? '[' : '(';
    node->code2 = value == '{' ? '}' : value == '[' ? ']' : ')';
    return node;
}

static LgMathNode *take_root(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_RADICAL, LG_MATH_ORD);
    node->b = lg_parser_option(p);
    node->a = lg_parser_argument(p);
    return node;
}

/* \genfrac{(}{)}{0pt}{0}{above}{below} */
static LgMathNode *take_general_fraction(Parser *p, int value, int other)
{
    g_autofree char *left = lg_parser_raw(p), *right = p->failed ? NULL : lg_parser_raw(p);
    g_autofree char *bar = p->failed ? NULL : lg_parser_raw(p), *style = p->failed ? NULL : lg_parser_raw(p);
    if (p->failed)
        return NULL;
    LgMathNode *node = take_fraction(p, bar[0] == '0' ? LG_MATH_NO_BAR : LG_MATH_BAR,
                                     style[0] >= '0' && style[0] <= '3' ? style[0] - '0' : LG_MATH_SAME_STYLE);
    node->code = g_utf8_get_char(left[0] == '\\' ? left + 1 : left);
    node->code2 = g_utf8_get_char(right[0] == '\\' ? right + 1 : right);
    return node;
}

/* --- Delimiters ------------------------------------------------------------------------------------------------------
 */

static LgMathNode *take_fenced(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_FENCED, LG_MATH_INNER);
    node->code = lg_parser_delimiter(p);
    while (!p->failed) {
        lg_parser_append(node, lg_parser_list(p, END_RIGHT));
        if (p->failed || p->at >= p->n)
            return lg_parser_fail(p);
        if (lg_parser_skip(p, "\\right")) {
            node->code2 = lg_parser_delimiter(p);
            break;
        }
        lg_parser_skip(p, "\\middle");
        LgMathNode *middle = lg_parser_node(p, LG_MATH_DELIMITER, LG_MATH_REL);
        middle->code = lg_parser_delimiter(p);
        lg_parser_append(node, middle);
    }
    return node;
}

static LgMathNode *take_big(Parser *p, int size, int class)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_DELIMITER, (LgMathClass) class);
    node->value = size;
    gboolean in_braces = lg_parser_skip(p, "{");
    node->code = lg_parser_delimiter(p);
    if (in_braces && !lg_parser_skip(p, "}"))
        lg_parser_fail(p);
    if (class < 0) { /* \big( opens, \big) closes */
        LgMathClass own = lg_math_character(node->code).class;
        node->class = own == LG_MATH_OPEN || own == LG_MATH_CLOSE ? own : LG_MATH_ORD;
    }
    return node;
}

/* |a|, ‖a‖, ⟨a| and so on, for commands that take what is between. */
static LgMathNode *take_between(Parser *p, int left, int right)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_FENCED, LG_MATH_INNER);
    lg_parser_skip(p, "*");
    node->code = (gunichar)left;
    node->code2 = (gunichar)right;
    lg_parser_append(node, lg_parser_argument(p));
    return node;
}

/* --- Above and below -------------------------------------------------------------------------------------------------
 */

static LgMathNode *take_line(Parser *p, int side, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_LINE, LG_MATH_ORD);
    node->value = side;
    node->a = lg_parser_argument(p);
    return node;
}

static LgMathNode *take_stretch(Parser *p, int code, int side)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_STRETCH, LG_MATH_ORD);
    node->code = (gunichar)code;
    node->value = side;
    node->a = lg_parser_argument(p);
    /* What stands over a brace is its label. */
    if (code >= 0x23b4 && code <= 0x23e1)
        node->class = LG_MATH_OP;
    return node;
}

static LgMathNode *take_arrow(Parser *p, int code, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_ARROW, LG_MATH_REL);
    node->code = (gunichar)code;
    node->b = lg_parser_option(p);
    node->c = lg_parser_argument(p);
    return node;
}

static LgMathNode *take_stack(Parser *p, int side, int is_relation)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_STACK, LG_MATH_ORD);
    LgMathNode *small = lg_parser_argument(p);
    node->a = lg_parser_argument(p);
    if (side > 0)
        node->c = small;
    else
        node->b = small;
    if (node->a)
        node->class = is_relation ? LG_MATH_REL : node->a->class;
    /* \overset{!}{=}: the braces are of the argument only. */
    if (node->a && node->a->kind == LG_MATH_LIST && node->a->first && !node->a->first->next && !is_relation)
        node->class = node->a->first->class;
    return node;
}

static LgMathNode *take_substack(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_ARRAY, LG_MATH_ORD);
    node->value = LG_MATH_SUBSTACK;
    lg_parser_skip_blanks(p);
    if (!lg_parser_skip(p, "{"))
        return lg_parser_fail(p);
    lg_parser_rows(p, node, END_BRACE | END_CELL);
    return lg_parser_skip(p, "}") ? node : lg_parser_fail(p);
}

/* --- Letters and words -----------------------------------------------------------------------------------------------
 */

static LgMathNode *take_alphabet(Parser *p, int alphabet, int other)
{
    LgMathAlphabet before = p->alphabet;
    p->alphabet = (LgMathAlphabet)alphabet;
    LgMathNode *node = lg_parser_argument(p);
    p->alphabet = before;
    return node;
}

/* As it is in old LaTeX: up to the end of the group. */
static LgMathNode *switch_alphabet(Parser *p, int alphabet, int other)
{
    p->alphabet = (LgMathAlphabet)alphabet;
    return NULL;
}

static LgMathNode *take_text(Parser *p, int alphabet, int other) { return lg_parser_text(p, (LgMathAlphabet)alphabet); }

static LgMathNode *take_operator_name(Parser *p, int value, int other)
{
    gboolean has_limits = lg_parser_skip(p, "*");
    LgMathNode *node = take_alphabet(p, LG_ALPHABET_ROMAN, 0);
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_OP);
    list->value = has_limits ? 3 : 2;
    lg_parser_append(list, node);
    return list;
}

static LgMathNode *take_class(Parser *p, int class, int other)
{
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, (LgMathClass) class);
    LgMathNode *node = lg_parser_argument(p);
    if (class == LG_MATH_OP)
        list->value = 3;
    lg_parser_append(list, node);
    return list;
}

static LgMathNode *take_not(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_argument(p);
    if (!node)
        return NULL;
    gunichar negated = node->kind == LG_MATH_SYMBOL ? lg_math_negated(node->code) : 0;
    if (negated) {
        node->code = negated;
        return node;
    }
    LgMathNode *with_slash = lg_parser_node(p, LG_MATH_NEGATED, node->class);
    with_slash->a = node;
    return with_slash;
}

/* \pmod n: (mod n) with some space before; \mod n without parentheses. */
static LgMathNode *take_modulo(Parser *p, int has_parentheses, int has_word)
{
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
    LgMathNode *space = lg_parser_node(p, LG_MATH_SPACE, LG_MATH_ORD);
    space->width = has_parentheses ? 8. / 18 : 12. / 18;
    lg_parser_append(list, space);
    if (has_parentheses)
        lg_parser_append(list, lg_parser_symbol(p, '(', LG_MATH_OPEN));
    if (has_word) {
        lg_parser_append(list, lg_parser_words(p, "mod", 3, LG_ALPHABET_ROMAN));
        space = lg_parser_node(p, LG_MATH_SPACE, LG_MATH_ORD);
        space->width = 6. / 18;
        lg_parser_append(list, space);
    }
    lg_parser_append(list, lg_parser_argument(p));
    if (has_parentheses)
        lg_parser_append(list, lg_parser_symbol(p, ')', LG_MATH_CLOSE));
    return list;
}

static LgMathNode *take_binary_modulo(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_words(p, "mod", 3, LG_ALPHABET_ROMAN);
    node->class = LG_MATH_BIN;
    return node;
}

/* --- Spaces, styles, boxes -------------------------------------------------------------------------------------------
 */

/* In 1/18 em. */
static LgMathNode *take_space(Parser *p, int width, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_SPACE, LG_MATH_ORD);
    node->width = width / 18.;
    return node;
}

static double em_of(const char *dimension)
{
    static const struct {
        const char *unit;
        double em;
    } units[] = {{"em", 1},   {"ex", 0.45},  {"mu", 1. / 18}, {"pt", 0.1},
                 {"px", 0.1}, {"cm", 2.845}, {"mm", 0.2845},  {"in", 7.227}};
    char *end;
    double value = g_ascii_strtod(dimension, &end);
    end += strspn(end, " ");
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_str_has_prefix(end, units[i].unit))
            return value >= -100 && value <= 1000 ? CLAMP(value * units[i].em, -4, 30) : 0;
    return 0;
}

static LgMathNode *take_dimension(Parser *p, int in_braces, int is_shown)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_SPACE, LG_MATH_ORD);
    lg_parser_skip(p, "*");
    if (in_braces) {
        g_autofree char *text = lg_parser_raw(p);
        node->width = text ? em_of(text) : 0;
        return is_shown ? node : NULL;
    }
    char text[MAX_NAME] = "";
    lg_parser_skip_blanks(p);
    gsize n = 0;
    while (p->at < p->n && n < sizeof text - 1 && (g_ascii_isdigit(p->text[p->at]) || strchr("+-. ", p->text[p->at])))
        text[n++] = p->text[p->at++];
    for (int i = 0; i < 2 && p->at < p->n && n < sizeof text - 1 && g_ascii_isalpha(p->text[p->at]); i++)
        text[n++] = p->text[p->at++];
    node->width = em_of(text);
    return node;
}

static LgMathNode *take_style(Parser *p, int style, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_STYLE, LG_MATH_ORD);
    node->style = (LgMathStyle)style;
    return node;
}

static LgMathNode *take_phantom(Parser *p, int value, int other)
{
    lg_parser_option(p); /* \smash[b] */
    LgMathNode *node = lg_parser_node(p, LG_MATH_PHANTOM, LG_MATH_ORD);
    node->value = value;
    node->a = lg_parser_argument(p);
    return node;
}

static LgMathNode *take_strut(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_PHANTOM, LG_MATH_ORD);
    node->value = LG_MATH_KEEP_HEIGHT;
    node->a = lg_parser_symbol(p, '(', LG_MATH_ORD);
    return node;
}

static LgMathNode *take_boxed(Parser *p, int is_text, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_BOXED, LG_MATH_ORD);
    node->a = is_text ? lg_parser_text(p, LG_ALPHABET_ROMAN) : lg_parser_argument(p);
    return node;
}

static LgMathNode *take_cancel(Parser *p, int value, int other)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_CANCEL, LG_MATH_ORD);
    node->value = value;
    node->a = lg_parser_argument(p);
    return node;
}

/* --- What shows nothing ----------------------------------------------------------------------------------------------
 */

/* With so many arguments that are not looked at; then, perhaps, one that is shown. */
static LgMathNode *skip_arguments(Parser *p, int n, int then_argument)
{
    lg_parser_skip(p, "*");
    for (int i = 0; i < n && !p->failed; i++) {
        lg_parser_option(p);
        g_free(lg_parser_raw(p));
    }
    return then_argument ? lg_parser_argument(p) : NULL;
}

static LgMathNode *take_tag(Parser *p, int value, int other)
{
    gboolean is_bare = lg_parser_skip(p, "*");
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
    if (!is_bare)
        lg_parser_append(list, lg_parser_words(p, "(", 1, LG_ALPHABET_ROMAN));
    lg_parser_append(list, lg_parser_text(p, LG_ALPHABET_ROMAN));
    if (!is_bare)
        lg_parser_append(list, lg_parser_words(p, ")", 1, LG_ALPHABET_ROMAN));
    p->tree->tag = list;
    return NULL;
}

static LgMathNode *take_begin(Parser *p, int value, int other) { return lg_parser_environment(p); }

/* --- The table -------------------------------------------------------------------------------------------------------
 */

#define SAME LG_MATH_SAME_STYLE
#define BOTH (LG_MATH_KEEP_WIDTH | LG_MATH_KEEP_HEIGHT)

static const Command commands[] = {
    {"frac", take_fraction, LG_MATH_BAR, SAME},
    {"dfrac", take_fraction, LG_MATH_BAR, LG_MATH_DISPLAY},
    {"tfrac", take_fraction, LG_MATH_BAR, LG_MATH_TEXT_STYLE},
    {"cfrac", take_fraction, LG_MATH_CONTINUED, LG_MATH_DISPLAY},
    {"genfrac", take_general_fraction},
    {"binom", take_binomial, '(', SAME},
    {"dbinom", take_binomial, '(', LG_MATH_DISPLAY},
    {"tbinom", take_binomial, '(', LG_MATH_TEXT_STYLE},
    {"brace", take_binomial, '{', SAME},
    {"brack", take_binomial, '[', SAME},
    {"sqrt", take_root},
    {"left", take_fenced},
    {"big", take_big, 1, -1},
    {"Big", take_big, 2, -1},
    {"bigg", take_big, 3, -1},
    {"Bigg", take_big, 4, -1},
    {"bigl", take_big, 1, LG_MATH_OPEN},
    {"Bigl", take_big, 2, LG_MATH_OPEN},
    {"biggl", take_big, 3, LG_MATH_OPEN},
    {"Biggl", take_big, 4, LG_MATH_OPEN},
    {"bigr", take_big, 1, LG_MATH_CLOSE},
    {"Bigr", take_big, 2, LG_MATH_CLOSE},
    {"biggr", take_big, 3, LG_MATH_CLOSE},
    {"Biggr", take_big, 4, LG_MATH_CLOSE},
    {"bigm", take_big, 1, LG_MATH_REL},
    {"Bigm", take_big, 2, LG_MATH_REL},
    {"biggm", take_big, 3, LG_MATH_REL},
    {"Biggm", take_big, 4, LG_MATH_REL},
    {"abs", take_between, '|', '|'},
    {"norm", take_between, 0x2016, 0x2016},
    {"bra", take_between, 0x27e8, '|'},
    {"ket", take_between, '|', 0x27e9},
    {"braket", take_between, 0x27e8, 0x27e9},
    {"Bra", take_between, 0x27e8, '|'},
    {"Ket", take_between, '|', 0x27e9},
    {"set", take_between, '{', '}'},
    {"ceil", take_between, 0x2308, 0x2309},
    {"floor", take_between, 0x230a, 0x230b},
    {"overline", take_line, 1},
    {"underline", take_line, -1},
    {"overbar", take_line, 1},
    {"underbar", take_line, -1},
    {"overbrace", take_stretch, 0x23de, 1},
    {"underbrace", take_stretch, 0x23df, -1},
    {"overbracket", take_stretch, 0x23b4, 1},
    {"underbracket", take_stretch, 0x23b5, -1},
    {"overparen", take_stretch, 0x23dc, 1},
    {"underparen", take_stretch, 0x23dd, -1},
    {"overrightarrow", take_stretch, 0x2192, 1},
    {"overleftarrow", take_stretch, 0x2190, 1},
    {"overleftrightarrow", take_stretch, 0x2194, 1},
    {"underrightarrow", take_stretch, 0x2192, -1},
    {"underleftarrow", take_stretch, 0x2190, -1},
    {"underleftrightarrow", take_stretch, 0x2194, -1},
    {"xrightarrow", take_arrow, 0x2192},
    {"xleftarrow", take_arrow, 0x2190},
    {"xleftrightarrow", take_arrow, 0x2194},
    {"xRightarrow", take_arrow, 0x21d2},
    {"xLeftarrow", take_arrow, 0x21d0},
    {"xLeftrightarrow", take_arrow, 0x21d4},
    {"xmapsto", take_arrow, 0x21a6},
    {"xlongequal", take_arrow, '='},
    {"xhookrightarrow", take_arrow, 0x21aa},
    {"xhookleftarrow", take_arrow, 0x21a9},
    {"xrightleftharpoons", take_arrow, 0x21cc},
    {"xtofrom", take_arrow, 0x21c4},
    {"xtwoheadrightarrow", take_arrow, 0x21a0},
    {"overset", take_stack, 1, FALSE},
    {"underset", take_stack, -1, FALSE},
    {"stackrel", take_stack, 1, TRUE},
    {"substack", take_substack},
    {"mathrm", take_alphabet, LG_ALPHABET_ROMAN},
    {"mathup", take_alphabet, LG_ALPHABET_ROMAN},
    {"mathnormal", take_alphabet, LG_ALPHABET_NORMAL},
    {"mathit", take_alphabet, LG_ALPHABET_ITALIC},
    {"mathbf", take_alphabet, LG_ALPHABET_BOLD},
    {"mathbfit", take_alphabet, LG_ALPHABET_BOLD_ITALIC},
    {"boldsymbol", take_alphabet, LG_ALPHABET_BOLD_NORMAL},
    {"bm", take_alphabet, LG_ALPHABET_BOLD_NORMAL},
    {"bold", take_alphabet, LG_ALPHABET_BOLD},
    {"pmb", take_alphabet, LG_ALPHABET_BOLD_NORMAL},
    {"symbf", take_alphabet, LG_ALPHABET_BOLD},
    {"mathsf", take_alphabet, LG_ALPHABET_SANS},
    {"mathtt", take_alphabet, LG_ALPHABET_MONOSPACE},
    {"mathbb", take_alphabet, LG_ALPHABET_DOUBLE_STRUCK},
    {"Bbb", take_alphabet, LG_ALPHABET_DOUBLE_STRUCK},
    {"mathds", take_alphabet, LG_ALPHABET_DOUBLE_STRUCK},
    {"mathbbm", take_alphabet, LG_ALPHABET_DOUBLE_STRUCK},
    {"mathcal", take_alphabet, LG_ALPHABET_SCRIPT},
    {"mathscr", take_alphabet, LG_ALPHABET_SCRIPT},
    {"mathfrak", take_alphabet, LG_ALPHABET_FRAKTUR},
    {"frak", take_alphabet, LG_ALPHABET_FRAKTUR},
    {"rm", switch_alphabet, LG_ALPHABET_ROMAN},
    {"bf", switch_alphabet, LG_ALPHABET_BOLD},
    {"it", switch_alphabet, LG_ALPHABET_ITALIC},
    {"sf", switch_alphabet, LG_ALPHABET_SANS},
    {"tt", switch_alphabet, LG_ALPHABET_MONOSPACE},
    {"cal", switch_alphabet, LG_ALPHABET_SCRIPT},
    {"text", take_text, LG_ALPHABET_ROMAN},
    {"textrm", take_text, LG_ALPHABET_ROMAN},
    {"textup", take_text, LG_ALPHABET_ROMAN},
    {"textnormal", take_text, LG_ALPHABET_ROMAN},
    {"mbox", take_text, LG_ALPHABET_ROMAN},
    {"hbox", take_text, LG_ALPHABET_ROMAN},
    {"textbf", take_text, LG_ALPHABET_BOLD},
    {"textit", take_text, LG_ALPHABET_ITALIC},
    {"emph", take_text, LG_ALPHABET_ITALIC},
    {"textsl", take_text, LG_ALPHABET_ITALIC},
    {"textsf", take_text, LG_ALPHABET_SANS},
    {"texttt", take_text, LG_ALPHABET_MONOSPACE},
    {"textsc", take_text, LG_ALPHABET_ROMAN},
    {"operatorname", take_operator_name},
    {"operatornamewithlimits", take_operator_name},
    {"mathop", take_class, LG_MATH_OP},
    {"mathord", take_class, LG_MATH_ORD},
    {"mathbin", take_class, LG_MATH_BIN},
    {"mathrel", take_class, LG_MATH_REL},
    {"mathopen", take_class, LG_MATH_OPEN},
    {"mathclose", take_class, LG_MATH_CLOSE},
    {"mathpunct", take_class, LG_MATH_PUNCT},
    {"mathinner", take_class, LG_MATH_INNER},
    {"not", take_not},
    {"bmod", take_binary_modulo},
    {"pmod", take_modulo, TRUE, TRUE},
    {"mod", take_modulo, FALSE, TRUE},
    {"pod", take_modulo, TRUE, FALSE},
    {",", take_space, 3},
    {"thinspace", take_space, 3},
    {":", take_space, 4},
    {">", take_space, 4},
    {"medspace", take_space, 4},
    {";", take_space, 5},
    {"thickspace", take_space, 5},
    {"!", take_space, -3},
    {"negthinspace", take_space, -3},
    {"negmedspace", take_space, -4},
    {"negthickspace", take_space, -5},
    {" ", take_space, 5},
    {"\t", take_space, 5},
    {"\n", take_space, 5},
    {"nobreakspace", take_space, 5},
    {"space", take_space, 5},
    {"enspace", take_space, 9},
    {"quad", take_space, 18},
    {"qquad", take_space, 36},
    {"/", take_space, 0},
    {"hspace", take_dimension, TRUE, TRUE},
    {"vspace", take_dimension, TRUE, FALSE},
    {"kern", take_dimension, FALSE, TRUE},
    {"mkern", take_dimension, FALSE, TRUE},
    {"hskip", take_dimension, FALSE, TRUE},
    {"mskip", take_dimension, FALSE, TRUE},
    {"displaystyle", take_style, LG_MATH_DISPLAY},
    {"textstyle", take_style, LG_MATH_TEXT_STYLE},
    {"scriptstyle", take_style, LG_MATH_SCRIPT},
    {"scriptscriptstyle", take_style, LG_MATH_SCRIPT_SCRIPT},
    {"phantom", take_phantom, BOTH},
    {"hphantom", take_phantom, LG_MATH_KEEP_WIDTH},
    {"vphantom", take_phantom, LG_MATH_KEEP_HEIGHT},
    {"smash", take_phantom, LG_MATH_KEEP_WIDTH | LG_MATH_SHOW},
    {"mathrlap", take_phantom, LG_MATH_KEEP_HEIGHT | LG_MATH_SHOW},
    {"mathstrut", take_strut},
    {"strut", take_strut},
    {"boxed", take_boxed, FALSE},
    {"fbox", take_boxed, TRUE},
    {"framebox", take_boxed, TRUE},
    {"cancel", take_cancel, 1},
    {"bcancel", take_cancel, 2},
    {"xcancel", take_cancel, 3},
    {"sout", take_cancel, 4},
    {"color", skip_arguments, 1, FALSE},
    {"textcolor", skip_arguments, 1, TRUE},
    {"mathcolor", skip_arguments, 1, TRUE},
    {"colorbox", skip_arguments, 1, TRUE},
    {"href", skip_arguments, 1, TRUE},
    {"label", skip_arguments, 1, FALSE},
    {"hfill", skip_arguments},
    {"nonumber", skip_arguments},
    {"notag", skip_arguments},
    {"allowbreak", skip_arguments},
    {"nobreak", skip_arguments},
    {"relax", skip_arguments},
    {"limits", skip_arguments},
    {"nolimits", skip_arguments},
    {"displaylimits", skip_arguments},
    {"normalsize", skip_arguments},
    {"small", skip_arguments},
    {"large", skip_arguments},
    {"Large", skip_arguments},
    {"centering", skip_arguments},
    {"noindent", skip_arguments},
    {"tag", take_tag},
    {"begin", take_begin},
};

static gpointer index_commands(gpointer data)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        g_hash_table_insert(table, (gpointer)commands[i].name, (gpointer)&commands[i]);
    return table;
}

static LgMathNode *take_function(Parser *p, int kind, const char *text)
{
    LgMathNode *node = lg_parser_words(p, text, strlen(text), LG_ALPHABET_ROMAN);
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_OP);
    list->value = kind == 2 ? 3 : 2;
    lg_parser_append(list, node);
    return list;
}

/* \dots are at the height of signs between signs. */
static gboolean is_before_sign(Parser *p)
{
    lg_parser_skip_blanks(p);
    return p->at < p->n && strchr("+-=<>*", p->text[p->at]);
}

LgMathNode *lg_parser_command(Parser *p)
{
    static GOnce once = G_ONCE_INIT;
    GHashTable *table = g_once(&once, index_commands, NULL);
    char name[MAX_NAME];
    gsize n = lg_parser_peek_command(p, name);
    if (!n)
        return lg_parser_fail(p);
    const char *source = p->text + p->at, *text;
    p->at += n;
    const LgMathSymbol *symbol = lg_math_symbol(name);
    if (symbol) {
        gunichar code = strcmp(name, "dots") == 0 && is_before_sign(p) ? 0x22ef : symbol->code;
        LgMathNode *node = lg_parser_symbol(p, code, symbol->class);
        node->value = symbol->is_big | symbol->has_limits << 1;
        return node;
    }
    const Command *command = g_hash_table_lookup(table, name);
    if (command)
        return command->take(p, command->value, command->other);
    int function = lg_math_function(name, &text);
    if (function)
        return take_function(p, function, text);
    gboolean is_wide;
    gunichar accent = lg_math_accent(name, &is_wide);
    if (accent) {
        LgMathNode *node = lg_parser_node(p, LG_MATH_ACCENT, LG_MATH_ORD);
        node->code = accent;
        node->value = is_wide;
        node->a = lg_parser_argument(p);
        return node;
    }
    p->tree->n_unknown++;
    return lg_parser_words(p, source, n, LG_ALPHABET_MONOSPACE);
}
