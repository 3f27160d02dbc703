/* SPDX-License-Identifier: MIT
 * LaTeX's mathematics to a tree: lists, scripts, groups and arguments.
 */
#include <string.h>

#include "math/parser.h"

/* --- Nodes -----------------------------------------------------------------------------------------------------------
 */

LgMathNode *lg_parser_node(Parser *p, LgMathKind kind, LgMathClass class)
{
    if (p->tree->nodes->len >= LG_MATH_MAX_NODES)
        p->failed = TRUE; /* whoever asked goes on with this one; the next loop ends */
    LgMathNode *node = g_new0(LgMathNode, 1);
    node->kind = kind;
    node->class = class;
    g_ptr_array_add(p->tree->nodes, node);
    return node;
}

void lg_parser_append(LgMathNode *parent, LgMathNode *child)
{
    if (!child)
        return;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

LgMathNode *lg_parser_fail(Parser *p)
{
    p->failed = TRUE;
    return NULL;
}

LgMathNode *lg_parser_symbol(Parser *p, gunichar code, LgMathClass class)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_SYMBOL, class);
    node->code = lg_math_in_alphabet(code, p->alphabet);
    return node;
}

LgMathNode *lg_parser_words(Parser *p, const char *text, gsize n_bytes, LgMathAlphabet alphabet)
{
    LgMathNode *node = lg_parser_node(p, LG_MATH_TEXT, LG_MATH_ORD);
    node->text = g_strndup(text, n_bytes);
    node->value = (int)alphabet;
    return node;
}

/* --- Characters ------------------------------------------------------------------------------------------------------
 */

gboolean lg_parser_at(const Parser *p, const char *text)
{
    gsize n = strlen(text);
    return p->n - p->at >= n && memcmp(p->text + p->at, text, n) == 0;
}

gboolean lg_parser_skip(Parser *p, const char *text)
{
    if (!lg_parser_at(p, text))
        return FALSE;
    p->at += strlen(text);
    return TRUE;
}

void lg_parser_skip_blanks(Parser *p)
{
    while (p->at < p->n && g_ascii_isspace(p->text[p->at]))
        p->at++;
}

static gsize character_length(const Parser *p, gsize at) { return (gsize)g_utf8_skip[(guchar)p->text[at]]; }

gsize lg_parser_peek_command(const Parser *p, char name[MAX_NAME])
{
    name[0] = 0;
    if (p->at + 1 >= p->n || p->text[p->at] != '\\')
        return 0;
    gsize n = 1;
    while (p->at + n < p->n && g_ascii_isalpha(p->text[p->at + n]))
        n++;
    if (n == 1)
        n += character_length(p, p->at + 1);
    if (n - 1 < MAX_NAME) {
        memcpy(name, p->text + p->at + 1, n - 1);
        name[n - 1] = 0;
    }
    return n;
}

gboolean lg_parser_at_command(const Parser *p, const char *name)
{
    char here[MAX_NAME];
    return lg_parser_peek_command(p, here) && strcmp(here, name) == 0;
}

char *lg_parser_raw(Parser *p)
{
    lg_parser_skip_blanks(p);
    gsize depth = 0, begin = p->at + 1;
    if (!lg_parser_at(p, "{"))
        return (char *)lg_parser_fail(p);
    for (; p->at < p->n; p->at++) {
        if (p->text[p->at] == '\\' && p->at + 1 < p->n)
            p->at++;
        else if (p->text[p->at] == '{')
            depth++;
        else if (p->text[p->at] == '}' && --depth == 0)
            return g_strndup(p->text + begin, p->at++ - begin);
    }
    return (char *)lg_parser_fail(p);
}

gunichar lg_parser_delimiter(Parser *p)
{
    char name[MAX_NAME];
    lg_parser_skip_blanks(p);
    gsize n = lg_parser_peek_command(p, name);
    if (n) {
        const LgMathSymbol *symbol = lg_math_symbol(name);
        p->at += n;
        if (symbol)
            return symbol->code;
        lg_parser_fail(p);
        return 0;
    }
    if (p->at >= p->n || strchr("{}&^_$", p->text[p->at])) {
        lg_parser_fail(p);
        return 0;
    }
    gunichar code = g_utf8_get_char(p->text + p->at);
    p->at += character_length(p, p->at);
    return code == '.' ? 0 : code == '<' ? 0x27e8 : code == '>' ? 0x27e9 : code;
}

/* --- Lists -----------------------------------------------------------------------------------------------------------
 */

/* A group that is one ordinary symbol is that symbol. */
static LgMathNode *unwrap(LgMathNode *list)
{
    LgMathNode *only = list->first;
    return only && !only->next && only->kind == LG_MATH_SYMBOL && only->class == LG_MATH_ORD ? only : list;
}

static LgMathNode *take_group(Parser *p)
{
    LgMathAlphabet alphabet = p->alphabet;
    p->at++;
    LgMathNode *list = lg_parser_list(p, END_BRACE);
    p->alphabet = alphabet;
    if (p->failed || !lg_parser_skip(p, "}"))
        return lg_parser_fail(p);
    return unwrap(list);
}

