/* SPDX-License-Identifier: MIT
 * The tokens of a template, one at a time.
 */
#include "chat/lexer.h"

#include "base/status.h"
#include "base/utf8.h"
#include "chat/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

libllm_status ll_template_fail(libllm_error *error, ll_span source, size_t at, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    unsigned line, column;
    ll_source_position(source, at, &line, &column);
    return ll_fail(error, LIBLLM_ERROR_TEMPLATE, "template line %u, column %u: %s", line, column, message);
}

static libllm_status fail_here(ll_lexer *l, size_t at, const char *message)
{
    return ll_template_fail(l->error, l->source, at, "%s", message);
}

libllm_status ll_lexer_init(ll_lexer *l, const ll_host *host, ll_span source, libllm_error *error)
{
    *l = (ll_lexer){.host = host, .error = error, .source = source, .line_starts = true};
    l->max_closers = (size_t)host->limits.template_depth + 1;
    l->closers = ll_alloc(host, l->max_closers, 1);
    return l->closers ? LIBLLM_OK : ll_fail_memory(error, "the template's lexer");
}

void ll_lexer_free(ll_lexer *l) { ll_free(l->host, l->closers); }

static bool looking_at(const ll_lexer *l, size_t at, const char *text)
{
    size_t n = strlen(text);
    return l->source.size - at >= n && memcmp(l->source.data + at, text, n) == 0;
}

static size_t skip_blanks(const ll_lexer *l, size_t at)
{
    return at + ll_blank_after(l->source.data + at, l->source.size - at);
}

/* The end of a tag at `at`: "-%}" takes the blanks behind it along, "%}" one line feed, "+%}" nothing. Returns
 * where the text goes on, or 0. */
static size_t tag_end(const ll_lexer *l, size_t at, const char *closer, bool trims, bool plus)
{
    if (looking_at(l, at, "-") && looking_at(l, at + 1, closer))
        return skip_blanks(l, at + 3);
    if (plus && looking_at(l, at, "+") && looking_at(l, at + 1, closer))
        return at + 3;
    if (!looking_at(l, at, closer))
        return 0;
    at += 2;
    return trims && looking_at(l, at, "\n") ? at + 1 : at;
}

static void leave_tag(ll_lexer *l, size_t at)
{
    l->at = at;
    l->within = LL_T_END;
    l->line_starts = l->source.data[at - 1] == '\n';
}

/* The text before a tag, less what the tag's sign or lstrip_blocks takes away. */
static ll_span text_before(const ll_lexer *l, size_t from, size_t to, char sign, bool print)
{
    ll_span text = {l->source.data + from, to - from};
    if (sign == '-') {
        text.size -= ll_blank_before(text.data, text.size);
    } else if (sign != '+' && !print) {
        const char *feed = memrchr(text.data, '\n', text.size);
        size_t line = feed ? (size_t)(feed - text.data) + 1 : 0;
        bool starts = feed || l->line_starts;
        if (starts && line < text.size && ll_blank_after(text.data + line, text.size - line) == text.size - line)
            text.size = line;
    }
    return text;
}

/* "{% raw %}" at `at` (behind "{%" and its sign). Returns where the raw text starts, or 0. */
static size_t raw_begin(const ll_lexer *l, size_t at)
{
    at = skip_blanks(l, at);
    if (!looking_at(l, at, "raw"))
        return 0;
    return tag_end(l, skip_blanks(l, at + 3), "%}", false, false);
}

/* The text up to "{% endraw %}". */
static libllm_status raw_text(ll_lexer *l, size_t begin, size_t start, ll_span *text)
{
    l->line_starts = l->source.data[start - 1] == '\n';
    for (size_t at = start;; at++) {
        const char *found = memmem(l->source.data + at, l->source.size - at, "{%", 2);
        if (!found)
            return fail_here(l, begin, "this raw block is not closed");
        at = (size_t)(found - l->source.data);
        size_t p = at + 2;
        char sign = looking_at(l, p, "-") ? '-' : looking_at(l, p, "+") ? '+' : 0;
        p = skip_blanks(l, p + (sign != 0));
        if (!looking_at(l, p, "endraw"))
            continue;
        size_t end = tag_end(l, skip_blanks(l, p + 6), "%}", true, true);
        if (!end)
            continue;
        *text = text_before(l, start, at, sign, false);
        leave_tag(l, end);
        return LIBLLM_OK;
    }
}

