/* SPDX-License-Identifier: MIT
 * Filters on lists and other containers.
 */
#include "chat/filters.h"
#include "chat/text.h"

#include <string.h>

static const ll_value missing = {.kind = LL_V_MISSING};

bool ll_iterator(ll_render *r, ll_value *out, ll_list **list)
{
    *list = ll_list_new(r, LL_L_ITERATOR, 0);
    if (*list)
        *out = ll_sequence(*list);
    return *list != NULL;
}

static ll_list *copy_items(ll_render *r, ll_items items)
{
    ll_list *list = ll_list_new(r, LL_L_LIST, items.n);
    if (!list || !ll_work(r, items.n / 8))
        return NULL;
    if (items.n)
        memcpy(list->items, items.items, items.n * sizeof *items.items);
    return ll_list_seal(r, list) ? list : NULL;
}

static bool give_list(ll_list *list, ll_value *out)
{
    if (list)
        *out = ll_sequence(list);
    return list != NULL;
}

/* Strings compare without regard to case unless a filter is told otherwise. */
static bool sort_key(ll_render *r, ll_value v, bool case_sensitive, ll_value *out)
{
    *out = v;
    return case_sensitive || v.kind != LL_V_STR || ll_give_str(ll_str_case(r, v.as.str, LL_LOWER), out);
}

/* Paths ------------------------------------------------------------------------------------------------- */

static bool is_number_text(const ll_str *s)
{
    for (size_t i = 0; i < s->size; i++)
        if (s->data[i] < '0' || s->data[i] > '9')
            return false;
    return s->size > 0;
}

bool ll_path_of(ll_render *r, ll_value attribute, ll_path *out)
{
    *out = (ll_path){0};
    if (attribute.kind == LL_V_MISSING || attribute.kind == LL_V_NONE)
        return true;
    if (attribute.kind != LL_V_STR) {
        ll_value *part = ll_render_alloc(r, 1, sizeof *part);
        if (part)
            *part = attribute;
        *out = (ll_path){part, 1};
        return part != NULL;
    }
    ll_str point;
    ll_str_over(&point, ".", 1, LL_FROM_TEMPLATE);
    ll_list *parts = ll_str_split(r, attribute.as.str, &point, -1);
    for (size_t i = 0; parts && i < parts->n; i++)
        if (is_number_text(parts->items[i].as.str) && !ll_int_of(r, parts->items[i], ll_int(0), 10, &parts->items[i]))
            return false;
    if (parts)
        *out = (ll_path){parts->items, parts->n};
    return parts != NULL;
}

bool ll_path_get(ll_render *r, const ll_path *path, ll_value item, ll_value fallback, ll_value *out)
{
    *out = item;
    for (size_t i = 0; i < path->n; i++) {
        if (!ll_work(r, 1) || !ll_subscript(r, *out, path->parts[i], out))
            return false;
        if (out->kind == LL_V_UNDEFINED && fallback.kind != LL_V_MISSING && fallback.kind != LL_V_NONE)
            *out = fallback;
    }
    return true;
}

/* Plain ones -------------------------------------------------------------------------------------------- */

static bool filter_list(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_items items;
    return ll_bind(r, call, 1, "", NULL) && ll_iterate(r, call->args[0], &items) &&
           give_list(copy_items(r, items), out);
}

static bool filter_length(ll_render *r, const ll_call *call, ll_value *out)
{
    *out = ll_int(0);
    return ll_bind(r, call, 1, "", NULL) && ll_length(r, call->args[0], &out->as.integer);
}

static bool filter_default(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    if (!ll_bind(r, call, 1, "default_value boolean", v))
        return false;
    *out = call->args[0];
    if (out->kind != LL_V_UNDEFINED && !(ll_truth(v[1]) && !ll_truth(*out)))
        return true;
    *out = v[0];
    return v[0].kind != LL_V_MISSING || ll_give_str(ll_str_literal(r, ""), out);
}

