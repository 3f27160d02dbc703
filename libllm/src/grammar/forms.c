/* SPDX-License-Identifier: MIT
 * Characters as bytes, and the words of JSON.
 */
#include "grammar/builder.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_CHARACTER = 0x10FFFF, INDENTATION_MAX = 40, DIGITS_MAX = 18 };

/* Classes ----------------------------------------------------------------------------------------------- */

void ll_class_add(const ll_host *host, ll_class *c, uint32_t first, uint32_t last)
{
    if (c->n + 2 > c->capacity) {
        size_t capacity = 2 * c->capacity + 16;
        uint32_t *ranges = ll_realloc(host, c->ranges, c->capacity, capacity, sizeof *ranges);
        if (!ranges) {
            c->failed = true;
            return;
        }
        c->ranges = ranges;
        c->capacity = capacity;
    }
    c->ranges[c->n++] = first;
    c->ranges[c->n++] = last;
}

void ll_class_free(const ll_host *host, ll_class *c)
{
    ll_free(host, c->ranges);
    *c = (ll_class){0};
}

static int by_first(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* In order, and apart from each other. */
static void normalize(ll_class *c)
{
    if (c->n)
        qsort(c->ranges, c->n / 2, 2 * sizeof *c->ranges, by_first);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i += 2) {
        uint32_t first = c->ranges[i], last = c->ranges[i + 1];
        if (n && first <= c->ranges[n - 1] + 1) {
            c->ranges[n - 1] = last > c->ranges[n - 1] ? last : c->ranges[n - 1];
        } else {
            c->ranges[n++] = first;
            c->ranges[n++] = last;
        }
    }
    c->n = n;
}

void ll_class_invert(const ll_host *host, ll_class *c)
{
    ll_class inverse = {0};
    uint32_t next = 0;
    normalize(c);
    for (size_t i = 0; i < c->n; i += 2) {
        if (c->ranges[i] > next)
            ll_class_add(host, &inverse, next, c->ranges[i] - 1);
        next = c->ranges[i + 1] + 1;
    }
    if (next <= LAST_CHARACTER)
        ll_class_add(host, &inverse, next, LAST_CHARACTER);
    inverse.failed |= c->failed;
    ll_class_free(host, c);
    *c = inverse;
}

static void byte_edge(ll_rule_builder *b, uint32_t from, uint8_t low, uint8_t high, uint32_t to)
{
    ll_edge_add(b, from, (ll_edge){.kind = LL_EDGE_BYTES, .low = low, .high = high, .target = to});
}

/* Characters whose encodings have the same length and differ as whole ranges of bytes. */
static void block(ll_rule_builder *b, ll_part part, uint32_t first, uint32_t last)
{
    char low[4], high[4];
    size_t n = ll_utf8_encode(first, low);
    ll_utf8_encode(last, high);
    uint32_t from = part.start;
    for (size_t i = 0; i < n; i++) {
        uint32_t to = i + 1 < n ? ll_state_add(b) : part.end;
        byte_edge(b, from, (uint8_t)low[i], (uint8_t)high[i], to);
        from = to;
    }
}

/* Cut at the ends of lengths, at the surrogates, and where the last bytes would not be whole ranges. */
static void characters(ll_rule_builder *b, ll_part part, uint32_t first, uint32_t last)
{
    static const uint32_t cuts[] = {0x80, 0x800, 0xD800, 0xE000, 0x10000};
    while (first <= last && !b->status) {
        uint32_t end = last;
        for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
            if (first < cuts[i] && end >= cuts[i])
                end = cuts[i] - 1;
        const uint32_t length = first < 0x80 ? 1 : first < 0x800 ? 2 : first < 0x10000 ? 3 : 4;
        for (uint32_t i = 1; i < length; i++) {
            uint32_t mask = (1u << (6 * i)) - 1;
            if ((first & ~mask) == (end & ~mask))
                break;
            if (first & mask) {
                end = first | mask;
                break;
            }
        }
        for (uint32_t i = length - 1; i > 0; i--) {
            uint32_t mask = (1u << (6 * i)) - 1;
            if ((first & ~mask) != (end & ~mask) && (end & mask) != mask)
                end = (end & ~mask) - 1;
        }
        if (first < 0xD800 || first > 0xDFFF)
            block(b, part, first, end);
        first = end + 1;
    }
}

