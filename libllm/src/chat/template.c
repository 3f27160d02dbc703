/* SPDX-License-Identifier: MIT
 * Compiling a template and rendering it over JSON variables.
 */
#include "chat/template.h"

#include "base/checked.h"
#include "base/status.h"
#include "base/utf8.h"
#include "chat/program.h"
#include "chat/text.h"

#include <string.h>

enum {
    MEMORY_BASE = 64 << 20, /* what any rendering may use */
    MEMORY_FACTOR = 32,     /* times the size of the variables, on top */
};

struct ll_template {
    ll_program program;
};

/* Compiling --------------------------------------------------------------------------------------------- */

/* Line feeds only, and not the last one: as Jinja reads its templates. */
static ll_span normalized(ll_arena *arena, ll_span source)
{
    char *copy = ll_arena_alloc(arena, source.size);
    size_t n = 0;
    for (size_t i = 0; copy && i < source.size; i++) {
        bool feed = source.data[i] == '\r';
        copy[n++] = feed ? '\n' : source.data[i];
        i += feed && i + 1 < source.size && source.data[i + 1] == '\n';
    }
    n -= n > 0 && copy[n - 1] == '\n';
    return (ll_span){copy, n};
}

static libllm_status compile(ll_template *t, ll_span source, libllm_error *error)
{
    ll_span text = normalized(&t->program.arena, source);
    if (!text.data)
        return ll_fail_memory(error, "a template");
    for (size_t i = 0; i < text.size;) {
        int32_t c;
        size_t n = ll_utf8_decode(text.data + i, text.size - i, &c);
        if (c < 0) {
            unsigned line, column;
            ll_source_position(text, i, &line, &column);
            return ll_fail(error, LIBLLM_ERROR_TEMPLATE, "template line %u, column %u: not valid UTF-8", line, column);
        }
        i += n;
    }
    return ll_program_parse(&t->program, text, error);
}

libllm_status ll_template_compile(const ll_host *host, ll_span source, ll_template **out, libllm_error *error)
{
    *out = NULL;
    uint64_t limit = host->limits.template_bytes < INT32_MAX ? host->limits.template_bytes : INT32_MAX;
    if (source.size > limit)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "the template has %zu bytes, more than %llu (limit template_bytes)",
                       source.size, (unsigned long long)limit);
    ll_template *t = ll_calloc(host, 1, sizeof *t);
    if (!t)
        return ll_fail_memory(error, "a template");
    t->program.host = host;
    ll_arena_init(&t->program.arena, host, SIZE_MAX);
    libllm_status status = compile(t, source, error);
    if (status == LIBLLM_OK)
        *out = t;
    else
        ll_template_free(t);
    return status;
}

void ll_template_free(ll_template *t)
{
    if (!t)
        return;
    const ll_host *host = t->program.host;
    ll_program_free(&t->program);
    ll_free(host, t);
}

ll_span ll_template_source(const ll_template *t) { return t->program.source; }

/* Variables --------------------------------------------------------------------------------------------- */

static bool convert(ll_render *r, const json_t *json, uint8_t origin, uint32_t depth, ll_value *out);

static bool convert_array(ll_render *r, const json_t *json, uint8_t origin, uint32_t depth, ll_value *out)
{
    ll_list *list = ll_list_new(r, LL_L_LIST, json_array_size(json));
    for (size_t i = 0; list && i < list->n; i++)
        if (!convert(r, json_array_get(json, i), origin, depth + 1, &list->items[i]))
            return false;
    if (!list)
        return false;
    list->origin = origin;
    *out = ll_sequence(list);
    return ll_list_seal(r, list);
}

static bool convert_object(ll_render *r, const json_t *json, uint8_t origin, uint32_t depth, ll_value *out)
{
    ll_dict *dict = ll_dict_new(r, json_object_size(json));
    json_t *object = (json_t *)json; /* the iteration does not change it, but jansson has no const for that */
    for (void *i = json_object_iter(object); dict && i; i = json_object_iter_next(object, i)) {
        ll_value v;
        const ll_str *key = ll_str_view(r, json_object_iter_key(i), json_object_iter_key_len(i), origin);
        if (!key || !convert(r, json_object_iter_value(i), origin, depth + 1, &v) ||
            !ll_dict_set(r, dict, ll_string(key), v))
            return false;
    }
    if (!dict)
        return false;
    dict->origin = origin;
    *out = ll_mapping(dict);
    return true;
}

