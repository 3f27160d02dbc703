/* SPDX-License-Identifier: MIT
 * What the two halves of the parser share: tokens in, code out. Functions return false after an error, which is in
 * the parser's status then.
 */
#ifndef LL_CHAT_PARSER_H
#define LL_CHAT_PARSER_H

#include "base/map.h"
#include "chat/lexer.h"
#include "chat/program.h"

enum {
    LL_PARSE_DEPTH = 128,   /* what 128 KiB of stack are enough for; the limit template_depth can only lower it */
    LL_MAX_ARGUMENTS = 255, /* of one call */
};

/* The loop whose body is being parsed. */
typedef struct ll_parser_loop {
    struct ll_parser_loop *outer;
    bool looks_ahead; /* the body asks for what follows: the length, the last or the next item */
    int32_t breaks;   /* list of the BREAKs that are to be patched, see ll_patch_list() */
    size_t next;      /* index of its FOR_NEXT */
} ll_parser_loop;

typedef struct ll_parser_macro {
    struct ll_parser_macro *outer;
    size_t proto;
} ll_parser_macro;

typedef struct ll_parser {
    const ll_host *host;
    ll_program *program;
    libllm_error *error;
    libllm_status status;
    ll_lexer lexer;
    ll_token token, next;
    ll_map names;
    uint32_t depth;     /* statements and expressions within each other */
    uint32_t operators; /* that wait for their right side */
    size_t code_capacity, constant_capacity, name_capacity, function_capacity, proto_capacity;
    ll_parser_loop *loop;
    ll_parser_macro *macro;
    uint32_t conditional; /* `if` blocks around: what is unknown there matters only when it is reached */
    bool may_break;       /* directly in the body of `loop`, not in something that is captured first */
    bool is_call;         /* the expression that was just parsed is a call, and CALL its last instruction */
} ll_parser;

/* Code (parser.c) --------------------------------------------------------------------------------------- */

bool ll_parser_fail(ll_parser *p, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool ll_parser_memory(ll_parser *p);
bool ll_parser_enter(ll_parser *p, uint32_t *depth); /* add 1 to a depth; the caller takes it off when it is done */
bool ll_emit(ll_parser *p, ll_opcode op, uint32_t n, int32_t a, size_t at);
bool ll_emit_jump(ll_parser *p, ll_opcode op, size_t at, size_t *index); /* to be patched */
void ll_patch(ll_parser *p, size_t index);                               /* jump to here */
void ll_patch_list(ll_parser *p, int32_t last);
bool ll_emit_listed(ll_parser *p, ll_opcode op, uint32_t n, size_t at, int32_t *last);
bool ll_emit_jump_back(ll_parser *p, ll_opcode op, size_t at, size_t target);
/* Exchange the code from start to middle with that from middle to the end. */
void ll_rotate(ll_parser *p, size_t start, size_t middle);
bool ll_add_constant(ll_parser *p, ll_value v, int32_t *index);
bool ll_add_text(ll_parser *p, ll_span text, int32_t *index); /* a constant string; copied */
bool ll_add_function(ll_parser *p, const ll_function *function, int32_t *index);
bool ll_new_proto(ll_parser *p, const ll_str *name, size_t *index);
bool ll_name_index(ll_parser *p, ll_span name, int32_t *index);

/* Tokens ------------------------------------------------------------------------------------------------ */

bool ll_advance(ll_parser *p);
bool ll_at_name(const ll_parser *p, const char *name);
bool ll_at_operator(const ll_parser *p, int op);
bool ll_skip_operator(ll_parser *p, int op, bool *skipped);
bool ll_expect_operator(ll_parser *p, int op);
bool ll_expect_name(ll_parser *p, ll_span *name);
bool ll_expect_word(ll_parser *p, const char *word);
bool ll_unexpected(ll_parser *p);

/* Expressions (expression.c) ---------------------------------------------------------------------------- */

enum { LL_NO_CONDITION = 1, LL_IN_PARENTHESES = 2, LL_UNTIL_RECURSIVE = 4 };
bool ll_parse_expression(ll_parser *p);
bool ll_parse_tuple(ll_parser *p, int flags);
bool ll_parse_postfix_expression(ll_parser *p);   /* without binary operators */
bool ll_parse_filters(ll_parser *p, bool inside); /* "| f | g"; inside: the first without its "|" */

#endif
