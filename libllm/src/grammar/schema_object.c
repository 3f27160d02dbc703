/* SPDX-License-Identifier: MIT
 * Objects and arrays under a schema. Members that the schema names come in its order, others behind them.
 */
#include "grammar/schema.h"

#include "base/map.h"
#include "grammar/constraint.h"

#include <string.h>

enum { NAMES_MAX = 2000, PATTERNS_MAX = 4, COUNTED_MAX = 60000, UNIQUE_MAX = 8 };

static ll_part literal(ll_rule_builder *b, const char *text) { return ll_part_text(b, text, strlen(text)); }

/* The rule of any value for no schemas at all. */
static ll_part rule_part(ll_schema *s, const ll_all *all)
{
    return ll_part_call(s->b, all->n ? ll_all_rule(s, all) : ll_form_value(s->b));
}

/* Arrays --------------------------------------------------------------------------------------------------- */

/* What holds for element i of an array; i behind all prefixes: for each further one. */
static void element_schemas(ll_schema *s, const ll_all *all, size_t i, ll_all *own)
{
    own->n = 0;
    for (uint32_t k = 0; k < all->n; k++) {
        const json_t *schema = all->items[k].schema;
        const json_t *prefix = json_object_get(schema, "prefixItems"), *items = json_object_get(schema, "items");
        const json_t *element = i < json_array_size(prefix) ? json_array_get(prefix, i) : items;
        if (json_is_array(items))
            ll_schema_fail(s, schema, LIBLLM_ERROR_CONSTRAINT,
                           "\"items\" is an array, which is \"prefixItems\" since 2020");
        else if (element)
            ll_all_add(s, own, element, 0, LL_NO_STATE);
    }
}

static ll_part element_part(ll_schema *s, const ll_all *all, size_t i)
{
    ll_all own;
    element_schemas(s, all, i, &own);
    return rule_part(s, &own);
}

/* Elements that differ, of few values: a state for each set of those that have been written. */
static void write_unique(ll_schema *s, const json_t *const *values, uint32_t n, uint32_t from, uint32_t to,
                         uint32_t min, uint32_t max)
{
    ll_rule_builder *b = s->b;
    uint32_t rules[UNIQUE_MAX];
    for (uint32_t i = 0; i < n; i++) {
        ll_part value = ll_value_part(s, values[i]);
        rules[i] = ll_rule_add(b);
        ll_rule_define(b, rules[i], ll_part_then(b, value, ll_form_blank(b)));
    }
    const uint32_t first = (uint32_t)b->n_states;
    for (uint32_t set = 0; set < 1u << n && !b->status; set++)
        ll_state_add(b);
    for (uint32_t set = 0; set < 1u << n && !b->status; set++) {
        const uint32_t written = (uint32_t)__builtin_popcount(set);
        if (written >= min)
            ll_edge_add(b, first + set, (ll_edge){.kind = LL_EDGE_EMPTY, .target = to});
        for (uint32_t i = 0; i < n && written < max; i++) {
            if (set >> i & 1)
                continue;
            ll_part element = set ? literal(b, ",") : ll_part_empty(b);
            if (set)
                element = ll_part_then(b, element, ll_form_blank(b));
            ll_schema_link(b, first + set, ll_part_then(b, element, ll_part_call(b, rules[i])),
                           first + (set | 1u << i));
        }
    }
    ll_edge_add(b, from, (ll_edge){.kind = LL_EDGE_EMPTY, .target = first});
}

