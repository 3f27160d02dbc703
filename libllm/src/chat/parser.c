/* SPDX-License-Identifier: MIT
 * Statements of templates to code.
 */
#include "chat/parser.h"

#include "base/status.h"
#include "chat/text.h"

#include <string.h>

static bool parse_body(ll_parser *p, const char *const *ends);

/* ":" is allowed before the end of a tag that opens a body. */
static bool expect_block_end(ll_parser *p)
{
    bool colon;
    if (!ll_skip_operator(p, ':', &colon))
        return false;
    if (p->token.kind != LL_T_BLOCK_END)
        return ll_parser_fail(p, p->token.at, "expected '%%}' here");
    return ll_advance(p);
}

/* The body of a tag up to and including its end tag's name. */
static bool parse_body_until(ll_parser *p, const char *end)
{
    const char *const ends[] = {end, NULL};
    return expect_block_end(p) && parse_body(p, ends) && ll_advance(p);
}

/* A body that is written somewhere else first: loops outside of it cannot be left from within. */
static bool parse_captured(ll_parser *p, const char *end, bool capture)
{
    size_t at = p->token.at;
    bool may_break = p->may_break;
    p->may_break = false;
    if ((capture && !ll_emit(p, LL_OP_CAPTURE, 0, 0, at)) || !ll_emit(p, LL_OP_SCOPE, 0, 0, at) ||
        !parse_body_until(p, end) || !ll_emit(p, LL_OP_END_SCOPE, 0, 0, at) ||
        (capture && !ll_emit(p, LL_OP_END_CAPTURE, 0, 0, at)))
        return false;
    p->may_break = may_break;
    return true;
}

/* Targets of assignments -------------------------------------------------------------------------------- */

