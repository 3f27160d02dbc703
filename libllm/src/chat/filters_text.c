/* SPDX-License-Identifier: MIT
 * Filters that make texts and numbers.
 */
#include "chat/filters.h"
#include "chat/format.h"
#include "chat/number.h"
#include "chat/text.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

bool ll_give_str(const ll_str *s, ll_value *out)
{
    if (s)
        *out = ll_string(s);
    return s != NULL;
}

const ll_str *ll_soft_str(ll_render *r, ll_value v) { return v.kind == LL_V_STR ? v.as.str : ll_to_str(r, v); }

static bool change_case(ll_render *r, const ll_call *call, ll_case how, ll_value *out)
{
    const ll_str *s = ll_bind(r, call, 1, "", NULL) ? ll_soft_str(r, call->args[0]) : NULL;
    return s && ll_give_str(ll_str_case(r, s, how), out);
}

static bool filter_upper(ll_render *r, const ll_call *c, ll_value *out) { return change_case(r, c, LL_UPPER, out); }
static bool filter_lower(ll_render *r, const ll_call *c, ll_value *out) { return change_case(r, c, LL_LOWER, out); }
static bool filter_title(ll_render *r, const ll_call *c, ll_value *out)
{
    return change_case(r, c, LL_FILTER_TITLE, out);
}
static bool filter_capitalize(ll_render *r, const ll_call *c, ll_value *out)
{
    return change_case(r, c, LL_CAPITALIZE, out);
}

static bool filter_trim(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value chars;
    if (!ll_bind(r, call, 1, "chars", &chars))
        return false;
    const ll_str *s = ll_soft_str(r, call->args[0]);
    bool blanks = chars.kind == LL_V_MISSING || chars.kind == LL_V_NONE;
    const ll_str *set = blanks ? NULL : ll_want_str(r, call, chars);
    return s && (blanks || set) && ll_give_str(ll_str_strip(r, s, set, LL_STRIP_LEFT | LL_STRIP_RIGHT), out);
}

static bool filter_replace(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    int64_t count = -1;
    if (!ll_bind(r, call, 1, "old! new! count", v))
        return false;
    if (v[2].kind != LL_V_NONE && !ll_want_int(r, call, v[2], -1, &count))
        return false;
    const ll_str *s = ll_to_str(r, call->args[0]), *old = ll_to_str(r, v[0]), *fresh = ll_to_str(r, v[1]);
    return s && old && fresh && ll_give_str(ll_str_replace(r, s, old, fresh, count), out);
}

static bool filter_string(ll_render *r, const ll_call *call, ll_value *out)
{
    return ll_bind(r, call, 1, "", NULL) && ll_give_str(ll_soft_str(r, call->args[0]), out);
}

static bool filter_safe(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_str *s = ll_bind(r, call, 1, "", NULL) ? ll_soft_str(r, call->args[0]) : NULL;
    return s && ll_give_str(ll_str_marked(r, s, true), out);
}

static bool filter_escape(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_str *s = ll_bind(r, call, 1, "", NULL) ? ll_soft_str(r, call->args[0]) : NULL;
    return s && ll_give_str(ll_str_escape(r, s), out);
}

static bool filter_forceescape(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_str *s = ll_bind(r, call, 1, "", NULL) ? ll_to_str(r, call->args[0]) : NULL;
    return s && ll_give_str(ll_str_escape(r, s), out);
}

static bool filter_format(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_str *format = ll_soft_str(r, call->args[0]);
    if (call->n_keywords && call->n_args > 1)
        return ll_render_fail(r, "format: either positional or named arguments");
    ll_dict *named = call->n_keywords ? ll_dict_new(r, call->n_keywords) : NULL;
    ll_list *values = ll_list_new(r, LL_L_TUPLE, call->n_args - 1);
    if (!format || !values)
        return false;
    for (size_t i = 0; i < values->n; i++)
        values->items[i] = call->args[i + 1];
    for (size_t i = 0; named && i < call->n_keywords; i++)
        if (!ll_dict_set(r, named, call->keywords[2 * i], call->keywords[2 * i + 1]))
            return false;
    return ll_format_percent(r, format, named ? ll_mapping(named) : ll_sequence(values), out);
}

