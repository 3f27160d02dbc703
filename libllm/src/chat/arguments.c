/* SPDX-License-Identifier: MIT
 * Binding the arguments of a call to names, as Python does it.
 */
#include "chat/text.h"

#include <string.h>

/* The parameters are words separated by blanks; a "!" behind one means that it must be given. */
static const char *next_parameter(const char *p, ll_span *name, bool *needed)
{
    while (*p == ' ')
        p++;
    size_t n = strcspn(p, " !");
    *name = (ll_span){p, n};
    *needed = p[n] == '!';
    return p + n + *needed;
}

static bool bind_keyword(ll_render *r, const ll_call *call, const char *parameters, ll_value name, ll_value v,
                         ll_value *out)
{
    ll_span wanted = ll_str_span(name.as.str), parameter;
    bool needed;
    for (size_t i = 0; *parameters; i++) {
        parameters = next_parameter(parameters, &parameter, &needed);
        if (!ll_span_equal(parameter, wanted))
            continue;
        if (out[i].kind != LL_V_MISSING)
            return ll_render_fail(r, "%s() got two values for argument '%.*s'", call->name, ll_shown(wanted),
                                  wanted.data);
        out[i] = v;
        return true;
    }
    return ll_render_fail(r, "%s() got an unexpected keyword argument '%.*s'", call->name, ll_shown(wanted),
                          wanted.data);
}

bool ll_bind(ll_render *r, const ll_call *call, size_t skip, const char *parameters, ll_value *out)
{
    ll_span name;
    bool needed;
    size_t n = 0;
    for (const char *p = parameters; *p; n++) {
        p = next_parameter(p, &name, &needed);
        out[n] = skip + n < call->n_args ? call->args[skip + n] : (ll_value){.kind = LL_V_MISSING};
    }
    if (call->n_args > skip + n)
        return ll_render_fail(r, "%s() takes at most %zu arguments, %zu were given", call->name, n,
                              call->n_args - skip);
    for (size_t i = 0; i < call->n_keywords; i++)
        if (!bind_keyword(r, call, parameters, call->keywords[2 * i], call->keywords[2 * i + 1], out))
            return false;
    n = 0;
    for (const char *p = parameters; *p; n++) {
        p = next_parameter(p, &name, &needed);
        if (needed && out[n].kind == LL_V_MISSING)
            return ll_render_fail(r, "%s() needs the argument '%.*s'", call->name, (int)name.size, name.data);
    }
    return true;
}

bool ll_want_int(ll_render *r, const ll_call *call, ll_value v, int64_t fallback, int64_t *out)
{
    *out = v.kind == LL_V_MISSING ? fallback : ll_whole(v);
    if (v.kind == LL_V_UNDEFINED)
        return ll_fail_undefined(r, v);
    if (v.kind != LL_V_MISSING && !ll_is_whole(v))
        return ll_render_fail(r, "%s(): '%s' object cannot be interpreted as an integer", call->name, ll_type_name(v));
    return true;
}

const ll_str *ll_want_str(ll_render *r, const ll_call *call, ll_value v)
{
    if (v.kind == LL_V_STR)
        return v.as.str;
    ll_render_fail(r, "%s(): expected a string, not %s", call->name, ll_type_name(v));
    return NULL;
}
