/* SPDX-License-Identifier: MIT
 * Expressions of templates, by precedence climbing. Code comes out in the order of evaluation; where the source has
 * another order (a if b else c), pieces of code are exchanged.
 */
#include "chat/number.h"
#include "chat/parser.h"
#include "chat/text.h"

#include "base/utf8.h"

#include <string.h>

enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_ADD, LEVEL_CONCAT, LEVEL_MULTIPLY, LEVEL_POWER };

static bool parse_binary(ll_parser *p, int level);

/* Literals ---------------------------------------------------------------------------------------------- */

static int hex_digits(const char *text, size_t left, int n, int32_t *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        char c = (size_t)i < left ? text[i] : 0;
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0 || *out > 0x7FFFFFF)
            return 0;
        *out = *out * 16 + digit;
    }
    return n;
}

/* The escape behind a backslash at text[0]; *size is what it takes of the source. Returns the length of its bytes,
 * or 5 when it is malformed. An unknown escape stands for itself, backslash included. */
static size_t unescape(const char *text, size_t left, size_t *size, char out[4])
{
    static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    const char *letter = *text ? strchr(letters, *text) : NULL;
    int32_t c = 0;
    *size = 1;
    if (letter) {
        out[0] = meanings[letter - letters];
        return 1;
    }
    if (*text == '\n')
        return 0;
    int digits = *text == 'x' ? 2 : *text == 'u' ? 4 : *text == 'U' ? 8 : 0;
    if (digits) {
        *size = 1 + (size_t)hex_digits(text + 1, left - 1, digits, &c);
        bool valid = *size > 1 && c <= 0x10FFFF && !(c >= 0xD800 && c < 0xE000);
        return valid ? ll_utf8_encode((uint32_t)c, out) : 5;
    }
    if (*text >= '0' && *text <= '7') {
        for (*size = 0; *size < 3 && *size < left && text[*size] >= '0' && text[*size] <= '7'; ++*size)
            c = c * 8 + (text[*size] - '0');
        return ll_utf8_encode((uint32_t)c, out);
    }
    if (*text == 'N')
        return 5;
    out[0] = '\\';
    *size = 0;
    return 1;
}

static bool append_literal(ll_parser *p, ll_buffer *text)
{
    ll_span source = p->token.text;
    for (size_t i = 0; i < source.size;) {
        if (source.data[i] != '\\') {
            ll_buffer_byte(text, source.data[i++]);
            continue;
        }
        char bytes[4];
        size_t size, n = unescape(source.data + i + 1, source.size - i - 1, &size, bytes);
        if (n > 4)
            return ll_parser_fail(p, p->token.at + 1 + i, "this escape is malformed or not supported");
        ll_buffer_append(text, bytes, n);
        i += 1 + size;
    }
    return text->failed ? ll_parser_memory(p) : ll_advance(p);
}

/* Neighbouring literals are one, as in Python. */
static bool parse_string(ll_parser *p)
{
    size_t at = p->token.at;
    ll_buffer text;
    ll_buffer_init(&text, p->host);
    bool ok = true;
    while (ok && p->token.kind == LL_T_STRING)
        ok = append_literal(p, &text);
    int32_t index;
    ok = ok && ll_add_text(p, (ll_span){text.data, text.size}, &index) && ll_emit(p, LL_OP_CONSTANT, 0, index, at);
    ll_buffer_free(&text);
    return ok;
}

static bool emit_constant(ll_parser *p, ll_value v, size_t at)
{
    int32_t index;
    return ll_add_constant(p, v, &index) && ll_emit(p, LL_OP_CONSTANT, 0, index, at);
}

static bool parse_number(ll_parser *p)
{
    ll_value v;
    if (p->token.kind == LL_T_INT) {
        v = ll_int(0);
        if (ll_parse_int(p->token.text, 0, &v.as.integer) != LL_PARSED)
            return ll_parser_fail(p, p->token.at, "this number does not fit into 64 bits");
    } else {
        v = ll_float(0);
        if (!ll_parse_float(p->token.text, &v.as.real))
            return ll_parser_fail(p, p->token.at, "this number is malformed");
    }
    return emit_constant(p, v, p->token.at) && ll_advance(p);
}

