/* SPDX-License-Identifier: MIT
 * Making lists, dicts and undefined values, and running through containers.
 */
#include "chat/value.h"

#include "base/map.h"
#include "base/utf8.h"
#include "chat/render.h"
#include "chat/text.h"

#include <math.h>
#include <string.h>

enum { FEW_KEYS = 8 }; /* up to here a dict is searched one by one */

const char *ll_type_name(ll_value v)
{
    static const char *const of_lists[] = {
        [LL_L_LIST] = "list",        [LL_L_TUPLE] = "tuple",        [LL_L_GROUP] = "tuple",
        [LL_L_RANGE] = "range",      [LL_L_KEYS] = "dict_keys",     [LL_L_VALUES] = "dict_values",
        [LL_L_ITEMS] = "dict_items", [LL_L_ITERATOR] = "generator",
    };
    static const char *const names[] = {
        [LL_V_MISSING] = "nothing",   [LL_V_UNDEFINED] = "Undefined",
        [LL_V_NONE] = "NoneType",     [LL_V_BOOL] = "bool",
        [LL_V_INT] = "int",           [LL_V_FLOAT] = "float",
        [LL_V_STR] = "str",           [LL_V_LIST] = "list",
        [LL_V_DICT] = "dict",         [LL_V_NAMESPACE] = "Namespace",
        [LL_V_METHOD] = "method",     [LL_V_MACRO] = "Macro",
        [LL_V_FUNCTION] = "function", [LL_V_LOOP] = "LoopContext",
        [LL_V_CYCLER] = "Cycler",     [LL_V_JOINER] = "Joiner",
    };
    return v.kind == LL_V_LIST ? of_lists[v.as.list->kind] : names[v.kind];
}

bool ll_truth(ll_value v)
{
    switch (v.kind) {
    case LL_V_MISSING:
    case LL_V_UNDEFINED:
    case LL_V_NONE:
        return false;
    case LL_V_BOOL:
        return v.as.boolean;
    case LL_V_INT:
        return v.as.integer != 0;
    case LL_V_FLOAT:
        return v.as.real != 0;
    case LL_V_STR:
        return v.as.str->size > 0;
    case LL_V_LIST:
        return v.as.list->kind == LL_L_ITERATOR || v.as.list->n > 0;
    case LL_V_DICT:
        return v.as.dict->n > 0;
    default:
        return true;
    }
}

/* Lists ------------------------------------------------------------------------------------------------- */

ll_list *ll_list_new(ll_render *r, ll_list_kind kind, size_t n)
{
    ll_list *list = ll_render_alloc(r, 1, sizeof *list);
    if (!list)
        return NULL;
    *list = (ll_list){.kind = kind, .depth = 1, .n = n, .capacity = n};
    list->items = ll_render_alloc(r, n, sizeof(ll_value));
    if (!list->items)
        return NULL;
    memset(list->items, 0, n * sizeof(ll_value));
    return list;
}

bool ll_list_append(ll_render *r, ll_list *list, ll_value v)
{
    if (list->n == list->capacity) {
        size_t capacity = list->capacity * 2 + 8;
        ll_value *items = ll_render_alloc(r, capacity, sizeof *items);
        if (!items)
            return false;
        if (list->n)
            memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n++] = v;
    return ll_work(r, 1);
}

static uint32_t depth_of(ll_value v)
{
    return v.kind == LL_V_LIST ? v.as.list->depth : v.kind == LL_V_DICT ? v.as.dict->depth : 0;
}

static bool check_depth(ll_render *r, uint32_t depth)
{
    if (depth > LL_VALUE_DEPTH)
        return ll_render_limit(r, "values are nested deeper than %d", LL_VALUE_DEPTH);
    return true;
}

bool ll_list_seal(ll_render *r, ll_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        uint32_t depth = depth_of(list->items[i]) + 1;
        if (depth > list->depth)
            list->depth = depth;
    }
    return check_depth(r, list->depth);
}

/* Dicts ------------------------------------------------------------------------------------------------- */