static bool filter_center(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value given;
    int64_t width;
    if (!ll_bind(r, call, 1, "width", &given) || !ll_want_int(r, call, given, 80, &width))
        return false;
    const ll_str *s = ll_soft_str(r, call->args[0]), *blank = ll_str_literal(r, " ");
    if (!s || !blank)
        return false;
    int64_t missing = width - (int64_t)ll_str_count(s);
    if (missing <= 0)
        return ll_give_str(s, out);
    int64_t left = missing / 2 + (missing & width & 1);
    return ll_give_str(ll_str_pad(r, s, blank, (size_t)left, (size_t)(missing - left)), out);
}

static bool filter_indent(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    int64_t width = 0;
    if (!ll_bind(r, call, 1, "width first blank", v))
        return false;
    if (call->args[0].kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, call->args[0]);
    const ll_str *s = ll_want_str(r, call, call->args[0]), *blank = ll_str_literal(r, " "), *indent;
    if (!s || !blank || (v[0].kind != LL_V_STR && !ll_want_int(r, call, v[0], 4, &width)))
        return false;
    indent = v[0].kind == LL_V_STR
                 ? v[0].as.str
                 : ll_str_pad(r, ll_str_part(r, blank, 0, 0), blank, 0, width > 0 ? (size_t)width : 0);
    const ll_str *feed = ll_str_literal(r, "\n"), *text = feed ? ll_str_join2(r, s, feed) : NULL;
    ll_list *lines = text ? ll_str_lines(r, text, false) : NULL;
    if (!lines || !indent)
        return false;
    bool first = ll_truth(v[1]), blanks = ll_truth(v[2]);
    ll_builder b;
    ll_builder_init(&b, r, s->size);
    for (size_t i = 0; i < lines->n && !b.failed; i++) {
        const ll_str *line = lines->items[i].as.str;
        if (i > 0)
            ll_builder_str(&b, feed);
        if (i > 0 ? blanks || line->size > 0 : first)
            ll_builder_str(&b, indent);
        ll_builder_str(&b, line);
    }
    const ll_str *result = ll_builder_finish(&b);
    return result && ll_give_str(ll_str_marked(r, result, s->markup), out);
}

static bool filter_truncate(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[4];
    int64_t length, leeway;
    if (!ll_bind(r, call, 1, "length killwords end leeway", v) || !ll_want_int(r, call, v[0], 255, &length) ||
        !ll_want_int(r, call, v[3].kind == LL_V_NONE ? (ll_value){.kind = LL_V_MISSING} : v[3], 5, &leeway))
        return false;
    *out = call->args[0];
    int64_t n;
    const ll_str *end = v[2].kind == LL_V_MISSING ? ll_str_literal(r, "...") : ll_want_str(r, call, v[2]);
    if (!end || !ll_length(r, call->args[0], &n))
        return false;
    int64_t keep = length - (int64_t)ll_str_count(end);
    if (keep < 0 || leeway < 0)
        return ll_render_fail(r, "truncate: the length is shorter than its end");
    if (n <= length || n - length <= leeway)
        return true;
    const ll_str *s = ll_want_str(r, call, call->args[0]);
    s = s ? ll_str_characters(r, s, 0, (size_t)keep) : NULL;
    if (s && !ll_truth(v[1])) {
        ll_str blank;
        size_t at;
        ll_str_over(&blank, " ", 1, LL_FROM_TEMPLATE);
        if (!ll_str_find_last(r, s, &blank, 0, s->size, &at))
            return false;
        s = at == SIZE_MAX ? s : ll_str_part(r, s, 0, at);
    }
    return s && ll_give_str(ll_str_join2(r, s, end), out);
}

static bool filter_wordcount(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_str *s = ll_bind(r, call, 1, "", NULL) ? ll_soft_str(r, call->args[0]) : NULL;
    if (!s || !ll_work_on_characters(r, s->size))
        return false;
    int64_t n = 0;
    bool within = false;
    for (size_t at = 0; at < s->size;) {
        int32_t c;
        at += ll_utf8_decode(s->data + at, s->size - at, &c);
        bool word = ll_is_word(c);
        n += word && !within;
        within = word;
    }
    *out = ll_int(n);
    return true;
}

/* URLs -------------------------------------------------------------------------------------------------- */

static bool put_quoted(ll_render *r, ll_builder *b, ll_value v, bool query)
{
    static const char hex[] = "0123456789ABCDEF";
    const ll_str *s = ll_to_str(r, v);
    for (size_t i = 0; s && i < s->size; i++) {
        char c = s->data[i];
        uint8_t origin = ll_str_origin_at(s, i);
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c && strchr("_.-~", c)) || (c == '/' && !query);
        if (plain) {
            ll_builder_bytes(b, &c, 1, origin);
        } else if (query && c == ' ') {
            ll_builder_bytes(b, "+", 1, origin);
        } else {
            char escape[3] = {'%', hex[(unsigned char)c >> 4], hex[c & 15]};
            ll_builder_bytes(b, escape, 3, origin);
        }
    }
    return s && !b->failed && ll_work_on_characters(r, s->size);
}

