/* SPDX-License-Identifier: MIT
 * Equality, order, membership and sorting, with Python's rules about which types go together.
 */
#include "chat/text.h"

#include <string.h>

static int compare_numbers(ll_value a, ll_value b, bool *ordered)
{
    *ordered = true;
    if (ll_is_whole(a) && ll_is_whole(b))
        return (ll_whole(a) > ll_whole(b)) - (ll_whole(a) < ll_whole(b));
    /* long double holds every int64_t and every double */
    long double x = a.kind == LL_V_FLOAT ? (long double)a.as.real : (long double)ll_whole(a);
    long double y = b.kind == LL_V_FLOAT ? (long double)b.as.real : (long double)ll_whole(b);
    *ordered = x == x && y == y;
    return (x > y) - (x < y);
}

static int compare_text(const ll_str *a, const ll_str *b)
{
    /* UTF-8 sorts as its code points do. */
    size_t n = a->size < b->size ? a->size : b->size;
    int order = n ? memcmp(a->data, b->data, n) : 0;
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static bool is_tuple(const ll_list *list) { return list->kind == LL_L_TUPLE || list->kind == LL_L_GROUP; }

static bool equal_lists(ll_render *r, const ll_list *a, const ll_list *b, bool *out)
{
    bool comparable =
        (is_tuple(a) && is_tuple(b)) || (a->kind == b->kind && (a->kind == LL_L_LIST || a->kind == LL_L_RANGE));
    *out = a == b || (comparable && a->n == b->n);
    for (size_t i = 0; *out && a != b && i < a->n; i++)
        if (!ll_equal(r, a->items[i], b->items[i], out))
            return false;
    return true;
}

static bool equal_dicts(ll_render *r, const ll_dict *a, const ll_dict *b, bool *out)
{
    *out = a->n == b->n;
    for (size_t i = 0; *out && a != b && i < a->n; i++) {
        ll_value other;
        if (!ll_dict_get(r, b, a->keys[i], &other))
            return false;
        *out = other.kind != LL_V_MISSING;
        if (*out && !ll_equal(r, a->values[i], other, out))
            return false;
    }
    return true;
}

bool ll_equal(ll_render *r, ll_value a, ll_value b, bool *out)
{
    *out = false;
    if (!ll_work(r, 1))
        return false;
    if (ll_is_number(a) && ll_is_number(b)) {
        bool ordered;
        *out = compare_numbers(a, b, &ordered) == 0 && ordered;
        return true;
    }
    if (a.kind != b.kind)
        return true;
    switch (a.kind) {
    case LL_V_UNDEFINED:
    case LL_V_NONE:
        *out = true;
        return true;
    case LL_V_STR:
        *out = ll_str_same(a.as.str, b.as.str);
        return ll_work_on_text(r, a.as.str->size);
    case LL_V_LIST:
        return equal_lists(r, a.as.list, b.as.list, out);
    case LL_V_DICT:
        return equal_dicts(r, a.as.dict, b.as.dict, out);
    default:
        *out = a.as.dict == b.as.dict; /* the same object: all of these are pointers */
        return true;
    }
}

static bool holds(ll_comparison how, int order)
{
    switch (how) {
    case LL_LT:
        return order < 0;
    case LL_LE:
        return order <= 0;
    case LL_GT:
        return order > 0;
    case LL_GE:
        return order >= 0;
    case LL_EQ:
        return order == 0;
    default:
        return order != 0;
    }
}

static bool compare_lists(ll_render *r, ll_comparison how, const ll_list *a, const ll_list *b, bool *out)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        bool same;
        if (!ll_equal(r, a->items[i], b->items[i], &same))
            return false;
        if (!same)
            return ll_compare(r, how, a->items[i], b->items[i], out);
    }
    *out = holds(how, (a->n > b->n) - (a->n < b->n));
    return true;
}

bool ll_compare(ll_render *r, ll_comparison how, ll_value a, ll_value b, bool *out)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};
    if (how == LL_EQ || how == LL_NE) {
        bool same;
        bool ok = ll_equal(r, a, b, &same);
        *out = same == (how == LL_EQ);
        return ok;
    }
    if (!ll_work(r, 1))
        return false;
    if (ll_is_number(a) && ll_is_number(b)) {
        bool ordered;
        int order = compare_numbers(a, b, &ordered);
        *out = ordered && holds(how, order);
        return true;
    }
    if (a.kind == LL_V_STR && b.kind == LL_V_STR) {
        *out = holds(how, compare_text(a.as.str, b.as.str));
        return ll_work_on_text(r, a.as.str->size);
    }
    if (a.kind == LL_V_UNDEFINED || b.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, a.kind == LL_V_UNDEFINED ? a : b);
    if (a.kind == LL_V_LIST && b.kind == LL_V_LIST &&
        ((is_tuple(a.as.list) && is_tuple(b.as.list)) ||
         (a.as.list->kind == LL_L_LIST && b.as.list->kind == LL_L_LIST)))
        return compare_lists(r, how, a.as.list, b.as.list, out);
    return ll_render_fail(r, "'%s' not supported between instances of '%s' and '%s'", signs[how], ll_type_name(a),
                          ll_type_name(b));
}

bool ll_contains(ll_render *r, ll_value container, ll_value item, bool *out)
{
    *out = false;
    switch (container.kind) {
    case LL_V_STR:
        if (item.kind != LL_V_STR)
            return ll_render_fail(r, "'in <string>' requires string as left operand, not %s", ll_type_name(item));
        *out = ll_str_find(container.as.str, item.as.str, 0, container.as.str->size) != SIZE_MAX;
        return ll_work_on_search(r, container.as.str, item.as.str);
    case LL_V_DICT: {
        ll_value found;
        bool ok = ll_dict_get(r, container.as.dict, item, &found);
        *out = ok && found.kind != LL_V_MISSING;
        return ok;
    }
    case LL_V_UNDEFINED:
        return true;
    case LL_V_LIST: {
        ll_list *list = container.as.list;
        size_t i = list->position;
        while (i < list->n && !*out)
            if (!ll_equal(r, list->items[i++], item, out))
                return false;
        if (list->kind == LL_L_ITERATOR)
            list->position = i;
        return true;
    }
    default:
        return ll_render_fail(r, "argument of type '%s' is not iterable", ll_type_name(container));
    }
}

/* Bottom-up merge sort: stable, no recursion, at most n log n comparisons. */
bool ll_sort(ll_render *r, const ll_value *keys, size_t n, bool reverse, size_t **order)
{
    size_t *from = ll_render_alloc(r, n, sizeof *from);
    size_t *to = ll_render_alloc(r, n, sizeof *to);
    if (!from || !to)
        return false;
    for (size_t i = 0; i < n; i++)
        from[i] = i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t middle = start + width < n ? start + width : n;
            size_t end = middle + width < n ? middle + width : n;
            size_t left = start, right = middle;
            for (size_t i = start; i < end; i++) {
                bool take_right = left == middle;
                if (!take_right && right < end) {
                    ll_value a = keys[from[right]], b = keys[from[left]];
                    if (!ll_compare(r, LL_LT, reverse ? b : a, reverse ? a : b, &take_right))
                        return false;
                }
                to[i] = take_right ? from[right++] : from[left++];
            }
        }
        size_t *swap = from;
        from = to;
        to = swap;
    }
    *order = from;
    return true;
}