/* The items up to a closing bracket; a comma may stand before it. */
static bool parse_items(ll_parser *p, int closer, bool pairs, int32_t *n)
{
    for (*n = 0; !ll_at_operator(p, closer); ++*n) {
        if (*n > 0 && !ll_expect_operator(p, ','))
            return false;
        if (ll_at_operator(p, closer))
            break;
        if (!ll_parse_expression(p) || (pairs && (!ll_expect_operator(p, ':') || !ll_parse_expression(p))))
            return false;
    }
    return ll_advance(p);
}

/* Names ------------------------------------------------------------------------------------------------- */

static bool is_one_of(ll_span name, const char *const *names)
{
    while (*names && !ll_span_is(name, *names))
        names++;
    return *names != NULL;
}

/* Does the body of a loop need to know what comes after the current item? */
static void note_use_of_loop(ll_parser *p)
{
    static const char *const backward[] = {"index",   "index0", "first",  "previtem", "cycle",
                                           "changed", "depth",  "depth0", NULL};
    if (p->loop && !(ll_at_operator(p, '.') && is_one_of(p->next.text, backward)))
        p->loop->looks_ahead = true;
}

static void note_use_of_arguments(ll_parser *p, ll_span name)
{
    for (ll_parser_macro *m = p->macro; m; m = m->outer) {
        ll_proto *proto = &p->program->protos[m->proto];
        proto->uses_caller = proto->uses_caller || ll_span_is(name, "caller");
        proto->uses_varargs = proto->uses_varargs || ll_span_is(name, "varargs");
        proto->uses_kwargs = proto->uses_kwargs || ll_span_is(name, "kwargs");
    }
}

static bool parse_name(ll_parser *p)
{
    ll_span name = p->token.text;
    size_t at = p->token.at;
    if (!ll_advance(p))
        return false;
    if (ll_span_is(name, "true") || ll_span_is(name, "True"))
        return emit_constant(p, ll_bool(true), at);
    if (ll_span_is(name, "false") || ll_span_is(name, "False"))
        return emit_constant(p, ll_bool(false), at);
    if (ll_span_is(name, "none") || ll_span_is(name, "None"))
        return emit_constant(p, ll_none(), at);
    if (ll_span_is(name, "loop"))
        note_use_of_loop(p);
    note_use_of_arguments(p, name);
    int32_t index;
    return ll_name_index(p, name, &index) && ll_emit(p, LL_OP_LOAD, 0, index, at);
}

static bool parse_bracketed(ll_parser *p)
{
    size_t at = p->token.at;
    int opener = p->token.op;
    int32_t n;
    if (!ll_advance(p))
        return false;
    bool ok = opener == '('   ? ll_parse_tuple(p, LL_IN_PARENTHESES) && ll_expect_operator(p, ')')
              : opener == '[' ? parse_items(p, ']', false, &n) && ll_emit(p, LL_OP_LIST, 0, n, at)
                              : parse_items(p, '}', true, &n) && ll_emit(p, LL_OP_DICT, 0, n, at);
    return ok;
}

static bool parse_primary(ll_parser *p)
{
    bool ok;
    if (p->token.kind == LL_T_NAME)
        ok = parse_name(p);
    else if (p->token.kind == LL_T_STRING)
        ok = parse_string(p);
    else if (p->token.kind == LL_T_INT || p->token.kind == LL_T_FLOAT)
        ok = parse_number(p);
    else if (ll_at_operator(p, '(') || ll_at_operator(p, '[') || ll_at_operator(p, '{'))
        ok = parse_bracketed(p);
    else
        ok = ll_unexpected(p);
    p->is_call = false;
    return ok;
}

/* Postfixes --------------------------------------------------------------------------------------------- */