static bool put_pair(ll_render *r, ll_builder *b, ll_value name, ll_value v, bool first)
{
    if (!first)
        ll_builder_text(b, "&", LL_FROM_TEMPLATE);
    if (!put_quoted(r, b, name, true))
        return false;
    ll_builder_text(b, "=", LL_FROM_TEMPLATE);
    return put_quoted(r, b, v, true);
}

static bool filter_urlencode(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v = call->args[0];
    ll_builder b;
    ll_builder_init(&b, r, 0);
    if (!ll_bind(r, call, 1, "", NULL))
        return false;
    if (v.kind == LL_V_DICT) {
        for (size_t i = 0; i < v.as.dict->n; i++)
            if (!put_pair(r, &b, v.as.dict->keys[i], v.as.dict->values[i], i == 0))
                return false;
    } else if (v.kind == LL_V_LIST) {
        ll_items items, pair;
        if (!ll_iterate(r, v, &items))
            return false;
        for (size_t i = 0; i < items.n; i++) {
            if (!ll_iterate(r, items.items[i], &pair))
                return false;
            if (pair.n != 2)
                return ll_render_fail(r, "urlencode: expected pairs");
            if (!put_pair(r, &b, pair.items[0], pair.items[1], i == 0))
                return false;
        }
    } else if (!put_quoted(r, &b, v, false)) {
        return false;
    }
    return ll_give_str(ll_builder_finish(&b), out);
}

/* JSON -------------------------------------------------------------------------------------------------- */

static bool read_separators(ll_render *r, const ll_call *call, ll_value v, ll_json_style *style)
{
    ll_items pair;
    if (v.kind == LL_V_MISSING || v.kind == LL_V_NONE)
        return true;
    if (!ll_iterate(r, v, &pair))
        return false;
    if (pair.n != 2)
        return ll_render_fail(r, "tojson: separators must be two strings");
    style->item_separator = ll_want_str(r, call, pair.items[0]);
    style->key_separator = ll_want_str(r, call, pair.items[1]);
    return style->item_separator && style->key_separator;
}

static bool filter_tojson(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[4];
    if (!ll_bind(r, call, 1, "ensure_ascii indent separators sort_keys", v))
        return false;
    ll_json_style style = {.ensure_ascii = ll_truth(v[0]), .sort_keys = ll_truth(v[3])};
    if (v[1].kind == LL_V_STR) {
        style.indent = v[1].as.str;
    } else if (v[1].kind != LL_V_MISSING && v[1].kind != LL_V_NONE) {
        int64_t width;
        const ll_str *blank = ll_str_literal(r, " ");
        if (!blank || !ll_want_int(r, call, v[1], 0, &width))
            return false;
        style.indent = ll_str_pad(r, ll_str_part(r, blank, 0, 0), blank, 0, width > 0 ? (size_t)width : 0);
        if (!style.indent)
            return false;
    }
    return read_separators(r, call, v[2], &style) && ll_give_str(ll_to_json(r, call->args[0], &style), out);
}

/* Numbers ----------------------------------------------------------------------------------------------- */

static bool filter_abs(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v = call->args[0];
    if (!ll_bind(r, call, 1, "", NULL))
        return false;
    if (v.kind == LL_V_FLOAT) {
        *out = ll_float(fabs(v.as.real));
        return true;
    }
    if (!ll_is_whole(v))
        return v.kind == LL_V_UNDEFINED ? ll_fail_undefined(r, v)
                                        : ll_render_fail(r, "abs: bad operand type '%s'", ll_type_name(v));
    *out = ll_int(ll_whole(v));
    return ll_whole(v) >= 0 || ll_negate(r, v, out);
}

static bool int_of_float(ll_render *r, double v, ll_value fallback, bool strict, ll_value *out)
{
    *out = fallback;
    if (isnan(v) || (isinf(v) && !strict))
        return true;
    if (!(v >= -9223372036854775808.0 && v < 9223372036854775808.0))
        return ll_render_fail(r, "the number does not fit into 64 bits");
    *out = ll_int((int64_t)v);
    return true;
}

