/* SPDX-License-Identifier: MIT
 * From the tree of a formula to words. Each part is a text of its own that the next larger one takes into its phrase,
 * so that languages can order them as they do.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "math/speech.h"
#include "math/symbols.h"

/* What is being put together. */
typedef struct {
    GString *out;
    LgMathClass before; /* the class of what was said last: a minus behind a sign or nothing makes a number negative */
    gboolean is_limit;  /* what an arrow points to is approached */
    gunichar digit;     /* the last thing was this digit, and the next one goes on with the number; 0: it was none */
} Speaker;

static char *speak_alone(const LgMathNode *node, gboolean is_limit);

/* --- Words -----------------------------------------------------------------------------------------------------------
 */

static void say(Speaker *s, const char *words)
{
    if (!*words)
        return;
    if (s->out->len && !strchr(",;.", words[0]))
        g_string_append_c(s->out, ' ');
    g_string_append(s->out, words);
    s->digit = 0;
}

/* Takes the words. */
static void say_taken(Speaker *s, char *words)
{
    say(s, words);
    g_free(words);
}

static void say_phrase(Speaker *s, const char *format, const LgMathNode *node)
{
    g_autofree char *words = speak_alone(node, FALSE);
    say_taken(s, g_strdup_printf(format, words));
}

static const LgMathNode *skip_blank(const LgMathNode *node)
{
    while (node && (node->kind == LG_MATH_SPACE || node->kind == LG_MATH_STYLE))
        node = node->next;
    return node;
}

/* What a list is if it has one child only. */
static const LgMathNode *only_one(const LgMathNode *node)
{
    while (node && node->kind == LG_MATH_LIST && node->first) {
        const LgMathNode *child = skip_blank(node->first);
        if (!child || skip_blank(child->next))
            break;
        node = child;
    }
    return node;
}

static gunichar digit_of(const LgMathNode *node)
{
    LgMathAlphabet alphabet;
    if (!node || node->kind != LG_MATH_SYMBOL)
        return 0;
    const gunichar plain = lg_math_plain(node->code, &alphabet);
    return plain >= '0' && plain <= '9' ? plain : 0;
}

/* Upright letters in a row are a word; those of mathematics are in an alphabet of their own. */
static gboolean is_word_letter(const LgMathNode *node)
{
    return node && node->kind == LG_MATH_SYMBOL && node->code < 0x80 && g_ascii_isalpha((char)node->code);
}

/* One number, letter or word, perhaps with a sign: where it ends is heard. */
static gboolean is_simple(const LgMathNode *node)
{
    node = only_one(node);
    if (!node || node->kind == LG_MATH_SYMBOL || node->kind == LG_MATH_TEXT)
        return TRUE;
    if (node->kind != LG_MATH_LIST)
        return FALSE;
    const LgMathNode *child = skip_blank(node->first);
    if (!child)
        return TRUE;
    if (child->kind == LG_MATH_SYMBOL && child->class == LG_MATH_BIN)
        child = skip_blank(child->next);
    if (child && child->kind == LG_MATH_SYMBOL && !child->next)
        return TRUE;
    gboolean (*const same)(const LgMathNode *) = is_word_letter;
    const gboolean is_number = digit_of(child) != 0;
    for (; child; child = child->next)
        if (is_number ? !digit_of(child) && !(child->kind == LG_MATH_SYMBOL && child->code == '.') : !same(child))
            return FALSE;
    return TRUE;
}

/* --- Characters ------------------------------------------------------------------------------------------------------
 */

static const char *alphabet_phrase(LgMathAlphabet alphabet)
{
    switch (alphabet) {
    case LG_ALPHABET_BOLD:
    case LG_ALPHABET_BOLD_ITALIC:
    case LG_ALPHABET_BOLD_NORMAL:
        return C_("formula", "bold %s");
    case LG_ALPHABET_SANS:
        return C_("formula", "sans serif %s");
    case LG_ALPHABET_MONOSPACE:
        return C_("formula", "monospace %s");
    case LG_ALPHABET_DOUBLE_STRUCK:
        return C_("formula", "double-struck %s");
    case LG_ALPHABET_SCRIPT:
        return C_("formula", "script %s");
    case LG_ALPHABET_FRAKTUR:
        return C_("formula", "fraktur %s");
    default:
        return "%s";
    }
}

