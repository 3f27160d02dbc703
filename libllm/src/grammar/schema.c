/* SPDX-License-Identifier: MIT
 * JSON Schema, draft 2020-12, to rules: references, combinations, values, and the types that are no containers. What
 * cannot be kept exactly is an error.
 */
#include "grammar/schema.h"

#include "base/utf8.h"
#include "grammar/constraint.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    CONJUNCTIONS_MAX = 10000,
    COMPARISONS_MAX = 10000000,
    ONE_OF_MAX = 256,
    PATH_DEPTH_MAX = 256,
    PATTERN_LENGTH_MAX = 2000
};
enum {
    HAS_NULL = 1,
    HAS_BOOLEAN = 2,
    HAS_INTEGER = 4,
    HAS_FRACTION = 8,
    HAS_STRING = 16,
    HAS_ARRAY = 32,
    HAS_OBJECT = 64
};
enum { HAS_NUMBER = HAS_INTEGER | HAS_FRACTION, HAS_ALL = 127 };

/* Failures ------------------------------------------------------------------------------------------------- */

/* The way from a value down to another, as a JSON pointer; false: it is not below. */
static bool find_path(const json_t *from, const json_t *to, ll_buffer *path, int depth)
{
    const size_t size = path->size;
    const char *key;
    json_t *value;
    size_t i;
    if (from == to)
        return true;
    if (depth == PATH_DEPTH_MAX)
        return false;
    json_object_foreach ((json_t *)(uintptr_t)from, key, value) {
        ll_buffer_format(path, "/%s", key);
        if (find_path(value, to, path, depth + 1))
            return true;
        path->size = size;
    }
    json_array_foreach (from, i, value) {
        ll_buffer_format(path, "/%zu", i);
        if (find_path(value, to, path, depth + 1))
            return true;
        path->size = size;
    }
    return false;
}

void ll_schema_fail(ll_schema *s, const json_t *at, libllm_status status, const char *format, ...)
{
    if (s->b->status)
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ll_buffer path;
    ll_buffer_init(&path, s->b->host);
    ll_buffer_text(&path, "#");
    if (json_is_object(at) || json_is_array(at))
        find_path(s->source->root, at, &path, 0);
    ll_rule_builder_fail(s->b, status, "%s, at %.*s: %s", s->source->label, (int)(path.size < 200 ? path.size : 200),
                         path.failed ? "" : path.data, text);
    ll_buffer_free(&path);
}

bool ll_schema_spend(ll_schema *s, const json_t *at, uint64_t n)
{
    s->n_comparisons += n;
    if (s->n_comparisons > COMPARISONS_MAX)
        ll_schema_fail(s, at, LIBLLM_ERROR_LIMIT, "comparing what holds at the same place takes too long");
    return !s->b->status;
}

const json_t *ll_schema_member(ll_schema *s, const json_t *schema, const char *keyword, json_type type)
{
    const json_t *value = json_object_get(schema, keyword);
    if (value && json_typeof(value) != type) {
        ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "\"%s\" has a value of the wrong type", keyword);
        return NULL;
    }
    return value;
}

uint32_t ll_all_count(ll_schema *s, const ll_all *all, const char *keyword, bool most)
{
    uint32_t count = most ? LL_UNBOUNDED : 0;
    for (uint32_t i = 0; i < all->n; i++) {
        const json_t *value = json_object_get(all->items[i].schema, keyword);
        if (!value)
            continue;
        const double number = json_number_value(value);
        if (!json_is_number(value) || number < 0 || number != floor(number))
            ll_schema_fail(s, all->items[i].schema, LIBLLM_ERROR_CONSTRAINT, "\"%s\" must be a whole number from 0 on",
                           keyword);
        const uint32_t own = number < 1e9 ? (uint32_t)number : 1000000000;
        count = most ? (own < count ? own : count) : (own > count ? own : count);
    }
    return count;
}

/* Conjunctions --------------------------------------------------------------------------------------------- */

void ll_all_add(ll_schema *s, ll_all *all, const json_t *schema, uint32_t done, uint32_t parent)
{
    if (!json_is_object(schema) && !json_is_boolean(schema)) {
        ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "a schema must be an object, true or false");
        return;
    }
    for (uint32_t p = parent; p != LL_NO_STATE; p = all->items[p].parent)
        if (all->items[p].schema == schema) {
            ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "the schema refers to itself without anything between");
            return;
        }
    for (uint32_t i = 0; i < all->n; i++)
        if (all->items[i].schema == schema) {
            all->items[i].done &= done;
            return;
        }
    if (all->n == LL_ALL_MAX) {
        ll_schema_fail(s, schema, LIBLLM_ERROR_LIMIT, "more than %d schemas hold at the same place", (int)LL_ALL_MAX);
        return;
    }
    all->items[all->n++] = (ll_schema_item){schema, done, parent};
}