ll_part ll_array_part(ll_schema *s, const ll_all *all)
{
    ll_rule_builder *b = s->b;
    const uint32_t min = ll_all_count(s, all, "minItems", false), max = ll_all_count(s, all, "maxItems", true);
    size_t n_prefix = 1; /* of elements that are written out */
    const json_t *unique = NULL, *values[UNIQUE_MAX];
    uint32_t n_values = LL_UNBOUNDED;
    for (uint32_t i = 0; i < all->n; i++) {
        const json_t *schema = all->items[i].schema;
        const json_t *prefix = ll_schema_member(s, schema, "prefixItems", JSON_ARRAY);
        n_prefix = json_array_size(prefix) > n_prefix ? json_array_size(prefix) : n_prefix;
        if (json_is_true(json_object_get(schema, "uniqueItems")) && max > 1)
            unique = schema;
    }
    if (unique && n_prefix == 1) {
        ll_all own;
        element_schemas(s, all, 1, &own);
        n_values = ll_schema_values(s, &own, values, UNIQUE_MAX);
    }
    /* A tool's arguments are better with a value twice than not at all. */
    if (unique && n_values == LL_UNBOUNDED && !s->source->closed)
        ll_schema_fail(s, unique, LIBLLM_ERROR_UNSUPPORTED,
                       "\"uniqueItems\" cannot be kept, but of at most %d listed values", (int)UNIQUE_MAX);
    ll_part part = ll_part_none(b);
    uint32_t at = ll_state_add(b), close = ll_state_add(b);
    ll_part open = literal(b, "[");
    ll_schema_link(b, part.start, ll_part_then(b, open, ll_form_blank(b)), at);
    ll_schema_link(b, close, literal(b, "]"), part.end);
    if (n_values != LL_UNBOUNDED) {
        write_unique(s, values, n_values, at, close, min, max);
        return part;
    }
    if (min == 0)
        ll_edge_add(b, at, (ll_edge){.kind = LL_EDGE_EMPTY, .target = close});
    for (size_t i = 0; i < n_prefix && i < max && !b->status; i++) {
        const uint32_t next = ll_state_add(b);
        ll_part element = i ? literal(b, ",") : ll_part_empty(b);
        if (i)
            element = ll_part_then(b, element, ll_form_blank(b));
        element = ll_part_then(b, element, element_part(s, all, i));
        ll_schema_link(b, at, ll_part_then(b, element, ll_form_blank(b)), next);
        if (i + 1 >= min)
            ll_edge_add(b, next, (ll_edge){.kind = LL_EDGE_EMPTY, .target = close});
        at = next;
    }
    if (max > n_prefix && !b->status) {
        const uint32_t written = (uint32_t)n_prefix;
        ll_part more = literal(b, ",");
        more = ll_part_then(b, more, ll_form_blank(b));
        more = ll_part_then(b, more, element_part(s, all, n_prefix));
        more = ll_part_then(b, more, ll_form_blank(b));
        more = ll_part_repeat(b, more, min > written ? min - written : 0, max == LL_UNBOUNDED ? max : max - written);
        ll_schema_link(b, at, more, close);
    }
    return part;
}

/* Objects -------------------------------------------------------------------------------------------------- */

typedef struct pattern {
    const json_t *owner, *schema;
    ll_dfa dfa; /* of the name as it is, for names that are known */
    const char *text;
} pattern;

typedef struct object {
    ll_schema *s;
    const ll_all *all;
    const char **names; /* [n_names] that are named, in order */
    size_t n_names, names_capacity;
    ll_map known; /* of names */
    pattern patterns[PATTERNS_MAX];
    size_t n_patterns;
    bool *required; /* [names_capacity] */
} object;

static void add_name(object *o, const json_t *schema, const char *name, bool is_required)
{
    bool existed = false;
    ll_rule_builder *b = o->s->b;
    if (o->n_names == o->names_capacity) {
        const size_t capacity = 2 * o->names_capacity + 16;
        const char **names = ll_realloc(b->host, o->names, o->names_capacity, capacity, sizeof *names);
        if (!names) {
            ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
            return;
        }
        o->names = names;
        bool *required = ll_realloc(b->host, o->required, o->names_capacity, capacity, sizeof *required);
        if (!required) {
            ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
            return;
        }
        o->required = required;
        o->names_capacity = capacity;
    }
    if (!ll_schema_spend(o->s, schema, o->all->n))
        return;
    if (!ll_map_insert(&o->known, ll_span_of(name), (uint32_t)o->n_names, &existed))
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
    else if (!existed && o->n_names == NAMES_MAX)
        ll_schema_fail(o->s, schema, LIBLLM_ERROR_LIMIT, "more than %d members are named", (int)NAMES_MAX);
    else if (!existed) {
        o->required[o->n_names] = false;
        o->names[o->n_names++] = name;
    }
    uint32_t at = 0;
    if (is_required && !b->status && ll_map_find(&o->known, ll_span_of(name), &at))
        o->required[at] = true;
}

