/* SPDX-License-Identifier: MIT
 * Values as text: Python's str() and repr(), and JSON as json.dumps() writes it. What a string of the data holds is
 * from the data; so is the punctuation of the data's lists and objects.
 */
#include "base/utf8.h"
#include "chat/number.h"
#include "chat/text.h"
#include "chat/vm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

typedef struct printer {
    ll_builder b;
    const ll_json_style *json; /* NULL: repr() */
    size_t level;
} printer;

static bool put_value(printer *p, ll_value v, uint8_t origin);

static bool is_printable(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    case UTF8PROC_CATEGORY_ZS:
        return c == ' ';
    default:
        return true;
    }
}

static void put_escape(ll_builder *b, uint8_t origin, const char *format, unsigned c)
{
    char text[16];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, format, c);
#pragma GCC diagnostic pop
    ll_builder_text(b, text, origin);
}

/* Escapes of one character with a letter of its own, or 0. */
static char letter_escape(int32_t c, bool json)
{
    switch (c) {
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\b':
        return json ? 'b' : 0;
    case '\f':
        return json ? 'f' : 0;
    default:
        return 0;
    }
}

static void put_repr_character(ll_builder *b, const ll_str *s, size_t at, size_t n, int32_t c, char quote)
{
    uint8_t origin = ll_str_origin_at(s, at);
    if (c == quote || c == '\\' || letter_escape(c, false)) {
        char escape[2] = {'\\', c == quote || c == '\\' ? (char)c : letter_escape(c, false)};
        ll_builder_bytes(b, escape, 2, origin);
    } else if (is_printable(c)) {
        ll_builder_part(b, s, at, n);
    } else {
        put_escape(b, origin, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    }
}

static void put_json_character(ll_builder *b, const ll_str *s, size_t at, size_t n, int32_t c, bool ensure_ascii)
{
    uint8_t origin = ll_str_origin_at(s, at);
    if (c == '"' || c == '\\' || letter_escape(c, true)) {
        char escape[2] = {'\\', c == '"' || c == '\\' ? (char)c : letter_escape(c, true)};
        ll_builder_bytes(b, escape, 2, origin);
    } else if (c < 0x20 || (ensure_ascii && c > 0x7E && c < 0x10000)) {
        put_escape(b, origin, "\\u%04x", (unsigned)c);
    } else if (ensure_ascii && c >= 0x10000) {
        put_escape(b, origin, "\\u%04x", 0xD800 + ((unsigned)(c - 0x10000) >> 10));
        put_escape(b, origin, "\\u%04x", 0xDC00 + ((unsigned)c & 0x3FF));
    } else {
        ll_builder_part(b, s, at, n);
    }
}

static void put_quoted(printer *p, const ll_str *s, uint8_t origin)
{
    char quote = '"';
    if (!ll_work_on_characters(p->b.r, s->size))
        p->b.failed = true;
    if (!p->json) {
        bool single = memchr(s->data, '\'', s->size) != NULL, dual = memchr(s->data, '"', s->size) != NULL;
        quote = single && !dual ? '"' : '\'';
        if (s->markup)
            ll_builder_text(&p->b, "Markup(", origin);
    }
    ll_builder_bytes(&p->b, &quote, 1, origin);
    for (size_t i = 0, n; i < s->size && !p->b.failed; i += n) {
        int32_t c;
        n = ll_utf8_decode(s->data + i, s->size - i, &c);
        if (p->json)
            put_json_character(&p->b, s, i, n, c, p->json->ensure_ascii);
        else
            put_repr_character(&p->b, s, i, n, c, quote);
    }
    ll_builder_bytes(&p->b, &quote, 1, origin);
    if (!p->json && s->markup)
        ll_builder_text(&p->b, ")", origin);
}

static void put_break(printer *p, uint8_t origin)
{
    if (!p->json || !p->json->indent)
        return;
    ll_builder_bytes(&p->b, "\n", 1, origin);
    ll_builder_repeat(&p->b, p->json->indent, p->level);
}

static void put_separator(printer *p, bool between_items, uint8_t origin)
{
    const ll_str *own = !p->json ? NULL : between_items ? p->json->item_separator : p->json->key_separator;
    if (own)
        ll_builder_str(&p->b, own);
    else
        ll_builder_text(&p->b, !between_items ? ": " : p->json && p->json->indent ? "," : ", ", origin);
}

static bool put_items(printer *p, const ll_list *list)
{
    bool tuple = !p->json && (list->kind == LL_L_TUPLE || list->kind == LL_L_GROUP);
    ll_builder_text(&p->b, tuple ? "(" : "[", list->origin);
    p->level++;
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            put_separator(p, true, list->origin);
        put_break(p, list->origin);
        if (!put_value(p, list->items[i], list->origin))
            return false;
    }
    p->level--;
    if (list->n > 0)
        put_break(p, list->origin);
    ll_builder_text(&p->b, tuple ? list->n == 1 ? ",)" : ")" : "]", list->origin);
    return true;
}

