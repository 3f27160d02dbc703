/* SPDX-License-Identifier: MIT
 * Methods of dicts, sequences, numbers, loops and cyclers, and the look-up of all methods.
 */
#include "chat/filters.h"
#include "chat/text.h"
#include "chat/vm.h"

#include <string.h>

/* Dicts ------------------------------------------------------------------------------------------------- */

static bool dict_get(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[2];
    if (!ll_bind(r, call, 1, "key! default", v) || !ll_dict_get(r, call->args[0].as.dict, v[0], out))
        return false;
    if (out->kind == LL_V_MISSING)
        *out = v[1].kind == LL_V_MISSING ? ll_none() : v[1];
    return true;
}

/* Keys and values are shared with the dict: it never changes. */
static bool view(ll_render *r, const ll_call *call, ll_list_kind kind, ll_value *items, ll_value *out)
{
    const ll_dict *dict = call->args[0].as.dict;
    ll_list *list = ll_bind(r, call, 1, "", NULL) ? ll_list_new(r, kind, 0) : NULL;
    if (!list)
        return false;
    list->items = items;
    list->n = list->capacity = dict->n;
    list->depth = dict->depth;
    list->origin = dict->origin;
    *out = ll_sequence(list);
    return true;
}

static bool dict_keys(ll_render *r, const ll_call *call, ll_value *out)
{
    return view(r, call, LL_L_KEYS, call->args[0].as.dict->keys, out);
}

static bool dict_values(ll_render *r, const ll_call *call, ll_value *out)
{
    return view(r, call, LL_L_VALUES, call->args[0].as.dict->values, out);
}

static bool dict_items(ll_render *r, const ll_call *call, ll_value *out)
{
    const ll_dict *dict = call->args[0].as.dict;
    ll_list *list = ll_bind(r, call, 1, "", NULL) ? ll_list_new(r, LL_L_ITEMS, dict->n) : NULL;
    if (!list)
        return false;
    for (size_t i = 0; i < dict->n; i++) {
        ll_list *pair = ll_list_new(r, LL_L_TUPLE, 2);
        if (!pair || !ll_work(r, 1))
            return false;
        pair->items[0] = dict->keys[i];
        pair->items[1] = dict->values[i];
        pair->origin = dict->origin;
        if (!ll_list_seal(r, pair))
            return false;
        list->items[i] = ll_sequence(pair);
    }
    list->origin = dict->origin;
    *out = ll_sequence(list);
    return ll_list_seal(r, list);
}

/* What does not change needs no copy. */
static bool same_again(ll_render *r, const ll_call *call, ll_value *out)
{
    *out = call->args[0];
    return ll_bind(r, call, 1, "", NULL);
}

static const ll_function dict_methods[] = {
    {"copy", same_again}, {"fromkeys", NULL},      {"get", dict_get}, {"items", dict_items},
    {"keys", dict_keys},  {"values", dict_values}, {NULL, NULL},
};

/* Sequences --------------------------------------------------------------------------------------------- */

static bool list_count(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value wanted;
    const ll_list *list = call->args[0].as.list;
    *out = ll_int(0);
    if (!ll_bind(r, call, 1, "value!", &wanted))
        return false;
    for (size_t i = 0; i < list->n; i++) {
        bool same;
        if (!ll_equal(r, list->items[i], wanted, &same))
            return false;
        out->as.integer += same;
    }
    return true;
}

static int64_t from_end(int64_t at, int64_t n) { return at < 0 ? at < -n ? 0 : at + n : at; }

static bool list_index(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_value v[3];
    const ll_list *list = call->args[0].as.list;
    int64_t n = (int64_t)list->n, start, stop;
    if (!ll_bind(r, call, 1, "value! start stop", v) || !ll_want_int(r, call, v[1], 0, &start) ||
        !ll_want_int(r, call, v[2], n, &stop))
        return false;
    stop = from_end(stop, n);
    for (int64_t i = from_end(start, n); i < n && i < stop; i++) {
        bool same;
        if (!ll_equal(r, list->items[i], v[0], &same))
            return false;
        *out = ll_int(i);
        if (same)
            return true;
    }
    return ll_render_fail(r, "the value is not in the list");
}

