/* SPDX-License-Identifier: MIT
 * The tables that filters, methods and functions are found in. Each ends with a NULL name.
 */
#ifndef LL_CHAT_FILTERS_H
#define LL_CHAT_FILTERS_H

#include "chat/render.h"

extern const ll_function ll_text_filters[], ll_list_filters[], ll_select_filters[];
extern const ll_function ll_str_methods[];

/* A path such as "a.b.0", or a whole number: what the filters call an attribute. */
typedef struct ll_path {
    const ll_value *parts;
    size_t n;
} ll_path;
bool ll_path_of(ll_render *r, ll_value attribute, ll_path *out); /* MISSING or None: the item itself */
/* fallback may be MISSING; it stands in for what is undefined on the way. */
bool ll_path_get(ll_render *r, const ll_path *path, ll_value item, ll_value fallback, ll_value *out);

bool ll_give_str(const ll_str *s, ll_value *out);    /* false when s is NULL */
const ll_str *ll_soft_str(ll_render *r, ll_value v); /* str() that leaves what is marked safe as it is */
const ll_function *ll_table_find(const ll_function *table, ll_span name);
bool ll_iterator(ll_render *r, ll_value *out, ll_list **list); /* an empty one, to be appended to */
bool ll_int_of(ll_render *r, ll_value v, ll_value fallback, int base, ll_value *out); /* the filter `int` */

#endif