static bool emit_store(ll_parser *p, ll_span name, size_t at)
{
    static const char *const fixed[] = {"true", "false", "none", "True", "False", "None"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (ll_span_is(name, fixed[i]))
            return ll_parser_fail(p, at, "'%s' cannot be assigned to", fixed[i]);
    if (p->loop && ll_span_is(name, "loop"))
        return ll_parser_fail(p, at, "'loop' cannot be assigned to within a loop");
    int32_t index;
    return ll_name_index(p, name, &index) && ll_emit(p, LL_OP_STORE, 0, index, at);
}

static bool parse_targets(ll_parser *p, bool attributes, bool parentheses);

static bool parse_target(ll_parser *p, bool attributes)
{
    size_t at = p->token.at;
    if (ll_at_operator(p, '(')) {
        bool ok = ll_parser_enter(p, &p->depth) && ll_advance(p) && parse_targets(p, false, true) &&
                  ll_expect_operator(p, ')');
        p->depth--;
        return ok;
    }
    ll_span name, attribute;
    if (!ll_expect_name(p, &name))
        return false;
    if (!attributes || !ll_at_operator(p, '.'))
        return emit_store(p, name, at);
    int32_t variable, constant;
    return ll_advance(p) && ll_expect_name(p, &attribute) && ll_name_index(p, name, &variable) &&
           ll_add_text(p, attribute, &constant) && ll_emit(p, LL_OP_SET_ATTRIBUTE, (uint32_t)constant, variable, at);
}

/* "a", "a.b", "a, b", "a, (b, c)": code that takes a value from the stack. */
static bool parse_targets(ll_parser *p, bool attributes, bool parentheses)
{
    size_t start = p->program->n_code, at = p->token.at;
    int32_t n = 0;
    bool comma = false;
    do {
        if (n > 0 && (ll_at_name(p, "in") || ll_at_operator(p, '=') || ll_at_operator(p, ')')))
            break;
        if (!parse_target(p, attributes))
            return false;
        n++;
        bool more = false;
        if (!ll_skip_operator(p, ',', &more))
            return false;
        comma = comma || more;
        if (!more)
            break;
    } while (parentheses || p->token.kind != LL_T_BLOCK_END);
    if (!comma)
        return true;
    size_t middle = p->program->n_code;
    if (!ll_emit(p, LL_OP_UNPACK, 0, n, at))
        return false;
    ll_rotate(p, start, middle);
    return true;
}

static bool parse_set(ll_parser *p)
{
    size_t target = p->program->n_code;
    if (!ll_advance(p) || !parse_targets(p, true, false))
        return false;
    bool assign;
    size_t rest = p->program->n_code;
    if (!ll_skip_operator(p, '=', &assign))
        return false;
    if (assign) {
        if (!ll_parse_tuple(p, 0))
            return false;
        ll_rotate(p, target, rest);
        return true;
    }
    if (!ll_parse_filters(p, false))
        return false;
    size_t body = p->program->n_code;
    if (!parse_captured(p, "endset", true))
        return false;
    size_t n_body = p->program->n_code - body;
    ll_rotate(p, target, body);                   /* body target filters */
    ll_rotate(p, target + n_body, rest + n_body); /* body filters target */
    return true;
}

static bool parse_filter_block(ll_parser *p)
{
    size_t start = p->program->n_code, at = p->token.at;
    if (!ll_advance(p) || !ll_parse_filters(p, true))
        return false;
    size_t body = p->program->n_code;
    if (!parse_captured(p, "endfilter", true))
        return false;
    ll_rotate(p, start, body);
    return ll_emit(p, LL_OP_PRINT, 0, 0, at);
}

/* The values see the variables outside, so they come before the scope and are stored in reverse. */
static bool parse_with(ll_parser *p)
{
    enum { MOST = 32 };
    ll_span names[MOST];
    size_t ats[MOST], n = 0, at = p->token.at;
    if (!ll_advance(p))
        return false;
    while (p->token.kind != LL_T_BLOCK_END) {
        if (n == MOST)
            return ll_parser_fail(p, p->token.at, "more than %d variables in one 'with'", MOST);
        if (n > 0 && !ll_expect_operator(p, ','))
            return false;
        ats[n] = p->token.at;
        if (!ll_expect_name(p, &names[n++]) || !ll_expect_operator(p, '=') || !ll_parse_expression(p))
            return false;
    }
    if (!ll_emit(p, LL_OP_SCOPE, 0, 0, at))
        return false;
    while (n-- > 0)
        if (!emit_store(p, names[n], ats[n]))
            return false;
    return parse_body_until(p, "endwith") && ll_emit(p, LL_OP_END_SCOPE, 0, 0, at);
}

/* if, for ----------------------------------------------------------------------------------------------- */

static bool parse_if(ll_parser *p)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    int32_t done = -1;
    p->conditional++;
    for (;;) {
        size_t at = p->token.at, skip;
        if (!ll_advance(p) || !ll_parse_tuple(p, LL_NO_CONDITION) || !ll_emit_jump(p, LL_OP_JUMP_IF_FALSE, at, &skip) ||
            !expect_block_end(p) || !parse_body(p, ends))
            return false;
        bool more = !ll_at_name(p, "endif");
        if (more && !ll_emit_listed(p, LL_OP_JUMP, 0, at, &done))
            return false;
        ll_patch(p, skip);
        if (!ll_at_name(p, "elif"))
            break;
    }
    bool otherwise = ll_at_name(p, "else");
    if (!ll_advance(p) || (otherwise && !parse_body_until(p, "endif")))
        return false;
    ll_patch_list(p, done);
    p->conditional--;
    return true;
}

/* The loop's own "if": the code between FOR_NEXT and the body. */
static bool parse_loop_test(ll_parser *p, size_t next, size_t at)
{
    size_t skip;
    if (!ll_advance(p) || !ll_emit_jump(p, LL_OP_FOR_SKIP_TEST, at, &skip) || !ll_parse_expression(p) ||
        !ll_emit_jump_back(p, LL_OP_FOR_TEST, at, next))
        return false;
    ll_patch(p, skip);
    return true;
}

static bool parse_loop_body(ll_parser *p, ll_parser_loop *loop, size_t at)
{
    static const char *const ends[] = {"else", "endfor", NULL};
    bool may_break = p->may_break;
    loop->outer = p->loop;
    p->loop = loop;
    p->may_break = true;
    if (!ll_emit(p, LL_OP_FOR_ENTER, 0, 0, at) || !expect_block_end(p) || !parse_body(p, ends) ||
        !ll_emit(p, LL_OP_FOR_DONE, 0, 0, at) || !ll_emit_jump_back(p, LL_OP_JUMP, at, loop->next))
        return false;
    p->loop = loop->outer;
    p->may_break = may_break;
    return true;
}