static uint32_t conjunction_of(ll_schema *s, const ll_all *all)
{
    uint32_t words[4 * LL_ALL_MAX];
    for (uint32_t i = 0; i < all->n; i++) {
        const uint64_t address = (uint64_t)(uintptr_t)all->items[i].schema;
        words[4 * i] = (uint32_t)address;
        words[4 * i + 1] = (uint32_t)(address >> 32);
        words[4 * i + 2] = all->items[i].done;
        words[4 * i + 3] = 0;
    }
    return ll_intern_add(&s->conjunctions, words, 4 * (size_t)all->n);
}

static void conjunction_at(const ll_schema *s, uint32_t id, ll_all *all)
{
    size_t size;
    const uint32_t *words = ll_intern_list(&s->conjunctions, id, &size);
    all->n = (uint32_t)(size / 4);
    for (uint32_t i = 0; i < all->n; i++) {
        const uint64_t address = words[4 * i] | (uint64_t)words[4 * i + 1] << 32;
        all->items[i] = (ll_schema_item){(const json_t *)(uintptr_t)address, words[4 * i + 2], LL_NO_STATE};
    }
}

uint32_t ll_all_rule(ll_schema *s, const ll_all *all)
{
    if (s->b->status)
        return 0;
    const size_t before = s->conjunctions.n;
    const uint32_t id = conjunction_of(s, all);
    if (id != LL_INTERN_NONE && id >= s->rules_capacity) {
        const size_t capacity = 2 * s->rules_capacity + 64;
        uint32_t *rules = ll_realloc(s->b->host, s->rules, s->rules_capacity, capacity, sizeof *rules);
        if (rules) {
            s->rules = rules;
            s->rules_capacity = capacity;
        }
    }
    if (id == LL_INTERN_NONE || id >= s->rules_capacity) {
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
        return 0;
    }
    if (id == CONJUNCTIONS_MAX)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_LIMIT, "schema: more than %d places and combinations",
                             (int)CONJUNCTIONS_MAX);
    if (id == before)
        s->rules[id] = ll_rule_add(s->b);
    return s->rules[id];
}

void ll_schema_link(ll_rule_builder *b, uint32_t from, ll_part part, uint32_t to)
{
    ll_edge_add(b, from, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.start});
    ll_edge_add(b, part.end, (ll_edge){.kind = LL_EDGE_EMPTY, .target = to});
}

/* References ----------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* One part of a pointer, from `at` to the next slash, with what is escaped in it. */
static const char *pointer_part(const char *at, char *out, size_t capacity)
{
    size_t n = 0;
    while (*at && *at != '/' && n + 1 < capacity) {
        char c = *at++;
        if (c == '%' && hex_digit(at[0]) >= 0 && hex_digit(at[1]) >= 0) {
            c = (char)(16 * hex_digit(at[0]) + hex_digit(at[1]));
            at += 2;
        }
        if (c == '~' && (*at == '0' || *at == '1'))
            c = *at++ == '0' ? '~' : '/';
        out[n++] = c;
    }
    out[n] = '\0';
    return at;
}

static const json_t *follow_pointer(const json_t *at, const char *pointer)
{
    char name[512];
    while (at && *pointer == '/') {
        pointer = pointer_part(pointer + 1, name, sizeof name);
        if (json_is_array(at)) {
            size_t index = 0, n = strspn(name, "0123456789");
            for (size_t i = 0; i < n && n < 8; i++)
                index = 10 * index + (size_t)(name[i] - '0');
            at = n && n < 8 && !name[n] ? json_array_get(at, index) : NULL;
        } else {
            at = json_object_get(at, name);
        }
    }
    return *pointer ? NULL : at;
}

static const json_t *find_anchor(ll_schema *s, const json_t *at, const char *name, int depth)
{
    const char *own = json_string_value(json_object_get(at, "$anchor")), *key;
    json_t *value;
    size_t i;
    const json_t *found = NULL;
    if (own && strcmp(own, name) == 0)
        return at;
    if (depth == PATH_DEPTH_MAX || !ll_schema_spend(s, at, 1))
        return NULL;
    json_object_foreach ((json_t *)(uintptr_t)at, key, value)
        if (!found)
            found = find_anchor(s, value, name, depth + 1);
    json_array_foreach (at, i, value)
        if (!found)
            found = find_anchor(s, value, name, depth + 1);
    return found;
}

