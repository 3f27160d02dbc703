/* SPDX-License-Identifier: MIT
 * Arithmetic, attributes, subscripts and slices, with Python's meaning. Whole numbers have 64 bits; what does not fit
 * is an error.
 */
#include "chat/format.h"
#include "chat/text.h"
#include "chat/vm.h"

#include <math.h>
#include <string.h>

/* Arithmetic -------------------------------------------------------------------------------------------- */

static bool too_large(ll_render *r) { return ll_render_fail(r, "the number does not fit into 64 bits"); }

static bool divided_by_zero(ll_render *r) { return ll_render_fail(r, "division by zero"); }

static bool power_of_ints(ll_render *r, int64_t a, int64_t b, ll_value *out)
{
    if (b < 0) {
        if (a == 0)
            return divided_by_zero(r);
        *out = ll_float(pow((double)a, (double)b));
        return true;
    }
    int64_t result = 1;
    while (b > 0) {
        if (b & 1 && __builtin_mul_overflow(result, a, &result))
            return too_large(r);
        b >>= 1;
        if (b > 0 && __builtin_mul_overflow(a, a, &a))
            return too_large(r);
    }
    *out = ll_int(result);
    return true;
}

static bool operate_on_ints(ll_render *r, ll_operator op, int64_t a, int64_t b, ll_value *out)
{
    *out = ll_int(0);
    int64_t *result = &out->as.integer;
    switch (op) {
    case LL_ADD:
        return !__builtin_add_overflow(a, b, result) || too_large(r);
    case LL_SUB:
        return !__builtin_sub_overflow(a, b, result) || too_large(r);
    case LL_MUL:
        return !__builtin_mul_overflow(a, b, result) || too_large(r);
    case LL_POW:
        return power_of_ints(r, a, b, out);
    default:
        break;
    }
    if (b == 0)
        return divided_by_zero(r);
    if (op == LL_DIV) {
        *out = ll_float((double)a / (double)b);
        return true;
    }
    if (a == INT64_MIN && b == -1) {
        *result = 0;
        return op == LL_MOD || too_large(r);
    }
    int64_t quotient = a / b, rest = a % b;
    if (rest != 0 && (rest < 0) != (b < 0)) { /* Python rounds down and the rest has the divisor's sign */
        quotient--;
        rest += b;
    }
    *result = op == LL_MOD ? rest : quotient;
    return true;
}

static bool divide_floats(ll_render *r, ll_operator op, double a, double b, ll_value *out)
{
    if (b == 0)
        return divided_by_zero(r);
    double rest = fmod(a, b), quotient = (a - rest) / b;
    if (rest == 0) {
        rest = copysign(0, b);
    } else if ((rest < 0) != (b < 0)) {
        rest += b;
        quotient--;
    }
    double whole = floor(quotient);
    if (quotient - whole > 0.5)
        whole++;
    if (quotient == 0)
        whole = copysign(0, a / b);
    *out = ll_float(op == LL_DIV ? a / b : op == LL_MOD ? rest : whole);
    return true;
}

static bool operate_on_floats(ll_render *r, ll_operator op, double a, double b, ll_value *out)
{
    switch (op) {
    case LL_ADD:
        *out = ll_float(a + b);
        return true;
    case LL_SUB:
        *out = ll_float(a - b);
        return true;
    case LL_MUL:
        *out = ll_float(a * b);
        return true;
    case LL_POW:
        if (a == 0 && b < 0)
            return divided_by_zero(r);
        *out = ll_float(pow(a, b));
        if ((isinf(out->as.real) && isfinite(a) && isfinite(b)) || (isnan(out->as.real) && a == a && b == b))
            return ll_render_fail(r, "the result of ** is out of range");
        return true;
    default:
        return divide_floats(r, op, a, b, out);
    }
}

static bool join_lists(ll_render *r, const ll_list *a, const ll_list *b, ll_value *out)
{
    ll_list *list = ll_list_new(r, a->kind == LL_L_GROUP ? LL_L_TUPLE : a->kind, a->n + b->n);
    if (!list || !ll_work(r, list->n / 8))
        return false;
    list->origin = a->origin | b->origin;
    if (a->n)
        memcpy(list->items, a->items, a->n * sizeof *a->items);
    if (b->n)
        memcpy(list->items + a->n, b->items, b->n * sizeof *b->items);
    *out = ll_sequence(list);
    return ll_list_seal(r, list);
}