static gboolean is_word_character(gunichar code) { return code >= 0x2e80 || (code >= 0xc0 && code < 0x250); }

/* One thing without its scripts. */
static LgMathNode *take_element(Parser *p)
{
    if (p->depth >= LG_MATH_MAX_DEPTH || p->at >= p->n)
        return lg_parser_fail(p);
    p->depth++;
    LgMathNode *node;
    char c = p->text[p->at];
    gunichar code = g_utf8_get_char(p->text + p->at);
    if (c == '{') {
        node = take_group(p);
    } else if (c == '\\') {
        node = lg_parser_command(p);
    } else if (strchr("}&$", c)) {
        return lg_parser_fail(p);
    } else if (c == '~') {
        p->at++;
        node = lg_parser_node(p, LG_MATH_SPACE, LG_MATH_ORD);
        node->width = 0.25;
    } else if (code < 0x1d400 && is_word_character(code) &&
               g_unichar_isalnum(code)) { /* words that should be in \text */
        gsize begin = p->at;
        do
            p->at += character_length(p, p->at);
        while (p->at < p->n && is_word_character(g_utf8_get_char(p->text + p->at)) &&
               g_unichar_isalnum(g_utf8_get_char(p->text + p->at)));
        node = lg_parser_words(p, p->text + begin, p->at - begin, LG_ALPHABET_ROMAN);
    } else {
        LgMathSymbol symbol = lg_math_character(code);
        p->at += character_length(p, p->at);
        node = lg_parser_symbol(p, symbol.code, symbol.class);
        node->value = symbol.is_big | symbol.has_limits << 1;
    }
    p->depth--;
    return node;
}

LgMathNode *lg_parser_argument(Parser *p)
{
    lg_parser_skip_blanks(p);
    if (p->failed || p->at >= p->n)
        return lg_parser_fail(p);
    return take_element(p);
}

LgMathNode *lg_parser_option(Parser *p)
{
    gsize before = p->at;
    lg_parser_skip_blanks(p);
    if (!lg_parser_skip(p, "[")) {
        p->at = before;
        return NULL;
    }
    LgMathNode *list = lg_parser_list(p, END_BRACKET);
    return lg_parser_skip(p, "]") ? list : lg_parser_fail(p);
}

static LgMathNode *take_primes(Parser *p)
{
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
    guint n = 0;
    while (p->at < p->n && (p->text[p->at] == '\'' || lg_parser_at(p, "’"))) {
        p->at += character_length(p, p->at);
        n++;
    }
    for (; n; n -= MIN(n, 3)) {
        LgMathNode *prime = lg_parser_node(p, LG_MATH_SYMBOL, LG_MATH_ORD);
        prime->code = n >= 3 ? 0x2034 : n == 2 ? 0x2033 : 0x2032;
        lg_parser_append(list, prime);
    }
    return list;
}

/* One more script of a base that may have some. */
static void add_script(Parser *p, LgMathNode *scripts)
{
    if (p->text[p->at] == '_') {
        p->at++;
        if (scripts->b)
            lg_parser_fail(p);
        else
            scripts->b = lg_parser_argument(p);
        return;
    }
    LgMathNode *above = NULL;
    if (p->text[p->at] == '^') {
        p->at++;
        above = lg_parser_argument(p);
    } else {
        above = take_primes(p);
    }
    if (!scripts->c) {
        scripts->c = above;
        return;
    }
    if (scripts->c->kind != LG_MATH_LIST || !scripts->c->value) { /* f'^2: a list of them, told apart by its value */
        LgMathNode *all = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
        all->value = 1;
        lg_parser_append(all, scripts->c);
        scripts->c = all;
    }
    lg_parser_append(scripts->c, above);
}

static LgMathNode *take_scripts(Parser *p, LgMathNode *base)
{
    LgMathNode *scripts = NULL;
    int limits = LG_MATH_LIMITS_AUTO;
    while (!p->failed) {
        lg_parser_skip_blanks(p);
        char c = p->at < p->n ? p->text[p->at] : 0;
        if (lg_parser_at_command(p, "limits")) {
            p->at += sizeof "\\limits" - 1;
            limits = LG_MATH_LIMITS_ALWAYS;
        } else if (lg_parser_at_command(p, "nolimits")) {
            p->at += sizeof "\\nolimits" - 1;
            limits = LG_MATH_LIMITS_NEVER;
        } else if (c == '_' || c == '^' || c == '\'' || lg_parser_at(p, "’")) {
            if (!scripts) {
                scripts = lg_parser_node(p, LG_MATH_SCRIPTS, base ? base->class : LG_MATH_ORD);
                scripts->a = base;
            }
            add_script(p, scripts);
        } else {
            break;
        }
    }
    if (scripts)
        scripts->value = limits;
    return scripts ? scripts : base;
}