ll_dict *ll_dict_new(ll_render *r, size_t capacity)
{
    ll_dict *dict = ll_render_alloc(r, 1, sizeof *dict);
    if (dict) {
        *dict = (ll_dict){.capacity = capacity, .depth = 1};
        dict->keys = ll_render_alloc(r, capacity, sizeof(ll_value));
        dict->values = ll_render_alloc(r, capacity, sizeof(ll_value));
    }
    return dict && dict->keys && dict->values ? dict : NULL;
}

/* Numbers that are equal hash alike, whatever their type. */
static bool hash_key(ll_render *r, ll_value key, uint64_t *out)
{
    uint64_t hash = 0;
    switch (key.kind) {
    case LL_V_STR:
        *out = ll_hash(key.as.str->data, key.as.str->size);
        return ll_work_on_text(r, key.as.str->size);
    case LL_V_FLOAT:
        if (!(key.as.real >= -9e18 && key.as.real <= 9e18) || key.as.real != floor(key.as.real)) {
            *out = ll_hash((const char *)&key.as.real, sizeof key.as.real);
            return true;
        }
        key = ll_int((int64_t)key.as.real);
        *out = ll_hash((const char *)&key.as.integer, sizeof key.as.integer);
        return true;
    case LL_V_INT:
    case LL_V_BOOL:
        key = ll_int(ll_whole(key));
        *out = ll_hash((const char *)&key.as.integer, sizeof key.as.integer);
        return true;
    case LL_V_LIST:
        if (key.as.list->kind != LL_L_TUPLE)
            break;
        for (size_t i = 0; i < key.as.list->n; i++) {
            uint64_t part;
            if (!ll_work(r, 1) || !hash_key(r, key.as.list->items[i], &part))
                return false;
            hash = hash * 31 + part;
        }
        *out = hash;
        return true;
    case LL_V_DICT:
        break;
    default:
        *out = (uint64_t)key.kind;
        return true;
    }
    return ll_render_fail(r, "unhashable type: '%s'", ll_type_name(key));
}

/* Position of a key, or n. */
static bool find_key(ll_render *r, const ll_dict *dict, ll_value key, size_t *at)
{
    uint64_t hash = 0;
    if ((dict->slots || key.kind == LL_V_LIST || key.kind == LL_V_DICT) && !hash_key(r, key, &hash))
        return false;
    *at = dict->n;
    if (!dict->slots) {
        for (size_t i = 0; i < dict->n && *at == dict->n; i++) {
            bool same;
            if (!ll_equal(r, dict->keys[i], key, &same))
                return false;
            if (same)
                *at = i;
        }
        return true;
    }
    for (size_t slot = hash & (dict->n_slots - 1); dict->slots[slot]; slot = (slot + 1) & (dict->n_slots - 1)) {
        bool same;
        if (!ll_equal(r, dict->keys[dict->slots[slot] - 1], key, &same))
            return false;
        if (same) {
            *at = dict->slots[slot] - 1;
            return true;
        }
    }
    return true;
}

static bool put_in_slot(ll_render *r, ll_dict *dict, size_t at)
{
    uint64_t hash;
    if (!hash_key(r, dict->keys[at], &hash))
        return false;
    size_t slot = hash & (dict->n_slots - 1);
    while (dict->slots[slot])
        slot = (slot + 1) & (dict->n_slots - 1);
    dict->slots[slot] = (uint32_t)at + 1;
    return true;
}

static bool grow(ll_render *r, ll_dict *dict)
{
    size_t capacity = dict->capacity * 2 + 4;
    ll_value *keys = ll_render_alloc(r, capacity, sizeof *keys);
    ll_value *values = ll_render_alloc(r, capacity, sizeof *values);
    if (!keys || !values)
        return false;
    if (dict->n) {
        memcpy(keys, dict->keys, dict->n * sizeof *keys);
        memcpy(values, dict->values, dict->n * sizeof *values);
    }
    dict->keys = keys;
    dict->values = values;
    dict->capacity = capacity;
    return true;
}

static bool rebuild_slots(ll_render *r, ll_dict *dict)
{
    size_t n_slots = 32;
    while (n_slots < dict->n * 2 || n_slots < dict->capacity)
        n_slots *= 2;
    dict->slots = ll_render_alloc(r, n_slots, sizeof *dict->slots);
    if (!dict->slots)
        return false;
    memset(dict->slots, 0, n_slots * sizeof *dict->slots);
    dict->n_slots = n_slots;
    for (size_t i = 0; i < dict->n; i++)
        if (!put_in_slot(r, dict, i))
            return false;
    return true;
}

