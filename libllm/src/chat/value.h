/* SPDX-License-Identifier: MIT
 * The values of the template language. They behave as Python's do. Strings, lists and dicts never change once
 * made, as templates run in an "immutable sandbox"; only namespaces, loops, iterators, cyclers and joiners do.
 */
#ifndef LL_CHAT_VALUE_H
#define LL_CHAT_VALUE_H

#include "base/buffer.h"

typedef enum ll_kind {
    LL_V_MISSING, /* an argument that was not given, a variable that was never set; templates never see it */
    LL_V_UNDEFINED,
    LL_V_NONE,
    LL_V_BOOL,
    LL_V_INT,
    LL_V_FLOAT,
    LL_V_STR,
    LL_V_LIST, /* all sequences, see ll_list_kind */
    LL_V_DICT,
    LL_V_NAMESPACE,
    LL_V_METHOD,
    LL_V_MACRO,
    LL_V_FUNCTION,
    LL_V_LOOP,
    LL_V_CYCLER,
    LL_V_JOINER,
} ll_kind;

/* Where text comes from: the template (or a trusted variable), or data that a template was given. */
enum { LL_FROM_TEMPLATE = 0, LL_FROM_DATA = 1 };

typedef struct ll_str {
    const char *data;       /* valid UTF-8 */
    const uint8_t *origins; /* of every byte; NULL: all are from `origin` */
    struct ll_store *store; /* the memory behind, in which concatenation may go on; or NULL */
    uint32_t size;
    uint8_t origin;
    bool ascii;
    bool markup; /* marked safe or escaped: `+` escapes what it is joined with */
} ll_str;

typedef struct ll_value {
    ll_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        const ll_str *str;
        struct ll_list *list;
        struct ll_dict *dict; /* also of a namespace */
        const struct ll_undefined *undefined;
        const struct ll_method *method;
        const struct ll_macro *macro;
        const struct ll_function *function;
        struct ll_loop *loop;
        struct ll_cycler *cycler;
        struct ll_joiner *joiner;
    } as;
} ll_value;

typedef enum ll_list_kind {
    LL_L_LIST,
    LL_L_TUPLE,
    LL_L_GROUP, /* tuple with the attributes grouper and list */
    LL_L_RANGE,
    LL_L_KEYS,
    LL_L_VALUES,
    LL_L_ITEMS,
    LL_L_ITERATOR, /* what map() and the like give: can be run through once */
} ll_list_kind;

typedef struct ll_list {
    ll_list_kind kind;
    uint8_t origin; /* of the punctuation when it is printed */
    uint32_t depth; /* of nesting: 1 more than the deepest item */
    size_t n, capacity;
    size_t position; /* of an iterator: items that were taken */
    ll_value *items;
    int64_t start, stop, step; /* of a range */
} ll_list;

typedef struct ll_dict {
    size_t n;
    size_t capacity;
    ll_value *keys; /* in order of insertion */
    ll_value *values;
    uint32_t *slots; /* hash table of positions + 1; NULL while there are few */
    size_t n_slots;
    uint32_t depth;
    uint8_t origin;
} ll_dict;

/* Why a value is undefined, for the message when it is used all the same. */
typedef struct ll_undefined {
    enum { LL_U_NAME, LL_U_ATTRIBUTE, LL_U_ELEMENT, LL_U_UNSAFE, LL_U_HINT } why;
    const ll_str *name; /* of the variable or attribute; NULL for the others */
    const char *owner;  /* type of the object, or the hint */
} ll_undefined;

typedef struct ll_method {
    ll_value self;
    const struct ll_function *function;
} ll_method;

typedef struct ll_cycler {
    const ll_value *items;
    size_t n, position;
} ll_cycler;

typedef struct ll_joiner {
    const ll_str *separator;
    bool used;
} ll_joiner;

static inline ll_value ll_none(void) { return (ll_value){.kind = LL_V_NONE}; }
static inline ll_value ll_bool(bool v) { return (ll_value){.kind = LL_V_BOOL, .as.boolean = v}; }
static inline ll_value ll_int(int64_t v) { return (ll_value){.kind = LL_V_INT, .as.integer = v}; }
static inline ll_value ll_float(double v) { return (ll_value){.kind = LL_V_FLOAT, .as.real = v}; }
static inline ll_value ll_string(const ll_str *v) { return (ll_value){.kind = LL_V_STR, .as.str = v}; }
static inline ll_value ll_sequence(ll_list *v) { return (ll_value){.kind = LL_V_LIST, .as.list = v}; }
static inline ll_value ll_mapping(ll_dict *v) { return (ll_value){.kind = LL_V_DICT, .as.dict = v}; }

static inline bool ll_is_whole(ll_value v) { return v.kind == LL_V_INT || v.kind == LL_V_BOOL; }
static inline bool ll_is_number(ll_value v) { return ll_is_whole(v) || v.kind == LL_V_FLOAT; }
static inline int64_t ll_whole(ll_value v) { return v.kind == LL_V_BOOL ? v.as.boolean : v.as.integer; }
static inline double ll_real(ll_value v) { return v.kind == LL_V_FLOAT ? v.as.real : (double)ll_whole(v); }
static inline ll_span ll_str_span(const ll_str *s) { return (ll_span){s->data, s->size}; }

const char *ll_type_name(ll_value v); /* as Python calls it */
bool ll_truth(ll_value v);

#endif