static gboolean list_ends(Parser *p, int ends)
{
    lg_parser_skip_blanks(p);
    if (p->failed || p->at >= p->n)
        return TRUE;
    switch (p->text[p->at]) {
    case '}':
        return (ends & END_BRACE) || lg_parser_fail(p) == NULL;
    case ']':
        return (ends & END_BRACKET) != 0;
    case '$':
        return (ends & END_DOLLAR) || lg_parser_fail(p) == NULL;
    case '&':
        return (ends & END_CELL) || lg_parser_fail(p) == NULL;
    case '\\':
        if (lg_parser_at_command(p, "right") || lg_parser_at_command(p, "middle"))
            return (ends & END_RIGHT) || lg_parser_fail(p) == NULL;
        if (lg_parser_at_command(p, "end") || lg_parser_at_command(p, "hline") || lg_parser_at_command(p, "cr"))
            return (ends & END_CELL) || lg_parser_fail(p) == NULL;
        return (ends & END_CELL) && (lg_parser_at_command(p, "\\") || lg_parser_at_command(p, "newline"));
    default:
        return FALSE;
    }
}

/* {a \over b} and its like: all before is above, all behind below. */
static gboolean take_infix(Parser *p, LgMathNode **list, LgMathNode **above)
{
    static const struct {
        const char *name;
        int bar;
        gunichar left, right;
    } infixes[] = {{"over", LG_MATH_BAR, 0, 0}, {"atop", LG_MATH_NO_BAR, 0, 0}, {"choose", LG_MATH_NO_BAR, '(', ')'}};
    for (gsize i = 0; i < G_N_ELEMENTS(infixes); i++) {
        if (!lg_parser_at_command(p, infixes[i].name))
            continue;
        if (*above) {
            lg_parser_fail(p);
            return TRUE;
        }
        p->at += strlen(infixes[i].name) + 1;
        *above = lg_parser_node(p, LG_MATH_FRACTION, LG_MATH_INNER);
        **above = (LgMathNode){.kind = LG_MATH_FRACTION,
                               .class = LG_MATH_INNER,
                               .style = LG_MATH_SAME_STYLE,
                               .value = infixes[i].bar,
                               .code = infixes[i].left,
                               .code2 = infixes[i].right,
                               .a = *list};
        *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
        return TRUE;
    }
    return FALSE;
}

LgMathNode *lg_parser_list(Parser *p, int ends)
{
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD), *fraction = NULL;
    LgMathAlphabet alphabet = p->alphabet;
    while (!list_ends(p, ends)) {
        gsize start = p->at;
        if (take_infix(p, &list, &fraction))
            continue;
        char c = p->text[p->at];
        LgMathNode *node = c == '^' || c == '_' || c == '\'' ? NULL : take_element(p);
        if (p->failed)
            break;
        node = take_scripts(p, node);
        if (!node) /* a command that shows nothing */
            continue;
        node->start = start;
        node->end = p->at;
        lg_parser_append(list, node);
    }
    p->alphabet = alphabet;
    if (!fraction)
        return list;
    fraction->b = list;
    fraction->end = p->at;
    list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
    lg_parser_append(list, fraction);
    return list;
}

/* --- The whole -------------------------------------------------------------------------------------------------------
 */

static void free_node(gpointer data)
{
    LgMathNode *node = data;
    g_free(node->text);
    g_free(node);
}

/* Lines and columns without an environment around them are shown as if there were one. */
static LgMathNode *take_all(Parser *p)
{
    LgMathNode *list = lg_parser_list(p, END_CELL);
    lg_parser_skip_blanks(p);
    if (p->failed || p->at >= p->n)
        return list;
    gboolean has_columns = memchr(p->text, '&', p->n) != NULL;
    p->at = 0;
    g_ptr_array_set_size(p->tree->nodes, 0);
    p->tree->tag = NULL;
    p->tree->n_unknown = 0;
    LgMathNode *array = lg_parser_node(p, LG_MATH_ARRAY, LG_MATH_ORD);
    array->value = has_columns ? LG_MATH_ALIGNED : LG_MATH_GATHERED;
    lg_parser_rows(p, array, END_CELL);
    LgMathNode *root = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
    array->end = p->n;
    lg_parser_append(root, array);
    return root;
}

LgMathTree *lg_math_parse(const char *text, gsize n_bytes)
{
    LgMathTree *tree = g_new0(LgMathTree, 1);
    Parser p = {.text = text, .n = n_bytes, .tree = tree};
    tree->nodes = g_ptr_array_new_with_free_func(free_node);
    if (n_bytes == 0 || n_bytes > LG_MATH_MAX_BYTES || memchr(text, 0, n_bytes) ||
        !g_utf8_validate(text, (gssize)n_bytes, NULL))
        return tree;
    LgMathNode *root = take_all(&p);
    if (!p.failed && p.at >= p.n && root->first)
        tree->root = root;
    return tree;
}

void lg_math_tree_free(LgMathTree *self)
{
    g_ptr_array_unref(self->nodes);
    g_free(self);
}