static const json_t *resolve(ll_schema *s, const json_t *schema, const char *reference)
{
    const json_t *root = s->source->root;
    const char *own = json_string_value(json_object_get(root, "$id"));
    const size_t n = own ? strcspn(own, "#") : 0;
    if (n && strncmp(reference, own, n) == 0 && (reference[n] == '#' || !reference[n]))
        reference += n;
    if (*reference == '#')
        reference++;
    else if (*reference) {
        ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED, "$ref to '%.100s': other documents are not fetched",
                       reference);
        return NULL;
    }
    const json_t *found =
        *reference == '/' || !*reference ? follow_pointer(root, reference) : find_anchor(s, root, reference, 0);
    if (!found)
        ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "$ref to '#%.100s', which is not there", reference);
    return found;
}

/* References and allOf become items of their own. */
static void flatten(ll_schema *s, ll_all *all)
{
    for (uint32_t i = 0; i < all->n && !s->b->status; i++) {
        const json_t *schema = all->items[i].schema;
        if (all->items[i].done & LL_DONE_REFERENCES)
            continue;
        all->items[i].done |= LL_DONE_REFERENCES;
        const json_t *reference = ll_schema_member(s, schema, "$ref", JSON_STRING);
        const json_t *list = ll_schema_member(s, schema, "allOf", JSON_ARRAY);
        const json_t *target = reference ? resolve(s, schema, json_string_value(reference)) : NULL;
        if (target)
            ll_all_add(s, all, target, 0, i);
        for (size_t k = 0; k < json_array_size(list) && !s->b->status; k++)
            ll_all_add(s, all, json_array_get(list, k), 0, i);
    }
}

static void refuse_keywords(ll_schema *s, const json_t *schema)
{
    static const char *const keywords[] = {
        "not",      "if",          "dependentSchemas", "dependentRequired",     "dependencies",
        "contains", "$dynamicRef", "$recursiveRef",    "unevaluatedProperties", "unevaluatedItems",
    };
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (json_object_get(schema, keywords[i]))
            ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED, "\"%s\" cannot be kept", keywords[i]);
}

/* Types and values ----------------------------------------------------------------------------------------- */

static uint32_t type_bits(const char *name)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } types[] = {{"null", HAS_NULL},     {"boolean", HAS_BOOLEAN}, {"integer", HAS_INTEGER}, {"number", HAS_NUMBER},
                 {"string", HAS_STRING}, {"array", HAS_ARRAY},     {"object", HAS_OBJECT}};
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].bits;
    return 0;
}

static uint32_t types_of(ll_schema *s, const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    uint32_t bits = json_is_array(type) ? 0 : type ? type_bits(json_string_value(type)) : HAS_ALL;
    for (size_t i = 0; i < json_array_size(type); i++) {
        const uint32_t own = type_bits(json_string_value(json_array_get(type, i)));
        bits = own ? bits | own : 0;
        if (!own)
            break;
    }
    if (type && !bits)
        ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "\"type\" is no type that JSON Schema has");
    return bits;
}

static uint32_t type_of_value(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL:
        return HAS_NULL;
    case JSON_STRING:
        return HAS_STRING;
    case JSON_ARRAY:
        return HAS_ARRAY;
    case JSON_OBJECT:
        return HAS_OBJECT;
    case JSON_INTEGER:
        return HAS_INTEGER;
    case JSON_REAL:
        return json_real_value(value) == floor(json_real_value(value)) ? HAS_INTEGER : HAS_FRACTION;
    default:
        return HAS_BOOLEAN;
    }
}

/* The values that a schema lists; *single: it is the one of const, else those of the array. */
static const json_t *listed(ll_schema *s, const json_t *schema, bool *single)
{
    const json_t *constant = json_object_get(schema, "const");
    *single = constant != NULL;
    return constant ? constant : ll_schema_member(s, schema, "enum", JSON_ARRAY);
}

static bool lists(ll_schema *s, const json_t *schema, const json_t *value)
{
    const json_t *constant = json_object_get(schema, "const"), *list = json_object_get(schema, "enum");
    if (constant && !json_equal(constant, value))
        return false;
    for (size_t i = 0; i < json_array_size(list) && ll_schema_spend(s, schema, 1); i++)
        if (json_equal(json_array_get(list, i), value))
            return true;
    return !list;
}

static uint32_t n_characters(const json_t *text)
{
    uint32_t n = 0;
    int32_t c;
    for (size_t i = 0; i < json_string_length(text); n++)
        i += ll_utf8_decode(json_string_value(text) + i, json_string_length(text) - i, &c);
    return n;
}