static bool filter_first(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_items items;
    ll_value v = call->args[0];
    if (!ll_bind(r, call, 1, "", NULL))
        return false;
    bool iterator = v.kind == LL_V_LIST && v.as.list->kind == LL_L_ITERATOR;
    size_t position = iterator ? v.as.list->position : 0;
    if (!ll_iterate(r, v, &items))
        return false;
    if (items.n == 0)
        return ll_undefined_hint(r, "No first item, sequence was empty.", out);
    if (iterator)
        v.as.list->position = position + 1; /* the others stay to be taken */
    *out = items.items[0];
    return true;
}

static bool filter_last(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_items items;
    ll_value v = call->args[0];
    if (!ll_bind(r, call, 1, "", NULL))
        return false;
    if (v.kind == LL_V_LIST && v.as.list->kind == LL_L_ITERATOR)
        return ll_render_fail(r, "last: '%s' object is not reversible", ll_type_name(v));
    if (!ll_iterate(r, v, &items))
        return false;
    if (items.n == 0)
        return ll_undefined_hint(r, "No last item, sequence was empty.", out);
    *out = items.items[items.n - 1];
    return true;
}

static bool filter_reverse(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_items items;
    ll_value v = call->args[0];
    if (!ll_bind(r, call, 1, "", NULL))
        return false;
    if (v.kind == LL_V_STR) {
        ll_value bounds[3] = {ll_none(), ll_none(), ll_int(-1)};
        return ll_slice(r, v, bounds, out);
    }
    if (!ll_iterate(r, v, &items))
        return false;
    ll_list *list = copy_items(r, items);
    if (!list)
        return false;
    bool iterator = v.kind == LL_V_LIST && v.as.list->kind == LL_L_ITERATOR;
    list->kind = iterator ? LL_L_LIST : LL_L_ITERATOR;
    for (size_t i = 0; i < items.n; i++)
        list->items[i] = items.items[items.n - 1 - i];
    return give_list(list, out);
}

static bool filter_join(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    ll_path path;
    ll_items items;
    if (!ll_bind(r, call, 1, "d attribute", v) || !ll_path_of(r, v[1], &path) || !ll_iterate(r, call->args[0], &items))
        return false;
    const ll_str *separator = v[0].kind == LL_V_MISSING ? ll_str_literal(r, "") : ll_to_str(r, v[0]);
    if (!separator)
        return false;
    if (path.n > 0) {
        ll_list *values = ll_list_new(r, LL_L_LIST, items.n);
        if (!values)
            return false;
        for (size_t i = 0; i < items.n; i++)
            if (!ll_path_get(r, &path, items.items[i], missing, &values->items[i]))
                return false;
        items.items = values->items;
    }
    return ll_give_str(ll_str_join(r, separator, items, true), out);
}

static bool add_pair(ll_render *r, ll_list *list, ll_value a, ll_value b)
{
    ll_list *pair = ll_list_new(r, LL_L_TUPLE, 2);
    if (!pair)
        return false;
    pair->items[0] = a;
    pair->items[1] = b;
    return ll_list_seal(r, pair) && ll_list_append(r, list, ll_sequence(pair));
}

static bool filter_items(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v = call->args[0];
    ll_list *list;
    if (!ll_bind(r, call, 1, "", NULL) || !ll_iterator(r, out, &list))
        return false;
    if (v.kind != LL_V_DICT && v.kind != LL_V_UNDEFINED)
        return ll_render_fail(r, "items: can only get item pairs from a mapping, not from '%s'", ll_type_name(v));
    for (size_t i = 0; v.kind == LL_V_DICT && i < v.as.dict->n; i++)
        if (!add_pair(r, list, v.as.dict->keys[i], v.as.dict->values[i]))
            return false;
    return ll_list_seal(r, list);
}