/* Its name, that of LaTeX, or itself. */
static char *name_of(gunichar code)
{
    const char *name = lg_math_speech_of_character(code);
    if (!name && code >= 0x80 && !g_unichar_isalnum(code))
        name = lg_math_name(code);
    char text[8] = "";
    if (!name)
        text[g_unichar_to_utf8(code, text)] = 0;
    return g_strdup(name ? name : text);
}

static char *speak_character(gunichar code)
{
    LgMathAlphabet alphabet;
    if (lg_math_speech_of_character(code))
        return name_of(code);
    const gunichar plain = lg_math_plain(code, &alphabet), lower = g_unichar_tolower(plain);
    g_autofree char *name = name_of(lg_math_speech_of_character(lower) ? lower : plain);
    g_autofree char *cased = lower != plain ? g_strdup_printf(C_("formula", "capital %s"), name) : g_strdup(name);
    return g_strdup_printf(alphabet_phrase(alphabet), cased);
}

static gboolean begins_number(LgMathClass before)
{
    return before == LG_MATH_OPEN || before == LG_MATH_REL || before == LG_MATH_BIN || before == LG_MATH_PUNCT;
}

static void say_symbol(Speaker *s, const LgMathNode *node)
{
    if (node->code == ',' || node->code == ';' || node->code == '.' || node->code == 0xff0c || node->code == 0x3001)
        say(s, node->code == ';' ? ";" : node->code == '.' ? "." : ",");
    else if (node->code == 0x2212 && begins_number(s->before))
        say(s, C_("formula", "negative"));
    else if (node->code == '+' && begins_number(s->before))
        say(s, C_("formula", "positive"));
    else if (node->code == 0x2192 && s->is_limit)
        say(s, C_("formula", "approaches"));
    else
        say_taken(s, speak_character(node->code));
}

/* A digit, which goes on with the number before. */
static void say_digit(Speaker *s, gunichar digit)
{
    if (!s->digit && s->out->len)
        g_string_append_c(s->out, ' ');
    g_string_append_unichar(s->out, digit);
    s->digit = digit;
}

/* --- Scripts ---------------------------------------------------------------------------------------------------------
 */

static gboolean is_nothing(const LgMathNode *node)
{
    return !node || (node->kind == LG_MATH_LIST && !skip_blank(node->first));
}

static void say_below(Speaker *s, const LgMathNode *below, gboolean has_base)
{
    if (!has_base)
        say_phrase(s, is_simple(below) ? C_("formula", "subscript %s") : C_("formula", "subscript %s end subscript"),
                   below);
    else
        say_phrase(s, is_simple(below) ? C_("formula", "sub %s") : C_("formula", "sub %s end sub"), below);
}

static gboolean are_primes(const LgMathNode *node)
{
    const LgMathNode *child = node->kind == LG_MATH_LIST ? node->first : node;
    for (; child; child = child->kind == LG_MATH_SYMBOL && child != node ? child->next : NULL)
        if (child->kind != LG_MATH_SYMBOL || child->code < 0x2032 || child->code > 0x2034)
            return FALSE;
    return node->kind != LG_MATH_LIST || node->first;
}

static void say_above(Speaker *s, const LgMathNode *above, gboolean has_base)
{
    const LgMathNode *only = only_one(above), *first = above->kind == LG_MATH_LIST ? skip_blank(above->first) : above;
    const gunichar digit = digit_of(only), code = only && only->kind == LG_MATH_SYMBOL ? only->code : 0;
    if (above->kind == LG_MATH_LIST && above->value) { /* primes and what comes behind them */
        for (const LgMathNode *part = above->first; part; part = part->next)
            say_above(s, part, has_base);
    } else if (are_primes(above)) {
        say_taken(s, speak_alone(above, FALSE));
    } else if (!has_base) {
        say_phrase(s,
                   is_simple(above) ? C_("formula", "superscript %s") : C_("formula", "superscript %s end superscript"),
                   above);
    } else if (digit == '2') {
        say(s, C_("formula", "squared"));
    } else if (digit == '3') {
        say(s, C_("formula", "cubed"));
    } else if (code == 0x2218 || code == 0xb0) {
        say(s, C_("formula", "degrees"));
    } else if (code == 0x22a4) {
        say(s, C_("formula", "transposed"));
    } else if (code && only->class != LG_MATH_ORD) {
        say_phrase(s, C_("formula", "superscript %s"), only);
    } else if (first && first->class == LG_MATH_OPEN) { /* f^{(n)} is no power */
        say_phrase(s, C_("formula", "superscript %s end superscript"), above);
    } else {
        say_phrase(s, is_simple(above) ? C_("formula", "to the power %s") : C_("formula", "to the power %s end power"),
                   above);
    }
}