static bool repeat_list(ll_render *r, const ll_list *list, int64_t times, ll_value *out)
{
    size_t n = times > 0 ? (size_t)times : 0;
    if (list->n && n > UINT32_MAX / list->n)
        return ll_render_limit(r, "a list repeated %zu times is too long", n);
    ll_list *result = ll_list_new(r, list->kind, list->n * n);
    if (!result || !ll_work(r, result->n / 8))
        return false;
    result->depth = list->depth;
    result->origin = list->origin;
    for (size_t i = 0; list->n && i < n; i++)
        memcpy(result->items + i * list->n, list->items, list->n * sizeof *list->items);
    *out = ll_sequence(result);
    return true;
}

static bool repeat_text(ll_render *r, const ll_str *s, int64_t times, ll_value *out)
{
    size_t n = times > 0 ? (size_t)times : 0;
    if (s->size && n > UINT32_MAX / s->size)
        return ll_render_limit(r, "a string repeated %zu times is too long", n);
    ll_builder b;
    ll_builder_init(&b, r, s->size * n);
    ll_builder_repeat(&b, s, n);
    const ll_str *result = ll_builder_finish(&b);
    if (result)
        *out = ll_string(result);
    return result && ll_work_on_text(r, result->size);
}

static bool join_texts(ll_render *r, const ll_str *a, const ll_str *b, ll_value *out)
{
    bool markup = a->markup || b->markup;
    if (markup) {
        a = ll_str_escape(r, a);
        b = a ? ll_str_escape(r, b) : NULL;
    }
    const ll_str *joined = a && b ? ll_str_join2(r, a, b) : NULL;
    joined = joined ? ll_str_marked(r, joined, markup) : NULL;
    if (joined)
        *out = ll_string(joined);
    return joined != NULL;
}

static bool is_plain_list(ll_value v) { return v.kind == LL_V_LIST && v.as.list->kind == LL_L_LIST; }

static bool is_tuple(ll_value v)
{
    return v.kind == LL_V_LIST && (v.as.list->kind == LL_L_TUPLE || v.as.list->kind == LL_L_GROUP);
}

static bool repeat(ll_render *r, ll_value v, int64_t times, ll_value *out)
{
    return v.kind == LL_V_STR ? repeat_text(r, v.as.str, times, out) : repeat_list(r, v.as.list, times, out);
}

bool ll_operate(ll_render *r, ll_operator op, ll_value a, ll_value b, ll_value *out)
{
    static const char *const signs[] = {"+", "-", "*", "/", "//", "%", "**"};
    if (ll_is_whole(a) && ll_is_whole(b))
        return operate_on_ints(r, op, ll_whole(a), ll_whole(b), out);
    if (ll_is_number(a) && ll_is_number(b))
        return operate_on_floats(r, op, ll_real(a), ll_real(b), out);
    if (op == LL_ADD && a.kind == LL_V_STR && b.kind == LL_V_STR)
        return join_texts(r, a.as.str, b.as.str, out);
    if (op == LL_ADD && ((is_plain_list(a) && is_plain_list(b)) || (is_tuple(a) && is_tuple(b))))
        return join_lists(r, a.as.list, b.as.list, out);
    bool repeats_a = (a.kind == LL_V_STR || is_plain_list(a) || is_tuple(a)) && ll_is_whole(b);
    bool repeats_b = (b.kind == LL_V_STR || is_plain_list(b) || is_tuple(b)) && ll_is_whole(a);
    if (op == LL_MUL && repeats_a)
        return repeat(r, a, ll_whole(b), out);
    if (op == LL_MUL && repeats_b)
        return repeat(r, b, ll_whole(a), out);
    if (op == LL_MOD && a.kind == LL_V_STR)
        return ll_format_percent(r, a.as.str, b, out);
    if (a.kind == LL_V_UNDEFINED || b.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, a.kind == LL_V_UNDEFINED ? a : b);
    return ll_render_fail(r, "unsupported operand type(s) for %s: '%s' and '%s'", signs[op], ll_type_name(a),
                          ll_type_name(b));
}

bool ll_negate(ll_render *r, ll_value v, ll_value *out)
{
    if (v.kind == LL_V_FLOAT) {
        *out = ll_float(-v.as.real);
        return true;
    }
    if (ll_is_whole(v))
        return operate_on_ints(r, LL_SUB, 0, ll_whole(v), out);
    if (v.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, v);
    return ll_render_fail(r, "bad operand type for unary sign: '%s'", ll_type_name(v));
}

/* Attributes and subscripts ----------------------------------------------------------------------------- */