static bool matches(const ll_dfa *d, const char *text)
{
    uint32_t state = 0;
    for (; *text; text++) {
        uint32_t r = d->states[state].first_range;
        while (r < d->states[state + 1].first_range &&
               !((uint8_t)*text >= d->ranges[r].low && (uint8_t)*text <= d->ranges[r].high))
            r++;
        if (r == d->states[state + 1].first_range)
            return false;
        state = d->ranges[r].target;
    }
    return d->states[state].final;
}

static void add_pattern(object *o, const json_t *owner, const char *text, const json_t *schema)
{
    ll_rule_builder *b = o->s->b;
    if (o->n_patterns == PATTERNS_MAX) {
        ll_schema_fail(o->s, owner, LIBLLM_ERROR_LIMIT, "more than %d \"patternProperties\"", (int)PATTERNS_MAX);
        return;
    }
    pattern *p = &o->patterns[o->n_patterns++];
    *p = (pattern){.owner = owner, .schema = schema, .text = text};
    b->flat = true;
    ll_part part = ll_regex_part(b, ll_span_of(text), LL_SPELLING_TEXT, true);
    b->flat = false;
    ll_determinize(b, part, NULL, &p->dfa);
}

/* Names and patterns of all schemas, also names that are only required. */
static void gather(object *o)
{
    const char *key;
    json_t *value;
    size_t i;
    for (uint32_t k = 0; k < o->all->n && !o->s->b->status; k++) {
        const json_t *schema = o->all->items[k].schema;
        const json_t *properties = ll_schema_member(o->s, schema, "properties", JSON_OBJECT);
        json_object_foreach ((json_t *)(uintptr_t)properties, key, value)
            add_name(o, schema, key, false);
        const json_t *patterns = ll_schema_member(o->s, schema, "patternProperties", JSON_OBJECT);
        json_object_foreach ((json_t *)(uintptr_t)patterns, key, value)
            if (!o->s->b->status)
                add_pattern(o, schema, key, value);
    }
    for (uint32_t k = 0; k < o->all->n && !o->s->b->status; k++) {
        const json_t *schema = o->all->items[k].schema;
        const json_t *required = ll_schema_member(o->s, schema, "required", JSON_ARRAY);
        if (json_array_size(required) > NAMES_MAX)
            ll_schema_fail(o->s, schema, LIBLLM_ERROR_LIMIT, "more than %d members are required", (int)NAMES_MAX);
        json_array_foreach (required, i, value) {
            if (!json_is_string(value))
                ll_schema_fail(o->s, schema, LIBLLM_ERROR_CONSTRAINT, "\"required\" must be an array of names");
            else
                add_name(o, schema, json_string_value(value), true);
        }
    }
}

/* A name as a string of JSON, unless it is one that no member may have. */
static ll_part allowed(object *o, ll_part name)
{
    ll_all own = {.n = 0};
    for (uint32_t k = 0; k < o->all->n && !o->s->b->status; k++) {
        const json_t *names = json_object_get(o->all->items[k].schema, "propertyNames");
        if (names)
            ll_all_add(o->s, &own, names, 0, LL_NO_STATE);
    }
    if (own.n == 0)
        return name;
    bool any;
    ll_part names = ll_names_part(o->s, &own, &any);
    return any ? name : ll_part_both(o->s->b, name, names, false);
}

/* What holds for the value of a member: for one that is named, or one that matches the patterns whose bits are set. */
static void member_schemas(object *o, const char *name, unsigned matched, ll_all *own)
{
    *own = (ll_all){.n = 0};
    for (uint32_t k = 0; k < o->all->n && !o->s->b->status; k++) {
        const json_t *schema = o->all->items[k].schema;
        const json_t *property = name ? json_object_get(json_object_get(schema, "properties"), name) : NULL;
        const json_t *rest = json_object_get(schema, "additionalProperties");
        bool known = property != NULL;
        if (property)
            ll_all_add(o->s, own, property, 0, LL_NO_STATE);
        for (size_t i = 0; i < o->n_patterns; i++)
            if (o->patterns[i].owner == schema && (matched >> i & 1)) {
                ll_all_add(o->s, own, o->patterns[i].schema, 0, LL_NO_STATE);
                known = true;
            }
        if (!known && rest)
            ll_all_add(o->s, own, rest, 0, LL_NO_STATE);
    }
}