/* The word that a function or an operator is, or NULL. */
static const char *function_of(const LgMathNode *node)
{
    const LgMathNode *only = only_one(node);
    return node && node->kind == LG_MATH_LIST && node->class == LG_MATH_OP && only->kind == LG_MATH_TEXT ? only->text
                                                                                                         : NULL;
}

/* A sum from here to there, a limit, a maximum over something; FALSE: it is no such thing. */
static gboolean say_bounds(Speaker *s, const LgMathNode *node)
{
    const char *function = function_of(node->a);
    const gboolean is_limit = function && g_str_has_prefix(function, "lim");
    const gboolean is_operator = node->a && ((node->a->kind == LG_MATH_SYMBOL && node->a->value & 1) ||
                                             (node->a->kind == LG_MATH_LIST && node->a->value == 3));
    g_autofree char *below = node->b ? speak_alone(node->b, is_limit) : NULL;
    if (function && strcmp(function, "log") == 0 && below && !node->c) {
        say_taken(s, g_strdup_printf(C_("formula", "log base %s of"), below));
        return TRUE;
    }
    if (!is_operator || !(below || node->c))
        return FALSE;
    g_autofree char *name = speak_alone(node->a, FALSE), *above = node->c ? speak_alone(node->c, FALSE) : NULL;
    if (below && above)
        /* Translators: sum, i equals 1, n */
        say_taken(s, g_strdup_printf(C_("formula", "%1$s from %2$s to %3$s of"), name, below, above));
    else if (is_limit && below)
        say_taken(s, g_strdup_printf(C_("formula", "%1$s as %2$s of"), name, below));
    else if (below)
        say_taken(s, g_strdup_printf(C_("formula", "%1$s over %2$s of"), name, below));
    else
        say_taken(s, g_strdup_printf(C_("formula", "%1$s to %2$s of"), name, above));
    return TRUE;
}

static void speak(Speaker *s, const LgMathNode *node);

static void say_with(Speaker *s, const LgMathNode *base, const LgMathNode *below, const LgMathNode *above);

static void say_scripts(Speaker *s, const LgMathNode *node)
{
    if (say_bounds(s, node))
        return;
    if (node->a && node->a->kind == LG_MATH_STRETCH) {
        say_with(s, node->a, node->b, node->c);
        return;
    }
    const gboolean has_base = !is_nothing(node->a);
    if (has_base)
        speak(s, node->a);
    if (node->b)
        say_below(s, node->b, has_base);
    if (node->c)
        say_above(s, node->c, has_base);
}

/* --- Parts ----------------------------------------------------------------------------------------------------------
 */

/* As a whole: what has several parts says where it ends. */
static char *speak_whole(const LgMathNode *node)
{
    g_autofree char *words = speak_alone(node, FALSE);
    return is_simple(node) ? g_steal_pointer(&words) : g_strdup_printf(C_("formula", "group %s end group"), words);
}

static void say_with(Speaker *s, const LgMathNode *base, const LgMathNode *below, const LgMathNode *above)
{
    char *words = base && base->kind == LG_MATH_STRETCH ? speak_alone(base, FALSE) : speak_whole(base);
    for (int i = 0; i < 2; i++) {
        const LgMathNode *part = i ? above : below;
        if (!part)
            continue;
        g_autofree char *before = words, *other = speak_whole(part);
        words = i ? g_strdup_printf(C_("formula", "%1$s with %2$s above"), before, other)
                  : g_strdup_printf(C_("formula", "%1$s with %2$s below"), before, other);
    }
    say_taken(s, words);
}

