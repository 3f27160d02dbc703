/* SPDX-License-Identifier: MIT
 * JSON Schemas while they are compiled. What has to hold at one place is a conjunction of schemas; each that is met
 * gets a rule, so that references which lead back end at a rule that there is.
 */
#ifndef LL_GRAMMAR_SCHEMA_H
#define LL_GRAMMAR_SCHEMA_H

#include "grammar/automaton.h"
#include "grammar/intern.h"

#include "base/json.h"

enum { LL_ALL_MAX = 128 };

/* A schema with what of it has been dealt with. */
typedef struct ll_schema_item {
    const json_t *schema;
    uint32_t done;   /* bits of ll_schema_done */
    uint32_t parent; /* in the same conjunction: which item refers to it */
} ll_schema_item;

enum ll_schema_done { LL_DONE_REFERENCES = 1, LL_DONE_ANY = 2, LL_DONE_ONE = 4 };

typedef struct ll_all {
    ll_schema_item items[LL_ALL_MAX];
    uint32_t n;
} ll_all;

/* Where schemas are from. */
typedef struct ll_schema_source {
    const json_t *root; /* references lead from there */
    const char *label;  /* in messages */
    bool closed;        /* objects have the members that they name and no others, unless the schema says so */
} ll_schema_source;

typedef struct ll_schema {
    ll_rule_builder *b;
    const ll_schema_source *source;
    ll_intern conjunctions; /* lists of items, four words each */
    uint32_t *rules;        /* [rules_capacity] of each conjunction */
    size_t rules_capacity;
    uint64_t n_comparisons; /* of listed values, names and whatever else takes time in the square of a schema */
    json_t *requirements;   /* schemas that were made here, by the member that they require */
} ll_schema;

typedef struct ll_bound {
    double value;
    bool exclusive;
} ll_bound;

/* A failure that names the place of a schema. */
void ll_schema_fail(ll_schema *s, const json_t *at, libllm_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void ll_all_add(ll_schema *s, ll_all *all, const json_t *schema, uint32_t done, uint32_t parent);
/* The rule of what satisfies all of them; the list may change. */
uint32_t ll_all_rule(ll_schema *s, const ll_all *all);
/* The least (or with `most` the smallest most) that the items have for a keyword which is a count. */
uint32_t ll_all_count(ll_schema *s, const ll_all *all, const char *keyword, bool most);
/* A member that has to be an object or an array; NULL: there is none. */
const json_t *ll_schema_member(ll_schema *s, const json_t *schema, const char *keyword, json_type type);
/* Counts steps, so that no schema takes for ever. False: it has failed. */
bool ll_schema_spend(ll_schema *s, const json_t *at, uint64_t n);
/* The names that satisfy all of them, as strings of JSON, without calls; *any: all do. The list changes. */
ll_part ll_names_part(ll_schema *s, ll_all *all, bool *any);
/* The values that satisfy all of them, each once; LL_UNBOUNDED: more than n_max, or not known. The list changes. */
uint32_t ll_schema_values(ll_schema *s, ll_all *all, const json_t **values, uint32_t n_max);
ll_part ll_value_part(ll_schema *s, const json_t *value);
void ll_schema_link(ll_rule_builder *b, uint32_t from, ll_part part, uint32_t to);

/* JSON that is valid under a schema of a document, and under `also` unless that is NULL. */
uint32_t ll_schema_part_rule(ll_rule_builder *b, const ll_schema_source *source, const json_t *schema,
                             const json_t *also);
/* The text of a string under a schema whose type is "string": neither quotes around it nor escapes, and no calls. */
ll_part ll_schema_text_part(ll_rule_builder *b, const ll_schema_source *source, const json_t *schema);

/* schema_object.c */
ll_part ll_object_part(ll_schema *s, const ll_all *all);
ll_part ll_array_part(ll_schema *s, const ll_all *all);
/* number.c: `whole`: without a fraction. multiple_of 0: of any number. Infinite bounds are none. */
ll_part ll_number_part(ll_rule_builder *b, ll_bound low, ll_bound high, bool whole, double multiple_of);

#endif