/* The arguments of a call, "(" included. *counts is what FILTER, TEST and CALL take. */
static bool parse_arguments(ll_parser *p, uint32_t *counts)
{
    size_t at = p->token.at;
    uint32_t n = 0, n_keywords = 0;
    if (!ll_advance(p))
        return false;
    while (!ll_at_operator(p, ')')) {
        if (n + n_keywords > 0) {
            if (!ll_expect_operator(p, ','))
                return false;
            if (ll_at_operator(p, ')'))
                break;
        }
        if (ll_at_operator(p, '*') || ll_at_operator(p, LL_T_POW))
            return ll_parser_fail(p, p->token.at, "unpacking arguments with '*' is not supported");
        bool keyword = p->token.kind == LL_T_NAME && p->next.kind == LL_T_OPERATOR && p->next.op == '=';
        int32_t name;
        if (keyword && (!ll_add_text(p, p->token.text, &name) || !ll_emit(p, LL_OP_CONSTANT, 0, name, p->token.at) ||
                        !ll_advance(p) || !ll_advance(p)))
            return false;
        if (!keyword && n_keywords > 0)
            return ll_parser_fail(p, p->token.at, "a positional argument follows a named one");
        n_keywords += keyword;
        n += !keyword;
        if (n > LL_MAX_ARGUMENTS || n_keywords > LL_MAX_ARGUMENTS)
            return ll_parser_fail(p, at, "more than %d arguments", LL_MAX_ARGUMENTS);
        if (!ll_parse_expression(p))
            return false;
    }
    *counts = n << 8 | n_keywords;
    return ll_advance(p);
}

/* One of "a", "a:b", ":b:c" ... within brackets. *slice: three bounds were emitted. */
static bool parse_subscribed(ll_parser *p, bool *slice)
{
    *slice = ll_at_operator(p, ':');
    if (*slice ? !emit_constant(p, ll_none(), p->token.at) : !ll_parse_expression(p))
        return false;
    if (!ll_at_operator(p, ':'))
        return true;
    *slice = true;
    for (int bound = 1; bound < 3; bound++) {
        bool colon = false;
        if (!ll_skip_operator(p, ':', &colon))
            return false;
        bool given = colon && !ll_at_operator(p, ':') && !ll_at_operator(p, ']') && !ll_at_operator(p, ',');
        if (given ? !ll_parse_expression(p) : !emit_constant(p, ll_none(), p->token.at))
            return false;
    }
    return true;
}

static bool parse_subscript(ll_parser *p)
{
    size_t at = p->token.at;
    int32_t n = 0;
    bool slice = false;
    if (!ll_advance(p))
        return false;
    while (!ll_at_operator(p, ']')) {
        if (n > 0 && (!ll_expect_operator(p, ',') || slice))
            return ll_parser_fail(p, at, "a slice within a tuple is not supported");
        if (!parse_subscribed(p, &slice))
            return false;
        if (slice && n++ > 0)
            return ll_parser_fail(p, at, "a slice within a tuple is not supported");
        n += !slice;
    }
    if (n != 1 && !ll_emit(p, LL_OP_TUPLE, 0, n, at))
        return false;
    return ll_emit(p, slice ? LL_OP_SLICE : LL_OP_SUBSCRIPT, 0, 0, at) && ll_advance(p);
}

static bool parse_attribute(ll_parser *p)
{
    size_t at = p->token.at;
    if (!ll_advance(p))
        return false;
    if (p->token.kind == LL_T_INT)
        return parse_number(p) && ll_emit(p, LL_OP_SUBSCRIPT, 0, 0, at);
    ll_span name;
    int32_t index;
    return ll_expect_name(p, &name) && ll_add_text(p, name, &index) && ll_emit(p, LL_OP_ATTRIBUTE, 0, index, at);
}

static bool parse_call(ll_parser *p)
{
    size_t at = p->token.at;
    uint32_t counts;
    if (!parse_arguments(p, &counts) || !ll_emit(p, LL_OP_CALL, counts, 0, at))
        return false;
    p->is_call = true;
    return true;
}

