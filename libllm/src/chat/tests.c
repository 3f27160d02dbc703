/* SPDX-License-Identifier: MIT
 * Tests: what may stand behind "is".
 */
#include "chat/filters.h"
#include "chat/text.h"

#include "base/utf8.h"

#include <utf8proc.h>

/* Tests without arguments. */
static bool give(ll_render *r, const ll_call *call, bool holds, ll_value *out)
{
    *out = ll_bool(holds);
    return ll_bind(r, call, 1, "", NULL);
}

static bool test_defined(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind != LL_V_UNDEFINED, out);
}

static bool test_undefined(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_UNDEFINED, out);
}

static bool test_none(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_NONE, out);
}

static bool test_boolean(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_BOOL, out);
}

static bool test_true(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_BOOL && c->args[0].as.boolean, out);
}

static bool test_false(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_BOOL && !c->args[0].as.boolean, out);
}

static bool test_integer(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_INT, out);
}

static bool test_float(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_FLOAT, out);
}

static bool test_number(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, ll_is_number(c->args[0]), out);
}

static bool test_string(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_STR, out);
}

static bool test_mapping(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_DICT, out);
}

static bool test_escaped(ll_render *r, const ll_call *c, ll_value *out)
{
    return give(r, c, c->args[0].kind == LL_V_STR && c->args[0].as.str->markup, out);
}

/* Python's len() and [] work, by which jinja2 counts dicts and what is undefined as well. */
static bool test_sequence(ll_render *r, const ll_call *c, ll_value *out)
{
    ll_value v = c->args[0];
    bool list = v.kind == LL_V_LIST && (v.as.list->kind == LL_L_LIST || v.as.list->kind == LL_L_TUPLE ||
                                        v.as.list->kind == LL_L_GROUP || v.as.list->kind == LL_L_RANGE);
    return give(r, c, list || v.kind == LL_V_STR || v.kind == LL_V_DICT || v.kind == LL_V_UNDEFINED, out);
}

static bool test_iterable(ll_render *r, const ll_call *c, ll_value *out)
{
    ll_kind kind = c->args[0].kind;
    return give(
        r, c, kind == LL_V_STR || kind == LL_V_LIST || kind == LL_V_DICT || kind == LL_V_UNDEFINED || kind == LL_V_LOOP,
        out);
}

static bool test_callable(ll_render *r, const ll_call *c, ll_value *out)
{
    ll_kind kind = c->args[0].kind;
    return give(r, c,
                kind == LL_V_FUNCTION || kind == LL_V_METHOD || kind == LL_V_MACRO || kind == LL_V_JOINER ||
                    kind == LL_V_UNDEFINED || kind == LL_V_LOOP,
                out);
}

/* Python's str.isupper(): something has a case, and nothing has the other one. */
static bool has_case(ll_render *r, const ll_call *call, bool upper, ll_value *out)
{
    const ll_str *s = ll_to_str(r, call->args[0]);
    if (!s || !ll_work_on_characters(r, s->size))
        return false;
    bool some = false, other = false;
    for (size_t at = 0; at < s->size;) {
        int32_t c;
        at += ll_utf8_decode(s->data + at, s->size - at, &c);
        bool is_upper = utf8proc_isupper(c), is_lower = utf8proc_islower(c);
        some = some || (upper ? is_upper : is_lower);
        other = other || (upper ? is_lower : is_upper) || utf8proc_category(c) == UTF8PROC_CATEGORY_LT;
    }
    return give(r, call, some && !other, out);
}

static bool test_lower(ll_render *r, const ll_call *c, ll_value *out) { return has_case(r, c, false, out); }
static bool test_upper(ll_render *r, const ll_call *c, ll_value *out) { return has_case(r, c, true, out); }

static bool rest_is(ll_render *r, const ll_call *call, ll_value divisor, int64_t wanted, ll_value *out)
{
    ll_value rest;
    bool holds;
    if (!ll_operate(r, LL_MOD, call->args[0], divisor, &rest) || !ll_equal(r, rest, ll_int(wanted), &holds))
        return false;
    *out = ll_bool(holds);
    return true;
}

static bool test_odd(ll_render *r, const ll_call *c, ll_value *out)
{
    return ll_bind(r, c, 1, "", NULL) && rest_is(r, c, ll_int(2), 1, out);
}