/* Whether a listed value satisfies a schema (is_own: which lists it); only what needs no automaton is known. */
static bool value_fits(ll_schema *s, const json_t *schema, const json_t *value, bool is_own)
{
    static const char *const others[] = {
        "pattern",           "format",      "properties", "required", "items",         "additionalProperties",
        "patternProperties", "prefixItems", "minItems",   "maxItems", "minProperties", "maxProperties",
        "multipleOf",        "uniqueItems"};
    const bool is_number = json_is_number(value);
    if (json_is_boolean(schema))
        return json_is_true(schema);
    if (!(types_of(s, schema) & type_of_value(value)) || (!is_own && !lists(s, schema, value)))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const bool concerns = i < 2     ? json_is_string(value)
                              : i == 12 ? is_number
                                        : json_is_array(value) || json_is_object(value);
        if (concerns && json_object_get(schema, others[i]))
            ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED, "\"%s\" together with listed values", others[i]);
    }
    if (json_is_string(value) && (json_object_get(schema, "minLength") || json_object_get(schema, "maxLength"))) {
        const ll_all one = {.items = {{.schema = schema}}, .n = 1};
        const uint32_t length = n_characters(value);
        return length >= ll_all_count(s, &one, "minLength", false) &&
               length <= ll_all_count(s, &one, "maxLength", true);
    }
    const double n = json_number_value(value);
    const json_t *low = json_object_get(schema, "minimum"), *high = json_object_get(schema, "maximum");
    const json_t *above = json_object_get(schema, "exclusiveMinimum"),
                 *below = json_object_get(schema, "exclusiveMaximum");
    return !is_number || !((low && n < json_number_value(low)) || (high && n > json_number_value(high)) ||
                           (above && n <= json_number_value(above)) || (below && n >= json_number_value(below)));
}

ll_part ll_value_part(ll_schema *s, const json_t *value)
{
    ll_buffer text;
    if (json_is_string(value))
        return ll_form_literal(s->b, json_string_value(value), json_string_length(value));
    ll_buffer_init(&text, s->b->host);
    if (!ll_json_write(value, JSON_COMPACT | JSON_ENCODE_ANY, &text) || text.failed)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
    ll_part part = ll_part_text(s->b, text.data, text.failed ? 0 : text.size);
    ll_buffer_free(&text);
    return part;
}

/* Those of the values of one item that satisfy the others. */
static ll_part values_part(ll_schema *s, const ll_all *all, uint32_t from)
{
    bool single;
    const json_t *values = listed(s, all->items[from].schema, &single);
    ll_part part = ll_part_none(s->b);
    for (size_t i = 0; i < (single ? 1 : json_array_size(values)) && !s->b->status; i++) {
        const json_t *value = single ? values : json_array_get(values, i);
        bool fits = true;
        for (uint32_t k = 0; k < all->n; k++)
            fits = fits && value_fits(s, all->items[k].schema, value, k == from && !single);
        if (fits)
            ll_schema_link(s->b, part.start, ll_value_part(s, value), part.end);
    }
    return part;
}

/* Numbers and strings -------------------------------------------------------------------------------------- */

/* The tightest bound of both keywords; infinite: none. sign is 1 for lower bounds, -1 for upper ones. */
static ll_bound bound_of(ll_schema *s, const ll_all *all, const char *inclusive, const char *exclusive, double sign)
{
    ll_bound bound = {-INFINITY, false};
    for (uint32_t i = 0; i < 2 * all->n; i++) {
        const json_t *schema = all->items[i / 2].schema;
        const char *keyword = i % 2 ? exclusive : inclusive;
        const json_t *value = json_object_get(schema, keyword);
        if (!value)
            continue;
        if (!json_is_number(value))
            ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "\"%s\" must be a number", keyword);
        double own = sign * json_number_value(value);
        if (fabs(own) > 0x1p53 && own > -1e18)
            ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED, "\"%s\" is too large a number", keyword);
        if (own <= -1e18)
            continue; /* further than any number that is written */
        if (own > bound.value || (own == bound.value && i % 2))
            bound = (ll_bound){own, i % 2 != 0};
    }
    bound.value *= sign;
    return bound;
}

static ll_part number_part(ll_schema *s, const ll_all *all, bool whole)
{
    const ll_bound low = bound_of(s, all, "minimum", "exclusiveMinimum", 1);
    const ll_bound high = bound_of(s, all, "maximum", "exclusiveMaximum", -1);
    double multiple = 0;
    for (uint32_t i = 0; i < all->n; i++) {
        const json_t *schema = all->items[i].schema, *value = json_object_get(schema, "multipleOf");
        if (value && !(json_number_value(value) > 0))
            ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT, "\"multipleOf\" must be a number above 0");
        if (value && multiple != 0 && multiple != json_number_value(value))
            ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED, "several \"multipleOf\" for the same number");
        if (value)
            multiple = json_number_value(value);
    }
    if (low.value == -INFINITY && high.value == INFINITY && multiple == 0)
        return ll_part_call(s->b, whole ? ll_form_integer(s->b) : ll_form_number(s->b));
    if (low.value > high.value || (low.value == high.value && (low.exclusive || high.exclusive)))
        return ll_part_none(s->b);
    return ll_number_part(s->b, low, high, whole, multiple);
}