bool ll_dict_set(ll_render *r, ll_dict *dict, ll_value key, ll_value value)
{
    uint32_t depth = depth_of(value) + 1;
    if (depth > dict->depth)
        dict->depth = depth;
    size_t at;
    uint64_t hash;
    if (!check_depth(r, depth) || !hash_key(r, key, &hash) || !find_key(r, dict, key, &at))
        return false;
    if (at < dict->n) {
        dict->values[at] = value;
        return true;
    }
    if (dict->n == UINT32_MAX - 1 || (dict->n == dict->capacity && !grow(r, dict)))
        return false;
    dict->keys[dict->n] = key;
    dict->values[dict->n++] = value;
    if (dict->slots && dict->n * 2 <= dict->n_slots)
        return put_in_slot(r, dict, dict->n - 1);
    return dict->n <= FEW_KEYS || rebuild_slots(r, dict);
}

bool ll_dict_get(ll_render *r, const ll_dict *dict, ll_value key, ll_value *out)
{
    size_t at;
    if (!find_key(r, dict, key, &at))
        return false;
    *out = at < dict->n ? dict->values[at] : (ll_value){.kind = LL_V_MISSING};
    return true;
}

/* Undefined --------------------------------------------------------------------------------------------- */

bool ll_undefined_new(ll_render *r, ll_undefined undefined, ll_value *out)
{
    ll_undefined *kept = ll_render_alloc(r, 1, sizeof *kept);
    if (!kept)
        return false;
    *kept = undefined;
    *out = (ll_value){.kind = LL_V_UNDEFINED, .as.undefined = kept};
    return true;
}

bool ll_undefined_hint(ll_render *r, const char *hint, ll_value *out)
{
    return ll_undefined_new(r, (ll_undefined){.why = LL_U_HINT, .owner = hint}, out);
}

/* Containers -------------------------------------------------------------------------------------------- */

static bool iterate_characters(ll_render *r, const ll_str *s, ll_items *out)
{
    out->n = ll_str_count(s);
    ll_value *items = ll_render_alloc(r, out->n, sizeof *items);
    ll_str *characters = ll_render_alloc(r, out->n, sizeof *characters);
    if (!items || !characters || !ll_work(r, out->n))
        return false;
    for (size_t i = 0, at = 0; i < out->n; i++) {
        int32_t c;
        size_t n = ll_utf8_decode(s->data + at, s->size - at, &c);
        ll_str_over(&characters[i], s->data + at, n, ll_str_origin_at(s, at));
        items[i] = ll_string(&characters[i]);
        at += n;
    }
    out->items = items;
    return true;
}

bool ll_iterate(ll_render *r, ll_value v, ll_items *out)
{
    *out = (ll_items){0};
    switch (v.kind) {
    case LL_V_UNDEFINED:
        return true;
    case LL_V_STR:
        return iterate_characters(r, v.as.str, out);
    case LL_V_DICT:
        *out = (ll_items){v.as.dict->keys, v.as.dict->n};
        return true;
    case LL_V_LIST:
        *out = (ll_items){v.as.list->items + v.as.list->position, v.as.list->n - v.as.list->position};
        if (v.as.list->kind == LL_L_ITERATOR)
            v.as.list->position = v.as.list->n;
        return true;
    default:
        return ll_render_fail(r, "'%s' object is not iterable", ll_type_name(v));
    }
}

bool ll_length(ll_render *r, ll_value v, int64_t *out)
{
    if (v.kind == LL_V_STR)
        *out = (int64_t)ll_str_count(v.as.str);
    else if (v.kind == LL_V_UNDEFINED)
        *out = 0;
    else if (v.kind == LL_V_DICT)
        *out = (int64_t)v.as.dict->n;
    else if (v.kind == LL_V_LIST && v.as.list->kind != LL_L_ITERATOR)
        *out = (int64_t)v.as.list->n;
    else
        return ll_render_fail(r, "object of type '%s' has no len()", ll_type_name(v));
    return v.kind != LL_V_STR || v.as.str->ascii || ll_work_on_text(r, v.as.str->size);
}
