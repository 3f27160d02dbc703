/* SPDX-License-Identifier: MIT
 * The parser's tools: tokens, growing the program, jumps.
 */
#include "chat/parser.h"

#include "base/status.h"
#include "chat/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool ll_parser_fail(ll_parser *p, size_t at, const char *format, ...)
{
    if (p->status != LIBLLM_OK)
        return false;
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    p->status = ll_template_fail(p->error, p->program->source, at, "%s", message);
    return false;
}

bool ll_parser_memory(ll_parser *p)
{
    if (p->status == LIBLLM_OK)
        p->status = ll_fail_memory(p->error, "a compiled template");
    return false;
}

bool ll_parser_enter(ll_parser *p, uint32_t *depth)
{
    uint32_t limit = p->host->limits.template_depth;
    if (limit > LL_PARSE_DEPTH)
        limit = LL_PARSE_DEPTH;
    if (*depth < limit) {
        ++*depth;
        return true;
    }
    unsigned line, column;
    ll_source_position(p->program->source, p->token.at, &line, &column);
    if (p->status == LIBLLM_OK)
        p->status =
            ll_fail(p->error, LIBLLM_ERROR_LIMIT,
                    "template line %u, column %u: nested deeper than %u (limit template_depth)", line, column, limit);
    return false;
}

/* Growing ----------------------------------------------------------------------------------------------- */

static bool grow(ll_parser *p, void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *grown = wanted < INT32_MAX ? ll_realloc(p->host, *array, count, wanted, size) : NULL;
    if (!grown)
        return ll_parser_memory(p);
    *array = grown;
    *capacity = wanted;
    return true;
}

bool ll_emit(ll_parser *p, ll_opcode op, uint32_t n, int32_t a, size_t at)
{
    ll_program *program = p->program;
    if (!grow(p, (void **)&program->code, program->n_code, &p->code_capacity, sizeof(ll_code)))
        return false;
    program->code[program->n_code++] = (ll_code){op, n, a, (uint32_t)at};
    return true;
}

bool ll_emit_jump(ll_parser *p, ll_opcode op, size_t at, size_t *index)
{
    *index = p->program->n_code;
    return ll_emit(p, op, 0, 0, at);
}

/* A jump is relative to the instruction behind it. */
static int32_t distance(size_t from, size_t to) { return (int32_t)((int64_t)to - (int64_t)from - 1); }

void ll_patch(ll_parser *p, size_t index) { p->program->code[index].a = distance(index, p->program->n_code); }

bool ll_emit_jump_back(ll_parser *p, ll_opcode op, size_t at, size_t target)
{
    return ll_emit(p, op, 0, distance(p->program->n_code, target), at);
}

/* Jumps to a common target hang together by their `a` until they are patched; the first of them has -1. */
bool ll_emit_listed(ll_parser *p, ll_opcode op, uint32_t n, size_t at, int32_t *last)
{
    if (!ll_emit(p, op, n, *last, at))
        return false;
    *last = (int32_t)p->program->n_code - 1;
    return true;
}

void ll_patch_list(ll_parser *p, int32_t last)
{
    while (last >= 0) {
        int32_t before = p->program->code[last].a;
        ll_patch(p, (size_t)last);
        last = before;
    }
}

static void reverse(ll_code *code, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        ll_code swap = code[i];
        code[i] = code[n - 1 - i];
        code[n - 1 - i] = swap;
    }
}

void ll_rotate(ll_parser *p, size_t start, size_t middle)
{
    ll_code *code = p->program->code;
    size_t end = p->program->n_code;
    if (start == middle || middle == end)
        return;
    reverse(code + start, middle - start);
    reverse(code + middle, end - middle);
    reverse(code + start, end - start);
}

bool ll_add_constant(ll_parser *p, ll_value v, int32_t *index)
{
    ll_program *program = p->program;
    if (!grow(p, (void **)&program->constants, program->n_constants, &p->constant_capacity, sizeof v))
        return false;
    *index = (int32_t)program->n_constants;
    program->constants[program->n_constants++] = v;
    return true;
}