static bool filter_attr(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value name;
    if (!ll_bind(r, call, 1, "name!", &name))
        return false;
    const ll_str *text = ll_want_str(r, call, name);
    if (!text)
        return false;
    if (call->args[0].kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, call->args[0]);
    if (!ll_getattr(r, call->args[0], text, out))
        return false;
    if (out->kind != LL_V_MISSING)
        return true;
    return ll_undefined_new(
        r, (ll_undefined){.why = LL_U_ATTRIBUTE, .name = text, .owner = ll_type_name(call->args[0])}, out);
}

/* Order ------------------------------------------------------------------------------------------------- */

static ll_list *in_order(ll_render *r, ll_items items, const ll_value *keys, bool reverse)
{
    size_t *order;
    ll_list *list = ll_sort(r, keys, items.n, reverse, &order) ? ll_list_new(r, LL_L_LIST, items.n) : NULL;
    for (size_t i = 0; list && i < items.n; i++)
        list->items[i] = items.items[order[i]];
    return list && ll_list_seal(r, list) ? list : NULL;
}

/* "a,b.c" sorts by a, then by b.c: the key is a list. */
static bool sort_paths(ll_render *r, ll_value attribute, ll_path **paths, size_t *n)
{
    ll_str comma;
    ll_str_over(&comma, ",", 1, LL_FROM_TEMPLATE);
    ll_list *names = attribute.kind == LL_V_STR ? ll_str_split(r, attribute.as.str, &comma, -1) : NULL;
    *n = names ? names->n : 1;
    *paths = ll_render_alloc(r, *n, sizeof **paths);
    if (!*paths || r->status != LIBLLM_OK)
        return false;
    for (size_t i = 0; i < *n; i++)
        if (!ll_path_of(r, names ? names->items[i] : attribute, &(*paths)[i]))
            return false;
    return true;
}

static bool sort_keys(ll_render *r, ll_items items, ll_value attribute, bool case_sensitive, ll_value **keys)
{
    ll_path *paths;
    size_t n;
    *keys = ll_render_alloc(r, items.n, sizeof **keys);
    if (!*keys || !sort_paths(r, attribute, &paths, &n))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        ll_list *key = ll_list_new(r, LL_L_LIST, n);
        for (size_t k = 0; k < n; k++)
            if (!key || !ll_path_get(r, &paths[k], items.items[i], missing, &key->items[k]) ||
                !sort_key(r, key->items[k], case_sensitive, &key->items[k]))
                return false;
        (*keys)[i] = ll_sequence(key);
    }
    return true;
}

static bool filter_sort(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3], *keys;
    ll_items items;
    return ll_bind(r, call, 1, "reverse case_sensitive attribute", v) && ll_iterate(r, call->args[0], &items) &&
           sort_keys(r, items, v[2], ll_truth(v[1]), &keys) && give_list(in_order(r, items, keys, ll_truth(v[0])), out);
}

static bool filter_dictsort(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    ll_list *pairs = ll_list_new(r, LL_L_LIST, 0);
    if (!pairs || !ll_bind(r, call, 1, "case_sensitive by reverse", v))
        return false;
    const ll_str *by = v[1].kind == LL_V_MISSING ? ll_str_literal(r, "key") : ll_want_str(r, call, v[1]);
    if (!by)
        return false;
    bool value = ll_str_is(by, "value");
    if (!value && !ll_str_is(by, "key"))
        return ll_render_fail(r, "dictsort: sorts by either \"key\" or \"value\"");
    if (call->args[0].kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, call->args[0]);
    if (call->args[0].kind != LL_V_DICT)
        return ll_render_fail(r, "dictsort: '%s' is not a mapping", ll_type_name(call->args[0]));
    const ll_dict *dict = call->args[0].as.dict;
    ll_value *keys = ll_render_alloc(r, dict->n, sizeof *keys);
    for (size_t i = 0; keys && i < dict->n; i++)
        if (!add_pair(r, pairs, dict->keys[i], dict->values[i]) ||
            !sort_key(r, value ? dict->values[i] : dict->keys[i], ll_truth(v[0]), &keys[i]))
            return false;
    return keys && give_list(in_order(r, (ll_items){pairs->items, pairs->n}, keys, ll_truth(v[2])), out);
}

