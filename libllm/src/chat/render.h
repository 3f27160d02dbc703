/* SPDX-License-Identifier: MIT
 * One rendering: its memory, its budgets, its error. Functions that can fail return false or NULL and leave the
 * message in the rendering.
 */
#ifndef LL_CHAT_RENDER_H
#define LL_CHAT_RENDER_H

#include "chat/arena.h"
#include "chat/template.h"
#include "chat/value.h"

enum {
    LL_VALUE_DEPTH = 200,  /* nesting of lists and dicts */
    LL_CALL_DEPTH = 64,    /* macros calling macros */
    LL_RANGE_MAX = 100000, /* elements of a range, as in Jinja's sandbox */
    LL_TEXT_UNIT = 16,     /* bytes of text that are copied or scanned in one step */
    LL_CHARACTER_UNIT = 2, /* the same where every character is looked at on its own */
};

typedef struct ll_render {
    const ll_host *host;
    const struct ll_program *program;
    libllm_error *error;
    libllm_status status;
    ll_arena arena;
    uint64_t steps;   /* taken so far */
    uint32_t at;      /* offset of the current instruction in the source */
    uint32_t nesting; /* of filters that call filters */
    int64_t now;
    ll_rendered *out;
} ll_render;

/* The arguments of a filter, test, method or function. For the first three args[0] is what it is applied to. */
typedef struct ll_call {
    const ll_value *args;
    size_t n_args;
    const ll_value *keywords; /* n_keywords pairs of name and value */
    size_t n_keywords;
    const char *name; /* for messages */
} ll_call;

typedef bool ll_function_fn(ll_render *r, const ll_call *call, ll_value *out);

typedef struct ll_function {
    const char *name;
    ll_function_fn *call; /* NULL: Python has it, this engine does not */
} ll_function;

/* Errors ------------------------------------------------------------------------------------------------ */

/* Keep the message, with the place in the template in front; returns false. The first message stays. */
bool ll_render_fail(ll_render *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool ll_render_limit(ll_render *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool ll_fail_undefined(ll_render *r, ll_value undefined);
int ll_shown(ll_span name); /* how many of its bytes to show in a message */
/* "line L, column C" of an offset. */
void ll_source_position(ll_span source, size_t offset, unsigned *line, unsigned *column);

/* Budgets ----------------------------------------------------------------------------------------------- */

void *ll_render_alloc(ll_render *r, size_t count, size_t size);
bool ll_work(ll_render *r, uint64_t n_steps);
static inline bool ll_work_on_text(ll_render *r, size_t n) { return ll_work(r, n / LL_TEXT_UNIT); }
static inline bool ll_work_on_characters(ll_render *r, size_t n) { return ll_work(r, n / LL_CHARACTER_UNIT); }

/* Making values (value.c) ------------------------------------------------------------------------------- */

ll_list *ll_list_new(ll_render *r, ll_list_kind kind, size_t n); /* items are MISSING */
bool ll_list_append(ll_render *r, ll_list *list, ll_value v);
bool ll_list_seal(ll_render *r, ll_list *list); /* after the items are in: checks the depth */
ll_dict *ll_dict_new(ll_render *r, size_t capacity);
bool ll_dict_set(ll_render *r, ll_dict *dict, ll_value key, ll_value value);
/* false: an error (an unhashable key). *out is MISSING when there is no such key. */
bool ll_dict_get(ll_render *r, const ll_dict *dict, ll_value key, ll_value *out);
bool ll_undefined_new(ll_render *r, ll_undefined undefined, ll_value *out);
bool ll_undefined_hint(ll_render *r, const char *hint, ll_value *out);

typedef struct ll_items {
    const ll_value *items;
    size_t n;
} ll_items;
/* What a for loop would see. An iterator is exhausted by it. */
bool ll_iterate(ll_render *r, ll_value v, ll_items *out);
bool ll_length(ll_render *r, ll_value v, int64_t *out);

/* Comparing (compare.c) --------------------------------------------------------------------------------- */

typedef enum ll_comparison { LL_EQ, LL_NE, LL_LT, LL_LE, LL_GT, LL_GE } ll_comparison;
bool ll_equal(ll_render *r, ll_value a, ll_value b, bool *out);
bool ll_compare(ll_render *r, ll_comparison how, ll_value a, ll_value b, bool *out);
bool ll_contains(ll_render *r, ll_value container, ll_value item, bool *out);
/* Stable; order[i] is the position of the i-th of the keys. */
bool ll_sort(ll_render *r, const ll_value *keys, size_t n, bool reverse, size_t **order);

/* Operators (operators.c) ------------------------------------------------------------------------------- */

typedef enum ll_operator { LL_ADD, LL_SUB, LL_MUL, LL_DIV, LL_FLOORDIV, LL_MOD, LL_POW } ll_operator;
bool ll_operate(ll_render *r, ll_operator op, ll_value a, ll_value b, ll_value *out);
bool ll_negate(ll_render *r, ll_value v, ll_value *out);
bool ll_attribute(ll_render *r, ll_value object, const ll_str *name, ll_value *out);
/* What Python's getattr() finds; MISSING when nothing. */
bool ll_getattr(ll_render *r, ll_value object, const ll_str *name, ll_value *out);
bool ll_subscript(ll_render *r, ll_value object, ll_value key, ll_value *out);
bool ll_slice(ll_render *r, ll_value object, const ll_value bounds[3], ll_value *out);

/* Text of values (print.c) ------------------------------------------------------------------------------ */

typedef struct ll_json_style {
    const ll_str *indent;                         /* NULL: on one line */
    const ll_str *item_separator, *key_separator; /* NULL: the default */
    bool ensure_ascii, sort_keys;
} ll_json_style;
const ll_str *ll_to_str(ll_render *r, ll_value v);  /* Python's str() */
const ll_str *ll_to_repr(ll_render *r, ll_value v); /* Python's repr() */
const ll_str *ll_to_json(ll_render *r, ll_value v, const ll_json_style *style);

/* Arguments (arguments.c) ------------------------------------------------------------------------------- */

/* Bind a call to a list of parameters "a! b c" ("!": must be given), from args[skip] on; MISSING where not given. */
bool ll_bind(ll_render *r, const ll_call *call, size_t skip, const char *parameters, ll_value *out);
bool ll_want_int(ll_render *r, const ll_call *call, ll_value v, int64_t fallback, int64_t *out);
const ll_str *ll_want_str(ll_render *r, const ll_call *call, ll_value v); /* an error unless it is a string */

/* Tables of names --------------------------------------------------------------------------------------- */

const ll_function *ll_filter_find(ll_span name);
const ll_function *ll_test_find(ll_span name);
const ll_function *ll_global_find(ll_span name);
/* Methods of Python's str, list, tuple, dict ...; NULL when there is none. *unsafe: it would change the object. */
const ll_function *ll_method_find(ll_value self, ll_span name, bool *unsafe);

#endif