static bool is_never(const ll_all *all)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (json_is_false(all->items[i].schema))
            return true;
    return false;
}

/* key ":" value */
static ll_part member(object *o, ll_part key, const ll_all *value)
{
    ll_rule_builder *b = o->s->b;
    ll_part part = ll_part_then(b, key, literal(b, ":"));
    part = ll_part_then(b, part, ll_form_blank(b));
    part = ll_part_then(b, part, rule_part(o->s, value));
    return ll_part_then(b, part, ll_form_blank(b));
}

/* The member of a name; a way that never ends where it must not be. */
static ll_part named_member(object *o, const char *name)
{
    ll_all own;
    unsigned matched = 0;
    for (size_t i = 0; i < o->n_patterns && !o->s->b->status; i++)
        matched |= (unsigned)matches(&o->patterns[i].dfa, name) << i;
    member_schemas(o, name, matched, &own);
    if (is_never(&own))
        return ll_part_none(o->s->b);
    return member(o, allowed(o, ll_form_literal(o->s->b, name, strlen(name))), &own);
}

/* Names that are not named, and match the patterns whose bits are set and no other one. */
static ll_part other_names(object *o, unsigned matched)
{
    ll_rule_builder *b = o->s->b;
    ll_part part = ll_form_char(b, LL_SPELLING_JSON);
    part = ll_part_repeat(b, part, 0, LL_UNBOUNDED);
    if (o->n_names) {
        ll_part named = ll_part_none(b);
        for (size_t i = 0; i < o->n_names && !b->status; i++) {
            ll_part name = ll_form_literal(b, o->names[i], strlen(o->names[i]));
            ll_schema_link(b, named.start, name, named.end);
        }
        ll_part open = literal(b, "\"");
        open = ll_part_then(b, open, part);
        part = ll_part_both(b, ll_part_then(b, open, literal(b, "\"")), named, true);
    } else {
        ll_part open = literal(b, "\"");
        open = ll_part_then(b, open, part);
        part = ll_part_then(b, open, literal(b, "\""));
    }
    for (size_t i = 0; i < o->n_patterns && !b->status; i++) {
        b->flat = true;
        ll_part own = ll_regex_part(b, ll_span_of(o->patterns[i].text), LL_SPELLING_JSON, true);
        b->flat = false;
        ll_part open = literal(b, "\"");
        open = ll_part_then(b, open, own);
        part = ll_part_both(b, part, ll_part_then(b, open, literal(b, "\"")), !(matched >> i & 1));
    }
    return allowed(o, part);
}

/* Nothing is said about members that are not named, and the source has none then. */
static bool is_closed(const object *o)
{
    bool said = !o->s->source->closed, named = false;
    for (uint32_t k = 0; k < o->all->n; k++) {
        const json_t *schema = o->all->items[k].schema;
        named |= json_object_get(schema, "properties") != NULL;
        said |= json_object_get(schema, "additionalProperties") || json_object_get(schema, "patternProperties");
    }
    return named && !said;
}

/* Any member that is not named; *some: there can be one. */
static ll_part other_member(object *o, bool *some)
{
    ll_part part = ll_part_none(o->s->b);
    *some = false;
    if (is_closed(o))
        return part;
    for (unsigned matched = 0; matched < 1u << o->n_patterns && !o->s->b->status; matched++) {
        ll_all own;
        member_schemas(o, NULL, matched, &own);
        if (is_never(&own))
            continue;
        *some = true;
        ll_schema_link(o->s->b, part.start, member(o, other_names(o, matched), &own), part.end);
    }
    return part;
}