/* The expression of a format; NULL: it says nothing about the text. */
static const char *format_expression(const char *name)
{
#define DATE                                                                                                           \
    "(\\d{4}-(0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|\\d{4}-(0[469]|11)-(0[1-9]|[12]\\d|30)|\\d{4}-02-(0[1-9]|1\\d|2[" \
    "0-8]))"
#define TIME "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,6})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)"
#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?"
#define URI "[a-z][a-z0-9+.-]{0,15}://[A-Za-z0-9.-]{1,200}(:\\d{1,4})?(/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*"
#define TAIL "(\\?[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?(#[A-Za-z0-9._~-]*)?"
#define POINTER "(/([A-Za-z0-9._-]|~[01])*)*"
#define ATOMS "(([A-Za-z0-9 _@/:-]|\\\\[dws.]|\\.|\\[\\^?(a-z|A-Z|0-9|[A-Za-z0-9_])+\\])([*+?]|\\{\\d\\})?)*"
#define BYTE "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
    static const char *const known[][2] = {
        {"date", "^" DATE "$"},
        {"time", "^" TIME "$"},
        {"date-time", "^" DATE "T" TIME "$"},
        {"duration", "^P(\\d{1,5}W|\\d{1,5}Y(\\d{1,5}M(\\d{1,5}D)?)?|\\d{1,5}M(\\d{1,5}D)?|\\d{1,5}D|"
                     "T(\\d{1,5}H(\\d{1,5}M(\\d{1,5}S)?)?|\\d{1,5}M(\\d{1,5}S)?|\\d{1,5}S))$"},
        {"email", "^[A-Za-z0-9_+-]{1,30}(\\.[A-Za-z0-9_+-]{1,30}){0,2}@(" LABEL "\\.){1,3}[A-Za-z]{2,10}$"},
        {"hostname", "^(" LABEL "\\.){0,4}[A-Za-z]{2,20}$"},
        {"ipv4", "^" BYTE "(\\." BYTE "){3}$"},
        {"ipv6", "^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$"},
        {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        {"uri", "^" URI TAIL "$"},
        {"uri-reference", "^(" URI "|/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]*)*)" TAIL "$"},
        {"json-pointer", "^" POINTER "$"},
        {"relative-json-pointer", "^\\d(#|/[A-Za-z0-9._-]*" POINTER ")$"},
        {"regex", "^\\^?" ATOMS "(\\(" ATOMS "(\\|" ATOMS ")*\\)[*+?]?" ATOMS ")*\\$?$"},
    };
    /* Those that allow all that another one does, of which that is enough. */
    static const char *const wider[][2] = {{"idn-email", "email"},
                                           {"idn-hostname", "hostname"},
                                           {"iri", "uri"},
                                           {"iri-reference", "uri-reference"},
                                           {"uri-template", "uri-reference"}};
    for (size_t i = 0; i < sizeof wider / sizeof *wider; i++)
        if (strcmp(wider[i][0], name) == 0)
            name = wider[i][1];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i][0], name) == 0)
            return known[i][1];
    return NULL;
}

static ll_part quoted(ll_rule_builder *b, ll_part part)
{
    ll_part open = ll_part_text(b, "\"", 1);
    open = ll_part_then(b, open, part);
    return ll_part_then(b, open, ll_part_text(b, "\"", 1));
}

/* The characters of a string under conditions; without any of a pattern or format `plain` is set, and nothing made. */
static ll_part characters_part(ll_schema *s, const ll_all *all, uint32_t min, uint32_t max, ll_spelling spelling,
                               bool *plain)
{
    ll_rule_builder *b = s->b;
    const char *expressions[2 * LL_ALL_MAX];
    size_t sizes[2 * LL_ALL_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->n; i++) {
        const json_t *schema = all->items[i].schema;
        const json_t *pattern = ll_schema_member(s, schema, "pattern", JSON_STRING);
        const json_t *format = ll_schema_member(s, schema, "format", JSON_STRING);
        const char *expression = format ? format_expression(json_string_value(format)) : NULL;
        if (pattern) {
            expressions[n] = json_string_value(pattern);
            sizes[n++] = json_string_length(pattern);
        }
        if (expression) {
            expressions[n] = expression;
            sizes[n++] = strlen(expression);
        }
    }
    *plain = n == 0;
    if (n == 0)
        return ll_part_empty(b);
    const bool lengths = min > 0 || max != LL_UNBOUNDED;
    b->flat = n > 1 || lengths; /* what is combined must be plain automata */
    ll_part part = ll_part_none(b);
    for (uint32_t i = 0; i < n && !b->status; i++) {
        ll_part own = ll_regex_part(b, (ll_span){expressions[i], sizes[i]}, spelling, true);
        part = i ? ll_part_both(b, part, own, false) : own;
    }
    if (lengths && !b->status) {
        if (min > PATTERN_LENGTH_MAX || (max != LL_UNBOUNDED && max > PATTERN_LENGTH_MAX))
            ll_schema_fail(s, all->items[0].schema, LIBLLM_ERROR_LIMIT, "a length above %d together with a pattern",
                           (int)PATTERN_LENGTH_MAX);
        else
            part = ll_part_both(b, part, ll_part_repeat(b, ll_form_char(b, spelling), min, max), false);
    }
    b->flat = false;
    return part;
}