static libllm_status skip_comment(ll_lexer *l, size_t begin, size_t at)
{
    const char *found = memmem(l->source.data + at, l->source.size - at, "#}", 2);
    if (!found)
        return fail_here(l, begin, "this comment is not closed");
    size_t closer = (size_t)(found - l->source.data);
    char sign = closer > at ? found[-1] : 0;
    leave_tag(l, sign == '-'   ? skip_blanks(l, closer + 2)
                 : sign == '+' ? closer + 2
                               : tag_end(l, closer, "#}", true, false));
    return LIBLLM_OK;
}

static size_t find_tag(const ll_lexer *l, size_t at)
{
    while (at < l->source.size) {
        const char *brace = memchr(l->source.data + at, '{', l->source.size - at);
        if (!brace)
            break;
        at = (size_t)(brace - l->source.data);
        char c = at + 1 < l->source.size ? brace[1] : 0;
        if (c == '{' || c == '%' || c == '#')
            return at;
        at++;
    }
    return l->source.size;
}

/* A text (perhaps empty) and the tag behind it, of which a "{{" or "{%" becomes `pending`. */
static libllm_status next_text(ll_lexer *l, ll_token *token)
{
    size_t start = l->at, begin = find_tag(l, start);
    *token = (ll_token){.kind = LL_T_TEXT, .at = (uint32_t)start};
    if (begin == l->source.size) {
        token->text = (ll_span){l->source.data + start, begin - start};
        l->at = begin;
        return LIBLLM_OK;
    }
    char kind = l->source.data[begin + 1];
    size_t at = begin + 2;
    char sign = looking_at(l, at, "-") ? '-' : looking_at(l, at, "+") ? '+' : 0;
    at += sign != 0;
    token->text = text_before(l, start, begin, sign, kind == '{');
    size_t raw = kind == '%' ? raw_begin(l, at) : 0;
    if (raw && token->text.size == 0)
        return raw_text(l, begin, raw, &token->text);
    if (raw) { /* the raw text is a token of its own: come back for it */
        l->at = begin;
        l->line_starts = false;
        return LIBLLM_OK;
    }
    if (kind == '#')
        return skip_comment(l, begin, at);
    l->within = kind == '{' ? LL_T_PRINT_BEGIN : LL_T_BLOCK_BEGIN;
    l->pending = (ll_token){.kind = l->within, .at = (uint32_t)begin};
    l->at = at;
    return LIBLLM_OK;
}

/* Within tags ------------------------------------------------------------------------------------------- */