/* The member `part` from a state where members have been written or none have. */
static void write_member(ll_rule_builder *b, uint32_t from, uint32_t rule, uint32_t to, bool first)
{
    ll_part part = first ? ll_part_empty(b) : literal(b, ",");
    if (!first)
        part = ll_part_then(b, part, ll_form_blank(b));
    ll_schema_link(b, from, ll_part_then(b, part, ll_part_call(b, rule)), to);
}

static uint32_t rule_of(ll_rule_builder *b, ll_part part)
{
    uint32_t rule = ll_rule_add(b);
    ll_rule_define(b, rule, part);
    return rule;
}

/* States for each named member in turn and each number of members that have been written before it. */
static void sequence(object *o, uint32_t from, uint32_t to, uint32_t min, uint32_t max)
{
    ll_rule_builder *b = o->s->b;
    bool some;
    size_t n_required = 0;
    for (size_t i = 0; i < o->n_names; i++)
        n_required += o->required[i];
    ll_part other = other_member(o, &some);
    if (some && min > 1 && min > n_required) {
        /* the same name could come twice, and count once */
        ll_schema_fail(o->s, o->all->items[0].schema, LIBLLM_ERROR_UNSUPPORTED,
                       "\"minProperties\" above 1 with members that are not named");
        return;
    }
    /* On the last level are so many members and no more, or so many or more. */
    const bool exact = max != LL_UNBOUNDED && (some || max < o->n_names);
    const uint64_t levels = 1 + (uint64_t)(exact ? max : min > n_required ? min : 1);
    if ((o->n_names + 1) * levels > COUNTED_MAX) {
        ll_schema_fail(o->s, o->all->items[0].schema, LIBLLM_ERROR_LIMIT, "too many members are counted");
        return;
    }
    const uint32_t others = some ? rule_of(b, other) : 0;
    const uint32_t first = (uint32_t)b->n_states;
    for (size_t i = 0; i < (o->n_names + 1) * levels && !b->status; i++)
        ll_state_add(b);
    for (size_t i = 0; i <= o->n_names && !b->status; i++) {
        const uint32_t rule = i < o->n_names ? rule_of(b, named_member(o, o->names[i])) : others;
        const bool optional = i < o->n_names && !o->required[i];
        for (uint32_t k = 0; k < levels && !b->status; k++) {
            const uint32_t at = first + (uint32_t)(i * levels) + k, below = i < o->n_names ? at + (uint32_t)levels : at;
            const bool last = k + 1 == levels;
            if (optional)
                ll_edge_add(b, at, (ll_edge){.kind = LL_EDGE_EMPTY, .target = below});
            if ((i < o->n_names || some) && !(last && exact))
                write_member(b, at, rule, last ? below : below + 1, k == 0);
            if (i == o->n_names && (k >= min || n_required >= min))
                ll_edge_add(b, at, (ll_edge){.kind = LL_EDGE_EMPTY, .target = to});
        }
    }
    ll_edge_add(b, from, (ll_edge){.kind = LL_EDGE_EMPTY, .target = first});
}

ll_part ll_object_part(ll_schema *s, const ll_all *all)
{
    ll_rule_builder *b = s->b;
    const uint32_t min = ll_all_count(s, all, "minProperties", false);
    const uint32_t max = ll_all_count(s, all, "maxProperties", true);
    ll_part part = ll_part_none(b);
    object *o = ll_calloc(b->host, 1, sizeof *o);
    if (!o || !ll_map_init(&o->known, b->host, 16)) {
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
        ll_free(b->host, o);
        return part;
    }
    o->s = s;
    o->all = all;
    gather(o);
    const uint32_t begin = ll_state_add(b), close = ll_state_add(b);
    ll_part open = literal(b, "{");
    ll_schema_link(b, part.start, ll_part_then(b, open, ll_form_blank(b)), begin);
    if (!b->status)
        sequence(o, begin, close, min, max);
    ll_schema_link(b, close, literal(b, "}"), part.end);
    for (size_t i = 0; i < o->n_patterns; i++)
        ll_dfa_free(&o->patterns[i].dfa);
    ll_map_free(&o->known);
    ll_free(b->host, o->names);
    ll_free(b->host, o->required);
    ll_free(b->host, o);
    return part;
}