static bool find_extreme(ll_render *r, const ll_call *call, ll_comparison how, ll_value *out)
{
    ll_value v[2], best = missing, key;
    ll_items items;
    ll_path path;
    if (!ll_bind(r, call, 1, "case_sensitive attribute", v) || !ll_path_of(r, v[1], &path) ||
        !ll_iterate(r, call->args[0], &items))
        return false;
    if (items.n == 0)
        return ll_undefined_hint(r, "No aggregated item, sequence was empty.", out);
    for (size_t i = 0; i < items.n; i++) {
        bool better = true;
        if (!ll_path_get(r, &path, items.items[i], missing, &key) || !sort_key(r, key, ll_truth(v[0]), &key) ||
            (i > 0 && !ll_compare(r, how, key, best, &better)))
            return false;
        if (better) {
            best = key;
            *out = items.items[i];
        }
    }
    return true;
}

static bool filter_min(ll_render *r, const ll_call *call, ll_value *out) { return find_extreme(r, call, LL_LT, out); }
static bool filter_max(ll_render *r, const ll_call *call, ll_value *out) { return find_extreme(r, call, LL_GT, out); }

static bool filter_sum(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2], item;
    ll_items items;
    ll_path path;
    if (!ll_bind(r, call, 1, "attribute start", v) || !ll_path_of(r, v[0], &path) ||
        !ll_iterate(r, call->args[0], &items))
        return false;
    ll_value total = v[1].kind == LL_V_MISSING ? ll_int(0) : v[1];
    if (total.kind == LL_V_STR)
        return ll_render_fail(r, "sum: strings cannot be summed");
    for (size_t i = 0; i < items.n; i++)
        if (!ll_path_get(r, &path, items.items[i], missing, &item) || !ll_work(r, 1) ||
            !ll_operate(r, LL_ADD, total, item, &total))
            return false;
    *out = total;
    return true;
}

static bool filter_unique(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2], key, known;
    ll_items items;
    ll_path path;
    ll_list *list;
    ll_dict *seen = ll_dict_new(r, 0);
    if (!seen || !ll_bind(r, call, 1, "case_sensitive attribute", v) || !ll_path_of(r, v[1], &path) ||
        !ll_iterate(r, call->args[0], &items) || !ll_iterator(r, out, &list))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        if (!ll_path_get(r, &path, items.items[i], missing, &key) || !sort_key(r, key, ll_truth(v[0]), &key) ||
            !ll_dict_get(r, seen, key, &known) || !ll_dict_set(r, seen, key, ll_none()) ||
            (known.kind == LL_V_MISSING && !ll_list_append(r, list, items.items[i])))
            return false;
    }
    return ll_list_seal(r, list);
}

static bool add_group(ll_render *r, ll_list *groups, ll_value grouper, ll_list **group)
{
    ll_list *pair = ll_list_new(r, LL_L_GROUP, 2);
    *group = ll_list_new(r, LL_L_LIST, 0);
    if (!pair || !*group)
        return false;
    pair->items[0] = grouper;
    pair->items[1] = ll_sequence(*group);
    return ll_list_append(r, groups, ll_sequence(pair));
}

static bool seal_groups(ll_render *r, ll_list *groups)
{
    for (size_t i = 0; i < groups->n; i++) {
        ll_list *pair = groups->items[i].as.list;
        if (!ll_list_seal(r, pair->items[1].as.list) || !ll_list_seal(r, pair))
            return false;
    }
    return ll_list_seal(r, groups);
}