/* Strings stay where they are: the variables outlive the rendering. What they take counts towards the memory that
 * the rendering may use for itself. */
static bool convert(ll_render *r, const json_t *json, uint8_t origin, uint32_t depth, ll_value *out)
{
    if (depth > LL_VALUE_DEPTH)
        return ll_render_limit(r, "the variables are nested deeper than %d", LL_VALUE_DEPTH);
    size_t size = sizeof(ll_value) + sizeof(ll_str) + (json_is_string(json) ? json_string_length(json) : 0), more;
    if (!ll_mul_size(size, MEMORY_FACTOR, &more) || !ll_add_size(r->arena.cap, more, &r->arena.cap))
        r->arena.cap = SIZE_MAX;
    switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_OBJECT:
        return convert_object(r, json, origin, depth, out);
    case JSON_ARRAY:
        return convert_array(r, json, origin, depth, out);
    case JSON_STRING: {
        const ll_str *s = ll_str_view(r, json_string_value(json), json_string_length(json), origin);
        *out = ll_string(s);
        return s != NULL;
    }
    case JSON_INTEGER:
        *out = ll_int(json_integer_value(json));
        return true;
    case JSON_REAL:
        *out = ll_float(json_real_value(json));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        *out = ll_bool(json_is_true(json));
        return true;
    default:
        *out = ll_none();
        return true;
    }
}

static bool is_trusted(const char *const *trusted, const ll_str *name)
{
    while (trusted && *trusted && !ll_str_is(name, *trusted))
        trusted++;
    return trusted && *trusted;
}

/* Only the variables that the template names are looked at. */
static bool set_globals(ll_render *r, const json_t *variables, const char *const *trusted, ll_value *globals)
{
    for (size_t i = 0; i < r->program->n_names; i++) {
        const ll_str *name = r->program->names[i];
        const json_t *json = json_object_getn(variables, name->data, name->size);
        globals[i] = (ll_value){.kind = LL_V_MISSING};
        if (json && !convert(r, json, is_trusted(trusted, name) ? LL_FROM_TEMPLATE : LL_FROM_DATA, 0, &globals[i]))
            return false;
    }
    return true;
}

/* Rendering --------------------------------------------------------------------------------------------- */

void ll_rendered_init(ll_rendered *rendered, const ll_host *host)
{
    ll_buffer_init(&rendered->text, host);
    ll_buffer_init(&rendered->origins, host);
}

void ll_rendered_free(ll_rendered *rendered)
{
    ll_buffer_free(&rendered->text);
    ll_buffer_free(&rendered->origins);
}

libllm_status ll_template_render(const ll_template *compiled, const json_t *variables, const char *const *trusted,
                                 int64_t now, ll_rendered *out, libllm_error *error)
{
    const ll_program *program = &compiled->program;
    if (!json_is_object(variables))
        return ll_fail(error, LIBLLM_ERROR_JSON, "the variables of a template must be a JSON object");
    ll_render r = {.host = program->host, .program = program, .error = error, .now = now, .out = out};
    ll_arena_init(&r.arena, r.host, MEMORY_BASE);
    out->text.size = 0;
    out->origins.size = 0;
    ll_value *globals = ll_alloc(r.host, program->n_names, sizeof *globals);
    if (!globals)
        r.status = ll_fail_memory(error, "the variables of a template");
    else if (set_globals(&r, variables, trusted, globals))
        ll_program_run(&r, globals);
    ll_free(r.host, globals);
    ll_arena_free(&r.arena);
    if (r.status != LIBLLM_OK) {
        out->text.size = 0;
        out->origins.size = 0;
    }
    return r.status;
}
