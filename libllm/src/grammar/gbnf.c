/* SPDX-License-Identifier: MIT
 * Grammars in llama.cpp's GBNF: rules of literals, classes of characters, other rules, groups and repetitions.
 */
#include "grammar/constraint.h"
#include "grammar/groups.h"

#include "base/map.h"
#include "base/utf8.h"

#include <string.h>

enum { REPEAT_MAX = 1000000, LAST_CHARACTER = 0x10FFFF };

typedef struct gbnf {
    ll_rule_builder *b;
    const char *text;
    size_t n, at;
    ll_map names;
    size_t *first_uses; /* [uses_capacity] of each rule: where its name came first */
    size_t uses_capacity;
    ll_groups groups; /* of the rule that is read */
} gbnf;

static void fail_at(gbnf *g, size_t at, libllm_status status, const char *what, ll_span name)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        column = g->text[i] == '\n' ? 1 : column + 1;
        line += g->text[i] == '\n';
    }
    ll_rule_builder_fail(g->b, status, "grammar, line %zu, column %zu: %s%.*s", line, column, what,
                         (int)(name.size < 64 ? name.size : 64), name.size ? name.data : "");
}

static void fail(gbnf *g, libllm_status status, const char *what) { fail_at(g, g->at, status, what, (ll_span){0}); }

static char peek(const gbnf *g) { return g->at < g->n ? g->text[g->at] : '\0'; }

static bool accept(gbnf *g, const char *text)
{
    size_t n = strlen(text);
    if (g->n - g->at < n || memcmp(g->text + g->at, text, n) != 0)
        return false;
    g->at += n;
    return true;
}

