/* SPDX-License-Identifier: MIT
 * Words for the index, queries, and looking for words in a text; all three by the same folding of characters.
 */
#include "terms.h"

#include <string.h>

/* Is it of a script whose words have no spaces between them? Korean has spaces, but its words grow endings. */
static gboolean unspaced(gunichar c)
{
    if (c < 0x0e00)
        return FALSE;
    if (c == 0x30fc) /* the long vowel of Japanese belongs to two scripts */
        return TRUE;
    switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_HANGUL:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
        return g_unichar_isalnum(c);
    default:
        return FALSE;
    }
}

/* 0 for a mark that is left out; a space for any white space. */
static gunichar fold(gunichar c)
{
    if (c < 0x80)
        return g_ascii_isspace(c) ? ' ' : (gunichar)g_ascii_tolower(c);
    if (g_unichar_isspace(c))
        return ' ';
    if (g_unichar_ismark(c) || c == 0x200b || c == 0x00ad) /* and spaces and hyphens that nobody sees */
        return 0;
    if (unspaced(c) && !(c >= 0xff00 && c < 0xfff0))
        return c;
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    return g_unichar_fully_decompose(c, TRUE, parts, G_N_ELEMENTS(parts)) ? g_unichar_tolower(parts[0])
                                                                          : g_unichar_tolower(c);
}

/* --- For the index --- */

/* Writes a row of characters as pairs; the end of the row is known in a text, and at the end of a query it is not. */
static void write_pairs(GString *out, const gunichar *row, guint n, gboolean end_known)
{
    for (guint i = 0; i + 1 < n; i++) {
        g_string_append_unichar(out, row[i]);
        g_string_append_unichar(out, row[i + 1]);
        g_string_append_c(out, ' ');
    }
    if (n && (end_known || n == 1)) {
        g_string_append_unichar(out, row[n - 1]);
        g_string_append_c(out, ' ');
    }
}

