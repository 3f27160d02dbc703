/* SPDX-License-Identifier: MIT
 * A compiled template: code for a stack machine. The parser emits it directly; there is no tree. All jumps are
 * relative, so that pieces of code can be put into another order than that of the source.
 */
#ifndef LL_CHAT_PROGRAM_H
#define LL_CHAT_PROGRAM_H

#include "chat/arena.h"
#include "chat/render.h"

typedef enum ll_opcode {
    /* values */
    LL_OP_CONSTANT,      /* push constants[a] */
    LL_OP_UNDEFINED,     /* push what an `if` without `else` gives (n = 0) or a missing argument (n = 1) */
    LL_OP_LOAD,          /* push the variable names[a] */
    LL_OP_STORE,         /* pop into the variable names[a] */
    LL_OP_SET_ATTRIBUTE, /* pop into the attribute constants[n] of the namespace names[a] */
    LL_OP_ATTRIBUTE,     /* object -> its attribute constants[a] */
    LL_OP_SUBSCRIPT,     /* object key -> item */
    LL_OP_SLICE,         /* object start stop step -> part */
    LL_OP_LIST,          /* a items -> list */
    LL_OP_TUPLE,
    LL_OP_DICT,   /* a pairs -> dict */
    LL_OP_UNPACK, /* sequence -> its a items, the first on top */
    /* operators */
    LL_OP_NEGATE,
    LL_OP_POSITIVE,
    LL_OP_NOT,
    LL_OP_BINARY,        /* left right -> result of the ll_operator n */
    LL_OP_CONCAT,        /* left right -> their texts joined */
    LL_OP_COMPARE,       /* left right -> bool; n is a ll_comparison or one of the two below */
    LL_OP_COMPARE_CHAIN, /* as COMPARE: if false, push it and jump by a; if true, push right again */
    LL_OP_FILTER,        /* value and arguments -> result of functions[a] */
    LL_OP_TEST,
    LL_OP_UNKNOWN, /* an error: there is no filter (n = 0) or test (n = 1) constants[a] */
    LL_OP_CALL,    /* callee and arguments -> result; for these three n is positional << 8 | keyword arguments */
    /* flow */
    LL_OP_JUMP,
    LL_OP_JUMP_IF_FALSE,      /* pops */
    LL_OP_JUMP_IF_FALSE_KEEP, /* pops only when it does not jump */
    LL_OP_JUMP_IF_TRUE_KEEP,
    LL_OP_JUMP_IF_BOUND, /* the variable names[n] exists in the innermost scope */
    /* statements */
    LL_OP_TEXT,  /* write constants[a] */
    LL_OP_PRINT, /* pop and write */
    LL_OP_SCOPE,
    LL_OP_END_SCOPE,
    LL_OP_CAPTURE,
    LL_OP_END_CAPTURE,   /* push what was written since */
    LL_OP_FOR,           /* pop what to run through; n: see below */
    LL_OP_FOR_NEXT,      /* push the next item, or jump by a */
    LL_OP_FOR_SKIP_TEST, /* jump by a if the items were tested already */
    LL_OP_FOR_TEST,      /* pop the result of the loop's `if`; jump by a if this item is not run (now) */
    LL_OP_FOR_ENTER,     /* the item is run: `loop` is about it */
    LL_OP_FOR_DONE,      /* the body was run to its end */
    LL_OP_FOR_END,       /* jump by a unless no body was run to its end */
    LL_OP_BREAK,         /* leave the loop, then jump by a */
    LL_OP_CONTINUE,      /* back to the state at the start of the body, then jump by a */
    LL_OP_MACRO,         /* push the macro protos[n], whose body follows; jump by a */
    LL_OP_RETURN,        /* end of a macro or of the template */
} ll_opcode;

enum { LL_IN = LL_GE + 1, LL_NOT_IN }; /* for COMPARE */

/* For FOR: the items are tested before the first is run, as the body looks at what follows (loop.last ...). */
enum { LL_FOR_TESTED = 1, LL_FOR_AHEAD = 2 };

typedef struct ll_code {
    ll_opcode op;
    uint32_t n;
    int32_t a;
    uint32_t at; /* offset in the source, for messages */
} ll_code;

typedef struct ll_proto {
    const ll_str *name;   /* NULL: the body of a call block */
    uint32_t *parameters; /* names */
    uint32_t n_parameters;
    bool uses_caller, uses_varargs, uses_kwargs;
} ll_proto;

typedef struct ll_program {
    const ll_host *host;
    ll_span source; /* line feeds only */
    ll_code *code;
    size_t n_code;
    ll_value *constants;
    size_t n_constants;
    const ll_str **names;        /* of variables */
    const ll_function **globals; /* of the same names; NULL: none */
    size_t n_names;
    const ll_function **functions; /* filters and tests */
    size_t n_functions;
    ll_proto *protos;
    size_t n_protos;
    uint32_t loop_name, caller_name, varargs_name, kwargs_name; /* names that the engine itself sets */
    ll_arena arena;                                             /* holds all of it, except for the arrays */
} ll_program;

/* Compile `source`, already valid UTF-8, into an empty program that has host and arena. */
libllm_status ll_program_parse(ll_program *program, ll_span source, libllm_error *error);
void ll_program_free(ll_program *program);

/* Run it (vm.c). globals[i] is the value of names[i], or MISSING. */
bool ll_program_run(ll_render *r, ll_value *globals);

#endif
