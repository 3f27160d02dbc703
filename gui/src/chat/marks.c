/* SPDX-License-Identifier: MIT
 * Finds formulas in a text and puts place holders for them.
 */
#include <string.h>

#include "chat/marks.h"

/* Characters that Unicode keeps out of texts. */
#define FORMULA_OPEN "\xef\xb7\x90"
#define FORMULA_CLOSE "\xef\xb7\x91"

/* The length of the code span that begins here, or of its opening backticks where none closes it. */
static gsize code_span(const char *text, const char *end)
{
    gsize n = 0, run = 0;
    while (text + n < end && text[n] == '`')
        n++;
    for (const char *at = text + n; at < end; at++) {
        run = *at == '`' ? run + 1 : 0;
        if (run == n && (at + 1 == end || at[1] != '`'))
            return (gsize)(at + 1 - text);
    }
    return n;
}

/* Where the formula ends that begins behind a $, or NULL: money is none. */
static const char *formula_end(const char *text, const char *end)
{
    if (text >= end || g_ascii_isspace(*text) || *text == '$')
        return NULL;
    for (const char *at = text + 1; at < end && !(at[0] == '\n' && at + 1 < end && at[1] == '\n'); at++) {
        if (*at == '\\' && at + 1 < end)
            at++;
        else if (*at == '$')
            return !g_ascii_isspace(at[-1]) && !(at + 1 < end && g_ascii_isalnum(at[1])) ? at : NULL;
    }
    return NULL;
}

/* Where a formula in $$ ends, or NULL: an empty line is in none. */
static const char *display_end(const char *text, const char *end)
{
    for (const char *at = text; at + 1 < end && !(at[0] == '\n' && at[1] == '\n'); at++) {
        if (at[0] == '\\')
            at++;
        else if (at[0] == '$' && at[1] == '$')
            return at;
    }
    return NULL;
}

/* A formula's source on one line, without what marks a quotation where the formula goes over several. */
static char *one_line(const char *text, gsize n_bytes, gboolean is_quoted)
{
    GString *result = g_string_sized_new(n_bytes);
    for (gsize i = 0; i < n_bytes; i++) {
        if (text[i] != '\n' && text[i] != '\r') {
            g_string_append_c(result, text[i]);
            continue;
        }
        g_string_append_c(result, ' ');
        while (i + 1 < n_bytes && strchr(is_quoted ? " \t>" : " \t", text[i + 1]))
            i++;
    }
    return g_strstrip(g_string_free(result, FALSE));
}

static gboolean is_in_quotation(const char *text, const char *begin)
{
    while (text > begin && text[-1] != '\n')
        text--;
    while (*text == ' ')
        text++;
    return *text == '>';
}

struct scanner {
    const char *begin, *end;
    GString *result;
    GArray *formulas;
    gboolean may_close[2]; /* once there is no end, there is none further on */
};

/* A formula from `text` to `behind`, with marks of so many bytes. FALSE: it is none. */
static gboolean take_formula(struct scanner *scanner, const char *text, const char *behind, gboolean is_display,
                             gsize n_mark)
{
    char *source = one_line(text + n_mark, (gsize)(behind - text) - 2 * n_mark, is_in_quotation(text, scanner->begin));
    if (!source[0] || scanner->formulas->len >= G_MAXUINT16) {
        g_free(source);
        return FALSE;
    }
    LgMarkedFormula formula = {source, g_strndup(text, (gsize)(behind - text)), is_display};
    g_string_append_printf(scanner->result, FORMULA_OPEN "%u" FORMULA_CLOSE, scanner->formulas->len);
    g_array_append_val(scanner->formulas, formula);
    return TRUE;
}

/* Where an environment ends that is a formula without any marks around it, or NULL. */
static const char *environment_end(const char *text, const char *end)
{
    static const char *const names[] = {"align", "equation", "gather", "multline", "eqnarray"};
    static const char begin[] = "\\begin{";
    if ((gsize)(end - text) < sizeof begin || strncmp(text, begin, sizeof begin - 1) != 0)
        return NULL;
    for (gsize i = 0; i < 2 * G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_strdup_printf("%s%s}", names[i / 2], i % 2 ? "*" : "");
        if (!g_str_has_prefix(text + sizeof begin - 1, name))
            continue;
        g_autofree char *close = g_strdup_printf("\\end{%s", name);
        const char *found = g_strstr_len(text, end - text, close);
        return found ? found + strlen(close) : NULL;
    }
    return NULL;
}