static bool parse_postfixes(ll_parser *p)
{
    for (;;) {
        bool call = ll_at_operator(p, '(');
        bool ok = call                     ? parse_call(p)
                  : ll_at_operator(p, '.') ? parse_attribute(p)
                  : ll_at_operator(p, '[') ? parse_subscript(p)
                                           : false;
        if (!ok)
            return p->status == LIBLLM_OK;
        p->is_call = call;
    }
}

/* The name of a filter or test. *op becomes UNKNOWN where one that does not exist is to be an error only when it is
 * reached. */
static bool parse_function_name(ll_parser *p, bool test, ll_opcode *op, int32_t *index)
{
    size_t at = p->token.at;
    ll_span name;
    if (!ll_expect_name(p, &name))
        return false;
    const ll_function *function = test ? ll_test_find(name) : ll_filter_find(name);
    *op = function ? test ? LL_OP_TEST : LL_OP_FILTER : LL_OP_UNKNOWN;
    if (function)
        return ll_add_function(p, function, index);
    if (p->conditional > 0)
        return ll_add_text(p, name, index);
    return ll_parser_fail(p, at, "there is no %s named '%.*s'", test ? "test" : "filter", ll_shown(name), name.data);
}

bool ll_parse_filters(ll_parser *p, bool inside)
{
    while (inside || ll_at_operator(p, '|')) {
        int32_t index;
        uint32_t counts = 0;
        ll_opcode op;
        if (!inside && !ll_advance(p))
            return false;
        size_t at = p->token.at;
        if (!parse_function_name(p, false, &op, &index) || (ll_at_operator(p, '(') && !parse_arguments(p, &counts)) ||
            !ll_emit(p, op, op == LL_OP_UNKNOWN ? 0 : counts, index, at))
            return false;
        inside = false;
        p->is_call = false;
    }
    return true;
}

static bool parse_test(ll_parser *p)
{
    static const char *const ends[] = {"else", "or", "and", NULL};
    size_t at = p->token.at;
    int32_t index;
    uint32_t counts = 0;
    ll_opcode op;
    if (!ll_advance(p))
        return false;
    bool negated = ll_at_name(p, "not");
    if ((negated && !ll_advance(p)) || !parse_function_name(p, true, &op, &index))
        return false;
    bool literal = p->token.kind == LL_T_STRING || p->token.kind == LL_T_INT || p->token.kind == LL_T_FLOAT ||
                   ll_at_operator(p, '[') || ll_at_operator(p, '{');
    if (ll_at_operator(p, '(')) {
        if (!parse_arguments(p, &counts))
            return false;
    } else if (literal || (p->token.kind == LL_T_NAME && !is_one_of(p->token.text, ends))) {
        if (ll_at_name(p, "is"))
            return ll_parser_fail(p, p->token.at, "tests cannot be chained with 'is'");
        counts = 1 << 8;
        if (!parse_primary(p) || !parse_postfixes(p))
            return false;
    }
    p->is_call = false;
    return ll_emit(p, op, op == LL_OP_UNKNOWN ? 1 : counts, index, at) && (!negated || ll_emit(p, LL_OP_NOT, 0, 0, at));
}

bool ll_parse_postfix_expression(ll_parser *p)
{
    uint64_t negative = 0; /* one bit for every sign, the last one lowest */
    int n_signs = 0;
    size_t at = p->token.at;
    while (ll_at_operator(p, '-') || ll_at_operator(p, '+')) {
        if (n_signs++ == 64)
            return ll_parser_fail(p, p->token.at, "more than 64 signs in a row");
        negative = negative << 1 | ll_at_operator(p, '-');
        if (!ll_advance(p))
            return false;
    }
    if (!parse_primary(p) || !parse_postfixes(p))
        return false;
    for (; n_signs > 0; n_signs--, negative >>= 1) {
        p->is_call = false;
        if (!ll_emit(p, negative & 1 ? LL_OP_NEGATE : LL_OP_POSITIVE, 0, 0, at))
            return false;
    }
    for (;;) {
        bool ok = ll_at_operator(p, '|')   ? ll_parse_filters(p, false)
                  : ll_at_name(p, "is")    ? parse_test(p)
                  : ll_at_operator(p, '(') ? parse_call(p)
                                           : false;
        if (!ok)
            return p->status == LIBLLM_OK;
    }
}