static void say_fraction(Speaker *s, const LgMathNode *node)
{
    g_autofree char *above = speak_alone(node->a, FALSE), *below = speak_alone(node->b, FALSE);
    const gboolean is_short = is_simple(node->a) && is_simple(node->b);
    const char *format;
    if (node->value != LG_MATH_NO_BAR) /* Translators: the first is above the line */
        format = is_short ? C_("formula", "%1$s over %2$s") : C_("formula", "fraction %1$s over %2$s end fraction");
    else if (node->code == '(')
        format = is_short ? C_("formula", "%1$s choose %2$s") : C_("formula", "binomial %1$s choose %2$s end binomial");
    else
        format = C_("formula", "stack %1$s above %2$s end stack");
    say_taken(s, g_strdup_printf(format, above, below));
}

static void say_root(Speaker *s, const LgMathNode *node)
{
    const gboolean is_short = is_simple(node->a), is_cube = node->b && digit_of(only_one(node->b)) == '3';
    g_autofree char *words = speak_alone(node->a, FALSE), *degree = node->b ? speak_alone(node->b, FALSE) : NULL;
    if (!node->b)
        say_taken(s, g_strdup_printf(is_short ? C_("formula", "square root of %s")
                                              : C_("formula", "square root of %s end root"),
                                     words));
    else if (is_cube)
        say_taken(
            s, g_strdup_printf(is_short ? C_("formula", "cube root of %s") : C_("formula", "cube root of %s end root"),
                               words));
    else /* Translators: n, x */
        say_taken(s, g_strdup_printf(C_("formula", "root of degree %1$s of %2$s end root"), degree, words));
}

static void say_accent(Speaker *s, const LgMathNode *node)
{
    static const struct {
        gunichar code;
        const char *phrase;
    } accents[] = {{0x302, NC_("formula", "%s hat")},         {0x303, NC_("formula", "%s tilde")},
                   {0x304, NC_("formula", "%s bar")},         {0x20d7, NC_("formula", "vector %s")},
                   {0x307, NC_("formula", "%s dot")},         {0x308, NC_("formula", "%s double dot")},
                   {0x20db, NC_("formula", "%s triple dot")}, {0x20dc, NC_("formula", "%s quadruple dot")},
                   {0x30c, NC_("formula", "%s check")},       {0x306, NC_("formula", "%s breve")},
                   {0x301, NC_("formula", "%s acute")},       {0x300, NC_("formula", "%s grave")},
                   {0x30a, NC_("formula", "%s ring")}};
    g_autofree char *words = speak_whole(node->a);
    for (gsize i = 0; i < G_N_ELEMENTS(accents); i++)
        if (accents[i].code == node->code)
            say_taken(s, g_strdup_printf(g_dpgettext2(NULL, "formula", accents[i].phrase), words));
}

/* Takes the format, which is for the whole of a. */
static void say_whole(Speaker *s, const char *format, const LgMathNode *node)
{
    g_autofree char *words = speak_whole(node->a);
    say_taken(s, g_strdup_printf(format, words));
}

static void say_stretch(Speaker *s, const LgMathNode *node)
{
    g_autofree char *words = speak_whole(node->a), *name = name_of(node->code);
    say_taken(s, node->value > 0 ? g_strdup_printf(C_("formula", "%1$s with %2$s above"), words, name)
                                 : g_strdup_printf(C_("formula", "%1$s with %2$s below"), words, name));
}

static void say_arrow(Speaker *s, const LgMathNode *node)
{
    const LgMathNode sign = {.kind = LG_MATH_SYMBOL, .class = LG_MATH_REL, .code = node->code};
    say_with(s, &sign, node->b, is_nothing(node->c) ? NULL : node->c);
}

/* --- Rows and columns -----------------------------------------------------------------------------------------------
 */

static guint count(const LgMathNode *parent)
{
    guint n = 0;
    for (const LgMathNode *child = parent->first; child; child = child->next)
        n++;
    return n;
}

static char *speak_cells(const LgMathNode *row, const char *between)
{
    GString *out = g_string_new(NULL);
    for (const LgMathNode *cell = row->first; cell; cell = cell->next) {
        g_autofree char *words = speak_alone(cell, FALSE);
        if (out->len && *words)
            g_string_append(out, between);
        g_string_append(out, words);
    }
    return g_string_free(out, FALSE);
}