static bool parse_for(ll_parser *p)
{
    size_t at = p->token.at, target = p->program->n_code, end;
    ll_parser_loop loop = {.breaks = -1};
    if (!ll_advance(p) || !parse_targets(p, false, false))
        return false;
    size_t sequence = p->program->n_code;
    if (!ll_expect_word(p, "in") || !ll_parse_tuple(p, LL_NO_CONDITION | LL_UNTIL_RECURSIVE))
        return false;
    size_t begin = target + (p->program->n_code - sequence); /* where FOR will be */
    loop.next = begin + 1;
    if (!ll_emit(p, LL_OP_FOR, 0, 0, at) || !ll_emit(p, LL_OP_FOR_NEXT, 0, 0, at))
        return false;
    ll_rotate(p, target, sequence);
    bool tested = ll_at_name(p, "if");
    if (tested && !parse_loop_test(p, loop.next, at))
        return false;
    if (ll_at_name(p, "recursive"))
        return ll_parser_fail(p, p->token.at, "recursive loops are not supported");
    if (!parse_loop_body(p, &loop, at))
        return false;
    p->program->code[begin].n = (tested ? LL_FOR_TESTED : 0u) | (tested && loop.looks_ahead ? LL_FOR_AHEAD : 0u);
    ll_patch(p, loop.next);
    ll_patch_list(p, loop.breaks);
    bool otherwise = ll_at_name(p, "else");
    if (!ll_emit_jump(p, LL_OP_FOR_END, at, &end) || !ll_advance(p))
        return false;
    if (otherwise && (!ll_emit(p, LL_OP_SCOPE, 0, 0, at) || !parse_body_until(p, "endfor") ||
                      !ll_emit(p, LL_OP_END_SCOPE, 0, 0, at)))
        return false;
    ll_patch(p, end);
    return true;
}

static bool parse_break(ll_parser *p)
{
    bool leave = ll_at_name(p, "break");
    size_t at = p->token.at;
    if (!p->loop || !p->may_break)
        return ll_parser_fail(p, at, "'%s' is not directly within a loop", leave ? "break" : "continue");
    if (!ll_advance(p))
        return false;
    return leave ? ll_emit_listed(p, LL_OP_BREAK, 0, at, &p->loop->breaks)
                 : ll_emit_jump_back(p, LL_OP_CONTINUE, at, p->loop->next);
}

/* Macros ------------------------------------------------------------------------------------------------ */

static bool add_proto(ll_parser *p, ll_span name, size_t *index)
{
    ll_program *program = p->program;
    int32_t text;
    if (!ll_add_text(p, name, &text))
        return false;
    return ll_new_proto(p, program->constants[text].as.str, index);
}

/* "(a, b=1)": code that gives the parameters which a call leaves out their values. */
static bool parse_signature(ll_parser *p)
{
    bool defaults = false;
    if (!ll_expect_operator(p, '('))
        return false;
    for (int n = 0; !ll_at_operator(p, ')'); n++) {
        if (n > 0 && !ll_expect_operator(p, ','))
            return false;
        size_t at = p->token.at, given;
        ll_span name;
        bool assign;
        int32_t index;
        if (n == LL_MAX_ARGUMENTS)
            return ll_parser_fail(p, at, "more than %d parameters", LL_MAX_ARGUMENTS);
        if (!ll_expect_name(p, &name) || !ll_name_index(p, name, &index) ||
            !ll_emit_jump(p, LL_OP_JUMP_IF_BOUND, at, &given) || !ll_skip_operator(p, '=', &assign))
            return false;
        p->program->code[given].n = (uint32_t)index;
        if (!assign && defaults)
            return ll_parser_fail(p, at, "a parameter without a default follows one that has one");
        defaults = assign;
        if (!(assign ? ll_parse_expression(p) : ll_emit(p, LL_OP_UNDEFINED, 1, 0, at)) || !emit_store(p, name, at))
            return false;
        ll_patch(p, given);
    }
    return ll_advance(p);
}

