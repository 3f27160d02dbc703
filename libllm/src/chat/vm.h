/* SPDX-License-Identifier: MIT
 * The values that only the machine makes: loops and macros.
 */
#ifndef LL_CHAT_VM_H
#define LL_CHAT_VM_H

#include "chat/program.h"

typedef struct ll_binding {
    uint32_t name;
    ll_value value;
} ll_binding;

/* Variables of a block. They outlive it when a macro that was made there does. */
typedef struct ll_scope {
    struct ll_scope *parent; /* NULL: behind it are the globals */
    ll_binding *bindings;
    uint32_t n, capacity;
} ll_scope;

typedef struct ll_loop {
    const ll_value *items;
    size_t n;
    size_t position; /* of the next item */
    int64_t index0;  /* of the current one among those that are run */
    ll_value current, before;
    bool tests;     /* has an "if" */
    bool collects;  /* is now testing all items, before the first is run */
    bool completed; /* a body was run to its end */
    ll_value *kept; /* items that passed, while it collects */
    size_t n_kept;
    ll_value changed; /* arguments of the last call of loop.changed() */
    ll_scope *scope;
} ll_loop;

typedef struct ll_macro {
    const ll_proto *proto;
    size_t entry; /* index of its first instruction */
    ll_scope *closure;
} ll_macro;

bool ll_loop_attribute(ll_render *r, ll_loop *loop, const ll_str *name, ll_value *out);

#endif