static bool filter_groupby(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    ll_items items;
    ll_path path;
    ll_list *groups = ll_list_new(r, LL_L_LIST, 0), *group = NULL;
    if (!groups || !ll_bind(r, call, 1, "attribute! default case_sensitive", v) || !ll_path_of(r, v[0], &path) ||
        !ll_iterate(r, call->args[0], &items))
        return false;
    ll_value *keys = ll_render_alloc(r, items.n, sizeof *keys), *shown = ll_render_alloc(r, items.n, sizeof *shown);
    if (!keys || !shown)
        return false;
    for (size_t i = 0; i < items.n; i++)
        if (!ll_path_get(r, &path, items.items[i], v[1], &shown[i]) || !sort_key(r, shown[i], ll_truth(v[2]), &keys[i]))
            return false;
    size_t *order;
    if (!ll_sort(r, keys, items.n, false, &order))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        bool same = false;
        if (i > 0 && !ll_equal(r, keys[order[i]], keys[order[i - 1]], &same))
            return false;
        if ((!same && !add_group(r, groups, shown[order[i]], &group)) ||
            !ll_list_append(r, group, items.items[order[i]]))
            return false;
    }
    return seal_groups(r, groups) && give_list(groups, out);
}

/* Pieces ------------------------------------------------------------------------------------------------ */

static bool add_piece(ll_render *r, ll_list *list, ll_items items, size_t from, size_t n, ll_value fill, size_t n_fill)
{
    ll_list *piece = ll_list_new(r, LL_L_LIST, n + n_fill);
    if (!piece)
        return false;
    for (size_t i = 0; i < n + n_fill; i++)
        piece->items[i] = i < n ? items.items[from + i] : fill;
    return ll_work(r, n + n_fill) && ll_list_seal(r, piece) && ll_list_append(r, list, ll_sequence(piece));
}

static bool filter_batch(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    ll_items items;
    int64_t size;
    ll_list *list;
    if (!ll_bind(r, call, 1, "linecount! fill_with", v) || !ll_want_int(r, call, v[0], 0, &size) ||
        !ll_iterate(r, call->args[0], &items) || !ll_iterator(r, out, &list))
        return false;
    if (size < 1)
        return ll_render_fail(r, "batch: the size must be above 0");
    bool fills = v[1].kind != LL_V_MISSING && v[1].kind != LL_V_NONE;
    for (size_t at = 0; at < items.n;) {
        size_t n = items.n - at < (size_t)size ? items.n - at : (size_t)size;
        if (!add_piece(r, list, items, at, n, v[1], fills ? (size_t)size - n : 0))
            return false;
        at += n;
    }
    return ll_list_seal(r, list);
}

static bool filter_slice(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    ll_items items;
    int64_t count;
    ll_list *list;
    if (!ll_bind(r, call, 1, "slices! fill_with", v) || !ll_want_int(r, call, v[0], 0, &count) ||
        !ll_iterate(r, call->args[0], &items) || !ll_iterator(r, out, &list))
        return false;
    if (count < 1)
        return ll_render_fail(r, "slice: the number of slices must be above 0");
    bool fills = v[1].kind != LL_V_MISSING && v[1].kind != LL_V_NONE;
    size_t each = items.n / (size_t)count, extra = items.n % (size_t)count;
    for (size_t i = 0, at = 0; i < (size_t)count; i++) {
        size_t n = each + (i < extra);
        if (!add_piece(r, list, items, at, n, v[1], fills && i >= extra))
            return false;
        at += n;
    }
    return ll_list_seal(r, list);
}

const ll_function ll_list_filters[] = {
    {"attr", filter_attr},       {"batch", filter_batch},     {"count", filter_length},
    {"d", filter_default},       {"default", filter_default}, {"dictsort", filter_dictsort},
    {"first", filter_first},     {"groupby", filter_groupby}, {"items", filter_items},
    {"join", filter_join},       {"last", filter_last},       {"length", filter_length},
    {"list", filter_list},       {"max", filter_max},         {"min", filter_min},
    {"reverse", filter_reverse}, {"slice", filter_slice},     {"sort", filter_sort},
    {"sum", filter_sum},         {"unique", filter_unique},   {NULL, NULL},
};
