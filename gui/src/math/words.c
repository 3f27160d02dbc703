/* SPDX-License-Identifier: MIT
 * Words within formulas: \text and its like.
 */
#include <string.h>

#include "math/parser.h"

static void add_words(Parser *p, LgMathNode *list, GString *words, LgMathAlphabet alphabet)
{
    if (words->len)
        lg_parser_append(list, lg_parser_words(p, words->str, words->len, alphabet));
    g_string_truncate(words, 0);
}

/* What a backslash says within words. */
static void take_text_command(Parser *p, LgMathNode *list, GString *words, LgMathAlphabet alphabet)
{
    char name[MAX_NAME];
    gsize n = lg_parser_peek_command(p, name);
    const LgMathSymbol *symbol = n ? lg_math_symbol(name) : NULL;
    if (n == 2 && strchr(" ,;:!/~\\", name[0])) {
        g_string_append(words, name[0] == '!' || name[0] == '/' ? "" : " ");
        p->at += n;
    } else if (symbol && symbol->code < 0x80) {
        g_string_append_unichar(words, symbol->code);
        p->at += n;
    } else if (n) {
        add_words(p, list, words, alphabet);
        LgMathNode *node = lg_parser_command(p);
        lg_parser_append(list, node);
    } else {
        g_string_append_c(words, p->text[p->at++]);
    }
}

LgMathNode *lg_parser_text(Parser *p, LgMathAlphabet alphabet)
{
    lg_parser_skip_blanks(p);
    if (!lg_parser_skip(p, "{"))
        return lg_parser_argument(p);
    if (p->depth >= LG_MATH_MAX_DEPTH)
        return lg_parser_fail(p);
    p->depth++;
    g_autoptr(GString) words = g_string_new(NULL);
    LgMathNode *list = lg_parser_node(p, LG_MATH_LIST, LG_MATH_ORD);
    for (guint inner = 0; !p->failed;) {
        if (p->at >= p->n)
            return lg_parser_fail(p);
        char c = p->text[p->at];
        if (c == '}' && !inner)
            break;
        if (c == '$') {
            add_words(p, list, words, alphabet);
            p->at++;
            LgMathAlphabet before = p->alphabet;
            p->alphabet = LG_ALPHABET_NORMAL;
            lg_parser_append(list, lg_parser_list(p, END_DOLLAR));
            p->alphabet = before;
            if (!lg_parser_skip(p, "$"))
                return lg_parser_fail(p);
        } else if (c == '\\') {
            take_text_command(p, list, words, alphabet);
        } else if (c == '{' || c == '}') {
            inner += c == '{' ? 1 : -1u;
            p->at++;
        } else {
            g_string_append_c(words, c == '~' || g_ascii_isspace(c) ? ' ' : c);
            p->at++;
        }
    }
    if (p->failed)
        return NULL;
    add_words(p, list, words, alphabet);
    p->depth--;
    p->at++;
    return list;
}