bool ll_int_of(ll_render *r, ll_value v, ll_value fallback, int base, ll_value *out)
{
    *out = fallback;
    if (v.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, v);
    if (v.kind == LL_V_FLOAT)
        return int_of_float(r, v.as.real, fallback, true, out);
    if (ll_is_whole(v))
        *out = ll_int(ll_whole(v));
    if (v.kind != LL_V_STR)
        return true;
    int64_t parsed;
    double real;
    ll_span text = ll_str_span(v.as.str);
    ll_parsed how = ll_parse_int(text, base, &parsed);
    if (!ll_work_on_text(r, text.size))
        return false;
    if (how == LL_NUMBER_TOO_LARGE)
        return ll_render_fail(r, "the number does not fit into 64 bits");
    if (how == LL_PARSED)
        *out = ll_int(parsed);
    else if (ll_parse_float(text, &real))
        return int_of_float(r, real, fallback, false, out);
    return true;
}

static bool filter_int(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    int64_t base;
    if (!ll_bind(r, call, 1, "default base", v) || !ll_want_int(r, call, v[1], 10, &base))
        return false;
    if (base != 0 && (base < 2 || base > 36))
        return ll_render_fail(r, "int: the base must be 0 or from 2 to 36");
    return ll_int_of(r, call->args[0], v[0].kind == LL_V_MISSING ? ll_int(0) : v[0], (int)base, out);
}

static bool filter_float(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value fallback, v = call->args[0];
    if (!ll_bind(r, call, 1, "default", &fallback))
        return false;
    if (v.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, v);
    *out = fallback.kind == LL_V_MISSING ? ll_float(0) : fallback;
    double real;
    if (ll_is_number(v))
        *out = ll_float(ll_real(v));
    else if (v.kind == LL_V_STR && ll_parse_float(ll_str_span(v.as.str), &real))
        *out = ll_float(real);
    return v.kind != LL_V_STR || ll_work_on_text(r, v.as.str->size);
}

static bool round_to_grid(ll_render *r, ll_value v, int64_t precision, bool up, ll_value *out)
{
    double unit = pow(10, (double)precision), scaled = ll_real(v) * unit;
    if (!isfinite(scaled) || unit == 0)
        return ll_render_fail(r, "round: the number is out of range");
    *out = ll_float((up ? ceil(scaled) : floor(scaled)) / unit);
    return true;
}

static bool filter_round(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2], number = call->args[0];
    int64_t precision;
    if (!ll_bind(r, call, 1, "precision method", v) || !ll_want_int(r, call, v[0], 0, &precision))
        return false;
    const ll_str *method = v[1].kind == LL_V_MISSING ? ll_str_literal(r, "common") : ll_want_str(r, call, v[1]);
    if (!method)
        return false;
    bool common = ll_str_is(method, "common"), up = ll_str_is(method, "ceil");
    if (!common && !up && !ll_str_is(method, "floor"))
        return ll_render_fail(r, "round: the method must be common, ceil or floor");
    if (!ll_is_number(number))
        return number.kind == LL_V_UNDEFINED ? ll_fail_undefined(r, number)
                                             : ll_render_fail(r, "round: '%s' is not a number", ll_type_name(number));
    if (!common)
        return round_to_grid(r, number, precision, up, out);
    if (ll_is_whole(number) && precision >= 0) {
        *out = ll_int(ll_whole(number));
        return true;
    }
    double rounded;
    if (!ll_round_float(r, ll_real(number), precision, &rounded))
        return false;
    *out = ll_float(rounded);
    return !ll_is_whole(number) || int_of_float(r, rounded, ll_int(0), true, out);
}

const ll_function ll_text_filters[] = {
    {"abs", filter_abs},
    {"capitalize", filter_capitalize},
    {"center", filter_center},
    {"e", filter_escape},
    {"escape", filter_escape},
    {"float", filter_float},
    {"forceescape", filter_forceescape},
    {"format", filter_format},
    {"indent", filter_indent},
    {"int", filter_int},
    {"lower", filter_lower},
    {"replace", filter_replace},
    {"round", filter_round},
    {"safe", filter_safe},
    {"string", filter_string},
    {"title", filter_title},
    {"tojson", filter_tojson},
    {"trim", filter_trim},
    {"truncate", filter_truncate},
    {"upper", filter_upper},
    {"urlencode", filter_urlencode},
    {"wordcount", filter_wordcount},
    {NULL, NULL},
};