static bool digit_of(char c, int base)
{
    if (base == 16 && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return true;
    return c >= '0' && c < '0' + (base < 10 ? base : 10);
}

/* Digits of a base with single underscores between them (before the first as well, if `leading`). */
static size_t take_digits(const ll_lexer *l, size_t at, int base, bool leading)
{
    size_t end = at;
    for (;;) {
        size_t p = end + (end < l->source.size && l->source.data[end] == '_' && (end > at || leading));
        if (p >= l->source.size || !digit_of(l->source.data[p], base))
            return end;
        end = p + 1;
    }
}

static void take_number(ll_lexer *l, ll_token *token)
{
    const char *data = l->source.data;
    size_t start = l->at, end = take_digits(l, start, 10, false), p = end;
    bool behind_point = start > 0 && data[start - 1] == '.';
    token->kind = LL_T_INT;
    if (!behind_point) {
        if (looking_at(l, p, ".") && p + 1 < l->source.size && digit_of(data[p + 1], 10)) {
            end = p = take_digits(l, p + 1, 10, false);
            token->kind = LL_T_FLOAT;
        }
        if (p < l->source.size && (data[p] | 0x20) == 'e') {
            p++;
            p += p < l->source.size && (data[p] == '+' || data[p] == '-');
            size_t exponent = take_digits(l, p, 10, false);
            if (exponent > p) {
                end = exponent;
                token->kind = LL_T_FLOAT;
            }
        }
    }
    if (token->kind == LL_T_INT && data[start] == '0') {
        char c = start + 1 < l->source.size ? (char)(data[start + 1] | 0x20) : 0;
        int base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
        size_t digits = base ? take_digits(l, start + 2, base, true) : 0;
        if (base && digits > start + 2) {
            end = digits;
        } else { /* a decimal number that starts with 0 is 0: the rest is another token */
            end = start + 1;
            while (end < l->source.size && (data[end] == '0' || (data[end] == '_' && looking_at(l, end + 1, "0"))))
                end++;
        }
    }
    token->text = (ll_span){data + start, end - start};
    l->at = end;
}

static size_t name_end(const ll_lexer *l, size_t at)
{
    while (at < l->source.size) {
        int32_t c;
        size_t n = ll_utf8_decode(l->source.data + at, l->source.size - at, &c);
        if (!ll_is_word(c))
            break;
        at += n;
    }
    return at;
}

static libllm_status take_string(ll_lexer *l, ll_token *token)
{
    size_t at = l->at + 1;
    char quote = l->source.data[l->at];
    while (at < l->source.size && l->source.data[at] != quote)
        at += l->source.data[at] == '\\' ? 2 : 1;
    if (at >= l->source.size)
        return fail_here(l, l->at, "this string is not closed");
    token->kind = LL_T_STRING;
    token->text = (ll_span){l->source.data + l->at + 1, at - l->at - 1};
    l->at = at + 1;
    return LIBLLM_OK;
}

static libllm_status take_operator(ll_lexer *l, ll_token *token)
{
    static const struct {
        char text[3];
        int op;
    } doubles[] = {{"==", LL_T_EQ}, {"!=", LL_T_NE},       {"<=", LL_T_LE},
                   {">=", LL_T_GE}, {"//", LL_T_FLOORDIV}, {"**", LL_T_POW}};
    token->kind = LL_T_OPERATOR;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        if (looking_at(l, l->at, doubles[i].text)) {
            token->op = doubles[i].op;
            token->text = (ll_span){l->source.data + l->at, 2};
            l->at += 2;
            return LIBLLM_OK;
        }
    }
    char c = l->source.data[l->at];
    if (!c || !strchr("+-/*%~[](){}><=.:|,;", c))
        return fail_here(l, l->at, "unexpected character");
    token->op = (unsigned char)c;
    token->text = (ll_span){l->source.data + l->at, 1};
    if (c == '(' || c == '[' || c == '{') {
        if (l->n_closers == l->max_closers)
            return ll_fail(l->error, LIBLLM_ERROR_LIMIT, "the template is nested deeper than %u (limit template_depth)",
                           l->host->limits.template_depth);
        l->closers[l->n_closers++] = c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
        if (l->n_closers == 0 || l->closers[--l->n_closers] != c)
            return ll_template_fail(l->error, l->source, l->at, "unexpected '%c'", c);
    }
    l->at++;
    return LIBLLM_OK;
}

static libllm_status next_in_tag(ll_lexer *l, ll_token *token)
{
    bool print = l->within == LL_T_PRINT_BEGIN;
    size_t end = l->n_closers ? 0 : tag_end(l, l->at, print ? "}}" : "%}", !print, !print);
    if (!end) {
        l->at = skip_blanks(l, l->at);
        end = l->n_closers || l->at >= l->source.size ? 0 : tag_end(l, l->at, print ? "}}" : "%}", !print, !print);
    }
    *token = (ll_token){.at = (uint32_t)l->at};
    if (end) {
        token->kind = print ? LL_T_PRINT_END : LL_T_BLOCK_END;
        leave_tag(l, end);
        return LIBLLM_OK;
    }
    if (l->at >= l->source.size)
        return fail_here(l, l->at, print ? "'}}' is missing" : "'%}' is missing");
    char c = l->source.data[l->at];
    if (digit_of(c, 10)) {
        take_number(l, token);
        return LIBLLM_OK;
    }
    if (c == '"' || c == '\'')
        return take_string(l, token);
    size_t name = name_end(l, l->at);
    if (name == l->at)
        return take_operator(l, token);
    token->kind = LL_T_NAME;
    token->text = (ll_span){l->source.data + l->at, name - l->at};
    l->at = name;
    return LIBLLM_OK;
}

libllm_status ll_lexer_next(ll_lexer *l, ll_token *token)
{
    if (l->pending.kind != LL_T_END) {
        *token = l->pending;
        l->pending.kind = LL_T_END;
        return LIBLLM_OK;
    }
    if (l->within != LL_T_END)
        return next_in_tag(l, token);
    while (l->at < l->source.size) {
        libllm_status status = next_text(l, token);
        if (status != LIBLLM_OK || token->text.size > 0)
            return status;
        if (l->pending.kind != LL_T_END)
            return ll_lexer_next(l, token);
    }
    *token = (ll_token){.kind = LL_T_END, .at = (uint32_t)l->source.size};
    return LIBLLM_OK;
}