/* Behind the formula that begins here, or NULL. */
static const char *scan_formula(struct scanner *scanner, const char *text)
{
    const char *end = scanner->end, *close;
    if (end - text > 3 && text[0] == '\\' && (text[1] == '[' || text[1] == '(')) {
        gboolean is_display = text[1] == '[';
        close =
            scanner->may_close[is_display] ? g_strstr_len(text + 2, end - text - 2, is_display ? "\\]" : "\\)") : NULL;
        scanner->may_close[is_display] = close != NULL;
        return close && take_formula(scanner, text, close + 2, is_display, 2) ? close + 2 : NULL;
    }
    close = environment_end(text, end);
    if (close)
        return take_formula(scanner, text, close, TRUE, 0) ? close : NULL;
    if (*text != '$')
        return NULL;
    if (end - text > 1 && text[1] == '$') {
        close = display_end(text + 2, end);
        return close && take_formula(scanner, text, close + 2, TRUE, 2) ? close + 2 : NULL;
    }
    close = formula_end(text + 1, end);
    return close && take_formula(scanner, text, close + 1, FALSE, 1) ? close + 1 : NULL;
}

GString *lg_marks_take(const char *text, gsize n_bytes, GArray *formulas)
{
    struct scanner scanner = {text, text + n_bytes, g_string_sized_new(n_bytes), formulas, {TRUE, TRUE}};
    while (text < scanner.end) {
        const char *behind = scan_formula(&scanner, text);
        gsize n = 1;
        if (behind) {
            text = behind;
            continue;
        }
        if (*text == '`')
            n = code_span(text, scanner.end);
        else if (g_str_has_prefix(text, FORMULA_OPEN))
            n = 0;
        else if (scanner.end - text > 1 && (*text == '\\' || (*text == '$' && text[1] == '$')))
            n = 2;
        if (n)
            g_string_append_len(scanner.result, text, (gssize)n);
        else
            g_string_append(scanner.result, "\ufffd");
        text += n ? n : sizeof FORMULA_OPEN - 1;
    }
    return scanner.result;
}

static void clear_formula(gpointer data)
{
    LgMarkedFormula *formula = data;
    g_free(formula->source);
    g_free(formula->written);
}

GArray *lg_marks_new(void)
{
    GArray *formulas = g_array_new(FALSE, FALSE, sizeof(LgMarkedFormula));
    g_array_set_clear_func(formulas, clear_formula);
    return formulas;
}

const LgMarkedFormula *lg_marks_at(const GArray *formulas, const char *text, const char *end, const char **behind)
{
    if ((gsize)(end - text) < sizeof FORMULA_OPEN - 1 || memcmp(text, FORMULA_OPEN, sizeof FORMULA_OPEN - 1) != 0)
        return NULL;
    guint64 index = 0;
    for (text += sizeof FORMULA_OPEN - 1; text < end && g_ascii_isdigit(*text) && index < G_MAXUINT16; text++)
        index = 10 * index + (guint64)(*text - '0');
    if ((gsize)(end - text) < sizeof FORMULA_CLOSE - 1 || memcmp(text, FORMULA_CLOSE, sizeof FORMULA_CLOSE - 1) != 0 ||
        index >= formulas->len)
        return NULL;
    *behind = text + sizeof FORMULA_CLOSE - 1;
    return &g_array_index(formulas, LgMarkedFormula, index);
}

void lg_marks_append_written(const GArray *formulas, GString *result, const char *text, gsize n_bytes)
{
    for (const char *end = text + n_bytes; text < end;) {
        const LgMarkedFormula *formula = lg_marks_at(formulas, text, end, &text);
        if (formula)
            g_string_append(result, formula->written);
        else
            g_string_append_c(result, *text++);
    }
}
