/* SPDX-License-Identifier: MIT
 * Regular expressions as ECMAScript has them with the flag u, without what no automaton can do: references back,
 * looking around, and boundaries of words. How greedy a repetition is makes no difference to which texts match.
 */
#include "grammar/constraint.h"
#include "grammar/groups.h"

#include <string.h>

#include "base/utf8.h"

enum { REPEAT_MAX = 1000000, LAST_CHARACTER = 0x10FFFF };

typedef struct regex {
    ll_rule_builder *b;
    const char *text;
    size_t n, at;
    ll_spelling spelling;
    size_t n_anchors;
    ll_groups groups;
} regex;

static void fail(regex *r, libllm_status status, const char *what)
{
    ll_rule_builder_fail(r->b, status, "regular expression, byte %zu: %s", r->at, what);
}

static bool looking_at(const regex *r, const char *text)
{
    size_t n = strlen(text);
    return r->n - r->at >= n && memcmp(r->text + r->at, text, n) == 0;
}

static bool accept(regex *r, const char *text)
{
    if (!looking_at(r, text))
        return false;
    r->at += strlen(text);
    return true;
}

/* Characters ---------------------------------------------------------------------------------------------- */

static void add(regex *r, ll_class *c, uint32_t first, uint32_t last) { ll_class_add(r->b->host, c, first, last); }