static bool put_list(printer *p, const ll_list *list)
{
    static const char *const views[] = {
        [LL_L_KEYS] = "dict_keys(", [LL_L_VALUES] = "dict_values(", [LL_L_ITEMS] = "dict_items("};
    switch (list->kind) {
    case LL_L_LIST:
    case LL_L_TUPLE:
    case LL_L_GROUP:
        return put_items(p, list);
    case LL_L_RANGE: {
        char text[96];
        if (p->json)
            break;
        int n = snprintf(text, sizeof text, "range(%lld, %lld", (long long)list->start, (long long)list->stop);
        if (list->step != 1)
            snprintf(text + n, sizeof text - (size_t)n, ", %lld", (long long)list->step);
        ll_builder_text(&p->b, text, list->origin);
        ll_builder_text(&p->b, ")", list->origin);
        return true;
    }
    case LL_L_KEYS:
    case LL_L_VALUES:
    case LL_L_ITEMS:
        if (p->json)
            break;
        ll_builder_text(&p->b, views[list->kind], list->origin);
        if (!put_items(p, list))
            return false;
        ll_builder_text(&p->b, ")", list->origin);
        return true;
    default:
        break;
    }
    return ll_render_fail(p->b.r, p->json ? "a %s cannot be written as JSON" : "a %s cannot be printed",
                          ll_type_name((ll_value){.kind = LL_V_LIST, .as.list = (ll_list *)list}));
}

static bool put_key(printer *p, ll_value key, uint8_t origin)
{
    if (!p->json || key.kind == LL_V_STR)
        return put_value(p, key, origin);
    if (key.kind != LL_V_NONE && !ll_is_number(key))
        return ll_render_fail(p->b.r, "keys must be str, int, float, bool or None, not %s", ll_type_name(key));
    ll_builder_text(&p->b, "\"", origin);
    bool ok = put_value(p, key, origin);
    ll_builder_text(&p->b, "\"", origin);
    return ok;
}

static bool put_dict(printer *p, const ll_dict *dict)
{
    size_t *order = NULL;
    if (p->json && p->json->sort_keys && !ll_sort(p->b.r, dict->keys, dict->n, false, &order))
        return false;
    ll_builder_text(&p->b, "{", dict->origin);
    p->level++;
    for (size_t i = 0; i < dict->n; i++) {
        size_t at = order ? order[i] : i;
        if (i > 0)
            put_separator(p, true, dict->origin);
        put_break(p, dict->origin);
        if (!put_key(p, dict->keys[at], dict->origin))
            return false;
        put_separator(p, false, dict->origin);
        if (!put_value(p, dict->values[at], dict->origin))
            return false;
    }
    p->level--;
    if (dict->n > 0)
        put_break(p, dict->origin);
    ll_builder_text(&p->b, "}", dict->origin);
    return true;
}