/* The names of the parameters, from the code of a signature. */
static bool take_parameters(ll_parser *p, size_t proto, size_t start, size_t end)
{
    const ll_code *code = p->program->code;
    uint32_t n = 0;
    for (size_t i = start; i < end; i++)
        n += code[i].op == LL_OP_JUMP_IF_BOUND;
    uint32_t *parameters = ll_arena_alloc(&p->program->arena, n * sizeof *parameters);
    if (!parameters)
        return ll_parser_memory(p);
    n = 0;
    for (size_t i = start; i < end; i++)
        if (code[i].op == LL_OP_JUMP_IF_BOUND)
            parameters[n++] = code[i].n;
    p->program->protos[proto].parameters = parameters;
    p->program->protos[proto].n_parameters = n;
    return true;
}

static bool parse_macro_body(ll_parser *p, size_t proto, const char *end)
{
    ll_parser_macro macro = {.outer = p->macro, .proto = proto};
    bool may_break = p->may_break;
    size_t at = p->token.at;
    p->macro = &macro;
    p->may_break = false;
    if (!parse_body_until(p, end) || !ll_emit(p, LL_OP_RETURN, 0, 0, at))
        return false;
    p->macro = macro.outer;
    p->may_break = may_break;
    return true;
}

static bool parse_macro(ll_parser *p)
{
    size_t at = p->token.at, proto, macro;
    ll_span name;
    if (!ll_advance(p) || !ll_expect_name(p, &name) || !add_proto(p, name, &proto) ||
        !ll_emit_jump(p, LL_OP_MACRO, at, &macro))
        return false;
    p->program->code[macro].n = (uint32_t)proto;
    ll_parser_macro context = {.outer = p->macro, .proto = proto};
    p->macro = &context;
    if (!parse_signature(p))
        return false;
    p->macro = context.outer;
    if (!take_parameters(p, proto, macro, p->program->n_code) || !parse_macro_body(p, proto, "endmacro"))
        return false;
    ll_patch(p, macro);
    return emit_store(p, name, at);
}

/* {% call(a) f(x) %}body{% endcall %}: f(x, caller=<macro of the body>). */
static bool parse_call_block(ll_parser *p)
{
    size_t at = p->token.at, start = p->program->n_code, proto;
    int32_t keyword;
    if (!ll_advance(p) || !ll_new_proto(p, NULL, &proto) || !ll_add_text(p, ll_span_of("caller"), &keyword) ||
        !ll_emit(p, LL_OP_CONSTANT, 0, keyword, at) || !ll_emit(p, LL_OP_MACRO, (uint32_t)proto, 0, at))
        return false;
    if (ll_at_operator(p, '(') && !parse_signature(p))
        return false;
    size_t call = p->program->n_code;
    if (!take_parameters(p, proto, start, call) || !ll_parse_postfix_expression(p))
        return false;
    if (!p->is_call)
        return ll_parser_fail(p, at, "expected a call behind 'call'");
    ll_code last = p->program->code[--p->program->n_code];
    if ((last.n & 0xFF) == LL_MAX_ARGUMENTS)
        return ll_parser_fail(p, at, "more than %d arguments", LL_MAX_ARGUMENTS);
    size_t macro = start + 1 + (p->program->n_code - call);
    ll_rotate(p, start, call);
    if (!parse_macro_body(p, proto, "endcall"))
        return false;
    ll_patch(p, macro);
    return ll_emit(p, LL_OP_CALL, last.n + 1, 0, last.at) && ll_emit(p, LL_OP_PRINT, 0, 0, at);
}

/* Everything -------------------------------------------------------------------------------------------- */

static bool parse_print(ll_parser *p)
{
    size_t at = p->token.at;
    if (!ll_advance(p))
        return false;
    for (int n = 0; p->token.kind != LL_T_BLOCK_END; n++)
        if ((n > 0 && !ll_expect_operator(p, ',')) || !ll_parse_expression(p) || !ll_emit(p, LL_OP_PRINT, 0, 0, at))
            return false;
    return true;
}

/* Marks what the assistant wrote; nothing else is meant by it here. */
static bool parse_generation(ll_parser *p) { return ll_advance(p) && parse_captured(p, "endgeneration", false); }