/* \d \w \s and their opposites; false: no such class. */
static bool add_escape_class(regex *r, ll_class *c, char letter)
{
    static const uint32_t blanks[][2] = {{9, 13},          {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680},
                                         {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                                         {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    ll_class own = {0};
    switch (letter | 0x20) {
    case 'w':
        add(r, &own, 'a', 'z');
        add(r, &own, 'A', 'Z');
        add(r, &own, '_', '_');
        add(r, &own, '0', '9');
        break;
    case 'd':
        add(r, &own, '0', '9');
        break;
    case 's':
        for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
            add(r, &own, blanks[i][0], blanks[i][1]);
        break;
    default:
        return false;
    }
    if (!(letter & 0x20))
        ll_class_invert(r->b->host, &own);
    for (size_t i = 0; i < own.n; i += 2)
        add(r, c, own.ranges[i], own.ranges[i + 1]);
    c->failed |= own.failed;
    ll_class_free(r->b->host, &own);
    return true;
}

static uint32_t hex(regex *r, size_t min, size_t max)
{
    uint32_t value = 0;
    size_t n = 0;
    for (; n < max && r->at < r->n; n++, r->at++) {
        const char c = r->text[r->at], lower = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            value = 16 * value + (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = 16 * value + (uint32_t)(lower - 'a' + 10);
        else
            break;
    }
    if (n < min)
        fail(r, LIBLLM_ERROR_CONSTRAINT, "a hexadecimal digit is expected");
    return value;
}

static uint32_t unicode_escape(regex *r)
{
    uint32_t c;
    if (accept(r, "{")) {
        c = hex(r, 1, 6);
        if (!accept(r, "}"))
            fail(r, LIBLLM_ERROR_CONSTRAINT, "'}' is expected");
    } else {
        c = hex(r, 4, 4);
        if (c >= 0xD800 && c < 0xDC00 && accept(r, "\\u"))
            c = 0x10000 + ((c - 0xD800) << 10) + ((hex(r, 4, 4) - 0xDC00) & 0x3FF);
    }
    if (c > LAST_CHARACTER)
        fail(r, LIBLLM_ERROR_CONSTRAINT, "there is no such character");
    return c;
}

/* One character behind a backslash that is no class. */
static uint32_t escape(regex *r, char letter)
{
    static const char controls[] = "t\tn\nr\rf\fv\v0\0";
    for (size_t i = 0; i < sizeof controls - 1; i += 2)
        if (controls[i] == letter)
            return (uint8_t)controls[i + 1];
    switch (letter) {
    case 'x':
        return hex(r, 2, 2);
    case 'u':
        return unicode_escape(r);
    case 'c':
        if (r->at < r->n && ((r->text[r->at] | 0x20) >= 'a' && (r->text[r->at] | 0x20) <= 'z'))
            return (uint8_t)r->text[r->at++] & 0x1F;
        break;
    default: /* of letters and digits, none stands for itself */
        if ((uint8_t)letter < 0x80 && !((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z') &&
            !(letter >= '0' && letter <= '9'))
            return (uint8_t)letter;
    }
    r->at--;
    if ((letter >= '1' && letter <= '9') || letter == 'k')
        fail(r, LIBLLM_ERROR_UNSUPPORTED, "references back to a group cannot be a constraint");
    else if (letter == 'b' || letter == 'B')
        fail(r, LIBLLM_ERROR_UNSUPPORTED, "boundaries of words are not supported");
    else if (letter == 'p' || letter == 'P')
        fail(r, LIBLLM_ERROR_UNSUPPORTED, "properties of characters (\\p) are not supported");
    else
        fail(r, LIBLLM_ERROR_CONSTRAINT, "an escape that is unknown");
    return 0;
}

/* A character as it stands, or behind a backslash; *is_class: it was several, and they are in the class. */
static uint32_t character(regex *r, ll_class *c, bool *is_class)
{
    *is_class = false;
    int32_t one;
    if (!accept(r, "\\")) {
        r->at += ll_utf8_decode(r->text + r->at, r->n - r->at, &one);
        return (uint32_t)one;
    }
    if (r->at == r->n) {
        fail(r, LIBLLM_ERROR_CONSTRAINT, "a backslash at the end");
        return 0;
    }
    const char letter = r->text[r->at++];
    *is_class = add_escape_class(r, c, letter);
    return *is_class ? 0 : escape(r, letter);
}

static ll_part class_part(regex *r, ll_class *c)
{
    ll_part part = ll_part_class(r->b, c, r->spelling);
    ll_class_free(r->b->host, c);
    return part;
}

/* Behind "[". */
static ll_part bracket(regex *r)
{
    ll_class c = {0};
    const size_t start = r->at - 1;
    const bool inverse = accept(r, "^");
    while (!r->b->status && r->at < r->n && r->text[r->at] != ']') {
        bool several, end_several = false;
        if (inverse && looking_at(r, "\\b"))
            break;
        uint32_t first = accept(r, "\\b") ? '\b' : character(r, &c, &several), last = first;
        if (first == '\b')
            several = false;
        if (looking_at(r, "-") && r->n - r->at >= 2 && r->text[r->at + 1] != ']') {
            r->at++;
            last = character(r, &c, &end_several);
            if (several || end_several)
                fail(r, LIBLLM_ERROR_CONSTRAINT, "a class cannot be the end of a range");
        }
        if (first > last)
            fail(r, LIBLLM_ERROR_CONSTRAINT, "a range of characters whose end comes before its start");
        if (!several && !r->b->status)
            add(r, &c, first, last);
    }
    if (!accept(r, "]")) {
        r->at = start;
        fail(r, LIBLLM_ERROR_CONSTRAINT, "'[' without ']'");
    }
    if (inverse)
        ll_class_invert(r->b->host, &c);
    return class_part(r, &c);
}

static ll_part any_but_line_ends(regex *r)
{
    ll_class c = {0};
    add(r, &c, '\n', '\n');
    add(r, &c, '\r', '\r');
    add(r, &c, 0x2028, 0x2029);
    ll_class_invert(r->b->host, &c);
    return class_part(r, &c);
}

static ll_part single(regex *r)
{
    ll_class c = {0};
    bool several;
    uint32_t one = character(r, &c, &several);
    if (!several)
        add(r, &c, one, one);
    return class_part(r, &c);
}

static ll_part anchor(regex *r, ll_edge_kind kind)
{
    ll_part part = ll_part_none(r->b);
    ll_edge_add(r->b, part.start, (ll_edge){.kind = (uint8_t)kind, .target = part.end});
    r->n_anchors++;
    return part;
}

/* Structure ------------------------------------------------------------------------------------------------ */

/* Behind "(". */
static void open_group(regex *r)
{
    if (!ll_group_open(&r->groups, r->at))
        fail(r, LIBLLM_ERROR_LIMIT, "groups are nested more than 127 deep");
    if (looking_at(r, "?=") || looking_at(r, "?!") || looking_at(r, "?<=") || looking_at(r, "?<!")) {
        fail(r, LIBLLM_ERROR_UNSUPPORTED, "looking ahead or behind is not supported");
    } else if (accept(r, "?<") || accept(r, "?P<")) {
        while (r->at < r->n && r->text[r->at] != '>')
            r->at++;
        if (!accept(r, ">"))
            fail(r, LIBLLM_ERROR_CONSTRAINT, "the name of a group does not end");
    } else if (!accept(r, "?:") && looking_at(r, "?")) {
        fail(r, LIBLLM_ERROR_CONSTRAINT, "'(?' followed by what is unknown");
    }
}

static uint32_t number(regex *r)
{
    uint32_t value = 0;
    if (r->at == r->n || r->text[r->at] < '0' || r->text[r->at] > '9')
        fail(r, LIBLLM_ERROR_CONSTRAINT, "a number is expected");
    for (; r->at < r->n && r->text[r->at] >= '0' && r->text[r->at] <= '9'; r->at++) {
        value = 10 * value + (uint32_t)(r->text[r->at] - '0');
        if (value > REPEAT_MAX) {
            fail(r, LIBLLM_ERROR_LIMIT, "more than 1000000 repetitions are asked for");
            return 0;
        }
    }
    return value;
}

static bool quantifier(regex *r, uint32_t *min, uint32_t *max)
{
    *min = 0;
    *max = LL_UNBOUNDED;
    if (accept(r, "?")) {
        *max = 1;
    } else if (accept(r, "+")) {
        *min = 1;
    } else if (accept(r, "{")) {
        *max = *min = number(r);
        if (accept(r, ","))
            *max = looking_at(r, "}") ? LL_UNBOUNDED : number(r);
        if (!accept(r, "}"))
            fail(r, LIBLLM_ERROR_CONSTRAINT, "'}' is expected");
        if (*min > *max)
            fail(r, LIBLLM_ERROR_CONSTRAINT, "a repetition whose most is less than its least");
    } else if (!accept(r, "*")) {
        return false;
    }
    accept(r, "?");
    return true;
}

/* An atom is complete: repeat it as is asked for, and put it behind the sequence in hand. */
static void add_atom(regex *r, ll_part atom, size_t anchors_before)
{
    uint32_t min, max;
    if (quantifier(r, &min, &max)) {
        if (r->n_anchors > anchors_before)
            fail(r, LIBLLM_ERROR_UNSUPPORTED, "an anchor that is repeated");
        atom = ll_part_repeat(r->b, atom, min, max);
        if (r->at < r->n && strchr("*+?{", r->text[r->at]))
            fail(r, LIBLLM_ERROR_CONSTRAINT, "nothing to repeat");
    }
    ll_group_add(&r->groups, r->b, atom);
}

static ll_part parse(regex *r)
{
    size_t anchors[LL_GROUPS_MAX + 1] = {0}; /* when a group was opened */
    ll_group_open(&r->groups, r->at);
    while (r->at < r->n && !r->b->status) {
        const size_t before = r->n_anchors;
        if (accept(r, "(")) {
            anchors[r->groups.depth] = before;
            open_group(r);
        } else if (accept(r, "|")) {
            ll_group_or(&r->groups, r->b);
        } else if (accept(r, ")")) {
            if (r->groups.depth == 1) {
                r->at--;
                fail(r, LIBLLM_ERROR_CONSTRAINT, "')' without '('");
                break;
            }
            const ll_part group = ll_group_close(&r->groups, r->b);
            add_atom(r, group, anchors[r->groups.depth]);
        } else if (accept(r, "[")) {
            add_atom(r, bracket(r), before);
        } else if (accept(r, ".")) {
            add_atom(r, any_but_line_ends(r), before);
        } else if (accept(r, "^")) {
            add_atom(r, anchor(r, LL_EDGE_BEGIN), before);
        } else if (accept(r, "$")) {
            add_atom(r, anchor(r, LL_EDGE_END), before);
        } else if (strchr("*+?{", r->text[r->at]) && r->text[r->at]) {
            fail(r, LIBLLM_ERROR_CONSTRAINT, "nothing to repeat");
        } else if (strchr("]}", r->text[r->at]) && r->text[r->at]) {
            fail(r, LIBLLM_ERROR_CONSTRAINT, "a bracket that was not opened");
        } else {
            add_atom(r, single(r), before);
        }
    }
    if (r->groups.depth > 1 && !r->b->status) {
        r->at = ll_group_at(&r->groups);
        fail(r, LIBLLM_ERROR_CONSTRAINT, "'(' without ')'");
    }
    return r->b->status ? ll_part_none(r->b) : ll_group_close(&r->groups, r->b);
}

/* Anchors -------------------------------------------------------------------------------------------------- */

/* The states that are reached from one by edges of no byte and of `kind`; backwards: that reach it. */
static bool *reached(ll_rule_builder *b, uint32_t from, ll_edge_kind kind, bool backwards)
{
    const size_t n = b->n_states;
    bool *seen = ll_calloc(b->host, n, sizeof *seen);
    uint32_t *list = ll_alloc(b->host, n, sizeof *list), *heads = ll_alloc(b->host, n, sizeof *heads);
    uint32_t *next = ll_alloc(b->host, b->n_edges, sizeof *next), *ends = ll_alloc(b->host, b->n_edges, sizeof *ends);
    if (seen && list && heads && next && ends) {
        memset(heads, 0xFF, n * sizeof *heads);
        for (uint32_t s = 0; s < n; s++)
            for (uint32_t e = b->heads[s]; e != LL_NO_STATE; e = b->edges[e].next) {
                const uint32_t to = b->edges[e].target;
                const bool passes = b->edges[e].kind == LL_EDGE_EMPTY || b->edges[e].kind == kind;
                next[e] = passes ? heads[backwards ? to : s] : LL_NO_STATE;
                ends[e] = backwards ? s : to;
                if (passes)
                    heads[backwards ? to : s] = e;
            }
        size_t n_list = 1;
        list[0] = from;
        seen[from] = true;
        for (size_t i = 0; i < n_list; i++)
            for (uint32_t e = heads[list[i]]; e != LL_NO_STATE; e = next[e])
                if (!seen[ends[e]]) {
                    seen[ends[e]] = true;
                    list[n_list++] = ends[e];
                }
    } else {
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a regular expression");
    }
    ll_free(b->host, list);
    ll_free(b->host, heads);
    ll_free(b->host, next);
    ll_free(b->host, ends);
    return seen;
}

/* What an anchor leads to is led to from the start, or leads to the end, instead. */
static void resolve(ll_rule_builder *b, ll_part *part)
{
    const size_t n = b->n_states;
    bool *first = reached(b, part->start, LL_EDGE_BEGIN, false), *last = reached(b, part->end, LL_EDGE_END, true);
    const uint32_t start = ll_state_add(b), end = ll_state_add(b);
    for (uint32_t s = part->first; s < n && !b->status; s++) {
        for (uint32_t *e = &b->heads[s]; *e != LL_NO_STATE;)
            if (b->edges[*e].kind == LL_EDGE_BEGIN || b->edges[*e].kind == LL_EDGE_END)
                *e = b->edges[*e].next;
            else
                e = &b->edges[*e].next;
        if (first[s])
            ll_edge_add(b, start, (ll_edge){.kind = LL_EDGE_EMPTY, .target = s});
        if (last[s])
            ll_edge_add(b, s, (ll_edge){.kind = LL_EDGE_EMPTY, .target = end});
    }
    ll_free(b->host, first);
    ll_free(b->host, last);
    part->start = start;
    part->end = end;
}

/* Anything at a state, which a pattern that is searched for may stand behind or before. */
static void add_anything(ll_rule_builder *b, uint32_t state, ll_spelling spelling)
{
    ll_part any = ll_form_char(b, spelling);
    ll_edge_add(b, state, (ll_edge){.kind = LL_EDGE_EMPTY, .target = any.start});
    ll_edge_add(b, any.end, (ll_edge){.kind = LL_EDGE_EMPTY, .target = state});
}

ll_part ll_regex_part(ll_rule_builder *b, ll_span text, ll_spelling spelling, bool search)
{
    regex *r = ll_calloc(b->host, 1, sizeof *r);
    if (!r) {
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a regular expression");
        return ll_part_none(b);
    }
    *r = (regex){.b = b, .text = text.data, .n = text.size, .spelling = spelling};
    ll_part part = parse(r);
    const bool anchored = r->n_anchors > 0;
    ll_free(b->host, r);
    if (b->status)
        return part;
    const ll_part inner = part;
    if (anchored)
        resolve(b, &part);
    if (search) {
        const uint32_t before = ll_state_add(b), behind = ll_state_add(b);
        ll_edge_add(b, part.start, (ll_edge){.kind = LL_EDGE_EMPTY, .target = before});
        ll_edge_add(b, before, (ll_edge){.kind = LL_EDGE_EMPTY, .target = inner.start});
        ll_edge_add(b, inner.end, (ll_edge){.kind = LL_EDGE_EMPTY, .target = behind});
        ll_edge_add(b, behind, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
        add_anything(b, before, spelling);
        add_anything(b, behind, spelling);
    }
    return part;
}
