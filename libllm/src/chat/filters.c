/* SPDX-License-Identifier: MIT
 * Filters that apply other filters and tests to every item, and the look-up of filters by name.
 */
#include "chat/filters.h"
#include "chat/text.h"

enum { FILTER_NESTING = 16 }; /* map('map', ...) */

const ll_function *ll_table_find(const ll_function *table, ll_span name)
{
    while (table->name && !ll_span_is(name, table->name))
        table++;
    return table->name ? table : NULL;
}

const ll_function *ll_filter_find(ll_span name)
{
    const ll_function *found = ll_table_find(ll_text_filters, name);
    found = found ? found : ll_table_find(ll_list_filters, name);
    return found ? found : ll_table_find(ll_select_filters, name);
}

/* A function that is named in the arguments, together with those behind it. */
typedef struct applied {
    const ll_function *function;
    ll_call call;
    ll_value *args; /* args[0] is set for every item */
} applied;

static bool prepare(ll_render *r, const ll_call *call, size_t at, const ll_function *(*find)(ll_span), const char *what,
                    applied *a)
{
    ll_value name = call->args[at];
    a->function = name.kind == LL_V_STR ? find(ll_str_span(name.as.str)) : NULL;
    if (!a->function && name.kind == LL_V_STR)
        return ll_render_fail(r, "there is no %s named '%.*s'", what, ll_shown(ll_str_span(name.as.str)),
                              name.as.str->data);
    if (!a->function)
        return ll_render_fail(r, "the name of a %s must be a string", what);
    size_t n = call->n_args - at; /* its own first argument and what follows the name */
    a->args = ll_render_alloc(r, n, sizeof *a->args);
    if (!a->args)
        return false;
    for (size_t i = 1; i < n; i++)
        a->args[i] = call->args[at + i];
    a->call = (ll_call){a->args, n, call->keywords, call->n_keywords, a->function->name};
    return true;
}

static bool apply(ll_render *r, applied *a, ll_value item, ll_value *out)
{
    a->args[0] = item;
    if (r->nesting == FILTER_NESTING)
        return ll_render_limit(r, "filters that apply filters are nested deeper than %d", FILTER_NESTING);
    r->nesting++;
    bool ok = ll_work(r, 1) && a->function->call(r, &a->call, out);
    r->nesting--;
    return ok;
}

/* What is false has no items, even None or 0, which cannot be iterated. */
static bool items_of(ll_render *r, ll_value v, ll_items *out)
{
    *out = (ll_items){0};
    return !ll_truth(v) || ll_iterate(r, v, out);
}

static bool map_attribute(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    ll_items items;
    ll_path path;
    ll_list *list;
    if (!ll_bind(r, call, 1, "attribute! default", v) || !ll_path_of(r, v[0], &path) || !ll_iterator(r, out, &list))
        return false;
    if (!items_of(r, call->args[0], &items))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        ll_value item;
        if (!ll_path_get(r, &path, items.items[i], v[1], &item) || !ll_list_append(r, list, item))
            return false;
    }
    return ll_list_seal(r, list);
}

static bool filter_map(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_items items;
    ll_list *list;
    applied a;
    if (call->n_args == 1)
        return map_attribute(r, call, out);
    if (!items_of(r, call->args[0], &items) || !ll_iterator(r, out, &list))
        return false;
    if (items.n > 0 && !prepare(r, call, 1, ll_filter_find, "filter", &a))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        ll_value item;
        if (!apply(r, &a, items.items[i], &item) || !ll_list_append(r, list, item))
            return false;
    }
    return ll_list_seal(r, list);
}

/* The items, or attributes of them, that pass a test (by default: being true) or, if `reject`, that do not. */
static bool select_items(ll_render *r, const ll_call *call, bool attribute, bool reject, ll_value *out)
{
    ll_items items;
    ll_list *list;
    ll_path path;
    applied a = {0};
    size_t at = attribute ? 2 : 1;
    if (attribute && call->n_args < 2)
        return ll_render_fail(r, "%s: the name of the attribute is missing", call->name);
    if (!ll_path_of(r, attribute ? call->args[1] : ll_none(), &path) || !items_of(r, call->args[0], &items) ||
        !ll_iterator(r, out, &list))
        return false;
    if (items.n > 0 && call->n_args > at && !prepare(r, call, at, ll_test_find, "test", &a))
        return false;
    for (size_t i = 0; i < items.n; i++) {
        ll_value v, missing = {.kind = LL_V_MISSING};
        if (!ll_path_get(r, &path, items.items[i], missing, &v) || (a.function && !apply(r, &a, v, &v)) ||
            (ll_truth(v) != reject && !ll_list_append(r, list, items.items[i])))
            return false;
    }
    return ll_list_seal(r, list);
}

static bool filter_select(ll_render *r, const ll_call *call, ll_value *out)
{
    return select_items(r, call, false, false, out);
}

static bool filter_reject(ll_render *r, const ll_call *call, ll_value *out)
{
    return select_items(r, call, false, true, out);
}

static bool filter_selectattr(ll_render *r, const ll_call *call, ll_value *out)
{
    return select_items(r, call, true, false, out);
}

static bool filter_rejectattr(ll_render *r, const ll_call *call, ll_value *out)
{
    return select_items(r, call, true, true, out);
}

const ll_function ll_select_filters[] = {
    {"map", filter_map},       {"reject", filter_reject},         {"rejectattr", filter_rejectattr},
    {"select", filter_select}, {"selectattr", filter_selectattr}, {NULL, NULL},
};
