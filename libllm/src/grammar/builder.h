/* SPDX-License-Identifier: MIT
 * A grammar while it is put together: rules, each a nondeterministic automaton over bytes and calls of rules. Parts are
 * joined as they are made, the last one first: what is repeated is the newest part.
 *
 * A failure is kept with its message, and everything after it does nothing.
 */
#ifndef LL_GRAMMAR_BUILDER_H
#define LL_GRAMMAR_BUILDER_H

#include "base/buffer.h"

enum { LL_NO_STATE = UINT32_MAX, LL_UNBOUNDED = UINT32_MAX };

typedef enum ll_edge_kind {
    LL_EDGE_EMPTY,
    LL_EDGE_BYTES,
    LL_EDGE_CALL,
    LL_EDGE_BEGIN, /* passes at the beginning of the text only (regular expressions) */
    LL_EDGE_END,   /* passes at its end only */
} ll_edge_kind;

typedef struct ll_edge {
    uint32_t target, next; /* next of the same state; LL_NO_STATE: the last */
    uint32_t rule;
    uint8_t kind, low, high;
} ll_edge;

typedef struct ll_part {
    uint32_t first; /* its states are those from this one on, until the next part was begun */
    uint32_t start, end;
} ll_part;

typedef struct ll_rule {
    ll_part part;
    bool defined;
    ll_span name; /* for messages; may be empty */
    /* With a body: open, then the body min to max times, then close. The register of the rule counts. */
    uint32_t body; /* a rule; LL_NO_STATE: none */
    uint32_t min, max;
    char open, close; /* 0: nothing */
} ll_rule;

/* A set of characters: pairs of first and last code point. */
typedef struct ll_class {
    uint32_t *ranges;
    size_t n, capacity; /* numbers, two a range */
    bool failed;
} ll_class;

/* How characters are written. In JSON's strings each has one way: a backslash only where there must be one. */
typedef enum ll_spelling { LL_SPELLING_TEXT, LL_SPELLING_JSON } ll_spelling;

typedef struct ll_rule_builder {
    const ll_host *host;
    uint32_t *heads; /* [n_states] first edge */
    size_t n_states, states_capacity;
    ll_edge *edges;
    size_t n_edges, edges_capacity;
    ll_rule *rules;
    size_t n_rules, rules_capacity;
    uint32_t *marks, *list; /* [marks_capacity] of ll_determinize() */
    size_t marks_capacity;
    uint32_t round;
    libllm_status status;
    libllm_error *error;
    /* Rules that forms.c makes once; LL_NO_STATE before. */
    uint32_t blank, string, number, integer, value;
    bool flat; /* repetitions are written out, so that nothing is called */
} ll_rule_builder;

bool ll_rule_builder_init(ll_rule_builder *b, const ll_host *host, libllm_error *error);
void ll_rule_builder_free(ll_rule_builder *b);
void ll_rule_builder_fail(ll_rule_builder *b, libllm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

uint32_t ll_state_add(ll_rule_builder *b);
void ll_edge_add(ll_rule_builder *b, uint32_t from, ll_edge edge);

ll_part ll_part_empty(ll_rule_builder *b);
ll_part ll_part_none(ll_rule_builder *b); /* matches nothing at all */
ll_part ll_part_text(ll_rule_builder *b, const char *bytes, size_t n);
ll_part ll_part_range(ll_rule_builder *b, uint8_t low, uint8_t high);
ll_part ll_part_class(ll_rule_builder *b, ll_class *class_, ll_spelling spelling);
ll_part ll_part_call(ll_rule_builder *b, uint32_t rule);
ll_part ll_part_then(ll_rule_builder *b, ll_part x, ll_part y);
ll_part ll_part_or(ll_rule_builder *b, ll_part x, ll_part y);
ll_part ll_part_repeat(ll_rule_builder *b, ll_part x, uint32_t min, uint32_t max); /* x is the newest part */

uint32_t ll_rule_add(ll_rule_builder *b);
void ll_rule_define(ll_rule_builder *b, uint32_t rule, ll_part part);
uint32_t ll_rule_counted(ll_rule_builder *b, uint32_t body, uint32_t min, uint32_t max, char open, char close);

void ll_class_add(const ll_host *host, ll_class *class_, uint32_t first, uint32_t last);
void ll_class_invert(const ll_host *host, ll_class *class_);
void ll_class_free(const ll_host *host, ll_class *class_);

/* forms.c: the words of JSON. */
ll_part ll_form_blank(ll_rule_builder *b);
uint32_t ll_form_string(ll_rule_builder *b); /* any string, with its quotes */
uint32_t ll_form_number(ll_rule_builder *b);
uint32_t ll_form_integer(ll_rule_builder *b);
uint32_t ll_form_value(ll_rule_builder *b);                                 /* any JSON */
ll_part ll_form_char(ll_rule_builder *b, ll_spelling spelling);             /* any one character */
ll_part ll_form_literal(ll_rule_builder *b, const char *bytes, size_t n);   /* as a string of JSON, with its quotes */
uint32_t ll_form_string_of(ll_rule_builder *b, uint32_t min, uint32_t max); /* lengths in characters */

#endif