/* The one way to write a character that JSON wants behind a backslash. */
static void escaped(ll_rule_builder *b, ll_part part, uint32_t c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char text[8] = "\\";
    const char *found = NULL;
    for (size_t i = 0; i < sizeof letters - 1; i += 2)
        if ((uint32_t)letters[i] == c)
            found = &letters[i + 1];
    if (found)
        text[1] = *found;
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    ll_part word = ll_part_text(b, text, strlen(text));
    ll_edge_add(b, part.start, (ll_edge){.kind = LL_EDGE_EMPTY, .target = word.start});
    ll_edge_add(b, word.end, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
}

ll_part ll_part_class(ll_rule_builder *b, ll_class *c, ll_spelling spelling)
{
    ll_part part = ll_part_none(b);
    if (c->failed)
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a class of characters");
    normalize(c);
    for (size_t i = 0; i < c->n && !b->status; i += 2) {
        uint32_t first = c->ranges[i], last = c->ranges[i + 1];
        for (uint32_t k = first; spelling == LL_SPELLING_JSON && k <= last && k <= '\\'; k++) {
            if (k >= 0x20 && k != '"' && k != '\\')
                continue;
            escaped(b, part, k);
            if (k > first)
                characters(b, part, first, k - 1);
            first = k + 1;
        }
        if (first <= last)
            characters(b, part, first, last);
    }
    return part;
}

/* JSON -------------------------------------------------------------------------------------------------- */

static ll_part word(ll_rule_builder *b, const char *text) { return ll_part_text(b, text, strlen(text)); }

static ll_part one_of(ll_rule_builder *b, const char *bytes)
{
    ll_part part = ll_part_none(b);
    for (; *bytes; bytes++)
        byte_edge(b, part.start, (uint8_t)*bytes, (uint8_t)*bytes, part.end);
    return part;
}

static ll_part digit(ll_rule_builder *b) { return ll_part_range(b, '0', '9'); }

ll_part ll_form_blank(ll_rule_builder *b)
{
    if (b->blank == LL_NO_STATE) {
        ll_part line = word(b, "\n");
        line = ll_part_then(b, line, ll_part_repeat(b, one_of(b, " \t"), 0, INDENTATION_MAX));
        b->blank = ll_rule_add(b);
        ll_rule_define(b, b->blank, ll_part_or(b, word(b, " "), line));
    }
    return ll_part_repeat(b, ll_part_call(b, b->blank), 0, 1);
}

static ll_part hex(ll_rule_builder *b, const char *first, const char *second)
{
    ll_part part = ll_part_then(b, one_of(b, first), one_of(b, second));
    for (int i = 0; i < 2; i++)
        part = ll_part_then(b, part, one_of(b, "0123456789abcdefABCDEF"));
    return part;
}

ll_part ll_form_char(ll_rule_builder *b, ll_spelling spelling)
{
    ll_class all = {0};
    ll_class_add(b->host, &all, 0, LAST_CHARACTER);
    ll_part part = ll_part_class(b, &all, spelling);
    ll_class_free(b->host, &all);
    return part;
}

/* A character of a string in any way that JSON knows. */
static ll_part any_char(ll_rule_builder *b)
{
    ll_class plain = {0};
    ll_class_add(b->host, &plain, 0x20, '"' - 1);
    ll_class_add(b->host, &plain, '"' + 1, '\\' - 1);
    ll_class_add(b->host, &plain, '\\' + 1, LAST_CHARACTER);
    ll_part part = ll_part_class(b, &plain, LL_SPELLING_TEXT);
    ll_class_free(b->host, &plain);
    part = ll_part_or(b, part, ll_part_then(b, word(b, "\\"), one_of(b, "\"\\/bfnrt")));
    ll_part code = hex(b, "0123456789abcefABCEF", "0123456789abcdefABCDEF");
    code = ll_part_or(b, code, hex(b, "dD", "01234567"));
    ll_part pair = hex(b, "dD", "89abAB");
    pair = ll_part_then(b, pair, word(b, "\\u"));
    pair = ll_part_then(b, pair, hex(b, "dD", "cdefCDEF"));
    code = ll_part_or(b, code, pair);
    return ll_part_or(b, part, ll_part_then(b, word(b, "\\u"), code));
}

uint32_t ll_form_string(ll_rule_builder *b)
{
    if (b->string == LL_NO_STATE) {
        ll_part part = ll_part_repeat(b, any_char(b), 0, LL_UNBOUNDED);
        part = ll_part_then(b, word(b, "\""), part);
        b->string = ll_rule_add(b);
        ll_rule_define(b, b->string, ll_part_then(b, part, word(b, "\"")));
    }
    return b->string;
}

uint32_t ll_form_string_of(ll_rule_builder *b, uint32_t min, uint32_t max)
{
    if (min == 0 && max == LL_UNBOUNDED)
        return ll_form_string(b);
    uint32_t body = ll_rule_add(b);
    ll_rule_define(b, body, any_char(b));
    return ll_rule_counted(b, body, min, max, '"', '"');
}

ll_part ll_form_literal(ll_rule_builder *b, const char *bytes, size_t n)
{
    ll_part part = word(b, "\"");
    for (size_t i = 0; i < n && !b->status;) {
        int32_t c;
        i += ll_utf8_decode(bytes + i, n - i, &c);
        ll_class one = {0};
        ll_class_add(b->host, &one, (uint32_t)c, (uint32_t)c);
        part = ll_part_then(b, part, ll_part_class(b, &one, LL_SPELLING_JSON));
        ll_class_free(b->host, &one);
    }
    return ll_part_then(b, part, word(b, "\""));
}

static ll_part integer(ll_rule_builder *b)
{
    ll_part part = ll_part_range(b, '1', '9');
    part = ll_part_then(b, part, ll_part_repeat(b, digit(b), 0, DIGITS_MAX - 1));
    part = ll_part_or(b, part, word(b, "0"));
    return ll_part_then(b, ll_part_repeat(b, word(b, "-"), 0, 1), part);
}

uint32_t ll_form_integer(ll_rule_builder *b)
{
    if (b->integer == LL_NO_STATE) {
        ll_part part = integer(b);
        b->integer = ll_rule_add(b);
        ll_rule_define(b, b->integer, part);
    }
    return b->integer;
}

uint32_t ll_form_number(ll_rule_builder *b)
{
    if (b->number == LL_NO_STATE) {
        ll_part part = integer(b);
        ll_part tail = word(b, ".");
        tail = ll_part_then(b, tail, ll_part_repeat(b, digit(b), 1, DIGITS_MAX));
        part = ll_part_then(b, part, ll_part_repeat(b, tail, 0, 1));
        tail = one_of(b, "eE");
        tail = ll_part_then(b, tail, ll_part_repeat(b, one_of(b, "+-"), 0, 1));
        tail = ll_part_then(b, tail, ll_part_repeat(b, digit(b), 1, 2)); /* so that it fits a double */
        part = ll_part_then(b, part, ll_part_repeat(b, tail, 0, 1));
        b->number = ll_rule_add(b);
        ll_rule_define(b, b->number, part);
    }
    return b->number;
}

/* "open" blank (item blank ("," blank item blank)*)? "close" */
static ll_part list(ll_rule_builder *b, const char *open, uint32_t item, const char *close)
{
    ll_part more = word(b, ",");
    more = ll_part_then(b, more, ll_form_blank(b));
    more = ll_part_then(b, more, ll_part_call(b, item));
    more = ll_part_then(b, more, ll_form_blank(b));
    more = ll_part_repeat(b, more, 0, LL_UNBOUNDED);
    ll_part items = ll_part_then(b, ll_part_call(b, item), ll_form_blank(b));
    items = ll_part_then(b, items, more);
    items.first = more.first;
    items = ll_part_repeat(b, items, 0, 1);
    ll_part part = ll_part_then(b, word(b, open), ll_form_blank(b));
    part = ll_part_then(b, part, items);
    return ll_part_then(b, part, word(b, close));
}

uint32_t ll_form_value(ll_rule_builder *b)
{
    if (b->value == LL_NO_STATE) {
        b->value = ll_rule_add(b);
        uint32_t member = ll_rule_add(b), object = ll_rule_add(b), array = ll_rule_add(b);
        ll_part part = ll_part_then(b, ll_part_call(b, ll_form_string(b)), ll_form_blank(b));
        part = ll_part_then(b, part, word(b, ":"));
        part = ll_part_then(b, part, ll_form_blank(b));
        ll_rule_define(b, member, ll_part_then(b, part, ll_part_call(b, b->value)));
        ll_rule_define(b, object, list(b, "{", member, "}"));
        ll_rule_define(b, array, list(b, "[", b->value, "]"));
        part = ll_part_or(b, ll_part_call(b, object), ll_part_call(b, array));
        part = ll_part_or(b, part, ll_part_call(b, ll_form_string(b)));
        part = ll_part_or(b, part, ll_part_call(b, ll_form_number(b)));
        part = ll_part_or(b, part, word(b, "true"));
        part = ll_part_or(b, part, word(b, "false"));
        ll_rule_define(b, b->value, ll_part_or(b, part, word(b, "null")));
    }
    return b->value;
}