ll_part ll_names_part(ll_schema *s, ll_all *all, bool *any)
{
    ll_rule_builder *b = s->b;
    bool single, plain;
    *any = false;
    flatten(s, all);
    for (uint32_t i = 0; i < all->n && !b->status; i++) {
        const json_t *schema = all->items[i].schema;
        refuse_keywords(s, schema);
        if (json_object_get(schema, "anyOf") || json_object_get(schema, "oneOf"))
            ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED, "alternatives in \"propertyNames\"");
        if (json_is_false(schema) || !(types_of(s, schema) & HAS_STRING))
            return ll_part_none(b);
    }
    for (uint32_t i = 0; i < all->n && !b->status; i++)
        if (listed(s, all->items[i].schema, &single))
            return values_part(s, all, i);
    const uint32_t min = ll_all_count(s, all, "minLength", false), max = ll_all_count(s, all, "maxLength", true);
    ll_part part = characters_part(s, all, min, max, LL_SPELLING_JSON, &plain);
    *any = plain && min == 0 && max == LL_UNBOUNDED;
    if (plain && !*any) {
        b->flat = true;
        part = ll_part_repeat(b, ll_form_char(b, LL_SPELLING_JSON), min, max);
        b->flat = false;
    }
    return *any ? part : quoted(b, part);
}

uint32_t ll_schema_values(ll_schema *s, ll_all *all, const json_t **values, uint32_t n_max)
{
    bool single;
    uint32_t n = 0;
    flatten(s, all);
    for (uint32_t i = 0; i < all->n && !s->b->status; i++) {
        const json_t *list = listed(s, all->items[i].schema, &single);
        for (size_t k = 0; list && k < (single ? 1 : json_array_size(list)) && n <= n_max; k++) {
            const json_t *value = single ? list : json_array_get(list, k);
            bool fits = true;
            for (uint32_t j = 0; j < all->n; j++)
                fits = fits && value_fits(s, all->items[j].schema, value, j == i && !single);
            for (uint32_t j = 0; j < n; j++)
                fits = fits && !json_equal(values[j], value);
            if (fits && n < n_max)
                values[n] = value;
            n += fits;
        }
        if (list)
            return n <= n_max ? n : LL_UNBOUNDED;
    }
    return LL_UNBOUNDED;
}

static ll_part string_part(ll_schema *s, const ll_all *all)
{
    const uint32_t min = ll_all_count(s, all, "minLength", false), max = ll_all_count(s, all, "maxLength", true);
    bool plain;
    if (min > max)
        return ll_part_none(s->b);
    ll_part part = characters_part(s, all, min, max, LL_SPELLING_JSON, &plain);
    return plain ? ll_part_call(s->b, ll_form_string_of(s->b, min, max)) : quoted(s->b, part);
}

/* Combinations --------------------------------------------------------------------------------------------- */

/* The schema that a chain of references ends at, when it is nothing but references. */
static const json_t *target_of(ll_schema *s, const json_t *schema)
{
    for (int i = 0; i < 16 && json_is_object(schema); i++) {
        const json_t *reference = json_object_get(schema, "$ref");
        if (!json_is_string(reference))
            return schema;
        schema = resolve(s, schema, json_string_value(reference));
    }
    return schema;
}

/* An object under it has that member; kind: one that it has besides. */
static bool has_member(ll_schema *s, const json_t *schema, const char *name, const char *kind)
{
    const json_t *required = json_object_get(schema, "required"), *value;
    size_t i;
    if (kind && strcmp(kind, name) == 0)
        return true;
    json_array_foreach (required, i, value) {
        if (!ll_schema_spend(s, schema, 1))
            return false;
        if (json_is_string(value) && strcmp(json_string_value(value), name) == 0)
            return true;
    }
    return false;
}