/* Behind the last line that is drawn there may be a row of nothing. */
static gboolean is_empty_row(const LgMathNode *row)
{
    return !row->next && row->first && !row->first->next && is_nothing(row->first);
}

/* Rows behind each other; with the number of each where there are several. */
static char *speak_rows(const LgMathNode *array, const char *between)
{
    GString *out = g_string_new(NULL);
    guint number = 1;
    const gboolean has_numbers = array->first && array->first->next && array->value != LG_MATH_CASES;
    for (const LgMathNode *row = array->first; row && !is_empty_row(row); row = row->next, number++) {
        g_autofree char *words = speak_cells(row, between);
        if (out->len)
            g_string_append(out, "; ");
        if (has_numbers)
            g_string_append_printf(out, C_("formula", "row %1$u: %2$s"), number, words);
        else
            g_string_append(out, words);
    }
    return g_string_free(out, FALSE);
}

static void say_array(Speaker *s, const LgMathNode *node, gunichar fence)
{
    const gboolean is_matrix =
        node->value == LG_MATH_MATRIX || node->value == LG_MATH_SMALL_MATRIX || node->value == LG_MATH_COLUMNS;
    g_autofree char *rows = speak_rows(node, node->value == LG_MATH_ALIGNED ? " " : ", ");
    guint n = 0, n_columns = 0;
    for (const LgMathNode *row = node->first; row && !is_empty_row(row); row = row->next, n++)
        n_columns = MAX(n_columns, count(row));
    if (is_matrix && fence == '|')
        say_taken(s, g_strdup_printf(C_("formula", "determinant %s end determinant"), rows));
    else if (is_matrix) /* Translators: 2 by 3 matrix; the numbers of rows and columns, and then the rows */
        say_taken(s, g_strdup_printf(C_("formula", "%1$u by %2$u matrix %3$s end matrix"), n, n_columns, rows));
    else if (node->value == LG_MATH_CASES)
        say_taken(s, g_strdup_printf(C_("formula", "cases %s end cases"), rows));
    else
        say(s, rows);
}

/* --- Delimiters ------------------------------------------------------------------------------------------------------
 */

static void say_fence(Speaker *s, gunichar code)
{
    if (code)
        say_taken(s, name_of(code));
}

static void say_fenced(Speaker *s, const LgMathNode *node)
{
    static const struct {
        gunichar left, right;
        const char *phrase;
    } fences[] = {{'|', '|', NC_("formula", "absolute value of %s end absolute value")},
                  {0x2016, 0x2016, NC_("formula", "norm of %s end norm")},
                  {0x230a, 0x230b, NC_("formula", "floor of %s end floor")},
                  {0x2308, 0x2309, NC_("formula", "ceiling of %s end ceiling")}};
    const LgMathNode *inside = only_one(node->first);
    const gboolean is_alone = node->first && !node->first->next;
    const gboolean is_array = is_alone && inside && inside->kind == LG_MATH_ARRAY;
    if (is_array && (inside->value <= LG_MATH_CASES || inside->value == LG_MATH_COLUMNS) && node->code != 0x2016) {
        say_array(s, inside, node->code);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(fences) && is_alone; i++) {
        if (node->code != fences[i].left || node->code2 != fences[i].right)
            continue;
        say_phrase(s, g_dpgettext2(NULL, "formula", fences[i].phrase), node->first);
        return;
    }
    say_fence(s, node->code);
    s->before = LG_MATH_OPEN;
    for (const LgMathNode *child = node->first; child; child = child->next)
        speak(s, child);
    say_fence(s, node->code2);
}

/* --- The whole -------------------------------------------------------------------------------------------------------
 */

static void say_text(Speaker *s, const LgMathNode *node)
{
    const char *name = lg_math_speech_of_function(node->text);
    g_autofree char *words = g_strstrip(g_strdup(name ? name : node->text + (node->text[0] == '\\')));
    say(s, words);
}

/* A word of upright letters; the node behind it. */
static const LgMathNode *say_word(Speaker *s, const LgMathNode *node)
{
    GString *word = g_string_new(NULL);
    for (; is_word_letter(node); node = node->next)
        g_string_append_unichar(word, node->code);
    if (word->len == 1)
        say_taken(s, speak_character((gunichar)word->str[0]));
    else
        say(s, word->str);
    g_string_free(word, TRUE);
    return node;
}