static void put_float(printer *p, double v, uint8_t origin)
{
    char text[LL_NUMBER_TEXT];
    if (p->json && !isfinite(v)) {
        ll_builder_text(&p->b, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity", origin);
        return;
    }
    size_t n = ll_print_float(v, text);
    ll_builder_bytes(&p->b, text, n, origin);
}

static void put_int(printer *p, int64_t v, uint8_t origin)
{
    char text[32];
    ll_builder_bytes(&p->b, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)v), origin);
}

/* Values that only the engine makes. */
static bool put_object(printer *p, ll_value v, uint8_t origin)
{
    char text[64] = "<Macro anonymous>";
    const ll_str *name;
    switch (v.kind) {
    case LL_V_MACRO:
        name = v.as.macro->proto->name;
        if (name)
            ll_builder_text(&p->b, "<Macro ", origin);
        if (name)
            put_quoted(p, name, origin);
        ll_builder_text(&p->b, name ? ">" : text, origin);
        return true;
    case LL_V_LOOP:
        snprintf(text, sizeof text, "<LoopContext %lld/%zu>", (long long)v.as.loop->index0 + 1, v.as.loop->n);
        ll_builder_text(&p->b, text, origin);
        return true;
    case LL_V_NAMESPACE:
        ll_builder_text(&p->b, "<Namespace ", origin);
        if (!put_dict(p, v.as.dict))
            return false;
        ll_builder_text(&p->b, ">", origin);
        return true;
    default:
        return ll_render_fail(p->b.r, "a %s cannot be printed", ll_type_name(v));
    }
}

/* Recurses as deep as values nest. LL_VALUE_DEPTH bounds that, but namespaces may contain themselves. */
static bool put_value(printer *p, ll_value v, uint8_t origin)
{
    if (p->b.failed || !ll_work(p->b.r, 1))
        return false;
    if (p->level > LL_VALUE_DEPTH)
        return ll_render_limit(p->b.r, "a value is nested deeper than %d", LL_VALUE_DEPTH);
    switch (v.kind) {
    case LL_V_NONE:
        ll_builder_text(&p->b, p->json ? "null" : "None", origin);
        return true;
    case LL_V_BOOL:
        ll_builder_text(&p->b, p->json ? v.as.boolean ? "true" : "false" : v.as.boolean ? "True" : "False", origin);
        return true;
    case LL_V_INT:
        put_int(p, v.as.integer, origin);
        return true;
    case LL_V_FLOAT:
        put_float(p, v.as.real, origin);
        return true;
    case LL_V_STR:
        put_quoted(p, v.as.str, origin);
        return true;
    case LL_V_LIST:
        return put_list(p, v.as.list);
    case LL_V_DICT:
        return put_dict(p, v.as.dict);
    case LL_V_UNDEFINED:
        if (p->json)
            break;
        ll_builder_text(&p->b, "Undefined", origin);
        return true;
    default:
        if (p->json)
            break;
        return put_object(p, v, origin);
    }
    return ll_render_fail(p->b.r, "a %s cannot be written as JSON", ll_type_name(v));
}

static const ll_str *print(ll_render *r, ll_value v, const ll_json_style *json)
{
    printer p = {.json = json};
    ll_builder_init(&p.b, r, 0);
    return put_value(&p, v, LL_FROM_TEMPLATE) ? ll_builder_finish(&p.b) : NULL;
}

const ll_str *ll_to_repr(ll_render *r, ll_value v) { return print(r, v, NULL); }

const ll_str *ll_to_json(ll_render *r, ll_value v, const ll_json_style *style) { return print(r, v, style); }

const ll_str *ll_to_str(ll_render *r, ll_value v)
{
    if (v.kind == LL_V_STR)
        return ll_str_marked(r, v.as.str, false);
    if (v.kind == LL_V_UNDEFINED)
        return ll_str_literal(r, "");
    return print(r, v, NULL);
}