/* Certain that no value satisfies both. kind: a member that the values have besides; NULL: none. */
static bool are_apart(ll_schema *s, const json_t *x, const json_t *y, const char *kind, int depth)
{
    x = target_of(s, x);
    y = target_of(s, y);
    if (!json_is_object(x) || !json_is_object(y) || s->b->status)
        return json_is_false(x) || json_is_false(y);
    if (!(types_of(s, x) & types_of(s, y)))
        return true;
    for (int turn = 0; turn < 2; turn++) {
        const json_t *a = turn ? y : x, *b = turn ? x : y;
        bool single, shared = false;
        const json_t *values = listed(s, a, &single);
        for (size_t i = 0; values && i < (single ? 1 : json_array_size(values)); i++) {
            const json_t *value = single ? values : json_array_get(values, i);
            shared |= (types_of(s, b) & type_of_value(value)) && lists(s, b, value);
        }
        if (values && !shared)
            return true;
        if (types_of(s, a) != HAS_OBJECT || types_of(s, b) != HAS_OBJECT)
            continue;
        const json_t *required = json_object_get(a, "required");
        const size_t n = json_array_size(required);
        for (size_t i = 0; i < n + (kind != NULL) && ll_schema_spend(s, a, 1); i++) {
            const char *name = i < n ? json_string_value(json_array_get(required, i)) : kind;
            const json_t *own = name ? json_object_get(json_object_get(a, "properties"), name) : NULL;
            const json_t *other = name ? json_object_get(json_object_get(b, "properties"), name) : NULL;
            if (name && !other && json_is_false(json_object_get(b, "additionalProperties")) &&
                !json_object_get(b, "patternProperties"))
                return true;
            if (own && other && depth < 4 && has_member(s, b, name, kind) && are_apart(s, own, other, NULL, depth + 1))
                return true;
        }
    }
    return false;
}

/* OpenAPI's word for the member that tells alternatives apart. Objects have it then, also where it has a default. NULL:
 * there is none. */
static const char *discriminator_of(const json_t *schema)
{
    return json_string_value(json_object_get(json_object_get(schema, "discriminator"), "propertyName"));
}

/* {"required": [name]}, the same one each time. */
static const json_t *requirement_of(ll_schema *s, const char *name)
{
    json_t *made = json_object_get(s->requirements, name);
    if (!made && (made = json_pack("{s:[s]}", "required", name)))
        json_object_set_new(s->requirements, name, made);
    made = json_object_get(s->requirements, name);
    if (!made)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
    return made;
}

static void check_one_of(ll_schema *s, const json_t *schema, const json_t *branches)
{
    const size_t n = json_array_size(branches);
    if (n > ONE_OF_MAX)
        ll_schema_fail(s, schema, LIBLLM_ERROR_LIMIT, "more than %d alternatives in \"oneOf\"", (int)ONE_OF_MAX);
    for (size_t i = 0; i < n && !s->b->status; i++)
        for (size_t k = i + 1; k < n && !s->b->status; k++)
            if (!are_apart(s, json_array_get(branches, i), json_array_get(branches, k), discriminator_of(schema), 0))
                ll_schema_fail(s, schema, LIBLLM_ERROR_UNSUPPORTED,
                               "nothing tells alternatives %zu and %zu of \"oneOf\" apart; \"anyOf\" need not", i, k);
}

/* When an item has alternatives, the conjunction is those with the rest; false: there are none. */
static bool alternatives(ll_schema *s, const ll_all *all, ll_part *part)
{
    for (uint32_t i = 0; i < 2 * all->n; i++) {
        const uint32_t done = i % 2 ? LL_DONE_ONE : LL_DONE_ANY;
        const json_t *schema = all->items[i / 2].schema;
        const json_t *branches = ll_schema_member(s, schema, i % 2 ? "oneOf" : "anyOf", JSON_ARRAY);
        if (!branches || (all->items[i / 2].done & done))
            continue;
        if (i % 2)
            check_one_of(s, schema, branches);
        *part = ll_part_none(s->b);
        for (size_t k = 0; k < json_array_size(branches) && !s->b->status; k++) {
            ll_all with = *all;
            with.items[i / 2].done |= done;
            ll_all_add(s, &with, json_array_get(branches, k), 0, LL_NO_STATE);
            if (i % 2 && discriminator_of(schema))
                ll_all_add(s, &with, requirement_of(s, discriminator_of(schema)), 0, LL_NO_STATE);
            ll_schema_link(s->b, part->start, ll_part_call(s->b, ll_all_rule(s, &with)), part->end);
        }
        return true;
    }
    return false;
}