static bool no_attribute(ll_render *r, ll_value object, const ll_str *name, ll_value *out)
{
    return ll_undefined_new(r, (ll_undefined){.why = LL_U_ATTRIBUTE, .name = name, .owner = ll_type_name(object)}, out);
}

static bool no_element(ll_render *r, ll_value object, ll_value *out)
{
    return ll_undefined_new(r, (ll_undefined){.why = LL_U_ELEMENT, .owner = ll_type_name(object)}, out);
}

static bool is_internal(const ll_str *name)
{
    return name->size > 4 && memcmp(name->data, "__", 2) == 0 && memcmp(name->data + name->size - 2, "__", 2) == 0;
}

bool ll_getattr(ll_render *r, ll_value object, const ll_str *name, ll_value *out)
{
    *out = (ll_value){.kind = LL_V_MISSING};
    if (object.kind == LL_V_NAMESPACE)
        return ll_dict_get(r, object.as.dict, ll_string(name), out);
    if (object.kind == LL_V_LOOP && (!ll_loop_attribute(r, object.as.loop, name, out) || out->kind != LL_V_MISSING))
        return out->kind != LL_V_MISSING;
    if (object.kind == LL_V_LIST && object.as.list->kind == LL_L_GROUP) {
        bool grouper = ll_str_is(name, "grouper");
        if (grouper || ll_str_is(name, "list")) {
            *out = object.as.list->items[!grouper];
            return true;
        }
    }
    if (object.kind == LL_V_CYCLER && ll_str_is(name, "current")) {
        *out = object.as.cycler->items[object.as.cycler->position];
        return true;
    }
    if (object.kind == LL_V_MACRO && ll_str_is(name, "name")) {
        *out = object.as.macro->proto->name ? ll_string(object.as.macro->proto->name) : ll_none();
        return true;
    }
    bool unsafe = false;
    const ll_function *function = ll_method_find(object, ll_str_span(name), &unsafe);
    if (unsafe || is_internal(name))
        return ll_undefined_new(r, (ll_undefined){.why = LL_U_UNSAFE, .name = name, .owner = ll_type_name(object)},
                                out);
    if (!function)
        return true;
    if (!function->call)
        return ll_render_fail(r, "'%s' of a %s is not supported", function->name, ll_type_name(object));
    ll_method *method = ll_render_alloc(r, 1, sizeof *method);
    if (!method)
        return false;
    *method = (ll_method){object, function};
    *out = (ll_value){.kind = LL_V_METHOD, .as.method = method};
    return true;
}

bool ll_attribute(ll_render *r, ll_value object, const ll_str *name, ll_value *out)
{
    if (object.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, object);
    if (!ll_getattr(r, object, name, out))
        return false;
    if (out->kind == LL_V_MISSING && object.kind == LL_V_DICT && !ll_dict_get(r, object.as.dict, ll_string(name), out))
        return false;
    return out->kind != LL_V_MISSING || no_attribute(r, object, name, out);
}

static bool is_subscriptable(const ll_list *list)
{
    return list->kind == LL_L_LIST || list->kind == LL_L_TUPLE || list->kind == LL_L_GROUP || list->kind == LL_L_RANGE;
}

/* The item at a whole number; MISSING when there is none. */
static bool find_item(ll_render *r, ll_value object, int64_t index, ll_value *out)
{
    *out = (ll_value){.kind = LL_V_MISSING};
    if (object.kind == LL_V_LIST && is_subscriptable(object.as.list)) {
        int64_t n = (int64_t)object.as.list->n;
        index += index < 0 ? n : 0;
        if (index >= 0 && index < n)
            *out = object.as.list->items[index];
    } else if (object.kind == LL_V_STR) {
        const ll_str *s = object.as.str;
        int64_t n = (int64_t)ll_str_count(s);
        index += index < 0 ? n : 0;
        if (!s->ascii && !ll_work_on_text(r, s->size))
            return false;
        if (index >= 0 && index < n) {
            const ll_str *character = ll_str_characters(r, s, (size_t)index, (size_t)index + 1);
            if (!character)
                return false;
            *out = ll_string(character);
        }
    }
    return true;
}