static bool test_even(ll_render *r, const ll_call *c, ll_value *out)
{
    return ll_bind(r, c, 1, "", NULL) && rest_is(r, c, ll_int(2), 0, out);
}

static bool test_divisibleby(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value divisor;
    return ll_bind(r, call, 1, "num!", &divisor) && rest_is(r, call, divisor, 0, out);
}

static bool compare(ll_render *r, const ll_call *call, ll_comparison how, ll_value *out)
{
    ll_value other;
    bool holds;
    if (!ll_bind(r, call, 1, "other!", &other) || !ll_compare(r, how, call->args[0], other, &holds))
        return false;
    *out = ll_bool(holds);
    return true;
}

static bool test_eq(ll_render *r, const ll_call *c, ll_value *out) { return compare(r, c, LL_EQ, out); }
static bool test_ne(ll_render *r, const ll_call *c, ll_value *out) { return compare(r, c, LL_NE, out); }
static bool test_lt(ll_render *r, const ll_call *c, ll_value *out) { return compare(r, c, LL_LT, out); }
static bool test_le(ll_render *r, const ll_call *c, ll_value *out) { return compare(r, c, LL_LE, out); }
static bool test_gt(ll_render *r, const ll_call *c, ll_value *out) { return compare(r, c, LL_GT, out); }
static bool test_ge(ll_render *r, const ll_call *c, ll_value *out) { return compare(r, c, LL_GE, out); }

static bool test_in(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value container;
    bool holds;
    if (!ll_bind(r, call, 1, "seq!", &container) || !ll_contains(r, container, call->args[0], &holds))
        return false;
    *out = ll_bool(holds);
    return true;
}

/* Identity. Python's is an accident for numbers and strings; equal ones of a type are the same here. */
static bool test_sameas(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value other, v = call->args[0];
    bool holds = false;
    if (!ll_bind(r, call, 1, "other!", &other))
        return false;
    if (v.kind == LL_V_LIST || v.kind == LL_V_DICT)
        holds = v.kind == other.kind && v.as.list == other.as.list;
    else if (v.kind == other.kind && v.kind != LL_V_UNDEFINED && !ll_equal(r, v, other, &holds))
        return false;
    *out = ll_bool(holds);
    return true;
}

static bool is_known(ll_render *r, const ll_call *call, const ll_function *(*find)(ll_span), ll_value *out)
{
    ll_value v = call->args[0];
    if (v.kind == LL_V_DICT || (v.kind == LL_V_LIST && v.as.list->kind == LL_L_LIST))
        return ll_render_fail(r, "unhashable type: '%s'", ll_type_name(v));
    return give(r, call, v.kind == LL_V_STR && find(ll_str_span(v.as.str)), out);
}

static bool test_filter(ll_render *r, const ll_call *c, ll_value *out) { return is_known(r, c, ll_filter_find, out); }
static bool test_test(ll_render *r, const ll_call *c, ll_value *out) { return is_known(r, c, ll_test_find, out); }

static const ll_function tests[] = {
    {"!=", test_ne},
    {"<", test_lt},
    {"<=", test_le},
    {"==", test_eq},
    {">", test_gt},
    {">=", test_ge},
    {"boolean", test_boolean},
    {"callable", test_callable},
    {"defined", test_defined},
    {"divisibleby", test_divisibleby},
    {"eq", test_eq},
    {"equalto", test_eq},
    {"escaped", test_escaped},
    {"even", test_even},
    {"false", test_false},
    {"filter", test_filter},
    {"float", test_float},
    {"ge", test_ge},
    {"greaterthan", test_gt},
    {"gt", test_gt},
    {"in", test_in},
    {"integer", test_integer},
    {"iterable", test_iterable},
    {"le", test_le},
    {"lessthan", test_lt},
    {"lower", test_lower},
    {"lt", test_lt},
    {"mapping", test_mapping},
    {"ne", test_ne},
    {"none", test_none},
    {"number", test_number},
    {"odd", test_odd},
    {"sameas", test_sameas},
    {"sequence", test_sequence},
    {"string", test_string},
    {"test", test_test},
    {"true", test_true},
    {"undefined", test_undefined},
    {"upper", test_upper},
    {NULL, NULL},
};

const ll_function *ll_test_find(ll_span name) { return ll_table_find(tests, name); }