static void skip_blank(gbnf *g, bool lines)
{
    for (; g->at < g->n; g->at++) {
        const char c = g->text[g->at];
        if (c == '#')
            while (g->at + 1 < g->n && g->text[g->at + 1] != '\n' && g->text[g->at + 1] != '\r')
                g->at++;
        else if (c != ' ' && c != '\t' && (!lines || (c != '\n' && c != '\r')))
            return;
    }
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static ll_span name(gbnf *g)
{
    const size_t start = g->at;
    while (g->at < g->n && is_name(g->text[g->at]))
        g->at++;
    return (ll_span){g->text + start, g->at - start};
}

/* The rule of a name, which is made with its first use. */
static uint32_t rule_of(gbnf *g, ll_span name)
{
    uint32_t rule = 0;
    bool existed = false;
    ll_rule_builder *b = g->b;
    if (ll_map_find(&g->names, name, &rule) || b->status)
        return rule;
    rule = ll_rule_add(b);
    if (b->status)
        return 0;
    b->rules[rule].name = name;
    if (rule >= g->uses_capacity) {
        size_t capacity = 2 * (size_t)rule + 64;
        size_t *uses = ll_realloc(b->host, g->first_uses, g->uses_capacity, capacity, sizeof *uses);
        if (uses) {
            g->first_uses = uses;
            g->uses_capacity = capacity;
        }
    }
    if (rule >= g->uses_capacity || !ll_map_insert(&g->names, name, rule, &existed))
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a grammar");
    else
        g->first_uses[rule] = (size_t)(name.data - g->text);
    return rule;
}

static uint32_t hex(gbnf *g, size_t n)
{
    uint32_t value = 0;
    for (; n > 0; n--, g->at++) {
        const char c = peek(g), lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9') {
            value = 16 * value + (uint32_t)(c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = 16 * value + (uint32_t)(lower - 'a' + 10);
        } else {
            fail(g, LIBLLM_ERROR_CONSTRAINT, "a hexadecimal digit is expected");
            return 0;
        }
    }
    if (value > LAST_CHARACTER)
        fail(g, LIBLLM_ERROR_CONSTRAINT, "there is no such character");
    return value;
}

/* One character of a literal or a class. */
static uint32_t character(gbnf *g)
{
    if (!accept(g, "\\")) {
        int32_t c;
        g->at += ll_utf8_decode(g->text + g->at, g->n - g->at, &c);
        return (uint32_t)c;
    }
    const char letter = peek(g);
    g->at += g->at < g->n;
    switch (letter) {
    case 'x':
        return hex(g, 2);
    case 'u':
        return hex(g, 4);
    case 'U':
        return hex(g, 8);
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case '\\':
    case '"':
    case '[':
    case ']':
    case '-':
    case '^':
        return (uint8_t)letter;
    default:
        g->at--;
        fail(g, LIBLLM_ERROR_CONSTRAINT, "an escape that is unknown");
        return 0;
    }
}

/* Behind the quote. */
static ll_part literal(gbnf *g)
{
    ll_part part = ll_part_empty(g->b);
    const size_t start = g->at - 1;
    while (g->at < g->n && peek(g) != '"' && peek(g) != '\n' && !g->b->status) {
        char bytes[4];
        const size_t n = ll_utf8_encode(character(g), bytes);
        part = ll_part_then(g->b, part, ll_part_text(g->b, bytes, n));
    }
    if (!accept(g, "\""))
        fail_at(g, start, LIBLLM_ERROR_CONSTRAINT, "a literal that does not end in its line", (ll_span){0});
    return part;
}

/* Behind "[". */
static ll_part bracket(gbnf *g)
{
    ll_class c = {0};
    const size_t start = g->at - 1;
    const bool inverse = accept(g, "^");
    while (g->at < g->n && peek(g) != ']' && !g->b->status) {
        uint32_t first = character(g), last = first;
        if (peek(g) == '-' && g->at + 1 < g->n && g->text[g->at + 1] != ']') {
            g->at++;
            last = character(g);
        }
        if (first > last)
            fail(g, LIBLLM_ERROR_CONSTRAINT, "a range of characters whose end comes before its start");
        ll_class_add(g->b->host, &c, first, last);
    }
    if (!accept(g, "]"))
        fail_at(g, start, LIBLLM_ERROR_CONSTRAINT, "'[' without ']'", (ll_span){0});
    if (inverse)
        ll_class_invert(g->b->host, &c);
    ll_part part = ll_part_class(g->b, &c, LL_SPELLING_TEXT);
    ll_class_free(g->b->host, &c);
    return part;
}

static uint32_t number(gbnf *g)
{
    uint32_t value = 0;
    if (peek(g) < '0' || peek(g) > '9')
        fail(g, LIBLLM_ERROR_CONSTRAINT, "a number is expected");
    for (; peek(g) >= '0' && peek(g) <= '9' && !g->b->status; g->at++) {
        value = 10 * value + (uint32_t)(peek(g) - '0');
        if (value > REPEAT_MAX)
            fail(g, LIBLLM_ERROR_LIMIT, "more than 1000000 repetitions are asked for");
    }
    return value;
}

static bool quantifier(gbnf *g, uint32_t *min, uint32_t *max)
{
    *min = 0;
    *max = LL_UNBOUNDED;
    if (accept(g, "?")) {
        *max = 1;
    } else if (accept(g, "+")) {
        *min = 1;
    } else if (accept(g, "{")) {
        skip_blank(g, false);
        if (peek(g) != ',')
            *max = *min = number(g);
        skip_blank(g, false);
        if (accept(g, ",")) {
            skip_blank(g, false);
            *max = peek(g) == '}' ? LL_UNBOUNDED : number(g);
            skip_blank(g, false);
        }
        if (!accept(g, "}"))
            fail(g, LIBLLM_ERROR_CONSTRAINT, "'}' is expected");
        if (*min > *max)
            fail(g, LIBLLM_ERROR_CONSTRAINT, "a repetition whose most is less than its least");
    } else if (!accept(g, "*")) {
        return false;
    }
    return true;
}

static void add_item(gbnf *g, ll_part item)
{
    uint32_t min, max;
    /* As many as are written; each is one around the part. */
    for (skip_blank(g, g->groups.depth > 1); !g->b->status && quantifier(g, &min, &max);
         skip_blank(g, g->groups.depth > 1))
        item = ll_part_repeat(g->b, item, min, max);
    ll_group_add(&g->groups, g->b, item);
}

/* An item of a body; false: the body is over. */
static bool item(gbnf *g)
{
    if (accept(g, "\"")) {
        add_item(g, literal(g));
    } else if (accept(g, "[")) {
        add_item(g, bracket(g));
    } else if (accept(g, ".")) {
        add_item(g, ll_form_char(g->b, LL_SPELLING_TEXT));
    } else if (is_name(peek(g))) {
        const uint32_t rule = rule_of(g, name(g));
        add_item(g, ll_part_call(g->b, rule));
    } else if (peek(g) == '(') {
        if (!ll_group_open(&g->groups, g->at))
            fail(g, LIBLLM_ERROR_LIMIT, "groups are nested more than 127 deep");
        g->at++;
    } else if (peek(g) == ')' && g->groups.depth > 1) {
        const ll_part group = ll_group_close(&g->groups, g->b);
        g->at++;
        add_item(g, group);
    } else if (accept(g, "|")) {
        ll_group_or(&g->groups, g->b);
        skip_blank(g, true);
    } else {
        return false;
    }
    return true;
}

static void body(gbnf *g, uint32_t rule)
{
    g->groups.depth = 0;
    ll_group_open(&g->groups, g->at);
    skip_blank(g, true);
    while (!g->b->status && item(g))
        skip_blank(g, g->groups.depth > 1);
    if (g->b->status)
        return;
    if (g->groups.depth > 1) {
        g->at = ll_group_at(&g->groups);
        fail(g, LIBLLM_ERROR_CONSTRAINT, "'(' without ')'");
        return;
    }
    if (g->at < g->n && peek(g) != '\n' && peek(g) != '\r') {
        fail(g, peek(g) == '<' || peek(g) == '!' ? LIBLLM_ERROR_UNSUPPORTED : LIBLLM_ERROR_CONSTRAINT,
             peek(g) == '<' || peek(g) == '!' ? "tokens as items are not supported" : "what is no item of a rule");
        return;
    }
    ll_rule_define(g->b, rule, ll_group_close(&g->groups, g->b));
}

static void parse(gbnf *g)
{
    for (skip_blank(g, true); g->at < g->n && !g->b->status; skip_blank(g, true)) {
        const size_t start = g->at;
        const ll_span own = name(g);
        skip_blank(g, false);
        if (own.size == 0 || !accept(g, "::=")) {
            fail(g, LIBLLM_ERROR_CONSTRAINT, own.size ? "'::=' is expected" : "the name of a rule is expected");
            return;
        }
        const uint32_t rule = rule_of(g, own);
        if (!g->b->status && g->b->rules[rule].defined)
            fail_at(g, start, LIBLLM_ERROR_CONSTRAINT, "a second definition of rule ", own);
        if (!g->b->status)
            body(g, rule);
    }
}

uint32_t ll_gbnf_rule(ll_rule_builder *b, ll_span text)
{
    uint32_t root = 0;
    gbnf *g = ll_calloc(b->host, 1, sizeof *g);
    if (!g || !ll_map_init(&g->names, b->host, 64)) {
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a grammar");
        ll_free(b->host, g);
        return 0;
    }
    g->b = b;
    g->text = text.data;
    g->n = text.size;
    parse(g);
    for (uint32_t i = 0; i < b->n_rules && !b->status; i++)
        if (!b->rules[i].defined)
            fail_at(g, g->first_uses[i], LIBLLM_ERROR_CONSTRAINT, "there is no rule ", b->rules[i].name);
    if (!b->status && !ll_map_find(&g->names, ll_span_of("root"), &root))
        ll_rule_builder_fail(b, LIBLLM_ERROR_CONSTRAINT, "the grammar has no rule \"root\"");
    ll_map_free(&g->names);
    ll_free(b->host, g->first_uses);
    ll_free(b->host, g);
    return root;
}