static ll_part types_part(ll_schema *s, const ll_all *all)
{
    uint32_t types = HAS_ALL;
    bool single, plain = true;
    for (uint32_t i = 0; i < all->n && !s->b->status; i++) {
        refuse_keywords(s, all->items[i].schema);
        types &= types_of(s, all->items[i].schema);
        plain = plain && json_object_size(all->items[i].schema) == 0;
    }
    for (uint32_t i = 0; i < all->n && !s->b->status; i++)
        if (listed(s, all->items[i].schema, &single))
            return values_part(s, all, i);
    if (plain)
        return ll_part_call(s->b, ll_form_value(s->b));
    ll_part part = ll_part_none(s->b);
    if (types & HAS_NULL)
        ll_schema_link(s->b, part.start, ll_part_text(s->b, "null", 4), part.end);
    if (types & HAS_BOOLEAN) {
        ll_schema_link(s->b, part.start, ll_part_text(s->b, "true", 4), part.end);
        ll_schema_link(s->b, part.start, ll_part_text(s->b, "false", 5), part.end);
    }
    if (types & HAS_NUMBER)
        ll_schema_link(s->b, part.start, number_part(s, all, !(types & HAS_FRACTION)), part.end);
    if (types & HAS_STRING)
        ll_schema_link(s->b, part.start, string_part(s, all), part.end);
    if (types & HAS_ARRAY)
        ll_schema_link(s->b, part.start, ll_array_part(s, all), part.end);
    if (types & HAS_OBJECT)
        ll_schema_link(s->b, part.start, ll_object_part(s, all), part.end);
    return part;
}

static ll_part conjunction_part(ll_schema *s, ll_all *all)
{
    ll_part part;
    flatten(s, all);
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->n; i++) {
        if (json_is_false(all->items[i].schema))
            return ll_part_none(s->b);
        if (!json_is_true(all->items[i].schema))
            all->items[n++] = all->items[i];
    }
    all->n = n;
    return alternatives(s, all, &part) ? part : types_part(s, all);
}

uint32_t ll_schema_part_rule(ll_rule_builder *b, const ll_schema_source *source, const json_t *schema,
                             const json_t *also)
{
    ll_schema s = {.b = b, .source = source, .requirements = json_object()};
    ll_all *all = ll_calloc(b->host, 1, sizeof *all);
    uint32_t rule = 0;
    if (all && s.requirements && ll_intern_init(&s.conjunctions, b->host)) {
        ll_all_add(&s, all, schema, 0, LL_NO_STATE);
        if (also)
            ll_all_add(&s, all, also, 0, LL_NO_STATE);
        rule = ll_all_rule(&s, all);
        /* Rules are made as they are met, and in the same order become parts. */
        for (uint32_t i = 0; i < s.conjunctions.n && !b->status; i++) {
            conjunction_at(&s, i, all);
            const uint32_t own = s.rules[i];
            ll_part part = conjunction_part(&s, all);
            ll_rule_define(b, own, part);
        }
    } else {
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
    }
    ll_intern_free(&s.conjunctions);
    json_decref(s.requirements);
    ll_free(b->host, s.rules);
    ll_free(b->host, all);
    return rule;
}

ll_part ll_schema_text_part(ll_rule_builder *b, const ll_schema_source *source, const json_t *schema)
{
    static const char *const others[] = {"anyOf", "oneOf", "allOf", "$ref"};
    ll_schema s = {.b = b, .source = source};
    ll_all all = {.items = {{schema, 0, LL_NO_STATE}}, .n = 1};
    bool plain, single;
    refuse_keywords(&s, schema);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (json_object_get(schema, others[i]))
            ll_schema_fail(&s, schema, LIBLLM_ERROR_UNSUPPORTED, "\"%s\" of a text that stands without quotes",
                           others[i]);
    const json_t *values = listed(&s, schema, &single);
    ll_part part = ll_part_none(b);
    for (size_t i = 0; values && i < (single ? 1 : json_array_size(values)) && !b->status; i++) {
        const json_t *value = single ? values : json_array_get(values, i);
        if (value_fits(&s, schema, value, !single))
            ll_schema_link(b, part.start, ll_part_text(b, json_string_value(value), json_string_length(value)),
                           part.end);
    }
    if (values)
        return part;
    const uint32_t min = ll_all_count(&s, &all, "minLength", false), max = ll_all_count(&s, &all, "maxLength", true);
    if (min > max)
        return part;
    part = characters_part(&s, &all, min, max, LL_SPELLING_TEXT, &plain);
    const bool flat = b->flat;
    b->flat = true;
    if (plain)
        part = ll_part_repeat(b, ll_form_char(b, LL_SPELLING_TEXT), min, max);
    b->flat = flat;
    return part;
}

uint32_t ll_schema_rule(ll_rule_builder *b, ll_span text)
{
    json_t *root = NULL;
    if (!b->status)
        b->status = ll_json_parse(b->host, text.data, text.size, &root, b->error);
    if (b->status)
        return 0;
    const ll_schema_source source = {.root = root, .label = "schema"};
    const uint32_t rule = ll_schema_part_rule(b, &source, root, NULL);
    json_decref(root);
    return rule;
}