static bool parse_statement(ll_parser *p)
{
    static const struct {
        const char *name;
        bool (*parse)(ll_parser *p);
    } statements[] = {
        {"if", parse_if},
        {"for", parse_for},
        {"set", parse_set},
        {"macro", parse_macro},
        {"call", parse_call_block},
        {"filter", parse_filter_block},
        {"with", parse_with},
        {"break", parse_break},
        {"continue", parse_break},
        {"print", parse_print},
        {"generation", parse_generation},
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!ll_at_name(p, statements[i].name))
            continue;
        if (!ll_parser_enter(p, &p->depth) || !statements[i].parse(p))
            return false;
        p->depth--;
        return true;
    }
    if (p->token.kind != LL_T_NAME)
        return ll_parser_fail(p, p->token.at, "expected the name of a tag here");
    return ll_parser_fail(p, p->token.at, "unknown tag '%.*s'", ll_shown(p->token.text), p->token.text.data);
}

static bool parse_output(ll_parser *p)
{
    size_t at = p->token.at;
    if (!ll_advance(p) || !ll_parse_tuple(p, 0))
        return false;
    if (p->token.kind != LL_T_PRINT_END)
        return ll_parser_fail(p, p->token.at, "expected '}}' here");
    return ll_emit(p, LL_OP_PRINT, 0, 0, at) && ll_advance(p);
}

static bool parse_text(ll_parser *p)
{
    int32_t text;
    return ll_add_text(p, p->token.text, &text) && ll_emit(p, LL_OP_TEXT, 0, text, p->token.at) && ll_advance(p);
}

static bool is_end(const ll_parser *p, const char *const *ends)
{
    while (*ends && !ll_at_name(p, *ends))
        ends++;
    return *ends != NULL;
}

/* Up to one of the end tags, whose name is then the current token; with no ends, up to the end. */
static bool parse_body(ll_parser *p, const char *const *ends)
{
    size_t start = p->token.at;
    for (;;) {
        bool ok;
        if (p->token.kind == LL_T_END) {
            while (ends && ends[1])
                ends++;
            return !ends || ll_parser_fail(p, start, "'%s' is missing for what starts here", ends[0]);
        }
        if (p->token.kind == LL_T_TEXT) {
            ok = parse_text(p);
        } else if (p->token.kind == LL_T_PRINT_BEGIN) {
            ok = parse_output(p);
        } else {
            if (!ll_advance(p))
                return false;
            if (ends && is_end(p, ends))
                return true;
            ok = parse_statement(p);
            if (ok && p->token.kind != LL_T_BLOCK_END)
                ok = ll_parser_fail(p, p->token.at, "expected '%%}' here");
            ok = ok && ll_advance(p);
        }
        if (!ok)
            return false;
    }
}

/* The names of the variables are known now: what do they mean when they are not set? */
static bool resolve_globals(ll_parser *p)
{
    ll_program *program = p->program;
    int32_t index[4];
    static const char *const own[] = {"loop", "caller", "varargs", "kwargs"};
    for (int i = 0; i < 4; i++)
        if (!ll_name_index(p, ll_span_of(own[i]), &index[i]))
            return false;
    program->loop_name = (uint32_t)index[0];
    program->caller_name = (uint32_t)index[1];
    program->varargs_name = (uint32_t)index[2];
    program->kwargs_name = (uint32_t)index[3];
    program->globals = ll_alloc(p->host, program->n_names, sizeof *program->globals);
    if (!program->globals)
        return ll_parser_memory(p);
    for (size_t i = 0; i < program->n_names; i++)
        program->globals[i] = ll_global_find(ll_str_span(program->names[i]));
    return true;
}

libllm_status ll_program_parse(ll_program *program, ll_span source, libllm_error *error)
{
    program->source = source;
    ll_parser p = {.host = program->host, .program = program, .error = error};
    if (!ll_map_init(&p.names, p.host, 64))
        return ll_fail_memory(error, "a compiled template");
    p.status = ll_lexer_init(&p.lexer, p.host, source, error);
    if (p.status == LIBLLM_OK && ll_advance(&p) && ll_advance(&p) && parse_body(&p, NULL) &&
        ll_emit(&p, LL_OP_RETURN, 0, 0, source.size))
        resolve_globals(&p);
    ll_lexer_free(&p.lexer);
    ll_map_free(&p.names);
    return p.status;
}

void ll_program_free(ll_program *program)
{
    ll_free(program->host, program->code);
    ll_free(program->host, program->constants);
    ll_free(program->host, program->names);
    ll_free(program->host, program->globals);
    ll_free(program->host, program->functions);
    ll_free(program->host, program->protos);
    ll_arena_free(&program->arena);
}