static const ll_str *keep_text(ll_parser *p, ll_span text)
{
    ll_str *s = ll_arena_alloc(&p->program->arena, sizeof *s);
    char *copy = ll_arena_alloc(&p->program->arena, text.size);
    if (!s || !copy) {
        ll_parser_memory(p);
        return NULL;
    }
    if (text.size)
        memcpy(copy, text.data, text.size);
    ll_str_over(s, copy, text.size, LL_FROM_TEMPLATE);
    return s;
}

bool ll_add_text(ll_parser *p, ll_span text, int32_t *index)
{
    const ll_str *s = keep_text(p, text);
    return s && ll_add_constant(p, ll_string(s), index);
}

bool ll_add_function(ll_parser *p, const ll_function *function, int32_t *index)
{
    ll_program *program = p->program;
    if (!grow(p, (void **)&program->functions, program->n_functions, &p->function_capacity, sizeof function))
        return false;
    *index = (int32_t)program->n_functions;
    program->functions[program->n_functions++] = function;
    return true;
}

bool ll_new_proto(ll_parser *p, const ll_str *name, size_t *index)
{
    ll_program *program = p->program;
    if (!grow(p, (void **)&program->protos, program->n_protos, &p->proto_capacity, sizeof *program->protos))
        return false;
    *index = program->n_protos++;
    program->protos[*index] = (ll_proto){.name = name};
    return true;
}

bool ll_name_index(ll_parser *p, ll_span name, int32_t *index)
{
    ll_program *program = p->program;
    uint32_t known;
    if (ll_map_find(&p->names, name, &known)) {
        *index = (int32_t)known;
        return true;
    }
    const ll_str *s = keep_text(p, name);
    if (!s || !grow(p, (void **)&program->names, program->n_names, &p->name_capacity, sizeof s))
        return false;
    *index = (int32_t)program->n_names;
    program->names[program->n_names] = s;
    if (!ll_map_insert(&p->names, ll_str_span(s), (uint32_t)program->n_names++, NULL))
        return ll_parser_memory(p);
    return true;
}

/* Tokens ------------------------------------------------------------------------------------------------ */

bool ll_advance(ll_parser *p)
{
    p->token = p->next;
    if (p->status == LIBLLM_OK)
        p->status = ll_lexer_next(&p->lexer, &p->next);
    return p->status == LIBLLM_OK;
}

bool ll_at_name(const ll_parser *p, const char *name)
{
    return p->token.kind == LL_T_NAME && ll_span_is(p->token.text, name);
}

bool ll_at_operator(const ll_parser *p, int op) { return p->token.kind == LL_T_OPERATOR && p->token.op == op; }

bool ll_skip_operator(ll_parser *p, int op, bool *skipped)
{
    *skipped = ll_at_operator(p, op);
    return !*skipped || ll_advance(p);
}

bool ll_expect_operator(ll_parser *p, int op)
{
    if (ll_at_operator(p, op))
        return ll_advance(p);
    return ll_parser_fail(p, p->token.at, "expected '%c' here", op);
}

bool ll_expect_name(ll_parser *p, ll_span *name)
{
    *name = p->token.text;
    if (p->token.kind == LL_T_NAME)
        return ll_advance(p);
    return ll_parser_fail(p, p->token.at, "expected a name here");
}

bool ll_expect_word(ll_parser *p, const char *word)
{
    if (ll_at_name(p, word))
        return ll_advance(p);
    return ll_parser_fail(p, p->token.at, "expected '%s' here", word);
}

bool ll_unexpected(ll_parser *p)
{
    ll_span text = p->token.text;
    if (text.size == 0 || p->token.kind == LL_T_TEXT)
        return ll_parser_fail(p, p->token.at, "expected an expression here");
    return ll_parser_fail(p, p->token.at, "unexpected '%.*s'", ll_shown(text), text.data);
}