/* Binary operators -------------------------------------------------------------------------------------- */

/* The right side of an operator. */
static bool parse_operand(ll_parser *p, int level)
{
    if (!ll_parser_enter(p, &p->operators) || !parse_binary(p, level))
        return false;
    p->operators--;
    return true;
}

/* The comparison at the current token, or -1. */
static int comparison_here(const ll_parser *p)
{
    if (ll_at_name(p, "in"))
        return LL_IN;
    if (ll_at_name(p, "not") && p->next.kind == LL_T_NAME && ll_span_is(p->next.text, "in"))
        return LL_NOT_IN;
    if (p->token.kind != LL_T_OPERATOR)
        return -1;
    switch (p->token.op) {
    case LL_T_EQ:
        return LL_EQ;
    case LL_T_NE:
        return LL_NE;
    case '<':
        return LL_LT;
    case LL_T_LE:
        return LL_LE;
    case '>':
        return LL_GT;
    case LL_T_GE:
        return LL_GE;
    default:
        return -1;
    }
}

/* a < b < c: every comparison but the last jumps to the end when it fails. */
static bool parse_comparisons(ll_parser *p)
{
    int32_t chain = -1;
    for (int how = comparison_here(p); how >= 0;) {
        size_t at = p->token.at;
        if (!ll_advance(p) || (how == LL_NOT_IN && !ll_advance(p)) || !parse_operand(p, LEVEL_ADD))
            return false;
        int following = comparison_here(p);
        if (following >= 0 ? !ll_emit_listed(p, LL_OP_COMPARE_CHAIN, (uint32_t)how, at, &chain)
                           : !ll_emit(p, LL_OP_COMPARE, (uint32_t)how, 0, at))
            return false;
        how = following;
    }
    ll_patch_list(p, chain);
    return true;
}

static bool parse_shortcut(ll_parser *p, ll_opcode jump, int level)
{
    size_t index, at = p->token.at;
    if (!ll_emit_jump(p, jump, at, &index) || !ll_advance(p) || !parse_operand(p, level))
        return false;
    ll_patch(p, index);
    return true;
}

static int arithmetic_here(const ll_parser *p, int *level)
{
    static const struct {
        int op, level, meaning;
    } table[] = {{'+', LEVEL_ADD, LL_ADD},      {'-', LEVEL_ADD, LL_SUB},
                 {'~', LEVEL_CONCAT, -1},       {'*', LEVEL_MULTIPLY, LL_MUL},
                 {'/', LEVEL_MULTIPLY, LL_DIV}, {LL_T_FLOORDIV, LEVEL_MULTIPLY, LL_FLOORDIV},
                 {'%', LEVEL_MULTIPLY, LL_MOD}, {LL_T_POW, LEVEL_POWER, LL_POW}};
    *level = 0;
    if (p->token.kind == LL_T_OPERATOR)
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
            if (table[i].op == p->token.op) {
                *level = table[i].level;
                return table[i].meaning;
            }
    return -1;
}

static bool parse_not(ll_parser *p)
{
    size_t at = p->token.at;
    uint32_t n = 0;
    while (ll_at_name(p, "not")) {
        if (n++ == LL_PARSE_DEPTH)
            return ll_parser_fail(p, at, "more than %d times 'not' in a row", LL_PARSE_DEPTH);
        if (!ll_advance(p))
            return false;
    }
    if (!parse_operand(p, LEVEL_COMPARE))
        return false;
    for (; n > 0; n--)
        if (!ll_emit(p, LL_OP_NOT, 0, 0, at))
            return false;
    p->is_call = false;
    return true;
}

