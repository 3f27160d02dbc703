/* SPDX-License-Identifier: MIT
 * The machine that runs a compiled template. Its stacks are on the heap: however templates nest and macros call each
 * other, the thread's stack stays small.
 */
#include "chat/vm.h"

#include "base/status.h"
#include "chat/text.h"

#include <string.h>

/* A macro that is running: what to go back to. */
typedef struct frame {
    size_t pc;
    size_t base; /* of the value stack: where the callee lies, and the result goes */
    size_t out;  /* where its output starts */
    ll_scope *scope;
} frame;

typedef struct vm {
    ll_render *r;
    const ll_program *program;
    ll_value *globals;
    size_t pc;
    ll_value *stack;
    size_t n_stack, stack_capacity;
    ll_scope *scope;
    ll_loop **loops; /* that are running */
    size_t n_loops, loop_capacity;
    size_t *captures; /* where their output starts */
    size_t n_captures, capture_capacity;
    frame frames[LL_CALL_DEPTH];
    size_t n_frames;
    bool completed; /* of the loop that ended last */
} vm;

static bool grow(vm *m, void **array, size_t count, size_t *capacity, size_t n_more, size_t size)
{
    if (*capacity - count >= n_more)
        return true;
    size_t wanted = (*capacity + n_more) * 2 + 16;
    void *grown = ll_realloc(m->r->host, *array, count, wanted, size);
    if (!grown) {
        m->r->status = ll_fail_memory(m->r->error, "the stack of a template");
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

static bool push(vm *m, ll_value v)
{
    if (m->n_stack == m->stack_capacity &&
        !grow(m, (void **)&m->stack, m->n_stack, &m->stack_capacity, 1, sizeof *m->stack))
        return false;
    m->stack[m->n_stack++] = v;
    return true;
}

static ll_value pop(vm *m) { return m->stack[--m->n_stack]; }
static ll_value *top(vm *m) { return &m->stack[m->n_stack - 1]; }

/* Output ------------------------------------------------------------------------------------------------ */

static bool write_text(vm *m, const ll_str *s)
{
    ll_rendered *out = m->r->out;
    uint64_t limit = m->r->host->limits.template_output_bytes;
    if (s->size > limit || out->text.size > limit - s->size)
        return ll_render_limit(m->r, "the rendering is longer than %llu bytes (limit template_output_bytes)",
                               (unsigned long long)limit);
    if (!ll_work_on_text(m->r, s->size))
        return false;
    if (ll_buffer_reserve(&out->text, s->size) && ll_buffer_reserve(&out->origins, s->size) && s->size > 0) {
        char *origins = out->origins.data + out->origins.size;
        ll_buffer_append(&out->text, s->data, s->size);
        if (s->origins)
            memcpy(origins, s->origins, s->size);
        else
            memset(origins, s->origin, s->size);
        out->origins.size += s->size;
    }
    if (!out->text.failed && !out->origins.failed)
        return true;
    m->r->status = ll_fail_memory(m->r->error, "a rendered template");
    return false;
}

/* What was written since `start`, taken back. */
static bool take_output(vm *m, size_t start, ll_value *out)
{
    ll_rendered *rendered = m->r->out;
    size_t n = rendered->text.size - start;
    const ll_str *s = ll_str_copy(m->r, rendered->text.data + start, rendered->origins.data + start, n);
    if (!s)
        return false;
    rendered->text.size = start;
    rendered->origins.size = start;
    *out = ll_string(s);
    return true;
}

/* Variables --------------------------------------------------------------------------------------------- */

static ll_value *find_here(ll_scope *scope, uint32_t name)
{
    for (uint32_t i = 0; i < scope->n; i++)
        if (scope->bindings[i].name == name)
            return &scope->bindings[i].value;
    return NULL;
}

static bool load(vm *m, uint32_t name, ll_value *out)
{
    for (ll_scope *scope = m->scope; scope; scope = scope->parent) {
        ll_value *found = find_here(scope, name);
        if (found) {
            *out = *found;
            return ll_work(m->r, scope->n / 16);
        }
        if (!ll_work(m->r, 1 + scope->n / 16))
            return false;
    }
    *out = m->globals[name];
    if (out->kind != LL_V_MISSING)
        return true;
    if (m->program->globals[name]) {
        *out = (ll_value){.kind = LL_V_FUNCTION, .as.function = m->program->globals[name]};
        return true;
    }
    return ll_undefined_new(m->r, (ll_undefined){.why = LL_U_NAME, .name = m->program->names[name]}, out);
}

static bool bind(vm *m, ll_scope *scope, uint32_t name, ll_value v)
{
    ll_value *found = find_here(scope, name);
    if (found) {
        *found = v;
        return true;
    }
    if (scope->n == scope->capacity) {
        uint32_t capacity = scope->capacity * 2 + 4;
        ll_binding *grown = ll_render_alloc(m->r, capacity, sizeof *grown);
        if (!grown)
            return false;
        if (scope->n)
            memcpy(grown, scope->bindings, scope->n * sizeof *grown);
        scope->bindings = grown;
        scope->capacity = capacity;
    }
    scope->bindings[scope->n++] = (ll_binding){name, v};
    return true;
}

static bool store(vm *m, uint32_t name, ll_value v)
{
    if (m->scope)
        return ll_work(m->r, m->scope->n / 16) && bind(m, m->scope, name, v);
    m->globals[name] = v;
    return true;
}

static ll_scope *new_scope(vm *m, ll_scope *parent)
{
    ll_scope *scope = ll_render_alloc(m->r, 1, sizeof *scope);
    if (scope)
        *scope = (ll_scope){.parent = parent};
    return scope;
}

static bool enter_scope(vm *m)
{
    ll_scope *scope = new_scope(m, m->scope);
    if (scope)
        m->scope = scope;
    return scope != NULL;
}

static bool set_attribute(vm *m, const ll_code *code)
{
    ll_value object;
    const ll_value name = m->program->constants[code->n];
    if (!load(m, (uint32_t)code->a, &object))
        return false;
    if (object.kind != LL_V_NAMESPACE)
        return ll_render_fail(m->r, "cannot assign attribute on non-namespace object");
    if (name.as.str->data[0] == '_')
        return ll_render_fail(m->r, "attributes of a namespace must not start with '_'");
    return ll_dict_set(m->r, object.as.dict, name, pop(m));
}

/* Containers -------------------------------------------------------------------------------------------- */

static bool build_list(vm *m, ll_list_kind kind, size_t n)
{
    ll_list *list = ll_list_new(m->r, kind, n);
    if (!list || !ll_work(m->r, n))
        return false;
    m->n_stack -= n;
    if (n)
        memcpy(list->items, m->stack + m->n_stack, n * sizeof *list->items);
    return ll_list_seal(m->r, list) && push(m, ll_sequence(list));
}

static bool build_dict(vm *m, size_t n)
{
    ll_dict *dict = ll_dict_new(m->r, n);
    if (!dict)
        return false;
    m->n_stack -= 2 * n;
    const ll_value *pairs = m->stack + m->n_stack;
    for (size_t i = 0; i < n; i++)
        if (!ll_work(m->r, 1) || !ll_dict_set(m->r, dict, pairs[2 * i], pairs[2 * i + 1]))
            return false;
    return push(m, ll_mapping(dict));
}

static bool unpack(vm *m, size_t n)
{
    ll_items items;
    ll_value v = pop(m);
    if (v.kind == LL_V_UNDEFINED && n > 0)
        return ll_fail_undefined(m->r, v);
    if (!ll_iterate(m->r, v, &items))
        return false;
    if (items.n != n)
        return ll_render_fail(m->r, "cannot unpack %zu values into %zu variables", items.n, n);
    for (size_t i = n; i-- > 0;)
        if (!push(m, items.items[i]))
            return false;
    return true;
}

/* Loops ------------------------------------------------------------------------------------------------- */

static bool begin_loop(vm *m, uint32_t how)
{
    ll_items items;
    ll_loop *loop = ll_render_alloc(m->r, 1, sizeof *loop);
    if (!loop || !ll_iterate(m->r, pop(m), &items) || !enter_scope(m) ||
        !grow(m, (void **)&m->loops, m->n_loops, &m->loop_capacity, 1, sizeof *m->loops))
        return false;
    *loop = (ll_loop){.items = items.items,
                      .n = items.n,
                      .index0 = -1,
                      .tests = how & LL_FOR_TESTED,
                      .collects = how & LL_FOR_AHEAD,
                      .scope = m->scope};
    if (loop->collects) {
        loop->kept = ll_render_alloc(m->r, loop->n, sizeof *loop->kept);
        if (!loop->kept)
            return false;
    }
    m->loops[m->n_loops++] = loop;
    return true;
}

static void end_loop(vm *m)
{
    ll_loop *loop = m->loops[--m->n_loops];
    m->completed = loop->completed;
    m->scope = loop->scope->parent;
}

static bool next_item(vm *m, const ll_code *code)
{
    ll_loop *loop = m->loops[m->n_loops - 1];
    loop->scope->n = 0;
    if (loop->position == loop->n && loop->collects) {
        loop->collects = false;
        loop->tests = false;
        loop->items = loop->kept;
        loop->n = loop->n_kept;
        loop->position = 0;
    }
    if (loop->position < loop->n)
        return push(m, loop->items[loop->position++]);
    end_loop(m);
    m->pc += (size_t)code->a;
    return true;
}

static void test_item(vm *m, const ll_code *code)
{
    ll_loop *loop = m->loops[m->n_loops - 1];
    bool passed = ll_truth(pop(m));
    if (passed && loop->collects)
        loop->kept[loop->n_kept++] = loop->items[loop->position - 1];
    if (!passed || loop->collects)
        m->pc += (size_t)code->a;
}

static bool enter_body(vm *m)
{
    ll_loop *loop = m->loops[m->n_loops - 1];
    loop->index0++;
    loop->before = loop->current;
    loop->current = loop->items[loop->position - 1];
    return bind(m, loop->scope, m->program->loop_name, (ll_value){.kind = LL_V_LOOP, .as.loop = loop});
}

bool ll_loop_attribute(ll_render *r, ll_loop *loop, const ll_str *name, ll_value *out)
{
    int64_t n = (int64_t)loop->n;
    bool ends = loop->position == loop->n;
    if (ll_str_is(name, "index"))
        *out = ll_int(loop->index0 + 1);
    else if (ll_str_is(name, "index0"))
        *out = ll_int(loop->index0);
    else if (ll_str_is(name, "first"))
        *out = ll_bool(loop->index0 == 0);
    else if (ll_str_is(name, "last"))
        *out = ll_bool(ends);
    else if (ll_str_is(name, "length"))
        *out = ll_int(n);
    else if (ll_str_is(name, "revindex"))
        *out = ll_int(n - loop->index0);
    else if (ll_str_is(name, "revindex0"))
        *out = ll_int(n - loop->index0 - 1);
    else if (ll_str_is(name, "depth"))
        *out = ll_int(1);
    else if (ll_str_is(name, "depth0"))
        *out = ll_int(0);
    else if (ll_str_is(name, "previtem") && loop->index0 > 0)
        *out = loop->before;
    else if (ll_str_is(name, "previtem"))
        return ll_undefined_hint(r, "there is no previous item", out);
    else if (ll_str_is(name, "nextitem") && !ends)
        *out = loop->items[loop->position];
    else if (ll_str_is(name, "nextitem"))
        return ll_undefined_hint(r, "there is no next item", out);
    else
        *out = (ll_value){.kind = LL_V_MISSING};
    return true;
}

/* Calls ------------------------------------------------------------------------------------------------- */

static ll_span name_of(const ll_proto *proto) { return proto->name ? ll_str_span(proto->name) : ll_span_of("caller"); }

static bool bind_extra_keyword(vm *m, const ll_proto *proto, ll_scope *scope, ll_dict *rest, ll_value name, ll_value v)
{
    if (proto->uses_caller && ll_str_is(name.as.str, "caller"))
        return bind(m, scope, m->program->caller_name, v);
    if (proto->uses_kwargs)
        return ll_dict_set(m->r, rest, name, v);
    ll_span macro = name_of(proto);
    return ll_render_fail(m->r, "macro '%.*s' takes no keyword argument '%.*s'", ll_shown(macro), macro.data,
                          ll_shown(ll_str_span(name.as.str)), name.as.str->data);
}

static bool bind_arguments(vm *m, const ll_proto *proto, ll_scope *scope, const ll_call *call)
{
    size_t n = call->n_args < proto->n_parameters ? call->n_args : proto->n_parameters;
    for (size_t i = 0; i < n; i++)
        if (!bind(m, scope, proto->parameters[i], call->args[i]))
            return false;
    ll_dict *rest = ll_dict_new(m->r, 0);
    ll_list *more = ll_list_new(m->r, LL_L_TUPLE, call->n_args - n);
    if (!rest || !more)
        return false;
    for (size_t k = 0; k < call->n_keywords; k++) {
        ll_value name = call->keywords[2 * k], v = call->keywords[2 * k + 1];
        uint32_t i = (uint32_t)n;
        while (i < proto->n_parameters && !ll_str_same(m->program->names[proto->parameters[i]], name.as.str))
            i++;
        if (i < proto->n_parameters ? !bind(m, scope, proto->parameters[i], v)
                                    : !bind_extra_keyword(m, proto, scope, rest, name, v))
            return false;
    }
    if (call->n_args > n && !proto->uses_varargs)
        return ll_render_fail(m->r, "macro '%.*s' takes not more than %u argument(s)", ll_shown(name_of(proto)),
                              name_of(proto).data, proto->n_parameters);
    for (size_t i = n; i < call->n_args; i++)
        more->items[i - n] = call->args[i];
    ll_value nobody;
    if (proto->uses_caller && !find_here(scope, m->program->caller_name) &&
        !(ll_undefined_hint(m->r, "No caller defined", &nobody) && bind(m, scope, m->program->caller_name, nobody)))
        return false;
    return (!proto->uses_varargs ||
            (ll_list_seal(m->r, more) && bind(m, scope, m->program->varargs_name, ll_sequence(more)))) &&
           (!proto->uses_kwargs || bind(m, scope, m->program->kwargs_name, ll_mapping(rest)));
}

static bool call_macro(vm *m, const ll_macro *macro, const ll_call *call, size_t base)
{
    if (m->n_frames == LL_CALL_DEPTH)
        return ll_render_limit(m->r, "macros call each other deeper than %d", LL_CALL_DEPTH);
    ll_scope *scope = new_scope(m, macro->closure);
    if (!scope || !bind_arguments(m, macro->proto, scope, call))
        return false;
    m->frames[m->n_frames++] = (frame){m->pc, base, m->r->out->text.size, m->scope};
    m->n_stack = base;
    m->scope = scope;
    m->pc = macro->entry;
    return true;
}

static bool return_from_macro(vm *m)
{
    frame f = m->frames[--m->n_frames];
    ll_value text;
    if (!take_output(m, f.out, &text))
        return false;
    m->pc = f.pc;
    m->scope = f.scope;
    m->n_stack = f.base;
    return push(m, text);
}

static bool call_joiner(vm *m, ll_joiner *joiner, ll_value *out)
{
    const ll_str *text = joiner->used ? joiner->separator : ll_str_literal(m->r, "");
    joiner->used = true;
    *out = ll_string(text);
    return text != NULL;
}

static bool call_value(vm *m, uint32_t counts)
{
    size_t n = counts >> 8, n_keywords = counts & 0xFF, base = m->n_stack - n - 2 * n_keywords - 1;
    ll_value callee = m->stack[base], result;
    ll_call call = {
        .args = m->stack + base + 1, .n_args = n, .keywords = m->stack + base + 1 + n, .n_keywords = n_keywords};
    bool ok;
    switch (callee.kind) {
    case LL_V_MACRO:
        return call_macro(m, callee.as.macro, &call, base);
    case LL_V_METHOD:
        m->stack[base] = callee.as.method->self;
        call.args--;
        call.n_args++;
        call.name = callee.as.method->function->name;
        ok = callee.as.method->function->call(m->r, &call, &result);
        break;
    case LL_V_FUNCTION:
        call.name = callee.as.function->name;
        ok = callee.as.function->call(m->r, &call, &result);
        break;
    case LL_V_JOINER:
        ok = call_joiner(m, callee.as.joiner, &result);
        break;
    case LL_V_UNDEFINED:
        return ll_fail_undefined(m->r, callee);
    case LL_V_LOOP:
        return ll_render_fail(m->r, "recursive loops are not supported");
    default:
        return ll_render_fail(m->r, "'%s' object is not callable", ll_type_name(callee));
    }
    m->n_stack = base;
    return ok && push(m, result);
}

/* Filters and tests: what they are applied to is their first argument. */
static bool apply(vm *m, const ll_function *function, uint32_t counts)
{
    size_t n = (counts >> 8) + 1, n_keywords = counts & 0xFF, base = m->n_stack - n - 2 * n_keywords;
    ll_value result;
    ll_call call = {.args = m->stack + base,
                    .n_args = n,
                    .keywords = m->stack + base + n,
                    .n_keywords = n_keywords,
                    .name = function->name};
    if (!function->call(m->r, &call, &result))
        return false;
    m->n_stack = base;
    return push(m, result);
}

static bool make_macro(vm *m, const ll_code *code)
{
    ll_macro *macro = ll_render_alloc(m->r, 1, sizeof *macro);
    if (!macro)
        return false;
    *macro = (ll_macro){.proto = &m->program->protos[code->n], .entry = m->pc, .closure = m->scope};
    m->pc += (size_t)code->a;
    return push(m, (ll_value){.kind = LL_V_MACRO, .as.macro = macro});
}

/* Operators --------------------------------------------------------------------------------------------- */

static bool compare(ll_render *r, uint32_t how, ll_value a, ll_value b, bool *out)
{
    if (how != LL_IN && how != LL_NOT_IN)
        return ll_compare(r, (ll_comparison)how, a, b, out);
    bool ok = ll_contains(r, b, a, out);
    *out = *out == (how == LL_IN);
    return ok;
}

static bool compare_top(vm *m, const ll_code *code, bool chain)
{
    ll_value right = pop(m), left = pop(m);
    bool holds;
    if (!compare(m->r, code->n, left, right, &holds))
        return false;
    if (chain && !holds)
        m->pc += (size_t)code->a;
    return push(m, chain && holds ? right : ll_bool(holds));
}

static bool concatenate(vm *m)
{
    ll_value right = pop(m);
    const ll_str *b = ll_to_str(m->r, right), *a = b ? ll_to_str(m->r, *top(m)) : NULL;
    const ll_str *joined = a ? ll_str_join2(m->r, a, b) : NULL;
    if (joined)
        *top(m) = ll_string(joined);
    return joined != NULL;
}

static bool print_top(vm *m)
{
    const ll_str *text = ll_to_str(m->r, pop(m));
    return text && write_text(m, text);
}

/* Binary operators, subscripts and slices: operands are popped, the result is pushed. */
static bool operate(vm *m, const ll_code *code)
{
    ll_value result;
    bool ok;
    if (code->op == LL_OP_SLICE) {
        m->n_stack -= 3;
        ok = ll_slice(m->r, *top(m), m->stack + m->n_stack, &result);
    } else if (code->op == LL_OP_NEGATE || code->op == LL_OP_POSITIVE) {
        ok = ll_negate(m->r, *top(m), &result) && (code->op == LL_OP_NEGATE || ll_negate(m->r, result, &result));
    } else if (code->op == LL_OP_ATTRIBUTE) {
        ok = ll_attribute(m->r, *top(m), m->program->constants[code->a].as.str, &result);
    } else {
        ll_value right = pop(m);
        ok = code->op == LL_OP_BINARY ? ll_operate(m->r, (ll_operator)code->n, *top(m), right, &result)
                                      : ll_subscript(m->r, *top(m), right, &result);
    }
    if (ok)
        *top(m) = result;
    return ok;
}

static bool push_loaded(vm *m, uint32_t name)
{
    ll_value v;
    return load(m, name, &v) && push(m, v);
}

static bool push_undefined(vm *m, uint32_t why)
{
    ll_value v;
    return ll_undefined_hint(m->r, why ? "this parameter was not provided" : "an 'if' without 'else' gave no value",
                             &v) &&
           push(m, v);
}

static bool end_capture(vm *m)
{
    ll_value text;
    return take_output(m, m->captures[--m->n_captures], &text) && push(m, text);
}

static bool begin_capture(vm *m)
{
    if (!grow(m, (void **)&m->captures, m->n_captures, &m->capture_capacity, 1, sizeof *m->captures))
        return false;
    m->captures[m->n_captures++] = m->r->out->text.size;
    return true;
}

/* The instructions that move values and make others. */
static bool step_value(vm *m, const ll_code *code)
{
    switch (code->op) {
    case LL_OP_CONSTANT:
        return push(m, m->program->constants[code->a]);
    case LL_OP_UNDEFINED:
        return push_undefined(m, code->n);
    case LL_OP_LOAD:
        return push_loaded(m, (uint32_t)code->a);
    case LL_OP_STORE:
        return store(m, (uint32_t)code->a, pop(m));
    case LL_OP_SET_ATTRIBUTE:
        return set_attribute(m, code);
    case LL_OP_LIST:
        return build_list(m, LL_L_LIST, (size_t)code->a);
    case LL_OP_TUPLE:
        return build_list(m, LL_L_TUPLE, (size_t)code->a);
    case LL_OP_DICT:
        return build_dict(m, (size_t)code->a);
    case LL_OP_UNPACK:
        return unpack(m, (size_t)code->a);
    case LL_OP_NOT:
        *top(m) = ll_bool(!ll_truth(*top(m)));
        return true;
    case LL_OP_CONCAT:
        return concatenate(m);
    case LL_OP_COMPARE:
    case LL_OP_COMPARE_CHAIN:
        return compare_top(m, code, code->op == LL_OP_COMPARE_CHAIN);
    case LL_OP_FILTER:
    case LL_OP_TEST:
        return apply(m, m->program->functions[code->a], code->n);
    case LL_OP_UNKNOWN:
        return ll_render_fail(m->r, "there is no %s named '%.*s'", code->n ? "test" : "filter",
                              ll_shown(ll_str_span(m->program->constants[code->a].as.str)),
                              m->program->constants[code->a].as.str->data);
    case LL_OP_CALL:
        return call_value(m, code->n);
    default:
        return operate(m, code);
    }
}

static void jump_keep(vm *m, const ll_code *code, bool when)
{
    if (ll_truth(*top(m)) == when)
        m->pc += (size_t)code->a;
    else
        m->n_stack--;
}

/* The instructions of statements; the others are left to step_value(). */
static bool step(vm *m, const ll_code *code)
{
    switch (code->op) {
    case LL_OP_JUMP:
        m->pc += (size_t)code->a; /* may be negative: unsigned arithmetic wraps as it should */
        return true;
    case LL_OP_JUMP_IF_FALSE:
        if (!ll_truth(pop(m)))
            m->pc += (size_t)code->a;
        return true;
    case LL_OP_JUMP_IF_FALSE_KEEP:
    case LL_OP_JUMP_IF_TRUE_KEEP:
        jump_keep(m, code, code->op == LL_OP_JUMP_IF_TRUE_KEEP);
        return true;
    case LL_OP_JUMP_IF_BOUND:
        if (find_here(m->scope, code->n))
            m->pc += (size_t)code->a;
        return true;
    case LL_OP_TEXT:
        return write_text(m, m->program->constants[code->a].as.str);
    case LL_OP_PRINT:
        return print_top(m);
    case LL_OP_SCOPE:
        return enter_scope(m);
    case LL_OP_END_SCOPE:
        m->scope = m->scope->parent;
        return true;
    case LL_OP_CAPTURE:
        return begin_capture(m);
    case LL_OP_END_CAPTURE:
        return end_capture(m);
    case LL_OP_FOR:
        return begin_loop(m, code->n);
    case LL_OP_FOR_NEXT:
        return next_item(m, code);
    case LL_OP_FOR_SKIP_TEST:
        if (!m->loops[m->n_loops - 1]->tests)
            m->pc += (size_t)code->a;
        return true;
    case LL_OP_FOR_TEST:
        test_item(m, code);
        return true;
    case LL_OP_FOR_ENTER:
        return enter_body(m);
    case LL_OP_FOR_DONE:
        m->loops[m->n_loops - 1]->completed = true;
        return true;
    case LL_OP_FOR_END:
        if (m->completed)
            m->pc += (size_t)code->a;
        return true;
    case LL_OP_BREAK:
    case LL_OP_CONTINUE:
        m->scope = m->loops[m->n_loops - 1]->scope; /* leave the scopes within the body */
        if (code->op == LL_OP_BREAK)
            end_loop(m);
        m->pc += (size_t)code->a;
        return true;
    case LL_OP_MACRO:
        return make_macro(m, code);
    default:
        return step_value(m, code);
    }
}

static bool run(vm *m)
{
    for (;;) {
        const ll_code *code = &m->program->code[m->pc++];
        m->r->at = code->at;
        if (!ll_work(m->r, 1))
            return false;
        if (code->op == LL_OP_RETURN) {
            if (m->n_frames == 0)
                return true;
            if (!return_from_macro(m))
                return false;
        } else if (!step(m, code)) {
            return false;
        }
    }
}

bool ll_program_run(ll_render *r, ll_value *globals)
{
    vm *m = ll_calloc(r->host, 1, sizeof *m);
    if (!m) {
        r->status = ll_fail_memory(r->error, "the state of a template");
        return false;
    }
    m->r = r;
    m->program = r->program;
    m->globals = globals;
    bool ok = grow(m, (void **)&m->stack, 0, &m->stack_capacity, 1, sizeof *m->stack) && run(m);
    ll_free(r->host, m->stack);
    ll_free(r->host, m->loops);
    ll_free(r->host, m->captures);
    ll_free(r->host, m);
    return ok;
}