static void say_list(Speaker *s, const LgMathNode *list)
{
    if (list->first && list->first == list->last) { /* a sign alone is no sign of a number */
        s->before = LG_MATH_ORD;
        speak(s, list->first);
        return;
    }
    s->before = LG_MATH_OPEN;
    for (const LgMathNode *node = list->first; node;) {
        if (is_word_letter(node)) {
            node = say_word(s, node);
            s->before = LG_MATH_ORD;
            continue;
        }
        if (s->digit && node->kind == LG_MATH_SYMBOL && node->code == '.' && digit_of(node->next)) {
            g_string_append_c(s->out, '.'); /* a decimal point */
            node = node->next;
            continue;
        }
        const LgMathNode *begin = node->kind == LG_MATH_SCRIPTS ? node->a : node;
        if (!digit_of(begin))
            s->digit = 0;
        speak(s, node);
        if (node->kind != LG_MATH_SPACE && node->kind != LG_MATH_STYLE)
            s->before = node->class;
        node = node->next;
    }
    s->digit = 0;
}

static void speak(Speaker *s, const LgMathNode *node)
{
    switch (node->kind) {
    case LG_MATH_SYMBOL:
        if (digit_of(node))
            say_digit(s, digit_of(node));
        else
            say_symbol(s, node);
        break;
    case LG_MATH_TEXT:
        say_text(s, node);
        break;
    case LG_MATH_LIST:
        say_list(s, node);
        break;
    case LG_MATH_SCRIPTS:
        say_scripts(s, node);
        break;
    case LG_MATH_FRACTION:
        say_fraction(s, node);
        break;
    case LG_MATH_RADICAL:
        say_root(s, node);
        break;
    case LG_MATH_FENCED:
        say_fenced(s, node);
        break;
    case LG_MATH_DELIMITER:
        say_fence(s, node->code);
        break;
    case LG_MATH_ACCENT:
        say_accent(s, node);
        break;
    case LG_MATH_LINE:
        say_whole(s, node->value > 0 ? C_("formula", "%s bar") : C_("formula", "underlined %s"), node);
        break;
    case LG_MATH_STRETCH:
        say_stretch(s, node);
        break;
    case LG_MATH_ARROW:
        say_arrow(s, node);
        break;
    case LG_MATH_STACK:
        say_with(s, node->a, node->b, node->c);
        break;
    case LG_MATH_ARRAY:
        say_array(s, node, 0);
        break;
    case LG_MATH_ROW:
        break; /* said by its array */
    case LG_MATH_SPACE:
        if (node->width >= 1 && s->out->len && !strchr(",;", s->out->str[s->out->len - 1]))
            say(s, ",");
        break;
    case LG_MATH_STYLE:
        break;
    case LG_MATH_PHANTOM:
        if (node->value & LG_MATH_SHOW && node->a)
            speak(s, node->a);
        break;
    case LG_MATH_BOXED:
        say_whole(s, C_("formula", "boxed %s"), node);
        break;
    case LG_MATH_CANCEL:
        say_whole(s, C_("formula", "crossed out %s"), node);
        break;
    case LG_MATH_NEGATED:
        say_whole(s, C_("formula", "not %s"), node);
        break;
    }
}

static char *speak_alone(const LgMathNode *node, gboolean is_limit)
{
    Speaker s = {.out = g_string_new(NULL), .before = LG_MATH_ORD, .is_limit = is_limit};
    if (node)
        speak(&s, node);
    return g_string_free(s.out, FALSE);
}

char *lg_math_tree_speak(const LgMathTree *self)
{
    if (!self->root)
        return NULL;
    const LgMathNode *number = self->tag ? self->tag->first : NULL; /* perhaps between parentheses */
    number = number && number->next ? number->next : number;
    g_autofree char *words = speak_alone(self->root, FALSE), *tag = number ? speak_alone(number, FALSE) : NULL;
    return tag ? g_strdup_printf(C_("formula", "%1$s, numbered %2$s"), words, tag) : g_steal_pointer(&words);
}