/* An expression of operators that bind at least as closely as `level` says. */
static bool parse_binary(ll_parser *p, int level)
{
    if (level <= LEVEL_NOT && ll_at_name(p, "not") ? !parse_not(p) : !ll_parse_postfix_expression(p))
        return false;
    for (;;) {
        int own, meaning = arithmetic_here(p, &own);
        size_t at = p->token.at;
        bool ok;
        if (own && own >= level)
            ok = ll_advance(p) && parse_operand(p, own + 1) &&
                 (own == LEVEL_CONCAT ? ll_emit(p, LL_OP_CONCAT, 0, 0, at)
                                      : ll_emit(p, LL_OP_BINARY, (uint32_t)meaning, 0, at));
        else if (level <= LEVEL_COMPARE && comparison_here(p) >= 0)
            ok = parse_comparisons(p);
        else if (level <= LEVEL_AND && ll_at_name(p, "and"))
            ok = parse_shortcut(p, LL_OP_JUMP_IF_FALSE_KEEP, LEVEL_NOT);
        else if (level <= LEVEL_OR && ll_at_name(p, "or"))
            ok = parse_shortcut(p, LL_OP_JUMP_IF_TRUE_KEEP, LEVEL_AND);
        else
            return true;
        p->is_call = false;
        if (!ok)
            return false;
    }
}

/* Whole expressions ------------------------------------------------------------------------------------- */

/* [value] is emitted from `start` on, "if" is the current token: make it [condition] jump [value] jump [else]. */
static bool parse_condition(ll_parser *p, size_t start)
{
    size_t middle = p->program->n_code, at = p->token.at, skip, end;
    if (!ll_advance(p) || !parse_binary(p, LEVEL_OR) || !ll_emit_jump(p, LL_OP_JUMP_IF_FALSE, at, &skip))
        return false;
    skip = start + (skip - middle);
    ll_rotate(p, start, middle);
    if (!ll_emit_jump(p, LL_OP_JUMP, at, &end))
        return false;
    ll_patch(p, skip);
    if (!ll_at_name(p, "else")) {
        if (!ll_emit(p, LL_OP_UNDEFINED, 0, 0, at))
            return false;
    } else if (!ll_advance(p) || !ll_parse_expression(p)) {
        return false;
    }
    ll_patch(p, end);
    p->is_call = false;
    return true;
}

bool ll_parse_expression(ll_parser *p)
{
    size_t start = p->program->n_code;
    if (!ll_parser_enter(p, &p->depth) || !parse_binary(p, LEVEL_OR))
        return false;
    for (uint32_t n = 0; ll_at_name(p, "if"); n++) {
        if (n == LL_PARSE_DEPTH)
            return ll_parser_fail(p, p->token.at, "more than %d times 'if' in a row", LL_PARSE_DEPTH);
        if (!parse_condition(p, start))
            return false;
    }
    p->depth--;
    return true;
}

static bool at_tuple_end(const ll_parser *p, int flags)
{
    return p->token.kind == LL_T_PRINT_END || p->token.kind == LL_T_BLOCK_END || ll_at_operator(p, ')') ||
           (flags & LL_UNTIL_RECURSIVE && ll_at_name(p, "recursive"));
}

bool ll_parse_tuple(ll_parser *p, int flags)
{
    size_t at = p->token.at;
    int32_t n = 0;
    bool comma = false;
    while (!at_tuple_end(p, flags)) {
        if (flags & LL_NO_CONDITION ? !parse_binary(p, LEVEL_OR) : !ll_parse_expression(p))
            return false;
        n++;
        bool more = false;
        if (!ll_skip_operator(p, ',', &more))
            return false;
        if (!more)
            break;
        comma = true;
    }
    if (n == 0 && !(flags & LL_IN_PARENTHESES))
        return ll_unexpected(p);
    p->is_call = p->is_call && !comma;
    return (n == 1 && !comma) || ll_emit(p, LL_OP_TUPLE, 0, n, at);
}