char *lg_terms_of_text(const char *text, gssize n_bytes)
{
    const char *end = text + (n_bytes < 0 ? (gssize)strlen(text) : n_bytes);
    GString *out = g_string_sized_new((gsize)(end - text) + 16);
    g_autoptr(GArray) row = g_array_new(FALSE, FALSE, sizeof(gunichar));
    for (const char *at = text; at < end; at = g_utf8_next_char(at)) {
        gunichar c = fold(g_utf8_get_char(at));
        if (!c)
            continue;
        if (unspaced(c)) {
            if (!row->len && out->len && out->str[out->len - 1] != ' ')
                g_string_append_c(out, ' ');
            g_array_append_val(row, c);
            continue;
        }
        write_pairs(out, (gunichar *)row->data, row->len, TRUE);
        g_array_set_size(row, 0);
        if (g_unichar_isalnum(c))
            g_string_append_unichar(out, c);
        else if (out->len && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    write_pairs(out, (gunichar *)row->data, row->len, TRUE);
    return g_string_free(out, FALSE);
}

/* --- Queries --- */

static void term_free(gpointer data)
{
    LgTerm *term = data;
    g_free(term->folded);
    g_free(term);
}

void lg_query_free(LgQuery *query)
{
    if (!query)
        return;
    g_free(query->expression);
    g_ptr_array_unref(query->wanted);
    g_free(query);
}

static void add_phrase(GString *expression, const char *words, gboolean beginning)
{
    g_string_append_printf(expression, "%s\"%s\"%s", expression->len ? " AND " : "", words, beginning ? " *" : "");
}

/* Adds what the index knows of a term: each row of unspaced characters, and all letters between two of them, is a
 * phrase. */
static void add_to_expression(GString *expression, const LgTerm *term, gboolean quoted)
{
    guint i = 0;
    while (i < term->n) {
        g_autoptr(GString) words = g_string_new(NULL);
        guint from = i;
        if (unspaced(term->folded[i])) {
            while (i < term->n && unspaced(term->folded[i]))
                i++;
            write_pairs(words, term->folded + from, i - from, FALSE);
            add_phrase(expression, words->str, i - from == 1);
            continue;
        }
        gboolean letters = FALSE;
        for (; i < term->n && !unspaced(term->folded[i]); i++) {
            if (g_unichar_isalnum(term->folded[i])) {
                g_string_append_unichar(words, term->folded[i]);
                letters = TRUE;
            } else {
                g_string_append_c(words, ' ');
            }
        }
        if (letters)
            add_phrase(expression, words->str, !quoted && i == term->n && g_unichar_isalnum(term->folded[i - 1]));
    }
}

static gboolean is_quote(gunichar c) { return c == '"' || c == 0x201c || c == 0x201d || c == 0xff02; }

static void add_term(LgQuery *query, GString *expression, GArray *folded, gboolean quoted)
{
    const gunichar *c = (const gunichar *)folded->data;
    guint n = folded->len;
    while (n && c[n - 1] == ' ')
        n--;
    while (n && *c == ' ')
        c++, n--;
    if (n) {
        LgTerm *term = g_new0(LgTerm, 1);
        term->folded = g_memdup2(c, n * sizeof *c);
        term->n = n;
        term->inside = unspaced(c[0]) || !g_unichar_isalnum(c[0]);
        term->look = quoted;
        gboolean any = FALSE;
        for (guint i = 0; i < n; i++) {
            any |= g_unichar_isalnum(c[i]);
            /* Signs carry meaning, as in C++, C# and 5€; other punctuation is often left out or typed otherwise. */
            switch (g_unichar_type(c[i])) {
            case G_UNICODE_CURRENCY_SYMBOL:
            case G_UNICODE_MATH_SYMBOL:
            case G_UNICODE_MODIFIER_SYMBOL:
            case G_UNICODE_OTHER_SYMBOL:
                term->look = TRUE;
                break;
            default:
                term->look |= c[i] == '#';
            }
        }
        if (!any)
            term->look = TRUE;
        query->incomplete |= term->look;
        g_ptr_array_add(query->wanted, term);
        add_to_expression(expression, term, quoted);
    }
    g_array_set_size(folded, 0);
}

LgQuery *lg_query_parse(const char *text)
{
    LgQuery *query = g_new0(LgQuery, 1);
    g_autoptr(GString) expression = g_string_new(NULL);
    g_autoptr(GArray) folded = g_array_new(FALSE, FALSE, sizeof(gunichar));
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    gboolean quoted = FALSE;
    query->wanted = g_ptr_array_new_with_free_func(term_free);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at), small = fold(c);
        if (is_quote(c)) {
            add_term(query, expression, folded, quoted);
            quoted = !quoted;
        } else if (small == ' ' &&
                   (!quoted || (folded->len && g_array_index(folded, gunichar, folded->len - 1) == ' '))) {
            if (!quoted)
                add_term(query, expression, folded, FALSE);
        } else if (small) {
            g_array_append_val(folded, small);
        }
    }
    add_term(query, expression, folded, quoted);
    query->expression = expression->len ? g_strdup(expression->str) : NULL;
    return query;
}

/* --- Looking for words in a text --- */

LgFolded *lg_fold(const char *text)
{
    LgFolded *folded = g_new0(LgFolded, 1);
    gsize n_bytes = strlen(text);
    folded->folded = g_new(gunichar, n_bytes + 1);
    folded->offsets = g_new(guint, n_bytes + 1);
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = fold(g_utf8_get_char(at));
        if (!c || (c == ' ' && folded->n && folded->folded[folded->n - 1] == ' '))
            continue;
        folded->offsets[folded->n] = (guint)(at - text);
        folded->folded[folded->n++] = c;
    }
    folded->offsets[folded->n] = (guint)n_bytes;
    return folded;
}

void lg_folded_free(LgFolded *folded)
{
    if (!folded)
        return;
    g_free(folded->folded);
    g_free(folded->offsets);
    g_free(folded);
}

gboolean lg_folded_find(const LgFolded *folded, const LgTerm *term, guint *at)
{
    for (guint i = *at; i + term->n <= folded->n; i++) {
        if (folded->folded[i] != term->folded[0] ||
            memcmp(folded->folded + i, term->folded, term->n * sizeof *term->folded) != 0)
            continue;
        if (!term->inside && i && g_unichar_isalnum(folded->folded[i - 1]) && !unspaced(folded->folded[i - 1]))
            continue;
        *at = i;
        return TRUE;
    }
    return FALSE;
}