bool ll_subscript(ll_render *r, ll_value object, ll_value key, ll_value *out)
{
    *out = (ll_value){.kind = LL_V_MISSING};
    if (object.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, object);
    bool hashable = key.kind != LL_V_DICT && !is_plain_list(key);
    if (object.kind == LL_V_DICT && hashable && !ll_dict_get(r, object.as.dict, key, out))
        return false;
    if (object.kind != LL_V_DICT && ll_is_whole(key) && !find_item(r, object, ll_whole(key), out))
        return false;
    if (out->kind == LL_V_MISSING && key.kind == LL_V_STR && !ll_getattr(r, object, key.as.str, out))
        return false;
    if (out->kind != LL_V_MISSING)
        return true;
    return key.kind == LL_V_STR ? no_attribute(r, object, key.as.str, out) : no_element(r, object, out);
}

/* Slices ------------------------------------------------------------------------------------------------ */

/* Bounds of a slice over n items, as Python's slice.indices(); the result has `count` items. */
typedef struct bounds {
    int64_t start, step, count;
} bounds;

static int64_t clip(ll_value bound, int64_t n, int64_t low, int64_t high, int64_t fallback)
{
    if (bound.kind == LL_V_NONE)
        return fallback;
    int64_t v = ll_whole(bound);
    if (v < 0)
        v = v < -n ? low : v + n;
    return v < low ? low : v > high ? high : v;
}

static bounds resolve(const ll_value given[3], int64_t n)
{
    int64_t step = given[2].kind == LL_V_NONE ? 1 : ll_whole(given[2]);
    if (step == INT64_MIN)
        step++;
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    int64_t start = clip(given[0], n, low, high, step < 0 ? high : low);
    int64_t stop = clip(given[1], n, low, high, step < 0 ? low : high);
    int64_t distance = step < 0 ? start - stop : stop - start, stride = step < 0 ? -step : step;
    return (bounds){start, step, distance > 0 ? (distance - 1) / stride + 1 : 0};
}

static bool slice_text(ll_render *r, const ll_str *s, bounds b, ll_value *out)
{
    const ll_str *result;
    if (!ll_work_on_text(r, s->size))
        return false;
    if (b.step == 1 || b.count == 0) {
        result = ll_str_characters(r, s, (size_t)b.start, (size_t)(b.start + b.count));
    } else {
        ll_items items;
        ll_builder builder;
        if (!ll_iterate(r, ll_string(s), &items))
            return false;
        ll_builder_init(&builder, r, (size_t)b.count);
        for (int64_t i = 0, at = b.start; i < b.count; i++, at += b.step)
            ll_builder_str(&builder, items.items[at].as.str);
        result = ll_builder_finish(&builder);
    }
    if (result)
        *out = ll_string(result);
    return result != NULL;
}

static bool slice_list(ll_render *r, const ll_list *list, bounds b, ll_value *out)
{
    ll_list *result = ll_list_new(r, list->kind == LL_L_GROUP ? LL_L_TUPLE : list->kind, (size_t)b.count);
    if (!result || !ll_work(r, (size_t)b.count / 8))
        return false;
    for (int64_t i = 0, at = b.start; i < b.count; i++, at += b.step)
        result->items[i] = list->items[at];
    result->depth = list->depth;
    result->origin = list->origin;
    if (list->kind == LL_L_RANGE) {
        /* Elements of a range are bounded by LL_RANGE_MAX, its numbers by 64 bits: this may wrap only in numbers
         * that are never shown. */
        result->start = (int64_t)((uint64_t)list->start + (uint64_t)b.start * (uint64_t)list->step);
        result->step = (int64_t)((uint64_t)list->step * (uint64_t)b.step);
        result->stop = (int64_t)((uint64_t)result->start + (uint64_t)b.count * (uint64_t)result->step);
    }
    *out = ll_sequence(result);
    return true;
}

bool ll_slice(ll_render *r, ll_value object, const ll_value given[3], ll_value *out)
{
    if (object.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, object);
    bool list = object.kind == LL_V_LIST && is_subscriptable(object.as.list);
    if (!list && object.kind != LL_V_STR)
        return ll_render_fail(r, "'%s' object cannot be sliced", ll_type_name(object));
    for (int i = 0; i < 3; i++)
        if (given[i].kind != LL_V_NONE && !ll_is_whole(given[i]))
            return ll_render_fail(r, "slice indices must be integers or None, not %s", ll_type_name(given[i]));
    if (given[2].kind != LL_V_NONE && ll_whole(given[2]) == 0)
        return ll_render_fail(r, "slice step cannot be zero");
    bounds b = resolve(given, list ? (int64_t)object.as.list->n : (int64_t)ll_str_count(object.as.str));
    return list ? slice_list(r, object.as.list, b, out) : slice_text(r, object.as.str, b, out);
}