static const ll_function list_methods[] = {
    {"copy", same_again},
    {"count", list_count},
    {"index", list_index},
    {NULL, NULL},
};

/* Numbers ----------------------------------------------------------------------------------------------- */

static const ll_function number_methods[] = {
    {"as_integer_ratio", NULL}, {"bit_count", NULL}, {"bit_length", NULL}, {"conjugate", NULL}, {"denominator", NULL},
    {"from_bytes", NULL},       {"fromhex", NULL},   {"hex", NULL},        {"imag", NULL},      {"is_integer", NULL},
    {"numerator", NULL},        {"real", NULL},      {"to_bytes", NULL},   {NULL, NULL},
};

/* Loops and cyclers ------------------------------------------------------------------------------------- */

static bool loop_cycle(ll_render *r, const ll_call *call, ll_value *out)
{
    if (call->n_args < 2 || call->n_keywords)
        return ll_render_fail(r, "loop.cycle() needs items to cycle through");
    size_t index = (size_t)call->args[0].as.loop->index0;
    *out = call->args[1 + index % (call->n_args - 1)];
    return true;
}

static bool loop_changed(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_loop *loop = call->args[0].as.loop;
    ll_list *now = ll_list_new(r, LL_L_TUPLE, call->n_args - 1);
    bool same = false;
    if (!now)
        return false;
    for (size_t i = 0; i < now->n; i++)
        now->items[i] = call->args[i + 1];
    if (!ll_list_seal(r, now) || !ll_equal(r, loop->changed, ll_sequence(now), &same))
        return false;
    loop->changed = ll_sequence(now);
    *out = ll_bool(!same);
    return true;
}

static bool cycler_next(ll_render *r, const ll_call *call, ll_value *out)
{
    ll_cycler *cycler = call->args[0].as.cycler;
    *out = cycler->items[cycler->position];
    cycler->position = (cycler->position + 1) % cycler->n;
    return ll_bind(r, call, 1, "", NULL);
}

static bool cycler_reset(ll_render *r, const ll_call *call, ll_value *out)
{
    call->args[0].as.cycler->position = 0;
    *out = ll_none();
    return ll_bind(r, call, 1, "", NULL);
}

static const ll_function loop_methods[] = {{"changed", loop_changed}, {"cycle", loop_cycle}, {NULL, NULL}};
static const ll_function cycler_methods[] = {{"next", cycler_next}, {"reset", cycler_reset}, {NULL, NULL}};

/* Look-up ----------------------------------------------------------------------------------------------- */

static bool is_one_of(ll_span name, const char *const *names)
{
    while (*names && !ll_span_is(name, *names))
        names++;
    return *names != NULL;
}

/* Methods that would change the object are refused, as in Jinja's immutable sandbox. */
static bool changes(ll_value self, ll_span name)
{
    static const char *const of_lists[] = {"append", "clear",  "pop",    "reverse", "insert",
                                           "sort",   "extend", "remove", NULL};
    static const char *const of_dicts[] = {"clear", "pop", "popitem", "setdefault", "update", NULL};
    if (self.kind == LL_V_DICT)
        return is_one_of(name, of_dicts);
    return self.kind == LL_V_LIST && self.as.list->kind == LL_L_LIST && is_one_of(name, of_lists);
}

const ll_function *ll_method_find(ll_value self, ll_span name, bool *unsafe)
{
    *unsafe = changes(self, name);
    switch (self.kind) {
    case LL_V_STR:
        return ll_table_find(ll_str_methods, name);
    case LL_V_DICT:
        return ll_table_find(dict_methods, name);
    case LL_V_LIST: {
        ll_list_kind kind = self.as.list->kind;
        bool counts = kind == LL_L_LIST || kind == LL_L_TUPLE || kind == LL_L_GROUP || kind == LL_L_RANGE;
        if (!counts || (kind != LL_L_LIST && ll_span_is(name, "copy")))
            return NULL;
        return ll_table_find(list_methods, name);
    }
    case LL_V_BOOL:
    case LL_V_INT:
    case LL_V_FLOAT:
        return ll_table_find(number_methods, name);
    case LL_V_LOOP:
        return ll_table_find(loop_methods, name);
    case LL_V_CYCLER:
        return ll_table_find(cycler_methods, name);
    default:
        return NULL;
    }
}
